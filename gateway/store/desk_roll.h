/* desk_roll: the roll of one lesson of a group. Texts live until EACH returns. */
#ifndef STORE_DESK_ROLL_H
#define STORE_DESK_ROLL_H

#include "store/put.h"

struct desk_lesson {
        const char *organisation; /* whose pupils */
        const char *day;
        int lesson;
        int64_t starts, ends; /* UTC */
};

struct desk_roll_row {
        const char *pupil, *given, *family;
        const char *mark, *class; /* of the lesson, else of the whole day; NULL: none */
        const char *announced;    /* the class of what a guardian said of the lesson; NULL: nothing */
        bool is_protected, is_elsewhere;
        bool is_placed, is_held, is_authorised; /* not to be marked */
};

/* The pupils of the day, by name; with PUPIL (NULL: all) that one alone. */
int desk_roll(struct db *db, const struct desk_lesson *lesson, const char *pupil,
              int (*each)(void *context, const struct desk_roll_row *row, struct err *err), void *context,
              struct err *err);

/* Notes that the pupil is in school but not in the room, or takes that back. 1 when that was news. */
int desk_roll_elsewhere(struct db *db, const struct desk_lesson *lesson, const char *pupil, const char *by,
                        int64_t now_utc, struct err *err);
int desk_roll_not_elsewhere(struct db *db, const struct desk_lesson *lesson, const char *pupil,
                            struct err *err);

/* The kind of the organisation's day: school, weekend, holiday, break, outside; "" when the calendar does not
 * reach it. */
int desk_roll_day_kind(struct db *db, const char *organisation, const char *day, char ret_kind[static 16],
                       struct err *err);

#endif
