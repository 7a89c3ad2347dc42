/* base/yaml: what it reads, what it refuses, and that it names the line. */
#include "base/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct yaml *parse(const char *text)
{
        struct yaml *yaml = NULL;
        struct err err = {0};

        if (yaml_parse("a.yaml", text, strlen(text), &yaml, &err) < 0)
                fail_msg("%s", err.text);
        return yaml;
}

static void refuses(const char *text, size_t length, const char *error)
{
        struct yaml *yaml = NULL;
        struct err err = {0};

        assert_int_equal(yaml_parse("a.yaml", text, length, &yaml, &err), ERR_INVALID);
        assert_null(yaml);
        if (!strstr(err.text, error))
                fail_msg("\"%s\" does not hold \"%s\"", err.text, error);
}

static void reads_a_tree(void **state)
{
        _cleanup_(yaml_freep) struct yaml *yaml = parse(
            "rule: absence-alert\nparams: {grace: 15 min, not_before: \"09:15\"}\nselect: |\n  SELECT 1\n"
            "    FROM x\nnotify:\n  - {to: guardians, by: [sms, email]}\n  - to: teacher\nempty:\n"
            "quoted: \"\"\nnorway: no\n");
        const struct yaml_node *root = yaml_root(yaml), *notify = yaml_get(root, "notify"), *node;
        const char *text;
        struct err err = {0};

        (void)state;
        assert_int_equal(yaml_kind(root), YAML_KIND_MAPPING);
        assert_int_equal(yaml_count(root), 7);
        assert_string_equal(yaml_key(yaml_at(root, 2)), "select");
        assert_null(yaml_at(root, 7));
        assert_null(yaml_at(root, -1));
        assert_string_equal(yaml_file(root), "a.yaml");
        assert_int_equal(yaml_text(yaml_get(root, "select"), &text, &err), 0);
        assert_string_equal(text, "SELECT 1\n  FROM x\n");
        assert_true(yaml_is_quoted(yaml_get(root, "select")));
        assert_false(yaml_is_quoted(yaml_get(root, "rule")));
        assert_int_equal(yaml_line(notify), 6);
        assert_int_equal(yaml_count(notify), 2);
        assert_null(yaml_key(yaml_at(notify, 0)));
        node = yaml_get(yaml_at(notify, 0), "by");
        assert_int_equal(yaml_text(yaml_at(node, 1), &text, &err), 0);
        assert_string_equal(text, "email");
        assert_int_equal(yaml_line(yaml_get(yaml_at(notify, 1), "to")), 8);
        assert_true(yaml_is_null(yaml_get(root, "empty")));
        assert_false(yaml_is_null(yaml_get(root, "quoted")));
        assert_int_equal(yaml_text(yaml_get(root, "norway"), &text, &err), 0);
        assert_string_equal(text, "no");
        assert_null(yaml_get(root, "nothing"));
        assert_null(yaml_get(yaml_get(root, "rule"), "x"));
        assert_null(yaml_get(NULL, "x"));
}

static void refuses_what_is_not_taken(void **state)
{
        static const struct {
                const char *text, *error;
        } table[] = {
            {"a: 1\nb: &x 2\n", "a.yaml:2: anchors"},
            {"a: &x {b: 1}\n", "a.yaml:1: anchors"},
            {"a: &x 1\nb: *x\n", "anchors"},
            {"a: !!str 1\n", "a.yaml:1: tags"},
            {"a: ! 1\n", "tags"},
            {"a: !x [1]\n", "tags"},
            {"&k a: 1\n", "anchors"},
            {"a: 1\nb: 2\na: 3\n", "a.yaml:3: a: stands here and on line 1"},
            {"a: 1\n---\nb: 2\n", "a.yaml:2: a second document"},
            {"", "the file is empty"},
            {"# nothing\n", "the file is empty"},
            {"{a: 1}: 2\n", "a key must be plain text"},
            {"? [a]\n: 2\n", "a key must be plain text"},
            {"a: [1, 2\nb: 3\n", "a.yaml:2:"},
            {"a: 1\n b: 2\n", "a.yaml:2:"},
            {"a: \"\\0\"\n", "NUL"},
            {"a: \x01\n", "a.yaml:1: not UTF-8"},
            {"a: 1\nb: \xc3\x28\n", "a.yaml:2: not UTF-8"},
            {"a: \xed\xa0\x80\n", "not UTF-8"},
            {"\xff\xfe"
             "a",
             "not UTF-8"},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                refuses(table[i].text, strlen(table[i].text), table[i].error);
        refuses("a: 1\0\n", 6, "not UTF-8");
}

static void keeps_its_limits(void **state)
{
        enum { SIZE = YAML_FILE_MAX + 1 };
        _cleanup_(free_ptr) char *text = malloc(SIZE);
        struct yaml *yaml;
        size_t length = 0;
        struct err err = {0};

        (void)state;
        memset(text, ' ', SIZE);
        memcpy(text, "a: 1\n#", 6);
        refuses(text, SIZE, "larger than 256 KiB");
        assert_int_equal(yaml_parse("a.yaml", text, SIZE - 1, &yaml, &err), 0);
        yaml_free(yaml);

        refuses("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", 35, "nested more than 16");
        assert_int_equal(yaml_parse("a.yaml", "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", 33, &yaml, &err), 0);
        yaml_free(yaml);
        memset(text, '[', 1000);
        refuses(text, 1000, "nested more than 16");

        for (int i = 0; i < YAML_NODE_MAX; i++, length += 4)
                memcpy(text + length, "- 1\n", 4);
        refuses(text, length, "more than 20000 values");
        assert_int_equal(yaml_parse("a.yaml", text, length - 4, &yaml, &err), 0);
        assert_int_equal(yaml_count(yaml_root(yaml)), YAML_NODE_MAX - 1);
        yaml_free(yaml);
}

static void reads_typed_values(void **state)
{
        _cleanup_(yaml_freep) struct yaml *yaml =
            parse("n: 42\nm: -7\nyes: true\nno: false\nt: \"09:15\"\nu: 24:00\ns: 30 s\nd1: 45 min\nh: 2 h\n"
                  "d: 1d\n");
        const struct yaml_node *root = yaml_root(yaml);
        int64_t value;
        bool flag;
        int seconds;
        struct err err = {0};

        (void)state;
        assert_int_equal(yaml_int(yaml_get(root, "n"), 0, 42, &value, &err), 0);
        assert_int_equal(value, 42);
        assert_int_equal(yaml_int(yaml_get(root, "m"), -7, 0, &value, &err), 0);
        assert_int_equal(value, -7);
        assert_int_equal(yaml_bool(yaml_get(root, "yes"), &flag, &err), 0);
        assert_true(flag);
        assert_int_equal(yaml_bool(yaml_get(root, "no"), &flag, &err), 0);
        assert_false(flag);
        assert_int_equal(yaml_time_of_day(yaml_get(root, "t"), &seconds, &err), 0);
        assert_int_equal(seconds, 9 * 3600 + 15 * 60);
        assert_int_equal(yaml_time_of_day(yaml_get(root, "u"), &seconds, &err), 0);
        assert_int_equal(seconds, 86400);
        assert_int_equal(yaml_duration(yaml_get(root, "s"), &value, &err), 0);
        assert_int_equal(value, 30);
        assert_int_equal(yaml_duration(yaml_get(root, "d1"), &value, &err), 0);
        assert_int_equal(value, 2700);
        assert_int_equal(yaml_duration(yaml_get(root, "h"), &value, &err), 0);
        assert_int_equal(value, 7200);
        assert_int_equal(yaml_duration(yaml_get(root, "d"), &value, &err), 0);
        assert_int_equal(value, 86400);
}

static void refuses_wrong_values(void **state)
{
        _cleanup_(yaml_freep) struct yaml *yaml =
            parse("list:\n  - {n: 1x}\nq: \"1\"\nperhaps: perhaps\nt: 25:00\nd: 5 weeks\nbig: 99999999999 d\n"
                  "huge: 99999999999999999999\nnothing:\nneg: -5 s\nlate: 24:01\n");
        const struct yaml_node *root = yaml_root(yaml);
        const char *text;
        int64_t value;
        bool flag;
        int seconds;
        struct err err = {0};

        (void)state;
        assert_int_equal(yaml_int(yaml_get(yaml_at(yaml_get(root, "list"), 0), "n"), 0, 9, &value, &err),
                         ERR_INVALID);
        assert_string_equal(err.text,
                            "a.yaml:2: list[0].n: \"1x\" is no whole number: write a number without "
                            "quotes");
        assert_int_equal(yaml_int(yaml_get(root, "q"), 0, 9, &value, &err), ERR_INVALID);
        assert_int_equal(yaml_int(yaml_get(root, "huge"), 0, INT64_MAX, &value, &err), ERR_INVALID);
        assert_int_equal(yaml_bool(yaml_get(root, "perhaps"), &flag, &err), ERR_INVALID);
        assert_non_null(strstr(err.text, "a.yaml:4: perhaps: "));
        assert_int_equal(yaml_time_of_day(yaml_get(root, "t"), &seconds, &err), ERR_INVALID);
        assert_int_equal(yaml_time_of_day(yaml_get(root, "late"), &seconds, &err), ERR_INVALID);
        assert_int_equal(yaml_duration(yaml_get(root, "d"), &value, &err), ERR_INVALID);
        assert_int_equal(yaml_duration(yaml_get(root, "big"), &value, &err), ERR_INVALID);
        assert_int_equal(yaml_duration(yaml_get(root, "neg"), &value, &err), ERR_INVALID);
        assert_int_equal(yaml_text(yaml_get(root, "nothing"), &text, &err), ERR_INVALID);
        assert_non_null(strstr(err.text, "a.yaml:9: nothing: has no value"));
        assert_int_equal(yaml_text(yaml_get(root, "list"), &text, &err), ERR_INVALID);
        assert_int_equal(yaml_want(root, YAML_KIND_SEQUENCE, &err), ERR_INVALID);
}

static void names_unknown_and_missing_keys(void **state)
{
        static const char *const all[] = {"a", "b", NULL}, *const some[] = {"a", "c", NULL};
        _cleanup_(yaml_freep) struct yaml *yaml = parse("a: 1\nb: 2\n");
        const struct yaml_node *node = NULL;
        struct err err = {0};

        (void)state;
        assert_int_equal(yaml_only_keys(yaml_root(yaml), all, &err), 0);
        assert_int_equal(yaml_only_keys(yaml_root(yaml), some, &err), ERR_INVALID);
        assert_string_equal(err.text, "a.yaml:2: b: no such key: use a, c");
        assert_int_equal(yaml_only_keys(yaml_get(yaml_root(yaml), "a"), all, &err), ERR_INVALID);
        assert_int_equal(yaml_need(yaml_root(yaml), "b", &node, &err), 0);
        assert_int_equal(yaml_line(node), 2);
        assert_int_equal(yaml_need(yaml_root(yaml), "c", &node, &err), ERR_INVALID);
        assert_string_equal(err.text, "a.yaml:1: c is missing: add it");
}

static void loads_files(void **state)
{
        char path[] = "/tmp/kapula-yaml-XXXXXX";
        int file = mkstemp(path);
        struct yaml *yaml = NULL;
        struct err err = {0};

        (void)state;
        assert_true(file >= 0);
        assert_int_equal(write(file,
                               "\xef\xbb\xbf"
                               "a: ä\r\n",
                               9),
                         9);
        close(file);
        assert_int_equal(yaml_load(path, &yaml, &err), 0);
        assert_non_null(yaml_get(yaml_root(yaml), "a"));
        yaml_free(yaml);
        unlink(path);
        assert_int_equal(yaml_load(path, &yaml, &err), ERR_NOT_FOUND);
        assert_int_equal(yaml_load("/", &yaml, &err), ERR_IO);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(reads_a_tree),         cmocka_unit_test(refuses_what_is_not_taken),
            cmocka_unit_test(keeps_its_limits),     cmocka_unit_test(reads_typed_values),
            cmocka_unit_test(refuses_wrong_values), cmocka_unit_test(names_unknown_and_missing_keys),
            cmocka_unit_test(loads_files),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
