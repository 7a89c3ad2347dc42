/* transfer: one request to a provider by curl, on an easy handle that is used again and again. Makes the
 * handle ready, and afterwards says what became of the request: whether an answer came, and if not, whether
 * the request may have left. Knows no store and no queue. */
#ifndef DELIVER_TRANSFER_H
#define DELIVER_TRANSFER_H

#include "base/buf.h"
#include "deliver/provider.h"

#include <curl/curl.h>

struct transfer {
        CURL *easy;
        const struct provider *provider;
        struct message message; /* its own */
        struct provider_request request;
        struct curl_slist headers[PROVIDER_HEADER_MAX + 1]; /* lent to curl; the texts are the request's */
        const struct provider *ready_for; /* whose requests the handle is set up for; NULL: nobody's */
        char *url;                        /* that it is set to */
        int timeout_ms;
        struct buf answer;
        bool is_bad_address;   /* an SMTP server has said so */
        int begun;             /* how often curl began to send */
        bool is_question;      /* it asks after the message instead of sending it */
        size_t read;           /* bytes of the body that curl has taken (SMTP) */
        struct transfer *next; /* the owner's */
        CURLcode set;          /* of the options: the first that could not be set */
};

int transfer_new(struct transfer **ret_transfer, struct err *err);
struct transfer *transfer_free(struct transfer *transfer); /* takes NULL, returns NULL */

/* Takes MESSAGE (leaves it empty) and prepares the handle. ERR_INVALID when no request can be made of it; the
 * transfer then still holds the message. */
int transfer_start(struct transfer *transfer, const struct provider *provider, struct message *message,
                   const char *uid, int timeout_ms, struct err *err);

/* The same for a question after the message: of an attempt in doubt, or (the message's attempt is 0) of an
 * accepted message. */
int transfer_ask(struct transfer *transfer, const struct provider *provider, struct message *message,
                 const char *uid, int timeout_ms, struct err *err);

/* What the answer to a question says. */
void transfer_told(struct transfer *transfer, CURLcode result, struct provider_told *ret_told);

/* What the end of the transfer with RESULT means. RET_RETRY_AFTER: seconds the provider asks to wait, -1
 * without. */
void transfer_outcome(struct transfer *transfer, CURLcode result, int64_t now_utc,
                      struct message_outcome *ret_outcome, int64_t *ret_retry_after);

/* Empties it for the next message; the handle and its connection stay. */
void transfer_reset(struct transfer *transfer);

#endif
