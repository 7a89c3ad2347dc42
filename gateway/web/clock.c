/* /v1/clock: a virtual clock is read, and moved by who runs the loops on it. */
#include "web/state.h"

#include <jansson.h>
#include <string.h>

static void fill_now(struct zone *zone, struct request *request, int64_t now_utc)
{
        char stamp[ZONE_STAMP_MAX];
        struct buf body;

        buf_init(&body, 256);
        zone_stamp(zone, now_utc, stamp);
        buf_addf(&body, "{\"now\":\"%s\"}\n", stamp);
        response_buf(&request->response, 200, TYPE_JSON, &body);
}

void clock_get(struct web *web, struct request *request, struct db *db)
{
        (void)db;
        fill_now(web->zone, request, clock_now_utc(web->options.clock));
}

/* {"until":"…"}; false with the response filled. */
static bool read_until(struct web *web, struct request *request, int64_t *ret_until_utc)
{
        json_error_t error;
        json_t *root =
            json_loadb(buf_text(&request->body), request->body.length, JSON_REJECT_DUPLICATES, &error);
        const char *until = json_string_value(json_object_get(root, "until"));
        bool is_time = until && zone_parse(web->zone, until, ret_until_utc);

        if (!root)
                response_error(&request->response, 400,
                               "body: %s: send {\"until\":\"2026-11-23T10:00:00+02:00\"}", error.text);
        else if (!is_time)
                response_error(&request->response, 400,
                               "until: is no time: send one like 2026-11-23T10:00:00+02:00");
        json_decref(root);
        return is_time;
}

/* What outlives the handler: the time in text needs a zone, which only one thread may use. */
struct run {
        struct request *request;
        struct zone *zone;
};

static void run_free(void *state)
{
        struct run *run = state;

        zone_close(run->zone);
        free(run);
}

static void run_done(void *context, int result, int64_t now_utc)
{
        struct run *run = context;

        if (result == 0)
                fill_now(run->zone, run->request, now_utc);
        else
                response_error(&run->request->response, 500, "clock: stopped before that time: see the log");
        request_finish(run->request);
}

static bool start_run(struct web *web, struct request *request, int64_t until_utc)
{
        struct run *run = calloc(1, sizeof *run);
        struct err err = {0};
        int r;

        if (!run || zone_open(WEB_ZONE, &run->zone, &err) < 0) {
                free(run);
                response_error(&request->response, 503, "clock: out of memory: try again later");
                return false;
        }
        run->request = request;
        request->state = run;
        request->free_state = run_free;
        r = web->options.run_until(web->options.run_until_context, until_utc, run_done, run);
        if (r < 0)
                response_error(&request->response, r == ERR_BUSY ? 409 : 503, "clock: %s",
                               r == ERR_BUSY ? "is running already: wait for its answer"
                                             : "cannot run: see the log");
        return r == 0;
}

void clock_post(struct web *web, struct request *request, struct db *db)
{
        int64_t until_utc;

        (void)db;
        if (!web->options.run_until)
                response_error(&request->response, 404,
                               "clock: nobody moves it here: start kapula serve with a virtual clock");
        else if (read_until(web, request, &until_utc) && start_run(web, request, until_utc))
                return;
        request_finish(request);
}
