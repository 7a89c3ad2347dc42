#include "store/purge_rest.h"
#include "base/date.h"
#include "store/db.h"

#include <stddef.h>

/* What goes of each: rows before ?1 (?2: the same as a day), at most ?3. A link answers "expired" as long as
 * the message that carried it is kept; a STOP holds for whoever has the number, and for a while after them.
 */
#define REPLY                                                                                            \
        "reply WHERE id IN (SELECT id FROM (SELECT id, received FROM reply ORDER BY id LIMIT ?3) WHERE " \
        "received < ?1)"
#define LINK \
        "page_link WHERE hash IN (SELECT hash FROM page_link WHERE expires < ?1 ORDER BY expires LIMIT ?3)"
#define CODE \
        "one_time_code WHERE id IN (SELECT id FROM one_time_code WHERE expires < ?1 ORDER BY id LIMIT ?3)"
#define EARLY \
        "early_receipt WHERE id IN (SELECT id FROM early_receipt WHERE received < ?1 ORDER BY id LIMIT ?3)"
#define SESSION                                                                                          \
        "case_session WHERE hash IN (SELECT hash FROM case_session WHERE expires < ?1 ORDER BY expires " \
        "LIMIT ?3)"
#define SIGNED_IN                                                                                        \
        "desk_session WHERE hash IN (SELECT hash FROM desk_session WHERE expires < ?1 ORDER BY expires " \
        "LIMIT ?3)"
#define TICKET "desk_ticket WHERE hash IN (SELECT hash FROM desk_ticket WHERE expires < ?1 LIMIT ?3)"
#define AUDIT "desk_audit WHERE id IN (SELECT id FROM desk_audit WHERE at < ?1 ORDER BY at LIMIT ?3)"
#define STOP                                                                                            \
        "contact_stop WHERE (channel, value) IN ("                                                      \
        " SELECT s.channel, s.value FROM contact_stop s WHERE s.since < ?1 AND NOT EXISTS ("            \
        "   SELECT 1 FROM contact c JOIN person p ON p.id = c.person"                                   \
        "    WHERE c.channel = s.channel AND c.value = s.value AND (p.ended IS NULL OR p.ended >= ?2))" \
        " LIMIT ?3)"

static const struct {
        const char *count, *remove;
        size_t age; /* of struct purge_ages */
} rest_table[] = {
    {"SELECT count(*) FROM " REPLY, "DELETE FROM " REPLY, offsetof(struct purge_ages, messages)},
    {"SELECT count(*) FROM " LINK, "DELETE FROM " LINK, offsetof(struct purge_ages, messages)},
    {"SELECT count(*) FROM " STOP, "DELETE FROM " STOP, offsetof(struct purge_ages, messages)},
    {"SELECT count(*) FROM " CODE, "DELETE FROM " CODE, offsetof(struct purge_ages, moments)},
    {"SELECT count(*) FROM " EARLY, "DELETE FROM " EARLY, offsetof(struct purge_ages, moments)},
    {"SELECT count(*) FROM " SIGNED_IN, "DELETE FROM " SIGNED_IN, offsetof(struct purge_ages, moments)},
    {"SELECT count(*) FROM " TICKET, "DELETE FROM " TICKET, offsetof(struct purge_ages, moments)},
    {"SELECT count(*) FROM " AUDIT, "DELETE FROM " AUDIT, offsetof(struct purge_ages, events)},
    {"SELECT count(*) FROM " SESSION, "DELETE FROM " SESSION, offsetof(struct purge_ages, moments)},
};

/* DAY lives as long as the query. */
static void bind(struct query *q, const struct purge_ages *ages, size_t index, char day[DATE_TEXT_MAX],
                 int64_t limit)
{
        int64_t before = *(const int64_t *)((const char *)ages + rest_table[index].age);

        date_print((int32_t)(before / 86400), day);
        query_int(q, before);
        query_text(q, day);
        query_int(q, limit);
}

int purge_rest_count(struct db *db, const struct purge_ages *ages, int64_t *ret_count, struct err *err)
{
        char day[DATE_TEXT_MAX];
        int64_t count = 0;
        struct query q;
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(rest_table) && r == 0; i++) {
                query_start(&q, db, rest_table[i].count, err);
                bind(&q, ages, i, day, INT64_MAX);
                r = query_row(&q);
                if (r > 0)
                        count += column_int(&q, 0);
                query_end(&q);
                r = r < 0 ? r : 0;
        }
        if (r == 0)
                *ret_count = count;
        return r;
}

int purge_rest_step(struct db *db, const struct purge_ages *ages, int64_t *count, struct err *err)
{
        char day[DATE_TEXT_MAX];
        bool any = false;
        struct query q;
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(rest_table) && r == 0; i++) {
                query_start(&q, db, rest_table[i].remove, err);
                bind(&q, ages, i, day, PURGE_STEP_MAX);
                r = query_run(&q);
                if (r == 0) {
                        any = any || db_changes(db) > 0;
                        *count += db_changes(db);
                }
        }
        return r < 0 ? r : any;
}
