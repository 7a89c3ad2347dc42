/* store/budget: what an SMS costs, whose month it counts in, and what gives the money back. */
#include "store/budget.h"
#include "store/calendar_day.h"
#include "store/notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sqlite3.h>
#include <string.h>
#include <cmocka.h>

#include "lib/fresh.h"

#define NOW 1795420800 /* 2026-11-23T08:00Z */
#define CENT 10000

static struct db *db;
static struct err err;

static void sql(const char *text)
{
        char *fault = NULL;

        if (sqlite3_exec(db_handle(db), text, NULL, NULL, &fault) != SQLITE_OK)
                fail_msg("%s: %s", text, fault);
}

static int64_t number(const char *text)
{
        struct query q;
        int64_t value = -1;

        query_start(&q, db, text, NULL);
        if (query_row(&q) > 0)
                value = column_int_or(&q, 0, -1);
        query_end(&q);
        return value;
}

static const struct price prices[] = {{"one", "+358", 0, 4 * CENT},
                                      {"one", "+35840", 0, 5 * CENT},
                                      {"two", "", 1, 9 * CENT},
                                      {"two", "+46", 1, 3 * CENT}};
static const struct budget budgets[] = {{"kj", 100 * CENT}, {"kjk", 20 * CENT}};

static int setup(void **state)
{
        (void)state;
        err = (struct err){0};
        db = fresh_open();
        sql("INSERT INTO organisation(id, kind, parent, name) VALUES ('kj', 'municipality', NULL, 'K'),"
            " ('kjk', 'school', 'kj', 'S'), ('kjk-a', 'group', 'kjk', 'G'), ('kjs', 'school', 'kj', 'S')");
        sql("INSERT INTO person(id, given, family) VALUES ('G1', 'G', 'G')");
        assert_int_equal(calendar_refresh(db, NOW, &err), 0);
        assert_int_equal(budget_replace(db, prices, 4, budgets, 2, &err), 0);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        db = db_close(db);
        return 0;
}

static void finds_the_price(void **state)
{
        static const struct {
                const char *address;
                int64_t cents;
        } table[] = {{"+358500000001", 4}, {"+358400000001", 5}, {"+46700000001", 3}, {"+37250000001", 9}};
        int64_t micros;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                assert_int_equal(price_find(db, table[i].address, &micros, &err), 1);
                assert_int_equal(micros, table[i].cents * CENT);
        }
        assert_int_equal(budget_replace(db, prices, 2, NULL, 0, &err), 0);
        assert_int_equal(price_find(db, "+37250000001", &micros, &err), 0);
        assert_int_equal(number("SELECT count(*) FROM budget"), 0);
}

static void finds_the_payer(void **state)
{
        char payer[ID_SIZE];
        int64_t left;

        (void)state;
        assert_int_equal(budget_find(db, "kjk-a", "2026-11", payer, &left, &err), 1);
        assert_string_equal(payer, "kjk");
        assert_int_equal(budget_spend(db, "kjk", "2026-11", 15 * CENT, NOW, &err), 0);
        assert_int_equal(budget_spend(db, "kjk", "2026-11", 8 * CENT, NOW, &err), 0);
        assert_int_equal(budget_find(db, "kjk-a", "2026-11", payer, &left, &err), 1);
        assert_int_equal(left, -3 * CENT);
        assert_int_equal(budget_find(db, "kjk-a", "2026-12", payer, &left, &err), 1);
        assert_int_equal(left, 20 * CENT);
        assert_int_equal(budget_find(db, "kjs", "2026-11", payer, &left, &err), 1);
        assert_string_equal(payer, "kj");
        assert_int_equal(budget_find(db, "nowhere", "2026-11", payer, &left, &err), 0);
}

/* A message of two segments at 5 cents, counted in November, and its state. */
static void add_message(const char *state)
{
        char *text = sqlite3_mprintf(
            "INSERT INTO message(id, person, channel, address, language, text, segments, urgent, state,"
            " reason, created, not_before, changed, cost, payer, month)"
            " VALUES (1, 'G1', 'sms', '+358400000001', 'fi', 'x', 2, 0, '%q', %s, %d, %d, %d, 100000,"
            " 'kjk', %s)",
            state, strcmp(state, "held") ? "NULL" : "'budget'", NOW, NOW + 86400, NOW,
            strcmp(state, "held") ? "'2026-11'" : "NULL");

        sql(text);
        sqlite3_free(text);
        if (strcmp(state, "held"))
                assert_int_equal(budget_spend(db, "kjk", "2026-11", 10 * CENT, NOW, &err), 0);
}

#define SPENT "SELECT micros FROM spending WHERE organisation = 'kjk' AND month = '2026-11'"

static void gives_back_what_never_left(void **state)
{
        (void)state;
        add_message("queued");
        sql("UPDATE message SET state = 'cancelled'");
        assert_int_equal(number(SPENT), 0);
        sql("UPDATE message SET state = 'expired'");
        assert_int_equal(number(SPENT), 0);
        sql("UPDATE message SET state = 'queued', attempts = 1");
        sql("UPDATE spending SET micros = 100000");
        sql("UPDATE message SET state = 'expired'");
        assert_int_equal(number(SPENT), 10 * CENT);
}

static void follows_length_and_provider(void **state)
{
        (void)state;
        add_message("queued");
        sql("UPDATE message SET segments = 3");
        assert_int_equal(number("SELECT cost FROM message"), 15 * CENT);
        assert_int_equal(number(SPENT), 15 * CENT);
        sql("UPDATE message SET state = 'accepted', provider = 'two'");
        assert_int_equal(number("SELECT cost FROM message"), 27 * CENT);
        assert_int_equal(number(SPENT), 27 * CENT);
        sql("UPDATE message SET provider = 'without-a-price'");
        assert_int_equal(number("SELECT cost FROM message"), 27 * CENT);
}

static void lets_go_when_there_is_room(void **state)
{
        struct budget raised[] = {{"kjk", 60 * CENT}};
        struct budget_waiting waiting;

        (void)state;
        add_message("held");
        assert_int_equal(budget_spend(db, "kjk", "2026-11", 15 * CENT, NOW, &err), 0);
        assert_int_equal(budget_next_waiting(db, "2026-11", &waiting, &err), 0);
        assert_int_equal(notice_release(db, NOW, &err), 0);
        assert_int_equal(number("SELECT count(*) FROM message WHERE state = 'held'"), 1);
        assert_int_equal(budget_replace(db, prices, 4, raised, 1, &err), 0);
        assert_int_equal(budget_next_waiting(db, "2026-11", &waiting, &err), 1);
        assert_int_equal(waiting.micros, 10 * CENT);
        assert_int_equal(budget_let_go(db, &waiting, "2026-11", NOW, NOW, &err), 0);
        assert_int_equal(number(SPENT), 25 * CENT);
        assert_int_equal(notice_release(db, NOW, &err), 0);
        assert_int_equal(number("SELECT count(*) FROM message WHERE state = 'queued' AND month = '2026-11'"),
                         1);
        assert_int_equal(number(SPENT), 25 * CENT);
}

static void counts_in_the_month_of_leaving(void **state)
{
        (void)state;
        add_message("held");
        assert_int_equal(notice_release(db, NOW + 10 * 86400, &err), 0); /* 3 December */
        assert_int_equal(
            number("SELECT micros FROM spending WHERE organisation = 'kjk' AND month = '2026-12'"),
            10 * CENT);
        assert_int_equal(number("SELECT count(*) FROM message WHERE state = 'queued' AND month = '2026-12'"),
                         1);
        assert_int_equal(number(SPENT), -1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(finds_the_price, setup, teardown),
            cmocka_unit_test_setup_teardown(finds_the_payer, setup, teardown),
            cmocka_unit_test_setup_teardown(gives_back_what_never_left, setup, teardown),
            cmocka_unit_test_setup_teardown(follows_length_and_provider, setup, teardown),
            cmocka_unit_test_setup_teardown(lets_go_when_there_is_room, setup, teardown),
            cmocka_unit_test_setup_teardown(counts_in_the_month_of_leaving, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
