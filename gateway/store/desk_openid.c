#include "store/desk_openid.h"
#include "store/put.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define HASH_BYTES 32

static int hash_text(const char *text, uint8_t ret_hash[static HASH_BYTES], struct err *err)
{
        return EVP_Digest(text, strlen(text), ret_hash, NULL, EVP_sha256(), NULL) == 1
                   ? 0
                   : err_set(err, ERR_IO, "OpenID: SHA-256 failed: try again");
}

static int forget_old(struct db *db, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db, "DELETE FROM openid_request WHERE expires <= ?", err);
        query_int(&q, now_utc);
        return query_run(&q);
}

static int check_room(struct db *db, struct err *err)
{
        struct query q;
        int64_t count;
        int r;

        query_start(&q, db, "SELECT count(*) FROM openid_request", err);
        r = query_row(&q);
        count = r > 0 ? column_int(&q, 0) : 0;
        query_end(&q);
        if (r < 0)
                return r;
        return count < DESK_OPENID_OPEN_MAX
                   ? 0
                   : err_set(err, ERR_LIMIT, "OpenID: %d sign-ins are under way: try again in some minutes",
                             DESK_OPENID_OPEN_MAX);
}

int desk_openid_begin(struct db *db, int64_t now_utc, const char *state, const char *secret, struct err *err)
{
        uint8_t state_hash[HASH_BYTES], secret_hash[HASH_BYTES];
        struct query q;
        int r = forget_old(db, now_utc, err);

        if (r >= 0)
                r = check_room(db, err);
        if (r == 0)
                r = hash_text(state, state_hash, err);
        if (r == 0)
                r = hash_text(secret, secret_hash, err);
        if (r < 0)
                return r;
        query_start(&q, db, "INSERT INTO openid_request(state, secret, expires) VALUES (?, ?, ?)", err);
        query_blob(&q, state_hash, sizeof state_hash);
        query_blob(&q, secret_hash, sizeof secret_hash);
        query_int(&q, now_utc + DESK_OPENID_LIFE_S);
        r = query_run(&q);
        return r < 0 ? r : 0;
}

int desk_openid_end(struct db *db, int64_t now_utc, const char *state, const char *secret, struct err *err)
{
        uint8_t state_hash[HASH_BYTES], secret_hash[HASH_BYTES];
        struct query q;
        bool fits = false;
        const void *kept;
        size_t length;
        int r = hash_text(state, state_hash, err);

        if (r == 0)
                r = hash_text(secret, secret_hash, err);
        if (r < 0)
                return r;
        query_start(&q, db, "DELETE FROM openid_request WHERE state = ? RETURNING secret, expires", err);
        query_blob(&q, state_hash, sizeof state_hash);
        r = query_row(&q);
        if (r > 0) {
                kept = column_blob(&q, 0, &length);
                fits = column_int(&q, 1) > now_utc && length == sizeof secret_hash &&
                       CRYPTO_memcmp(kept, secret_hash, length) == 0;
        }
        query_end(&q);
        return r < 0 ? r : fits;
}
