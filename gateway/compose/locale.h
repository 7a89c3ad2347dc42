/* locale: values in a reader's language and time zone, by ICU and CLDR, with the patterns of our own where
 * ICU's do not read as a school would write (locale_table.c). Finland's forms of fi, sv and en; Latin digits
 * and the Gregorian calendar in every language.
 *
 * A struct locale keeps its formatters and is used by one thread at a time: each thread has its own
 * locale_cache. */
#ifndef COMPOSE_LOCALE_H
#define COMPOSE_LOCALE_H

#include "base/buf.h"
#include "compose/value.h"

#define LOCALE_LANGUAGE_MAX_BYTES 16
#define LOCALE_TEXT_MAX_BYTES 512 /* one printed value that is no text */
#define LOCALE_CACHE_MAX 64       /* locales one cache keeps; the one longest there makes room */

struct locale;
struct locale_cache;

/* LANGUAGE is "fi", "sv", "so", … (ISO 639, a region or script may follow: "zh-Hant"). ERR_INVALID when ICU
 * knows no such language or zone: a text in another language must never go out half in English. */
int locale_new(const char *language, const char *zone, struct locale **ret_locale, struct err *err);
struct locale *locale_free(struct locale *locale);

const char *locale_language(const struct locale *locale);

struct locale_cache *locale_cache_new(void); /* NULL when out of memory */
struct locale_cache *locale_cache_free(struct locale_cache *cache);

/* The locale is the cache's; it stays until the next call. */
int locale_cache_get(struct locale_cache *cache, const char *language, const char *zone,
                     struct locale **ret_locale, struct err *err);

bool locale_knows(const char *language);

#define LOCALE_NAME_SIZE 64
/* What LANGUAGE is called in the language IN ("suomi", "finska"); the code itself when nobody knows. */
void locale_name_of(const char *language, const char *in, char ret_name[static LOCALE_NAME_SIZE]);

/* Prints a value that is no text, list, map or null. LOCALE may be NULL, for machines: digits, true/false,
 * ISO 8601. ERR_INVALID for the other kinds; the errors of buf. */
int locale_print(struct locale *locale, const struct value *value, struct buf *buf);

/* What {{value.NAME}} means for a value that is no map:
 *   date, time   day, weekday, weekday-on, weekday-short, short, long, iso; of a time also time
 *   clock        time, iso
 *   count        zero, one, two, few, many, other: CLDR's plural category, one of them true
 * On success *ret_property is a value without children; a text lies in BUF, which the caller empties first.
 * ERR_NOT_FOUND when the value has no such property. LOCALE may be NULL: then iso, day and time alone. */
int locale_property(struct locale *locale, const struct value *value, const char *name, size_t length,
                    struct value *ret_property, struct buf *buf);

#endif
