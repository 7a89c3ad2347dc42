/* web/outcomes: the shipped list, and every way in which a list may be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "web/outcomes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int load(const char *text, struct outcomes *outcomes, struct err *err)
{
        char path[] = "/tmp/outcomes-XXXXXX";
        int fd = mkstemp(path), r;

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
        r = outcomes_load(path, outcomes, err);
        unlink(path);
        return r;
}

static void reads_what_is_shipped(void **state)
{
        struct outcomes outcomes;
        struct err err = {0};
        char path[4096];

        (void)state;
        snprintf(path, sizeof path, "%s/rules/outcomes.yaml", SOURCE_DIR);
        assert_int_equal(outcomes_load(path, &outcomes, &err), 0);
        assert_true(outcomes_has(&outcomes.contact, "no-answer"));
        assert_true(outcomes_has(&outcomes.close, "study-place"));
        assert_false(outcomes_has(&outcomes.contact, "study-place"));
        assert_false(outcomes_has(&outcomes.close, ""));
}

static void keeps_the_order_of_the_file(void **state)
{
        struct outcomes outcomes;
        struct err err = {0};

        (void)state;
        assert_int_equal(load("contact: [visited, called]\nclose: [done-2]\n", &outcomes, &err), 0);
        assert_int_equal(outcomes.contact.count, 2);
        assert_string_equal(outcomes.contact.codes[0], "visited");
        assert_string_equal(outcomes.contact.codes[1], "called");
        assert_string_equal(outcomes.close.codes[0], "done-2");
}

static void refuses_with_words(void **state)
{
        static const char *const table[][2] = {
            {"contact: [a]\n", "close"},
            {"close: [a]\n", "contact"},
            {"contact: [a]\nclose: [b]\nother: [c]\n", "other"},
            {"contact: []\nclose: [b]\n", "no outcomes"},
            {"contact: a\nclose: [b]\n", ":1:"},
            {"contact: [a, b, a]\nclose: [b]\n", "named twice"},
            {"contact: [Called]\nclose: [b]\n", "no code"},
            {"contact: ['she was sad']\nclose: [b]\n", "no code"},
            {"contact: ['']\nclose: [b]\n", "no code"},
            {"contact: [{a: b}]\nclose: [b]\n", ":1:"},
            {"contact: [a]\nclose: [a1234567890123456789012345678901234567890]\n", "at most 39"},
            {"contact: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]\nclose: [b]\n", "more than 16"},
            {"contact: [\n", ":"},
            {"", ""},
        };
        struct outcomes outcomes = {0};

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                struct err err = {0};

                assert_true(load(table[i][0], &outcomes, &err) < 0);
                if (!strstr(err.text, table[i][1]))
                        fail_msg("“%s” is not in: %s", table[i][1], err.text);
                assert_int_equal(outcomes.contact.count, 0);
        }
        assert_int_equal(outcomes_load("/nowhere/outcomes.yaml", &outcomes, &(struct err){0}), ERR_NOT_FOUND);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(reads_what_is_shipped),
            cmocka_unit_test(keeps_the_order_of_the_file),
            cmocka_unit_test(refuses_with_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
