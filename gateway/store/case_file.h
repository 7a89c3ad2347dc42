/* case_file: the follow-up of one pupil. A pupil has at most one that is not closed; what rules find opens
 * it, joins it or raises it, what people do (store/network.h: case_act_add) moves it on. Ids and codes only.
 */
#ifndef STORE_CASE_FILE_H
#define STORE_CASE_FILE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

#define CASE_ID_MAX 24   /* bytes with NUL: "2026-0001" */
#define CASE_STEP_MAX 32 /* bytes with NUL */
#define CASE_OWNER_MAX 256

enum case_change { CASE_OPENED, CASE_JOINED, CASE_RAISED };

/* What a rule asks for. Texts are borrowed. */
struct case_wish {
        const char *pupil, *organisation, *rule;
        const char *step;               /* NULL: no step of its own */
        const char *owner_role;         /* "teacher", "curator", … */
        const char *owner, *substitute; /* NULL: nobody has the role */
        int year;                       /* of the number, when a case is opened */
        bool urgent;
        int64_t match, now_utc;
};

struct case_file {
        char id[CASE_ID_MAX], step[CASE_STEP_MAX];
        char owner[CASE_OWNER_MAX]; /* "": nobody */
};

/* Opens a case, or joins the pupil's open one. The step and the owner are raised, never lowered: of two whole
 * numbers the larger stays; a curator is not replaced by a teacher. A match that has joined before changes
 * nothing. */
int case_join(struct db *db, const struct case_wish *wish, struct case_file *ret_case,
              enum case_change *ret_change, struct err *err);

/* 1: there is one; 0: no case of that id. */
int case_get(struct db *db, const char *id, struct case_file *ret_case, struct err *err);

/* The case that MATCH has opened, joined or raised. 1: there is one. */
int case_of_match(struct db *db, int64_t match, struct case_file *ret_case, struct err *err);

/* The case as those who write events need to know it. 1: there is one. */
struct case_pupil {
        char pupil[CASE_OWNER_MAX], organisation[CASE_OWNER_MAX];
        bool may_hand_over; /* the transfer of what is known is permitted */
};
int case_pupil(struct db *db, const char *id, struct case_pupil *ret_pupil, struct err *err);

#endif
