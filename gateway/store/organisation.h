/* organisation: the tree network > municipality > school > group, its links, and what the tree says about one
 * of them. */
#ifndef STORE_ORGANISATION_H
#define STORE_ORGANISATION_H

#include "base/zone_keep.h"
#include "store/put.h"

struct organisation {
        const char *id, *kind, *name;
        const char *parent, *phone, *timezone, *languages; /* NULL: none */
        bool says_little; /* NULL of the last three says nothing: what is known already stays */
};

/* Also brings back one that had ended. ERR_CONFLICT when its parent stands below it. */
int organisation_put(struct db *db, const char *source, const struct organisation *row, struct err *err);

/* 1: *ret_kind is its kind; 0: there is none, or it has ended. */
int organisation_kind(struct db *db, const char *id, char ret_kind[static 16], struct err *err);

/* As organisation_kind, but 0 also for one that SOURCE owns and did not name in this import (store/seen.h).
 */
int organisation_stays(struct db *db, const char *id, const char *source, char ret_kind[static 16],
                       struct err *err);

struct organisation_link {
        const char *title, *url;
};

/* Replaces the links of ORGANISATION; 1 when that changed any. */
int organisation_put_links(struct db *db, const char *source, const char *organisation,
                           const struct organisation_link *links, size_t count, struct err *err);

/* 1 when ID is ANCESTOR or stands below it. */
int organisation_is_under(struct db *db, const char *id, const char *ancestor, struct err *err);

/* The name of its time zone; 0 when there is no such organisation. */
int organisation_zone(struct db *db, const char *id, char ret_zone[static ZONE_NAME_MAX], struct err *err);

/* The zone of the top organisation (the first by id), Europe/Helsinki when there is none. */
int organisation_top_zone(struct db *db, char ret_zone[static ZONE_NAME_MAX], struct err *err);

#endif
