/* hold: staff stop all messages about a pupil or a group, or to a person. */
#ifndef STORE_HOLD_H
#define STORE_HOLD_H

#include "store/put.h"

struct hold {
        const char *kind, *subject; /* kind: pupil, group, person */
        const char *reason, *by;    /* NULL: not said */
        int64_t starts;
        int64_t ends; /* INT64_MAX: until released */
        int64_t event;
};

int hold_add(struct db *db, const struct hold *row, struct err *err);

/* Ends every hold of the subject that is open at AT. */
int hold_release(struct db *db, const char *kind, const char *subject, int64_t at_utc, struct err *err);

#endif
