/* agreement: who signed a placement's agreement, and who was checked in at the workplace. */
#ifndef STORE_AGREEMENT_H
#define STORE_AGREEMENT_H

#include "store/put.h"

struct signature {
        const char *placement, *party;
        const char *by; /* NULL: not said */
        int64_t at_utc, event;
};

/* The first signature of a party stands; signing again changes nothing. */
int agreement_sign(struct db *db, const struct signature *row, struct err *err);

struct checkin {
        const char *placement, *day, *mark;
        const char *by; /* NULL: not said */
        int64_t at_utc, event;
};

/* A later check-in of the same day replaces the earlier. ERR_NOT_FOUND: no working day stands on that date.
 */
int checkin_put(struct db *db, const struct checkin *row, struct err *err);

#endif
