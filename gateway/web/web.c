#include "web/web.h"
#include "calendar/serve.h"
#include "compose/catalogue.h"
#include "web/follow.h"
#include "web/page_memo.h"
#include "web/state.h"

#include <stdio.h>
#include <string.h>

static bool has_sandbox(const struct web *web)
{
        return web->options.is_sandbox;
}

static bool has_virtual_clock(const struct web *web)
{
        return web->options.clock->is_virtual;
}

static bool has_pages(const struct web *web)
{
        return web->pages != NULL;
}

static const char *const event_types[] = {"application/cloudevents+json",
                                          "application/cloudevents-batch+json", "application/x-ndjson", NULL};
static const char *const json_types[] = {TYPE_JSON, NULL};

/* Keep in alphabetical order of the patterns: one line a route. */
static const struct route route_table[] = {
    {METHOD_GET, "/", ROUTE_FAST, start_get, NULL, NULL, NULL, NULL},
    {METHOD_GET, "/c/*", ROUTE_FAST, linked_get, NULL, NULL, NULL, has_pages},
    {METHOD_POST, "/c/*", ROUTE_LATER, linked_post, NULL, NULL, NULL, has_pages},
    {METHOD_GET, "/calendar/*.ics", ROUTE_FAST, calendar_get, NULL, NULL, NULL, NULL},
    {METHOD_GET, "/healthz", ROUTE_FAST, health_get, NULL, NULL, NULL, NULL},
    {METHOD_GET, "/metrics", ROUTE_SLOW, metrics_get, NULL, NULL, NULL, NULL},
    {METHOD_GET, "/p/*", ROUTE_FAST, linked_get, NULL, NULL, NULL, has_pages},
    {METHOD_POST, "/p/*", ROUTE_LATER, linked_post, NULL, NULL, NULL, has_pages},
    {METHOD_GET, "/page.css", ROUTE_FAST, page_style_get, NULL, NULL, NULL, has_pages},
    {METHOD_GET, "/r/*", ROUTE_FAST, linked_get, NULL, NULL, NULL, has_pages},
    {METHOD_POST, "/r/*", ROUTE_LATER, linked_post, NULL, NULL, NULL, has_pages},
    {METHOD_GET, "/readyz", ROUTE_LATER, ready_get, NULL, NULL, NULL, NULL},
    {METHOD_GET, "/s/*", ROUTE_FAST, linked_get, NULL, NULL, NULL, has_pages},
    {METHOD_POST, "/s/*", ROUTE_LATER, linked_post, NULL, NULL, NULL, has_pages},
    {METHOD_GET, "/sandbox", ROUTE_SLOW, sandbox_get, NULL, NULL, NULL, has_sandbox},
    {METHOD_POST, "/sandbox/messages", ROUTE_LATER, sandbox_post, NULL, json_types, NULL, has_sandbox},
    {METHOD_GET, "/sandbox/messages.json", ROUTE_SLOW, sandbox_get_json, NULL, NULL, NULL, has_sandbox},
    {METHOD_GET, "/style.css", ROUTE_FAST, style_get, NULL, NULL, NULL, NULL},
    {METHOD_GET, "/u/*", ROUTE_SLOW, unsubscribe_get, NULL, NULL, NULL, has_pages},
    {METHOD_POST, "/u/*", ROUTE_LATER, unsubscribe_post, NULL, NULL, NULL, has_pages},
    {METHOD_GET, "/v1/asyncapi.yaml", ROUTE_FAST, asyncapi_get, NULL, NULL, NULL, NULL},
    {METHOD_GET, "/v1/clock", ROUTE_FAST, clock_get, NULL, NULL, TYPE_JSON, has_virtual_clock},
    {METHOD_POST, "/v1/clock", ROUTE_LATER, clock_post, "clock:write", NULL, TYPE_JSON, has_virtual_clock},
    {METHOD_GET, "/v1/events", ROUTE_LATER, events_get, "events:read", NULL, NULL, NULL},
    {METHOD_POST, "/v1/events", ROUTE_LATER, events_post, "events:write", event_types, TYPE_JSON, NULL},
    {METHOD_GET, "/v1/events.schema.json", ROUTE_FAST, events_schema_get, NULL, NULL, NULL, NULL},
    {METHOD_GET, "/v1/openapi.yaml", ROUTE_FAST, openapi_get, NULL, NULL, NULL, NULL},
    {METHOD_POST, "/v1/receipts/*", ROUTE_LATER, receipts_post, NULL, NULL, NULL, NULL},
    {METHOD_POST, "/v1/replies/*", ROUTE_LATER, replies_post, NULL, NULL, NULL, NULL},
    {METHOD_GET, "/w/*", ROUTE_FAST, linked_get, NULL, NULL, NULL, has_pages},
    {METHOD_POST, "/w/*", ROUTE_LATER, linked_post, NULL, NULL, NULL, has_pages},
};

struct uid_job {
        struct writer_job job;
        char uid[MESSAGE_UID_MAX];
};

static int read_uid(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        (void)now_utc;
        return message_database_uid(db, ((struct uid_job *)job)->uid, err);
}

/* By the writer, since it is made when the database is new. */
static int find_uid(struct web *web, struct err *err)
{
        struct uid_job job = {.job = {.run = read_uid}};
        int r = writer_run(web->options.writer, &job.job, err);

        if (r == 0)
                memcpy(web->database_uid, job.uid, sizeof job.uid);
        return r;
}

/* The address of this machine at which the gateway listens; an address that stands for all of them is reached
 * at loopback. */
static int make_loopback_url(struct web *web)
{
        const char *listen = web->options.listen;
        bool is_any = !listen || strncmp(listen, "127.", 4) == 0 || strcmp(listen, "localhost") == 0 ||
                      strcmp(listen, "0.0.0.0") == 0;
        int port = httpd_port(web->httpd);

        if (is_any)
                return asprintf(&web->loopback_url, "http://127.0.0.1:%d", port);
        if (strcmp(listen, "::") == 0)
                return asprintf(&web->loopback_url, "http://[::1]:%d", port);
        return asprintf(&web->loopback_url, strchr(listen, ':') ? "http://[%s]:%d" : "http://%s:%d", listen,
                        port);
}

static void release(struct web *web)
{
        if (atomic_fetch_sub(&web->holders, 1) > 1)
                return;
        zone_close(web->zone);
        zone_close(web->page_zone);
        buf_fini(&web->metrics);
        page_memo_free(web->page_memo);
        locale_cache_free(web->page_locales);
        locale_cache_free(web->writer_locales);
        pthread_rwlock_destroy(&web->pages_lock);
        pthread_mutex_destroy(&web->page_mutex);
        free(web->table);
        free(web->base_url);
        free(web->loopback_url);
        free(web);
}

static int start(struct web *web, struct err *err)
{
        const struct web_options *options = &web->options;
        const size_t count = ARRAY_SIZE(route_table) + options->more_count;
        struct route *table = calloc(count, sizeof *table);
        const struct httpd_options httpd = {.listen = options->listen,
                                            .port = options->port,
                                            .db_path = options->db_path,
                                            .table = table,
                                            .count = count,
                                            .web = web,
                                            .admit = auth_admit,
                                            .ended = auth_ended,
                                            .missing = missing,
                                            .released = release,
                                            .connection_max = options->connection_max,
                                            .per_address_max = options->per_address_max,
                                            .timeout_s = options->timeout_s,
                                            .drain_ms = options->drain_ms};
        int r, n;

        pthread_rwlock_init(&web->pages_lock, NULL);
        pthread_mutex_init(&web->page_mutex, NULL);
        web->table = table;
        if (!table)
                return err_set(err, ERR_NOMEM, "web: out of memory");
        memcpy(table, route_table, sizeof route_table);
        if (options->more_count)
                memcpy(table + ARRAY_SIZE(route_table), options->more, options->more_count * sizeof *table);
        web->pages = options->pages;
        web->desk_pages = options->desk_pages;
        web->book = options->book;
        web->texts = options->texts;
        if (options->preview)
                web->preview = *options->preview;
        if (options->criteria)
                web->criteria = *options->criteria;
        if (options->outcomes)
                web->outcomes = *options->outcomes;
        web->page_memo = page_memo_new();
        web->page_locales = locale_cache_new();
        web->writer_locales = locale_cache_new();
        if (!web->page_memo || !web->page_locales || !web->writer_locales)
                return err_set(err, ERR_NOMEM, "web: out of memory");
        r = zone_open(WEB_ZONE, &web->zone, err);
        if (r == 0)
                r = zone_open(WEB_ZONE, &web->page_zone, err);
        if (r == 0)
                r = find_uid(web, err);
        if (r == 0)
                r = calendar_cache_new(&web->calendars, err);
        if (r == 0 && options->words)
                r = calendar_cache_use(web->calendars, TAKE(web->options.words), err);
        web->fetches = fetch_log_new();
        if (r == 0 && !web->fetches)
                r = err_set(err, ERR_NOMEM, "web: out of memory");
        if (r == 0)
                r = follow_open(options->db_path, options->writer, &web->follow, err);
        if (r == 0) {
                atomic_fetch_add(&web->holders, 1);
                r = httpd_open(&httpd, &web->httpd, err);
        }
        if (r < 0)
                return r;
        if (options->base_url)
                n = asprintf(&web->base_url, "%s", options->base_url);
        else
                n = asprintf(&web->base_url, "http://127.0.0.1:%d", httpd_port(web->httpd));
        if (n >= 0)
                n = make_loopback_url(web);
        return n < 0 ? err_set(err, ERR_NOMEM, "web: out of memory") : 0;
}

int web_open(const struct web_options *options, struct web **ret_web, struct err *err)
{
        struct web *web = calloc(1, sizeof *web);
        int r;

        if (!web) {
                catalogue_free(options->words);
                return err_set(err, ERR_NOMEM, "web: out of memory");
        }
        web->options = *options;
        web->holders = 1;
        r = start(web, err);
        if (r < 0) {
                catalogue_free(TAKE(web->options.words));
                web_close(web);
                return r;
        }
        *ret_web = web;
        return 0;
}

void web_use_pages(struct web *web, const struct pages *pages, const struct pages *desk_pages,
                   const struct criteria *criteria, const struct outcomes *outcomes)
{
        pthread_rwlock_wrlock(&web->pages_lock);
        web->pages = pages;
        web->desk_pages = desk_pages;
        web->criteria = *criteria;
        web->outcomes = *outcomes;
        page_memo_forget(web->page_memo);
        pthread_rwlock_unlock(&web->pages_lock);
}

void web_use_rules(struct web *web, const struct rulebook *book, const struct catalogue *texts)
{
        pthread_rwlock_wrlock(&web->pages_lock);
        web->book = book;
        web->texts = texts;
        pthread_rwlock_unlock(&web->pages_lock);
}

int web_use_words(struct web *web, struct catalogue *catalogue, struct err *err)
{
        return calendar_cache_use(web->calendars, catalogue, err);
}

int web_port(const struct web *web)
{
        return httpd_port(web->httpd);
}

const char *web_base_url(const struct web *web)
{
        return web->base_url;
}

const char *web_loopback_url(const struct web *web)
{
        return web->loopback_url;
}

struct web *web_close(struct web *web)
{
        if (!web)
                return NULL;
        follow_stop(web->follow); /* else those that wait would hold up the draining */
        httpd_close(web->httpd);
        follow_close(web->follow);
        calendar_cache_free(web->calendars);
        fetch_log_free(web->fetches);
        release(web);
        return NULL;
}
