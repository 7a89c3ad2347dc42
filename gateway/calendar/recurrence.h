/* recurrence: the instances of something that repeats by an RFC 5545 RRULE, in the local time of a zone.
 * Reads the rule by libical and bounds what it may cost: rules that repeat within a day are refused, and no
 * more than RECURRENCE_STEPS_MAX instances are looked at. Pure. */
#ifndef CALENDAR_RECURRENCE_H
#define CALENDAR_RECURRENCE_H

#include "base/err.h"
#include "base/zone.h"

#include <stdint.h>

#define RECURRENCE_STEPS_MAX 4000 /* ten years of every day */
#define RECURRENCE_RULE_MAX 512   /* bytes of a rule */

/* Tells the start of each instance that begins in FROM..UNTIL, in order; STARTS itself is always the first of
 * all. Each is at the same time of the local day. EACH returns 0, or a negative code that ends it.
 * ERR_INVALID when RULE is none that we follow, ERR_LIMIT when it comes to UNTIL in too many steps: nothing
 * was told. All times UTC. */
int recurrence_expand(const char *rule, struct zone *zone, int64_t starts, int64_t from, int64_t until,
                      int (*each)(void *context, int64_t starts), void *context, struct err *err);

#endif
