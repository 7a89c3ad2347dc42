/* store/page_case: what a code of `sees` opens, and that nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/page_case.h"

static void opens_what_it_names(void **state)
{
        (void)state;
        assert_int_equal(page_case_sees("number"), 0);
        assert_int_equal(page_case_sees("steps"), CASE_STEPS | CASE_PUPIL);
        assert_int_equal(page_case_sees("attendance"), CASE_STEPS | CASE_HOURS | CASE_PUPIL);
        assert_int_equal(page_case_sees("contacts"), CASE_CONTACTS | CASE_NEXT | CASE_PUPIL);
        assert_int_equal(page_case_sees("plans"), CASE_NEXT | CASE_PUPIL);
        assert_int_equal(page_case_sees("permission"), CASE_PERMISSION | CASE_PUPIL);
        assert_int_equal(page_case_sees("placements"), CASE_PLACEMENTS | CASE_PUPIL);
        assert_int_equal(page_case_sees("steps-placements"), CASE_STEPS | CASE_PLACEMENTS | CASE_PUPIL);
}

static void opens_nothing_else(void **state)
{
        static const char *const codes[] = {"",      "-",    "--",         "step", "stepss",
                                            "Steps", "plan", "everything", " all"};

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
                assert_int_equal(page_case_sees(codes[i]), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(opens_what_it_names),
            cmocka_unit_test(opens_nothing_else),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
