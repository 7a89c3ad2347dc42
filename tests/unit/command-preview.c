/* What a change would have done: counted against the past, for whoever asked, one at a time, and never to the
 * database itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/engine-run.h"

#include "base/clock.h"
#include "command/config.h"
#include "command/preview.h"

#include <sched.h>

#define WAIT_MS 60000

struct trial {
        char path[64];
        struct config config;
        struct preview *preview;
        struct preview_source source;
};

/* Two pupils absent in one school on a Monday: G1 is told of P1, G2 of P2. */
static int trial_open(void **state)
{
        static struct trial trial_kept, *trial = &trial_kept;
        char folder[] = "/tmp/kapula-preview-XXXXXX", sql[128];
        struct err err = {0};
        struct run run;

        *trial = (struct trial){0};
        assert_non_null(mkdtemp(folder));
        snprintf(trial->path, sizeof trial->path, "%s/k.db", folder);
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        run_mark(&run, "2026-11-23T08:10", "P1", 1, "absent");
        run_mark(&run, "2026-11-23T08:11", "P2", 1, "absent");
        run_until(&run, "2026-11-23T09:30");
        rows_run(run.db,
                 "INSERT INTO organisation(id, kind, parent, name) VALUES ('kjk-b', 'group', 'kjk', 'B');"
                 "INSERT INTO rule_parameter VALUES ('kjk', 'absence-alert', 'grace', '15 min')");
        snprintf(sql, sizeof sql, "VACUUM INTO '%.64s'", trial->path);
        rows_run(run.db, sql);
        run_close(&run);
        assert_int_equal(config_load(NULL, &trial->config, &err), 0);
        assert_int_equal(preview_open(trial->path, &trial->config, &trial->preview, &err), 0);
        trial->source = preview_source(trial->preview);
        *state = trial;
        return 0;
}

static int trial_close(void **state)
{
        struct trial *trial = *state;
        static const char *const ends[] = {"", "-wal", "-shm"};
        char path[80];

        preview_close(trial->preview);
        config_fini(&trial->config);
        for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
                snprintf(path, sizeof path, "%s%s", trial->path, ends[i]);
                unlink(path);
        }
        *strrchr(trial->path, '/') = '\0';
        rmdir(trial->path);
        return 0;
}

static struct preview_wish wish(const char *organisation, const char *name, const char *value)
{
        struct preview_wish wish = {.from_utc = rows_utc("2026-11-01T00:00"),
                                    .until_utc = rows_utc("2026-11-23T12:00")};

        snprintf(wish.person, sizeof wish.person, "S1");
        snprintf(wish.organisation, sizeof wish.organisation, "%s", organisation);
        snprintf(wish.rule, sizeof wish.rule, "absence-alert");
        snprintf(wish.name, sizeof wish.name, "%s", name);
        snprintf(wish.value, sizeof wish.value, "%s", value);
        return wish;
}

static struct preview_report *finish(struct trial *trial)
{
        static struct preview_report report;
        const int64_t until_ms = clock_monotonic_ms() + WAIT_MS;

        do {
                sched_yield();
                trial->source.read(trial->source.context, "S1", &report);
        } while (report.state == PREVIEW_RUNNING && clock_monotonic_ms() < until_ms);
        assert_int_not_equal(report.state, PREVIEW_RUNNING);
        return &report;
}

static struct preview_report *play(struct trial *trial, const struct preview_wish *wish)
{
        struct err err = {0};

        if (trial->source.start(trial->source.context, wish, &err) < 0)
                fail_msg("%s", err.text);
        return finish(trial);
}

static void later_alerts_are_told_as_moved(void **state)
{
        struct preview_wish later = wish("kjk", "not_before", "09:40");
        struct preview_report *report;
        struct trial *trial = *state;

        report = play(trial, &later);
        assert_string_equal(report->fault, "");
        assert_int_equal(report->state, PREVIEW_DONE);
        assert_int_equal(report->percent, 100);
        assert_string_equal(report->rules[0].rule, "absence-alert");
        assert_int_equal(report->rules[0].moved, 2);
        assert_int_equal(report->rules[0].more + report->rules[0].less + report->rules[0].same, 0);
        assert_int_equal(report->rules[0].was, report->rules[0].would);
        assert_int_equal(report->lines[0].would_utc - report->lines[0].was_utc, 25 * 60);
        assert_string_equal(report->lines[0].pupil, "P1");
        assert_string_equal(report->lines[0].person, "G1");
}

static void fewer_alerts_are_told_as_less(void **state)
{
        struct preview_wish never = wish("kj", "useless_after", "08:00");
        struct preview_report *report;
        struct trial *trial = *state;

        report = play(trial, &never);
        assert_int_equal(report->state, PREVIEW_DONE);
        assert_int_equal(report->rules[0].less, 2);
        assert_int_equal(report->rules[0].would, 0);
        assert_true(report->rule_count > 1); /* the ladder has nothing to climb */
        assert_int_equal(report->lines[0].change, PREVIEW_LESS);
        assert_int_equal(report->lines[0].would_utc, 0);
}

static void other_organisations_are_left_as_they_are(void **state)
{
        struct preview_wish elsewhere = wish("kjk-b", "not_before", "09:40");
        struct preview_report *report;
        struct trial *trial = *state;

        report = play(trial, &elsewhere);
        assert_int_equal(report->state, PREVIEW_DONE);
        assert_int_equal(report->rules[0].same, 2);
        assert_int_equal(report->line_count, 0);
}

static void a_pupil_has_one_alone(void **state)
{
        struct preview_wish own = wish("kjk-a", "not_before", "09:40");
        struct preview_report *report;
        struct trial *trial = *state;

        snprintf(own.pupil, sizeof own.pupil, "P2");
        snprintf(own.until, sizeof own.until, "2026-12-18");
        report = play(trial, &own);
        assert_int_equal(report->state, PREVIEW_DONE);
        assert_int_equal(report->rules[0].same, 1);
        assert_int_equal(report->rules[0].moved, 1);
        assert_string_equal(report->lines[0].pupil, "P2");
}

static void what_is_so_already_is_told(void **state)
{
        struct preview_wish same = wish("kjk", "grace", "15 min");
        struct preview_report *report;
        struct trial *trial = *state;

        report = play(trial, &same);
        assert_int_equal(report->state, PREVIEW_FAILED);
        assert_non_null(strstr(report->fault, "it is so already"));
}

/* The last two: they look at what the others have left, and leave one under way. */
static void the_database_stays_as_it_is(void **state)
{
        struct trial *trial = *state;
        struct db *db;

        assert_int_equal(db_open(trial->path, DB_READER, &db, NULL), 0);
        assert_string_equal(rows_text(db, "SELECT count(*) FROM rule_parameter"), "1");
        assert_string_equal(rows_text(db, "SELECT count(*) FROM desk_setting"), "0");
        assert_string_equal(rows_text(db, "SELECT count(*) FROM rule_match WHERE rule = 'absence-alert'"),
                            "2");
        db_close(db);
}

static void it_is_for_who_asked_and_one_at_a_time(void **state)
{
        struct preview_wish later = wish("kjk", "not_before", "09:40");
        static struct preview_report other;
        struct trial *trial = *state;
        struct err err = {0};

        assert_int_equal(trial->source.start(trial->source.context, &later, &err), 0);
        assert_int_equal(trial->source.start(trial->source.context, &later, &err), ERR_BUSY);
        trial->source.read(trial->source.context, "R1", &other);
        assert_int_equal(other.state, PREVIEW_NONE);
        assert_int_equal(finish(trial)->state, PREVIEW_DONE);
        trial->source.read(trial->source.context, "R1", &other);
        assert_int_equal(other.state, PREVIEW_NONE);
        assert_int_equal(trial->source.start(trial->source.context, &later, &err), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(later_alerts_are_told_as_moved),
            cmocka_unit_test(fewer_alerts_are_told_as_less),
            cmocka_unit_test(other_organisations_are_left_as_they_are),
            cmocka_unit_test(a_pupil_has_one_alone),
            cmocka_unit_test(what_is_so_already_is_told),
            cmocka_unit_test(the_database_stays_as_it_is),
            cmocka_unit_test(it_is_for_who_asked_and_one_at_a_time),
        };

        return cmocka_run_group_tests(tests, trial_open, trial_close);
}
