#include "deliver/webhook.h"
#include "base/date.h"
#include "base/log.h"
#include "compose/json_text.h"
#include "deliver/json_pointer.h"
#include "deliver/provider_p.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX_BYTES 8192 /* of a reply */

static const struct webhook *choose(const struct provider *provider, enum webhook_kind kind)
{
        return kind == WEBHOOK_RECEIPTS ? &provider->receipts : &provider->replies;
}

int webhook_verify(const struct provider *provider, enum webhook_kind kind,
                   const struct webhook_request *request, struct err *err)
{
        const struct webhook *webhook = choose(provider, kind);

        if (!webhook->exists)
                return err_set(err, ERR_NOT_FOUND, "%s: sends nothing of this kind: see its file",
                               provider->name);
        if (signature_fits(provider, kind, &webhook->signature, request))
                return 0;
        return err_set(err, ERR_INVALID, "%s: the signature is missing, wrong or too old: check the secret",
                       provider->name);
}

/* ---- what it says */

/* RFC 3339 with an offset, or seconds or milliseconds since 1970. */
static int64_t read_time(const char *text)
{
        int year, month, day, hour, minute, second, zone_hour = 0, zone_minute = 0, end = 0;
        char date[DATE_TEXT_MAX], sign_of_zone = '+';
        int32_t number;
        int64_t at;

        if (yaml_read_int(text, &at))
                return at > INT64_C(100000000000) ? at / 1000 : at;
        if (sscanf(text, "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second,
                   &end) != 6 ||
            !end)
                return RECEIPT_NO_TIME;
        snprintf(date, sizeof date, "%.10s", text);
        if (!date_parse(date, &number))
                return RECEIPT_NO_TIME;
        text += end;
        if (*text == '.')
                text += 1 + strspn(text + 1, "0123456789");
        if (*text != 'Z' && *text != 'z' &&
            (sscanf(text, "%c%2d:%2d", &sign_of_zone, &zone_hour, &zone_minute) != 3 &&
             sscanf(text, "%c%2d%2d", &sign_of_zone, &zone_hour, &zone_minute) != 3))
                return RECEIPT_NO_TIME;
        at = (int64_t)number * 86400 + hour * 3600 + minute * 60 + second;
        at -= (sign_of_zone == '-' ? -1 : 1) * (zone_hour * 3600 + zone_minute * 60);
        return at;
}

/* What one item is read into. */
struct item {
        const struct provider *provider;
        const struct webhook *webhook;
        const struct webhook_request *request;
        const char *uid;
        int (*tell_receipt)(void *context, const struct receipt *receipt, struct err *err);
        int (*tell_reply)(void *context, const struct webhook_reply *reply, struct err *err);
        void *context;
        struct err *err;
};

static int64_t time_of(const struct webhook *webhook, const json_t *json)
{
        char text[64];

        if (!webhook->at || !json_pointer_text(json, webhook->at, text, sizeof text))
                return RECEIPT_NO_TIME;
        return read_time(text);
}

/* Our message id and round out of "kapula-UID-ID", "kapula-UID-ID-rN" or "ID"; id 0 when it is none of them.
 */
static int64_t read_reference(const char *text, const char *uid, int64_t *ret_round)
{
        char number[24];
        size_t length = strlen(uid), digits;
        int64_t id;

        *ret_round = 0;
        if (strncmp(text, "kapula-", 7) == 0) {
                if (strncmp(text + 7, uid, length) != 0 || text[7 + length] != '-')
                        return 0;
                text += 7 + length + 1;
        }
        digits = strspn(text, "0123456789");
        if (!digits || digits >= sizeof number)
                return 0;
        snprintf(number, sizeof number, "%.*s", (int)digits, text);
        if (!yaml_read_int(number, &id) || id <= 0)
                return 0;
        text += digits;
        if (!*text)
                return id;
        return text[0] == '-' && text[1] == 'r' && yaml_read_int(text + 2, ret_round) && *ret_round > 0 ? id
                                                                                                        : 0;
}

static int64_t find_reference(const struct item *item, const json_t *json, int64_t *ret_round)
{
        const struct webhook *webhook = item->webhook;
        const struct webhook_request *request = item->request;
        const char *query = NULL;
        char reference[128];

        *ret_round = 0;
        if (webhook->reference && json_pointer_text(json, webhook->reference, reference, sizeof reference))
                return read_reference(reference, item->uid, ret_round);
        if (webhook->reference_query && request->query)
                query = request->query(request->context, webhook->reference_query);
        return query ? read_reference(query, item->uid, ret_round) : 0;
}

static enum receipt_status status_of(int kind)
{
        if (kind == WORD_DELIVERED)
                return RECEIPT_DELIVERED;
        return kind == WORD_TEMPORARY ? RECEIPT_TEMPORARY : RECEIPT_FAILED;
}

static int read_receipt(const struct item *item, const json_t *json)
{
        char id[MESSAGE_PROVIDER_ID_MAX] = "", detail[MESSAGE_DETAIL_MAX] = "";
        const struct webhook *webhook = item->webhook;
        struct receipt receipt = {.provider = item->provider->name, .at = time_of(webhook, json)};
        int kind = status_words_find(&webhook->status, json);

        if (kind == -2)
                return err_set(item->err, ERR_INVALID, "%s: a receipt without status: see its file",
                               item->provider->name);
        if (kind < 0 || kind == WORD_TAKEN)
                return 0;
        receipt.status = status_of(kind);
        receipt.is_bad_address = kind == WORD_BAD_ADDRESS;
        receipt.message = find_reference(item, json, &receipt.round);
        if (webhook->id && json_pointer_text(json, webhook->id, id, sizeof id) && id[0])
                receipt.provider_id = id;
        if (!receipt.message && !receipt.provider_id)
                return webhook->reference || webhook->reference_query
                           ? 0
                           : err_set(item->err, ERR_INVALID, "%s: a receipt without id: see its file",
                                     item->provider->name);
        if (webhook->detail && json_pointer_text(json, webhook->detail, detail, sizeof detail))
                provider_keep_code(detail);
        receipt.detail = detail[0] ? detail : NULL;
        return item->tell_receipt(item->context, &receipt, item->err);
}

static int read_reply(const struct item *item, const json_t *json)
{
        char from[256], id[MESSAGE_PROVIDER_ID_MAX] = "";
        _cleanup_(free_ptr) char *text = malloc(TEXT_MAX_BYTES);
        struct webhook_reply reply = {.from = from, .text = text, .at = time_of(item->webhook, json)};

        if (!text)
                return err_set(item->err, ERR_NOMEM, "provider: out of memory");
        if (!json_pointer_text(json, item->webhook->from, from, sizeof from) ||
            !json_pointer_text(json, item->webhook->text, text, TEXT_MAX_BYTES))
                return err_set(item->err, ERR_INVALID, "%s: a reply without sender or text: see its file",
                               item->provider->name);
        if (item->webhook->id && json_pointer_text(json, item->webhook->id, id, sizeof id) && id[0])
                reply.id = id;
        return item->tell_reply(item->context, &reply, item->err);
}

/* Items of another kind in the same webhook are none of ours. */
static bool is_ours(const struct webhook *webhook, const json_t *json)
{
        char text[128];

        if (!webhook->only_field)
                return true;
        return json_pointer_text(json, webhook->only_field, text, sizeof text) &&
               strcmp(text, webhook->only_equals) == 0;
}

static int read_item(const struct item *item, const json_t *json)
{
        if (!is_ours(item->webhook, json))
                return 0;
        return item->tell_receipt ? read_receipt(item, json) : read_reply(item, json);
}

static int read_items(const struct item *item, const json_t *json)
{
        const char *place = item->webhook->list;
        const json_t *list = !place || !*place ? json : json_pointer_at(json, place);
        int r = 0;

        if (!place)
                return read_item(item, json);
        if (!json_is_array(list))
                return err_set(item->err, ERR_INVALID, "%s: no list where its file says: see its file",
                               item->provider->name);
        if (json_array_size(list) > WEBHOOK_ITEM_MAX)
                return err_set(item->err, ERR_LIMIT, "%s: more than %d items: send fewer at a time",
                               item->provider->name, WEBHOOK_ITEM_MAX);
        for (size_t i = 0; i < json_array_size(list) && r >= 0; i++)
                r = read_item(item, json_array_get(list, i));
        return r < 0 ? r : 0;
}

static int out_of_memory(const struct item *item)
{
        return err_set(item->err, ERR_NOMEM, "%s: out of memory", item->provider->name);
}

/* JSON that stands as a text inside JSON (Amazon SNS). Other news of such an envelope, such as the question
 * whether we want to be told at all, is none of ours. */
static int read_inside(const struct item *item, const json_t *envelope)
{
        const json_t *text = json_pointer_at(envelope, item->webhook->inside);
        json_error_t error;
        json_t *json;
        int r = ERR_INVALID;

        if (json_is_string(text))
                r = json_text_read(json_string_value(text), json_string_length(text), 0, &json, &error);
        if (r == ERR_NOMEM)
                return out_of_memory(item);
        if (r < 0) {
                log_info("deliver", "%s: a webhook without an event: is its subscription confirmed?",
                         item->provider->name);
                return 0;
        }
        r = read_items(item, json);
        json_decref(json);
        return r;
}

static int read_body(const struct item *item)
{
        const struct webhook_request *request = item->request;
        json_error_t error;
        json_t *json = NULL;
        int r;

        if (!item->webhook->exists)
                return err_set(item->err, ERR_NOT_FOUND, "%s: sends nothing of this kind: see its file",
                               item->provider->name);
        if (request->length > WEBHOOK_BODY_MAX_BYTES)
                return err_set(item->err, ERR_LIMIT, "%s: a body of more than %d bytes", item->provider->name,
                               WEBHOOK_BODY_MAX_BYTES);
        if (item->webhook->is_form)
                json = form_parse(request->body, request->length);
        else if (json_text_read(request->body, request->length, 0, &json, &error) == ERR_NOMEM)
                return out_of_memory(item);
        if (!json)
                return err_set(item->err, ERR_INVALID, "%s: the body is no %s: see its file",
                               item->provider->name, item->webhook->is_form ? "form" : "JSON");
        r = item->webhook->inside ? read_inside(item, json) : read_items(item, json);
        json_decref(json);
        return r < 0 ? r : 0;
}

int webhook_receipts(const struct provider *provider, const char *uid, const struct webhook_request *request,
                     int (*tell)(void *context, const struct receipt *receipt, struct err *err),
                     void *context, struct err *err)
{
        const struct item item = {.provider = provider,
                                  .webhook = &provider->receipts,
                                  .request = request,
                                  .uid = uid,
                                  .tell_receipt = tell,
                                  .context = context,
                                  .err = err};

        return read_body(&item);
}

int webhook_replies(const struct provider *provider, const struct webhook_request *request,
                    int (*tell)(void *context, const struct webhook_reply *reply, struct err *err),
                    void *context, struct err *err)
{
        const struct item item = {.provider = provider,
                                  .webhook = &provider->replies,
                                  .request = request,
                                  .tell_reply = tell,
                                  .context = context,
                                  .err = err};

        return read_body(&item);
}
