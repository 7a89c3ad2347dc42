#include "store/sent.h"
#include "store/put.h"

static int messages(struct db *db, const char *rule,
                    int (*each)(void *context, const struct sent_row *row, struct err *err), void *context,
                    struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT m.subject, m.key, g.person, g.channel, g.reason,"
            "       g.state <> 'cancelled' AND g.state <> 'expired', g.id,"
            "       coalesce((SELECT min(a.started) FROM attempt a WHERE a.message = g.id),"
            "                CASE WHEN g.not_before > g.created THEN g.not_before ELSE g.created END),"
            "       CASE g.channel WHEN 'sms' THEN coalesce(g.segments, 1) ELSE 0 END, m.pupil"
            "  FROM rule_match m JOIN notice n ON n.match = m.id"
            "  JOIN message_notice mn ON mn.notice = n.id JOIN message g ON g.id = mn.message"
            " WHERE m.rule = ?",
            err);
        query_text(&q, rule);
        while ((r = query_row(&q)) > 0) {
                const struct sent_row row = {
                    .subject = column_text(&q, 0),
                    .key = column_text(&q, 1),
                    .person = column_text(&q, 2),
                    .channel = column_text(&q, 3),
                    .reason = column_text(&q, 4),
                    .is_sent = column_int(&q, 5),
                    .message = column_int(&q, 6),
                    .time_utc = column_int(&q, 7),
                    .segments = (int)column_int(&q, 8),
                    .pupil = column_text(&q, 9),
                };

                r = each(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

static int suppressions(struct db *db, const char *rule,
                        int (*each)(void *context, const struct sent_row *row, struct err *err),
                        void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT m.subject, m.key, s.person, s.reason, s.at, m.pupil"
                    "  FROM rule_match m JOIN suppression s ON s.match = m.id"
                    " WHERE m.rule = ?",
                    err);
        query_text(&q, rule);
        while ((r = query_row(&q)) > 0) {
                const struct sent_row row = {
                    .subject = column_text(&q, 0),
                    .key = column_text(&q, 1),
                    .person = column_text(&q, 2),
                    .reason = column_text(&q, 3),
                    .time_utc = column_int(&q, 4),
                    .pupil = column_text(&q, 5),
                };

                r = each(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int sent_list(struct db *db, const char *rule,
              int (*each)(void *context, const struct sent_row *row, struct err *err), void *context,
              struct err *err)
{
        int r = messages(db, rule, each, context, err);

        return r < 0 ? r : suppressions(db, rule, each, context, err);
}

/* By the index on (rule, key), one look a rule. */
int sent_rules(struct db *db, int (*each)(void *context, const char *rule, struct err *err), void *context,
               struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "WITH RECURSIVE r(rule) AS (SELECT min(rule) FROM rule_match"
                    " UNION ALL SELECT (SELECT min(m.rule) FROM rule_match m WHERE m.rule > r.rule) FROM r"
                    "            WHERE r.rule IS NOT NULL)"
                    "SELECT rule FROM r WHERE rule IS NOT NULL",
                    err);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int sent_any(struct db *db, const char *rule, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT 1 FROM rule_match WHERE rule = ? LIMIT 1", err);
        query_text(&q, rule);
        return put_exists(&q);
}
