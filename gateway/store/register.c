#include "store/register.h"
#include "store/db.h"

int register_is_stale(struct db *db, const char *organisation, const char *today, int64_t now_utc,
                      int64_t older_than, struct err *err)
{
        int64_t read_up_to = 0, starts = 0, ends = 0;
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT s.read_up_to, d.noon + t.starts, d.noon + t.ends"
                    "  FROM organisation_tree o JOIN register_sync s ON s.organisation = o.ancestor"
                    "  JOIN day d ON d.organisation = ?1 AND d.day = ?2"
                    "  JOIN timetable t ON t.organisation = ?1 AND t.weekday = d.weekday"
                    " WHERE o.descendant = ?1 ORDER BY o.distance LIMIT 1",
                    err);
        query_text(&q, organisation);
        query_text(&q, today);
        r = query_row(&q);
        if (r > 0) {
                read_up_to = column_int(&q, 0);
                starts = column_int(&q, 1);
                ends = column_int(&q, 2);
        }
        query_end(&q);
        if (r <= 0)
                return r;
        if (read_up_to < starts) /* the night does not count */
                read_up_to = starts;
        return read_up_to + older_than < (now_utc < ends ? now_utc : ends);
}
