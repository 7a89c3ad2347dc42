/* compose/mustache against the cases in tests/templates/mustache-*.json. A case has a template, and may have
 * values, partials, escape and language; it expects a text, or an error that holds a text. */
#include "compose/mustache.h"

#include <glob.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define TEXT_MAX 10000
#define PARTIALS_MAX 4

struct partials {
        const char *names[PARTIALS_MAX];
        struct template *templates[PARTIALS_MAX];
};

static const struct template *find_partial(void *userdata, const char *name)
{
        struct partials *partials = userdata;

        for (int i = 0; i < PARTIALS_MAX && partials->names[i]; i++)
                if (strcmp(partials->names[i], name) == 0)
                        return partials->templates[i];
        return NULL;
}

static enum compose_escape escape_of(const json_t *item)
{
        const char *name = json_string_value(json_object_get(item, "escape"));

        if (!name)
                return ESCAPE_PLAIN;
        return strcmp(name, "html") == 0 ? ESCAPE_HTML : strcmp(name, "json") == 0 ? ESCAPE_JSON : ESCAPE_URL;
}

static struct value *values_of(const json_t *item)
{
        json_t *json = json_object_get(item, "values");
        char *text = json ? json_dumps(json, 0) : strdup("{}");
        struct value *values = NULL;
        struct err err = {0};

        if (value_parse(text, strlen(text), &values, &err) < 0)
                fail_msg("%s", err.text);
        free(text);
        return values;
}

static void open_partials(const json_t *item, struct partials *partials)
{
        json_t *of = json_object_get(item, "partials"), *text;
        const char *name;
        int i = 0;

        json_object_foreach(of, name, text)
        {
                partials->names[i] = name;
                assert_int_equal(
                    template_parse(json_string_value(text), name, 1, &partials->templates[i], NULL), 0);
                i++;
        }
}

static int render(const json_t *item, struct partials *partials, struct buf *buf, struct err *err)
{
        const char *language = json_string_value(json_object_get(item, "language"));
        struct template_render how = {.values = values_of(item),
                                      .escape = escape_of(item),
                                      .partial = find_partial,
                                      .userdata = partials};
        struct template *template = NULL;
        int r;

        if (language)
                assert_int_equal(locale_new(language, "Europe/Helsinki", &how.locale, NULL), 0);
        r = template_parse(json_string_value(json_object_get(item, "template")), "t", 1, &template, err);
        if (r == 0)
                r = template_render(template, &how, buf, err);
        template_free(template);
        locale_free(how.locale);
        value_free((struct value *)how.values);
        return r;
}

/* The number of faults in one case: 0 or 1. */
static int try_case(const char *path, const json_t *item)
{
        const char *name = json_string_value(json_object_get(item, "name"));
        const char *expected = json_string_value(json_object_get(item, "expected"));
        const char *error = json_string_value(json_object_get(item, "error"));
        struct partials partials = {0};
        struct err err = {0};
        struct buf buf;
        bool good;
        int r;

        buf_init(&buf, TEXT_MAX);
        buf_adds(&buf, "|");
        open_partials(item, &partials);
        r = render(item, &partials, &buf, &err);
        if (expected)
                good = r == 0 && strcmp(buf_text(&buf) + 1, expected) == 0;
        else
                good = r < 0 && strcmp(buf_text(&buf), "|") == 0 && strstr(err.text, error);
        if (!good)
                print_error("%s: %s:\nexpected «%s»\n     got «%s»\n", strrchr(path, '/') + 1, name,
                            expected ? expected : error, r == 0 ? buf_text(&buf) + 1 : err.text);
        for (int i = 0; i < PARTIALS_MAX; i++)
                template_free(partials.templates[i]);
        buf_fini(&buf);
        return !good;
}

static void renders_as_specified(void **state)
{
        size_t cases = 0, i;
        int faults = 0;
        glob_t files;

        (void)state;
        assert_int_equal(glob(SOURCE_DIR "/tests/templates/mustache-*.json", 0, NULL, &files), 0);
        for (size_t k = 0; k < files.gl_pathc; k++) {
                json_t *file = json_load_file(files.gl_pathv[k], 0, NULL), *item;

                assert_non_null(file);
                json_array_foreach(json_object_get(file, "cases"), i, item)
                {
                        faults += try_case(files.gl_pathv[k], item);
                        cases++;
                }
                json_decref(file);
        }
        globfree(&files);
        assert_true(cases > 150);
        assert_int_equal(faults, 0);
}

static void keeps_to_its_limits(void **state)
{
        struct value *values = value_map_new();
        struct template_render how = {.values = values};
        struct template *template = NULL;
        char *text = malloc(TEMPLATE_MAX_BYTES + 2);
        struct err err;
        struct buf buf;

        (void)state;
        memset(text, 'x', TEMPLATE_MAX_BYTES + 1);
        text[TEMPLATE_MAX_BYTES + 1] = '\0';
        assert_int_equal(template_parse(text, "long", 1, &template, &err), ERR_LIMIT);
        assert_int_equal(template_parse(text + 1, "fits", 1, &template, &err), 0);
        buf_init(&buf, TEMPLATE_MAX_BYTES - 1);
        assert_int_equal(template_render(template, &how, &buf, &err), ERR_LIMIT);
        assert_int_equal(buf.length, 0);
        assert_int_equal(buf_error(&buf), 0);
        buf_fini(&buf);
        template_free(template);
        value_free(values);
        free(text);
}

static void counts_lines_from_where_it_is_told(void **state)
{
        struct template *template = NULL;
        struct err err;

        (void)state;
        assert_int_equal(template_parse("a\n{{x", "fi/x.email.txt", 3, &template, &err), ERR_INVALID);
        assert_memory_equal(err.text, "fi/x.email.txt:4: ", 18);
}

static int list_use(const struct template_use *use, void *told)
{
        struct buf *buf = told;

        buf_addf(buf, "%s:%d%c%s", use->template_name, use->line, "=#^>"[use->kind], use -> path);
        for (const struct template_use *within = use->within; within; within = within->within)
                buf_addf(buf, " in %s", within->path);
        buf_adds(buf, "\n");
        return use->kind == TEMPLATE_USE_VALUE && strcmp(use->path, "stop") == 0;
}

static void lists_what_a_template_uses(void **state)
{
        struct partials partials = {.names = {"sign"}};
        struct template *template;
        struct buf buf;

        (void)state;
        assert_int_equal(template_parse("{{a.b}}\n{{#l}}{{n}}{{^-last}},{{/-last}}{{>sign}}{{/l}}{{&c}}", "t",
                                        1, &template, NULL),
                         0);
        assert_int_equal(template_parse("{{x}}{{>sign}}{{>gone}}", "sign", 1, &partials.templates[0], NULL),
                         0);
        buf_init(&buf, TEXT_MAX);
        assert_int_equal(template_variables(template, find_partial, &partials, list_use, &buf), 0);
        assert_string_equal(buf_text(&buf), "t:1=a.b\nt:2#l\nt:2=n in l\nt:2^-last in l\nt:2>sign in l\n"
                                            "sign:1=x in l\nsign:1>sign in l\nsign:1>gone in l\nt:2=c\n");
        buf_fini(&buf);
        template_free(template);
        template_free(partials.templates[0]);

        assert_int_equal(template_parse("{{stop}}{{more}}", "t", 1, &template, NULL), 0);
        buf_init(&buf, TEXT_MAX);
        assert_int_equal(template_variables(template, NULL, NULL, list_use, &buf), 1);
        assert_string_equal(buf_text(&buf), "t:1=stop\n");
        buf_fini(&buf);
        template_free(template);
        assert_null(template_free(NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(renders_as_specified),
            cmocka_unit_test(keeps_to_its_limits),
            cmocka_unit_test(counts_lines_from_where_it_is_told),
            cmocka_unit_test(lists_what_a_template_uses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
