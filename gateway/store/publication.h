/* publication: events for machines, on their way to the MQTT broker and kept for GET /v1/events.
 *
 * queued → acknowledged, or refused by the broker; refused → queued by hand. What was sent and not
 * acknowledged yet is queued: only the publisher knows, and the next one sends it again. `seq` counts from 1
 * without a gap within a tenant: whoever deletes old rows deletes the oldest and leaves the last of each
 * tenant standing. Rows come from publication_add (what rules publish) and from the triggers publish_* of the
 * schema (facts); both hold ids and codes only, and nothing of protected persons. */
#ifndef STORE_PUBLICATION_H
#define STORE_PUBLICATION_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

struct publication {
        int64_t id;  /* rises over all tenants */
        int64_t seq; /* within the tenant */
        int64_t time;
        const char *tenant, *kind, *event;
        const char *about; /* "organisation", "case", "message"; "thing": the subject is shown opaque */
        const char *subject;
        const char *data; /* JSON object */
        bool is_withheld; /* somebody whom it tells of has become protected */
};

/* A new one. Texts are borrowed. */
struct publication_new {
        const char *tenant, *kind, *event, *about, *subject;
        const char *pupil; /* whom it tells of; NULL: nobody */
        int64_t time;
        const char *data; /* JSON object */
};

struct publication_counts {
        int64_t queued, refused, acknowledged;
};

/* Queues one, in the caller's transaction. */
int publication_add(struct db *db, const struct publication_new *publication, struct err *err);

/* EACH is called for a row, whose texts live until it returns; it returns 0, 1 to end the list, or a negative
 * code that ends it and is returned. */
typedef int (*publication_each)(void *context, const struct publication *publication);

/* The queued ones after AFTER_ID, by id. */
int publication_next(struct db *db, int64_t after_id, int limit, publication_each each, void *context,
                     struct err *err);

/* All of TENANT after AFTER_SEQ, by seq, whatever their state: what a subscriber missed. */
int publication_replay(struct db *db, const char *tenant, int64_t after_seq, int limit, publication_each each,
                       void *context, struct err *err);

/* The first and the last seq of TENANT that are kept; 0 and 0 when nothing was ever published. */
int publication_range(struct db *db, const char *tenant, int64_t *ret_first, int64_t *ret_last,
                      struct err *err);

/* The id of the newest of all; 0: none. */
int publication_newest(struct db *db, int64_t *ret_id, struct err *err);

/* In a transaction: the queued ones from FIRST_ID to LAST_ID have been acknowledged. What has an end already
 * keeps it. */
int publication_acknowledge(struct db *db, int64_t first_id, int64_t last_id, struct err *err);

/* In a transaction: the same for one that was refused, with the MQTT reason code. */
int publication_refuse(struct db *db, int64_t id, int reason, struct err *err);

/* The refused ones, by id. REASON is the MQTT reason code. */
int publication_refused(struct db *db,
                        int (*each)(void *context, const struct publication *publication, int reason),
                        void *context, struct err *err);

/* Queues refused ones again: that of TENANT with SEQ, or with TENANT NULL all. Returns how many. */
int64_t publication_retry(struct db *db, const char *tenant, int64_t seq, struct err *err);

/* The last seq of each tenant. */
int publication_heads(struct db *db, int (*each)(void *context, const char *tenant, int64_t seq),
                      void *context, struct err *err);

/* Reads what is queued and refused; how many have been acknowledged follows from the gapless seq. */
int publication_count(struct db *db, struct publication_counts *ret_counts, struct err *err);

#endif
