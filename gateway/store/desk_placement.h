/* desk_placement: placements as staff plan them: the month of a group or a workplace, one placement with its
 * days, and what a plan is made of. Lists take the reader's organisations as a JSON array
 * (desk_access_scope); texts live until EACH returns, and EACH returns 0 or a negative code that ends the
 * list. */
#ifndef STORE_DESK_PLACEMENT_H
#define STORE_DESK_PLACEMENT_H

#include "store/put.h"

#include <stdbool.h>

#define DESK_CHOICE_MAX 500 /* rows of one list to choose from */
#define DESK_MONTH_MAX 4000 /* days of one month view */

/* One of those who can be chosen. */
struct desk_choice {
        const char *id, *name;
        const char *of; /* the name of what it stands under: a school; NULL: none */
};
typedef int desk_choice_each(void *context, const struct desk_choice *choice, struct err *err);

/* Organisations of KIND ("group", "school"; NULL: any) in SCOPE and below, by name. */
int desk_choose_organisations(struct db *db, const char *scope, const char *kind, const char *today,
                              desk_choice_each *each, void *context, struct err *err);
/* The pupils of GROUP on TODAY. */
int desk_choose_pupils(struct db *db, const char *group, const char *today, desk_choice_each *each,
                       void *context, struct err *err);
/* Workplaces of the whole network that SCOPE belongs to, those of its own municipality first; `of` is the
 * other municipality. */
int desk_choose_workplaces(struct db *db, const char *scope, desk_choice_each *each, void *context,
                           struct err *err);
/* 1: WORKPLACE is one of them; free() *ret_name. */
int desk_workplace_name(struct db *db, const char *scope, const char *workplace, char **ret_name,
                        struct err *err);
int desk_choose_supervisors(struct db *db, const char *workplace, desk_choice_each *each, void *context,
                            struct err *err);

/* A day of the calendar. */
struct desk_date {
        const char *day, *kind; /* school, weekend, holiday, break, outside */
        const char *name;       /* of a holiday or a break; NULL: none is known */
};
int desk_calendar(struct db *db, const char *organisation, const char *first_day, const char *last_day,
                  int (*each)(void *context, const struct desk_date *date, struct err *err), void *context,
                  struct err *err);

/* One day of a placement in a month; of a pupil without any, one row whose placement is NULL. By pupil's
 * name, placement, day. */
struct desk_month_day {
        const char *pupil, *given, *family;
        const char *placement, *workplace, *first_day, *last_day;
        const char *original_day, *day, *state, *kind; /* NULL: the placement has no day in the month */
        int64_t starts, ends;
        unsigned signatures; /* DESK_SIGNED_… */
        bool is_protected, is_cancelled, is_block;
};
#define DESK_SIGNED_GUARDIAN 1u
#define DESK_SIGNED_WORKPLACE 2u
#define DESK_SIGNED_SCHOOL 4u
#define DESK_SIGNED_ALL 7u

/* The pupils of GROUP. */
int desk_month_of_group(struct db *db, const char *group, const char *first_day, const char *last_day,
                        int (*each)(void *context, const struct desk_month_day *day, struct err *err),
                        void *context, struct err *err);
/* The pupils of SCOPE who are at WORKPLACE; protected ones are left out. */
int desk_month_of_workplace(struct db *db, const char *workplace, const char *scope, const char *first_day,
                            const char *last_day,
                            int (*each)(void *context, const struct desk_month_day *day, struct err *err),
                            void *context, struct err *err);

/* One placement. */
struct desk_placement {
        char id[ID_SIZE], pupil[ID_SIZE], workplace[ID_SIZE];
        char supervisor[ID_SIZE];                            /* "": the workplace's first */
        char *pupil_name, *workplace_name, *supervisor_name; /* the last NULL: there is none */
        char first_day[11], last_day[11], weekdays[16];
        int starts, ends; /* seconds from noon */
        bool is_block, is_cancelled, is_protected;
        struct desk_signature {
                int64_t at; /* 0: not signed */
                char *by;   /* name; NULL: not known */
        } guardian, supervised, school;
};
/* 0: there is none. Free with desk_placement_fini. */
int desk_placement_read(struct db *db, const char *id, struct desk_placement *ret_placement, struct err *err);
void desk_placement_fini(struct desk_placement *placement);

struct desk_placement_day {
        const char *original_day, *day, *kind, *mark; /* mark NULL: nobody has said */
        const char *reason;                           /* a code; NULL: none was given */
        int64_t starts, ends;
        bool is_cancelled, is_by_hand;
};
int desk_placement_days(struct db *db, const char *id,
                        int (*each)(void *context, const struct desk_placement_day *day, struct err *err),
                        void *context, struct err *err);

/* What stands beside the plan of PLACEMENT as it stands on this connection: trips and meetings in its hours
 * of the pupil or of their group, others of the group at the same workplace on the same days. */
struct desk_clash {
        const char *kind; /* "meeting", "pupil" */
        const char *name; /* of the meeting; first name */
        const char *code; /* of a meeting: its kind; else NULL */
        const char *day;  /* the first */
        int days;
};
int desk_placement_clashes(struct db *db, const char *placement, const char *group,
                           int (*each)(void *context, const struct desk_clash *clash, struct err *err),
                           void *context, struct err *err);

/* Days on which the placement would work, were they school days: holidays and breaks. COUNT in all. */
int desk_placement_free_days(struct db *db, const char *placement, const char *organisation,
                             int (*each)(void *context, const struct desk_date *date, struct err *err),
                             void *context, struct err *err);
/* How many working days the placement has. */
int desk_placement_work_days(struct db *db, const char *placement, struct err *err);

#endif
