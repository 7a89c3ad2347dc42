#include "deliver/recipient_limit.h"

#include <stdlib.h>

#define PROBE_MAX 8 /* slots looked at for one address */

void recipient_limit_init(struct recipient_limit *limit, int count, int64_t within_ms)
{
        *limit = (struct recipient_limit){.count = count, .within_ms = within_ms};
}

void recipient_limit_fini(struct recipient_limit *limit)
{
        free(limit->slots);
        *limit = (struct recipient_limit){0};
}

static uint64_t hash_of(const char *address)
{
        uint64_t hash = UINT64_C(14695981039346656037);

        for (; *address; address++)
                hash = (hash ^ (unsigned char)*address) * UINT64_C(1099511628211);
        return hash ? hash : 1;
}

/* The address's slot; else a free one or the one that began first. */
static struct recipient_slot *find(struct recipient_limit *limit, uint64_t hash)
{
        struct recipient_slot *oldest = NULL;

        for (uint64_t i = 0; i < PROBE_MAX; i++) {
                struct recipient_slot *slot = &limit->slots[(hash + i) % RECIPIENT_LIMIT_SLOTS];

                if (slot->hash == hash)
                        return slot;
                if (!oldest || (oldest->hash && (!slot->hash || slot->begun_ms < oldest->begun_ms)))
                        oldest = slot;
        }
        return oldest;
}

int64_t recipient_limit_take(struct recipient_limit *limit, const char *address, int64_t now_ms, int force)
{
        uint64_t hash = hash_of(address);
        struct recipient_slot *slot;

        if (!limit->count)
                return 0;
        if (!limit->slots)
                limit->slots = calloc(RECIPIENT_LIMIT_SLOTS, sizeof *limit->slots);
        if (!limit->slots)
                return 0;
        slot = find(limit, hash);
        if (slot->hash != hash || now_ms >= slot->begun_ms + limit->within_ms)
                *slot = (struct recipient_slot){.hash = hash, .begun_ms = now_ms};
        if (slot->count >= limit->count && !force)
                return slot->begun_ms + limit->within_ms - now_ms;
        slot->count++;
        return 0;
}
