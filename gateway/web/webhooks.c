/* /v1/receipts/PROVIDER and /v1/replies/PROVIDER: what providers tell by webhook. Checked and read here, on
 * the I/O thread; written down by the writer. */
#include "deliver/webhook.h"
#include "web/state.h"

#include <string.h>

struct told {
        char *id, *text, *from; /* of a receipt: provider_id, detail */
        int64_t message, round, at;
        enum receipt_status status;
        bool is_bad_address;
};

struct hook {
        struct told *told; /* WEBHOOK_ITEM_MAX at most */
        size_t count, allocated;
        const struct web_options *options;
        char provider[REQUEST_WILDCARD_MAX];
};

static void hook_free(void *state)
{
        struct hook *hook = state;

        for (size_t i = 0; i < hook->count; i++) {
                free(hook->told[i].id);
                free(hook->told[i].text);
                free(hook->told[i].from);
        }
        free(hook->told);
        free(hook);
}

static int copy(const char *text, char **ret_copy)
{
        *ret_copy = text ? strdup(text) : NULL;
        return text && !*ret_copy ? ERR_NOMEM : 0;
}

/* The next free entry; NULL when memory runs out. */
static struct told *next(struct hook *hook)
{
        size_t size = hook->allocated ? hook->allocated * 2 : 4;
        struct told *grown;

        if (hook->count == hook->allocated) {
                grown = reallocarray(hook->told, size, sizeof *grown);
                if (!grown)
                        return NULL;
                hook->told = grown;
                hook->allocated = size;
        }
        hook->told[hook->count] = (struct told){0};
        return &hook->told[hook->count++];
}

static int keep_receipt(void *context, const struct receipt *receipt, struct err *err)
{
        struct told *told = next(context);

        if (!told || copy(receipt->provider_id, &told->id) < 0 || copy(receipt->detail, &told->text) < 0)
                return err_set(err, ERR_NOMEM, "receipts: out of memory");
        told->message = receipt->message;
        told->round = receipt->round;
        told->is_bad_address = receipt->is_bad_address;
        told->status = receipt->status;
        told->at = receipt->at;
        return 0;
}

static int keep_reply(void *context, const struct webhook_reply *reply, struct err *err)
{
        struct told *told = next(context);

        if (!told || copy(reply->from, &told->from) < 0 || copy(reply->text, &told->text) < 0 ||
            copy(reply->id, &told->id) < 0)
                return err_set(err, ERR_NOMEM, "replies: out of memory");
        told->at = reply->at;
        return 0;
}

/* ---- in the writer's thread */

/* Returns how many receipts were of messages that are not known (yet). */
static int note_receipts(struct request *request, struct db *db, int64_t now_utc, struct err *err)
{
        struct hook *hook = request->state;
        int unknown = 0, r;

        for (size_t i = 0; i < hook->count; i++) {
                const struct told *told = &hook->told[i];
                const struct receipt receipt = {.message = told->message,
                                                .round = told->round,
                                                .is_bad_address = told->is_bad_address,
                                                .provider = hook->provider,
                                                .provider_id = told->id,
                                                .status = told->status,
                                                .detail = told->text,
                                                .at = told->at};

                r = receipt_note(db, now_utc, &receipt, err);
                unknown += r == ERR_NOT_FOUND;
                if (r < 0 && r != ERR_NOT_FOUND)
                        return r;
        }
        return unknown;
}

static int note_replies(struct request *request, struct db *db, int64_t now_utc, struct err *err)
{
        struct hook *hook = request->state;
        int r = 0;

        for (size_t i = 0; i < hook->count && r >= 0; i++) {
                const struct told *told = &hook->told[i];
                const struct webhook_reply reply = {
                    .from = told->from, .text = told->text, .id = told->id, .at = told->at};

                r = hook->options->take_reply(hook->options->take_reply_context, db, now_utc, hook->provider,
                                              &reply, err);
        }
        return r < 0 ? r : 0;
}

static void answer(struct request *request, int result, const struct err *err)
{
        struct hook *hook = request->state;
        struct buf body;

        if (result < 0) {
                response_err(&request->response, result, err);
                return;
        }
        if (result > 0) { /* a receipt may overtake the answer to our request: the provider comes again */
                response_error(&request->response, 404, "receipts: %d of %zu are of no message known here",
                               result, hook->count);
                return;
        }
        buf_init(&body, 64);
        buf_addf(&body, "{\"taken\":%zu}\n", hook->count);
        response_buf(&request->response, 200, TYPE_JSON, &body);
}

/* ---- on the I/O thread */

static const char *header(void *context, const char *name)
{
        return request_header(context, name);
}

static const char *query(void *context, const char *name)
{
        return request_query(context, name);
}

/* Checks who it is from and reads it into HOOK; the response is filled when that fails. */
static bool read_hook(struct web *web, struct request *request, enum webhook_kind kind,
                      const struct provider *provider, struct hook *hook)
{
        const struct webhook_request given = {.header = header,
                                              .query = query,
                                              .context = request,
                                              .body = buf_text(&request->body),
                                              .length = request->body.length,
                                              .now_utc = clock_now_utc(web->options.clock)};
        struct err err = {0};
        int r;

        if (given.length > WEBHOOK_BODY_MAX_BYTES) {
                response_error(&request->response, 413, "body: is over %d bytes: send fewer at once",
                               WEBHOOK_BODY_MAX_BYTES);
                return false;
        }
        r = webhook_verify(provider, kind, &given, &err);
        if (r == ERR_INVALID) {
                response_error(&request->response, 401, "%s", err.text);
                response_header(&request->response, "WWW-Authenticate", "Basic realm=\"kapula\"");
                return false;
        }
        if (r == 0 && kind == WEBHOOK_RECEIPTS)
                r = webhook_receipts(provider, web->database_uid, &given, keep_receipt, hook, &err);
        else if (r == 0)
                r = webhook_replies(provider, &given, keep_reply, hook, &err);
        if (r == ERR_LIMIT)
                r = ERR_INVALID;
        if (r < 0)
                response_err(&request->response, r, &err);
        return r == 0;
}

static bool begin(struct web *web, struct request *request, enum webhook_kind kind)
{
        const struct web_options *options = &web->options;
        const struct provider *provider = NULL;
        struct hook *hook;
        bool is_read;

        if (options->provider_take && (kind == WEBHOOK_RECEIPTS || options->take_reply))
                provider = options->provider_take(options->provider_context, request->wildcard);
        if (!provider) {
                response_error(&request->response, 404,
                               "provider: there is none of that name: see the providers folder");
                return false;
        }
        hook = calloc(1, sizeof *hook);
        if (hook) {
                hook->options = options;
                memcpy(hook->provider, request->wildcard, sizeof hook->provider);
                request->state = hook;
                request->free_state = hook_free;
        } else {
                response_err(&request->response, ERR_NOMEM, NULL);
        }
        is_read = hook && read_hook(web, request, kind, provider, hook);
        options->provider_give(options->provider_context, provider);
        return is_read;
}

void receipts_post(struct web *web, struct request *request, struct db *db)
{
        (void)db;
        if (begin(web, request, WEBHOOK_RECEIPTS))
                request_write(request, web->options.writer, note_receipts, answer);
        else
                request_finish(request);
}

void replies_post(struct web *web, struct request *request, struct db *db)
{
        (void)db;
        if (begin(web, request, WEBHOOK_REPLIES))
                request_write(request, web->options.writer, note_replies, answer);
        else
                request_finish(request);
}
