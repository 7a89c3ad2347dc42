/* webhook: what a provider posts to us, receipts and replies: checked and read as its file says
 * (gateway/providers/README.md documents every key). This file must not know HTTP servers or the store's
 * tables. */
#ifndef DELIVER_WEBHOOK_H
#define DELIVER_WEBHOOK_H

#include "base/err.h"
#include "deliver/provider.h"
#include "store/receipt.h"

#define WEBHOOK_BODY_MAX_BYTES (256 * 1024)
#define WEBHOOK_ITEM_MAX 1000 /* receipts or replies in one body */

enum webhook_kind { WEBHOOK_RECEIPTS, WEBHOOK_REPLIES };

/* The request's header or query value NAME, or NULL. */
typedef const char *(*webhook_value_fn)(void *context, const char *name);

struct webhook_request {
        webhook_value_fn header, query; /* query may be NULL: there is none */
        void *context;
        const char *body;
        size_t length;
        int64_t now_utc;
};

/* 0 when the request is from the provider. ERR_NOT_FOUND: its file has no such webhook. ERR_INVALID: it is
 * not signed, or wrongly, or too long ago: answer 401. */
int webhook_verify(const struct provider *provider, enum webhook_kind kind,
                   const struct webhook_request *request, struct err *err);

/* Tells each receipt whose status is one of the words of the file; the others are news without meaning to us.
 * What is told lives during the call. UID is the database's (message_database_uid): a reference of another
 * gateway is passed over. A negative return of TELL ends the reading. ERR_INVALID, ERR_LIMIT: answer 400. */
int webhook_receipts(const struct provider *provider, const char *uid, const struct webhook_request *request,
                     int (*tell)(void *context, const struct receipt *receipt, struct err *err),
                     void *context, struct err *err);

struct webhook_reply {
        const char *from, *text;
        const char *id; /* NULL: none */
        int64_t at;     /* RECEIPT_NO_TIME: not said */
};

int webhook_replies(const struct provider *provider, const struct webhook_request *request,
                    int (*tell)(void *context, const struct webhook_reply *reply, struct err *err),
                    void *context, struct err *err);

#endif
