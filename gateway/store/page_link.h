/* page_link: links to the pages of guardians, supervisors and pupils. Whoever knows a token may open the
 * page; the store knows its SHA-256 alone. A token is derived from the database's secret, the person and what
 * the message is about: a message that tells of the same thing again carries the same link, and renews it. */
#ifndef STORE_PAGE_LINK_H
#define STORE_PAGE_LINK_H

#include "store/feed.h"
#include "store/put.h"

#define PAGE_TOKEN_MAX 23 /* 22 characters of base64url, 128 bits, and NUL: short enough for an SMS */
#define PAGE_TOKEN_BYTES 16
#define PAGE_HASH_BYTES 32
#define PAGE_LINK_KEPT_S (90 * 86400) /* after its end, so that it can be told from one that never was */
#define PAGE_DAY_SIZE 11
#define PAGE_RULE_SIZE 65
#define PAGE_KIND_SIZE 24
#define PAGE_ID_SIZE 256

struct page_link {
        char kind[PAGE_KIND_SIZE]; /* guardian, supervisor, pupil, principal, wall, case */
        char person[PAGE_ID_SIZE];
        char pupil[PAGE_ID_SIZE]; /* "": nobody */
        char rule[PAGE_RULE_SIZE], subject_kind[PAGE_KIND_SIZE], subject[PAGE_ID_SIZE];
        char day[PAGE_DAY_SIZE]; /* "": none */
        char feed[FEED_ID_MAX];  /* the calendar that carries it, and ends it; "": a message */
        int64_t created, expires;
        bool is_revoked;
};

/* The token of KIND, PERSON, RULE and KEY (what the message is about). ERR_IO when there is no secret. */
int page_token(struct db *db, const char *kind, const char *person, const char *rule, const char *key,
               char ret_token[static PAGE_TOKEN_MAX], struct err *err);

/* BYTES as a token. */
void page_token_encode(const uint8_t bytes[static PAGE_TOKEN_BYTES], char ret_token[static PAGE_TOKEN_MAX]);

/* False when TEXT has not the shape of a token. */
bool page_token_hash(const char *text, uint8_t ret_hash[static PAGE_HASH_BYTES]);

/* Writes the link, or renews one that stands; one that was revoked stays revoked. */
int page_link_put(struct db *db, int64_t now_utc, const uint8_t hash[static PAGE_HASH_BYTES],
                  const struct page_link *link, struct err *err);

/* 1: *ret_link is filled, also when it has expired or was revoked; 0: there is none. */
int page_link_find(struct db *db, const uint8_t hash[static PAGE_HASH_BYTES], struct page_link *ret_link,
                   struct err *err);

/* 1 while the person still is to the pupil what the link takes them for, on TODAY, and staff do not hold what
 * goes to them. */
int page_link_stands(struct db *db, const struct page_link *link, int64_t now_utc, const char *today,
                     struct err *err);

/* What hangs on the wall of the workplace: the link by which the pupil of PLACEMENT checks in, until the
 * placement ends. Its token is page_token's of "wall", the pupil, "" and the placement. */
int page_wall_put(struct db *db, int64_t now_utc, const char *placement, struct err *err);

/* The link that the calendar FEED of a supervisor carries beside the days of PLACEMENT. Its token is derived
 * from the feed's id, so another calendar has another, and it ends with the feed. 0: it was revoked, and is
 * not to be shown. Only reads. */
int page_feed_token(struct db *db, const char *feed, const char *supervisor, const char *placement,
                    char ret_token[static PAGE_TOKEN_MAX], struct err *err);

/* Writes or renews all links that FEED carries; none of a feed that was revoked or is nobody's own. */
int page_feed_put(struct db *db, const char *feed, int64_t now_utc, struct err *err);

/* Calendar links that a page made begin so; of those of PERSON the ones that nobody ever fetched are revoked.
 */
#define PAGE_FEED_PREFIX "page-"
int page_feed_revoke(struct db *db, const char *person, int64_t now_utc, struct err *err);

#endif
