/* meeting_day: the days of a meeting that repeats, each with its own time and state. A meeting that does not
 * repeat has one row, with original_day '', which the schema's triggers keep. */
#ifndef STORE_MEETING_DAY_H
#define STORE_MEETING_DAY_H

#include "base/recurrence.h"
#include "base/zone.h"
#include "store/put.h"

#define MEETING_DAYS_MAX 400       /* of one meeting */
#define MEETING_AHEAD_DAYS_MAX 731 /* a rule without an end stops so long after the first day */

/* Writes the days of MEETING, which stands already, as its hours and RULE say (NULL: it does not repeat).
 * Days moved or cancelled alone stay as they are, as long as the rule still has them. */
int meeting_days_plan(struct db *db, int64_t now_utc, const char *meeting, const struct recurrence *rule,
                      struct zone *zone, int64_t event, struct err *err);

/* Moves one day. 0: the meeting has no such day. */
int meeting_day_move(struct db *db, int64_t now_utc, const char *meeting, const char *original_day,
                     int64_t starts, int64_t ends, int64_t event, struct err *err);

/* Cancels one day. 0: the meeting has no such day. */
int meeting_day_cancel(struct db *db, int64_t now_utc, const char *meeting, const char *original_day,
                       int64_t event, struct err *err);

/* When one day is. 0: the meeting has no such day. */
int meeting_day_hours(struct db *db, const char *meeting, const char *original_day, int64_t *ret_starts,
                      int64_t *ret_ends, struct err *err);

#endif
