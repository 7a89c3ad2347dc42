/* publication: events for machines, on their way to the MQTT broker and kept for GET /v1/events.
 *
 * queued → sent → acknowledged, or refused by the broker. `seq` counts from 1 without a gap within a tenant:
 * whoever deletes old rows leaves the last of each tenant standing. Ids and codes only: no name, contact or
 * free text, and nothing of protected persons, may be given to publication_add. */
#ifndef STORE_PUBLICATION_H
#define STORE_PUBLICATION_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct db;

struct publication {
        int64_t id;  /* rises over all tenants */
        int64_t seq; /* within the tenant */
        int64_t time;
        const char *tenant, *kind, *event, *subject;
        const char *data; /* JSON object */
};

enum publication_state { PUBLICATION_SENT, PUBLICATION_ACKNOWLEDGED, PUBLICATION_REFUSED };

struct publication_counts {
        int64_t queued, sent, refused;
};

/* Queues one, in the caller's transaction. DATA is a JSON object. */
int publication_add(struct db *db, const char *tenant, const char *kind, const char *event,
                    const char *subject, int64_t time_utc, const char *data, struct err *err);

/* EACH is called for a row, whose texts live until it returns; it returns 0, 1 to end the list, or a negative
 * code that ends it and is returned. */
typedef int (*publication_each)(void *context, const struct publication *publication);

/* The open ones (queued and sent) after AFTER_ID, by id. */
int publication_next(struct db *db, int64_t after_id, int limit, publication_each each, void *context,
                     struct err *err);

/* All of TENANT after AFTER_SEQ, by seq, whatever their state: what a subscriber missed. */
int publication_replay(struct db *db, const char *tenant, int64_t after_seq, int limit, publication_each each,
                       void *context, struct err *err);

/* In a transaction. What has an end already keeps it; REASON is the MQTT reason code of a refusal. */
int publication_mark(struct db *db, int64_t id, enum publication_state state, int reason, struct err *err);

/* The last seq of each tenant. */
int publication_heads(struct db *db, int (*each)(void *context, const char *tenant, int64_t seq),
                      void *context, struct err *err);

int publication_count(struct db *db, struct publication_counts *ret_counts, struct err *err);

#endif
