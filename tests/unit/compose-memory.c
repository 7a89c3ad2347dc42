/* Out of memory at each allocation of compose: reading templates, making a message of one with every kind of
 * value, its HTML page, its segments. See store-memory.c. */
#include "compose/catalogue.h"
#include "compose/html.h"
#include "compose/message.h"
#include "compose/segment.h"

#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/scarce.h"

#define DAY 20780 /* 2026-11-23, a Monday */

static int fill_catalogue(void *context)
{
        struct catalogue *catalogue = catalogue_new();
        struct err err = {0};
        int r;

        (void)context;
        if (!catalogue)
                return ERR_NOMEM;
        r = catalogue_add(catalogue, "fi", "note", CATALOGUE_EMAIL,
                          "Subject: Hei\n\nPoissa {{#a}}{{b}}{{/a}}{{>sign}}.\n", "note", &err);
        if (r == 0)
                r = catalogue_add(catalogue, "fi", "sign", CATALOGUE_PARTIAL, "{{! nobody }}Koulu", "sign",
                                  &err);
        if (r == 0)
                r = catalogue_check(catalogue, &err);
        catalogue_free(catalogue);
        return r;
}

static int fill_from_folder(void *context)
{
        struct catalogue *catalogue = catalogue_new();
        struct err err = {0};
        int r = catalogue ? catalogue_add_folder(catalogue, context, &err) : ERR_NOMEM;

        if (r < 0 && r != ERR_NOMEM)
                print_message("folder: %s\n", err.text);
        catalogue_free(catalogue);
        return r;
}

static void reads_templates(void **state)
{
        char folder[] = "/tmp/kapula-memory-XXXXXX", path[64];
        FILE *file;

        (void)state;
        scarce_torture("templates", fill_catalogue, NULL);
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/fi", folder);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof path, "%s/fi/note.sms.txt", folder);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs("Hei {{name}}.\n", file);
        fclose(file);
        scarce_torture("templates of a folder", fill_from_folder, folder);
        unlink(path);
        snprintf(path, sizeof path, "%s/fi", folder);
        rmdir(path);
        rmdir(folder);
}

/* ---- a message */

struct fixture {
        struct catalogue *catalogue;
        struct locale *locale;
};

static struct value *make_values(void)
{
        struct value *values = value_map_new(), *lessons, *lesson;
        struct err err = {0};

        value_set_text(values, "pupil.first_name", "Aino");
        value_set_text(values, "school", "Kuusijoen koulu, \"A\"");
        value_set_date(values, "day", DAY);
        value_set_time(values, "at", (int64_t)DAY * 86400 + 8 * 3600);
        value_set_clock(values, "clock", 8 * 3600);
        value_set_count(values, "count", 2);
        value_set_bool(values, "urgent", true);
        lessons = value_set_list(values, "lessons");
        for (int i = 0; i < 3; i++) {
                lesson = value_append_map(lessons);
                value_set_count(lesson, "number", i);
        }
        if (!values || value_error(values, &err) < 0)
                values = value_free(values);
        return values;
}

static int make_message(void *context)
{
        _cleanup_(free_ptr) char *subject = NULL, *text = NULL, *html = NULL;
        struct fixture *fixture = context;
        struct value *values = make_values();
        struct err err = {0};
        int r = ERR_NOMEM;

        if (values)
                r = compose_message(fixture->catalogue, fixture->locale, "note", CATALOGUE_EMAIL, values,
                                    &subject, &text, &err);
        if (r == 0)
                assert_string_equal(
                    text, "Aino poissa maanantaina 23.11., 2 tuntia: 0, 1, 2, Klo 10.00 ja 8.00.\n\n- "
                          "+358400000010\n- https://example.org/r/x\n\nKuusijoen koulu, \"A\"");
        if (r == 0)
                r = html_email(subject, text, "fi", HTML_LTR, &html, &err);
        if (r == 0)
                assert_non_null(strstr(html, "href=\"tel:+358400000010\""));
        if (r < 0 && r != ERR_NOMEM)
                print_message("message: %s\n", err.text);
        value_free(values);
        return r;
}

static int make_sms(void *context)
{
        _cleanup_(free_ptr) char *subject = NULL, *text = NULL;
        struct fixture *fixture = context;
        struct value *values = make_values();
        struct segment_size size;
        struct err err = {0};
        int r = ERR_NOMEM;

        if (values)
                r = compose_message(fixture->catalogue, fixture->locale, "note", CATALOGUE_SMS, values,
                                    &subject, &text, &err);
        if (r == 0)
                r = segment_count(text, &size, &err);
        if (r == 0)
                assert_string_equal(text, "Saskia: Aino ilta");
        value_free(values);
        return r;
}

static void makes_messages(void **state)
{
        struct fixture fixture = {.catalogue = catalogue_new()};
        struct err err = {0};

        (void)state;
        if (catalogue_add(
                fixture.catalogue, "fi", "note", CATALOGUE_EMAIL,
                "Subject: {{pupil.first_name}}\n\n"
                "{{#urgent}}{{pupil.first_name}} poissa {{day.weekday-on}} {{day.short}}, {{count}} "
                "{{#count.one}}tunti{{/count.one}}{{#count.other}}tuntia{{/count.other}}: "
                "{{#lessons}}{{number}}, {{/lessons}}{{/urgent}}Klo {{at.time}} ja {{clock}}.\n\n"
                "- +358400000010\n- https://example.org/r/x\n\n{{>sign}}\n",
                "note", &err) < 0 ||
            catalogue_add(fixture.catalogue, "fi", "note", CATALOGUE_SMS,
                          CATALOGUE_TRANSLITERATE "Saškia: {{pupil.first_name}} ilta\n", "note", &err) < 0 ||
            catalogue_add(fixture.catalogue, "fi", "sign", CATALOGUE_PARTIAL, "{{school}}", "sign", &err) <
                0 ||
            locale_new("fi", "Europe/Helsinki", &fixture.locale, &err) < 0)
                fail_msg("%s", err.text);
        scarce_torture("e-mail and its page", make_message, &fixture);
        scarce_torture("SMS", make_sms, &fixture);
        locale_free(fixture.locale);
        catalogue_free(fixture.catalogue);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(reads_templates),
            cmocka_unit_test(makes_messages),
        };

        scarce_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
