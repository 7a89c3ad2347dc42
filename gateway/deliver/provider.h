/* provider: who carries messages outward, as a YAML file says: how a message becomes a request, how the
 * answer is read, how a message that is in doubt is asked after, and how receipts and replies are read and
 * checked (deliver/webhook.h). gateway/providers/README.md documents every key.
 *
 * Variables of url, headers and body are those of provider_request. ${NAME} is a setting of the configuration
 * and may stand in any text, ${NAME:-word} has a default; {{loopback_url}}, the gateway's own address, may
 * begin the URL.
 *
 * What no answer fits: 408, 425, 429 and 503 are retry; so are 3xx, 401, 403, 404, 405 (the fault is in our
 * configuration, not in the message); other 4xx are rejected; everything else is unknown. Of SMTP: 2xx
 * accepted, 4xx retry, 5xx rejected.
 *
 * A provider is not changed once it is in use and may be read by many threads. This file must not know the
 * store's rows beyond struct message, nor how bytes are carried. */
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
#define PROVIDER_PREFIX_MAX 32               /* country prefixes of one provider */
#define PROVIDER_SENDER_MAX 64               /* organisations with a sender of their own */
#define PROVIDER_POLL_MAX 64                 /* accepted messages asked after at a time */

struct provider;

/* The setting NAME, or NULL when it is not set. Called with "base_url", the address that others see, and with
 * "loopback_url" for {{loopback_url}}. The text must live until provider_load returns. */
typedef const char *(*provider_setting_fn)(void *context, const char *name);

/* ERR_INVALID with FILE:LINE when the file is wrong or a setting is missing. A sample message of each channel
 * is rendered to check the templates. */
int provider_load(const char *path, provider_setting_fn setting, void *context,
                  struct provider **ret_provider, struct err *err);
int provider_parse(const char *name, const char *bytes, size_t length, provider_setting_fn setting,
                   void *context, struct provider **ret_provider, struct err *err);
struct provider *provider_free(struct provider *provider); /* takes NULL, returns NULL */

/* What the configuration adds to a file, before the provider is in use. ERR_LIMIT, ERR_NOMEM; texts are
 * copied. */
int provider_add_prefix(struct provider *provider, const char *prefix, struct err *err); /* "+358" */
int provider_add_sender(struct provider *provider, const char *organisation, const char *sender,
                        struct err *err);
int provider_set_ca_file(struct provider *provider, const char *path, struct err *err);

const char *provider_name(const struct provider *provider);
bool provider_takes(const struct provider *provider, const char *channel);
bool provider_has_receipts(const struct provider *provider); /* tells us what became of a message */
bool provider_has_replies(const struct provider *provider);  /* brings what people send back */
int provider_connections(const struct provider *provider);
bool provider_is_smtp(const struct provider *provider);
bool provider_is_insecure(const struct provider *provider);    /* may be spoken to without TLS */
const char *provider_ca_file(const struct provider *provider); /* NULL: the system's */
/* The answer's header in which the provider's id stands; NULL: none. */
const char *provider_id_header(const struct provider *provider);

/* JSON arrays, NULL when there are none: the prefixes of numbers that it takes (NULL: every number), and the
 * organisations that have a sender of their own. */
const char *provider_prefixes(const struct provider *provider);
const char *provider_senders(const struct provider *provider);

struct provider_limits {
        double per_second, burst; /* 0: no limit */
        int per_recipient;        /* messages to one address within `within` seconds; 0: no limit */
        int64_t within;
};

struct provider_limits provider_limits(const struct provider *provider);

/* How a message whose outcome is not known can be settled: it takes our key and never takes the same one
 * twice (for `seconds` after the first try; INT64_MAX: for good), or it can be asked by our key. */
bool provider_is_idempotent(const struct provider *provider, int64_t *ret_seconds);
bool provider_can_ask(const struct provider *provider, int64_t *ret_wait_seconds);
/* Seconds between two questions after an accepted message, 0: it is not asked; until it is that old. */
int64_t provider_poll_seconds(const struct provider *provider, int64_t *ret_until_seconds);

/* What goes to the provider for one message. */
struct provider_request {
        const char *method;                  /* the provider's */
        const char *user, *password, *sigv4; /* the provider's; NULL: none. sigv4: aws:amz:REGION:SERVICE */
        const char *mail_from, *mail_to;     /* of SMTP: the envelope */
        bool is_loopback;                    /* goes to this machine */
        char *url, *body;                    /* body NULL: none */
        char *envelope_from, *envelope_to;   /* what mail_from and mail_to point at */
        size_t body_length;
        char *headers[PROVIDER_HEADER_MAX]; /* "Name: value" */
        int header_count;
};

/* UID is the database's (message_database_uid): the idempotency key is "kapula-UID-ID", and
 * "kapula-UID-ID-rN" of a message that was begun anew after a temporary failure. */
int provider_request(const struct provider *provider, const struct message *message, const char *uid,
                     struct provider_request *ret_request, struct err *err);
/* The question what became of MESSAGE; PROVIDER_ID may be NULL when it is asked by our key. */
int provider_question(const struct provider *provider, const struct message *message, const char *uid,
                      const char *provider_id, struct provider_request *ret_request, struct err *err);
void provider_request_fini(struct provider_request *request);

struct provider_answer {
        enum attempt_outcome outcome;
        bool is_bad_address;              /* rejected, and nothing will ever arrive there */
        char id[MESSAGE_PROVIDER_ID_MAX]; /* "": none */
        char detail[MESSAGE_DETAIL_MAX];
};

/* Reads an answer. BODY may be cut or empty: then conditions on its fields do not fit. ID is what the header
 * of provider_id_header held, or NULL. */
void provider_answer(const struct provider *provider, int status, const char *body, size_t length,
                     const char *id, struct provider_answer *ret_answer);

/* What a status query says. */
enum provider_standing {
        STANDING_UNCLEAR, /* no answer to build on: ask again later */
        STANDING_MISSING, /* the provider does not have it: it never came */
        STANDING_TAKEN,   /* it has it and is at it */
        STANDING_DELIVERED,
        STANDING_FAILED,
        STANDING_TEMPORARY, /* failed, and may be sent again */
};

struct provider_told {
        enum provider_standing standing;
        bool is_bad_address; /* of failed: nothing will ever arrive there */
        char id[MESSAGE_PROVIDER_ID_MAX];
        char detail[MESSAGE_DETAIL_MAX];
};

void provider_told(const struct provider *provider, int status, const char *body, size_t length,
                   struct provider_told *ret_told);

#endif
