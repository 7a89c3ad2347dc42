#include "calendar/cache.h"
#include "compose/catalogue.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define BUCKETS 16384
#define OWNERS 65536 /* last changes that are kept; owners who share a place are made anew together */
#define ZONES_MAX 16 /* kept open while nobody uses them */

/* In a chain of its bucket, and in the list by last use. */
struct node {
        struct node *next, *newer, *older;
        char feed[FEED_ID_MAX];
        struct cache_entry entry;
};

struct idle_zone {
        char name[FEED_ZONE_MAX];
        struct zone *zone;
};

struct words {
        _Atomic int references;
        uint64_t number;
        struct catalogue *catalogue;
};

struct calendar_cache {
        pthread_mutex_t mutex; /* guards all */
        struct node *buckets[BUCKETS], *newest, *oldest;
        size_t bytes;
        struct words *words;
        int64_t seen, everybody, owners[OWNERS]; /* versions */
        int zone_count;
        struct idle_zone zones[ZONES_MAX];
};

struct calendar_body *calendar_body_ref(struct calendar_body *body)
{
        if (body)
                body->references++;
        return body;
}

struct calendar_body *calendar_body_unref(struct calendar_body *body)
{
        if (body && --body->references == 0)
                free(body);
        return NULL;
}

void cache_entry_fini(struct cache_entry *entry)
{
        entry->body = calendar_body_unref(entry->body);
        entry->gzip = calendar_body_unref(entry->gzip);
}

int calendar_cache_new(struct calendar_cache **ret_cache, struct err *err)
{
        struct calendar_cache *cache = calloc(1, sizeof *cache);

        if (!cache)
                return err_set(err, ERR_NOMEM, "calendar: out of memory");
        pthread_mutex_init(&cache->mutex, NULL);
        cache->seen = CACHE_BLIND;
        *ret_cache = cache;
        return 0;
}

static uint32_t hash_text(const char *text)
{
        uint32_t hash = 2166136261u; /* FNV-1a */

        for (; *text; text++)
                hash = (hash ^ (unsigned char)*text) * 16777619u;
        return hash;
}

static struct node **bucket_of(struct calendar_cache *cache, const char *feed)
{
        return &cache->buckets[hash_text(feed) % BUCKETS];
}

static struct node *find(struct calendar_cache *cache, const char *feed)
{
        struct node *node = *bucket_of(cache, feed);

        while (node && strcmp(node->feed, feed) != 0)
                node = node->next;
        return node;
}

static void unlink_use(struct calendar_cache *cache, struct node *node)
{
        *(node->newer ? &node->newer->older : &cache->newest) = node->older;
        *(node->older ? &node->older->newer : &cache->oldest) = node->newer;
}

static void link_newest(struct calendar_cache *cache, struct node *node)
{
        node->newer = NULL;
        node->older = cache->newest;
        *(cache->newest ? &cache->newest->newer : &cache->oldest) = node;
        cache->newest = node;
}

static size_t entry_bytes(const struct cache_entry *entry)
{
        return (entry->body ? entry->body->length : 0) + (entry->gzip ? entry->gzip->length : 0);
}

static void drop(struct calendar_cache *cache, struct node *node)
{
        struct node **link = bucket_of(cache, node->feed);

        while (*link != node)
                link = &(*link)->next;
        *link = node->next;
        unlink_use(cache, node);
        cache->bytes -= sizeof *node + entry_bytes(&node->entry);
        cache_entry_fini(&node->entry);
        free(node);
}

struct calendar_cache *calendar_cache_free(struct calendar_cache *cache)
{
        if (!cache)
                return NULL;
        while (cache->newest)
                drop(cache, cache->newest);
        for (int i = 0; i < cache->zone_count; i++)
                zone_close(cache->zones[i].zone);
        cache_words_give(cache->words);
        pthread_mutex_destroy(&cache->mutex);
        free(cache);
        return NULL;
}

/* ---- words */

int calendar_cache_use(struct calendar_cache *cache, struct catalogue *catalogue, struct err *err)
{
        struct words *words = calloc(1, sizeof *words), *old;

        if (!words) {
                catalogue_free(catalogue);
                return err_set(err, ERR_NOMEM, "calendar: out of memory");
        }
        words->references = 1;
        words->catalogue = catalogue;
        pthread_mutex_lock(&cache->mutex);
        old = cache->words;
        words->number = old ? old->number + 1 : 1;
        cache->words = words;
        pthread_mutex_unlock(&cache->mutex);
        cache_words_give(old);
        return 0;
}

struct words *cache_words_take(struct calendar_cache *cache)
{
        struct words *words;

        pthread_mutex_lock(&cache->mutex);
        words = cache->words;
        if (words)
                words->references++;
        pthread_mutex_unlock(&cache->mutex);
        return words;
}

struct words *cache_words_give(struct words *words)
{
        if (words && --words->references == 0) {
                catalogue_free(words->catalogue);
                free(words);
        }
        return NULL;
}

const struct catalogue *words_catalogue(const struct words *words)
{
        return words->catalogue;
}

uint64_t words_number(const struct words *words)
{
        return words->number;
}

/* ---- versions */

int64_t cache_seen(struct calendar_cache *cache)
{
        int64_t seen;

        pthread_mutex_lock(&cache->mutex);
        seen = cache->seen;
        pthread_mutex_unlock(&cache->mutex);
        return seen;
}

void cache_note(struct calendar_cache *cache, const char *owner, int64_t version)
{
        int64_t *noted = owner ? &cache->owners[hash_text(owner) % OWNERS] : &cache->everybody;

        pthread_mutex_lock(&cache->mutex);
        if (*noted < version)
                *noted = version;
        pthread_mutex_unlock(&cache->mutex);
}

void cache_set_seen(struct calendar_cache *cache, int64_t version)
{
        pthread_mutex_lock(&cache->mutex);
        if (cache->seen < version)
                cache->seen = version;
        pthread_mutex_unlock(&cache->mutex);
}

bool cache_is_current(struct calendar_cache *cache, const char *owner, int64_t version)
{
        bool is_current;

        pthread_mutex_lock(&cache->mutex);
        is_current = version >= cache->everybody && version >= cache->owners[hash_text(owner) % OWNERS];
        pthread_mutex_unlock(&cache->mutex);
        return is_current;
}

/* ---- entries */

bool cache_find(struct calendar_cache *cache, const char *feed, struct cache_entry *ret_entry)
{
        struct node *node;

        pthread_mutex_lock(&cache->mutex);
        node = find(cache, feed);
        if (node) {
                *ret_entry = node->entry;
                calendar_body_ref(ret_entry->body);
                calendar_body_ref(ret_entry->gzip);
                unlink_use(cache, node);
                link_newest(cache, node);
        }
        pthread_mutex_unlock(&cache->mutex);
        return node;
}

static struct node *add_node(struct calendar_cache *cache, const char *feed)
{
        struct node *node = calloc(1, sizeof *node), **bucket = bucket_of(cache, feed);

        if (!node)
                return NULL;
        snprintf(node->feed, sizeof node->feed, "%s", feed);
        node->next = *bucket;
        *bucket = node;
        link_newest(cache, node);
        cache->bytes += sizeof *node;
        return node;
}

void cache_store(struct calendar_cache *cache, const char *feed, const struct cache_entry *entry)
{
        struct node *node;

        if (entry_bytes(entry) + sizeof *node > CALENDAR_CACHE_BYTES_MAX)
                return;
        pthread_mutex_lock(&cache->mutex);
        node = find(cache, feed);
        if (!node)
                node = add_node(cache, feed);
        if (node && node->entry.version <= entry->version) {
                cache->bytes -= entry_bytes(&node->entry);
                cache_entry_fini(&node->entry);
                node->entry = *entry;
                calendar_body_ref(entry->body);
                calendar_body_ref(entry->gzip);
                cache->bytes += entry_bytes(entry);
        }
        while (cache->bytes > CALENDAR_CACHE_BYTES_MAX)
                drop(cache, cache->oldest);
        pthread_mutex_unlock(&cache->mutex);
}

size_t cache_bytes(struct calendar_cache *cache)
{
        size_t bytes;

        pthread_mutex_lock(&cache->mutex);
        bytes = cache->bytes;
        pthread_mutex_unlock(&cache->mutex);
        return bytes;
}

int cache_zone_take(struct calendar_cache *cache, const char *name, struct zone **ret_zone, struct err *err)
{
        struct zone *zone = NULL;

        pthread_mutex_lock(&cache->mutex);
        for (int i = 0; i < cache->zone_count && !zone; i++)
                if (strcmp(cache->zones[i].name, name) == 0) {
                        zone = cache->zones[i].zone;
                        cache->zones[i] = cache->zones[--cache->zone_count];
                }
        pthread_mutex_unlock(&cache->mutex);
        if (!zone)
                return zone_open(name, ret_zone, err);
        *ret_zone = zone;
        return 0;
}

void cache_zone_give(struct calendar_cache *cache, const char *name, struct zone *zone)
{
        struct idle_zone *idle = NULL;

        if (!zone)
                return;
        pthread_mutex_lock(&cache->mutex);
        if (cache->zone_count < ZONES_MAX) {
                idle = &cache->zones[cache->zone_count++];
                idle->zone = zone;
                snprintf(idle->name, sizeof idle->name, "%s", name);
        }
        pthread_mutex_unlock(&cache->mutex);
        if (!idle)
                zone_close(zone);
}
