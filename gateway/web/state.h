/* state: what the handlers of web/ and desk/ share. For these two alone. */
#ifndef WEB_STATE_H
#define WEB_STATE_H

#include "base/buf.h"
#include "base/zone.h"
#include "compose/locale.h"
#include "compose/pages.h"
#include "store/message.h"
#include "web/criteria.h"
#include "web/outcomes.h"
#include "web/httpd.h"
#include "web/preview.h"
#include "web/web.h"

#include <pthread.h>
#include <stdatomic.h>

#define WEB_ZONE "Europe/Helsinki" /* in which pages and /v1/clock speak */
#define TOKEN_USAGE_MAX 256        /* tokens in use at once */

/* The requests of one token. */
struct usage {
        char id[TOKEN_ID_MAX];
        unsigned in_flight;
        int64_t noted_utc; /* when its use was last handed to the writer */
};

struct fetch_log;
struct page_memo;
struct calendar_cache;
struct follow;

struct web {
        /* web_close, and the httpd, which lasts until the last request that was given up has left the writer:
         * the last of them frees. */
        atomic_int holders;
        struct web_options options;
        struct httpd *httpd;
        struct route *table; /* of all routes */
        char *base_url, *loopback_url;
        char database_uid[MESSAGE_UID_MAX];

        /* the I/O thread's */
        struct usage usage[TOKEN_USAGE_MAX];
        int usage_count;
        struct zone *zone;

        struct calendar_cache *calendars; /* any thread's */
        struct fetch_log *fetches;
        struct follow *follow;
        atomic_int desk_waiting;                        /* pages of the desk that follow what happens */
        _Atomic int64_t accepted, duplicates, rejected; /* events of POST /v1/events since the start */

        pthread_rwlock_t pages_lock; /* guards pages, rules and texts */
        const struct pages *pages, *desk_pages;
        const struct rulebook *book;
        const struct catalogue *texts;
        struct preview_source preview; /* start NULL: there is none */
        struct criteria criteria;
        struct outcomes outcomes;
        struct page_memo *page_memo; /* any thread's */
        pthread_mutex_t page_mutex;  /* guards what follows */
        int64_t page_minute;         /* in which tokens were guessed, and how often */
        int page_misses;
        int64_t desk_minute; /* the same of those who ask for a link to the desk */
        int desk_asked;

        struct locale_cache *writer_locales; /* the writer thread's, while it answers a form */

        /* the reader thread's */
        struct locale_cache *page_locales;
        struct buf metrics;
        int64_t metrics_made_ms; /* 0: never */
        struct zone *page_zone;
};

/* calendar.c: which fetches of calendars the writer knows of already, and the last answers. */
struct fetch_log *fetch_log_new(void);
struct fetch_log *fetch_log_free(struct fetch_log *log); /* takes NULL, returns NULL */

/* auth.c: the httpd_options of the same names. */
bool auth_admit(struct web *web, struct request *request, struct db *db);
void auth_ended(struct web *web, struct request *request);

/* One handler a route. */
void asyncapi_get(struct web *web, struct request *request, struct db *db);
void calendar_get(struct web *web, struct request *request, struct db *db);
void clock_get(struct web *web, struct request *request, struct db *db);
void clock_post(struct web *web, struct request *request, struct db *db);
void events_get(struct web *web, struct request *request, struct db *db);
void events_post(struct web *web, struct request *request, struct db *db);
void events_schema_get(struct web *web, struct request *request, struct db *db);
void health_get(struct web *web, struct request *request, struct db *db);
void linked_get(struct web *web, struct request *request, struct db *db);
void linked_post(struct web *web, struct request *request, struct db *db);
void metrics_get(struct web *web, struct request *request, struct db *db);
void openapi_get(struct web *web, struct request *request, struct db *db);
void ready_get(struct web *web, struct request *request, struct db *db);
void receipts_post(struct web *web, struct request *request, struct db *db);
void replies_post(struct web *web, struct request *request, struct db *db);
void sandbox_get(struct web *web, struct request *request, struct db *db);
void sandbox_get_json(struct web *web, struct request *request, struct db *db);
void sandbox_post(struct web *web, struct request *request, struct db *db);
void page_style_get(struct web *web, struct request *request, struct db *db);
void start_get(struct web *web, struct request *request, struct db *db);
void style_get(struct web *web, struct request *request, struct db *db);
void unsubscribe_get(struct web *web, struct request *request, struct db *db);
void unsubscribe_post(struct web *web, struct request *request, struct db *db);

/* replay.c: a follow_try for GET /v1/events. */
bool events_try(struct request *request, struct db *db, bool is_last);

/* page.c: the frame of an HTML page, of which TITLE (escaped here) is the title and the first heading. */
void page_begin(struct buf *buf, const char *language, const char *title);
void page_end(struct buf *buf);

/* "fi", "sv" or "en", as Accept-Language (NULL: "fi") asks. */
const char *page_language(struct request *request);

/* page.c: the 404, and the 410 of what is no more. */
void missing(struct web *web, struct request *request);
void gone(struct request *request);

#endif
