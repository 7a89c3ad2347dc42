/* webhook: what a provider posts to us, receipts and replies: checked and read as its file says.
 *
 *      receipts:
 *        signature: none                    or one of
 *        signature: {basic: {user: "${HOOK_USER}", password: "${HOOK_PASSWORD}"}}
 *        signature: {hmac-sha256: {secret: "${HOOK_SECRET}", header: X-Signature, prefix: sha256=, encoding:
 * hex, timestamp: X-Timestamp, tolerance: 5 min}} format: json                       json or form (then /name
 * is the field `name`); json when absent list: /results                     where the array of receipts
 * stands; absent: the body is one id: /messageId                     the provider's id, or reference:
 * /callbackData           the {{key}} or {{id}} that the request carried status: /status delivered: [DELIVRD]
 * failed: [UNDELIV, REJECTD]  temporary: [ENROUTE]      the provider's words detail: /error/code a code;
 * optional at: /doneAt                        RFC 3339 with offset, or seconds or milliseconds since 1970;
 * optional replies: signature, format, list            as above from: /from  text: /text  id: /id  at:
 * /receivedAt                          id and at optional
 *
 * hmac-sha256 and hmac-sha1 sign the body, or with `timestamp` that header's text, a dot and the body; a
 * timestamp (seconds since 1970) off by more than the tolerance is refused. encoding: hex or base64.
 *
 * This file must not know HTTP servers or the store's tables. */
#ifndef DELIVER_WEBHOOK_H
#define DELIVER_WEBHOOK_H

#include "base/err.h"
#include "deliver/provider.h"
#include "store/receipt.h"

#define WEBHOOK_BODY_MAX_BYTES (256 * 1024)
#define WEBHOOK_ITEM_MAX 1000 /* receipts or replies in one body */

enum webhook_kind { WEBHOOK_RECEIPTS, WEBHOOK_REPLIES };

/* The request's header NAME (any case), or NULL. */
typedef const char *(*webhook_header_fn)(void *context, const char *name);

/* 0 when the request is from the provider. ERR_NOT_FOUND: its file has no such webhook. ERR_INVALID: it is
 * not signed, or wrongly: answer 401. */
int webhook_verify(const struct provider *provider, enum webhook_kind kind, webhook_header_fn header,
                   void *context, const char *body, size_t length, int64_t now_utc, struct err *err);

/* Tells each receipt whose status is one of the words of the file; the others are news without meaning to us.
 * What is told lives during the call. UID is the database's (message_database_uid): a reference of another
 * gateway is passed over. A negative return of TELL ends the reading. ERR_INVALID, ERR_LIMIT: answer 400. */
int webhook_receipts(const struct provider *provider, const char *uid, const char *body, size_t length,
                     int (*tell)(void *context, const struct receipt *receipt, struct err *err),
                     void *context, struct err *err);

struct webhook_reply {
        const char *from, *text;
        const char *id; /* NULL: none */
        int64_t at;     /* RECEIPT_NO_TIME: not said */
};

int webhook_replies(const struct provider *provider, const char *body, size_t length,
                    int (*tell)(void *context, const struct webhook_reply *reply, struct err *err),
                    void *context, struct err *err);

#endif
