/* provider: who carries messages outward, as a YAML file says: how a message becomes an HTTP request, how the
 * answer is read, and how its receipts and replies are read and checked (deliver/webhook.h).
 *
 *      provider: example                 its name; the file is example.yaml
 *      about: One line for people.
 *      channels: [sms]                   sms, email
 *      request:
 *        method: POST                    POST, PUT or GET; POST when absent
 *        url: https://api.example.org/v1/messages?from=${SENDER}
 *        headers: {X-Reference: "{{key}}"}
 *        format: json                    json, form or text: how values are escaped, and the Content-Type
 *        body: '{"to":"{{recipient}}","text":"{{text}}"{{#title}},"subject":"{{title}}"{{/title}}}'
 *        auth: {basic: {user: "${USER}", password: "${PASSWORD}"}}     or {bearer: "${TOKEN}"}
 *      idempotency: Idempotency-Key      the header that takes our key; absent: it has none
 *      answers:                          the first that fits is taken
 *        - {status: 201, outcome: accepted, id: /id}                   id: JSON pointer, must be there
 *        - {status: [400, 422], field: /error/code, equals: [21211], outcome: rejected, detail: /error/code}
 *        - {status: 500-599, outcome: retry}
 *      rate: {per_second: 20, burst: 40} absent: no limit
 *      connections: 16                   1–64, 64 when absent
 *      insecure: true                    allows http:// to another machine
 *      receipts: …  replies: …           see deliver/webhook.h
 *
 * Variables of url, headers and body: id, key, channel, recipient, title (only as a section's, SMS has none),
 * text, language, urgent. ${NAME} is a setting of the configuration and may stand in any text; {{base_url}},
 * the gateway's own address, may begin the URL.
 *
 * What no answer fits: 408, 425, 429 and 503 are retry; so are 3xx, 401, 403, 404, 405 (the fault is in our
 * configuration, not in the message); other 4xx are rejected; everything else is unknown.
 *
 * A provider is not changed once loaded and may be read by many threads. This file must not know the store's
 * rows beyond struct message, nor how bytes are carried. */
#ifndef DELIVER_PROVIDER_H
#define DELIVER_PROVIDER_H

#include "base/err.h"
#include "store/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROVIDER_MAX 16            /* providers of one gateway */
#define PROVIDER_CONNECTION_MAX 64 /* keep-alive connections of one provider */
#define PROVIDER_ANSWER_MAX_BYTES (64 * 1024)
#define PROVIDER_BODY_MAX_BYTES (256 * 1024) /* of a request */
#define PROVIDER_HEADER_MAX 16               /* headers of a request */

struct provider;

/* The setting NAME, or NULL when it is not set. Called with "base_url" for {{base_url}}. The text must live
 * until provider_load returns. */
typedef const char *(*provider_setting_fn)(void *context, const char *name);

/* ERR_INVALID with FILE:LINE when the file is wrong or a setting is missing. A sample message of each channel
 * is rendered to check the templates. */
int provider_load(const char *path, provider_setting_fn setting, void *context,
                  struct provider **ret_provider, struct err *err);
int provider_parse(const char *name, const char *bytes, size_t length, provider_setting_fn setting,
                   void *context, struct provider **ret_provider, struct err *err);
struct provider *provider_free(struct provider *provider); /* takes NULL, returns NULL */

const char *provider_name(const struct provider *provider);
bool provider_takes(const struct provider *provider, const char *channel);
bool provider_is_idempotent(const struct provider *provider);
bool provider_has_receipts(const struct provider *provider); /* tells us what became of a message */
int provider_connections(const struct provider *provider);
void provider_rate(const struct provider *provider, double *ret_per_second,
                   double *ret_burst); /* 0: no limit */

/* What goes to the provider for one message. */
struct provider_request {
        const char *method;          /* the provider's */
        const char *user, *password; /* the provider's; NULL: no basic auth */
        bool is_loopback;            /* goes to this machine */
        char *url, *body;            /* body NULL: none */
        size_t body_length;
        char *headers[PROVIDER_HEADER_MAX]; /* "Name: value" */
        int header_count;
};

/* UID is the database's (message_database_uid): the idempotency key is "kapula-UID-ID". */
int provider_request(const struct provider *provider, const struct message *message, const char *uid,
                     struct provider_request *ret_request, struct err *err);
void provider_request_fini(struct provider_request *request);

struct provider_answer {
        enum attempt_outcome outcome;
        char id[MESSAGE_PROVIDER_ID_MAX]; /* "": none */
        char detail[MESSAGE_DETAIL_MAX];
};

/* Reads an answer. BODY may be cut or empty: then conditions on its fields do not fit. */
void provider_answer(const struct provider *provider, int status, const char *body, size_t length,
                     struct provider_answer *ret_answer);

#endif
