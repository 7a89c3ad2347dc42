/* page_work: what the pages of a supervisor and of a pupil show of placements. */
#ifndef STORE_PAGE_WORK_H
#define STORE_PAGE_WORK_H

#include "store/put.h"

/* Whose placements: those of a supervisor (of a workplace that they supervise, when the placement names
 * nobody), or a pupil's own. */
struct work_reader {
        const char *person;
        bool is_pupil;
};

/* A working day that stands. Texts live until EACH returns. */
struct work_day {
        const char *placement, *pupil, *given, *workplace, *day;
        const char *mark; /* here, late, absent; NULL: nobody has said */
        int64_t starts, ends;
        bool is_signed; /* else the day is a school day */
        bool is_marked_by_pupil;
        bool is_excused; /* somebody has said that the pupil does not come */
};
int work_days(struct db *db, const struct work_reader *reader, const char *first_day, const char *last_day,
              int64_t now_utc, int (*each)(void *context, const struct work_day *day, struct err *err),
              void *context, struct err *err);

/* A placement and how far it is. */
struct work_placement {
        const char *id, *pupil, *given, *family, *workplace, *first_day, *last_day, *weekdays;
        int starts, ends;          /* seconds from noon */
        int64_t done_s, planned_s; /* seconds of days with a check-in, and of all days */
        int done_days, planned_days;
        int64_t signed_guardian, signed_workplace, signed_school; /* when; 0: not yet */
        int64_t evaluated, evaluated_by_pupil, certified;         /* when; 0: not yet */
        bool is_block;
};
/* Those that have not ended before FIRST_DAY; with ID (NULL: all) that one alone, whenever it ended. */
int work_placements(struct db *db, const struct work_reader *reader, const char *id, const char *first_day,
                    int (*each)(void *context, const struct work_placement *placement, struct err *err),
                    void *context, struct err *err);

/* Marks and the word that PART (supervisor, pupil, teacher) gave. EACH is given each criterion's mark;
 * *ret_word is the caller's, NULL when there is none. */
int work_evaluation(struct db *db, const char *placement, const char *part,
                    int (*each)(void *context, const char *criterion, int mark, struct err *err),
                    void *context, char **ret_word, struct err *err);

/* The pupil's packages that are not done, by due day. */
int work_packages(struct db *db, const char *pupil,
                  int (*each)(void *context, const char *name, const char *due, struct err *err),
                  void *context, struct err *err);

#endif
