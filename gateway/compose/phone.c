#include "compose/phone.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 15
#define SPACE "\u00a0"

/* How the digits after a prefix are grouped; the first row whose prefix and length fit. A length of 0 is any:
 * the groups are then those of the head, and the rest is split evenly. */
static const struct {
        const char *prefix; /* the code of the country and what the number begins with */
        int code;           /* digits of the country's code */
        int length;         /* digits after it */
        const char *groups;
} plan_table[] = {
    {"1", 1, 10, "334"},  {"3584", 3, 9, "234"}, {"35850", 3, 9, "234"}, {"3589", 3, 0, "1"},
    {"358", 3, 0, "2"},   {"3725", 3, 8, "44"},  {"372", 3, 7, "34"},    {"4420", 2, 10, "244"},
    {"44", 2, 10, "46"},  {"45", 2, 8, "2222"},  {"467", 2, 9, "2322"},  {"468", 2, 0, "1"},
    {"46", 2, 0, "2"},    {"474", 2, 8, "323"},  {"479", 2, 8, "323"},   {"47", 2, 8, "2222"},
    {"7", 1, 10, "3322"}, {"38", 3, 9, "234"},   {"252", 3, 9, "234"},
};

/* Codes of two digits; those that begin otherwise, but for 1 and 7, have three. */
static int code_length(const char *digits)
{
        static const char *const two[] = {"20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41",
                                          "43", "44", "45", "46", "47", "48", "49", "51", "52", "53", "54",
                                          "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66",
                                          "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98"};

        if (*digits == '1' || *digits == '7')
                return 1;
        for (size_t i = 0; i < ARRAY_SIZE(two); i++)
                if (strncmp(digits, two[i], 2) == 0)
                        return 2;
        return 3;
}

static const char *find_groups(const char *digits, int *ret_code)
{
        for (size_t i = 0; i < ARRAY_SIZE(plan_table); i++) {
                int length = (int)strlen(digits) - plan_table[i].code;

                if (strncmp(digits, plan_table[i].prefix, strlen(plan_table[i].prefix)) == 0 &&
                    (!plan_table[i].length || plan_table[i].length == length)) {
                        *ret_code = plan_table[i].code;
                        return plan_table[i].groups;
                }
        }
        *ret_code = code_length(digits);
        return "";
}

/* Threes, and at the end whatever leaves no digit alone. */
static int next_group(int left)
{
        return left <= 4 ? left : left == 8 ? 4 : 3;
}

void phone_print(const char *e164, char ret_text[static PHONE_TEXT_MAX_BYTES])
{
        const char *digits = e164 + 1, *groups;
        size_t length = strlen(e164), used;
        int code, left;

        snprintf(ret_text, PHONE_TEXT_MAX_BYTES, "%.*s", PHONE_TEXT_MAX_BYTES - 1, e164);
        if (*e164 != '+' || length < 6 || length > DIGITS_MAX + 1 ||
            strspn(digits, "0123456789") != length - 1)
                return;
        groups = find_groups(digits, &code);
        used = (size_t)snprintf(ret_text, PHONE_TEXT_MAX_BYTES, "+%.*s", code, digits);
        digits += code;
        for (left = (int)strlen(digits); left > 0;) {
                int group = *groups ? *groups++ - '0' : next_group(left);

                if (group > left)
                        group = left;
                used += (size_t)snprintf(ret_text + used, PHONE_TEXT_MAX_BYTES - used, SPACE "%.*s", group,
                                         digits);
                digits += group;
                left -= group;
        }
}
