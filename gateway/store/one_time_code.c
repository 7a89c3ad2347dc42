#include "store/one_time_code.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define HASH_BYTES 32
#define CODES 1000000u

/* With what it is for, so that the hash of one code says nothing of another. */
static int hash_code(const char *person, const char *purpose, const char *subject, const char *code,
                     uint8_t ret_hash[static HASH_BYTES], struct err *err)
{
        _cleanup_(free_ptr) char *seed = NULL;

        if (asprintf(&seed, "%s\n%s\n%s\n%s", person, purpose, subject, code) < 0)
                return err_set(err, ERR_NOMEM, "code: out of memory");
        if (EVP_Digest(seed, strlen(seed), ret_hash, NULL, EVP_sha256(), NULL) != 1)
                return err_set(err, ERR_IO, "code: SHA-256 failed: try again");
        return 0;
}

static int count_asked(struct db *db, int64_t now_utc, const char *person, int64_t *ret_count,
                       struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT count(*) FROM one_time_code WHERE person = ? AND created > ?", err);
        query_text(&q, person);
        query_int(&q, now_utc - 3600);
        r = query_row(&q);
        *ret_count = r > 0 ? column_int(&q, 0) : 0;
        query_end(&q);
        return r < 0 ? r : 0;
}

static int forget_old(struct db *db, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db, "DELETE FROM one_time_code WHERE created < ?", err);
        query_int(&q, now_utc - 86400);
        return query_run(&q);
}

static int draw(char ret_code[static ONE_TIME_CODE_SIZE], struct err *err)
{
        uint32_t number;

        do
                if (RAND_bytes((unsigned char *)&number, sizeof number) != 1)
                        return err_set(err, ERR_IO, "code: no random numbers: try again");
        while (number >= UINT32_MAX / CODES * CODES); /* each code is as likely */
        snprintf(ret_code, ONE_TIME_CODE_SIZE, "%06u", number % CODES);
        return 0;
}

int one_time_code_make(struct db *db, int64_t now_utc, const char *person, const char *purpose,
                       const char *subject, const char *detail, char ret_code[static ONE_TIME_CODE_SIZE],
                       struct err *err)
{
        uint8_t hash[HASH_BYTES];
        struct query q;
        int64_t count;
        int r = forget_old(db, now_utc, err);

        if (r == 0)
                r = count_asked(db, now_utc, person, &count, err);
        if (r == 0 && count >= ONE_TIME_CODE_AN_HOUR)
                return err_set(err, ERR_LIMIT, "code: asked for too often: wait an hour");
        if (r == 0)
                r = draw(ret_code, err);
        if (r == 0)
                r = hash_code(person, purpose, subject, ret_code, hash, err);
        if (r < 0)
                return r;
        query_start(&q, db,
                    "INSERT INTO one_time_code(person, purpose, subject, code_hash, detail, created, expires)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    err);
        query_text(&q, person);
        query_text(&q, purpose);
        query_text(&q, subject);
        query_blob(&q, hash, sizeof hash);
        query_text(&q, detail);
        query_int(&q, now_utc);
        query_int(&q, now_utc + ONE_TIME_CODE_LIFE_S);
        return query_run(&q);
}

struct standing {
        int64_t id;
        uint8_t hash[HASH_BYTES];
        char *detail;
};

/* The newest, when it can still be answered. 1: there is one. */
static int find(struct db *db, int64_t now_utc, const char *person, const char *purpose, const char *subject,
                struct standing *ret_code, struct err *err)
{
        const void *hash;
        size_t length;
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT id, code_hash, detail FROM (SELECT * FROM one_time_code"
                    " WHERE person = ? AND purpose = ? AND subject = ? ORDER BY id DESC LIMIT 1)"
                    " WHERE used IS NULL AND expires > ? AND tries < ?",
                    err);
        query_text(&q, person);
        query_text(&q, purpose);
        query_text(&q, subject);
        query_int(&q, now_utc);
        query_int(&q, ONE_TIME_CODE_TRIES);
        r = query_row(&q);
        if (r > 0) {
                ret_code->id = column_int(&q, 0);
                hash = column_blob(&q, 1, &length);
                if (length == HASH_BYTES)
                        memcpy(ret_code->hash, hash, HASH_BYTES);
                ret_code->detail = strdup(column_text(&q, 2));
                if (!ret_code->detail)
                        r = err_set(err, ERR_NOMEM, "code: out of memory");
        }
        query_end(&q);
        return r;
}

static int note(struct db *db, int64_t id, bool is_right, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE one_time_code SET tries = tries + 1, used = CASE WHEN ?2 THEN ?3 END,"
                    " detail = CASE WHEN ?2 THEN '' ELSE detail END WHERE id = ?1",
                    err);
        query_int(&q, id);
        query_int(&q, is_right);
        query_int(&q, now_utc);
        return query_run(&q);
}

int one_time_code_use(struct db *db, int64_t now_utc, const char *person, const char *purpose,
                      const char *subject, const char *code, char **ret_detail, struct err *err)
{
        struct standing standing = {0};
        uint8_t hash[HASH_BYTES];
        bool is_right;
        int r = find(db, now_utc, person, purpose, subject, &standing, err);

        if (r <= 0)
                return r < 0 ? r : CODE_NONE;
        r = hash_code(person, purpose, subject, code, hash, err);
        is_right = r == 0 && CRYPTO_memcmp(hash, standing.hash, HASH_BYTES) == 0;
        if (r == 0)
                r = note(db, standing.id, is_right, now_utc, err);
        if (r == 0 && is_right)
                *ret_detail = TAKE(standing.detail);
        free(standing.detail);
        return r < 0 ? r : is_right ? CODE_RIGHT : CODE_WRONG;
}

int one_time_code_waits(struct db *db, int64_t now_utc, const char *person, const char *purpose,
                        const char *subject, struct err *err)
{
        struct standing standing = {0};
        int r = find(db, now_utc, person, purpose, subject, &standing, err);

        free(standing.detail);
        return r;
}
