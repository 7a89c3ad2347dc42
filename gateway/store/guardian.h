/* guardian: who is told about a pupil: guardians by rank, and carers beside or in place of them. */
#ifndef STORE_GUARDIAN_H
#define STORE_GUARDIAN_H

#include "store/put.h"

struct guardian {
        const char *pupil, *guardian;
        int rank; /* 1: told first */
        bool notify, restricted, emergency_only;
        bool says_little; /* of a guardian who is known already the three and the rank stay as they are */
};

int guardian_put(struct db *db, const char *source, const struct guardian *row, struct err *err);

struct carer {
        const char *pupil, *carer;
        bool instead; /* told in place of the guardians */
};

int carer_put(struct db *db, const char *source, const struct carer *row, struct err *err);

#endif
