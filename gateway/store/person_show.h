/* person_show: what is known of one person, and contacts that imports refused, for staff at the machine. */
#ifndef STORE_PERSON_SHOW_H
#define STORE_PERSON_SHOW_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct db;

#define REFUSED_VALUE_MAX 80 /* bytes that are kept of what was refused */

/* A contact that is no number and no address. */
struct refused_contact {
        const char *channel, *value;
        int64_t line; /* 0: not known */
};

/* Those of PERSON in the last import of SOURCE, in place of what it had before. */
int refused_contacts_put(struct db *db, const char *source, const char *person,
                         const struct refused_contact *refused, size_t count, int64_t now_utc,
                         struct err *err);

/* How many stand. */
int refused_contacts_count(struct db *db, int64_t *ret_count, struct err *err);

/* Everything as one JSON object: id, names, roles, guardians, contacts with their states, refused, holds, the
 * last messages without their texts. free() it. ERR_NOT_FOUND. */
int person_show(struct db *db, const char *person, char **ret_json, struct err *err);

#endif
