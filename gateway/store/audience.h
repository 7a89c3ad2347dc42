/* audience: mailing groups. */
#ifndef STORE_AUDIENCE_H
#define STORE_AUDIENCE_H

#include "store/put.h"

struct audience {
        const char *id, *organisation;
        const char *const *members; /* each once */
        size_t member_count;
};

/* Replaces the members too; PUT_UPDATED when only they changed. */
int audience_put(struct db *db, const char *source, const struct audience *row, struct err *err);

/* 1: there is such an audience; *ret_organisation is whose it is. */
int audience_exists(struct db *db, const char *id, char ret_organisation[static ID_SIZE], struct err *err);

/* How many belong to it who have not ended. */
int audience_size(struct db *db, const char *id, struct err *err);

#endif
