/* GET /desk/live?after=N: waits until something changes that the reader's page of the day shows, and says so
 * as one server-sent event; a browser then asks again. The answer says nothing but the number, and nobody is
 * kept from anything by it: the page is fetched as any other. */
#include "base/clock.h"
#include "base/log.h"
#include "desk/frame.h"
#include "desk/pages.h"
#include "desk/routes.h"
#include "store/desk_change.h"
#include "web/follow.h"

#include <stdio.h>
#include <string.h>

#define LIVE_WAIT_MS 25000
#define LIVE_RETRY_MS 500 /* until the browser asks again */
#define TYPE_EVENTS "text/event-stream"

#define LIVE_MAX 192 /* who wait at once: the rest of FOLLOW_MAX is left to machines */

struct live {
        struct web *web;
        bool is_counted;
        struct buf scope; /* JSON array */
        int64_t after;
};

static void live_free(void *state)
{
        struct live *live = state;

        if (!live)
                return;
        if (live->is_counted)
                atomic_fetch_sub(&live->web->desk_waiting, 1);
        buf_fini(&live->scope);
        free(live);
}

static void answer(struct request *request, int64_t after, bool is_news)
{
        struct buf body;

        buf_init(&body, 256);
        buf_addf(&body, "retry: %d\n", LIVE_RETRY_MS);
        if (is_news)
                buf_addf(&body, "id: %lld\nevent: change\ndata: %lld\n", (long long)after, (long long)after);
        else
                buf_adds(&body, ": nothing\n");
        buf_adds(&body, "\n");
        response_buf(&request->response, 200, TYPE_EVENTS, &body);
}

static bool attempt(struct request *request, struct db *db, bool is_last)
{
        struct live *live = request->state;
        struct err err = {0};
        int r = desk_change_concerns(db, live->after, buf_text(&live->scope), &live->after, &err);

        if (r < 0) {
                log_error("desk", "live: %s", err.text);
                response_err(&request->response, r, &err);
                return true;
        }
        if (r == 0 && !is_last)
                return false;
        answer(request, live->after, r);
        return true;
}

/* What the browser has seen: of its last event, else of the page. */
static int64_t read_after(struct request *request)
{
        const char *text = request_header(request, "Last-Event-ID");
        char *end;
        int64_t after;

        if (!text || !*text)
                text = request_query(request, "after");
        if (!text || *text < '0' || *text > '9')
                return INT64_MAX;
        after = strtoll(text, &end, 10);
        return *end ? INT64_MAX : after;
}

/* 200, or the status to refuse with. */
static int admit(struct web *web, struct request *request, struct db *db, struct live *live)
{
        struct desk desk = {0};
        struct err err = {0};
        int64_t newest = 0;
        int r;

        frame_read(&desk, web, request);
        snprintf(desk.name, sizeof desk.name, "live");
        frame_begin(&desk, web, db, false, &err);
        r = frame_admit(&desk);
        if (r == 200)
                r = desk_scope(&desk, DESK_DAY, &live->scope);
        if (r == 0)
                r = desk_change_newest(db, &newest, &err);
        if (r == 0) {
                live->after = read_after(request);
                if (live->after > newest) /* of another database, or none */
                        live->after = newest;
                r = 200;
        }
        frame_end(&desk);
        if (r < 0)
                log_error("desk", "live: %s", err.text);
        return r;
}

/* False when as many wait as may. */
static bool count_in(struct web *web, struct live *live)
{
        live->web = web;
        live->is_counted = true;
        return atomic_fetch_add(&web->desk_waiting, 1) < LIVE_MAX;
}

void live_get(struct web *web, struct request *request, struct db *db)
{
        struct live *live = calloc(1, sizeof *live);
        int r = live ? admit(web, request, db, live) : ERR_NOMEM;

        request->state = live;
        request->free_state = live_free;
        response_header(&request->response, "X-Content-Type-Options", "nosniff");
        if (r == 200) {
                int64_t wait_ms = request->is_head ? 0 : LIVE_WAIT_MS;

                if (count_in(web, live) &&
                    follow_add(web->follow, request, attempt, clock_monotonic_ms() + wait_ms) == 0)
                        return;
                response_error(&request->response, 503, "live: too many wait here: try again later");
                response_header(&request->response, "Retry-After", "30");
        } else if (r < 0) {
                response_err(&request->response, r, NULL);
        } else {
                response_error(&request->response, r == 303 ? 401 : r, "live: sign in at /desk first");
        }
        request_finish(request);
}
