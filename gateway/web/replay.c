/* GET /v1/events?after=SEQ[&tenant=ID][&limit=N][&wait=SECONDS]: what was published after SEQ, for who missed
 * it on MQTT or has no MQTT; with wait, an answer without events waits so long for the first one. */
#include "base/clock.h"
#include "base/log.h"
#include "publish/envelope.h"
#include "store/organisation.h"
#include "web/follow.h"
#include "web/state.h"

#include <errno.h>
#include <string.h>

#define REPLAY_MAX 1000    /* events in one answer */
#define REPLAY_WAIT_MAX 60 /* seconds */
#define TYPE_BATCH "application/cloudevents-batch+json"
#define TYPE_NDJSON "application/x-ndjson"

#define AFTER_ABSENT (-1) /* from the oldest that is kept */

struct replay {
        struct request *request;
        char tenant[TOKEN_ORGANISATION_MAX];
        int tenant_count;
        bool is_asked, is_chosen; /* the tenant: named in the query; known and allowed */
        int64_t after, wait_s;
        int limit;
        bool is_ndjson;
        struct pseudonyms pseudonyms;
        struct buf body;
        int count;
        struct err err;
};

/* The whole number that the query names NAME; *ret_value is left as it was when it is absent. False: 400 is
 * filled. */
static bool read_number(struct request *request, const char *name, int64_t max, int64_t *ret_value)
{
        const char *text = request_query(request, name);
        int64_t value;
        char *end;

        if (!text)
                return true;
        errno = 0;
        value = strtoll(text, &end, 10);
        if (*text >= '0' && *text <= '9' && !*end && !errno && value <= max) {
                *ret_value = value;
                return true;
        }
        response_error(&request->response, 400, "%s: is no whole number from 0 to %lld", name,
                       (long long)max);
        return false;
}

static bool read_query(struct replay *replay)
{
        const char *accept = request_header(replay->request, "Accept"),
                   *asked = request_query(replay->request, "tenant");
        int64_t limit = REPLAY_MAX;

        if (asked && strlen(asked) >= sizeof replay->tenant) {
                response_error(&replay->request->response, 403,
                               "tenant: does not belong to this token's organisation");
                return false;
        }
        replay->is_asked = asked != NULL;
        if (asked)
                memcpy(replay->tenant, asked, strlen(asked) + 1);

        if (!read_number(replay->request, "after", INT64_MAX, &replay->after) ||
            !read_number(replay->request, "limit", REPLAY_MAX, &limit) ||
            !read_number(replay->request, "wait", REPLAY_WAIT_MAX, &replay->wait_s))
                return false;
        replay->limit = (int)limit;
        replay->is_ndjson = !accept_takes(accept, TYPE_BATCH);
        if (!replay->is_ndjson || accept_takes(accept, TYPE_NDJSON))
                return true;
        response_error(&replay->request->response, 406, "accept: this address gives %s or %s: ask for one",
                       TYPE_BATCH, TYPE_NDJSON);
        return false;
}

static int note_tenant(void *context, const char *tenant, int64_t seq)
{
        struct replay *replay = context;

        (void)seq;
        if (strlen(tenant) < sizeof replay->tenant)
                memcpy(replay->tenant, tenant, strlen(tenant) + 1);
        replay->tenant_count++;
        return 0;
}

/* Whose events are asked for, and whether the token may have them. A gateway with one tenant needs no name.
 */
static bool choose_tenant(struct replay *replay, struct db *db)
{
        const char *bound = replay->request->token.organisation;
        struct response *response = &replay->request->response;
        int r = 1;

        replay->tenant_count = 0;
        if (!replay->is_asked && *bound)
                memcpy(replay->tenant, bound, strlen(bound) + 1);
        else if (!replay->is_asked)
                r = publication_heads(db, note_tenant, replay, &replay->err) < 0 ? replay->err.code : 1;
        if (r > 0 && *bound)
                r = organisation_is_under(db, replay->tenant, bound, &replay->err);
        if (r < 0)
                response_err(response, r, &replay->err);
        else if (r == 0)
                response_error(response, 403, "tenant: does not belong to this token's organisation");
        else if (replay->tenant_count > 1)
                response_error(response, 400, "tenant: there are several: name one with tenant=ID");
        else
                return replay->is_chosen = true;
        return false;
}

static int add(void *context, const struct publication *publication)
{
        struct replay *replay = context;
        struct buf event;
        int r;

        buf_init(&event, ENVELOPE_PAYLOAD_MAX);
        r = envelope_print(publication, &replay->pseudonyms, &event, &replay->err);
        if (r == 0) {
                buf_adds(&replay->body, replay->is_ndjson || !replay->count ? "" : ",\n");
                buf_add(&replay->body, event.data, event.length);
                buf_adds(&replay->body, replay->is_ndjson ? "\n" : "");
                replay->count++;
                r = buf_error(&replay->body);
        }
        buf_fini(&event);
        return r;
}

/* 410: between what the subscriber has and the oldest that is kept, something is missing. */
static void answer_gone(struct replay *replay, int64_t first, int64_t last)
{
        struct buf body;

        buf_init(&body, 1024);
        buf_addf(
            &body,
            "{\"error\":\"events: those after %lld are no longer kept: take your state over anew, then go on"
            " with after=%lld\",\"first\":%lld,\"last\":%lld}\n",
            (long long)replay->after, (long long)last, (long long)first, (long long)last);
        response_buf(&replay->request->response, 410, TYPE_JSON, &body);
}

static void answer_failed(struct replay *replay)
{
        log_error("web", "/v1/events: %s", replay->err.text[0] ? replay->err.text : "out of memory");
        response_error(&replay->request->response, 500, "events: cannot be shown: see the log");
}

static void answer_events(struct replay *replay, struct db *db)
{
        struct response *response = &replay->request->response;
        int r;

        buf_init(&replay->body, RESPONSE_BODY_MAX);
        buf_adds(&replay->body, replay->is_ndjson ? "" : "[");
        r = pseudonyms_load(&replay->pseudonyms, db, &replay->err);
        if (r >= 0)
                r = publication_replay(db, replay->tenant, replay->after, replay->limit, add, replay,
                                       &replay->err);
        buf_adds(&replay->body, replay->is_ndjson ? "" : "]\n");
        if (r >= 0 && !buf_error(&replay->body)) {
                response_buf(response, 200, replay->is_ndjson ? TYPE_NDJSON : TYPE_BATCH, &replay->body);
                return;
        }
        answer_failed(replay);
        buf_fini(&replay->body);
}

bool events_try(struct request *request, struct db *db, bool is_last)
{
        struct replay *replay = request->state;
        int64_t first = 0, last = 0;

        if (!replay->is_chosen && !choose_tenant(replay, db))
                return true;
        if (publication_range(db, replay->tenant, &first, &last, &replay->err) < 0)
                answer_failed(replay);
        else if (replay->after != AFTER_ABSENT && first > 1 && replay->after < first - 1)
                answer_gone(replay, first, last);
        else if (last <= (replay->after > 0 ? replay->after : 0) && !is_last)
                return false;
        else
                answer_events(replay, db);
        return true;
}

void events_get(struct web *web, struct request *request, struct db *db)
{
        struct replay *replay = calloc(1, sizeof *replay);

        (void)db;
        if (!replay) {
                response_err(&request->response, ERR_NOMEM, NULL);
                request_finish(request);
                return;
        }
        replay->request = request;
        replay->after = AFTER_ABSENT;
        request->state = replay;
        request->free_state = free;
        if (!read_query(replay)) {
                request_finish(request);
        } else if (follow_add(web->follow, request, events_try,
                              clock_monotonic_ms() + (request->is_head ? 0 : replay->wait_s * 1000)) < 0) {
                response_error(&request->response, 503, "events: too many wait here: try again later");
                response_header(&request->response, "Retry-After", "5");
                request_finish(request);
        }
}
