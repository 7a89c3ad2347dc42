/* recipient_limit: how many messages one address gets from a provider within a time, in memory. It holds the
 * newest RECIPIENT_LIMIT_SLOTS addresses, as hashes: who falls out may get one more. Times are monotonic
 * milliseconds that the caller reads. Used by one thread. */
#ifndef DELIVER_RECIPIENT_LIMIT_H
#define DELIVER_RECIPIENT_LIMIT_H

#include <stdint.h>

#define RECIPIENT_LIMIT_SLOTS 4096

struct recipient_slot {
        uint64_t hash; /* 0: free */
        int64_t begun_ms;
        int count;
};

struct recipient_limit {
        int count; /* 0: no limit */
        int64_t within_ms;
        struct recipient_slot *slots; /* NULL until it is needed */
};

void recipient_limit_init(struct recipient_limit *limit, int count, int64_t within_ms);
void recipient_limit_fini(struct recipient_limit *limit);

/* Counts one message to ADDRESS and returns 0; or, when it has had its share, counts nothing and returns the
 * milliseconds until it may get another. FORCE counts in any case. Without memory nothing is limited. */
int64_t recipient_limit_take(struct recipient_limit *limit, const char *address, int64_t now_ms, int force);

#endif
