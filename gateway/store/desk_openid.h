/* desk_openid: who has been sent to an OpenID provider and is not back yet. State and secret are texts of the
 * caller's; the store knows their SHA-256 alone. */
#ifndef STORE_DESK_OPENID_H
#define STORE_DESK_OPENID_H

#include "store/db.h"

#define DESK_OPENID_LIFE_S 600
#define DESK_OPENID_OPEN_MAX 10000 /* under way at once: nobody has signed in yet when one is begun */

/* ERR_LIMIT when too many are under way. */
int desk_openid_begin(struct db *db, int64_t now_utc, const char *state, const char *secret, struct err *err);

/* 1: the browser that holds SECRET was sent with STATE, not too long ago, and is back for the first time; 0:
 * not so. A state that is known is over afterwards, whoever brought it. */
int desk_openid_end(struct db *db, int64_t now_utc, const char *state, const char *secret, struct err *err);

#endif
