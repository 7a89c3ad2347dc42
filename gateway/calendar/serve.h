/* serve: answers a request for a calendar link, without HTTP around it.
 *
 * The cache is shared by the threads that serve; each brings its own read connection, which lives as long as
 * the cache. It keeps finished bytes, at most CALENDAR_CACHE_BYTES_MAX, and makes a calendar anew when a
 * change that may concern it (store/feed_change.h), other templates or a local midnight came between. */
#ifndef CALENDAR_SERVE_H
#define CALENDAR_SERVE_H

#include "base/err.h"
#include "store/feed.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALENDAR_CACHE_BYTES_MAX (64 << 20)
#define CALENDAR_CONTENT_TYPE "text/calendar; charset=utf-8"
#define CALENDAR_ETAG_MAX 40
#define CALENDAR_HTTP_DATE_MAX 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

struct catalogue;
struct db;
struct calendar_cache;

/* Bytes shared by the cache and those who still send them. */
struct calendar_body {
        _Atomic int references;
        size_t length;
        char data[];
};

struct calendar_body *calendar_body_ref(struct calendar_body *body);
struct calendar_body *calendar_body_unref(struct calendar_body *body); /* takes NULL, returns NULL */

/* What the headers of the request say; NULL for those it has not. */
struct calendar_request {
        const char *if_none_match, *if_modified_since;
        bool accepts_gzip;
        bool is_hurried; /* answer from what is ready, or not at all: status 0 instead of rendering */
};

struct calendar_answer {
        int status;                 /* 200, 304, 404, 410 or 0; only 200 and 304 have what follows */
        struct calendar_body *body; /* what 200 sends; the caller unrefs it */
        bool is_gzip;               /* Content-Encoding of body. Say "Vary: Accept-Encoding" always. */
        char etag[CALENDAR_ETAG_MAX];
        char last_modified[CALENDAR_HTTP_DATE_MAX];
        /* For calendar_record, which a writer's job calls so that the fetch is known. */
        char feed[FEED_ID_MAX];
        uint8_t hash[FEED_HASH_BYTES];
        int64_t changed;
};

int calendar_cache_new(struct calendar_cache **ret_cache, struct err *err);
struct calendar_cache *calendar_cache_free(struct calendar_cache *cache); /* takes NULL, returns NULL */

/* The words from here on; taken, also when it fails. Before the first call nothing can be served. */
int calendar_cache_use(struct calendar_cache *cache, struct catalogue *catalogue, struct err *err);

/* Safe from any thread with a READER of its own. An unknown token is an answer (404), not an error. */
int calendar_serve(struct db *reader, struct calendar_cache *cache, int64_t now_utc, const char *token,
                   const struct calendar_request *request, struct calendar_answer *ret_answer,
                   struct err *err);

/* In the writer's transaction, for an answer of 200 or 304 to a GET: that it was fetched, and the links to
 * pages that it carries, which open from then on. */
int calendar_record(struct db *writer, int64_t now_utc, const struct calendar_answer *answer,
                    struct err *err);

#endif
