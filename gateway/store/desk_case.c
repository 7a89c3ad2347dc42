#include "store/desk_case.h"

#define NAME_OF(id) \
        "(SELECT x.given || ' ' || x.family FROM person x WHERE x.id = " id " AND x.protected = 0)"

/* ?1 person, ?2 whether closed ones are asked for: a part for each of the three ways to have a case, since
 * each has an index of its own. A role need not be asked for: who has none has not signed in. */
#define OWN                                                                                      \
        "WITH own(id) AS (SELECT id FROM case_file WHERE owner = ?1 AND state = 'closed' AND ?2" \
        " UNION SELECT id FROM case_file WHERE owner = ?1 AND state <> 'closed' AND NOT ?2"      \
        " UNION SELECT id FROM case_file WHERE substitute = ?1 AND (state = 'closed') = ?2"      \
        " UNION SELECT k.case_id FROM case_participant k JOIN case_file c ON c.id = k.case_id"   \
        "        WHERE k.person = ?1 AND (c.state = 'closed') = ?2)"

/* A new case is to be acknowledged until the first reminder; the next contact is on the day that staff have
 * set, else when the rule asks for it. */
#define DUE                                                                                             \
        "coalesce(CASE c.state WHEN 'opened' THEN (SELECT m.due FROM rule_match m"                      \
        "    WHERE m.rule = 'case-unacknowledged' AND m.key = c.id || '/' || c.owned || '/owner')"      \
        "  WHEN 'acknowledged' THEN (SELECT max(m.due) FROM rule_match m WHERE m.kind = 'case'"         \
        "    AND m.subject = c.id AND m.rule = 'case-contact-due' AND m.state IN ('pending', 'fired'))" \
        " END, 0)"

struct listing {
        desk_case_each *each;
        void *context;
        int count;
};

/* 1: the list goes on behind what is told. */
static int tell(struct query *q, struct listing *listing,
                void (*read)(struct query *q, struct desk_case *row), struct err *err)
{
        int r;

        while ((r = query_row(q)) > 0) {
                struct desk_case row = {0};

                if (listing->count++ == DESK_CASES_MAX)
                        break;
                read(q, &row);
                r = listing->each(listing->context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(q);
        return r;
}

static void read_own(struct query *q, struct desk_case *row)
{
        const char *sees = column_text(q, 8);

        *row = (struct desk_case){.id = column_text(q, 0),
                                  .step = column_text(q, 1),
                                  .outcome = column_text(q, 2),
                                  .is_new = column_int(q, 3),
                                  .is_closed = column_int(q, 4),
                                  .is_urgent = column_int(q, 5),
                                  .is_owner = column_int(q, 6),
                                  .may_act = column_int(q, 7),
                                  .opened = column_int(q, 9),
                                  .closed = column_int(q, 10),
                                  .owner = column_text(q, 11),
                                  .next_contact = column_text(q, 14),
                                  .due = column_int(q, 15)};
        row->parts = row->may_act ? page_case_acting() : 0;
        row->parts |= page_case_sees(sees);
        if (!(row->parts & CASE_PUPIL))
                return;
        row->pupil = column_text(q, 12);
        row->group = row->pupil ? column_text(q, 13) : NULL;
}

int desk_case_own(struct db *db, const char *person, bool is_closed, int64_t start, desk_case_each *each,
                  void *context, struct err *err)
{
        struct listing listing = {.each = each, .context = context};
        struct query q;

        query_start(
            &q, db,
            OWN
            "SELECT c.id, c.step, coalesce(c.outcome, ''), c.state = 'opened', c.state = 'closed', c.urgent,"
            "  c.owner IS ?1, c.owner IS ?1 OR c.substitute IS ?1 AS acts, coalesce(k.sees, ''), c.opened,"
            "  coalesce(c.closed, 0), " NAME_OF(
                "c.owner") ", (SELECT u.given FROM person u WHERE u.id ="
                           "  c.pupil AND u.protected = 0), o.name, coalesce(c.next_contact, ''), " DUE
                           " AS due"
                           "  FROM own JOIN case_file c ON c.id = own.id JOIN organisation o ON o.id = "
                           "c.organisation"
                           "  LEFT JOIN case_participant k ON k.case_id = c.id AND k.person = ?1"
                           " ORDER BY c.closed DESC, acts DESC, c.state = 'opened' DESC, c.urgent DESC,"
                           "  coalesce(CASE c.state WHEN 'acknowledged' THEN c.next_contact END,"
                           "           date(nullif(due, 0), 'unixepoch'), '9999'), c.id LIMIT ?3 OFFSET ?4",
            err);
        query_text(&q, person);
        query_int(&q, is_closed);
        query_int(&q, DESK_CASES_MAX + 1);
        query_int(&q, start);
        return tell(&q, &listing, read_own, err);
}

int desk_case_due(struct db *db, const char *id, int64_t *ret_due, struct err *err)
{
        struct query q;
        int r;

        *ret_due = 0;
        query_start(&q, db, "SELECT " DUE " FROM case_file c WHERE c.id = ?", err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0)
                *ret_due = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

int desk_case_count(struct db *db, const char *person, int64_t *ret_open, int64_t *ret_new, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT count(*), coalesce(sum(state = 'opened'), 0) FROM (SELECT id, state FROM case_file"
            "   WHERE owner = ?1 AND state <> 'closed' UNION SELECT id, state FROM case_file"
            "   WHERE substitute = ?1 AND state <> 'closed')",
            err);
        query_text(&q, person);
        r = query_row(&q);
        if (r > 0) {
                *ret_open = column_int(&q, 0);
                *ret_new = column_int(&q, 1);
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

static void read_below(struct query *q, struct desk_case *row)
{
        *row = (struct desk_case){.id = column_text(q, 0),
                                  .step = column_text(q, 1),
                                  .outcome = "",
                                  .next_contact = "",
                                  .is_new = column_int(q, 2),
                                  .is_urgent = column_int(q, 3),
                                  .opened = column_int(q, 4),
                                  .owner = column_text(q, 5),
                                  .due = column_int(q, 6)};
}

int desk_case_below(struct db *db, const char *scope, int64_t start, desk_case_each *each, void *context,
                    struct err *err)
{
        struct listing listing = {.each = each, .context = context};
        struct query q;

        query_start(
            &q, db,
            "SELECT c.id, c.step, c.state = 'opened', c.urgent, c.opened, " NAME_OF(
                "c.owner") ", " DUE "  FROM (SELECT x.id FROM case_file x WHERE x.state <> 'closed' AND "
                           "x.organisation IN (SELECT"
                           "    t.descendant FROM json_each(?1) s JOIN organisation_tree t ON t.ancestor = "
                           "s.value)"
                           "    ORDER BY x.state = 'opened' DESC, x.opened, x.id LIMIT ?2 OFFSET ?3) l"
                           "  JOIN case_file c ON c.id = l.id ORDER BY c.state = 'opened' DESC, c.opened, "
                           "c.id",
            err);
        query_text(&q, scope);
        query_int(&q, DESK_CASES_MAX + 1);
        query_int(&q, start);
        return tell(&q, &listing, read_below, err);
}
