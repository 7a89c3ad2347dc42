/* link_make: a calendar's link, made for somebody who may have one. */
#ifndef CALENDAR_LINK_MAKE_H
#define CALENDAR_LINK_MAKE_H

#include "calendar/link.h"

/* A link that is made: whose it is, what it is called, and the one time that its token is known. */
struct link_made {
        struct feed feed;
        struct feed_owner owner;
        char token[LINK_TOKEN_MAX];
};

/* In the caller's transaction. KIND as feed_kind_of's WANTED. ERR_NOT_FOUND and ERR_CONFLICT (nothing, or
 * several, bear the id; no right to a calendar), ERR_LIMIT. Free with link_made_fini, also after a failure.
 */
int link_make(struct db *db, const char *owner, const char *kind, int64_t now_utc, struct link_made *ret_made,
              struct err *err);

/* The same in place of the link FEED, which closes at once. ERR_CONFLICT when that is revoked already. */
int link_rotate(struct db *db, const char *feed, int64_t now_utc, struct link_made *ret_made,
                struct err *err);

void link_made_fini(struct link_made *made);

#endif
