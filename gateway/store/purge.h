/* purge: what is too old to be kept, taken away a little at a time.
 *
 * Messages with their attempts and receipts, and what matches knew of people, so long after they were over;
 * publications, oldest first, so that each tenant's seq stays without a gap, and the last of each tenant
 * always stays; replies and links as long as messages; codes, sessions and receipts without a message after
 * a day; a STOP when nobody has had the number for as long; events, which must outlive the two years for
 * which intake takes facts (else one that came again would be taken anew). Facts stay: they go with the
 * person (erase). */
#ifndef STORE_PURGE_H
#define STORE_PURGE_H

#include "base/err.h"

#include <stdint.h>

struct db;

#define PURGE_STEP_MAX 1000 /* rows of each kind in one step */

/* The disk bound of what waits for a broker and of what GET /v1/events gives: about 300 bytes each. At it the
 * oldest go, whether they were acknowledged or not; who misses them is answered 410. */
#define PURGE_PUBLICATIONS_MAX 4000000

/* Older than these (UTC) goes. */
struct purge_ages {
        int64_t messages, publications, events;
        int64_t moments; /* what is of use for minutes: codes, sessions, receipts without a message */
        int64_t publications_max; /* rows; 0: PURGE_PUBLICATIONS_MAX */
};

struct purge_counts {
        int64_t messages, matches, publications, unsent_publications, events;
        int64_t rest; /* replies, links, codes, sessions, early receipts, stops (purge_rest.h) */
};

/* How many would go. */
int purge_count(struct db *db, const struct purge_ages *ages, struct purge_counts *ret_counts,
                struct err *err);

/* In a transaction: up to PURGE_STEP_MAX of each kind, added to COUNTS. *CURSOR is 0 at first and kept
 * between the steps. 1: there may be more; 0: done. */
int purge_step(struct db *db, const struct purge_ages *ages, int64_t *cursor, struct purge_counts *counts,
               struct err *err);

#endif
