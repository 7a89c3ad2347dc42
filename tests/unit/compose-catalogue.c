/* compose/catalogue and compose/message: folders over folders, and the shipped templates with sample values.
 */
#include "base/date.h"
#include "compose/message.h"
#include "compose/segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define MONDAY_MORNING 1795414500 /* 2026-11-23 8:15 in Helsinki */
#define LESSON 2700
#define LINK "https://kapula.example.org/r/0123456789abcdef0123456789abcdef0123456789a"
#define TEXT_MAX 40000

/* A folder of the test's own; LANGUAGE/FILE is written in it. */
static char folder[64], override[64];

static int make_folders(void **state)
{
        (void)state;
        snprintf(folder, sizeof folder, "/tmp/kapula-catalogue-XXXXXX");
        snprintf(override, sizeof override, "/tmp/kapula-catalogue-XXXXXX");
        return mkdtemp(folder) && mkdtemp(override) ? 0 : -1;
}

static int remove_folders(void **state)
{
        char command[200];

        (void)state;
        snprintf(command, sizeof command, "rm -rf %s %s", folder, override);
        return system(command);
}

static void write_file(const char *top, const char *name, const char *text)
{
        char path[200], *slash;
        FILE *file;

        snprintf(path, sizeof path, "%s/%s", top, name);
        for (slash = strchr(path + strlen(top) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                mkdir(path, 0700);
                *slash = '/';
        }
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

static struct catalogue *shipped(void)
{
        struct catalogue *catalogue = catalogue_new();
        struct err err = {0};

        if (catalogue_add_folder(catalogue, SOURCE_DIR "/templates", &err) < 0 ||
            catalogue_check(catalogue, &err) < 0)
                fail_msg("%s", err.text);
        return catalogue;
}

static struct locale *open_locale(const char *language)
{
        struct locale *locale;

        assert_int_equal(locale_new(language, "Europe/Helsinki", &locale, NULL), 0);
        return locale;
}

enum sample { SAMPLE_LESS = 1, SAMPLE_PROTECTED = 2, SAMPLE_LESSONS = 4 };

static void add_lessons(struct value *values, int count)
{
        struct value *list = value_set_list(values, "lesson_list");

        value_set_count(values, "lessons", count);
        value_set_time(values, "starts", MONDAY_MORNING);
        value_set_time(values, "ends", MONDAY_MORNING + count * LESSON);
        for (int i = 0; i < count; i++) {
                struct value *lesson = value_append_map(list);
                value_set_count(lesson, "number", i + 1);
                value_set_time(lesson, "starts", MONDAY_MORNING + i * LESSON);
                value_set_time(lesson, "ends", MONDAY_MORNING + (i + 1) * LESSON);
        }
}

static void add_parties(struct value *values, int how)
{
        static const char *const parties[] = {"is_guardian", "is_workplace", "is_school"};
        struct value *list = value_set_list(values, "parties");

        for (unsigned i = how & SAMPLE_LESSONS ? 0 : 2; i < ARRAY_SIZE(parties); i++)
                value_set_bool(value_append_map(list), parties[i], true);
}

static void add_changes(struct value *values, int how)
{
        static const char *const changes[] = {"moved", "hours", "cancelled", "added"};
        struct value *list = value_set_list(values, "changes");

        for (int i = how & SAMPLE_LESSONS ? 0 : 1; i < 3; i++) {
                struct value *change = value_append_map(list);

                value_set_date(change, "old_day", date_from_civil(2026, 11, 23 + i));
                value_set_date(change, "day", date_from_civil(2026, 11, 26 + i));
                value_set_time(change, "starts", MONDAY_MORNING);
                value_set_time(change, "ends", MONDAY_MORNING + 6 * 3600);
                value_set_bool(change, how & SAMPLE_LESSONS ? "moved" : changes[i + 1], true);
        }
}

static void add_cards(struct value *values, int how)
{
        static const char *const cards[] = {"first_aid", "hygiene", "safety"};
        struct value *list = value_set_list(values, "cards");

        for (unsigned i = how & SAMPLE_LESSONS ? 0 : 2; i < ARRAY_SIZE(cards); i++)
                value_set_bool(value_append_map(list), cards[i], true);
        if (how & SAMPLE_LESSONS)
                value_set_text(values, "other", "trukkikortti");
        else
                value_set_bool(values, "hygiene", true);
}

static void add_plan(struct value *values, int how)
{
        static const char *const counts[] = {"weeks",         "school_days", "school_days_wanted",
                                             "wrong_days",    "wrong_weeks", "periods_planned",
                                             "periods_wanted"};

        for (unsigned i = 0; i < ARRAY_SIZE(counts); i++)
                value_set_count(values, counts[i], how & SAMPLE_LESSONS ? 11 : 1);
        value_set_text(values, "school_year", "2026-2027");
        value_set_bool(values, "wrong_length", true);
        value_set_bool(values, "few_school_days", how & SAMPLE_LESSONS);
        value_set_bool(values, "has_wrong_days", !(how & SAMPLE_LESS));
        value_set_bool(values, "has_wrong_weeks", !(how & SAMPLE_LESS));
}

static void add_placement(struct value *values, int how)
{
        value_set_date(values, "last_day", date_from_civil(2026, 12, 11));
        value_set_bool(values, "again", how & SAMPLE_LESSONS);
        add_cards(values, how);
        add_plan(values, how);
        value_set_date(values, "old_day", date_from_civil(2026, 11, 23));
        value_set_count(values, "day_count", 12);
        value_set_bool(values, "few", how & (SAMPLE_LESSONS | SAMPLE_PROTECTED));
        value_set_bool(values, "is_cancelled", !(how & (SAMPLE_LESSONS | SAMPLE_PROTECTED | SAMPLE_LESS)));
        value_set_bool(values, "at_school", !(how & SAMPLE_LESS));
        value_set_bool(values, "answered", how & SAMPLE_LESSONS);
        value_set_bool(values, "whole", how & SAMPLE_LESSONS);
        add_parties(values, how);
        add_changes(values, how);
}

static void add_lists(struct value *values, int how)
{
        struct value *list = value_set_list(values, "agenda");

        for (int i = 0; i < 2; i++)
                value_set_text(value_append_map(list), "item", i ? "Muut asiat" : "Tilanne");
        list = value_set_list(values, "cases");
        for (int i = 0; i < 2; i++)
                value_set_text(value_append_map(list), "number", i ? "2026-0001" : "2026-0002");
        list = value_set_list(values, "languages");
        if (!(how & SAMPLE_LESS))
                value_set_text(value_append_map(list), "language", "ar");
        list = value_set_list(values, "materials");
        if (!(how & SAMPLE_LESS)) {
                struct value *link = value_append_map(list);

                value_set_text(link, "name", "Opas");
                value_set_text(link, "url", "https://example.org/opas");
        }
        value_set_bool(values, "has_agenda", !(how & SAMPLE_LESS));
        value_set_bool(values, "has_cases", how & SAMPLE_LESSONS);
        value_set_bool(values, "has_materials", !(how & SAMPLE_LESS));
}

static void add_meeting(struct value *values, int how)
{
        value_set_bool(value_append_map(value_set_list(values, "kinds")),
                       how & SAMPLE_LESS ? "plan_talk" : "camp", true);
        if (how & SAMPLE_LESSONS)
                value_set_text(values, "title", "Vanhempainilta");
        if (!(how & (SAMPLE_LESS | SAMPLE_PROTECTED))) {
                value_set_text(values, "place", "Luokka 2");
                value_set_text(values, "online", "https://example.org/etä");
                value_set_text(values, "guest_name", "Granå skola");
        }
        value_set_time(values, "old_starts", MONDAY_MORNING - 86400);
        value_set_bool(values, "moved", how & SAMPLE_LESSONS);
        value_set_bool(values, "elsewhere", !(how & SAMPLE_LESSONS));
        value_set_bool(values, "is_series", how & SAMPLE_LESSONS);
        value_set_count(values, "wanted", 2);
        value_set_count(values, "held", how & SAMPLE_LESS ? 0 : 1);
        value_set_bool(values, "none", how & SAMPLE_LESS);
        value_set_bool(values, how & SAMPLE_LESSONS ? "jopo_meeting" : "support_meeting", true);
        value_set_bool(values, "further", how & SAMPLE_LESSONS);
        value_set_count(values, "pupils", 13);
        value_set_bool(values, how & SAMPLE_LESSONS ? "mentoring" : "job_shadowing", true);
        if (!(how & SAMPLE_LESS))
                value_set_time(values, "closes", MONDAY_MORNING);
        add_lists(values, how);
}

static void add_told(struct value *values, bool nobody)
{
        struct value *told = value_set_list(values, "told");

        for (int i = 0; i < 2 && !nobody; i++) {
                struct value *map = value_append_map(told);

                value_set_text(map, "name", i ? "Gustav" : "Gunilla");
                value_set_bool(map, "unreached", i);
                value_set_bool(map, "did_not_know", !i);
                value_set_bool(map, "call_me", false);
        }
}

/* Every value that templates/README.md names. A protected pupil is given places all the same: the templates
 * must not print them. */
static struct value *sample(int how)
{
        struct value *values = value_map_new(), *days = value_set_list(values, "days");

        value_set_text(values, "pupil.first_name", "Aino");
        value_set_bool(values, "pupil.protected", how & SAMPLE_PROTECTED);
        value_set_text(values, "school.name", "Kuusijoen koulu");
        value_set_text(values, "school.phone", "+358400000010");
        value_set_date(values, "day", date_from_civil(2026, 11, 23));
        value_set_text(values, "case.number", "2026-0001");
        value_set_time(values, "read_up_to", MONDAY_MORNING);
        value_set_text(values, "rule", "absence-alert");
        value_set_count(values, "most", 12);
        value_set_text(values, "first_name", "Kaisa");
        value_set_text(values, "fault.rule", "absence-alert");
        value_set_count(values, "reply", 12);
        value_set_count(values, "replies", 3);
        value_set_text(values, "case.step", "2");
        add_told(values, how & SAMPLE_LESS);
        value_set_count(values, "school_days", 10);
        value_set_count(values, "within_days", 30);
        value_set_count(values, "absent_hours", 100);
        value_set_count(values, "percent", 20);
        value_set_count(values, "times", 3);
        value_set_count(values, "weeks", 6);
        value_set_bool(values, "with_curator", !(how & SAMPLE_LESS));
        add_lessons(values, how & SAMPLE_LESSONS ? 3 : 1);
        add_placement(values, how);
        add_meeting(values, how);
        for (int i = 0; i < 5; i++) {
                struct value *day = value_append_map(days);
                value_set_date(day, "day", date_from_civil(2026, 11, 23 + i));
                value_set_time(day, "starts", MONDAY_MORNING + i * 86400);
                value_set_time(day, "ends", MONDAY_MORNING + i * 86400 + 6 * 3600);
                value_set_bool(day, "whole", i > 0);
        }
        if (!(how & (SAMPLE_LESS | SAMPLE_PROTECTED))) { /* NULL of a protected pupil, by the view */
                value_set_text(values, "host_name", "Naapurijoki");
                value_set_text(values, "address", "Esimerkkitie 12");
                value_set_text(values, "host_phone", "+358400000030");
        }
        if (!(how & SAMPLE_LESS)) {
                value_set_text(values, "link", LINK);
                value_set_text(values, "unit.name", "Kuusijoen JOPO A");
                value_set_text(values, "workplace.name", "Puutarha Oy");
                value_set_text(values, "supervisor.first_name", "Sami");
                value_set_text(values, "teacher.first_name", "Outi");
                value_set_text(values, "teacher.phone", "+358400000020");
                value_set_text(values, "subject_name", "matematiikka");
                value_set_time(values, "deadline", MONDAY_MORNING + 2 * LESSON);
        }
        assert_int_equal(value_error(values, NULL), 0);
        return values;
}

static void check_text(const struct catalogue_entry *entry, int how, const char *subject, const char *text)
{
        /* Those with the letters of the GSM alphabet. */
        static const char *const gsm_languages[] = {"de", "en", "es", "et", "fi", "so", "sv"};
        struct segment_size size;
        bool cheap;

        if (strstr(text, "  ") || strstr(text, "\n\n\n") || strstr(text, "{{") || strstr(text, " ,") ||
            strstr(text, ".."))
                fail_msg("%s/%s: not clean: «%s»", entry->language, entry->name, text);
        if (how & SAMPLE_PROTECTED &&
            (strstr(text, "Kuusijo") || strstr(text, "Puutarha") ||
             (subject && (strstr(subject, "Kuusijo") || strstr(subject, "Puutarha")))))
                fail_msg("%s/%s: a place of a protected pupil: «%s»", entry->language, entry->name, text);
        assert_int_equal(segment_count(text, &size, NULL), 0);
        cheap = false;
        for (size_t i = 0; i < ARRAY_SIZE(gsm_languages); i++)
                cheap = cheap || strcmp(entry->language, gsm_languages[i]) == 0;
        if (entry->kind == CATALOGUE_SMS && ((size.encoding != SEGMENT_GSM7 && cheap) ||
                                             size.segments > (cheap ? 2 : 4) || strchr(text, '\n')))
                fail_msg("%s/%s: %zu segments in %s: «%s»", entry->language, entry->name, size.segments,
                         segment_encoding_name(size.encoding), text);
        if (how & SAMPLE_LESS)
                assert_null(strstr(text, "http"));
        assert_true((entry->kind == CATALOGUE_EMAIL) == (subject != NULL));
        assert_true(!subject || (*subject && !strchr(subject, '\n')));
}

static void renders_what_is_shipped(void **state)
{
        struct catalogue *catalogue = shipped();
        struct err err = {0};

        (void)state;
        for (size_t i = 0; i < catalogue_count(catalogue); i++) {
                const struct catalogue_entry *entry = catalogue_at(catalogue, i);
                struct locale *locale = open_locale(entry->language);

                for (int how = 0; how < 8 && entry->kind <= CATALOGUE_EMAIL; how++) {
                        _cleanup_(free_ptr) char *subject = NULL, *text = NULL;
                        struct value *values = sample(how);

                        if (compose_message(catalogue, locale, entry->name, entry->kind, values, &subject,
                                            &text, &err) < 0)
                                fail_msg("%s", err.text);
                        check_text(entry, how, subject, text);
                        value_free(values);
                }
                locale_free(locale);
        }
        catalogue_free(catalogue);
}

/* Finnish, Swedish and English say the same things. */
static void ships_each_template_in_each_language(void **state)
{
        static const char *const languages[] = {"en", "fi", "sv"};
        struct catalogue *catalogue = shipped();

        (void)state;
        for (size_t i = 0; i < catalogue_count(catalogue); i++) {
                const struct catalogue_entry *entry = catalogue_at(catalogue, i);
                for (unsigned k = 0; k < ARRAY_SIZE(languages); k++)
                        if (!catalogue_find(catalogue, languages[k], entry->name, entry->kind))
                                fail_msg("%s is in %s, not in %s", entry->name, entry->language,
                                         languages[k]);
        }
        for (unsigned k = 0; k < ARRAY_SIZE(languages); k++)
                assert_true(catalogue_has_language(catalogue, languages[k]));
        assert_false(catalogue_has_language(catalogue, "ja"));
        catalogue_free(catalogue);
}

static void assert_message(const char *language, const char *name, enum catalogue_kind kind, int how,
                           const char *expected)
{
        _cleanup_(free_ptr) char *subject = NULL, *text = NULL;
        struct catalogue *catalogue = shipped();
        struct locale *locale = open_locale(language);
        struct value *values = sample(how);
        struct buf buf;

        assert_int_equal(compose_message(catalogue, locale, name, kind, values, &subject, &text, NULL), 0);
        buf_init(&buf, TEXT_MAX);
        if (subject)
                buf_addf(&buf, "%s\n\n", subject);
        buf_adds(&buf, text);
        assert_string_equal(buf_text(&buf), expected);
        buf_fini(&buf);
        value_free(values);
        locale_free(locale);
        catalogue_free(catalogue);
}

static void reads_as_a_school_writes(void **state)
{
        (void)state;
        assert_message(
            "fi", "absence-alert", CATALOGUE_SMS, SAMPLE_LESS,
            "Kuusijoen koulu: Aino on merkitty poissaolevaksi maanantaina 23.11. klo 8.15-9.00 (1. tunti), "
            "eikä syytä ole ilmoitettu. Soitathan kouluun: +358400000010.");
        assert_message(
            "sv", "absence-alert", CATALOGUE_SMS, SAMPLE_LESS | SAMPLE_LESSONS,
            "Kuusijoen koulu: Aino är antecknad som frånvarande måndag 23.11 kl. 8.15-10.30 (lektionerna "
            "1, 2, 3) och orsaken har inte meddelats. Vänligen ring skolan: +358400000010.");
        assert_message(
            "en", "absence-alert", CATALOGUE_SMS, SAMPLE_PROTECTED,
            "Aino has been marked absent on Monday 23 Nov, 8:15-9:00 (lesson 1), and no reason has been "
            "given. Please call the school: +358400000010. You can also answer here: " LINK);
        assert_message("fi", "placement-reminder-pupil", CATALOGUE_EMAIL, 0,
                       "Työpaikkaopiskelua maanantaina 23.11. klo 8.15–9.00\n\n"
                       "Hei Aino!\n\n"
                       "Sinulla on työpaikkaopiskelua maanantaina 23.11. klo 8.15–9.00 (Puutarha Oy).\n\n"
                       "Työpaikkaohjaajasi on Sami.\n\n"
                       "Jos et pääse paikalle, soita: +358400000020 (Outi).\n\n"
                       "Ystävällisin terveisin\nKuusijoen koulu\nPuhelin +358400000010");
}

/* templates/README.md is the contract with the rules: what a template names stands in its row. */
static bool row_names(const char *row, size_t row_length, const char *path)
{
        char wanted[TEMPLATE_PATH_MAX_BYTES * 2 + 3];

        for (size_t length = strlen(path); length > 0; length--) {
                if (path[length] != '\0' && path[length] != '.')
                        continue;
                snprintf(wanted, sizeof wanted, "`%.*s`", (int)length, path);
                if (memmem(row, row_length, wanted, strlen(wanted)))
                        return true;
        }
        return false;
}

struct row {
        const char *text;
        size_t length;
};

static const char *const lists[] = {"agenda",    "cards",       "cases",     "changes", "days", "kinds",
                                    "languages", "lesson_list", "materials", "parties", "told"};

static bool is_list(const char *path)
{
        for (unsigned i = 0; i < ARRAY_SIZE(lists); i++)
                if (strcmp(path, lists[i]) == 0)
                        return true;
        return false;
}

static int check_use(const struct template_use *use, void *told)
{
        const struct row *row = told;
        char path[TEMPLATE_PATH_MAX_BYTES * 2 + 3];

        if (use->kind == TEMPLATE_USE_PARTIAL || use->path[0] == '-' ||
            strncmp(use->path, "pupil.", 6) == 0 || strncmp(use->path, "school.", 7) == 0 ||
            strcmp(use->path, "can_reply") == 0)
                return 0;
        snprintf(path, sizeof path, "%s", use->path);
        for (const struct template_use *within = use->within; within; within = within->within)
                if (is_list(within->path))
                        snprintf(path, sizeof path, "%s.%s", within->path, use->path);
        if (is_list(use->path))
                return 0;
        if (!row_names(row->text, row->length, path))
                fail_msg("%s:%d: %s is not in the row of templates/README.md", use->template_name, use->line,
                         path);
        return 0;
}

static void documents_what_templates_name(void **state)
{
        struct catalogue *catalogue = shipped();
        FILE *file = fopen(SOURCE_DIR "/templates/README.md", "r");
        char *readme = calloc(1, TEXT_MAX);

        (void)state;
        assert_non_null(file);
        assert_in_range(fread(readme, 1, TEXT_MAX - 1, file), 1, TEXT_MAX - 2);
        fclose(file);
        for (size_t i = 0; i < catalogue_count(catalogue); i++) {
                const struct catalogue_entry *entry = catalogue_at(catalogue, i);
                struct catalogue_partials partials = {catalogue, entry->language};
                char start[CATALOGUE_NAME_MAX_BYTES + 16];
                struct row row;

                if (entry->kind == CATALOGUE_PARTIAL)
                        continue;
                snprintf(start, sizeof start, "\n| `%s%s` |",
                         entry->kind == CATALOGUE_CALENDAR ? "calendar/" : "", entry->name);
                row.text = strstr(readme, start);
                if (!row.text)
                        fail_msg("%s has no row in templates/README.md", entry->name);
                row.text += strlen(start);
                row.length = strcspn(row.text, "\n");
                template_variables(entry->text, catalogue_partial, &partials, check_use, &row);
                if (entry->subject)
                        template_variables(entry->subject, catalogue_partial, &partials, check_use, &row);
        }
        free(readme);
        catalogue_free(catalogue);
}

static void lays_folders_over_one_another(void **state)
{
        struct catalogue *catalogue = catalogue_new();
        struct locale *locale = open_locale("fi"), *region = open_locale("fi-SE");
        struct value *values = value_map_new();
        char *subject = (char *)"", *text;

        (void)state;
        write_file(folder, "fi/one.sms.txt", "one{{>end}}\n");
        write_file(folder, "fi/two.sms.txt", "two{{>end}}\r\n");
        write_file(folder, "fi/partials/end.txt", ", end\n");
        write_file(folder, "web/page.txt", "not a message");
        write_file(folder, "README.md", "no");
        write_file(folder, "fi/.hidden.txt", "{{");
        write_file(folder, "fi/one.sms.txt~", "{{");
        write_file(override, "fi/two.sms.txt", "new two{{>end}}");
        write_file(override, "fi/three.email.txt", "Subject: a {{x}} b\n\nthree\n\nmore");
        assert_int_equal(catalogue_add_folder(catalogue, folder, NULL), 0);
        assert_int_equal(catalogue_add_folder(catalogue, override, NULL), 0);
        assert_int_equal(catalogue_add(catalogue, "fi", "end", CATALOGUE_PARTIAL, "!", "desk", NULL), 0);
        assert_int_equal(catalogue_check(catalogue, NULL), 0);
        assert_int_equal(catalogue_count(catalogue), 4);

        assert_int_equal(
            compose_message(catalogue, locale, "one", CATALOGUE_SMS, values, &subject, &text, NULL), 0);
        assert_string_equal(text, "one!");
        assert_null(subject);
        free(text);
        assert_int_equal(
            compose_message(catalogue, region, "two", CATALOGUE_SMS, values, &subject, &text, NULL), 0);
        assert_string_equal(text, "new two!");
        free(text);
        value_set_text(values, "x", "c\nBcc: d");
        assert_int_equal(
            compose_message(catalogue, locale, "three", CATALOGUE_EMAIL, values, &subject, &text, NULL), 0);
        assert_string_equal(subject, "a c Bcc: d b");
        assert_string_equal(text, "three\n\nmore");
        free(subject);
        free(text);

        text = NULL;
        assert_int_equal(
            compose_message(catalogue, locale, "three", CATALOGUE_SMS, values, &subject, &text, NULL),
            ERR_NOT_FOUND);
        value_set_null(values, "x");
        assert_int_equal(
            compose_message(catalogue, locale, "three", CATALOGUE_EMAIL, values, &subject, &text, NULL),
            ERR_INVALID);
        assert_null(text);
        value_free(values);
        locale_free(locale);
        locale_free(region);
        catalogue_free(catalogue);
}

static void tells_faults_by_file_and_line(void **state)
{
        static const struct {
                const char *file, *text, *error;
        } table[] = {
            {"fi/a.sms.txt", "a\n{{x", "fi/a.sms.txt:2: a tag is not closed"},
            {"fi/a.email.txt", "Subject: {{/x}}\n\nb", "fi/a.email.txt:1: {{/x}} closes no section"},
            {"fi/a.email.txt", "Subject: a\n\nb\n{{#x}}", "fi/a.email.txt:4: the section {{x}}"},
            {"fi/a.email.txt", "a\n\nb", "fi/a.email.txt:1: no subject"},
            {"fi/a.email.txt", "Subject: a\nb", "fi/a.email.txt:2: not an empty line"},
            {"fi/a.email.txt", "Subject: a", "fi/a.email.txt:2: not an empty line"},
            {"fi/a.email.txt", "", "fi/a.email.txt:1: no subject"},
            {"fi/partials/a.txt", "\n\n{{", "fi/partials/a.txt:3: a tag is not closed"},
            {"fi/a.txt", "a", "no name of a template"},
            {"fi/A.sms.txt", "a", "no name of a template"},
            {"fi/a.b.sms.txt", "a", "no name of a template"},
            {"fi/.sms.txt", "{{", NULL},
            {"suomi/a.sms.txt", "a", "no language"},
            {"fi/a.sms.txt", "{{>gone}}", "fi/a.sms.txt:1: no partial {{>gone}}"},
            {"fi/a.email.txt", "Subject: {{>gone}}\n\na", "fi/a.email.txt:1: no partial {{>gone}}"},
        };
        char command[100];

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
                struct catalogue *catalogue = catalogue_new();
                struct err err = {0};
                int r;

                snprintf(command, sizeof command, "rm -rf %s/*", folder);
                assert_int_equal(system(command), 0);
                write_file(folder, table[i].file, table[i].text);
                r = catalogue_add_folder(catalogue, folder, &err);
                if (r == 0)
                        r = catalogue_check(catalogue, &err);
                assert_int_equal(r, table[i].error ? ERR_INVALID : 0);
                if (table[i].error && !strstr(err.text, table[i].error))
                        fail_msg("row %u: %s", i, err.text);
                catalogue_free(catalogue);
        }
}

static void refuses_folders_and_sizes(void **state)
{
        struct catalogue *catalogue = catalogue_new();
        char *text = malloc(TEMPLATE_MAX_BYTES + 2), name[20];

        (void)state;
        assert_int_equal(catalogue_add_folder(catalogue, "/nonexistent/templates", NULL), ERR_NOT_FOUND);
        memset(text, 'a', TEMPLATE_MAX_BYTES + 1);
        text[TEMPLATE_MAX_BYTES + 1] = '\0';
        write_file(folder, "fi/long.sms.txt", text);
        assert_int_equal(catalogue_add_folder(catalogue, folder, NULL), ERR_LIMIT);
        assert_int_equal(catalogue_add(catalogue, "xx", "a", CATALOGUE_SMS, "a", "desk", NULL), ERR_INVALID);
        assert_int_equal(catalogue_add(catalogue, "fi", "../a", CATALOGUE_SMS, "a", "desk", NULL),
                         ERR_INVALID);
        for (int i = 0; i < CATALOGUE_ENTRIES_MAX; i++) {
                snprintf(name, sizeof name, "n%d", i);
                assert_int_equal(catalogue_add(catalogue, "fi", name, CATALOGUE_SMS, "a", "desk", NULL), 0);
        }
        assert_int_equal(catalogue_add(catalogue, "fi", "more", CATALOGUE_SMS, "a", "desk", NULL), ERR_LIMIT);
        assert_int_equal(catalogue_add(catalogue, "fi", "n0", CATALOGUE_SMS, "b", "desk", NULL), 0);
        assert_null(catalogue_find(catalogue, "fi", "more", CATALOGUE_SMS));
        free(text);
        assert_null(catalogue_free(catalogue));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(renders_what_is_shipped),
            cmocka_unit_test(ships_each_template_in_each_language),
            cmocka_unit_test(reads_as_a_school_writes),
            cmocka_unit_test(documents_what_templates_name),
            cmocka_unit_test_setup_teardown(lays_folders_over_one_another, make_folders, remove_folders),
            cmocka_unit_test_setup_teardown(tells_faults_by_file_and_line, make_folders, remove_folders),
            cmocka_unit_test_setup_teardown(refuses_folders_and_sizes, make_folders, remove_folders),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
