#include "store/desk_session.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

static int make_token(char ret_token[static PAGE_TOKEN_MAX], uint8_t ret_hash[static PAGE_HASH_BYTES],
                      struct err *err)
{
        uint8_t bytes[PAGE_TOKEN_BYTES];

        if (RAND_bytes(bytes, sizeof bytes) != 1)
                return err_set(err, ERR_IO, "desk: no random numbers: try again");
        page_token_encode(bytes, ret_token);
        if (!page_token_hash(ret_token, ret_hash))
                return err_set(err, ERR_IO, "desk: SHA-256 failed: try again");
        return 0;
}

int desk_person_by_email(struct db *db, const char *value, const char *today,
                         char ret_person[static PAGE_ID_SIZE], struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT min(c.person), count(DISTINCT c.person) FROM contact c JOIN person p ON p.id = c.person"
            " WHERE c.channel = 'email' AND c.value = ?1 COLLATE NOCASE"
            "   AND (p.ended IS NULL OR p.ended > ?2) AND EXISTS (SELECT 1 FROM role r"
            "    WHERE r.person = p.id AND r.role NOT IN ('pupil', 'supervisor') AND r.first_day <= ?2"
            "      AND (r.last_day IS NULL OR r.last_day >= ?2))",
            err);
        query_text(&q, value);
        query_text(&q, today);
        r = query_row(&q);
        if (r > 0) {
                r = column_int(&q, 1) == 1;
                if (r)
                        snprintf(ret_person, PAGE_ID_SIZE, "%s", column_text(&q, 0));
        }
        query_end(&q);
        return r;
}

/* ---- links */

static int forget_old_tickets(struct db *db, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db, "DELETE FROM desk_ticket WHERE created <= ?", err);
        query_int(&q, now_utc - 3600);
        return query_run(&q);
}

static int has_asked_too_often(struct db *db, int64_t now_utc, const char *person, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT 1 FROM desk_ticket WHERE person = ? AND created > ? LIMIT 1 OFFSET ?",
                    err);
        query_text(&q, person);
        query_int(&q, now_utc - 3600);
        query_int(&q, DESK_TICKETS_AN_HOUR - 1);
        return put_exists(&q);
}

int desk_ticket_make(struct db *db, int64_t now_utc, const char *person,
                     char ret_token[static PAGE_TOKEN_MAX], struct err *err)
{
        uint8_t hash[PAGE_HASH_BYTES];
        struct query q;
        int r = forget_old_tickets(db, now_utc, err);

        if (r == 0)
                r = has_asked_too_often(db, now_utc, person, err);
        if (r > 0)
                return err_set(err, ERR_LIMIT, "desk: %d links were asked for within an hour: wait",
                               DESK_TICKETS_AN_HOUR);
        if (r == 0)
                r = make_token(ret_token, hash, err);
        if (r < 0)
                return r;
        query_start(&q, db, "INSERT INTO desk_ticket(hash, person, created, expires) VALUES (?, ?, ?, ?)",
                    err);
        query_blob(&q, hash, sizeof hash);
        query_text(&q, person);
        query_int(&q, now_utc);
        query_int(&q, now_utc + DESK_TICKET_LIFE_S);
        return query_run(&q);
}

static int find_ticket(struct db *db, int64_t now_utc, const uint8_t hash[static PAGE_HASH_BYTES],
                       char ret_person[static PAGE_ID_SIZE], struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT person FROM desk_ticket WHERE hash = ? AND expires > ?", err);
        query_blob(&q, hash, PAGE_HASH_BYTES);
        query_int(&q, now_utc);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_person, PAGE_ID_SIZE, "%s", column_text(&q, 0));
        query_end(&q);
        return r;
}

int desk_ticket_stands(struct db *db, int64_t now_utc, const char *token, struct err *err)
{
        uint8_t hash[PAGE_HASH_BYTES];
        char person[PAGE_ID_SIZE];

        return page_token_hash(token, hash) ? find_ticket(db, now_utc, hash, person, err) : 0;
}

/* It is over, but counts among those of its hour. */
int desk_ticket_use(struct db *db, int64_t now_utc, const char *token, char ret_person[static PAGE_ID_SIZE],
                    struct err *err)
{
        uint8_t hash[PAGE_HASH_BYTES];
        struct query q;
        int r;

        if (!page_token_hash(token, hash))
                return 0;
        r = find_ticket(db, now_utc, hash, ret_person, err);
        if (r <= 0)
                return r;
        query_start(&q, db, "UPDATE desk_ticket SET expires = ? WHERE hash = ?", err);
        query_int(&q, now_utc);
        query_blob(&q, hash, sizeof hash);
        r = query_run(&q);
        return r < 0 ? r : 1;
}

/* ---- sessions */

static int forget_old_sessions(struct db *db, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db, "DELETE FROM desk_session WHERE expires <= ?", err);
        query_int(&q, now_utc);
        return query_run(&q);
}

int desk_session_make(struct db *db, int64_t now_utc, const char *person, const char *how,
                      char ret_token[static PAGE_TOKEN_MAX], struct err *err)
{
        uint8_t hash[PAGE_HASH_BYTES];
        struct query q;
        int r = forget_old_sessions(db, now_utc, err);

        if (r == 0)
                r = make_token(ret_token, hash, err);
        if (r < 0)
                return r;
        query_start(&q, db,
                    "INSERT INTO desk_session(hash, person, how, created, seen, expires)"
                    " VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
                    err);
        query_blob(&q, hash, sizeof hash);
        query_text(&q, person);
        query_text(&q, how);
        query_int(&q, now_utc);
        query_int(&q, now_utc + DESK_SESSION_LIFE_S);
        return query_run(&q);
}

int desk_session_find(struct db *db, int64_t now_utc, const char *token, struct desk_session *ret_session,
                      struct err *err)
{
        struct desk_session found = {0};
        struct query q;
        int r;

        if (!page_token_hash(token, found.hash))
                return 0;
        query_start(&q, db,
                    "SELECT person, coalesce(language, ''), seen FROM desk_session"
                    " WHERE hash = ? AND expires > ? AND seen > ?",
                    err);
        query_blob(&q, found.hash, sizeof found.hash);
        query_int(&q, now_utc);
        query_int(&q, now_utc - DESK_SESSION_IDLE_S);
        r = query_row(&q);
        if (r > 0) {
                snprintf(found.person, sizeof found.person, "%s", column_text(&q, 0));
                snprintf(found.language, sizeof found.language, "%s", column_text(&q, 1));
                found.seen = column_int(&q, 2);
                *ret_session = found;
        }
        query_end(&q);
        return r;
}

int desk_session_touch(struct db *db, int64_t now_utc, const struct desk_session *session, struct err *err)
{
        struct query q;

        query_start(&q, db, "UPDATE desk_session SET seen = ?1 WHERE hash = ?2 AND seen < ?1", err);
        query_int(&q, now_utc);
        query_blob(&q, session->hash, sizeof session->hash);
        return query_run(&q);
}

int desk_session_language(struct db *db, const struct desk_session *session, const char *language,
                          struct err *err)
{
        struct query q;

        query_start(&q, db, "UPDATE desk_session SET language = ? WHERE hash = ?", err);
        query_text(&q, language);
        query_blob(&q, session->hash, sizeof session->hash);
        return query_run(&q);
}

int desk_session_end(struct db *db, const struct desk_session *session, struct err *err)
{
        struct query q;

        query_start(&q, db, "DELETE FROM desk_session WHERE hash = ?", err);
        query_blob(&q, session->hash, sizeof session->hash);
        return query_run(&q);
}

/* ---- forms */

int desk_form_take(struct db *db, int64_t now_utc, const char *token, const char *stamp, struct err *err)
{
        uint8_t hash[EVP_MAX_MD_SIZE];
        char seed[128];
        struct query q;
        int r;

        snprintf(seed, sizeof seed, "%s %s", token, stamp);
        if (EVP_Digest(seed, strlen(seed), hash, NULL, EVP_sha256(), NULL) != 1)
                return err_set(err, ERR_IO, "desk: SHA-256 failed: try again");
        query_start(&q, db, "DELETE FROM desk_form WHERE at <= ?", err);
        query_int(&q, now_utc - DESK_FORM_KEPT_S);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, db, "INSERT INTO desk_form(hash, at) VALUES (?, ?) ON CONFLICT DO NOTHING", err);
        query_blob(&q, hash, PAGE_HASH_BYTES);
        query_int(&q, now_utc);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) == 1;
}

/* ---- who saw and did what */

int desk_audit_add(struct db *db, int64_t now_utc, const struct desk_audit *audit, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO desk_audit(at, person, page, act, kind, subject, status)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    err);
        query_int(&q, now_utc);
        query_text(&q, audit->person);
        query_text(&q, audit->page);
        query_text(&q, audit->act);
        query_text(&q, audit->kind);
        query_text(&q, audit->subject);
        query_int(&q, audit->status);
        return query_run(&q);
}

int desk_audit_is_known(struct db *db, int64_t now_utc, const struct desk_audit *audit, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT 1 FROM desk_audit WHERE person = ? AND page = ? AND subject = ? AND at > ?"
                    "   AND kind = ? AND act = ? AND status = ? LIMIT 1",
                    err);
        query_text(&q, audit->person);
        query_text(&q, audit->page);
        query_text(&q, audit->subject);
        query_int(&q, now_utc - DESK_AUDIT_AGAIN_S);
        query_text(&q, audit->kind);
        query_text(&q, audit->act);
        query_int(&q, audit->status);
        return put_exists(&q);
}
