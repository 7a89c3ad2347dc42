#include "store/page_link.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#define SEED_MAX_BYTES 2048
#define FEED_LINKS_MAX 1000 /* placements of one supervisor */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void page_token_encode(const uint8_t bytes[static PAGE_TOKEN_BYTES], char text[static PAGE_TOKEN_MAX])
{
        unsigned bits = 0;
        int have = 0, length = 0;

        for (int i = 0; i < PAGE_TOKEN_BYTES; i++) {
                bits = bits << 8 | bytes[i];
                for (have += 8; have >= 6; have -= 6)
                        text[length++] = alphabet[bits >> (have - 6) & 63];
        }
        text[length++] = alphabet[bits << (6 - have) & 63];
        text[length] = '\0';
}

int page_token(struct db *db, const char *kind, const char *person, const char *rule, const char *key,
               char ret_token[static PAGE_TOKEN_MAX], struct err *err)
{
        _cleanup_(free_ptr) char *secret = NULL;
        uint8_t mac[EVP_MAX_MD_SIZE];
        char seed[SEED_MAX_BYTES];
        unsigned length = sizeof mac;
        int r = meta_get(db, "page_secret", &secret, err), size;

        if (r < 0)
                return r;
        if (!secret)
                return err_set(err, ERR_IO, "database: has no page_secret: it was not made by this program");
        size = snprintf(seed, sizeof seed, "%s\n%s\n%s\n%s", kind, person, rule, key);
        if (size < 0 || (size_t)size >= sizeof seed)
                return err_set(err, ERR_LIMIT, "link: its key is over %d bytes: shorten the ids",
                               SEED_MAX_BYTES);
        if (!HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)seed, (size_t)size, mac,
                  &length))
                return err_set(err, ERR_IO, "link: HMAC failed: try again");
        page_token_encode(mac, ret_token);
        return 0;
}

bool page_token_hash(const char *text, uint8_t ret_hash[static PAGE_HASH_BYTES])
{
        size_t length = strnlen(text, PAGE_TOKEN_MAX);

        if (length != PAGE_TOKEN_MAX - 1 || strspn(text, alphabet) != length)
                return false;
        return EVP_Digest(text, length, ret_hash, NULL, EVP_sha256(), NULL) == 1;
}

/* Long after its end nobody need be told that a link is over. */
static int forget_old(struct db *db, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db, "DELETE FROM page_link WHERE expires < ?", err);
        query_int(&q, now_utc - PAGE_LINK_KEPT_S);
        return query_run(&q);
}

int page_link_put(struct db *db, int64_t now_utc, const uint8_t hash[static PAGE_HASH_BYTES],
                  const struct page_link *link, struct err *err)
{
        struct query q;
        int r = forget_old(db, now_utc, err);

        if (r < 0)
                return r;
        query_start(
            &q, db,
            "INSERT INTO page_link(hash, kind, person, pupil, rule, subject_kind, subject, day, created, "
            "expires, feed)"
            " VALUES (?, ?, ?, nullif(?, ''), ?, ?, ?, nullif(?, ''), ?, ?, nullif(?, ''))"
            " ON CONFLICT(hash) DO UPDATE SET expires = excluded.expires WHERE expires < excluded.expires",
            err);
        query_blob(&q, hash, PAGE_HASH_BYTES);
        query_text(&q, link->kind);
        query_text(&q, link->person);
        query_text(&q, link->pupil);
        query_text(&q, link->rule);
        query_text(&q, link->subject_kind);
        query_text(&q, link->subject);
        query_text(&q, link->day);
        query_int(&q, now_utc);
        query_int(&q, link->expires);
        query_text(&q, link->feed);
        return query_run(&q);
}

static void copy(char *to, size_t size, struct query *q, int column)
{
        const char *text = column_text(q, column);

        snprintf(to, size, "%s", text ? text : "");
}

int page_link_find(struct db *db, const uint8_t hash[static PAGE_HASH_BYTES], struct page_link *ret_link,
                   struct err *err)
{
        struct page_link link = {0};
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT kind, person, pupil, rule, subject_kind, subject, day, created, expires,"
                    "       revoked IS NOT NULL FROM page_link WHERE hash = ?",
                    err);
        query_blob(&q, hash, PAGE_HASH_BYTES);
        r = query_row(&q);
        if (r > 0) {
                copy(link.kind, sizeof link.kind, &q, 0);
                copy(link.person, sizeof link.person, &q, 1);
                copy(link.pupil, sizeof link.pupil, &q, 2);
                copy(link.rule, sizeof link.rule, &q, 3);
                copy(link.subject_kind, sizeof link.subject_kind, &q, 4);
                copy(link.subject, sizeof link.subject, &q, 5);
                copy(link.day, sizeof link.day, &q, 6);
                link.created = column_int(&q, 7);
                link.expires = column_int(&q, 8);
                link.is_revoked = column_int(&q, 9);
                *ret_link = link;
        }
        query_end(&q);
        return r;
}

/* ?1 person, ?2 pupil, ?3 today, ?4 now */
#define NOT_HELD                                                                           \
        " AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.kind = 'person' AND h.subject = ?1" \
        "                    AND h.starts <= ?4 AND (h.ends IS NULL OR h.ends > ?4))"      \
        " AND EXISTS (SELECT 1 FROM person p WHERE p.id = ?1 AND (p.ended IS NULL OR p.ended > ?3))"

static const char guardian_query[] =
    "SELECT 1 WHERE (?2 = '' OR EXISTS (SELECT 1 FROM guardian g WHERE g.pupil = ?2 AND g.guardian = ?1 AND "
    "g.restricted = 0"
    "                          AND g.notify = 1 AND (g.ended IS NULL OR g.ended > ?3))"
    "   OR EXISTS (SELECT 1 FROM carer c WHERE c.pupil = ?2 AND c.carer = ?1 AND (c.ended IS NULL OR c.ended "
    "> ?3)))" NOT_HELD;
static const char pupil_query[] =
    "SELECT 1 WHERE ?2 = ?2 AND EXISTS (SELECT 1 FROM role r WHERE r.person = ?1 AND r.role = 'pupil'"
    "                         AND (r.last_day IS NULL OR r.last_day >= ?3))" NOT_HELD;
static const char principal_query[] =
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM role u JOIN organisation_tree t ON t.descendant = u.organisation"
    "  JOIN role r ON r.organisation = t.ancestor AND r.person = ?1 AND r.role = 'principal'"
    "   AND r.first_day <= ?3 AND (r.last_day IS NULL OR r.last_day >= ?3)"
    " WHERE u.person = ?2 AND u.role = 'pupil')" NOT_HELD;
static const char supervisor_query[] =
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM placement m WHERE m.pupil = ?2 AND m.state = 'planned'"
    "                AND (m.supervisor = ?1 OR m.supervisor IS NULL AND EXISTS (SELECT 1 FROM "
    "workplace_supervisor s"
    "                       WHERE s.workplace = m.workplace AND s.person = ?1)))" NOT_HELD;

/* ?5 the case, of which they are to be the owner, stand in or take part; an owner is in office. */
static const char case_query[] =
    "SELECT 1 WHERE ?2 = ?2 AND EXISTS (SELECT 1 FROM case_file c WHERE c.id = ?5 AND (EXISTS"
    "   (SELECT 1 FROM case_participant k WHERE k.case_id = c.id AND k.person = ?1)"
    "  OR (c.owner = ?1 OR c.substitute = ?1) AND EXISTS (SELECT 1 FROM role r WHERE r.person = ?1"
    "     AND r.role <> 'pupil' AND r.first_day <= ?3 AND (r.last_day IS NULL OR r.last_day >= "
    "?3))))" NOT_HELD;

int page_link_stands(struct db *db, const struct page_link *link, int64_t now_utc, const char *today,
                     struct err *err)
{
        struct query q;

        if (strcmp(link->kind, "guardian") == 0)
                query_start(&q, db, guardian_query, err);
        else if (strcmp(link->kind, "supervisor") == 0)
                query_start(&q, db, supervisor_query, err);
        else if (strcmp(link->kind, "principal") == 0)
                query_start(&q, db, principal_query, err);
        else if (strcmp(link->kind, "case") == 0)
                query_start(&q, db, case_query, err);
        else
                query_start(&q, db, pupil_query, err);
        query_text(&q, link->person);
        query_text(&q, link->pupil);
        query_text(&q, today);
        query_int(&q, now_utc);
        if (strcmp(link->kind, "case") == 0)
                query_text(&q, link->subject);
        return put_exists(&q);
}

int page_wall_put(struct db *db, int64_t now_utc, const char *placement, struct err *err)
{
        struct page_link link = {.kind = "wall", .subject_kind = "placement"};
        uint8_t hash[PAGE_HASH_BYTES];
        char token[PAGE_TOKEN_MAX];
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT pupil, unixepoch(last_day) + 2 * 86400 FROM placement WHERE id = ? AND state = 'planned'",
            err);
        query_text(&q, placement);
        r = query_row(&q);
        if (r > 0) {
                copy(link.person, sizeof link.person, &q, 0);
                link.expires = column_int(&q, 1);
        }
        query_end(&q);
        if (r <= 0)
                return r;
        memcpy(link.pupil, link.person, sizeof link.pupil);
        snprintf(link.subject, sizeof link.subject, "%s", placement);
        r = page_token(db, link.kind, link.person, "", placement, token, err);
        if (r == 0)
                r = page_token_hash(token, hash) ? page_link_put(db, now_utc, hash, &link, err)
                                                 : err_set(err, ERR_IO, "link: SHA-256 failed: try again");
        return r;
}

int page_feed_token(struct db *db, const char *feed, const char *supervisor, const char *placement,
                    char ret_token[static PAGE_TOKEN_MAX], struct err *err)
{
        struct page_link link = {0};
        uint8_t hash[PAGE_HASH_BYTES];
        char key[FEED_ID_MAX + PAGE_ID_SIZE];
        int r;

        snprintf(key, sizeof key, "%s\n%s", feed, placement);
        r = page_token(db, "supervisor", supervisor, "calendar", key, ret_token, err);
        if (r < 0)
                return r;
        if (!page_token_hash(ret_token, hash))
                return err_set(err, ERR_IO, "link: SHA-256 failed: try again");
        r = page_link_find(db, hash, &link, err);
        return r < 0 ? r : !link.is_revoked;
}

/* After the last day the page still has what is to be said of the placement. */
#define FEED_PLACEMENTS(where)                                                                             \
        "SELECT f.owner, p.pupil, p.id, unixepoch(p.last_day) + 60 * 86400"                                \
        "  FROM feed f JOIN placement p ON " where "  JOIN person u ON u.id = p.pupil AND u.protected = 0" \
        " WHERE f.id = ?1 AND f.kind = 'person' AND f.revoked IS NULL AND p.state = 'planned'"             \
        "   AND p.last_day >= date(?2, 'unixepoch', '-60 days')"

/* The next one after the placement ID. 1: there is one. */
static int next_placement(struct db *db, const char *feed, int64_t now_utc, struct page_link *link,
                          struct err *err)
{
        char id[PAGE_ID_SIZE];
        struct query q;
        int r;

        memcpy(id, link->subject, sizeof id);
        query_start(
            &q, db,
            "SELECT * FROM (" FEED_PLACEMENTS("p.supervisor = f.owner") " UNION " FEED_PLACEMENTS(
                "p.supervisor IS NULL AND p.workplace IN (SELECT s.workplace FROM workplace_supervisor"
                " s WHERE s.person = f.owner)") ") x WHERE x.id > ?3 ORDER BY x.id LIMIT 1",
            err);
        query_text(&q, feed);
        query_int(&q, now_utc);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0) {
                copy(link->person, sizeof link->person, &q, 0);
                copy(link->pupil, sizeof link->pupil, &q, 1);
                copy(link->subject, sizeof link->subject, &q, 2);
                link->expires = column_int(&q, 3);
        }
        query_end(&q);
        return r;
}

int page_feed_put(struct db *db, const char *feed, int64_t now_utc, struct err *err)
{
        struct page_link link = {.kind = "supervisor", .rule = "calendar", .subject_kind = "placement"};
        uint8_t hash[PAGE_HASH_BYTES];
        char token[PAGE_TOKEN_MAX];
        int r;

        snprintf(link.feed, sizeof link.feed, "%s", feed);
        for (int i = 0; i < FEED_LINKS_MAX; i++) {
                r = next_placement(db, feed, now_utc, &link, err);
                if (r <= 0)
                        return r;
                r = page_feed_token(db, feed, link.person, link.subject, token, err);
                if (r > 0)
                        r = page_token_hash(token, hash)
                                ? page_link_put(db, now_utc, hash, &link, err)
                                : err_set(err, ERR_IO, "link: SHA-256 failed: try again");
                if (r == 0)
                        r = page_wall_put(db, now_utc, link.subject, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

int page_feed_revoke(struct db *db, const char *person, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE feed SET revoked = ? WHERE owner = ? AND revoked IS NULL AND last_fetch IS NULL"
                    " AND id GLOB '" PAGE_FEED_PREFIX "*'",
                    err);
        query_int(&q, now_utc);
        query_text(&q, person);
        return query_run(&q);
}
