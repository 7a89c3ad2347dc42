/* placement: a pupil at a workplace, and the days that this makes.
 *
 * A day keeps its original date as its identity. Whoever changes a day raises its sequence, so that calendars
 * see it; a day that stays as it was is not touched. Days moved or cancelled one by one ("by hand") are left
 * alone when the placement is planned anew. Calls belong inside a transaction. */
#ifndef STORE_PLACEMENT_H
#define STORE_PLACEMENT_H

#include "store/put.h"

#define PLACEMENT_DAYS_MAX 800 /* days from the first to the last of a placement */

struct placement {
        char id[ID_SIZE], pupil[ID_SIZE], workplace[ID_SIZE];
        char supervisor[ID_SIZE]; /* "": the workplace's first */
        bool is_block;            /* the model: a block, or 4+1 */
        unsigned weekdays;        /* worked: bit 1 Monday … bit 7 Sunday */
        int32_t first_day, last_day;
        int starts, ends; /* seconds from noon */
        bool is_cancelled;
};

#define PLACEMENT_STARTS (-3 * 3600) /* 09:00 */
#define PLACEMENT_ENDS (3 * 3600)    /* 15:00 */

/* 1: *ret_placement is filled; 0: there is none. */
int placement_read(struct db *db, const char *id, struct placement *ret_placement, struct err *err);

/* Writes the placement and its days. A new one gets all of its days; of one that stands already only the days
 * from FROM_DAY on change. Work days are the weekdays on which the pupil's organisation has school; the other
 * Mondays to Fridays of a block are school days. EVENT 0: none. ERR_CONFLICT when the pupil works somewhere
 * else in these hours; the caller then rolls back. */
int placement_plan(struct db *db, int64_t now_utc, const struct placement *placement, int32_t from_day,
                   int64_t event, struct err *err);

/* Cancels the placement and its days from FROM_DAY on. */
int placement_cancel(struct db *db, int64_t now_utc, const char *id, int32_t from_day, int64_t event,
                     struct err *err);

#define PLACEMENT_KEEP INT32_MIN /* the hours stay */

/* Moves the day whose original (or else present) date is DAY; starts and ends in seconds from noon or
 * PLACEMENT_KEEP. ERR_NOT_FOUND when there is no such day, ERR_CONFLICT as for placement_plan. */
int placement_move_day(struct db *db, int64_t now_utc, const char *id, int32_t day, int32_t moved_to,
                       int starts, int ends, int64_t event, struct err *err);

int placement_cancel_day(struct db *db, int64_t now_utc, const char *id, int32_t day, int64_t event,
                         struct err *err);

/* Plans the days from today on of every placement that still runs, after a change of calendars or of pupils'
 * groups. */
int placement_refresh(struct db *db, int64_t now_utc, struct err *err);

/* 1: PUPIL works on DAY; the hours in UTC. 0: not. */
int placement_hours(struct db *db, const char *pupil, const char *day, int64_t *ret_starts, int64_t *ret_ends,
                    struct err *err);

#endif
