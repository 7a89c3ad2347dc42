#include "store/contact.h"

#include <string.h>

int contact_mark_bad(struct db *db, const char *channel, const char *value, const char *reason,
                     int64_t now_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "UPDATE contact SET state = 'bad', bad_since = ?1, bad_reason = ?2"
                    " WHERE channel = ?3 AND value = ?4 AND state = 'good'",
                    err);
        query_int(&q, now_utc);
        query_text(&q, reason);
        query_text(&q, channel);
        query_text(&q, value);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}

/* A bound query of one row: channel and address. */
static int mark_found(struct db *db, struct query *q, const char *reason, int64_t now_utc, struct err *err)
{
        _cleanup_(free_ptr) char *channel = NULL, *value = NULL;
        int r = query_row(q);

        if (r > 0) {
                channel = strdup(column_text(q, 0));
                value = strdup(column_text(q, 1));
                if (!channel || !value)
                        r = err_set(err, ERR_NOMEM, "contacts: out of memory");
        }
        query_end(q);
        return r <= 0 ? r : contact_mark_bad(db, channel, value, reason, now_utc, err);
}

int contact_mark_message(struct db *db, int64_t message, const char *reason, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT channel, address FROM message WHERE id = ?", err);
        query_int(&q, message);
        return mark_found(db, &q, reason, now_utc, err);
}

int contact_mark_person(struct db *db, const char *person, const char *channel, const char *reason,
                        int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT channel, address FROM message WHERE person = ? AND channel = ? AND attempts > 0"
                    " ORDER BY id DESC LIMIT 1",
                    err);
        query_text(&q, person);
        query_text(&q, channel);
        return mark_found(db, &q, reason, now_utc, err);
}

int contact_each_bad(struct db *db,
                     int (*each)(void *context, const struct bad_contact *contact, struct err *err),
                     void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT c.person, c.channel, coalesce(c.bad_reason, 'bad'), coalesce(c.bad_since, 0)"
                    "  FROM contact c JOIN person p ON p.id = c.person AND p.ended IS NULL"
                    " WHERE c.state = 'bad' ORDER BY c.person, c.channel, c.value",
                    err);
        while ((r = query_row(&q)) > 0) {
                const struct bad_contact contact = {.person = column_text(&q, 0),
                                                    .channel = column_text(&q, 1),
                                                    .reason = column_text(&q, 2),
                                                    .since_utc = column_int(&q, 3)};

                r = each(context, &contact, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}
