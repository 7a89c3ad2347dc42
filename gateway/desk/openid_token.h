/* openid_token: whether an ID token of OpenID Connect is good: a JSON Web Token (RFC 7519) signed (RFC 7515)
 * with a key of its issuer's set (RFC 7517), for us, now, and in answer to our own request. Pure: knows no
 * network and asks nobody for the time. RS256, PS256 and ES256 are taken; `none` and whatever is made with a
 * shared secret are not. For desk/ alone.
 *
 * No error's text holds anything of the token. */
#ifndef DESK_OPENID_TOKEN_H
#define DESK_OPENID_TOKEN_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPENID_TOKEN_MAX_BYTES 32768
#define OPENID_KEYS_MAX 64 /* of a set; what comes after them is not looked at */
#define OPENID_SKEW_S 120  /* by which two clocks may differ */

struct openid_expected {
        const char *issuer, *client_id, *nonce;
        const char *access_token; /* that came with it, for at_hash; NULL: none came */
        int64_t now_utc;
};

enum {
        OPENID_TOKEN_GOOD,
        OPENID_TOKEN_KEY_UNKNOWN, /* KEYS has not the key that it names: they may be old */
};

/* KEYS is a JSON Web Key Set. *RET_CLAIMS is the caller's (json_decref), of OPENID_TOKEN_GOOD alone.
 * ERR_INVALID when the token is not good, ERR_NOMEM. */
int openid_token_read(const char *token, const json_t *keys, const struct openid_expected *expected,
                      json_t **ret_claims, struct err *err);

/* Bytes as base64url without padding (RFC 7515); TEXT has room for OPENID_BASE64_SIZE(length). */
#define OPENID_BASE64_SIZE(length) (((length)*4 + 2) / 3 + 1)
void openid_base64_encode(const uint8_t *bytes, size_t length, char *text);

/* Back again: how many bytes, or -1 when TEXT is no base64url, or over SIZE bytes. */
long openid_base64_decode(const char *text, size_t length, uint8_t *bytes, size_t size);

#endif
