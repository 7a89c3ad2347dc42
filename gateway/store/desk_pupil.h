/* desk_pupil: what a pupil's page at the desk shows beside absences and messages. Reads only. Texts live
 * until the function that is called with them returns; a negative return of it ends the reading and is passed
 * up. Whether the reader may see it is the caller's to ask. */
#ifndef STORE_DESK_PUPIL_H
#define STORE_DESK_PUPIL_H

#include "store/put.h"

#include <stdbool.h>

#define DESK_PUPIL_ROWS_MAX 50 /* of each list of a pupil's page */

struct desk_pupil {
        char *given, *family, *group, *school; /* names; group and school may be NULL */
        char organisation[ID_SIZE];            /* the group */
        int grade;                             /* 0: not said */
        bool is_protected;
};

/* As they are on TODAY. 1: there is such a pupil; free with desk_pupil_fini. */
int desk_pupil_get(struct db *db, const char *pupil, const char *today, struct desk_pupil *ret_pupil,
                   struct err *err);
void desk_pupil_fini(struct desk_pupil *pupil);

/* Guardians by rank, then carers (rank 0). */
struct desk_home_row {
        const char *person, *given, *family, *language; /* language NULL: the school's */
        int rank;
        bool is_told, is_restricted, is_emergency; /* is_told: nobody asked not to tell them */
        bool is_carer, is_instead;                 /* of a carer: told in place of the guardians */
};
int desk_home_each(struct db *db, const char *pupil, const char *today,
                   int (*each)(void *context, const struct desk_home_row *row, struct err *err),
                   void *context, struct err *err);

struct desk_contact_row {
        const char *channel, *value, *state; /* good, bad, stopped */
        bool is_safe;
};
int desk_contact_each(struct db *db, const char *person,
                      int (*each)(void *context, const struct desk_contact_row *row, struct err *err),
                      void *context, struct err *err);

/* Holds of the pupil that have not ended, the pupil's own first. */
struct desk_hold_row {
        int64_t starts, ends;    /* ends INT64_MAX: until released */
        const char *reason, *by; /* reason NULL: not said; by: a name, NULL: not known */
        bool is_own;             /* false: of the group */
};
int desk_hold_each(struct db *db, const char *pupil, const char *organisation, int64_t now_utc,
                   int (*each)(void *context, const struct desk_hold_row *row, struct err *err),
                   void *context, struct err *err);

/* Cards held, by name; EXPIRES NULL: never. */
int desk_card_each(struct db *db, const char *pupil,
                   int (*each)(void *context, const char *card, int64_t given, const char *expires,
                               struct err *err),
                   void *context, struct err *err);

/* The last plan of each kind; UNTIL NULL: for now. */
int desk_plan_each(struct db *db, const char *pupil,
                   int (*each)(void *context, const char *kind, int64_t made, const char *until,
                               struct err *err),
                   void *context, struct err *err);

/* Placements that end on FROM or later, by their first day. WORKPLACE is a name. */
struct desk_placement_row {
        const char *id, *workplace, *supervisor, *model, *first_day, *last_day;
        int days, signatures;
        bool is_cancelled;
};
int desk_placement_each(struct db *db, const char *pupil, const char *from,
                        int (*each)(void *context, const struct desk_placement_row *row, struct err *err),
                        void *context, struct err *err);

/* Meetings about the pupil, or that they take part in, that have not ended. TITLE may be NULL. */
int desk_pupil_meeting_each(struct db *db, const char *pupil, int64_t now_utc,
                            int (*each)(void *context, const char *id, const char *kind, const char *title,
                                        int64_t starts, struct err *err),
                            void *context, struct err *err);

/* What a plan sets for the pupil alone, of RULE, that holds on TODAY or later. */
int desk_own_each(struct db *db, const char *pupil, const char *rule, const char *today,
                  int (*each)(void *context, const char *name, const char *value, const char *until,
                              struct err *err),
                  void *context, struct err *err);

/* The pupil's open case. 1: there is one. */
int desk_open_case(struct db *db, const char *pupil, char ret_case[static ID_SIZE], struct err *err);

#endif
