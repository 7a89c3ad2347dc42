/* /metrics: OpenMetrics 1.0. What is counted from rows, which may be purged, is a gauge; what is counted
 * since the start a counter. Counts and states only. */
#include "base/log.h"
#include "store/count.h"
#include "web/state.h"

#include <string.h>

#define METRICS_MAX_BYTES 65536
#define METRICS_AGE_MAX_MS 1000

/* In the order in which count_each tells them. */
static const struct {
        const char *kind, *metric, *help;
} metric_table[] = {
    {"event", "kapula_events", "Events accepted and kept."},
    {"match", "kapula_matches", "What rules found, by state."},
    {"message", "kapula_messages", "Messages, by state."},
    {"publication", "kapula_publications", "Events to MQTT, by state."},
    {"feed", "kapula_feeds", "Calendar links in force."},
    {"feed-fetch", "kapula_feed_fetches", "Fetches of calendar links."},
};

struct page {
        struct buf *buf;
        const char *metric; /* whose samples are being written */
};

static void add_family(struct page *page, const char *metric, const char *help)
{
        page->metric = metric;
        buf_addf(page->buf, "# TYPE %s gauge\n# HELP %s %s\n", metric, metric, help);
}

static void add_count(void *context, const char *kind, const char *state, int64_t count)
{
        struct page *page = context;

        for (size_t i = 0; i < ARRAY_SIZE(metric_table); i++) {
                if (strcmp(metric_table[i].kind, kind) != 0)
                        continue;
                if (page->metric != metric_table[i].metric)
                        add_family(page, metric_table[i].metric, metric_table[i].help);
                buf_adds(page->buf, metric_table[i].metric);
                if (*state)
                        buf_addf(page->buf, "{state=\"%s\"}", state); /* the schema's CHECK keeps it plain */
                buf_addf(page->buf, " %lld\n", (long long)count);
        }
}

static void add_program(struct web *web, struct page *page)
{
        add_family(page, "kapula_build_info", "The version that runs.");
        buf_adds(page->buf, "kapula_build_info{version=");
        json_add(page->buf, web->options.version ? web->options.version : "");
        buf_adds(page->buf, "} 1\n");
        add_family(page, "kapula_writes_waiting", "Jobs that wait for the writer.");
        buf_addf(page->buf, "kapula_writes_waiting %d\n", writer_pending(web->options.writer));
        add_family(page, "kapula_time_seconds", "The gateway's clock.");
        buf_addf(page->buf, "kapula_time_seconds %lld\n", (long long)clock_now_utc(web->options.clock));
}

static void add_intake(struct web *web, struct page *page)
{
        buf_adds(page->buf,
                 "# TYPE kapula_intake_events counter\n"
                 "# HELP kapula_intake_events Events of POST /v1/events, by what became of them.\n");
        buf_addf(page->buf, "kapula_intake_events_total{outcome=\"accepted\"} %lld\n",
                 (long long)web->accepted);
        buf_addf(page->buf, "kapula_intake_events_total{outcome=\"duplicate\"} %lld\n",
                 (long long)web->duplicates);
        buf_addf(page->buf, "kapula_intake_events_total{outcome=\"rejected\"} %lld\n",
                 (long long)web->rejected);
}

static int refresh(struct web *web, struct db *db, struct err *err)
{
        struct page page = {.buf = &web->metrics};
        int r;

        buf_fini(page.buf);
        buf_init(page.buf, METRICS_MAX_BYTES);
        r = count_each(db, add_count, &page, err);
        if (r < 0)
                return r;
        add_program(web, &page);
        add_intake(web, &page);
        if (web->options.metrics)
                web->options.metrics(web->options.metrics_context, page.buf);
        buf_adds(page.buf, "# EOF\n");
        if (buf_error(page.buf))
                return err_set(err, buf_error(page.buf), "metrics: are over %d bytes", METRICS_MAX_BYTES);
        web->metrics_made_ms = clock_monotonic_ms();
        return 0;
}

void metrics_get(struct web *web, struct request *request, struct db *db)
{
        struct err err = {0};
        struct buf body;
        int r = 0;

        if (!web->metrics_made_ms || clock_monotonic_ms() - web->metrics_made_ms > METRICS_AGE_MAX_MS)
                r = refresh(web, db, &err);
        if (r < 0) {
                log_error("web", "%s", err.text);
                web->metrics_made_ms = 0;
                response_err(&request->response, r, &err);
                return;
        }
        buf_init(&body, METRICS_MAX_BYTES);
        buf_add(&body, web->metrics.data, web->metrics.length);
        response_buf(&request->response, 200, "application/openmetrics-text; version=1.0.0; charset=utf-8",
                     &body);
}
