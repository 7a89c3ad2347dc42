/* What the templates of a provider's file see of a message. */
#include "base/buf.h"
#include "base/date.h"
#include "compose/html.h"
#include "compose/segment.h"
#include "deliver/mail.h"
#include "deliver/provider_p.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define URL_MAX_BYTES 1024
#define UUID_BYTES 37
#define HOST_MAX_BYTES 256

void provider_key(const struct message *message, const char *uid, char ret_key[static PROVIDER_KEY_MAX])
{
        if (message->round)
                snprintf(ret_key, PROVIDER_KEY_MAX, "kapula-%s-%" PRId64 "-r%" PRId64, uid, message->id,
                         message->round);
        else
                snprintf(ret_key, PROVIDER_KEY_MAX, "kapula-%s-%" PRId64, uid, message->id);
}

/* The key as a UUID of version 8 (RFC 9562), for providers that want one. */
static void set_uuid(struct value *values, const char *key)
{
        unsigned char hash[EVP_MAX_MD_SIZE] = {0};
        char text[UUID_BYTES];

        EVP_Digest(key, strlen(key), hash, NULL, EVP_sha256(), NULL);
        hash[6] = (unsigned char)((hash[6] & 0x0f) | 0x80);
        hash[8] = (unsigned char)((hash[8] & 0x3f) | 0x80);
        snprintf(text, sizeof text, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                 hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7], hash[8], hash[9],
                 hash[10], hash[11], hash[12], hash[13], hash[14], hash[15]);
        value_set_text(values, "uuid", text);
}

/* RFC 5322, in UTC. */
static void set_date(struct value *values, int64_t utc)
{
        static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
        int year, month, day, seconds = (int)(utc % 86400);
        int32_t date = (int32_t)(utc / 86400);
        char text[48];

        date_to_civil(date, &year, &month, &day);
        snprintf(text, sizeof text, "%s, %d %s %d %02d:%02d:%02d +0000", weekdays[date_weekday(date) - 1],
                 day, months[month - 1], year, seconds / 3600, seconds / 60 % 60, seconds % 60);
        value_set_text(values, "date", text);
}

/* <key@the sender's domain>, or of the gateway's host when the sender is no mailbox. */
static void set_message_id(struct value *values, const struct provider *provider, const char *from,
                           const char *key)
{
        const char *host = from ? strrchr(from, '@') : NULL, *url = provider->public_url;
        char text[PROVIDER_KEY_MAX + HOST_MAX_BYTES + 4];

        if (host) {
                host++;
        } else {
                host = url && strstr(url, "://") ? strstr(url, "://") + 3 : "localhost";
        }
        snprintf(text, sizeof text, "<%s@%.*s>", key, (int)strcspn(host, ":/?>"), host);
        value_set_text(values, "message_id", text);
}

/* Where this message's receipts may be posted, with what the file wants to find in the address. */
static void set_receipt_url(struct value *values, const struct provider *provider, const char *key)
{
        const struct webhook *receipts = &provider->receipts;
        const struct signature *signature = &receipts->signature;
        struct buf url;

        if (!receipts->exists || !provider->public_url)
                return;
        buf_init(&url, URL_MAX_BYTES);
        buf_addf(&url, "%s/v1/receipts/%s", provider->public_url, provider->name);
        if (receipts->reference_query)
                buf_addf(&url, "?%s=%s", receipts->reference_query, key);
        if (signature->kind == SIGNATURE_TOKEN && signature->query)
                buf_addf(&url, "%s%s=%s", receipts->reference_query ? "&" : "?", signature->query,
                         signature->secret);
        if (!buf_error(&url))
                value_set_text(values, "receipt_url", buf_text(&url));
        buf_fini(&url);
}

static const char *sender_of(const struct provider *provider, const struct message *message)
{
        for (int i = 0; message->organisation && i < provider->sender_count; i++)
                if (strcmp(provider->senders[i].organisation, message->organisation) == 0)
                        return provider->senders[i].sender;
        return provider->sender;
}

static int set_sender(struct value *values, const struct provider *provider, const struct message *message,
                      const char *key, struct err *err)
{
        const char *from = sender_of(provider, message);
        _cleanup_(free_ptr) char *mailbox = NULL;
        int r = 0;

        value_set_text(values, "from", from);
        value_set_text(values, "from_name", provider->sender_name);
        value_set_text(values, "reply_to", provider->reply_to);
        set_message_id(values, provider, from, key);
        if (from && strcmp(message->channel, "email") == 0)
                r = mail_mailbox(provider->sender_name, from, &mailbox, err);
        if (r == 0)
                value_set_text(values, "from_mailbox", mailbox);
        return r;
}

static int set_sms(struct value *values, unsigned uses, const struct message *message, struct err *err)
{
        struct segment_size size;
        int r;

        if (uses & USE_NUMBER)
                value_set_text(values, "number", message->address + (message->address[0] == '+'));
        if (!(uses & USE_UNICODE))
                return 0;
        r = segment_count(message->text, &size, err);
        if (r == 0)
                value_set_bool(values, "unicode", size.encoding == SEGMENT_UCS2);
        return r;
}

/* One click is for https alone (RFC 8058). */
static int set_unsubscribe(struct value *values, const struct provider *provider, const char *token)
{
        _cleanup_(free_ptr) char *url = NULL;

        if (!token || strncmp(token, "https://", 8) == 0) {
                value_set_text(values, "unsubscribe", token);
                return 0;
        }
        if (!provider->public_url || strncmp(provider->public_url, "https://", 8) != 0)
                return 0;
        if (asprintf(&url, "%s/u/%s", provider->public_url, token) < 0) {
                url = NULL;
                return ERR_NOMEM;
        }
        value_set_text(values, "unsubscribe", url);
        return 0;
}

static int set_email(struct value *values, const struct provider *provider, const struct message *message,
                     struct err *err)
{
        _cleanup_(free_ptr) char *html = NULL;
        int r = html_email(message->title, message->text, message->language,
                           html_direction(message->language), &html, err);

        if (r == 0)
                value_set_text(values, "html", html);
        if (r == 0 && !message->urgent && set_unsubscribe(values, provider, message->unsubscribe) < 0)
                r = err_set(err, ERR_NOMEM, "provider: out of memory");
        value_set_text(values, "calendar", message->calendar);
        return r;
}

static void set_settings(struct value *values, const struct provider *provider)
{
        struct value *settings = provider->setting_count ? value_set_map(values, "settings") : NULL;

        for (int i = 0; i < provider->setting_count; i++)
                value_set_text(settings, provider->settings[i].name, provider->settings[i].value);
}

/* ---- which of them */

/* Those that are in no row are always there: key, recipient, text. */
static const struct {
        const char *name;
        unsigned use;
} use_table[] = {
    {"calendar", USE_EMAIL},
    {"channel", USE_LABELS},
    {"date", USE_DATE},
    {"from", USE_SENDER},
    {"from_mailbox", USE_SENDER},
    {"from_name", USE_SENDER},
    {"html", USE_EMAIL},
    {"id", USE_LABELS},
    {"language", USE_LABELS},
    {"message_id", USE_SENDER},
    {"number", USE_NUMBER},
    {"reply_to", USE_SENDER},
    {"receipt_url", USE_RECEIPT_URL},
    {"settings", USE_SETTINGS},
    {"title", USE_LABELS},
    {"unicode", USE_UNICODE},
    {"unsubscribe", USE_EMAIL},
    {"urgent", USE_LABELS},
    {"uuid", USE_UUID},
};

static int note_use(const struct template_use *use, void *told)
{
        unsigned *uses = told;
        size_t length = strcspn(use->path, ".");

        for (size_t i = 0; i < ARRAY_SIZE(use_table); i++)
                if (strlen(use_table[i].name) == length && strncmp(use_table[i].name, use->path, length) == 0)
                        *uses |= use_table[i].use;
        return 0;
}

unsigned provider_uses(const struct provider *provider)
{
        unsigned uses = provider->is_smtp ? USE_ALL : 0;
        int r = 0;

        if (provider->url)
                r |= template_variables(provider->url, NULL, NULL, note_use, &uses);
        if (provider->body)
                r |= template_variables(provider->body, NULL, NULL, note_use, &uses);
        if (provider->question.url)
                r |= template_variables(provider->question.url, NULL, NULL, note_use, &uses);
        for (int i = 0; i < provider->header_count; i++)
                r |= template_variables(provider->headers[i].value, NULL, NULL, note_use, &uses);
        return r ? USE_ALL : uses;
}

/* Those of USES, beside those that stand in every request. */
static void set_some(struct value *values, unsigned uses, const struct provider *provider,
                     const struct message *message, const char *key)
{
        if (uses & USE_UUID)
                set_uuid(values, key);
        if (uses & USE_LABELS) {
                value_set_count(values, "id", message->id);
                value_set_text(values, "channel", message->channel);
                value_set_text(values, "title", message->title);
                value_set_text(values, "language", message->language);
                value_set_bool(values, "urgent", message->urgent);
        }
        if (uses & USE_DATE)
                set_date(values, message->created);
        if (uses & USE_RECEIPT_URL)
                set_receipt_url(values, provider, key);
        if (uses & USE_SETTINGS)
                set_settings(values, provider);
}

struct value *provider_values(const struct provider *provider, const struct message *message, const char *uid,
                              struct err *err)
{
        struct value *values = value_map_new();
        char key[PROVIDER_KEY_MAX];
        int r = 0;

        if (!values) {
                err_set(err, ERR_NOMEM, "provider: out of memory");
                return NULL;
        }
        provider_key(message, uid, key);
        value_set_text(values, "key", key);
        value_set_text(values, "recipient", message->address);
        value_set_text(values, "text", message->text);
        set_some(values, provider->uses, provider, message, key);
        if (provider->uses & USE_SENDER)
                r = set_sender(values, provider, message, key, err);
        if (r == 0 && strcmp(message->channel, "sms") == 0)
                r = set_sms(values, provider->uses, message, err);
        else if (r == 0 && provider->uses & USE_EMAIL)
                r = set_email(values, provider, message, err);
        if (r == 0)
                r = value_error(values, err);
        return r < 0 ? value_free(values) : values;
}
