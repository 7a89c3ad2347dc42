/* /healthz: the process is alive. /readyz: the database can be read, the writer gets its turn, no loop has
 * failed. */
#include "store/db.h"
#include "web/state.h"

void health_get(struct web *web, struct request *request, struct db *db)
{
        struct buf body;

        (void)db;
        buf_init(&body, 1024);
        buf_adds(&body, "{\"status\":\"ok\",\"version\":");
        json_add(&body, web->options.version ? web->options.version : "");
        buf_adds(&body, "}\n");
        response_buf(&request->response, 200, TYPE_JSON, &body);
}

/* Runs inside a transaction: that it runs at all is the answer. */
static int nothing(struct request *request, struct db *db, int64_t now_utc, struct err *err)
{
        int64_t version;

        (void)request;
        (void)now_utc;
        return db_data_version(db, &version, err);
}

static const char *const health_words[] = {
    [WEB_HEALTH_OK] = "ok", [WEB_HEALTH_DEGRADED] = "degraded", [WEB_HEALTH_FAILED] = "failed"};

/* The loops' part of the answer, written before the writer is asked, on the I/O thread. */
static enum web_health add_loops(const struct web *web, struct buf *body)
{
        enum web_health worst = WEB_HEALTH_OK, health;
        const char *text;

        for (size_t i = 0; i < web->options.loop_count; i++) {
                const struct web_loop *loop = &web->options.loops[i];

                health = loop->health(loop->context, &text);
                if (health > worst)
                        worst = health;
                buf_adds(body, i ? "," : "");
                json_add(body, loop->name);
                buf_adds(body, ":{\"health\":");
                json_add(body, health_words[health]);
                buf_adds(body, ",\"state\":");
                json_add(body, text);
                buf_addc(body, '}');
        }
        return worst;
}

struct ready {
        struct buf loops;
        enum web_health worst;
};

static void ready_free(void *state)
{
        buf_fini(&((struct ready *)state)->loops);
        free(state);
}

static void ready_answer(struct request *request, int result, const struct err *err)
{
        struct ready *ready = request->state;
        bool is_ready = result == 0 && ready->worst != WEB_HEALTH_FAILED && !buf_error(&ready->loops);
        struct buf body;

        (void)err;
        buf_init(&body, 16384);
        buf_addf(&body, "{\"ready\":%s,\"database\":\"ok\",\"writer\":\"%s\",\"loops\":{%s}}\n",
                 is_ready ? "true" : "false", result == 0 ? "ok" : "failed", buf_text(&ready->loops));
        response_buf(&request->response, is_ready ? 200 : 503, TYPE_JSON, &body);
}

void ready_get(struct web *web, struct request *request, struct db *db)
{
        struct ready *ready = calloc(1, sizeof *ready);
        struct err err = {0};
        int64_t version;

        if (!ready || db_data_version(db, &version, &err) < 0) {
                free(ready);
                response_literal(
                    &request->response, 503, TYPE_JSON,
                    "{\"ready\":false,\"database\":\"failed\",\"writer\":\"unknown\",\"loops\":{}}\n");
                request_finish(request);
                return;
        }
        buf_init(&ready->loops, 8192);
        request->state = ready;
        request->free_state = ready_free;
        ready->worst = add_loops(web, &ready->loops);
        request_write(request, web->options.writer, nothing, ready_answer);
}
