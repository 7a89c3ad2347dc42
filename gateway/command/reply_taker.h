/* reply_taker: takes the SMS that people send back: reads what the words mean and hands them on as an event,
 * reply.received, so that each is stored once and leaves its facts like any other. */
#ifndef COMMAND_REPLY_TAKER_H
#define COMMAND_REPLY_TAKER_H

#include "base/err.h"

#include <stdint.h>

struct db;
struct reply_taker;
struct webhook_reply;

/* The words are templates/replies.yaml; TEMPLATES is the folder that the configuration lays over the shipped
 * one, may be NULL, and must outlive the taker. */
int reply_taker_open(const char *templates, struct reply_taker **ret_taker, struct err *err);
struct reply_taker *reply_taker_close(struct reply_taker *taker); /* takes NULL, returns NULL */

/* Reads the words anew; the old ones stay when the new are wrong. From any thread. */
int reply_taker_reload(struct reply_taker *taker, struct err *err);

/* web_options.take_reply: in the writer's transaction. */
int reply_taker_take(void *context, struct db *db, int64_t now_utc, const char *provider,
                     const struct webhook_reply *reply, struct err *err);

#endif
