/* sign_in_openid: the two routes of signing in by OpenID Connect, and what they must know of the
 * configuration. */
#ifndef DESK_SIGN_IN_OPENID_H
#define DESK_SIGN_IN_OPENID_H

#include "desk/openid.h"

struct db;
struct request;
struct web;

/* web_options.openid; borrowed until the web has closed. */
struct desk_openid {
        struct openid *openid;
        const char *name; /* on the button */
        bool is_person;   /* the claim is a person's id, not an e-mail address */
};

bool openid_is_on(const struct web *web);

/* POST /desk/openid/begin, GET /desk/openid/return. */
void openid_begin_post(struct web *web, struct request *request, struct db *db);
void openid_return_get(struct web *web, struct request *request, struct db *db);

#endif
