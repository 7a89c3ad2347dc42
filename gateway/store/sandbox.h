/* sandbox: what the sandbox provider took, the far end of the demonstration. Not the gateway's own message
 * log. */
#ifndef STORE_SANDBOX_H
#define STORE_SANDBOX_H

#include "base/err.h"

#include <stdint.h>

struct db;

struct sandbox_message {
        int64_t id;
        const char *key; /* the Idempotency-Key under which it came */
        const char *channel, *recipient;
        const char *title; /* NULL: none */
        const char *text;
        int64_t received_utc;
};

/* Stores it (`id` and `received_utc` are not read). Returns 0, or 1 when the key was known: nothing is stored
 * then, and *ret_id is the first one's. */
int sandbox_take(struct db *db, int64_t now_utc, const struct sandbox_message *message, int64_t *ret_id,
                 struct err *err);

/* The newest LIMIT messages, the newest first; the texts live until EACH returns. Stops when it returns
 * negative. */
int sandbox_each(struct db *db, int limit, int (*each)(void *context, const struct sandbox_message *message),
                 void *context, struct err *err);

#endif
