/* desk_absence: a pupil's absences over a school year, as a page shows them: day by day, summed up as the
 * rules sum them up, and what still waits for a word. Reads only. */
#ifndef STORE_DESK_ABSENCE_H
#define STORE_DESK_ABSENCE_H

#include "store/put.h"

#include <stdbool.h>

#define DESK_YEAR_DAYS_MAX 400
#define DESK_OPEN_DAYS_MAX 30 /* days that wait for a word and are listed */

/* A day of the school year, and what was missed on it. Minutes of lessons, and of working days that the pupil
 * stayed away from; what a pause, a hospital or a placement day takes away is not in them. */
struct desk_day {
        char day[11];
        int32_t day_no;                 /* days since 1970 */
        int weekday;                    /* 1 Monday … 7 Sunday */
        bool is_school;                 /* a school day of the calendar */
        bool is_work;                   /* a placement day */
        int minutes;                    /* missed */
        int unexplained, health, other; /* minutes of them by class; other: leave too */
        int concern;                    /* minutes that count as hours of concern */
};

struct desk_year {
        struct desk_day days[DESK_YEAR_DAYS_MAX];
        int count;
        int year;        /* in which it began */
        int64_t concern; /* minutes of the whole year */
};

/* The school year of ORGANISATION's calendar that TODAY lies in (in summer the one that is over), from its
 * first school day to its last. count 0: the calendar has none. */
int desk_year_get(struct db *db, const char *pupil, const char *organisation, const char *today,
                  struct desk_year *ret_year, struct err *err);

/* Minutes of concern and of lessons in the WITHIN days up to and with TODAY (days since 1970). */
int desk_share_get(struct db *db, const char *pupil, const char *organisation, int32_t today, int within,
                   int64_t *ret_missed, int64_t *ret_scheduled, struct err *err);

/* Days that wait for a word, the newest first: unexplained, or explained as leave or other and neither
 * authorised nor counted as health. */
struct desk_open_day {
        const char *day;
        int64_t starts, ends; /* of the first and the last missed lesson */
        int64_t lessons;
        bool is_unexplained; /* some of it */
        bool is_explained;   /* a guardian has said why: the school may authorise it */
        const char *class;   /* what the guardian said; NULL: nothing */
};
int desk_open_day_each(struct db *db, const char *pupil, const char *from,
                       int (*each)(void *context, const struct desk_open_day *day, struct err *err),
                       void *context, struct err *err);

#endif
