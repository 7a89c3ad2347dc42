#include "web/page_memo.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MEMO_SIZE 32
#define KEY_MAX_BYTES 640

struct held {
        atomic_int references;
        struct page_bytes bytes;
};

struct entry {
        char key[KEY_MAX_BYTES];
        int64_t version, now;
        struct held *held;
};

struct page_memo {
        pthread_mutex_t mutex;
        struct entry entries[MEMO_SIZE];
};

static struct held *held_of(struct page_bytes *bytes)
{
        return (struct held *)((char *)bytes - offsetof(struct held, bytes));
}

void page_bytes_unref(void *bytes)
{
        struct held *held = bytes ? held_of(bytes) : NULL;

        if (held && atomic_fetch_sub(&held->references, 1) == 1)
                free(held);
}

struct page_memo *page_memo_new(void)
{
        struct page_memo *memo = calloc(1, sizeof *memo);

        if (memo)
                pthread_mutex_init(&memo->mutex, NULL);
        return memo;
}

void page_memo_forget(struct page_memo *memo)
{
        pthread_mutex_lock(&memo->mutex);
        for (size_t i = 0; i < MEMO_SIZE; i++) {
                if (memo->entries[i].held)
                        page_bytes_unref(&memo->entries[i].held->bytes);
                memo->entries[i].held = NULL;
        }
        pthread_mutex_unlock(&memo->mutex);
}

struct page_memo *page_memo_free(struct page_memo *memo)
{
        if (!memo)
                return NULL;
        page_memo_forget(memo);
        pthread_mutex_destroy(&memo->mutex);
        free(memo);
        return NULL;
}

static struct entry *entry_of(struct page_memo *memo, const char *key)
{
        uint32_t hash = 2166136261u;

        for (const char *at = key; *at; at++)
                hash = (hash ^ (unsigned char)*at) * 16777619u;
        return &memo->entries[hash % MEMO_SIZE];
}

struct page_bytes *page_memo_find(struct page_memo *memo, const char *key, int64_t version, int64_t now)
{
        struct page_bytes *found = NULL;
        struct entry *entry = entry_of(memo, key);

        pthread_mutex_lock(&memo->mutex);
        if (entry->held && entry->version == version && entry->now == now && strcmp(entry->key, key) == 0) {
                atomic_fetch_add(&entry->held->references, 1);
                found = &entry->held->bytes;
        }
        pthread_mutex_unlock(&memo->mutex);
        return found;
}

struct page_bytes *page_memo_keep(struct page_memo *memo, const char *key, int64_t version, int64_t now,
                                  const struct buf *body)
{
        struct held *held = malloc(sizeof *held + body->length);
        struct entry *entry = entry_of(memo, key);

        if (!held)
                return NULL;
        held->references = 1;
        held->bytes.length = body->length;
        memcpy(held->bytes.data, body->data, body->length);
        if (strlen(key) >= KEY_MAX_BYTES)
                return &held->bytes;
        pthread_mutex_lock(&memo->mutex);
        if (entry->held)
                page_bytes_unref(&entry->held->bytes);
        held->references = 2;
        entry->held = held;
        entry->version = version;
        entry->now = now;
        memcpy(entry->key, key, strlen(key) + 1);
        pthread_mutex_unlock(&memo->mutex);
        return &held->bytes;
}
