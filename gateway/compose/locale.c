#include "compose/locale.h"
#include "base/date.h"
#include "base/zone.h"
#include "compose/locale_table.h"

#include <stdio.h>
#include <string.h>
#include <unicode/udat.h>
#include <unicode/udatpg.h>
#include <unicode/uloc.h>
#include <unicode/unum.h>
#include <unicode/upluralrules.h>
#include <unicode/ustring.h>

#define ID_MAX_BYTES (LOCALE_LANGUAGE_MAX_BYTES + 40)
#define ZONE_MAX_BYTES 64
#define PATTERN_MAX 128

enum form { FORM_DAY, FORM_SHORT, FORM_LONG, FORM_WEEKDAY, FORM_WEEKDAY_SHORT, FORM_ON, FORM_COUNT };

static const struct {
        const char *name;
        enum form form;
} forms_table[] = {{"long", FORM_LONG},
                   {"short", FORM_SHORT},
                   {"weekday", FORM_WEEKDAY},
                   {"weekday-on", FORM_ON},
                   {"weekday-short", FORM_WEEKDAY_SHORT}};

struct locale {
        char language[LOCALE_LANGUAGE_MAX_BYTES];
        char zone_name[ZONE_MAX_BYTES];
        char id[ID_MAX_BYTES];
        const struct locale_row *row; /* NULL: ICU's own patterns */
        struct zone *zone;
        UDateFormat *formats[FORM_COUNT]; /* opened when first used */
        UPluralRules *plurals;
        UNumberFormat *number; /* opened when first used */
};

struct locale_cache {
        struct locale *locales[LOCALE_CACHE_MAX];
        unsigned next;
};

/* The part that names the language alone: "zh" of "zh-Hant". False when TEXT cannot be a language. */
static bool base_language(const char *text, char ret_base[static LOCALE_LANGUAGE_MAX_BYTES])
{
        size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz");

        if (length < 2 || length > 3 || strlen(text) >= LOCALE_LANGUAGE_MAX_BYTES)
                return false;
        if (text[length] && text[length] != '-' && text[length] != '_')
                return false;
        if (text[length +
                 strspn(text + length, "-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")])
                return false;
        memcpy(ret_base, text, length);
        ret_base[length] = '\0';
        return true;
}

bool locale_knows(const char *language)
{
        char base[LOCALE_LANGUAGE_MAX_BYTES];

        if (!base_language(language, base))
                return false;
        for (int32_t i = 0; i < uloc_countAvailable(); i++)
                if (strcmp(uloc_getAvailable(i), base) == 0)
                        return true;
        return false;
}

void locale_name_of(const char *language, const char *in, char ret_name[static LOCALE_NAME_SIZE])
{
        UErrorCode status = U_ZERO_ERROR;
        UChar name[LOCALE_NAME_SIZE];
        int32_t length = uloc_getDisplayLanguage(language, in, name, LOCALE_NAME_SIZE, &status);

        u_strToUTF8(ret_name, LOCALE_NAME_SIZE, NULL, name, length, &status);
        if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING)
                snprintf(ret_name, LOCALE_NAME_SIZE, "%s", language);
}

int locale_new(const char *language, const char *zone, struct locale **ret_locale, struct err *err)
{
        UErrorCode status = U_ZERO_ERROR;
        char base[LOCALE_LANGUAGE_MAX_BYTES];
        struct locale *locale;
        int r;

        if (!base_language(language, base) || !locale_knows(language))
                return err_set(err, ERR_INVALID,
                               "%.20s: no language with known forms: use a code such as fi, sv or en",
                               language);
        locale = calloc(1, sizeof *locale);
        if (!locale)
                return err_set(err, ERR_NOMEM, "locale: out of memory");
        snprintf(locale->language, sizeof locale->language, "%s", language);
        snprintf(locale->zone_name, sizeof locale->zone_name, "%s", zone);
        locale->row = locale_row_find(base);
        snprintf(locale->id, sizeof locale->id, "%s@calendar=gregorian;numbers=latn",
                 locale->row ? locale->row->icu : language);
        r = zone_open(zone, &locale->zone, err);
        if (r == 0) {
                locale->plurals = uplrules_open(locale->id, &status);
                if (U_FAILURE(status))
                        r = err_set(err, ERR_IO, "locale: ICU: %s", u_errorName(status));
        }
        if (r < 0) {
                locale_free(locale);
                return r;
        }
        *ret_locale = locale;
        return 0;
}

struct locale *locale_free(struct locale *locale)
{
        if (!locale)
                return NULL;
        for (int i = 0; i < FORM_COUNT; i++)
                if (locale->formats[i])
                        udat_close(locale->formats[i]);
        if (locale->plurals)
                uplrules_close(locale->plurals);
        if (locale->number)
                unum_close(locale->number);
        zone_close(locale->zone);
        free(locale);
        return NULL;
}

const char *locale_language(const struct locale *locale)
{
        return locale->language;
}

struct locale_cache *locale_cache_new(void)
{
        return calloc(1, sizeof(struct locale_cache));
}

struct locale_cache *locale_cache_free(struct locale_cache *cache)
{
        for (int i = 0; cache && i < LOCALE_CACHE_MAX; i++)
                locale_free(cache->locales[i]);
        free(cache);
        return NULL;
}

int locale_cache_get(struct locale_cache *cache, const char *language, const char *zone,
                     struct locale **ret_locale, struct err *err)
{
        struct locale *locale;
        int r;

        for (int i = 0; i < LOCALE_CACHE_MAX && cache->locales[i]; i++) {
                locale = cache->locales[i];
                if (strcmp(locale->language, language) == 0 && strcmp(locale->zone_name, zone) == 0) {
                        *ret_locale = locale;
                        return 0;
                }
        }
        r = locale_new(language, zone, &locale, err);
        if (r < 0)
                return r;
        locale_free(cache->locales[cache->next]);
        cache->locales[cache->next] = *ret_locale = locale;
        cache->next = (cache->next + 1) % LOCALE_CACHE_MAX;
        return 0;
}

static const char *row_pattern(const struct locale_row *row, enum form form)
{
        const char *const patterns[FORM_COUNT] = {row->day, row->short_, row->long_, "cccc", "ccc", row->on};

        return patterns[form];
}

static void find_pattern(const struct locale *locale, enum form form, UChar *ret_pattern, UErrorCode *status)
{
        static const char *const skeletons[FORM_COUNT] = {"EEEEdMMMM", "dM", "yMMMMd", "cccc", "ccc", "cccc"};
        UDateTimePatternGenerator *generator;
        UChar skeleton[16];

        if (locale->row) {
                u_strFromUTF8(ret_pattern, PATTERN_MAX, NULL, row_pattern(locale->row, form), -1, status);
                return;
        }
        generator = udatpg_open(locale->id, status);
        u_uastrcpy(skeleton, skeletons[form]);
        udatpg_getBestPattern(generator, skeleton, -1, ret_pattern, PATTERN_MAX, status);
        udatpg_close(generator);
}

/* Dates are formatted as noon of that day in UTC, so that no zone can move them. */
static UDateFormat *open_format(const struct locale *locale, enum form form)
{
        static const UChar utc[] = {'U', 'T', 'C', 0};
        UErrorCode status = U_ZERO_ERROR;
        UChar pattern[PATTERN_MAX];
        UDateFormat *format;

        find_pattern(locale, form, pattern, &status);
        if (U_FAILURE(status))
                return NULL;
        format = udat_open(UDAT_PATTERN, UDAT_PATTERN, locale->id, utc, 3, pattern, -1, &status);
        if (U_SUCCESS(status))
                return format;
        udat_close(format);
        return NULL;
}

/* ICU sets no-break spaces, which would make a whole SMS twice as dear: plain ones instead. */
static int add_utf16(struct buf *buf, UChar *text, int32_t length)
{
        UErrorCode status = U_ZERO_ERROR;
        char utf8[LOCALE_TEXT_MAX_BYTES];

        for (int32_t i = 0; i < length; i++)
                if (text[i] == 0x00a0 || text[i] == 0x202f)
                        text[i] = ' ';
        u_strToUTF8(utf8, sizeof utf8, NULL, text, length, &status);
        return U_SUCCESS(status) ? buf_adds(buf, utf8) : ERR_LIMIT;
}

static int add_date(struct locale *locale, int32_t date, enum form form, struct buf *buf)
{
        UErrorCode status = U_ZERO_ERROR;
        UChar text[LOCALE_TEXT_MAX_BYTES / 3];
        char iso[DATE_TEXT_MAX];
        int32_t length;

        if (!locale) {
                date_print(date, iso);
                return buf_adds(buf, iso);
        }
        if (form == FORM_ON && locale->row && !locale->row->on)
                return buf_adds(buf, locale->row->on_table[date_weekday(date) - 1]);
        if (!locale->formats[form])
                locale->formats[form] = open_format(locale, form);
        if (!locale->formats[form])
                return ERR_IO;
        length = udat_format(locale->formats[form], ((UDate)date * 86400 + 43200) * 1000, text,
                             (int32_t)ARRAY_SIZE(text), NULL, &status);
        return U_SUCCESS(status) ? add_utf16(buf, text, length) : ERR_IO;
}

static int add_clock(const struct locale *locale, int seconds, struct buf *buf)
{
        int hours = seconds / 3600, minutes = seconds / 60 % 60;

        if (!locale)
                return buf_addf(buf, "%02d:%02d", hours, minutes);
        return buf_addf(buf, "%d%c%02d", hours, locale->row ? locale->row->colon : ':', minutes);
}

static void to_local(struct locale *locale, int64_t utc, int32_t *ret_date, int *ret_seconds)
{
        if (locale) {
                zone_to_local(locale->zone, utc, ret_date, ret_seconds);
                return;
        }
        *ret_seconds = (int)(((utc % 86400) + 86400) % 86400);
        *ret_date = (int32_t)((utc - *ret_seconds) / 86400);
}

static int add_stamp(struct locale *locale, int64_t utc, struct buf *buf)
{
        char stamp[ZONE_STAMP_MAX], date_text[DATE_TEXT_MAX];
        int32_t date;
        int seconds;

        if (locale) {
                zone_stamp(locale->zone, utc, stamp);
                return buf_adds(buf, stamp);
        }
        to_local(NULL, utc, &date, &seconds);
        date_print(date, date_text);
        return buf_addf(buf, "%sT%02d:%02d:%02dZ", date_text, seconds / 3600, seconds / 60 % 60,
                        seconds % 60);
}

static int add_time(struct locale *locale, int64_t utc, struct buf *buf)
{
        int32_t date;
        int seconds, r;

        if (!locale)
                return add_stamp(NULL, utc, buf);
        to_local(locale, utc, &date, &seconds);
        r = add_date(locale, date, FORM_DAY, buf);
        if (r < 0)
                return r;
        buf_adds(buf, locale->row ? locale->row->before_time : " ");
        return add_clock(locale, seconds, buf);
}

static int add_number(struct locale *locale, double number, struct buf *buf)
{
        static const UChar pattern[] = {'0', '.', '#', '#', 0};
        UErrorCode status = U_ZERO_ERROR;
        UChar text[LOCALE_TEXT_MAX_BYTES / 3];
        int32_t length;

        if (!locale)
                return buf_addf(buf, "%.15g", number);
        if (!locale->number)
                locale->number = unum_open(UNUM_PATTERN_DECIMAL, pattern, -1, locale->id, NULL, &status);
        length = unum_formatDouble(locale->number, number, text, (int32_t)ARRAY_SIZE(text), NULL, &status);
        return U_SUCCESS(status) ? add_utf16(buf, text, length) : ERR_IO;
}

int locale_print(struct locale *locale, const struct value *value, struct buf *buf)
{
        switch (value->kind) {
        case VALUE_BOOL:
                return buf_adds(buf, value->boolean ? "true" : "false");
        case VALUE_COUNT: /* without grouping: a no-break space is not in the SMS alphabet */
                return buf_addf(buf, "%lld", (long long)value->count);
        case VALUE_NUMBER:
                return add_number(locale, value->number, buf);
        case VALUE_DATE:
                return add_date(locale, value->date, FORM_DAY, buf);
        case VALUE_TIME:
                return add_time(locale, value->count, buf);
        case VALUE_CLOCK:
                return add_clock(locale, value->seconds, buf);
        default:
                return ERR_INVALID;
        }
}

static bool is_name(const char *name, size_t length, const char *wanted)
{
        return strlen(wanted) == length && memcmp(name, wanted, length) == 0;
}

static int set_text(int r, const struct buf *buf, struct value *ret_property)
{
        if (r < 0)
                return r;
        *ret_property = (struct value){.kind = VALUE_TEXT, .text = (char *)buf_text(buf)};
        return 0;
}

static int date_property(struct locale *locale, int32_t date, const char *name, size_t length,
                         struct value *ret_property, struct buf *buf)
{
        if (is_name(name, length, "day")) {
                *ret_property = (struct value){.kind = VALUE_DATE, .date = date};
                return 0;
        }
        if (is_name(name, length, "iso"))
                return set_text(add_date(NULL, date, FORM_DAY, buf), buf, ret_property);
        for (size_t i = 0; locale && i < ARRAY_SIZE(forms_table); i++)
                if (is_name(name, length, forms_table[i].name))
                        return set_text(add_date(locale, date, forms_table[i].form, buf), buf, ret_property);
        return ERR_NOT_FOUND;
}

static int time_property(struct locale *locale, int64_t utc, const char *name, size_t length,
                         struct value *ret_property, struct buf *buf)
{
        int32_t date;
        int seconds;

        if (is_name(name, length, "iso"))
                return set_text(add_stamp(locale, utc, buf), buf, ret_property);
        to_local(locale, utc, &date, &seconds);
        if (!is_name(name, length, "time"))
                return date_property(locale, date, name, length, ret_property, buf);
        *ret_property = (struct value){.kind = VALUE_CLOCK, .seconds = seconds};
        return 0;
}

static int clock_property(const struct value *value, const char *name, size_t length,
                          struct value *ret_property, struct buf *buf)
{
        if (is_name(name, length, "iso"))
                return set_text(add_clock(NULL, value->seconds, buf), buf, ret_property);
        if (!is_name(name, length, "time"))
                return ERR_NOT_FOUND;
        *ret_property = (struct value){.kind = VALUE_CLOCK, .seconds = value->seconds};
        return 0;
}

static int plural_property(struct locale *locale, double number, const char *name, size_t length,
                           struct value *ret_property)
{
        static const char *const categories[] = {"few", "many", "one", "other", "two", "zero"};
        UErrorCode status = U_ZERO_ERROR;
        UChar category[16];
        char text[16];
        size_t i = 0;

        while (i < ARRAY_SIZE(categories) && !is_name(name, length, categories[i]))
                i++;
        if (!locale || i == ARRAY_SIZE(categories))
                return ERR_NOT_FOUND;
        uplrules_select(locale->plurals, number, category, (int32_t)ARRAY_SIZE(category), &status);
        if (U_FAILURE(status))
                return ERR_IO;
        u_austrncpy(text, category, sizeof text);
        *ret_property = (struct value){.kind = VALUE_BOOL, .boolean = strcmp(text, categories[i]) == 0};
        return 0;
}

int locale_property(struct locale *locale, const struct value *value, const char *name, size_t length,
                    struct value *ret_property, struct buf *buf)
{
        switch (value->kind) {
        case VALUE_COUNT:
                return plural_property(locale, (double)value->count, name, length, ret_property);
        case VALUE_NUMBER:
                return plural_property(locale, value->number, name, length, ret_property);
        case VALUE_DATE:
                return date_property(locale, value->date, name, length, ret_property, buf);
        case VALUE_TIME:
                return time_property(locale, value->count, name, length, ret_property, buf);
        case VALUE_CLOCK:
                return clock_property(value, name, length, ret_property, buf);
        default:
                return ERR_NOT_FOUND;
        }
}
