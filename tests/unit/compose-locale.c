/* compose/locale: days, times, counts and their properties in the languages that templates are written in. */
#include "base/date.h"
#include "compose/locale.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define NOON_MONDAY 1795428900 /* 2026-11-23 10:15 UTC, 12:15 in Helsinki */

/* {{value}} or {{value.NAME.NAME}} as text. */
static const char *print(struct locale *locale, struct value value, const char *path)
{
        static char text[LOCALE_TEXT_MAX_BYTES];
        struct buf scratch, buf;
        int r = 0;

        buf_init(&scratch, LOCALE_TEXT_MAX_BYTES);
        buf_init(&buf, LOCALE_TEXT_MAX_BYTES);
        while (*path && r == 0) {
                const char *dot = strchrnul(path, '.');
                r = locale_property(locale, &value, path, (size_t)(dot - path), &value, &scratch);
                path = *dot ? dot + 1 : dot;
        }
        if (r == 0 && value.kind == VALUE_TEXT)
                buf_adds(&buf, value.text);
        else if (r == 0)
                r = locale_print(locale, &value, &buf);
        snprintf(text, sizeof text, "%s",
                 r == 0               ? buf_text(&buf)
                 : r == ERR_NOT_FOUND ? "(none)"
                                      : "(error)");
        buf_fini(&buf);
        buf_fini(&scratch);
        return text;
}

static struct value monday(void)
{
        return (struct value){.kind = VALUE_DATE, .date = date_from_civil(2026, 11, 23)};
}

static struct value noon(void)
{
        return (struct value){.kind = VALUE_TIME, .count = NOON_MONDAY};
}

static struct value clock_at(int hours, int minutes)
{
        return (struct value){.kind = VALUE_CLOCK, .seconds = hours * 3600 + minutes * 60};
}

static struct locale *open_locale(const char *language)
{
        struct locale *locale;
        struct err err = {0};

        if (locale_new(language, "Europe/Helsinki", &locale, &err) < 0)
                fail_msg("%s", err.text);
        return locale;
}

static void prints_days_and_times(void **state)
{
        static const struct {
                const char *language, *day, *on, *weekday, *short_, *long_, *time, *clock, *three;
        } table[] = {
            {"fi", "maanantai 23.11.", "maanantaina", "maanantai", "23.11.", "23. marraskuuta 2026",
             "maanantai 23.11. klo 12.15", "8.05", "ma"},
            {"sv", "måndag 23 november", "på måndag", "måndag", "23.11", "23 november 2026",
             "måndag 23 november kl. 12.15", "8.05", "mån"},
            {"en", "Monday 23 November", "on Monday", "Monday", "23 Nov", "23 November 2026",
             "Monday 23 November at 12:15", "8:05", "Mon"},
            {"ru", "понедельник, 23 ноября", "в понедельник", "понедельник", "23.11", "23 ноября 2026 г.",
             "понедельник, 23 ноября, 12:15", "8:05", "пн"},
            {"uk", "понеділок, 23 листопада", "у понеділок", "понеділок", "23.11", "23 листопада 2026 р.",
             "понеділок, 23 листопада, 12:15", "8:05", "пн"},
            {"et", "esmaspäev, 23. november", "esmaspäeval", "esmaspäev", "23.11", "23. november 2026",
             "esmaspäev, 23. november kell 12.15", "8.05", "E"},
            {"so", "Isniin, 23 Noofeembar", "maalinta Isniin", "Isniin", "23/11", "23 Noofeembar 2026",
             "Isniin, 23 Noofeembar, 12:15", "8:05", "Isn"},
            {"ar", "الاثنين، 23 نوفمبر", "يوم الاثنين", "الاثنين", "23/11", "23 نوفمبر 2026",
             "الاثنين، 23 نوفمبر، 12:15", "8:05", "الاثنين"},
        };

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
                struct locale *locale = open_locale(table[i].language);

                assert_string_equal(locale_language(locale), table[i].language);
                assert_string_equal(print(locale, monday(), ""), table[i].day);
                assert_string_equal(print(locale, monday(), "day"), table[i].day);
                assert_string_equal(print(locale, monday(), "weekday-on"), table[i].on);
                assert_string_equal(print(locale, monday(), "weekday"), table[i].weekday);
                assert_string_equal(print(locale, monday(), "weekday-short"), table[i].three);
                assert_string_equal(print(locale, monday(), "short"), table[i].short_);
                assert_string_equal(print(locale, monday(), "long"), table[i].long_);
                assert_string_equal(print(locale, monday(), "iso"), "2026-11-23");
                assert_string_equal(print(locale, noon(), ""), table[i].time);
                assert_string_equal(print(locale, noon(), "day"), table[i].day);
                assert_string_equal(print(locale, noon(), "day.weekday-on"), table[i].on);
                assert_string_equal(print(locale, noon(), "iso"), "2026-11-23T12:15:00+02:00");
                assert_string_equal(print(locale, clock_at(8, 5), ""), table[i].clock);
                assert_string_equal(print(locale, clock_at(8, 5), "time"), table[i].clock);
                assert_string_equal(print(locale, clock_at(8, 5), "iso"), "08:05");
                assert_string_equal(print(locale, clock_at(8, 5), "day"), "(none)");
                assert_string_equal(print(locale, monday(), "time"), "(none)");
                assert_string_equal(print(locale, monday(), "weekday.short"), "(none)");
                locale_free(locale);
        }
}

/* Every weekday reads as a speaker writes it. */
static void knows_the_weekdays(void **state)
{
        static const struct {
                const char *language, *days[7];
        } table[] = {
            {"fi",
             {"maanantaina", "tiistaina", "keskiviikkona", "torstaina", "perjantaina", "lauantaina",
              "sunnuntaina"}},
            {"sv",
             {"på måndag", "på tisdag", "på onsdag", "på torsdag", "på fredag", "på lördag", "på söndag"}},
            {"ru",
             {"в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу",
              "в воскресенье"}},
        };

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
                struct locale *locale = open_locale(table[i].language);

                for (int day = 0; day < 7; day++) {
                        struct value value = monday();
                        value.date += day;
                        assert_string_equal(print(locale, value, "weekday-on"), table[i].days[day]);
                }
                locale_free(locale);
        }
}

static void converts_to_the_zone(void **state)
{
        struct locale *tornio, *haparanda;
        struct value late = {.kind = VALUE_TIME, .count = NOON_MONDAY + 12 * 3600}; /* 22:15 UTC */
        struct value summer = {.kind = VALUE_TIME, .count = 1782900000};            /* 2026-07-01 10:00 UTC */

        (void)state;
        tornio = open_locale("fi");
        assert_int_equal(locale_new("fi", "Europe/Stockholm", &haparanda, NULL), 0);
        assert_string_equal(print(tornio, late, ""), "tiistai 24.11. klo 0.15");
        assert_string_equal(print(haparanda, late, ""), "maanantai 23.11. klo 23.15");
        assert_string_equal(print(haparanda, late, "time"), "23.15");
        assert_string_equal(print(tornio, summer, "time"), "13.00");
        locale_free(tornio);
        locale_free(haparanda);
}

static void knows_plurals(void **state)
{
        static const struct {
                const char *language;
                int count;
                const char *category;
        } table[] = {{"fi", 1, "one"},  {"fi", 0, "other"}, {"fi", 2, "other"}, {"ru", 1, "one"},
                     {"ru", 3, "few"},  {"ru", 11, "many"}, {"ru", 21, "one"},  {"ar", 0, "zero"},
                     {"ar", 2, "two"},  {"ar", 5, "few"},   {"ar", 11, "many"}, {"ar", 100, "other"},
                     {"uk", 22, "few"}, {"so", 1, "one"},   {"vi", 1, "other"}};
        static const char *const categories[] = {"zero", "one", "two", "few", "many", "other"};

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
                struct locale *locale = open_locale(table[i].language);
                struct value count = {.kind = VALUE_COUNT, .count = table[i].count};

                for (unsigned k = 0; k < ARRAY_SIZE(categories); k++)
                        assert_string_equal(print(locale, count, categories[k]),
                                            strcmp(categories[k], table[i].category) == 0 ? "true" : "false");
                assert_string_equal(print(locale, count, "several"), "(none)");
                locale_free(locale);
        }
}

static void prints_numbers(void **state)
{
        struct locale *fi = open_locale("fi"), *ar = open_locale("ar");
        struct value count = {.kind = VALUE_COUNT, .count = 12345},
                     share = {.kind = VALUE_NUMBER, .number = 12.5};

        (void)state;
        assert_string_equal(print(fi, count, ""), "12345");
        assert_string_equal(print(fi, share, ""), "12,5");
        assert_string_equal(print(ar, count, ""), "12345");
        assert_string_equal(print(NULL, share, ""), "12.5");
        locale_free(fi);
        locale_free(ar);
}

/* Every language that has no row of ours: something is printed, in Latin digits and our calendar. */
static void has_forms_for_other_languages(void **state)
{
        static const char *const languages[] = {"fa", "th", "vi", "ku",      "ckb",
                                                "pl", "tr", "se", "zh-Hant", "sv-FI"};

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(languages); i++) {
                struct locale *locale = open_locale(languages[i]);

                assert_non_null(strstr(print(locale, monday(), ""), "23"));
                assert_non_null(strstr(print(locale, monday(), "long"), "2026"));
                assert_non_null(strstr(print(locale, noon(), ""),
                                       languages[i][0] == 's' && languages[i][1] == 'v' ? "12.15" : "12:15"));
                assert_true(strlen(print(locale, monday(), "weekday-on")) > 2);
                locale_free(locale);
        }
}

static void prints_for_machines(void **state)
{
        (void)state;
        assert_string_equal(print(NULL, monday(), ""), "2026-11-23");
        assert_string_equal(print(NULL, noon(), ""), "2026-11-23T10:15:00Z");
        assert_string_equal(print(NULL, noon(), "time"), "10:15");
        assert_string_equal(print(NULL, clock_at(8, 5), ""), "08:05");
        assert_string_equal(print(NULL, monday(), "weekday"), "(none)");
        assert_string_equal(print(NULL, (struct value){.kind = VALUE_LIST}, ""), "(error)");
}

static void refuses_what_it_does_not_know(void **state)
{
        static const char *const bad[] = {
            "", "f", "xx", "web", "FI", "fi/..", "../fi", "fi@numbers=arab", "finnish", "qqq"};
        struct locale *locale = NULL;

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
                assert_false(locale_knows(bad[i]));
                assert_int_equal(locale_new(bad[i], "Europe/Helsinki", &locale, NULL), ERR_INVALID);
        }
        assert_int_equal(locale_new("fi", "Europe/Kuusijoki", &locale, NULL), ERR_INVALID);
        assert_null(locale);
}

static void keeps_locales(void **state)
{
        struct locale_cache *cache = locale_cache_new();
        struct locale *first, *second;
        char zone[32];

        (void)state;
        assert_int_equal(locale_cache_get(cache, "fi", "Europe/Helsinki", &first, NULL), 0);
        assert_int_equal(locale_cache_get(cache, "fi", "Europe/Stockholm", &second, NULL), 0);
        assert_ptr_not_equal(first, second);
        assert_int_equal(locale_cache_get(cache, "fi", "Europe/Helsinki", &second, NULL), 0);
        assert_ptr_equal(first, second);
        assert_int_equal(locale_cache_get(cache, "xx", "Europe/Helsinki", &second, NULL), ERR_INVALID);
        for (int i = 0; i < LOCALE_CACHE_MAX + 5; i++) {
                static const char *const languages[] = {"fi", "sv", "en", "ru", "et", "so", "uk"};
                snprintf(zone, sizeof zone, "Etc/GMT-%d", i / 7 + 1);
                assert_int_equal(locale_cache_get(cache, languages[i % 7], zone, &first, NULL), 0);
                assert_string_equal(locale_language(first), languages[i % 7]);
        }
        assert_null(locale_cache_free(cache));
}

static void names_a_language(void **state)
{
        static const struct {
                const char *language, *in, *name;
        } cases[] = {
            {"fi", "fi", "suomi"}, {"ru", "sv", "ryska"}, {"so", "en", "Somali"}, {"zzx", "fi", "zzx"}};
        char name[LOCALE_NAME_SIZE];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                locale_name_of(cases[i].language, cases[i].in, name);
                assert_string_equal(name, cases[i].name);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(prints_days_and_times),
            cmocka_unit_test(knows_the_weekdays),
            cmocka_unit_test(names_a_language),
            cmocka_unit_test(converts_to_the_zone),
            cmocka_unit_test(knows_plurals),
            cmocka_unit_test(prints_numbers),
            cmocka_unit_test(has_forms_for_other_languages),
            cmocka_unit_test(prints_for_machines),
            cmocka_unit_test(refuses_what_it_does_not_know),
            cmocka_unit_test(keeps_locales),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
