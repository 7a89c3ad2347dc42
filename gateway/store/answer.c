#include "store/answer.h"

#include <stdio.h>

int answer_add(struct db *db, const struct answer *row, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO answer(recipient, subject, rule, answer, class, by, event, at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    err);
        query_text(&q, row->recipient);
        query_text(&q, row->subject);
        query_text(&q, row->rule);
        query_text(&q, row->answer);
        query_text(&q, row->class);
        query_text(&q, row->by);
        query_int_or_null(&q, row->event, 0);
        query_int(&q, row->at_utc);
        return query_run(&q);
}

static int rule_is_known(struct db *db, const char *rule, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT 1 FROM rule_version WHERE rule = ?", err);
        query_text(&q, rule);
        return put_exists(&q);
}

int answer_asked(struct db *db, const char *recipient, const char *subject, const char *rule,
                 char ret_day[static ANSWER_DAY_SIZE], struct err *err)
{
        struct query q;
        int r;

        /* Whoever answers a reminder may name the rule that first spoke: the subject decides, the rule only
         * which of several notices is meant. */
        query_start(&q, db,
                    "SELECT (SELECT max(a.day) FROM match_mark k JOIN attendance_mark a ON a.id = k.mark"
                    "         WHERE k.match = m.id)"
                    "  FROM notice n CROSS JOIN rule_match m ON m.id = n.match"
                    " WHERE n.person = ? AND m.subject = ? ORDER BY m.rule = ? DESC, n.id DESC LIMIT 1",
                    err);
        query_text(&q, recipient);
        query_text(&q, subject);
        query_text(&q, rule);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_day, ANSWER_DAY_SIZE, "%s", column_is_null(&q, 0) ? "" : column_text(&q, 0));
        query_end(&q);
        if (r != 0)
                return r < 0 ? r : ANSWER_ASKED;
        r = rule_is_known(db, rule, err);
        if (r < 0)
                return r;
        return r ? ANSWER_NEVER_ASKED : ANSWER_RULE_UNKNOWN;
}

int answer_told(struct db *db, const char *subject, const char *rule, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT 1 FROM rule_match m WHERE m.fired IS NOT NULL AND m.pupil = ?1"
                    " UNION ALL SELECT 1 FROM rule_match m WHERE m.fired IS NOT NULL AND m.subject = ?1"
                    "   AND m.kind IN ('pupil', 'placement', 'organisation', 'case', 'meeting', 'person',"
                    "                  'application', 'survey', 'visit') LIMIT 1",
                    err);
        query_text(&q, subject);
        r = put_exists(&q);
        if (r != 0)
                return r < 0 ? r : ANSWER_ASKED;
        r = rule_is_known(db, rule, err);
        if (r < 0)
                return r;
        return r ? ANSWER_NEVER_ASKED : ANSWER_RULE_UNKNOWN;
}
