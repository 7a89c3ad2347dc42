/* workplace: where placements are, its supervisors in their order, and the cards it asks for. */
#ifndef STORE_WORKPLACE_H
#define STORE_WORKPLACE_H

#include "store/put.h"

struct workplace {
        const char *id, *name, *organisation;
        const char *address; /* NULL: none */
        const char *const *supervisors, *const *cards;
        size_t supervisor_count, card_count;
};

/* Replaces supervisors and cards too; PUT_UPDATED when only they changed. */
int workplace_put(struct db *db, const char *source, const struct workplace *row, struct err *err);

/* 1: there is such a workplace and it has not ended; *ret_organisation is whose it is. */
int workplace_exists(struct db *db, const char *id, char ret_organisation[static ID_SIZE], struct err *err);

#endif
