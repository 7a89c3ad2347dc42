#include "store/token.h"
#include "store/db.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define ID_RANDOM_BYTES 5

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Keep in alphabetical order. */
static const char *const scope_table[] = {"clock:write", "events:read", "events:write"};

/* base64url (RFC 4648 5) without padding. */
static void encode(const unsigned char *data, size_t length, char *ret_text)
{
        uint32_t bits = 0;
        int held = 0;

        for (size_t i = 0; i < length; i++) {
                bits = bits << 8 | data[i];
                for (held += 8; held >= 6; held -= 6)
                        *ret_text++ = alphabet[bits >> (held - 6) & 63];
        }
        if (held)
                *ret_text++ = alphabet[bits << (6 - held) & 63];
        *ret_text = '\0';
}

bool token_hash(const char *text, unsigned char ret_hash[static TOKEN_HASH_BYTES])
{
        if (strlen(text) != TOKEN_TEXT_MAX - 1 || strspn(text, alphabet) != TOKEN_TEXT_MAX - 1)
                return false;
        return EVP_Digest(text, TOKEN_TEXT_MAX - 1, ret_hash, NULL, EVP_sha256(), NULL) == 1;
}

int token_make(char ret_text[static TOKEN_TEXT_MAX], unsigned char ret_hash[static TOKEN_HASH_BYTES],
               struct err *err)
{
        unsigned char bytes[TOKEN_BYTES];

        if (RAND_bytes(bytes, sizeof bytes) != 1)
                return err_set(err, ERR_IO, "token: the system gave no random bytes: try again");
        encode(bytes, sizeof bytes, ret_text);
        OPENSSL_cleanse(bytes, sizeof bytes);
        if (!token_hash(ret_text, ret_hash))
                return err_set(err, ERR_IO,
                               "token: SHA-256 does not work: check the installation of OpenSSL");
        return 0;
}

static int make_id(char ret_id[static TOKEN_ID_MAX], struct err *err)
{
        unsigned char bytes[ID_RANDOM_BYTES];

        if (RAND_bytes(bytes, sizeof bytes) != 1)
                return err_set(err, ERR_IO, "token: the system gave no random bytes: try again");
        snprintf(ret_id, TOKEN_ID_MAX, "t-%02x%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2], bytes[3],
                 bytes[4]);
        return 0;
}

static bool is_known_scope(const char *scope, size_t length)
{
        for (size_t i = 0; i < ARRAY_SIZE(scope_table); i++)
                if (strlen(scope_table[i]) == length && memcmp(scope_table[i], scope, length) == 0)
                        return true;
        return false;
}

/* Whether LIST, scopes with commas between, names SCOPE. */
static bool list_has(const char *list, const char *scope, size_t length)
{
        size_t part;

        for (;; list += part + 1) {
                part = strcspn(list, ",");
                if (part == length && memcmp(list, scope, length) == 0)
                        return true;
                if (!list[part])
                        return false;
        }
}

bool token_has_scope(const struct token *token, const char *scope)
{
        return list_has(token->scope, scope, strlen(scope));
}

static int check_scope(const char *scope, struct err *err)
{
        size_t part;

        for (const char *at = scope;; at += part + 1) {
                part = strcspn(at, ",");
                if (!is_known_scope(at, part))
                        return err_set(
                            err, ERR_USAGE,
                            "--scope: %.*s: no such scope: give %s, %s or %s, or several with commas between",
                            (int)(part < 40 ? part : 40), at, scope_table[0], scope_table[1], scope_table[2]);
                if (!at[part])
                        return 0;
        }
}

static int check_organisation(struct db *db, const char *organisation, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT 1 FROM organisation WHERE id = ?", err);
        query_text(&q, organisation);
        r = query_row(&q);
        query_end(&q);
        if (r == 0)
                return err_set(err, ERR_NOT_FOUND,
                               "--organisation: %.80s: no such organisation: import the roster first",
                               organisation);
        return r < 0 ? r : 0;
}

/* Copies a text that must not be cut: a shorter organisation or prefix would give other rights. */
static int keep(char *ret_text, size_t size, const char *what, const char *text, struct err *err)
{
        if (!text)
                text = "";
        if (strlen(text) >= size)
                return err_set(err, ERR_USAGE, "token: its %s is longer than %zu bytes: shorten it", what,
                               size - 1);
        memcpy(ret_text, text, strlen(text) + 1);
        return 0;
}

static int insert(struct db *db, const struct token *token, const unsigned char *hash, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO token(id, name, scope, organisation, source_prefix, token_hash, created)"
                    " VALUES (?, ?, ?, nullif(?, ''), ?, ?, ?)",
                    err);
        query_text(&q, token->id);
        query_text(&q, token->name);
        query_text(&q, token->scope);
        query_text(&q, token->organisation);
        query_text(&q, token->source_prefix);
        query_blob(&q, hash, TOKEN_HASH_BYTES);
        query_int(&q, token->created_utc);
        return query_run(&q);
}

int token_create(struct db *db, int64_t now_utc, const char *name, const char *scope,
                 const char *organisation, const char *source_prefix, struct token *ret_token,
                 char ret_text[static TOKEN_TEXT_MAX], struct err *err)
{
        struct token token = {.created_utc = now_utc};
        unsigned char hash[TOKEN_HASH_BYTES];
        char text[TOKEN_TEXT_MAX];
        int r;

        r = check_scope(scope, err);
        if (r == 0 && organisation)
                r = check_organisation(db, organisation, err);
        if (r == 0)
                r = keep(token.name, sizeof token.name, "name", name, err);
        if (r == 0)
                r = keep(token.scope, sizeof token.scope, "scope", scope, err);
        if (r == 0)
                r = keep(token.organisation, sizeof token.organisation, "organisation", organisation, err);
        if (r == 0)
                r = keep(token.source_prefix, sizeof token.source_prefix, "source prefix", source_prefix,
                         err);
        if (r == 0)
                r = make_id(token.id, err);
        if (r == 0)
                r = token_make(text, hash, err);
        if (r == 0)
                r = insert(db, &token, hash, err);
        if (r < 0)
                return r;
        *ret_token = token;
        memcpy(ret_text, text, sizeof text);
        OPENSSL_cleanse(text, sizeof text);
        return 0;
}

#define TOKEN_COLUMNS "id, name, scope, organisation, source_prefix, created, revoked, last_used"

static int read_row(struct query *q, struct token *ret_token, struct err *err)
{
        struct token token = {.created_utc = column_int(q, 5),
                              .revoked_utc = column_int_or(q, 6, 0),
                              .last_used_utc = column_int_or(q, 7, 0)};
        int r;

        r = keep(token.id, sizeof token.id, "id", column_text(q, 0), err);
        if (r == 0)
                r = keep(token.name, sizeof token.name, "name", column_text(q, 1), err);
        if (r == 0)
                r = keep(token.scope, sizeof token.scope, "scope", column_text(q, 2), err);
        if (r == 0)
                r = keep(token.organisation, sizeof token.organisation, "organisation", column_text(q, 3),
                         err);
        if (r == 0)
                r = keep(token.source_prefix, sizeof token.source_prefix, "source prefix", column_text(q, 4),
                         err);
        if (r == 0)
                *ret_token = token;
        return r;
}

int token_find(struct db *db, const char *text, struct token *ret_token, struct err *err)
{
        unsigned char hash[TOKEN_HASH_BYTES];
        const void *stored;
        struct query q;
        size_t length;
        int r;

        if (!token_hash(text, hash))
                return err_set(err, ERR_NOT_FOUND, "token: is not one: make one with kapula tokens create");
        query_start(
            &q, db,
            "SELECT " TOKEN_COLUMNS ", token_hash FROM token WHERE token_hash = ? AND revoked IS NULL", err);
        query_blob(&q, hash, sizeof hash);
        r = query_row(&q);
        if (r > 0) {
                /* The index compared hashes, which tells a guesser nothing of the text; this says so in code.
                 */
                stored = column_blob(&q, 8, &length);
                r = length == sizeof hash && CRYPTO_memcmp(stored, hash, sizeof hash) == 0
                        ? read_row(&q, ret_token, err)
                        : ERR_NOT_FOUND;
        } else if (r == 0) {
                r = err_set(err, ERR_NOT_FOUND,
                            "token: is unknown or revoked: make one with kapula tokens create");
        }
        query_end(&q);
        return r;
}

int token_used(struct db *db, int64_t now_utc, const char *id, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE token SET last_used = ? WHERE id = ? AND (last_used IS NULL OR last_used <= ?)",
                    err);
        query_int(&q, now_utc);
        query_text(&q, id);
        query_int(&q, now_utc - TOKEN_USE_STEP_S);
        return query_run(&q);
}

int token_revoke(struct db *db, int64_t now_utc, const char *id, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "UPDATE token SET revoked = coalesce(revoked, ?) WHERE id = ?", err);
        query_int(&q, now_utc);
        query_text(&q, id);
        r = query_run(&q);
        if (r == 0 && db_changes(db) == 0)
                return err_set(err, ERR_NOT_FOUND, "token: %.40s: no such token: see kapula tokens list", id);
        return r;
}

int token_each(struct db *db, int (*each)(void *context, const struct token *token), void *context,
               struct err *err)
{
        struct token token;
        struct query q;
        int r;

        query_start(&q, db, "SELECT " TOKEN_COLUMNS " FROM token ORDER BY created, rowid", err);
        while ((r = query_row(&q)) > 0) {
                r = read_row(&q, &token, err);
                if (r == 0)
                        r = each(context, &token);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}
