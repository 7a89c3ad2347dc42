/* openid_provider: what an OpenID provider says of itself, and one request to it. For openid.c alone, on one
 * thread at a time. */
#ifndef DESK_OPENID_PROVIDER_H
#define DESK_OPENID_PROVIDER_H

#include "base/buf.h"
#include "desk/openid.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdatomic.h>

enum openid_auth { OPENID_AUTH_NONE, OPENID_AUTH_BASIC, OPENID_AUTH_POST };

struct openid_provider {
        const struct openid_options *options;
        const atomic_bool *stopping; /* true: requests end at once; NULL: nobody stops them */
        CURL *easy;
        char *authorization_url, *token_url, *userinfo_url, *keys_url; /* userinfo_url NULL: it has none */
        enum openid_auth auth;
        bool names_itself; /* its answers carry `iss` */
        json_t *keys;      /* NULL: not read yet */
};

int openid_provider_init(struct openid_provider *provider, const struct openid_options *options,
                         const atomic_bool *stopping, struct err *err);
void openid_provider_fini(struct openid_provider *provider);

/* Reads the discovery document and the keys; when that fails what was known stays. ERR_IO, ERR_INVALID,
 * ERR_NOMEM. */
int openid_provider_read(struct openid_provider *provider, struct err *err);
int openid_provider_read_keys(struct openid_provider *provider, struct err *err);

/* Takes the discovery document DOCUMENT in; exactly our issuer's, with addresses that may be used. */
int openid_provider_take(struct openid_provider *provider, const json_t *document, struct err *err);

/* The answer to a code. ERR_INVALID when it is refused. */
int openid_provider_exchange(struct openid_provider *provider, const char *code, const char *redirect_uri,
                             const char *verifier, json_t **ret_answer, struct err *err);

/* What the provider tells to whoever holds ACCESS_TOKEN. */
int openid_provider_userinfo(struct openid_provider *provider, const char *access_token, json_t **ret_claims,
                             struct err *err);

/* Adds NAME=VALUE, escaped, with '&' before it unless nothing or '?' stands there. */
void openid_provider_add(struct openid_provider *provider, struct buf *buf, const char *name,
                         const char *value);

#endif
