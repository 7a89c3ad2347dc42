/* cache: finished calendars and open zones, for serve.c alone. Safe from any thread. */
#ifndef CALENDAR_CACHE_H
#define CALENDAR_CACHE_H

#include "base/zone.h"
#include "calendar/serve.h"

struct cache_entry {
        uint8_t hash[FEED_HASH_BYTES];     /* of body */
        int64_t changed, valid_until;      /* Last-Modified; UTC until which the window stands */
        int64_t version;                   /* of the rows that were read (store/feed_change.h) */
        uint64_t words;                    /* of the templates */
        struct calendar_body *body, *gzip; /* gzip NULL: nobody asked yet */
};

void cache_entry_fini(struct cache_entry *entry);

/* The templates in force, with a reference; their number grows with each calendar_cache_use. NULL when there
 * are none. */
struct words;
struct words *cache_words_take(struct calendar_cache *cache);
struct words *cache_words_give(struct words *words); /* takes NULL, returns NULL */
const struct catalogue *words_catalogue(const struct words *words);
uint64_t words_number(const struct words *words);

/* Up to which change it is known whom changes concern; CACHE_BLIND before the first. */
#define CACHE_BLIND (-1)
int64_t cache_seen(struct calendar_cache *cache);
/* A change up to VERSION concerns OWNER (NULL: everybody). */
void cache_note(struct calendar_cache *cache, const char *owner, int64_t version);
void cache_set_seen(struct calendar_cache *cache, int64_t version);

/* Whether an entry of OWNER's made at VERSION still stands. */
bool cache_is_current(struct calendar_cache *cache, const char *owner, int64_t version);

/* A copy with references of its own; false when nothing is known of the feed. It may be outdated. */
bool cache_find(struct calendar_cache *cache, const char *feed, struct cache_entry *ret_entry);

/* Takes references of its own; leaves a newer version standing. Out of memory is no error here. */
void cache_store(struct calendar_cache *cache, const char *feed, const struct cache_entry *entry);

size_t cache_bytes(struct calendar_cache *cache);

/* A zone for this thread alone until it is given back. */
int cache_zone_take(struct calendar_cache *cache, const char *name, struct zone **ret_zone, struct err *err);
void cache_zone_give(struct calendar_cache *cache, const char *name, struct zone *zone); /* takes NULL */

#endif
