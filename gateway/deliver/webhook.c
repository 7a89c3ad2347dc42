#include "deliver/webhook.h"
#include "base/buf.h"
#include "base/date.h"
#include "deliver/json_pointer.h"
#include "deliver/provider_p.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TEXT_MAX_BYTES 8192 /* of a reply */
#define BASIC_MAX_BYTES 1024

/* ---- who sent it */

/* In a time that does not tell how much was right. */
static bool same(const char *a, const char *b)
{
        size_t length = strlen(a);

        return length == strlen(b) && CRYPTO_memcmp(a, b, length) == 0;
}

static bool check_basic(const struct signature *signature, webhook_header_fn header, void *context)
{
        const char *given = header(context, "Authorization");
        unsigned char encoded[BASIC_MAX_BYTES * 4 / 3 + 5];
        char plain[BASIC_MAX_BYTES];
        int length = snprintf(plain, sizeof plain, "%s:%s", signature->user, signature->password);

        if (!given || strncasecmp(given, "Basic ", 6) != 0 || length < 0 || (size_t)length >= sizeof plain)
                return false;
        EVP_EncodeBlock(encoded, (const unsigned char *)plain, length);
        return same(given + 6, (const char *)encoded);
}

static bool check_timestamp(const struct signature *signature, const char *timestamp, int64_t now_utc)
{
        int64_t at;

        return timestamp && yaml_read_int(timestamp, &at) && at >= now_utc - signature->tolerance &&
               at <= now_utc + signature->tolerance;
}

static bool sign(const struct signature *signature, const char *timestamp, const char *body, size_t length,
                 char ret_text[static EVP_MAX_MD_SIZE * 2 + 1])
{
        const EVP_MD *digest = signature->kind == SIGNATURE_HMAC_SHA256 ? EVP_sha256() : EVP_sha1();
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned int size = 0;
        struct buf buf;

        buf_init(&buf, WEBHOOK_BODY_MAX_BYTES + 64);
        if (timestamp)
                buf_addf(&buf, "%s.", timestamp);
        buf_add(&buf, body, length);
        if (!buf_error(&buf) && !HMAC(digest, signature->secret, (int)strlen(signature->secret),
                                      (const unsigned char *)buf_text(&buf), buf.length, bytes, &size))
                size = 0;
        buf_fini(&buf);
        if (signature->is_base64)
                EVP_EncodeBlock((unsigned char *)ret_text, bytes, (int)size);
        for (unsigned int i = 0; i < size && !signature->is_base64; i++)
                snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
        return size > 0;
}

static bool check_hmac(const struct signature *signature, webhook_header_fn header, void *context,
                       const char *body, size_t length, int64_t now_utc)
{
        const char *given = header(context, signature->header), *timestamp = NULL;
        char right[EVP_MAX_MD_SIZE * 2 + 1], lower[EVP_MAX_MD_SIZE * 2 + 1];
        size_t prefix = signature->prefix ? strlen(signature->prefix) : 0;

        if (!given || strlen(given) < prefix || (prefix && memcmp(given, signature->prefix, prefix)))
                return false;
        given += prefix;
        if (signature->timestamp_header) {
                timestamp = header(context, signature->timestamp_header);
                if (!check_timestamp(signature, timestamp, now_utc))
                        return false;
        }
        if (strlen(given) >= sizeof lower || !sign(signature, timestamp, body, length, right))
                return false;
        for (size_t i = 0; i <= strlen(given); i++)
                lower[i] = !signature->is_base64 && given[i] >= 'A' && given[i] <= 'F' ? (char)(given[i] + 32)
                                                                                       : given[i];
        return same(lower, right);
}

static const struct webhook *choose(const struct provider *provider, enum webhook_kind kind)
{
        return kind == WEBHOOK_RECEIPTS ? &provider->receipts : &provider->replies;
}

int webhook_verify(const struct provider *provider, enum webhook_kind kind, webhook_header_fn header,
                   void *context, const char *body, size_t length, int64_t now_utc, struct err *err)
{
        const struct webhook *webhook = choose(provider, kind);
        bool good = false;

        if (!webhook->exists)
                return err_set(err, ERR_NOT_FOUND, "%s: sends nothing of this kind: see its file",
                               provider->name);
        switch (webhook->signature.kind) {
        case SIGNATURE_NONE:
                good = true;
                break;
        case SIGNATURE_BASIC:
                good = check_basic(&webhook->signature, header, context);
                break;
        case SIGNATURE_HMAC_SHA256:
        case SIGNATURE_HMAC_SHA1:
                good = check_hmac(&webhook->signature, header, context, body, length, now_utc);
                break;
        }
        return good ? 0
                    : err_set(err, ERR_INVALID, "%s: the signature is missing or wrong: check the secret",
                              provider->name);
}

/* ---- what it says */

/* One percent-encoded part of a form, up to '=' or '&'; NULL when it is cut or too long. */
static const char *read_form_part(const char *at, const char *end, struct buf *part)
{
        unsigned int byte;

        buf_cut(part, 0);
        for (; at < end && *at != '&' && *at != '='; at++) {
                if (*at == '%') {
                        if (end - at < 3 || sscanf(at + 1, "%2x", &byte) != 1 || !byte)
                                return NULL;
                        buf_addc(part, (char)byte);
                        at += 2;
                } else {
                        buf_addc(part, *at == '+' ? ' ' : *at);
                }
        }
        return buf_error(part) ? NULL : at;
}

/* A form as a JSON object of texts; NULL when it is none. */
static json_t *parse_form(const char *body, size_t length)
{
        const char *at = body, *end = body + length;
        json_t *form = json_object();
        struct buf name, value;

        buf_init(&name, 256);
        buf_init(&value, TEXT_MAX_BYTES);
        while (form && at && at < end) {
                at = read_form_part(at, end, &name);
                buf_cut(&value, 0);
                if (at && at < end && *at == '=')
                        at = read_form_part(at + 1, end, &value);
                if (at && name.length)
                        json_object_set_new(form, buf_text(&name), json_string(buf_text(&value)));
                if (at && at < end)
                        at++;
        }
        buf_fini(&name);
        buf_fini(&value);
        if (!at) {
                json_decref(form);
                form = NULL;
        }
        return form;
}

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

static bool find_status(const struct webhook *webhook, const char *word, enum receipt_status *ret_status)
{
        for (size_t status = 0; status < ARRAY_SIZE(webhook->words); status++)
                for (char *const *each = webhook->words[status]; *each; each++)
                        if (strcmp(*each, word) == 0) {
                                *ret_status = (enum receipt_status)status;
                                return true;
                        }
        return false;
}

/* Our message id out of "kapula-UID-ID" or "ID"; 0 when it is neither. */
static int64_t read_reference(const char *text, const char *uid)
{
        size_t length = strlen(uid);
        int64_t id;

        if (strncmp(text, "kapula-", 7) == 0) {
                if (strncmp(text + 7, uid, length) != 0 || text[7 + length] != '-')
                        return 0;
                text += 7 + length + 1;
        }
        return yaml_read_int(text, &id) && id > 0 ? id : 0;
}

static int read_receipt(const struct item *item, const json_t *json)
{
        char id[MESSAGE_PROVIDER_ID_MAX] = "", reference[128], word[128], detail[MESSAGE_DETAIL_MAX] = "";
        const struct webhook *webhook = item->webhook;
        struct receipt receipt = {.provider = item->provider->name, .at = time_of(webhook, json)};

        if (!json_pointer_text(json, webhook->status, word, sizeof word))
                return err_set(item->err, ERR_INVALID, "%s: a receipt without status: see its file",
                               item->provider->name);
        if (!find_status(webhook, word, &receipt.status))
                return 0;
        if (webhook->reference && json_pointer_text(json, webhook->reference, reference, sizeof reference))
                receipt.message = read_reference(reference, item->uid);
        if (webhook->id && json_pointer_text(json, webhook->id, id, sizeof id) && id[0])
                receipt.provider_id = id;
        if (!receipt.message && !receipt.provider_id)
                return webhook->reference
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

static int read_items(const struct item *item, const json_t *json)
{
        const json_t *list = item->webhook->list ? json_pointer_at(json, item->webhook->list) : NULL;
        int r = 0;

        if (!item->webhook->list)
                return item->tell_receipt ? read_receipt(item, json) : read_reply(item, json);
        if (!json_is_array(list))
                return err_set(item->err, ERR_INVALID, "%s: no list where its file says: see its file",
                               item->provider->name);
        if (json_array_size(list) > WEBHOOK_ITEM_MAX)
                return err_set(item->err, ERR_LIMIT, "%s: more than %d items: send fewer at a time",
                               item->provider->name, WEBHOOK_ITEM_MAX);
        for (size_t i = 0; i < json_array_size(list) && r >= 0; i++)
                r = item->tell_receipt ? read_receipt(item, json_array_get(list, i))
                                       : read_reply(item, json_array_get(list, i));
        return r < 0 ? r : 0;
}

static int read_body(const struct item *item, const char *body, size_t length)
{
        json_t *json;
        int r;

        if (!item->webhook->exists)
                return err_set(item->err, ERR_NOT_FOUND, "%s: sends nothing of this kind: see its file",
                               item->provider->name);
        if (length > WEBHOOK_BODY_MAX_BYTES)
                return err_set(item->err, ERR_LIMIT, "%s: a body of more than %d bytes", item->provider->name,
                               WEBHOOK_BODY_MAX_BYTES);
        json = item->webhook->is_form ? parse_form(body, length) : json_loadb(body, length, 0, NULL);
        if (!json)
                return err_set(item->err, ERR_INVALID, "%s: the body is no %s: see its file",
                               item->provider->name, item->webhook->is_form ? "form" : "JSON");
        r = read_items(item, json);
        json_decref(json);
        return r < 0 ? r : 0;
}

int webhook_receipts(const struct provider *provider, const char *uid, const char *body, size_t length,
                     int (*tell)(void *context, const struct receipt *receipt, struct err *err),
                     void *context, struct err *err)
{
        const struct item item = {.provider = provider,
                                  .webhook = &provider->receipts,
                                  .uid = uid,
                                  .tell_receipt = tell,
                                  .context = context,
                                  .err = err};

        return read_body(&item, body, length);
}

int webhook_replies(const struct provider *provider, const char *body, size_t length,
                    int (*tell)(void *context, const struct webhook_reply *reply, struct err *err),
                    void *context, struct err *err)
{
        const struct item item = {.provider = provider,
                                  .webhook = &provider->replies,
                                  .tell_reply = tell,
                                  .context = context,
                                  .err = err};

        return read_body(&item, body, length);
}
