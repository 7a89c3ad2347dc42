/* lesson: the timetable of organisations. */
#ifndef STORE_LESSON_H
#define STORE_LESSON_H

#include "store/put.h"

#define LESSON_NO_MAX 40 /* the highest number of a lesson */

struct lesson {
        const char *organisation;
        int weekday;      /* 1 Monday … 7 Sunday */
        int lesson;       /* 1 … LESSON_NO_MAX */
        int starts, ends; /* seconds from noon */
};

int lesson_put(struct db *db, const char *source, const struct lesson *row, struct err *err);

/* The lessons of one weekday in the order of their start. */
struct timetable {
        int count;
        struct {
                int lesson, starts, ends;
        } lessons[LESSON_NO_MAX];
};

/* Of ORGANISATION, else of the nearest above it that has a timetable, else six lessons of 45 minutes from
 * 08:00 on the hour, Monday to Friday. */
int timetable_read(struct db *db, const char *organisation, int weekday, struct timetable *ret_timetable,
                   struct err *err);

#endif
