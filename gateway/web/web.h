/* web: everything that Kapula answers over HTTP. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct catalogue;
struct web;
struct writer;
struct db;
struct provider;
struct buf;
struct webhook_reply;
struct pages;
struct rehearsal;
struct criteria;
struct outcomes;
struct route;
struct rulebook;
struct preview_source;
struct desk_openid;

enum web_health { WEB_HEALTH_OK, WEB_HEALTH_DEGRADED, WEB_HEALTH_FAILED };

/* A loop of the program as /readyz shows it. */
struct web_loop {
        const char *name;
        /* From the I/O thread; must not block. *ret_text (a literal, such as "connected") is shown; never
         * NULL. A failed loop makes the gateway not ready, a degraded one does not. */
        enum web_health (*health)(void *context, const char **ret_text);
        void *context;
};

struct web_options {
        const struct clock *clock;
        struct writer *writer; /* open before web_open, closed after web_close */
        const char *db_path;
        const char *listen;   /* NULL: 127.0.0.1 */
        int port;             /* 0: any free one */
        const char *base_url; /* without a final slash; NULL: http://127.0.0.1:PORT */
        const char *version;
        bool is_sandbox; /* /sandbox is there */
        const struct pages
            *pages; /* borrowed until web_use_pages or the writer has closed; NULL: none behind links */
        const struct pages *desk_pages; /* the same of the desk */
        struct rehearsal *rehearsal;    /* what rules would say; borrowed until web_close. NULL: nothing */
        const struct route *more;       /* routes beside its own, after them; copied */
        size_t more_count;
        /* What the desk shows of rules and texts; borrowed as the pages are. */
        const struct rulebook *book;
        const struct catalogue *texts;
        const char *currency;                 /* of prices, such as "EUR"; NULL: none is known */
        const struct preview_source *preview; /* copied; NULL: changes are not played to the past */
        const struct desk_openid *openid;     /* the desk's own; NULL: nobody signs in that way */
        const struct criteria *criteria;      /* of evaluations, copied; NULL: none */
        const struct outcomes *outcomes;      /* of cases, copied; NULL: none */
        struct catalogue
            *words; /* of calendars; taken by web_open, also when it fails. NULL: none are served */

        /* The provider NAME for as long as a webhook is read, on the I/O thread, then given back; NULL when
         * there is none. Absent: no webhooks. */
        const struct provider *(*provider_take)(void *context, const char *name);
        void (*provider_give)(void *context, const struct provider *provider);
        void *provider_context;
        /* Adds families of metrics that only the caller can count, in OpenMetrics. NULL: none. */
        void (*metrics)(void *context, struct buf *page);
        void *metrics_context;
        /* Takes a reply of a recipient, in the writer's transaction. NULL: POST /v1/replies answers 404. */
        int (*take_reply)(void *context, struct db *db, int64_t now_utc, const char *provider,
                          const struct webhook_reply *reply, struct err *err);
        void *take_reply_context;

        const struct web_loop *loops; /* borrowed until web_close */
        size_t loop_count;

        /* Moves a virtual clock to UNTIL, everything due in between done, in another thread; calls DONE
         * exactly once, from any thread, with the time reached, or a negative RESULT. Returns ERR_BUSY when
         * it is running already (DONE is not called then). NULL: POST /v1/clock answers 404. Asked only when
         * the clock is virtual. */
        int (*run_until)(void *context, int64_t until_utc,
                         void (*done)(void *done_context, int result, int64_t now_utc), void *done_context);
        void *run_until_context;

        unsigned token_in_flight_max; /* requests of one token at once, then 429; 0: 256 */
        unsigned connection_max, per_address_max, timeout_s, drain_ms; /* as in web/httpd.h */
};

/* Listens and serves from here on. OPTIONS is copied, what it points to is not. */
int web_open(const struct web_options *options, struct web **ret_web, struct err *err);

/* Other pages from now on; the old ones are no longer in use when it returns. */
void web_use_pages(struct web *web, const struct pages *pages, const struct pages *desk_pages,
                   const struct criteria *criteria, const struct outcomes *outcomes);

/* The same of the rules and texts that the desk shows. */
void web_use_rules(struct web *web, const struct rulebook *book, const struct catalogue *texts);

/* Other words for calendars from here on; taken, also when it fails. */
int web_use_words(struct web *web, struct catalogue *catalogue, struct err *err);

int web_port(const struct web *web);
const char *web_base_url(const struct web *web);
const char *web_loopback_url(
    const struct web *web); /* where this machine reaches it, whatever base_url says */

/* Drains and stops; see httpd_close. Takes NULL, returns NULL. */
struct web *web_close(struct web *web);

#endif
