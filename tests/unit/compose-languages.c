/* templates/: the absence messages in the languages that guardians read: that each has its forms and plurals,
 * what an SMS costs, and that right-to-left text stands as it is read. */
#include "base/date.h"
#include "compose/message.h"
#include "compose/segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ubidi.h>
#include <unicode/ustring.h>
#include <cmocka.h>

#define PHONE "+358400000010"
#define LRM "\xe2\x80\x8e"
#define NOON 1795428000 /* 2026-11-23 12:00 in Helsinki */

static const char *const languages[] = {"ar", "en", "et", "fi", "ru", "so", "sv", "uk"};
static const char *const names[] = {"absence-alert", "absence-arrived", "absence-correction"};

static struct catalogue *catalogue;
static char *title, *text;

static int setup(void **state)
{
        struct err err = {0};

        (void)state;
        catalogue = catalogue_new();
        if (catalogue_add_folder(catalogue, SOURCE_DIR "/templates", &err) < 0)
                fail_msg("%s", err.text);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        catalogue = catalogue_free(catalogue);
        free(title);
        free(text);
        return 0;
}

static struct value *sample(int lessons, bool is_protected)
{
        struct value *values = value_map_new(), *list;

        value_set_text(values, "pupil.first_name", "Aino");
        value_set_bool(values, "pupil.protected", is_protected);
        if (!is_protected)
                value_set_text(values, "school.name", "Kuusijoen koulu");
        value_set_text(values, "school.phone", PHONE);
        value_set_text(values, "link", "https://example.org/r/abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH");
        value_set_date(values, "day", date_from_civil(2026, 11, 23));
        value_set_time(values, "starts", NOON - 4 * 3600);
        value_set_time(values, "ends", NOON - 2 * 3600);
        value_set_count(values, "lessons", lessons);
        list = value_set_list(values, "lesson_list");
        for (int i = 0; i < lessons; i++) {
                struct value *lesson = value_append_map(list);

                value_set_count(lesson, "number", i + 1);
                value_set_time(lesson, "starts", NOON - (4 - i) * 3600);
                value_set_time(lesson, "ends", NOON - (4 - i) * 3600 + 2700);
        }
        assert_int_equal(value_error(values, NULL), 0);
        return values;
}

static const char *compose(const char *language, const char *name, enum catalogue_kind kind, int lessons,
                           bool is_protected)
{
        struct value *values = sample(lessons, is_protected);
        struct locale *locale = NULL;
        struct err err = {0};

        free(title);
        free(text);
        title = text = NULL;
        if (locale_new(language, "Europe/Helsinki", &locale, &err) < 0 ||
            compose_message(catalogue, locale, name, kind, values, &title, &text, &err) < 0)
                fail_msg("%s %s: %s", language, name, err.text);
        locale_free(locale);
        value_free(values);
        return text;
}

static void must(bool is_so, const char *language, const char *what)
{
        if (!is_so)
                fail_msg("%s: %s: %s", language, what, text);
}

/* Each says all by itself whom and when it is about and where to call, in one language. */
static void says_what_it_must(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(languages); i++)
                for (size_t k = 0; k < ARRAY_SIZE(names); k++)
                        for (int kind = CATALOGUE_SMS; kind <= CATALOGUE_EMAIL; kind++) {
                                compose(languages[i], names[k], (enum catalogue_kind)kind, 2, false);
                                must(strstr(text, "Aino") != NULL, languages[i], names[k]);
                                must(strstr(text, "23") != NULL, languages[i], names[k]);
                                must(strstr(text, PHONE) != NULL, languages[i], names[k]);
                                must(!strstr(text, "{{") && !strstr(text, "  "), languages[i], names[k]);
                                must(kind == CATALOGUE_SMS || strstr(title, "Aino"), languages[i], names[k]);
                        }
}

static void keeps_the_place_of_the_protected(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(languages); i++)
                for (size_t k = 0; k < ARRAY_SIZE(names); k++)
                        for (int kind = CATALOGUE_SMS; kind <= CATALOGUE_EMAIL; kind++) {
                                compose(languages[i], names[k], (enum catalogue_kind)kind, 1, true);
                                must(!strstr(text, "Kuusijo"), languages[i], names[k]);
                        }
}

static void has_the_plurals(void **state)
{
        static const struct {
                const char *language, *one, *two, *three;
        } table[] = {
            {"ar", "(الحصة 1)", "(الحصتان 1، 2)", "(الحصص 1، 2، 3)"},
            {"et", "(1. tund)", "(tunnid 1, 2)", "(tunnid 1, 2, 3)"},
            {"ru", "(урок 1)", "(уроки 1, 2)", "(уроки 1, 2, 3)"},
            {"so", "(xiisadda 1)", "(xiisadaha 1, 2)", "(xiisadaha 1, 2, 3)"},
            {"uk", "(урок 1)", "(уроки 1, 2)", "(уроки 1, 2, 3)"},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                const char *language = table[i].language;

                must(strstr(compose(language, names[0], CATALOGUE_SMS, 1, false), table[i].one) != NULL,
                     language, "one");
                must(strstr(compose(language, names[0], CATALOGUE_SMS, 2, false), table[i].two) != NULL,
                     language, "two");
                must(strstr(compose(language, names[0], CATALOGUE_SMS, 3, false), table[i].three) != NULL,
                     language, "three");
        }
}

/* Latin letters go out in the cheap alphabet, also Estonian with its õ. */
static void fits_the_alphabet(void **state)
{
        static const char *const latin[] = {"en", "et", "fi", "so", "sv"};
        struct segment_size size;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(latin); i++)
                for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
                        assert_int_equal(
                            segment_count(compose(latin[i], names[k], CATALOGUE_SMS, 2, false), &size, NULL),
                            0);
                        must(size.encoding == SEGMENT_GSM7 && size.segments <= 3, latin[i], names[k]);
                }
        must(strstr(compose("et", names[0], CATALOGUE_SMS, 1, false), "pohjust") != NULL, "et",
             "transliterated");
        must(strstr(compose("et", names[0], CATALOGUE_EMAIL, 1, false), "põhjust") != NULL, "et",
             "an e-mail is not");
        for (size_t i = 0; i < ARRAY_SIZE(languages); i++) {
                segment_count(compose(languages[i], names[0], CATALOGUE_SMS, 6, false), &size, NULL);
                must(size.segments <= 6, languages[i], "too long");
        }
}

/* LINE as it stands on the screen from left to right, when the reader's device finds the direction by itself;
 * free() it. *ret_rtl is that direction. */
static char *visual(const char *line, bool *ret_rtl)
{
        UChar wide[2048], shown[2048];
        char *utf8 = calloc(1, 8192);
        UErrorCode status = U_ZERO_ERROR;
        UBiDi *bidi = ubidi_open();
        int32_t length, shown_length;

        u_strFromUTF8(wide, 2048, &length, line, -1, &status);
        ubidi_setPara(bidi, wide, length, UBIDI_DEFAULT_LTR, NULL, &status);
        *ret_rtl = ubidi_getParaLevel(bidi) & 1;
        shown_length =
            ubidi_writeReordered(bidi, shown, 2048, UBIDI_DO_MIRRORING | UBIDI_REMOVE_BIDI_CONTROLS, &status);
        u_strToUTF8(utf8, 8192, NULL, shown, shown_length, &status);
        assert_true(U_SUCCESS(status));
        ubidi_close(bidi);
        return utf8;
}

static void stands_as_it_is_read(void **state)
{
        (void)state;
        for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
                bool is_rtl;
                char *shown = visual(compose("ar", names[k], CATALOGUE_SMS, 2, k == 0), &is_rtl);

                must(is_rtl, "ar", "a phone must find the direction by the first letter");
                must(strstr(shown, PHONE) != NULL, "ar", "the plus stands before the number");
                must(strstr(shown, "23/11") != NULL, "ar", "the day");
                must(strstr(shown, "Aino") != NULL, "ar", "the name");
                must(!strstr(shown, "Aino 23") && !strstr(shown, "23/11 Aino"), "ar",
                     "name and day are apart");
                free(shown);
        }
}

/* No mark but the one before a number. */
static void has_no_stray_marks(void **state)
{
        static const char *const marks[] = {"\xd8\x9c",     "\xe2\x80\x8f", "\xe2\x80\xaa", "\xe2\x80\xab",
                                            "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6",
                                            "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9", "\xe2\x80\x8b",
                                            "\xef\xbb\xbf"};

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(languages); i++)
                for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
                        const char *at = compose(languages[i], names[k], CATALOGUE_SMS, 2, false);

                        for (size_t m = 0; m < ARRAY_SIZE(marks); m++)
                                must(!strstr(text, marks[m]), languages[i], "a stray mark");
                        while ((at = strstr(at, LRM))) {
                                at += strlen(LRM);
                                must(*at == '+', languages[i], "a mark before something else than a number");
                        }
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(says_what_it_must),    cmocka_unit_test(keeps_the_place_of_the_protected),
            cmocka_unit_test(has_the_plurals),      cmocka_unit_test(fits_the_alphabet),
            cmocka_unit_test(stands_as_it_is_read), cmocka_unit_test(has_no_stray_marks),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
