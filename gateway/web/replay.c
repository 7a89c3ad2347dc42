/* GET /v1/events?after=SEQ[&tenant=ID][&limit=N]: what was published after SEQ, for who missed it on MQTT. */
#include "base/log.h"
#include "publish/envelope.h"
#include "store/organisation.h"
#include "web/state.h"

#include <errno.h>
#include <string.h>

#define REPLAY_MAX 1000 /* events in one answer */
#define TYPE_BATCH "application/cloudevents-batch+json"
#define TYPE_NDJSON "application/x-ndjson"

struct replay {
        struct request *request;
        char tenant[TOKEN_ORGANISATION_MAX];
        int tenant_count;
        int64_t after;
        int limit;
        bool is_ndjson;
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
        const char *accept = request_header(replay->request, "Accept");
        int64_t limit = REPLAY_MAX;

        if (!read_number(replay->request, "after", INT64_MAX, &replay->after) ||
            !read_number(replay->request, "limit", REPLAY_MAX, &limit))
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
        const char *asked = request_query(replay->request, "tenant"),
                   *bound = replay->request->token.organisation;
        struct response *response = &replay->request->response;
        int r = 1;

        if (asked && strlen(asked) < sizeof replay->tenant)
                memcpy(replay->tenant, asked, strlen(asked) + 1);
        else if (*bound)
                memcpy(replay->tenant, bound, strlen(bound) + 1);
        else
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
                return true;
        return false;
}

static int add(void *context, const struct publication *publication)
{
        struct replay *replay = context;
        struct buf event;
        int r;

        buf_init(&event, ENVELOPE_PAYLOAD_MAX);
        r = envelope_print(publication, &event, &replay->err);
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

static void fill(struct replay *replay, struct db *db)
{
        struct response *response = &replay->request->response;
        int r;

        buf_init(&replay->body, RESPONSE_BODY_MAX);
        buf_adds(&replay->body, replay->is_ndjson ? "" : "[");
        r = publication_replay(db, replay->tenant, replay->after, replay->limit, add, replay, &replay->err);
        buf_adds(&replay->body, replay->is_ndjson ? "" : "]\n");
        if (r >= 0 && !buf_error(&replay->body)) {
                response_buf(response, 200, replay->is_ndjson ? TYPE_NDJSON : TYPE_BATCH, &replay->body);
                return;
        }
        log_error("web", "/v1/events: %s", replay->err.text[0] ? replay->err.text : "out of memory");
        response_error(response, 500, "events: cannot be shown: see the log");
        buf_fini(&replay->body);
}

void events_get(struct web *web, struct request *request, struct db *db)
{
        struct replay replay = {.request = request};

        (void)web;
        if (read_query(&replay) && choose_tenant(&replay, db))
                fill(&replay, db);
}
