/* desk_case: the lists of cases at the desk: a member of staff's own, and those of the pupils of a school by
 * number, step, state and owner alone. */
#ifndef STORE_DESK_CASE_H
#define STORE_DESK_CASE_H

#include "store/page_case.h"

#define DESK_CASES_MAX 50 /* of one page of a list */

struct desk_case {
        const char *id, *step, *outcome; /* outcome: "" while it is open */
        const char *owner;               /* name; NULL: nobody, or one who is protected */
        const char *pupil;               /* given name; NULL: not to be told here */
        const char *group;               /* of the case's organisation; NULL with the pupil */
        unsigned parts;                  /* enum page_case_part: what the reader may see */
        bool may_act, is_owner;          /* may_act: the owner, or who stands in */
        bool is_new, is_closed, is_urgent;
        int64_t opened, closed;
        const char *next_contact; /* the day that staff have set; "": none */
        int64_t due; /* when a rule asks for an acknowledgement or for a contact, 0: not known yet */
};

typedef int desk_case_each(void *context, const struct desk_case *row, struct err *err);

/* The cases that PERSON owns, stands in for or takes part in, from the START-th (0 the first) on, at most
 * DESK_CASES_MAX. Open ones: those to act on before others, new before acknowledged, urgent before others,
 * then by the next day; closed ones: the last closed first. 1: there are more. */
int desk_case_own(struct db *db, const char *person, bool is_closed, int64_t start, desk_case_each *each,
                  void *context, struct err *err);

/* When a rule asks for the next act on the open case ID; 0: not known yet. */
int desk_case_due(struct db *db, const char *id, int64_t *ret_due, struct err *err);

/* How many of them PERSON may act on: open ones, and those that nobody has acknowledged. */
int desk_case_count(struct db *db, const char *person, int64_t *ret_open, int64_t *ret_new, struct err *err);

/* The open cases at and below the organisations of SCOPE (a JSON array), the oldest first: number, step,
 * owner, state and when it was opened alone. 1: there are more. */
int desk_case_below(struct db *db, const char *scope, int64_t start, desk_case_each *each, void *context,
                    struct err *err);

#endif
