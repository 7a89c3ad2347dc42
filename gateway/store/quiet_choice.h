/* quiet_choice: the quiet hours that a person chose, among their choices as `quiet-from-19` and
 * `quiet-until-9`. They may be longer than everybody's, never shorter; what is urgent does not heed them. */
#ifndef STORE_QUIET_CHOICE_H
#define STORE_QUIET_CHOICE_H

#include "base/err.h"

#include <stdbool.h>

struct db;

#define QUIET_FROM_HOUR 21      /* everybody's */
#define QUIET_UNTIL_HOUR 7      /* everybody's */
#define QUIET_FROM_HOUR_MIN 17  /* the earliest that may be chosen */
#define QUIET_UNTIL_HOUR_MAX 10 /* the latest that may be chosen */

struct quiet_choice {
        int from_hour, until_hour; /* of the person's own clock, on the hour */
};

bool quiet_choice_is_allowed(const struct quiet_choice *choice);

/* Everybody's hours where the person chose none, and what is not allowed is not heeded. */
int quiet_choice_get(struct db *db, const char *person, struct quiet_choice *ret_choice, struct err *err);
int quiet_choice_set(struct db *db, const char *person, const struct quiet_choice *choice, struct err *err);

#endif
