/* store/notice: a message that no rule asked for is logged, counted and paid for like any other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/rows.h"
#include "store/budget.h"
#include "store/count.h"
#include "store/message_log.h"
#include "store/notice.h"

#define NOW "2026-11-23T12:00"

static struct db *open_with_prices(void)
{
        static const struct price prices[] = {{"one", "+358", 0, 74000}, {"one", "", 0, 100000}};
        static const struct budget budgets[] = {{"kj", 1000000}};
        struct db *db = rows_open();
        struct err err = {0};

        rows_load(db, NOW, ROWS_ROSTER);
        if (budget_replace(db, prices, 2, budgets, 1, &err) < 0)
                fail_msg("%s", err.text);
        return db;
}

static void send(struct db *db, const char *person, const char *channel, const char *address)
{
        const struct new_message message = {.person = person,
                                            .channel = channel,
                                            .address = address,
                                            .language = "fi",
                                            .text = "Koodi 123456",
                                            .segments = strcmp(channel, "sms") == 0 ? 2 : 0,
                                            .urgent = true,
                                            .deadline = rows_utc(NOW) + 900};
        struct err err = {0};

        if (notice_message_alone(db, &message, rows_utc(NOW), &err) < 0)
                fail_msg("%s", err.text);
}

static int note_row(void *context, const struct message_row *row, struct err *err)
{
        char *line = context;
        size_t length = strlen(line);

        (void)err;
        snprintf(line + length, 400 - length, "%s %s %s %s %lld %d;", row->person, row->channel, row->state,
                 row->rule ? row->rule : "-", (long long)row->cost, row->notices);
        return 0;
}

static void note_count(void *context, const char *kind, const char *state, int64_t count)
{
        if (strcmp(kind, "message") == 0 && strcmp(state, "queued") == 0)
                *(int64_t *)context = count;
}

static void a_code_costs_what_it_costs(void **state)
{
        struct db *db = open_with_prices();
        struct message_filter filter = {.limit = 10};
        char lines[400] = "";
        int64_t queued = 0;

        (void)state;
        send(db, "G1", "sms", "+358400000010"); /* of a home in kj */
        send(db, "T1", "sms", "+46700000010");  /* of the staff */
        send(db, "S1", "sms", "+358400000011"); /* at a workplace */
        send(db, "G1", "email", "a@example.org");
        assert_string_equal(rows_text(db,
                                      "SELECT coalesce(cost, -1), coalesce(payer, '-'), coalesce(month, '-')"
                                      "  FROM message ORDER BY id"),
                            "148000|kj|2026-11 200000|kj|2026-11 148000|kj|2026-11 -1|-|-");
        assert_string_equal(rows_text(db, "SELECT organisation, month, micros FROM spending"),
                            "kj|2026-11|496000");
        assert_int_equal(message_log_list(db, &filter, note_row, lines, NULL), 0);
        assert_non_null(strstr(lines, "G1 sms queued - 148000 0;"));
        assert_non_null(strstr(lines, "G1 email queued - -1 0;"));
        assert_int_equal(count_each(db, note_count, &queued, NULL), 0); /* as /metrics shows them */
        assert_int_equal(queued, 4);
        db_close(db);
}

/* Over the budget, it leaves all the same; what never left is paid back. */
static void a_code_is_not_held(void **state)
{
        struct db *db = open_with_prices();

        (void)state;
        rows_run(db, "INSERT INTO spending VALUES ('kj', '2026-11', 999000, 1)");
        send(db, "G1", "sms", "+358400000010");
        assert_string_equal(rows_text(db, "SELECT state FROM message"), "queued");
        assert_string_equal(rows_text(db, "SELECT micros FROM spending"), "1147000");
        rows_run(db, "UPDATE message SET state = 'expired', changed = 2");
        assert_string_equal(rows_text(db, "SELECT micros FROM spending"), "999000");
        db_close(db);
}

/* Of somebody whom no organisation knows the cost is known, and counts in no budget. */
static void without_an_organisation(void **state)
{
        struct db *db = open_with_prices();

        (void)state;
        rows_run(db, "INSERT INTO person(id, given, family) VALUES ('X1', 'Aino', 'Esimerkki')");
        send(db, "X1", "sms", "+358400000010");
        assert_string_equal(rows_text(db, "SELECT cost, coalesce(month, '-') FROM message"), "148000|-");
        assert_string_equal(rows_text(db, "SELECT count(*) FROM spending"), "0");
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(a_code_costs_what_it_costs),
            cmocka_unit_test(a_code_is_not_held),
            cmocka_unit_test(without_an_organisation),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
