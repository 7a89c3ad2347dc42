/* count: how many rows stand in which state. Numbers and states only, no ids. */
#ifndef STORE_COUNT_H
#define STORE_COUNT_H

#include "base/err.h"

#include <stdint.h>

struct db;

/* Calls EACH once for each kind and state, also for what there is none of: ("message", "delivered", 12).
 * STATE is "" for what has none. Kinds: event, match, message, publication, feed (in force), feed-fetch.
 * Reads whole tables: for the reader thread. */
int count_each(struct db *db, void (*each)(void *context, const char *kind, const char *state, int64_t count),
               void *context, struct err *err);

#endif
