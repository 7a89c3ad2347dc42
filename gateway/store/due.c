#include "store/due.h"
#include "store/change.h"
#include "store/match.h"
#include "store/notice.h"
#include "store/notice_again.h"

int due_next(struct db *db, int64_t *ret_utc, struct err *err)
{
        int64_t due = INT64_MAX, timer = INT64_MAX, release = INT64_MAX, next;
        bool waits = false;
        int r = change_waits(db, &waits, err);

        if (r == 0 && !waits) {
                r = notice_again_waits(db, err);
                waits = r > 0;
                r = r < 0 ? r : 0;
        }
        if (r == 0)
                r = match_next_due(db, &due, err);
        if (r == 0)
                r = timer_next(db, &timer, err);
        if (r == 0)
                r = notice_next_release(db, &release, err);
        if (r < 0)
                return r;
        next = due < timer ? due : timer;
        next = release < next ? release : next;
        *ret_utc = waits ? 0 : next;
        return 0;
}
