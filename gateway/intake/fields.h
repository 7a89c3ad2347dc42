/* fields: reads the members of a JSON object with errors that name them, "WHERE.name: what is wrong: what to
 * do". null is absent. The first fault sticks: later calls do nothing and give their fallback, so a run of
 * reads may be checked once, at its end, with fields.error. Texts live as long as the JSON. Values of people
 * are never put into an error. */
#ifndef INTAKE_FIELDS_H
#define INTAKE_FIELDS_H

#include "base/err.h"
#include "base/zone.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define FIELD_TEXT_MAX 1000 /* bytes of a text */
#define FIELD_ID_MAX 200    /* bytes of an id */
#define FIELD_CODE_MAX 40   /* bytes of a code */
#define FIELD_LIST_MAX 1000 /* members of a list of ids */
#define FIELD_ASKED_MAX 48  /* names that are remembered as looked for in vain */

struct fields {
        const json_t *object;
        const char *where; /* "people[3]", "data" */
        struct err *err;
        int error;
        const char *asked[FIELD_ASKED_MAX]; /* what was looked for and not there; literals */
        size_t asked_count;
};

enum need { OPTIONAL, REQUIRED };

/* ERR_INVALID sticks when OBJECT is no object. */
void fields_init(struct fields *fields, const json_t *object, const char *where, struct err *err);

/* Refuses every key that is not in KNOWN (its end is NULL) and does not begin with "x-". */
void fields_only(struct fields *fields, const char *const *known);

/* To be called when everything was read: refuses a key that is one slip away from a name that was looked for
 * in vain ("claas" for class). Other keys that nobody asked for are ignored. */
void fields_check_spelling(struct fields *fields);

/* Sets the error of the member NAME. */
int fields_refuse(struct fields *fields, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool fields_has(struct fields *fields, const char *name);

/* NULL when absent. Not empty, no control characters, at most FIELD_TEXT_MAX (FIELD_ID_MAX) bytes. */
const char *fields_text(struct fields *fields, const char *name, enum need need);
const char *fields_id(struct fields *fields, const char *name, enum need need);
const char *fields_day(struct fields *fields, const char *name, enum need need); /* YYYY-MM-DD */

/* One of CHOICES (its end is NULL); FALLBACK when absent. */
const char *fields_choice(struct fields *fields, const char *name, const char *const *choices,
                          const char *fallback);
const char *fields_need_choice(struct fields *fields, const char *name, const char *const *choices);

int fields_int(struct fields *fields, const char *name, int least, int most, int fallback);
bool fields_flag(struct fields *fields, const char *name, bool fallback);

/* NULL when absent. */
const json_t *fields_array(struct fields *fields, const char *name);

/* A time with or without offset, local to ZONE; FALLBACK when absent. */
int64_t fields_time(struct fields *fields, const char *name, struct zone *zone, int64_t fallback);

/* A time of day, "HH:MM", as seconds from noon; FALLBACK when absent. */
int fields_time_of_day(struct fields *fields, const char *name, int fallback);

/* Whether TEXT may be an id: 1 … FIELD_ID_MAX bytes without control characters. */
bool field_is_id(const char *text);

/* Whether TEXT is a code: 1 … FIELD_CODE_MAX letters, digits, points, - and _ of ASCII. Nobody can be told of
 * in one. */
bool field_is_code(const char *text);

/* 1 Monday … 7 Sunday of 1–7, "1"–"7", "mon" or "monday"; 0 when it is none. */
int field_weekday(const json_t *value);

#endif
