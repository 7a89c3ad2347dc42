/* Out of memory at each allocation of the store and what fills it: an error is returned or the work is done,
 * nothing crashes or leaks, no event and no row of a roster is refused for it, and the same again succeeds.
 * compose-memory, engine-memory and deliver-memory do the same for what comes after; tests/lib/scarce.h says
 * how many of the allocations. */
#include "store/message.h"
#include "store/receipt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/rows.h"
#include "lib/scarce.h"

#define NOW "2026-11-23T12:00"

static const char mark[] = "{\"specversion\":\"1.0\",\"id\":\"m1\",\"source\":\"/"
                           "t\",\"type\":\"kapula.attendance.marked\",\"subject\":\"P1\","
                           "\"time\":\"2026-11-23T09:30\",\"data\":{\"mark\":\"absent\",\"lesson\":1,"
                           "\"starts\":\"08:15\",\"ends\":\"09:00\"}}";

static void expect(struct db *db, const char *sql, const char *expected)
{
        scarce_pause();
        assert_string_equal(rows_text(db, sql), expected);
        scarce_resume();
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
        scarce_torture("open", open_database, path);
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
        scarce_torture("event", take_event, db);
        expect(db, "SELECT count(*) FROM event", "0");
        expect(db, "PRAGMA integrity_check", "ok");
        db_close(db);
}

/* ---- a roster */

static int import_roster(void *context)
{
        const struct roster_options options = {.file = "roster.json"};
        struct roster_report report = {0};
        struct err err = {0};
        struct db *db = context;
        int r = db_begin(db, &err);

        if (r < 0)
                return r;
        r = roster_import(db, 1795428000, ROWS_ROSTER, strlen(ROWS_ROSTER), &options, &report, &err);
        if (r < 0 && r != ERR_NOMEM)
                print_message("roster: %s\n", err.text);
        if (r == 0 && report.rejected.count)
                fail_msg("refused: %s", report.rejected.items[0].error);
        if (r == 0)
                expect(db,
                       "SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM role),"
                       " (SELECT count(*) FROM organisation), (SELECT count(*) FROM guardian)",
                       "6|4|5|1");
        db_rollback(db);
        roster_report_fini(&report);
        return r;
}

static void imports_rosters(void **state)
{
        struct db *db = rows_open();

        (void)state;
        scarce_torture("roster", import_roster, db);
        rows_load(db, NOW, ROWS_ROSTER);
        scarce_torture("the same roster again", import_roster, db);
        db_close(db);
}

/* ---- a transaction that SQLite undoes */

/* As it does by itself when memory or disk runs out in the middle of a change. */
static void writes_nothing_outside(void **state)
{
        struct db *db = rows_open();
        struct err err = {0};
        struct query q;

        (void)state;
        assert_int_equal(db_begin(db, &err), 0);
        assert_int_equal(meta_set(db, "before", "1", &err), 0);
        rows_run(db, "ROLLBACK");
        assert_int_equal(meta_set(db, "after", "1", &err), ERR_NOMEM);
        query_start(&q, db, "SELECT value FROM meta WHERE name = 'after'", &err);
        assert_int_equal(query_run(&q), ERR_NOMEM);
        assert_int_equal(db_savepoint(db, &err), ERR_NOMEM);
        assert_int_equal(db_commit(db, &err), ERR_NOMEM);
        expect(db, "SELECT count(*) FROM meta WHERE name IN ('before', 'after')", "0");
        assert_int_equal(db_begin(db, &err), 0);
        assert_int_equal(meta_set(db, "after", "1", &err), 0);
        assert_int_equal(db_commit(db, &err), 0);
        expect(db, "SELECT count(*) FROM meta WHERE name IN ('before', 'after')", "1");
        db_close(db);
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
        scarce_torture("receipt", note_receipt, db);
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(opens),           cmocka_unit_test(takes_events),
            cmocka_unit_test(imports_rosters), cmocka_unit_test(writes_nothing_outside),
            cmocka_unit_test(notes_receipts),
        };

        scarce_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
