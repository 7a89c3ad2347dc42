/* deliver/recipient_limit: so many messages to one address within a time, urgent ones in any case. */
#include "deliver/recipient_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static void limits_each_address(void **state)
{
        struct recipient_limit limit;

        (void)state;
        recipient_limit_init(&limit, 2, 1000);
        assert_int_equal(recipient_limit_take(&limit, "+358400000010", 0, 0), 0);
        assert_int_equal(recipient_limit_take(&limit, "+358400000010", 400, 0), 0);
        assert_int_equal(recipient_limit_take(&limit, "+358400000010", 500, 0), 500);
        assert_int_equal(recipient_limit_take(&limit, "+358400000011", 500, 0), 0);
        assert_int_equal(recipient_limit_take(&limit, "+358400000010", 600, 1), 0); /* urgent */
        assert_int_equal(recipient_limit_take(&limit, "+358400000010", 999, 0), 1);
        assert_int_equal(recipient_limit_take(&limit, "+358400000010", 1000, 0), 0);
        recipient_limit_fini(&limit);
}

static void holds_many_addresses(void **state)
{
        struct recipient_limit limit;
        char address[32];

        (void)state;
        recipient_limit_init(&limit, 1, 1000);
        for (int i = 0; i < 3 * RECIPIENT_LIMIT_SLOTS; i++) {
                snprintf(address, sizeof address, "+3584%08d", i);
                assert_int_equal(recipient_limit_take(&limit, address, i / 100, 0), 0);
        }
        assert_true(recipient_limit_take(&limit, address, 3 * RECIPIENT_LIMIT_SLOTS / 100, 0) > 0);
        recipient_limit_fini(&limit);
}

static void without_a_limit_nothing_waits(void **state)
{
        struct recipient_limit limit;

        (void)state;
        recipient_limit_init(&limit, 0, 0);
        for (int i = 0; i < 100; i++)
                assert_int_equal(recipient_limit_take(&limit, "+358400000010", 0, 0), 0);
        assert_null(limit.slots);
        recipient_limit_fini(&limit);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(limits_each_address),
                                           cmocka_unit_test(holds_many_addresses),
                                           cmocka_unit_test(without_a_limit_nothing_waits)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
