/* locale_table: how each language writes a day and a time. One row a language, in alphabetical order; a
 * language without a row gets ICU's own pattern. */
#ifndef COMPOSE_LOCALE_TABLE_H
#define COMPOSE_LOCALE_TABLE_H

#include <stddef.h>

/* Patterns are ICU's date patterns (cccc the bare weekday, EEEE the one within a date). */
struct locale_row {
        const char *language;
        const char *icu;    /* the locale that ICU is asked for */
        const char *day;    /* "Monday 23 November" */
        const char *short_; /* "23.11." */
        const char *long_;  /* with the year, without the weekday */
        const char *on;     /* "on Monday"; NULL: on_table */
        const char *on_table[7];
        const char *before_time; /* between day and time */
        char colon;              /* between hours and minutes */
};

const struct locale_row *locale_row_find(const char *language); /* NULL when there is none */

#endif
