/* publication: an event for other services, written in the transaction of its cause. */
#ifndef STORE_PUBLICATION_H
#define STORE_PUBLICATION_H

#include "base/err.h"

#include <stdint.h>

struct db;

/* Queues one. Its seq is gapless within the tenant. DATA is a JSON object of ids and codes only. */
int publication_add(struct db *db, const char *tenant, const char *kind, const char *event,
                    const char *subject, int64_t time_utc, const char *data, struct err *err);

#endif
