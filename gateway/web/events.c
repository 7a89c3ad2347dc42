/* POST /v1/events: CloudEvents in, answered when they are on disk. */
#include "web/state.h"

#include <string.h>

struct posted {
        int (*take)(struct db *db, int64_t now_utc, const char *data, size_t length, int format,
                    const struct token *token, struct buf *ret_answer, struct err *err);
        int format;
        struct buf answer;
};

#define ANSWER_MAX_BYTES ((size_t)32 << 20)

static void posted_free(void *state)
{
        buf_fini(&((struct posted *)state)->answer);
        free(state);
}

static int run(struct request *request, struct db *db, int64_t now_utc, struct err *err)
{
        struct posted *posted = request->state;

        return posted->take(db, now_utc, buf_text(&request->body), request->body.length, posted->format,
                            &request->token, &posted->answer, err);
}

static void answer(struct request *request, int result, const struct err *err)
{
        struct posted *posted = request->state;

        if (result < 0)
                response_err(&request->response, result, err);
        else
                response_buf(&request->response, 200, TYPE_JSON, &posted->answer);
}

void events_post(struct web *web, struct request *request, struct db *db)
{
        const char *type = request_header(request, "Content-Type");
        struct posted *posted = calloc(1, sizeof *posted);

        (void)db;
        if (!posted) {
                response_err(&request->response, ERR_NOMEM, NULL);
                request_finish(request);
                return;
        }
        posted->take = web->options.take_events;
        buf_init(&posted->answer, ANSWER_MAX_BYTES);
        while (!content_type_is(type, request->route->media_types[posted->format]))
                posted->format++;
        request->state = posted;
        request->free_state = posted_free;
        request_write(request, web->options.writer, run, answer);
}
