#include "store/self_check.h"
#include "store/db.h"
#include "store/migrate.h"

#include <stdio.h>
#include <string.h>

static int quick_check(struct db *db, struct self_check *check, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "PRAGMA quick_check(1)", err);
        r = query_row(&q);
        if (r > 0 && strcmp(column_text(&q, 0), "ok") != 0)
                snprintf(check->fault, sizeof check->fault, "%s", column_text(&q, 0));
        query_end(&q);
        return r < 0 ? r : 0;
}

int self_check_read(struct db *db, int64_t now_utc, struct self_check *ret_check, struct err *err)
{
        struct self_check check = {.schema_wanted = migration_table[migration_count - 1].number};
        struct query q;
        int r = quick_check(db, &check, err);

        if (r == 0)
                r = migrate_version(db, &check.schema, err);
        if (r < 0)
                return r;
        query_start(&q, db,
                    "SELECT ifnull((SELECT received FROM event ORDER BY seq DESC LIMIT 1), 0),"
                    " (SELECT count(*) FROM feed WHERE revoked IS NULL AND last_fetch IS NULL AND created < "
                    "?1 - 604800),"
                    " (SELECT count(*) FROM contact WHERE state = 'bad'),"
                    " (SELECT count(*) FROM reply WHERE state = 'waiting'),"
                    " (SELECT count(*) FROM message WHERE state IN ('failed', 'rejected', 'unknown')"
                    "     AND changed > ?1 - 86400),"
                    " (SELECT count(*) FROM message WHERE urgent = 1 AND state IN ('queued', 'retry')"
                    "     AND created < ?1 - 600)",
                    err);
        query_int(&q, now_utc);
        r = query_row(&q);
        if (r > 0) {
                check.newest = column_int(&q, 0);
                check.feeds_unused = column_int(&q, 1);
                check.contacts_bad = column_int(&q, 2);
                check.replies_waiting = column_int(&q, 3);
                check.lost = column_int(&q, 4);
                check.waiting_urgent = column_int(&q, 5);
                *ret_check = check;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}
