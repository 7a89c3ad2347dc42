#include "store/feed_change.h"
#include "store/db.h"

#include <stddef.h>

int feed_change_latest(struct db *db, int64_t *ret_seq, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT coalesce(max(seq), 0) FROM feed_change", err);
        r = query_row(&q);
        if (r > 0)
                *ret_seq = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

/* Rows that have ended count: whoever has just lost something must see it go. */
static const char *const owners_table[] = {
    /* Of a pupil: themselves, the home, the staff above, every placement, and who lends it a workplace. */
    "SELECT c.subject FROM feed_change c WHERE c.seq > ? AND c.kind = 'pupil'",
    "SELECT g.guardian FROM feed_change c CROSS JOIN guardian g ON g.pupil = c.subject"
    " WHERE c.seq > ? AND c.kind = 'pupil'",
    "SELECT g.carer FROM feed_change c CROSS JOIN carer g ON g.pupil = c.subject"
    " WHERE c.seq > ? AND c.kind = 'pupil'",
    "SELECT t.ancestor FROM feed_change c CROSS JOIN role r ON r.person = c.subject AND r.role = 'pupil'"
    "  CROSS JOIN organisation_tree t ON t.descendant = r.organisation"
    " WHERE c.seq > ? AND c.kind = 'pupil'",
    "SELECT s.person FROM feed_change c CROSS JOIN role r ON r.person = c.subject AND r.role = 'pupil'"
    "  CROSS JOIN organisation_tree t ON t.descendant = r.organisation"
    "  CROSS JOIN role s ON s.organisation = t.ancestor AND s.role IN ('teacher', 'coach', 'substitute')"
    " WHERE c.seq > ? AND c.kind = 'pupil'",
    "SELECT p.supervisor FROM feed_change c CROSS JOIN placement p ON p.pupil = c.subject"
    " WHERE c.seq > ? AND c.kind = 'pupil'",
    "SELECT p.workplace FROM feed_change c CROSS JOIN placement p ON p.pupil = c.subject"
    " WHERE c.seq > ? AND c.kind = 'pupil'",
    "SELECT s.person FROM feed_change c CROSS JOIN placement p ON p.pupil = c.subject"
    "  CROSS JOIN workplace_supervisor s ON s.workplace = p.workplace"
    " WHERE c.seq > ? AND c.kind = 'pupil'",
    "SELECT t.ancestor FROM feed_change c CROSS JOIN placement p ON p.pupil = c.subject"
    "  CROSS JOIN workplace w ON w.id = p.workplace"
    "  CROSS JOIN organisation_tree t ON t.descendant = w.organisation"
    " WHERE c.seq > ? AND c.kind = 'pupil'",

    /* Of a workplace that lost a placement. */
    "SELECT c.subject FROM feed_change c WHERE c.seq > ? AND c.kind = 'workplace'",
    "SELECT s.person FROM feed_change c CROSS JOIN workplace_supervisor s ON s.workplace = c.subject"
    " WHERE c.seq > ? AND c.kind = 'workplace'",
    "SELECT t.ancestor FROM feed_change c CROSS JOIN workplace w ON w.id = c.subject"
    "  CROSS JOIN organisation_tree t ON t.descendant = w.organisation"
    " WHERE c.seq > ? AND c.kind = 'workplace'",

    /* Of a meeting: who takes part, whose child does, who leads it, the mailing group, organisations above
       and below. */
    "SELECT p.person FROM feed_change c CROSS JOIN meeting_participant p ON p.meeting = c.subject"
    " WHERE c.seq > ? AND c.kind = 'meeting'",
    "SELECT g.guardian FROM feed_change c CROSS JOIN meeting_participant p ON p.meeting = c.subject"
    "  CROSS JOIN guardian g ON g.pupil = p.person WHERE c.seq > ? AND c.kind = 'meeting'",
    "SELECT g.carer FROM feed_change c CROSS JOIN meeting_participant p ON p.meeting = c.subject"
    "  CROSS JOIN carer g ON g.pupil = p.person WHERE c.seq > ? AND c.kind = 'meeting'",
    "SELECT m.chair FROM feed_change c CROSS JOIN meeting m ON m.id = c.subject"
    " WHERE c.seq > ? AND c.kind = 'meeting'",
    "SELECT a.person FROM feed_change c CROSS JOIN meeting m ON m.id = c.subject"
    "  CROSS JOIN audience_member a ON a.audience = m.audience WHERE c.seq > ? AND c.kind = 'meeting'",
    "SELECT t.ancestor FROM feed_change c CROSS JOIN meeting m ON m.id = c.subject"
    "  CROSS JOIN organisation_tree t ON t.descendant = m.organisation"
    " WHERE c.seq > ? AND c.kind = 'meeting'",
    "SELECT t.descendant FROM feed_change c CROSS JOIN meeting m ON m.id = c.subject"
    "  CROSS JOIN organisation_tree t ON t.ancestor = m.organisation"
    " WHERE c.seq > ? AND c.kind = 'meeting'",

    /* Of a visit: both sides, with all who belong to a class or a school that goes. */
    "SELECT p.party FROM feed_change c CROSS JOIN visit_party p ON p.visit = c.subject"
    " WHERE c.seq > ? AND c.kind = 'visit'",
    "SELECT t.ancestor FROM feed_change c CROSS JOIN visit_party p ON p.visit = c.subject"
    "  CROSS JOIN organisation_tree t ON t.descendant = p.party WHERE c.seq > ? AND c.kind = 'visit'",
    "SELECT t.descendant FROM feed_change c CROSS JOIN visit_party p ON p.visit = c.subject"
    "  CROSS JOIN organisation_tree t ON t.ancestor = p.party WHERE c.seq > ? AND c.kind = 'visit'",
    "SELECT r.person FROM feed_change c CROSS JOIN visit_party p ON p.visit = c.subject"
    "  CROSS JOIN organisation_tree t ON t.ancestor = p.party CROSS JOIN role r ON r.organisation = "
    "t.descendant"
    " WHERE c.seq > ? AND c.kind = 'visit'",
    "SELECT g.guardian FROM feed_change c CROSS JOIN visit_party p ON p.visit = c.subject"
    "  CROSS JOIN organisation_tree t ON t.ancestor = p.party CROSS JOIN role r ON r.organisation = "
    "t.descendant"
    "  CROSS JOIN guardian g ON g.pupil = r.person WHERE c.seq > ? AND c.kind = 'visit'",
    "SELECT g.carer FROM feed_change c CROSS JOIN visit_party p ON p.visit = c.subject"
    "  CROSS JOIN organisation_tree t ON t.ancestor = p.party CROSS JOIN role r ON r.organisation = "
    "t.descendant"
    "  CROSS JOIN carer g ON g.pupil = r.person WHERE c.seq > ? AND c.kind = 'visit'",

    "SELECT c.subject FROM feed_change c WHERE c.seq > ? AND c.kind = 'person'",
    "SELECT a.person FROM feed_change c CROSS JOIN survey s ON s.id = c.subject"
    "  CROSS JOIN audience_member a ON a.audience = s.audience WHERE c.seq > ? AND c.kind = 'survey'",
};

/* Whether the changes after SINCE are too many, or one of them is everybody's: 1. */
static int is_everybodys(struct db *db, int64_t since, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT EXISTS (SELECT 1 FROM feed_change WHERE kind = 'all' AND subject = '' AND seq > ?1)"
            "    OR (SELECT count(*) FROM (SELECT 1 FROM feed_change WHERE seq > ?1 LIMIT ?2)) >= ?2",
            err);
        query_int(&q, since);
        query_int(&q, FEED_CHANGE_MAX);
        r = query_row(&q);
        if (r > 0)
                r = (int)column_int(&q, 0);
        query_end(&q);
        return r;
}

static int tell_all(struct db *db, const char *sql, int64_t since,
                    void (*tell)(void *context, const char *owner), void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, sql, err);
        query_int(&q, since);
        while ((r = query_row(&q)) > 0)
                if (!column_is_null(&q, 0))
                        tell(context, column_text(&q, 0));
        query_end(&q);
        return r;
}

int feed_change_owners(struct db *db, int64_t since, void (*tell)(void *context, const char *owner),
                       void *context, struct err *err)
{
        int r = is_everybodys(db, since, err);

        if (r != 0)
                return r < 0 ? r : FEED_CHANGE_ALL;
        for (size_t i = 0; i < ARRAY_SIZE(owners_table) && r == 0; i++)
                r = tell_all(db, owners_table[i], since, tell, context, err);
        return r < 0 ? r : FEED_CHANGE_SOME;
}
