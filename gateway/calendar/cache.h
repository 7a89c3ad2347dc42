/* cache: finished calendars and open zones, for serve.c alone. Safe from any thread. */
#ifndef CALENDAR_CACHE_H
#define CALENDAR_CACHE_H

#include "base/zone.h"
#include "calendar/serve.h"

struct cache_entry {
        uint8_t hash[FEED_HASH_BYTES];     /* of body */
        int64_t changed, valid_until;      /* Last-Modified; UTC until which the window stands */
        uint64_t generation;               /* of the rows that were read */
        struct calendar_body *body, *gzip; /* gzip NULL: nobody asked yet */
};

void cache_entry_fini(struct cache_entry *entry);

/* The generation of rows that READER sees, whose data_version is VERSION: a new one whenever it differs from
 * the last that this reader brought. */
uint64_t cache_generation(struct calendar_cache *cache, const struct db *reader, int64_t version);

/* A copy with references of its own; false when nothing is known of the feed. It may be outdated. */
bool cache_find(struct calendar_cache *cache, const char *feed, struct cache_entry *ret_entry);

/* Takes references of its own; leaves a newer generation standing. Out of memory is no error here. */
void cache_store(struct calendar_cache *cache, const char *feed, const struct cache_entry *entry);

size_t cache_bytes(struct calendar_cache *cache);

/* A zone for this thread alone until it is given back. */
int cache_zone_take(struct calendar_cache *cache, const char *name, struct zone **ret_zone, struct err *err);
void cache_zone_give(struct calendar_cache *cache, const char *name, struct zone *zone); /* takes NULL */

#endif
