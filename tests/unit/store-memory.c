/* Out of memory at each allocation of store, intake, engine, compose and deliver: an error is returned or the
 * work is done, nothing crashes or leaks, no event is refused and no message given up for it, and the same
 * again succeeds.
 *
 * Each kind of work fails at some allocations spread over all of it; with MEMORY_ALL=1 at every one. */
#include "compose/catalogue.h"
#include "store/message.h"
#include "store/receipt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/rows.h"
#include "lib/scarce.h"

#define NOW "2026-11-23T12:00"
#define SAMPLES 12 /* allocations of each work that fail when not all do */

static const char mark[] = "{\"specversion\":\"1.0\",\"id\":\"m1\",\"source\":\"/"
                           "t\",\"type\":\"kapula.attendance.marked\",\"subject\":\"P1\","
                           "\"time\":\"2026-11-23T09:30\",\"data\":{\"mark\":\"absent\",\"lesson\":1,"
                           "\"starts\":\"08:15\",\"ends\":\"09:00\"}}";

static void expect(struct db *db, const char *sql, const char *expected)
{
        long left = scarce_pause();

        assert_string_equal(rows_text(db, sql), expected);
        scarce_resume(left);
}

/* Works once; whatever it leaves is undone. 0, or negative. It fails the test itself when the result is
 * wrong. */
typedef int work_function(void *context);

/* WORK with memory that runs out at the allocations of the sample, once and for good; then without. */
static void torture(const char *name, work_function *work, void *context)
{
        bool has_failed, all = getenv("MEMORY_ALL") != NULL;
        long count, step, failures = 0, errors = 0;

        assert_int_equal(work(context), 0);
        scarce_begin(0, false);
        assert_int_equal(work(context), 0);
        count = scarce_end(&has_failed);
        step = all || count < SAMPLES ? 1 : count / SAMPLES;
        for (int for_good = 0; for_good < 2; for_good++)
                for (long at = 1 + for_good * (step / 2); at <= count; at += step) {
                        int r;

                        scarce_begin(at, for_good);
                        r = work(context);
                        scarce_end(&has_failed);
                        failures += has_failed;
                        errors += r < 0;
                        if (r < 0 && !has_failed)
                                fail_msg("%s: failed though there was memory", name);
                        if (work(context) < 0)
                                fail_msg("%s: no allocation fails after number %ld, and it does", name, at);
                }
        print_message("%s: %ld allocations, failed at %ld, an error %ld times\n", name, count, failures,
                      errors);
        assert_true(failures > 0);
}

/* ---- store */

static int open_database(void *context)
{
        struct err err = {0};
        struct db *db = NULL;
        int r = db_open(context, DB_PRIVATE, &db, &err);

        if (r < 0 && r != ERR_NOMEM)
                print_message("db_open: %s\n", err.text);
        db_close(db);
        return r;
}

static void opens(void **state)
{
        char path[] = "/tmp/kapula-memory-XXXXXX";
        int file = mkstemp(path);

        (void)state;
        assert_true(file >= 0);
        close(file);
        fresh_file(path);
        torture("open", open_database, path);
        unlink(path);
}

static int take_event(void *context)
{
        struct intake_report report = {0};
        struct err err = {0};
        struct db *db = context;
        int r = db_begin(db, &err);

        if (r < 0) {
                if (r != ERR_NOMEM)
                        print_message("begin: %s\n", err.text);
                return r;
        }
        r = intake_events(db, 1795428000, mark, strlen(mark), INTAKE_EVENT, NULL, &report, &err);
        if (r < 0 && r != ERR_NOMEM)
                print_message("event: %s\n", err.text);
        if (r == 0 && report.rejected_count)
                fail_msg("refused: %s", report.rejected_listed ? report.rejected[0].error : "");
        if (r == 0 && report.accepted != 1)
                fail_msg("neither accepted nor an error");
        db_rollback(db);
        intake_report_fini(&report);
        return r;
}

static void takes_events(void **state)
{
        struct db *db = rows_open();

        (void)state;
        rows_load(db, NOW, ROWS_ROSTER);
        torture("event", take_event, db);
        expect(db, "SELECT count(*) FROM event", "0");
        expect(db, "PRAGMA integrity_check", "ok");
        db_close(db);
}

/* ---- compose */

static int fill_catalogue(void *context)
{
        struct catalogue *catalogue = catalogue_new();
        struct err err = {0};
        int r;

        (void)context;
        if (!catalogue)
                return ERR_NOMEM;
        r = catalogue_add(catalogue, "fi", "note", CATALOGUE_EMAIL,
                          "Subject: Hei\n\nPoissa {{#a}}{{b}}{{/a}}.\n", "note", &err);
        catalogue_free(catalogue);
        return r;
}

static void reads_templates(void **state)
{
        (void)state;
        torture("templates", fill_catalogue, NULL);
}

/* ---- receipts */

static int note_receipt(void *context)
{
        const struct receipt receipt = {
            .provider = "one", .provider_id = "p-1", .status = RECEIPT_DELIVERED, .at = RECEIPT_NO_TIME};
        struct db *db = context;
        struct err err = {0};
        int r = db_begin(db, &err);

        if (r < 0)
                return r;
        r = receipt_note(db, 1800000000, &receipt, &err);
        if (r == 0)
                expect(db, "SELECT state FROM message", "delivered");
        else
                assert_true(r < 0 && r != ERR_NOT_FOUND);
        db_rollback(db);
        return r;
}

static void notes_receipts(void **state)
{
        struct db *db = rows_open();

        (void)state;
        rows_run(db, "INSERT INTO person(id, given, family) VALUES ('G1', 'Aino', 'Esimerkki');"
                     "INSERT INTO message(id, person, channel, address, language, text, urgent, state, "
                     "created, not_before,"
                     " changed, provider, provider_id) VALUES (1, 'G1', 'sms', '+358400000010', 'fi', 'Hei', "
                     "0, 'accepted',"
                     " 0, 0, 0, 'one', 'p-1')");
        torture("receipt", note_receipt, db);
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(opens),
            cmocka_unit_test(takes_events),
            cmocka_unit_test(reads_templates),
            cmocka_unit_test(notes_receipts),
        };

        scarce_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
