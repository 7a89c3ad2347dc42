/* purge_rest: the smaller things that get too old: what people sent back, links and codes that are no more,
 * receipts that found no message, sessions, a STOP to a number that nobody has any more. For purge.c alone.
 */
#ifndef STORE_PURGE_REST_H
#define STORE_PURGE_REST_H

#include "store/purge.h"

/* How many would go. */
int purge_rest_count(struct db *db, const struct purge_ages *ages, int64_t *ret_count, struct err *err);

/* Up to PURGE_STEP_MAX of each kind; *COUNT grows by them. 1: there may be more; 0: done. */
int purge_rest_step(struct db *db, const struct purge_ages *ages, int64_t *count, struct err *err);

#endif
