/* POST /v1/events: CloudEvents in, answered when they are on disk. */
#include "intake/intake.h"
#include "web/state.h"

#include <strings.h>

/* In the order of the route's media types. */
static const enum intake_format format_table[] = {INTAKE_EVENT, INTAKE_BATCH, INTAKE_NDJSON};

struct posted {
        struct web *web;
        enum intake_format format;
        struct intake_report report;
};

static void posted_free(void *state)
{
        intake_report_fini(&((struct posted *)state)->report);
        free(state);
}

static int run(struct request *request, struct db *db, int64_t now_utc, struct err *err)
{
        const struct intake_scope scope = {.organisation = request->token.organisation,
                                           .source_prefix = request->token.source_prefix};
        struct posted *posted = request->state;
        const struct intake_report *report = &posted->report;
        int r;

        r = intake_events(db, now_utc, buf_text(&request->body), request->body.length, posted->format, &scope,
                          &posted->report, err);
        if (r == 0 && report->events && report->unreadable == report->events)
                return err_set(err, ERR_INVALID, "%s", report->rejected[0].error); /* nothing could be read */
        return r;
}

static void answer(struct request *request, int result, const struct err *err)
{
        struct posted *posted = request->state;

        if (result < 0) {
                response_err(&request->response, result, err);
                return;
        }
        posted->web->accepted += posted->report.accepted;
        posted->web->duplicates += posted->report.duplicates;
        posted->web->rejected += posted->report.rejected_count;
        response_json(&request->response, 200, intake_report_to_json(&posted->report));
}

void events_post(struct web *web, struct request *request, struct db *db)
{
        const char *type = request_header(request, "Content-Type"),
                   *encoding = request_header(request, "Content-Encoding");
        struct posted *posted = calloc(1, sizeof *posted);
        int format = 0;

        (void)db;
        if (encoding && strcasecmp(encoding, "identity") != 0) {
                free(posted);
                response_error(&request->response, 415,
                               "content-encoding: %.40s is not read here: send it plain", encoding);
                request_finish(request);
                return;
        }
        if (!posted) {
                response_err(&request->response, ERR_NOMEM, NULL);
                request_finish(request);
                return;
        }
        while (!content_type_is(type, request->route->media_types[format]))
                format++;
        posted->web = web;
        posted->format = format_table[format];
        request->state = posted;
        request->free_state = posted_free;
        request_write(request, web->options.writer, run, answer);
}
