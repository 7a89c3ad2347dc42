/* feed: the rows behind a calendar link as an iCalendar. A function of rows, templates and the local day: the
 * same rows on the same day give the same bytes, in this process or the next. */
#ifndef CALENDAR_FEED_H
#define CALENDAR_FEED_H

#include "base/buf.h"
#include "base/err.h"
#include "base/zone.h"
#include "calendar/text.h"
#include "store/feed.h"

#include <stdint.h>

#define FEED_DAYS_BACK 30
#define FEED_DAYS_AHEAD 400
#define FEED_BYTES_MAX (32 << 20)

struct feed_rendering {
        int64_t changed; /* the latest change of a row that was looked at; FEED_NEVER when there is none */
        int64_t valid_until; /* UTC of the next local midnight, when the window moves */
        int events;
};

/* ZONE is the owner's; CATALOGUE has the words. ERR_LIMIT when the calendar would be larger than BUF allows.
 */
int feed_render(struct db *db, const struct feed *feed, const struct feed_owner *owner,
                const struct catalogue *catalogue, struct zone *zone, int64_t now_utc, struct buf *buf,
                struct feed_rendering *ret_rendering, struct err *err);

#endif
