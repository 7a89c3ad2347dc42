/* Numbers in the groups of their country. */
#include "compose/phone.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

/* WANTED has plain spaces where no line may be broken. */
static void expect(const char *e164, const char *wanted)
{
        char text[PHONE_TEXT_MAX_BYTES], plain[PHONE_TEXT_MAX_BYTES];
        size_t length = 0;

        phone_print(e164, text);
        for (const char *p = text; *p; p++) {
                if (strncmp(p, "\u00a0", 2) == 0) {
                        plain[length++] = ' ';
                        p++;
                } else {
                        plain[length++] = *p;
                }
        }
        plain[length] = '\0';
        assert_string_equal(plain, wanted);
}

static void groups_by_country(void **state)
{
        (void)state;
        expect("+358400000110", "+358 40 000 0110");
        expect("+358500000110", "+358 50 000 0110");
        expect("+35840000011", "+358 40 000 011");
        expect("+35890000000", "+358 9 000 0000");
        expect("+358130000000", "+358 13 000 0000");
        expect("+46700000000", "+46 70 000 00 00");
        expect("+4680000000", "+46 8 000 0000");
        expect("+3725000000", "+372 500 0000");
        expect("+37250000000", "+372 5000 0000");
        expect("+4790000000", "+47 900 00 000");
        expect("+79000000000", "+7 900 000 00 00");
        expect("+380000000000", "+380 00 000 0000");
        expect("+12025550100", "+1 202 555 0100");
        expect("+49300000000", "+49 300 000 000");
        expect("+2520000000", "+252 000 0000");
}

static void leaves_no_digit_alone(void **state)
{
        (void)state;
        expect("+4912345678", "+49 1234 5678");
        expect("+49123456789012", "+49 123 456 789 012");
        expect("+491234567890", "+49 123 456 7890");
}

static void leaves_what_is_no_number(void **state)
{
        char text[PHONE_TEXT_MAX_BYTES], longest[200];

        (void)state;
        expect("", "");
        expect("+", "+");
        expect("+358", "+358");
        expect("112", "112");
        expect("040 000 0110", "040 000 0110");
        expect("+35840<b>0110", "+35840<b>0110");
        expect("+1234567890123456", "+1234567890123456");
        memset(longest, '9', sizeof longest - 1);
        longest[sizeof longest - 1] = '\0';
        phone_print(longest, text);
        assert_int_equal(strlen(text), PHONE_TEXT_MAX_BYTES - 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(groups_by_country),
            cmocka_unit_test(leaves_no_digit_alone),
            cmocka_unit_test(leaves_what_is_no_number),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
