/* quiet: when somebody may be told what is not urgent. Pure.
 *
 * Nobody is told between 21:00 and 07:00 of their own clock, or longer when they chose so: from 17:00 at the
 * earliest to 10:00 at the latest. Staff and supervisors are told only Monday to Friday 07:30–17:00, and a
 * public holiday counts as Sunday. */
#ifndef ENGINE_QUIET_H
#define ENGINE_QUIET_H

#include "base/zone.h"
#include "store/quiet_choice.h"

/* NOW when it is no quiet time, else when that ends. CHOSEN: NULL when the person chose nothing. */
int64_t quiet_until(struct zone *zone, int64_t now_utc, bool office_hours, const struct quiet_choice *chosen);

#endif
