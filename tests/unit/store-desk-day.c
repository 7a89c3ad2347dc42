/* store/desk_day, desk_roll, desk_change: who is missing and what comes next, of whom; what is none of the
 * scope's; that nobody's list reads the whole school. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/engine-run.h"
#include "store/desk_change.h"
#include "store/desk_day.h"
#include "store/desk_roll.h"

#define DAY "2026-11-23"

static struct desk_day at(const char *scope, const char *now)
{
        return (struct desk_day){.scope = scope,
                                 .day = DAY,
                                 .day_no = rows_utc(DAY "T12:00") / 86400,
                                 .starts = rows_utc(DAY "T00:00"),
                                 .ends = rows_utc("2026-11-24T00:00"),
                                 .now = rows_utc(now)};
}

/* What a list told, a line a row. */
static char told[8192];

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
        size_t length = strlen(told);
        va_list args;

        va_start(args, format);
        vsnprintf(told + length, sizeof told - length, format, args);
        va_end(args);
}

static int note_missing(void *context, const struct desk_missing *row, struct err *err)
{
        (void)context;
        (void)err;
        note("%s %s %d\n", row->pupil, row->organisation, row->first);
        return 0;
}

static const char *missing(struct db *db, const char *scope, const char *now)
{
        struct desk_day day = at(scope, now);
        struct err err = {0};

        told[0] = '\0';
        if (desk_day_missing(db, &day, 10, note_missing, NULL, &err) < 0)
                fail_msg("%s", err.text);
        return told;
}

static const char *next(struct db *db, const char *now, bool is_taken)
{
        struct desk_day day = at("[\"kjk-a\"]", now);
        struct desk_next next;
        struct err err = {0};
        int r = desk_day_next(db, &day, "P1", is_taken, &next, &err);
        int64_t minute;

        if (r < 0)
                fail_msg("%s", err.text);
        if (r == 0)
                return "";
        minute = (next.at - day.starts) / 60;
        snprintf(told, sizeof told, "%02d:%02d %s %s", (int)(minute / 60), (int)(minute % 60), next.step,
                 next.name);
        return told;
}

static int note_home(void *context, const struct desk_home *home, struct err *err)
{
        (void)context;
        (void)err;
        note("%s %s%s\n", home->given, home->phone ? home->phone : "-", home->is_emergency ? " !" : "");
        return 0;
}

static int note_told(void *context, const struct desk_told *row, struct err *err)
{
        (void)context;
        (void)err;
        note("%s %s %s %d\n", row->given, row->channel, row->state, row->is_home);
        return 0;
}

static void open_day(struct run *run)
{
        run_open(run, DAY "T07:00", RUN_ROSTER, NULL);
        run_settle(run);
        run->length = 0;
}

static void the_missing_are_those_of_whom_nobody_knows(void **state)
{
        struct run run;

        (void)state;
        open_day(&run);
        assert_string_equal(missing(run.db, "[\"kj\"]", DAY "T08:00"), "");
        run_mark(&run, DAY "T08:10", "P1", 1, "absent");
        assert_string_equal(missing(run.db, "[\"kj\"]", DAY "T08:11"), "P1 kjk-a 1\n");
        assert_string_equal(missing(run.db, "[\"kjk\",\"kjk-a\"]", DAY "T08:11"), "P1 kjk-a 1\n");
        assert_string_equal(missing(run.db, "[]", DAY "T08:11"), "");
        assert_string_equal(missing(run.db, "[\"other\"]", DAY "T08:11"), "");
        run_event(&run, DAY "T08:20", "pupil.located", "{\"pupil\":\"P1\",\"where\":\"at-home\"}");
        assert_string_equal(missing(run.db, "[\"kj\"]", DAY "T08:21"), "");
        run_mark(&run, DAY "T08:30", "P2", 1, "absent");
        assert_string_equal(missing(run.db, "[\"kj\"]", DAY "T08:31"), "P2 kjk-a 1\n");
        run_mark(&run, DAY "T09:10", "P2", 2, "late"); /* has come */
        assert_string_equal(missing(run.db, "[\"kj\"]", DAY "T09:11"), "");
        run_mark(&run, DAY "T10:10", "P2", 3, "absent"); /* and gone */
        assert_string_equal(missing(run.db, "[\"kj\"]", DAY "T10:11"), "P2 kjk-a 1\n");
        run_event(&run, DAY "T10:20", "pupil.held",
                  "{\"group\":\"kjk\",\"reason\":\"closed\",\"until\":\"" DAY "\"}");
        assert_string_equal(missing(run.db, "[\"kj\"]", DAY "T10:21"), "");
        run_event(&run, DAY "T10:30", "pupil.released", "{\"group\":\"kjk\"}");
        assert_string_equal(missing(run.db, "[\"kj\"]", DAY "T10:31"), "P2 kjk-a 1\n");
        run_event(&run, DAY "T10:40", "absence.explained",
                  "{\"pupil\":\"P2\",\"from\":\"" DAY "\",\"until\":\"" DAY "\",\"class\":\"health\"}");
        assert_string_equal(missing(run.db, "[\"kj\"]", DAY "T10:41"), "");
        run_close(&run);
}

static void the_ladder_says_what_comes_next(void **state)
{
        struct desk_day day = at("[\"kjk-a\"]", DAY "T10:00");
        struct run run;

        (void)state;
        open_day(&run);
        run_mark(&run, DAY "T08:10", "P1", 1, "absent");
        assert_string_equal(next(run.db, DAY "T08:11", false), "09:15 alert ");
        assert_int_equal(desk_day_is_told(run.db, &day, "P1", NULL), 0);
        run.unanswered = "G1";
        run_until(&run, DAY "T09:20");
        assert_int_equal(desk_day_is_told(run.db, &day, "P1", NULL), 1);
        assert_string_equal(next(run.db, DAY "T09:20", false), "09:45 email Gunilla");
        assert_string_equal(next(run.db, DAY "T09:20", true), "09:45 email Gunilla");
        told[0] = '\0';
        assert_int_equal(desk_day_told(run.db, &day, "P1", note_told, NULL, NULL), 0);
        assert_string_equal(told, "Gunilla sms accepted 1\n");
        run_until(&run, DAY "T10:14");
        run_event(&run, DAY "T10:14", "notice.taken",
                  "{\"subject\":\"P1\",\"by\":\"T1\",\"rule\":\"absence-alert\"}");
        assert_true(strncmp(next(run.db, DAY "T10:14", false), "10:15 ", 6) == 0);
        assert_true(strncmp(next(run.db, DAY "T10:14", true), "10:15 staff", 11) != 0);
        run_event(&run, DAY "T10:20", "absence.explained",
                  "{\"pupil\":\"P1\",\"from\":\"" DAY "\",\"until\":\"" DAY "\",\"class\":\"health\"}");
        assert_null(strstr(next(run.db, DAY "T10:21", true), "staff"));
        run_close(&run);
}

static void whom_to_call(void **state)
{
        struct run run;

        (void)state;
        open_day(&run);
        told[0] = '\0';
        assert_int_equal(desk_day_home(run.db, "P1", note_home, NULL, NULL), 0);
        assert_string_equal(told, "Gunilla +358400000021\nGustav +358400000022\n");
        rows_run(run.db, "UPDATE guardian SET restricted = 1 WHERE pupil = 'P1' AND guardian = 'G1'");
        rows_run(run.db, "UPDATE person SET protected = 1 WHERE id = 'P1'");
        told[0] = '\0';
        assert_int_equal(desk_day_home(run.db, "P1", note_home, NULL, NULL), 0);
        assert_string_equal(told, "Gustav -\n");
        rows_run(run.db, "UPDATE contact SET safe = 1 WHERE person = 'G2'");
        told[0] = '\0';
        assert_int_equal(desk_day_home(run.db, "P1", note_home, NULL, NULL), 0);
        assert_string_equal(told, "Gustav +358400000022\n");
        run_close(&run);
}

/* ---- what waits */

static int note_unreached(void *context, const struct desk_unreached *who, struct err *err)
{
        (void)context;
        (void)err;
        note("%s %s %s %s\n", who->person, who->pupil, who->rule, who->phone ? who->phone : "-");
        return 0;
}

static const char *unreached(struct db *db, const char *scope)
{
        struct desk_day day = at(scope, DAY "T12:00");
        struct err err = {0};

        told[0] = '\0';
        if (desk_day_unreached(db, &day, note_unreached, NULL, &err) < 0)
                fail_msg("%s", err.text);
        return told;
}

static void who_was_not_reached(void **state)
{
        struct run run;

        (void)state;
        open_day(&run);
        run_mark(&run, DAY "T08:10", "P1", 1, "absent");
        run_until(&run, DAY "T09:20");
        assert_string_equal(unreached(run.db, "[\"kj\"]"), "");
        rows_run(run.db, "UPDATE message SET state = 'failed', reason = 'receipt' WHERE person = 'G1'");
        assert_string_equal(unreached(run.db, "[\"kjk-a\"]"), "G1 P1 absence-alert +358400000021\n");
        assert_string_equal(unreached(run.db, "[\"other\"]"), "");
        run_settle(&run); /* the next channel reaches her */
        assert_string_equal(unreached(run.db, "[\"kj\"]"), "");
        rows_run(run.db, "UPDATE message SET state = 'expired' WHERE person = 'G1'");
        assert_string_equal(unreached(run.db, "[\"kj\"]"), "G1 P1 absence-ladder +358400000021\n");
        rows_run(run.db, "UPDATE guardian SET restricted = 1 WHERE pupil = 'P1' AND guardian = 'G1'");
        assert_string_equal(unreached(run.db, "[\"kj\"]"), "");
        run_close(&run);
}

/* ---- the roll */

static int note_row(void *context, const struct desk_roll_row *row, struct err *err)
{
        (void)context;
        (void)err;
        note("%s %s%s%s%s%s\n", row->pupil, row->mark ? row->mark : "-",
             row->is_elsewhere ? " elsewhere" : "",
             row->is_held     ? " held"
             : row->is_placed ? " placed"
                              : "",
             row->is_authorised ? " authorised" : "", row->announced ? " announced" : "");
        return 0;
}

static const char *roll(struct db *db, int lesson, const char *pupil)
{
        const struct desk_lesson row = {.organisation = "kjk-a",
                                        .day = DAY,
                                        .lesson = lesson,
                                        .starts = rows_utc(DAY "T08:00") + (lesson - 1) * 3600,
                                        .ends = rows_utc(DAY "T08:45") + (lesson - 1) * 3600};
        struct err err = {0};

        told[0] = '\0';
        if (desk_roll(db, &row, pupil, note_row, NULL, &err) < 0)
                fail_msg("%s", err.text);
        return told;
}

static void a_roll_is_of_one_lesson(void **state)
{
        const struct desk_lesson first = {"kjk-a", DAY, 1, rows_utc(DAY "T08:00"), rows_utc(DAY "T08:45")};
        char kind[16];
        struct run run;

        (void)state;
        open_day(&run);
        assert_string_equal(roll(run.db, 1, NULL), "P1 -\nP2 -\n");
        run_mark(&run, DAY "T08:10", "P1", 1, "present");
        assert_int_equal(desk_roll_elsewhere(run.db, &first, "P1", "T1", run.now, NULL), 1);
        assert_int_equal(desk_roll_elsewhere(run.db, &first, "P1", "T1", run.now, NULL), 0);
        assert_string_equal(roll(run.db, 1, NULL), "P1 present elsewhere\nP2 -\n");
        assert_string_equal(roll(run.db, 2, NULL), "P1 -\nP2 -\n");
        assert_int_equal(desk_roll_not_elsewhere(run.db, &first, "P1", NULL), 1);
        run_event(&run, DAY "T08:20", "absence.explained",
                  "{\"pupil\":\"P1\",\"from\":\"" DAY "\",\"until\":\"" DAY "\",\"class\":\"health\"}");
        run_event(&run, DAY "T08:20", "absence.authorised",
                  "{\"pupil\":\"P2\",\"from\":\"" DAY "T08:00\",\"until\":\"" DAY
                  "T09:00\",\"class\":\"leave\"}");
        assert_string_equal(roll(run.db, 1, NULL), "P1 present announced\nP2 - authorised\n");
        assert_string_equal(roll(run.db, 3, "P2"), "P2 -\n");
        run_event(&run, DAY "T09:00", "pupil.held",
                  "{\"group\":\"kjk-a\",\"reason\":\"away\",\"until\":\"" DAY "\"}");
        assert_string_equal(roll(run.db, 3, "P2"), "P2 - held\n");
        assert_string_equal(roll(run.db, 1, "S1"), "");
        run_event(&run, DAY "T09:10", "pupil.released", "{\"group\":\"kjk-a\"}");
        rows_run(run.db, "INSERT INTO workplace(id, name, organisation) VALUES ('W1', 'Puutarha', 'kj')");
        run_event(&run, DAY "T09:20", "placement.planned",
                  "{\"placement\":\"PL1\",\"pupil\":\"P2\",\"workplace\":\"W1\",\"weekdays\":[1],\"from\":"
                  "\"2026-11-16\","
                  "\"until\":\"2026-12-18\"}");
        assert_string_equal(roll(run.db, 3, "P2"), "P2 - placed\n");
        assert_int_equal(desk_roll_day_kind(run.db, "kjk-a", DAY, kind, NULL), 0);
        assert_string_equal(kind, "school");
        assert_int_equal(desk_roll_day_kind(run.db, "kjk-a", "2026-11-22", kind, NULL), 0);
        assert_string_equal(kind, "weekend");
        run_close(&run);
}

/* ---- what has changed */

static int64_t newest(struct db *db)
{
        int64_t seq = -1;

        assert_int_equal(desk_change_newest(db, &seq, NULL), 0);
        return seq;
}

static void a_change_concerns_who_sees_it(void **state)
{
        int64_t before, seen;
        struct run run;

        (void)state;
        open_day(&run);
        before = newest(run.db);
        assert_int_equal(desk_change_concerns(run.db, before, "[\"kj\"]", &seen, NULL), 0);
        run_mark(&run, DAY "T08:10", "P1", 1, "late");
        assert_true(newest(run.db) > before);
        assert_int_equal(desk_change_concerns(run.db, before, "[\"kjk-a\"]", &seen, NULL), 1);
        assert_int_equal(seen, newest(run.db));
        assert_int_equal(desk_change_concerns(run.db, before, "[\"kj\"]", &seen, NULL), 1);
        assert_int_equal(desk_change_concerns(run.db, before, "[\"other\"]", &seen, NULL), 0);
        assert_int_equal(seen, newest(run.db)); /* looked at, and nobody's */
        assert_int_equal(desk_change_concerns(run.db, before, "[]", &seen, NULL), 0);
        assert_int_equal(desk_change_concerns(run.db, seen, "[\"kj\"]", &seen, NULL), 0);

        /* From next week on in another group: today's sees it still. */
        rows_run(run.db, "INSERT INTO organisation(id, kind, name) VALUES ('other', 'group', 'B');"
                         "INSERT INTO role(person, role, organisation, first_day) VALUES ('P1', 'pupil', "
                         "'other', '2026-12-01')");
        run_settle(&run);
        before = newest(run.db);
        run_mark(&run, DAY "T09:10", "P1", 2, "late");
        assert_int_equal(desk_change_concerns(run.db, before, "[\"kjk-a\"]", &seen, NULL), 1);

        before = newest(run.db); /* what is said of a school concerns its groups; of another kind, nobody */
        assert_int_equal(desk_change_note(run.db, "organisation", "kjk", NULL), 0);
        assert_int_equal(desk_change_concerns(run.db, before, "[\"kjk-a\"]", &seen, NULL), 1);
        before = newest(run.db);
        assert_int_equal(desk_change_note(run.db, "meeting", "M1", NULL), 0);
        assert_int_equal(desk_change_note(run.db, "pupil", "nobody", NULL), 0);
        assert_int_equal(newest(run.db), before);
        assert_string_equal(
            rows_text(run.db, "SELECT count(*) FROM desk_change WHERE organisation = 'kjk-a'"), "1");
        run_close(&run);
}

static void a_protected_pupil_wakes_too(void **state)
{
        int64_t before, seen;
        struct run run;

        (void)state;
        open_day(&run);
        rows_run(run.db, "UPDATE person SET protected = 1 WHERE id = 'P1'");
        run_settle(&run);
        before = newest(run.db);
        run_event(&run, DAY "T08:20", "pupil.located", "{\"pupil\":\"P1\",\"where\":\"at-home\"}");
        assert_int_equal(desk_change_concerns(run.db, before, "[\"kjk-a\"]", &seen, NULL), 1);
        run_close(&run);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_missing_are_those_of_whom_nobody_knows),
            cmocka_unit_test(the_ladder_says_what_comes_next),
            cmocka_unit_test(whom_to_call),
            cmocka_unit_test(who_was_not_reached),
            cmocka_unit_test(a_roll_is_of_one_lesson),
            cmocka_unit_test(a_change_concerns_who_sees_it),
            cmocka_unit_test(a_protected_pupil_wakes_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
