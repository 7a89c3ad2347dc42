/* compose/value: building, limits, JSON both ways. */
#include "base/date.h"
#include "compose/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void builds_a_tree(void **state)
{
        struct value *root = value_map_new(), *list, *item;
        const struct value *found;

        (void)state;
        value_set_text(root, "pupil.first_name", "Aino");
        value_set_bool(root, "pupil.protected", true);
        value_set_count(root, "lessons", 2);
        value_set_date(root, "day", date_from_civil(2026, 11, 23));
        value_set_time(root, "starts", 1795413600);
        value_set_clock(root, "clock", 29700);
        value_set_text(root, "link", NULL);
        list = value_set_list(root, "list");
        item = value_append_map(list);
        value_set_count(item, "number", 1);
        value_append_text(list, "x");
        assert_int_equal(value_error(root, NULL), 0);

        assert_string_equal(value_find(root, "pupil.first_name")->text, "Aino");
        assert_true(value_find(root, "pupil.protected")->boolean);
        assert_int_equal(value_find(root, "link")->kind, VALUE_NULL);
        assert_null(value_find(root, "pupil.family_name"));
        assert_null(value_find(root, "lessons.one"));
        found = value_find(root, "list");
        assert_int_equal(found->first->first->count, 1);
        assert_string_equal(found->last->text, "x");

        value_set_text(root, "lessons", "two"); /* again: replaced, in its place */
        assert_string_equal(value_find(root, "lessons")->text, "two");
        assert_ptr_equal(root->first->next, value_find(root, "lessons"));
        value_free(root);
        assert_null(value_free(NULL));
}

static void remembers_the_first_error(void **state)
{
        static const char *const bad_keys[] = {"", "a b", ".a", "a.", "a..b", "{{a}}"};
        struct err err;
        struct value *root;

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(bad_keys); i++) {
                root = value_map_new();
                value_set_bool(root, bad_keys[i], true);
                assert_int_equal(value_error(root, NULL), ERR_INVALID);
                value_free(root);
        }
        root = value_map_new();
        value_set_text(root, "name", "Mäki\xe4");
        value_set_text(root, "other", "good");
        assert_int_equal(value_error(root, &err), ERR_INVALID);
        assert_non_null(strstr(err.text, "name"));
        assert_null(value_find(root, "other"));
        value_free(root);

        root = value_map_new();
        value_set_text(root, "name", "Aino");
        value_set_text(root, "name.first", "Aino"); /* not a map */
        assert_int_equal(value_error(root, NULL), ERR_INVALID);
        value_free(root);

        root = value_map_new();
        value_set_clock(root, "at", 86401);
        assert_int_equal(value_error(root, NULL), ERR_INVALID);
        value_free(root);
}

static void has_limits(void **state)
{
        struct value *root = value_map_new(), *list = value_set_list(root, "list"), *deep;
        char *text;

        (void)state;
        for (int i = 0; i < VALUE_NODES_MAX - 2; i++)
                value_append_count(list, i);
        assert_int_equal(value_error(root, NULL), 0);
        value_append_count(list, 0);
        assert_int_equal(value_error(root, NULL), ERR_LIMIT);
        value_free(root);

        root = deep = value_map_new();
        for (int i = 0; i < VALUE_DEPTH_MAX; i++)
                deep = value_set_map(deep, "in");
        assert_non_null(deep);
        assert_null(value_set_map(deep, "in"));
        assert_int_equal(value_error(root, NULL), ERR_LIMIT);
        value_free(root);

        text = malloc(VALUE_TEXT_MAX_BYTES + 2);
        memset(text, 'a', VALUE_TEXT_MAX_BYTES + 1);
        text[VALUE_TEXT_MAX_BYTES + 1] = '\0';
        root = value_map_new();
        value_set_text(root, "text", text + 1);
        assert_int_equal(value_error(root, NULL), 0);
        value_set_text(root, "text", text);
        assert_int_equal(value_error(root, NULL), ERR_LIMIT);
        value_free(root);
        free(text);
}

static void goes_through_json(void **state)
{
        static const char json[] =
            "{\"pupil\":{\"first_name\":\"Aino\",\"protected\":false},\"lessons\":2,\"share\":12.5,"
            "\"day\":{\"$date\":\"2026-11-23\"},\"starts\":{\"$time\":1795413600},"
            "\"at\":{\"$clock\":\"08:15\"},\"exact\":{\"$clock\":\"08:15:30\"},"
            "\"list\":[{\"number\":1},\"x\",null,[true]]}";
        struct value *root;
        struct buf buf;

        (void)state;
        assert_int_equal(value_parse(json, sizeof json - 1, &root, NULL), 0);
        assert_int_equal(value_find(root, "day")->date, date_from_civil(2026, 11, 23));
        assert_int_equal(value_find(root, "starts")->kind, VALUE_TIME);
        assert_int_equal(value_find(root, "at")->seconds, 29700);
        buf_init(&buf, 1000);
        assert_int_equal(value_print(root, &buf), 0);
        assert_string_equal(buf_text(&buf), json);
        buf_fini(&buf);
        buf_init(&buf, 10);
        assert_int_equal(value_print(root, &buf), ERR_LIMIT);
        buf_fini(&buf);
        value_free(root);
}

static void reads_dotted_keys_as_maps(void **state)
{
        static const char json[] = "{\"pupil.first_name\":\"Aino\",\"pupil.protected\":true}";
        struct value *root;

        (void)state;
        assert_int_equal(value_parse(json, sizeof json - 1, &root, NULL), 0);
        assert_true(value_find(root, "pupil.protected")->boolean);
        value_free(root);
}

static void refuses_bad_json(void **state)
{
        static const char *const bad[] = {"",
                                          "[1]",
                                          "{\"a\":1",
                                          "{\"a\":1,\"a\":2}",
                                          "{\"a b\":1}",
                                          "{\"a\":{\"$date\":\"2026-02-30\"}}",
                                          "{\"a\":{\"$date\":20}}",
                                          "{\"a\":{\"$date\":\"2026-02-03\",\"b\":1}}",
                                          "{\"a\":{\"$time\":\"08:15\"}}",
                                          "{\"a\":{\"$time\":9223372036854775807}}",
                                          "{\"a\":{\"$clock\":\"25:00\"}}",
                                          "{\"a\":\"\\u0000\"}",
                                          "{\"a\":\"\xff\"}"};
        struct value *root = NULL;
        struct err err;

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
                assert_int_equal(value_parse(bad[i], strlen(bad[i]), &root, &err), ERR_INVALID);
                assert_null(root);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(builds_a_tree),    cmocka_unit_test(remembers_the_first_error),
            cmocka_unit_test(has_limits),       cmocka_unit_test(goes_through_json),
            cmocka_unit_test(refuses_bad_json), cmocka_unit_test(reads_dotted_keys_as_maps),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
