/* answer: what people answered to notices, who took one on, and which held messages staff confirmed. */
#ifndef STORE_ANSWER_H
#define STORE_ANSWER_H

#include "store/put.h"

struct answer {
        const char *recipient, *subject, *rule; /* "": not said */
        const char *answer;                     /* knew, did-not-know, call-me, taken, confirmed */
        const char *class, *by;                 /* NULL: none */
        int64_t at_utc, event;
};

int answer_add(struct db *db, const struct answer *row, struct err *err);

#define ANSWER_DAY_SIZE 11 /* "2026-11-23" and NUL */

/* What RECIPIENT was last asked about SUBJECT. 1: something, and *ret_day is the day of the attendance marks
 * behind it,
 * "" when there are none. 0: nothing, though RULE has spoken. 2: nothing, but nothing is known of RULE
 * either. */
enum { ANSWER_NEVER_ASKED, ANSWER_ASKED, ANSWER_RULE_UNKNOWN };
int answer_asked(struct db *db, const char *recipient, const char *subject, const char *rule,
                 char ret_day[static ANSWER_DAY_SIZE], struct err *err);

/* The same of what anybody was told about SUBJECT, by whichever rule; of a pupil also through a placement or
 * a case. */
int answer_told(struct db *db, const char *subject, const char *rule, struct err *err);

#endif
