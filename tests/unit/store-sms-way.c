/* store/sms_way: by prefix, by the organisation's sender, and never by a provider that may stand in and
 * cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/rows.h"
#include "store/sms_way.h"

static struct db *open_with(const struct sms_way *ways, int count)
{
        struct db *db = rows_open();
        struct err err = {0};

        rows_load(db, "2026-11-23T07:00", ROWS_ROSTER);
        if (sms_way_replace(db, ways, count, &err) < 0)
                fail_msg("%s", err.text);
        return db;
}

static int can(struct db *db, const char *number, const char *organisation)
{
        struct err err = {0};
        int r = sms_way_can_reply(db, number, organisation, &err);

        if (r < 0)
                fail_msg("%s", err.text);
        return r;
}

static void nobody_takes_it(void **state)
{
        struct db *db = open_with(NULL, 0);

        (void)state;
        assert_int_equal(can(db, "+358400000010", "kjk-a"), 0);
        db_close(db);
}

static void by_prefix_and_by_all_who_may_carry_it(void **state)
{
        const struct sms_way ways[] = {{0, "+358", "", "one", true},
                                       {0, "+372", "", "one", true},
                                       {1, "+46", "", "two", false},
                                       {2, "+372", "", "three", false}};
        struct db *db = open_with(ways, 4);

        (void)state;
        assert_int_equal(can(db, "+358400000010", "kjk-a"), 1);
        assert_int_equal(can(db, "+46700000010", "kjk-a"), 0);
        assert_int_equal(can(db, "+37250000010", "kjk-a"), 0); /* the third may stand in */
        assert_int_equal(can(db, "+4912345678", "kjk-a"), 0);
        db_close(db);
}

static void the_nearest_sender_counts(void **state)
{
        const struct sms_way ways[] = {
            {0, "", "", "one", true}, {0, "", "kj", "one", false}, {0, "", "kjk", "one", true}};
        struct db *db = open_with(ways, 3);

        (void)state;
        assert_int_equal(can(db, "+358400000010", "kjk-a"), 1);
        assert_int_equal(can(db, "+358400000010", "kj"), 0);
        assert_int_equal(can(db, "+358400000010", "tuk"), 1);
        db_close(db);
}

static void the_same_is_not_written_again(void **state)
{
        const struct sms_way ways[] = {{0, "", "", "one", true}, {0, "", "kj", "one", false}};
        struct db *db = open_with(ways, 2);
        int64_t before = db_all_changes(db);

        (void)state;
        assert_int_equal(sms_way_replace(db, ways, 2, NULL), 0);
        assert_int_equal(db_all_changes(db), before);
        assert_int_equal(sms_way_replace(db, ways, 1, NULL), 0);
        assert_string_equal(rows_text(db, "SELECT position, prefix, organisation, two_way FROM sms_way"),
                            "0|||1");
        assert_int_equal(sms_way_replace(db, ways, 0, NULL), 0);
        assert_string_equal(rows_text(db, "SELECT count(*) FROM sms_way"), "0");
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(nobody_takes_it),
            cmocka_unit_test(by_prefix_and_by_all_who_may_carry_it),
            cmocka_unit_test(the_nearest_sender_counts),
            cmocka_unit_test(the_same_is_not_written_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
