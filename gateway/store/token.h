/* token: the API tokens. A token is 32 random bytes in base64url; only its SHA-256 is stored, so the text is
 * shown once, when it is made. It carries scopes, and may be bound to an organisation (and what stands below
 * it) and to a prefix of CloudEvents `source`. */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

#define TOKEN_BYTES 32
#define TOKEN_TEXT_MAX 44 /* 43 characters of base64url and NUL */
#define TOKEN_HASH_BYTES 32
#define TOKEN_ID_MAX 16
#define TOKEN_NAME_MAX 128
#define TOKEN_SCOPE_MAX 128
#define TOKEN_ORGANISATION_MAX 256
#define TOKEN_SOURCE_MAX 512

struct token {
        char id[TOKEN_ID_MAX];
        char name[TOKEN_NAME_MAX];
        char scope[TOKEN_SCOPE_MAX];               /* "events:write" or several with commas between */
        char organisation[TOKEN_ORGANISATION_MAX]; /* "": the whole tree */
        char source_prefix[TOKEN_SOURCE_MAX];      /* "": any source */
        int64_t created_utc;
        int64_t revoked_utc, last_used_utc; /* 0: never */
};

/* A new secret and its hash; also what calendar and answer links are made of. ERR_IO when there is no
 * randomness. */
int token_make(char ret_text[static TOKEN_TEXT_MAX], unsigned char ret_hash[static TOKEN_HASH_BYTES],
               struct err *err);

/* The hash under which TEXT (43 characters of base64url) is stored; false when it has not the shape of a
 * token. */
bool token_hash(const char *text, unsigned char ret_hash[static TOKEN_HASH_BYTES]);

/* ORGANISATION and SOURCE_PREFIX may be NULL. ERR_USAGE for an unknown scope or a name too long,
 * ERR_NOT_FOUND for an unknown organisation. */
int token_create(struct db *db, int64_t now_utc, const char *name, const char *scope,
                 const char *organisation, const char *source_prefix, struct token *ret_token,
                 char ret_text[static TOKEN_TEXT_MAX], struct err *err);

/* The token in force whose text is TEXT. ERR_NOT_FOUND when there is none or it is revoked. */
int token_find(struct db *db, const char *text, struct token *ret_token, struct err *err);

bool token_has_scope(const struct token *token, const char *scope);

/* Notes the use; a use within TOKEN_USE_STEP_S of the noted one changes nothing. */
#define TOKEN_USE_STEP_S 3600
int token_used(struct db *db, int64_t now_utc, const char *id, struct err *err);

/* ERR_NOT_FOUND when there is no such token; revoking twice is no error and keeps the first time. */
int token_revoke(struct db *db, int64_t now_utc, const char *id, struct err *err);

/* Every token, the oldest first; stops when EACH returns negative, and returns that. */
int token_each(struct db *db, int (*each)(void *context, const struct token *token), void *context,
               struct err *err);

#endif
