/* placement_day: the days of a placement; for store/placement.c, which holds the contract. */
#ifndef STORE_PLACEMENT_DAY_H
#define STORE_PLACEMENT_DAY_H

#include "store/placement.h"

struct planning {
        const struct placement *placement;
        int64_t now_utc, event; /* event 0: none */
        int32_t from_day;       /* earlier days stay as they are … */
        bool is_new;            /* … unless the placement is new */
};

int placement_day_plan(struct db *db, const struct planning *planning, struct err *err);

int placement_day_cancel_from(struct db *db, int64_t now_utc, const char *id, int32_t from_day, int64_t event,
                              struct err *err);

int placement_day_move(struct db *db, int64_t now_utc, const struct placement *placement, int32_t day,
                       int32_t moved_to, int starts, int ends, int64_t event, struct err *err);

int placement_day_cancel(struct db *db, int64_t now_utc, const char *id, int32_t day, int64_t event,
                         struct err *err);

#endif
