#include "store/match.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

static const char *const state_names[] = {[MATCH_PENDING] = "pending",
                                          [MATCH_FIRED] = "fired",
                                          [MATCH_RESOLVED] = "resolved",
                                          [MATCH_DROPPED] = "dropped"};

static enum match_state state_of(const char *name)
{
        for (int i = MATCH_PENDING; i < MATCH_DROPPED; i++)
                if (strcmp(state_names[i], name) == 0)
                        return (enum match_state)i;
        return MATCH_DROPPED;
}

int match_insert(struct db *db, const struct match_row *row, int64_t *ret_id, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "INSERT INTO rule_match(rule, version, kind, subject, pupil, key, state, due, expires, "
                    "seen, facts)"
                    "  VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?)",
                    err);
        query_text(&q, row->rule);
        query_int(&q, row->version);
        query_text(&q, row->kind);
        query_text(&q, row->subject);
        query_text(&q, row->pupil);
        query_text(&q, row->key);
        query_int(&q, row->due);
        query_int_or_null(&q, row->expires, MATCH_NEVER);
        query_int(&q, row->seen);
        query_text(&q, row->facts);
        r = query_run(&q);
        if (r == 0)
                *ret_id = db_last_id(db);
        return r;
}

int match_update(struct db *db, int64_t id, const struct match_row *row, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE rule_match SET due = ?2, expires = ?3, facts = ?4, version = ?5"
                    " WHERE id = ?1 AND (due <> ?2 OR expires IS NOT ?3 OR facts <> ?4 OR version <> ?5)",
                    err);
        query_int(&q, id);
        query_int(&q, row->due);
        query_int_or_null(&q, row->expires, MATCH_NEVER);
        query_text(&q, row->facts);
        query_int(&q, row->version);
        return query_run(&q);
}

int match_fire(struct db *db, int64_t id, int64_t version, const char *facts, int64_t now_utc,
               struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE rule_match SET state = 'fired', fired = ?, facts = ?, version = ? WHERE id = ?",
                    err);
        query_int(&q, now_utc);
        query_text(&q, facts);
        query_int(&q, version);
        query_int(&q, id);
        return query_run(&q);
}

int match_end(struct db *db, int64_t id, enum match_state state, const char *reason, int64_t now_utc,
              struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "UPDATE rule_match SET state = ?, reason = ?, ended = ? WHERE id = ?", err);
        query_text(&q, state_names[state]);
        query_text(&q, reason);
        query_int(&q, now_utc);
        query_int(&q, id);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(
            &q, db,
            "UPDATE message SET state = 'cancelled', reason = ?1, changed = ?2"
            " WHERE state IN ('queued', 'held', 'retry') AND id IN"
            "   (SELECT mn.message FROM notice n JOIN message_notice mn ON mn.notice = n.id"
            "     WHERE n.match = ?3 AND NOT EXISTS (" /* a digest goes for the sake of the others */
            "       SELECT 1 FROM message_notice o JOIN notice other ON other.id = o.notice"
            "         JOIN rule_match om ON om.id = other.match AND om.id <> ?3 AND om.state = 'fired'"
            "        WHERE o.message = mn.message))",
            err);
        query_text(&q, reason);
        query_int(&q, now_utc);
        query_int(&q, id);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, db, "UPDATE notice SET state = 'settled' WHERE match = ? AND state = 'open'", err);
        query_int(&q, id);
        return query_run(&q);
}

int match_hold(struct db *db, int64_t id, const char *reason, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "UPDATE rule_match SET reason = ?2 WHERE id = ?1 AND state = 'pending' AND reason IS NOT ?2",
            err);
        query_int(&q, id);
        query_text(&q, reason);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}

int match_revive(struct db *db, int64_t id, const char *reason, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "UPDATE rule_match SET state = 'pending', reason = NULL, ended = NULL"
                    " WHERE id = ? AND state = 'dropped' AND reason = ?",
                    err);
        query_int(&q, id);
        query_text(&q, reason);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}

int match_forget(struct db *db, int64_t id, struct err *err)
{
        struct query q;

        query_start(&q, db, "DELETE FROM rule_match WHERE id = ? AND state = 'pending'", err);
        query_int(&q, id);
        return query_run(&q);
}

int match_find(struct db *db, const char *rule, const char *key, int64_t *ret_id, enum match_state *ret_state,
               struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT id, state FROM rule_match WHERE rule = ? AND key = ?", err);
        query_text(&q, rule);
        query_text(&q, key);
        r = query_row(&q);
        if (r > 0) {
                *ret_id = column_int(&q, 0);
                *ret_state = state_of(column_text(&q, 1));
        }
        query_end(&q);
        return r;
}

int match_open(struct db *db, const char *rule, const char *kind, const char *subject, int64_t now_utc,
               int (*each)(void *context, const struct open_match *match, struct err *err), void *context,
               struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT id, due, expires, key, facts, state FROM rule_match"
                    " WHERE kind = ? AND subject = ? AND rule = ?"
                    "   AND (state = 'pending' OR (state = 'fired' AND (expires IS NULL OR expires > ?)))"
                    " ORDER BY id",
                    err);
        query_text(&q, kind);
        query_text(&q, subject);
        query_text(&q, rule);
        query_int(&q, now_utc);
        while ((r = query_row(&q)) > 0) {
                struct open_match match = {
                    .id = column_int(&q, 0),
                    .due = column_int(&q, 1),
                    .expires = column_int_or(&q, 2, MATCH_NEVER),
                    .key = column_text(&q, 3),
                    .facts = column_text(&q, 4),
                    .state = state_of(column_text(&q, 5)),
                };

                r = each(context, &match, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

/* Rows rather than subjects are counted, so that no more is read than is taken. */
int match_due(struct db *db, int64_t now_utc, struct change *ret_changes, int max, int *ret_count,
              struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT kind, subject FROM ("
            "  SELECT * FROM (SELECT kind, subject, due, id FROM rule_match INDEXED BY rule_match_due"
            "     WHERE state = 'pending' AND reason IS NULL AND due <= ?1 ORDER BY due, id LIMIT ?2)"
            "  UNION ALL"
            "  SELECT * FROM (SELECT kind, subject, due, id FROM rule_match INDEXED BY rule_match_held"
            "     WHERE state = 'pending' AND reason IS NOT NULL AND expires <= ?1"
            "     ORDER BY expires, id LIMIT ?2))"
            " ORDER BY due, id LIMIT ?2",
            err);
        query_int(&q, now_utc);
        query_int(&q, max);
        *ret_count = 0;
        while ((r = query_row(&q)) > 0)
                change_add(ret_changes, ret_count, column_text(&q, 0), column_text(&q, 1));
        query_end(&q);
        return r;
}

int match_due_rules(struct db *db, const char *kind, const char *subject, int64_t now_utc,
                    int (*each)(void *context, const char *rule, struct err *err), void *context,
                    struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT DISTINCT rule FROM rule_match"
                    " WHERE kind = ?1 AND subject = ?2 AND state = 'pending'"
                    "   AND ((reason IS NULL AND due <= ?3) OR (reason IS NOT NULL AND expires <= ?3))",
                    err);
        query_text(&q, kind);
        query_text(&q, subject);
        query_int(&q, now_utc);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int match_next_due(struct db *db, int64_t *ret_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT min(at) FROM ("
            "  SELECT min(due) AS at FROM rule_match WHERE state = 'pending' AND reason IS NULL"
            "  UNION ALL SELECT min(expires) FROM rule_match WHERE state = 'pending' AND reason IS NOT NULL)",
            err);
        r = query_row(&q);
        if (r > 0)
                *ret_utc = column_int_or(&q, 0, INT64_MAX);
        query_end(&q);
        return r < 0 ? r : 0;
}

int match_postpone(struct db *db, const char *rule, const char *kind, const char *subject, int64_t at_utc,
                   struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE rule_match SET due = ?4"
                    " WHERE kind = ?1 AND subject = ?2 AND rule = ?3 AND state = 'pending' AND due < ?4",
                    err);
        query_text(&q, kind);
        query_text(&q, subject);
        query_text(&q, rule);
        query_int(&q, at_utc);
        return query_run(&q);
}

int match_drop_ownerless(struct db *db, const char *kind, const char *subject, int64_t now_utc,
                         struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "UPDATE rule_match SET state = 'dropped', reason = 'rule-removed', ended = ?3"
            " WHERE kind = ?1 AND subject = ?2 AND state = 'pending' AND reason IS NULL AND due <= ?3",
            err);
        query_text(&q, kind);
        query_text(&q, subject);
        query_int(&q, now_utc);
        return query_run(&q);
}

int match_add_event(struct db *db, int64_t match, int64_t event, struct err *err)
{
        struct query q;

        query_start(&q, db, "INSERT INTO match_event(match, event) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    err);
        query_int(&q, match);
        query_int(&q, event);
        return query_run(&q);
}

int match_add_mark(struct db *db, int64_t match, int64_t mark, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "INSERT INTO match_mark(match, mark) VALUES (?, ?) ON CONFLICT DO NOTHING", err);
        query_int(&q, match);
        query_int(&q, mark);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, db,
                    "INSERT INTO match_event(match, event)"
                    "  SELECT ?, event FROM attendance_mark WHERE id = ? AND event IS NOT NULL ON CONFLICT "
                    "DO NOTHING",
                    err);
        query_int(&q, match);
        query_int(&q, mark);
        return query_run(&q);
}

static int find_version(struct db *db, const char *rule, const char *hash, int64_t *ret_id, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT id FROM rule_version WHERE rule = ? AND hash = ?", err);
        query_text(&q, rule);
        query_text(&q, hash);
        r = query_row(&q);
        if (r > 0)
                *ret_id = column_int(&q, 0);
        query_end(&q);
        return r;
}

int rule_version_id(struct db *db, const char *rule, const char *hash, const char *text, int64_t now_utc,
                    int64_t *ret_id, struct err *err)
{
        struct query q;
        int r = find_version(db, rule, hash, ret_id, err);

        if (r != 0)
                return r < 0 ? r : 0;
        query_start(&q, db, "INSERT INTO rule_version(rule, hash, text, first_used) VALUES (?, ?, ?, ?)",
                    err);
        query_text(&q, rule);
        query_text(&q, hash);
        query_text(&q, text);
        query_int(&q, now_utc);
        r = query_run(&q);
        if (r == 0)
                *ret_id = db_last_id(db);
        return r;
}

int rule_parameter_find(struct db *db, const char *rule, const char *name, const char *organisation,
                        char **ret_value, struct err *err)
{
        struct query q;
        int r;

        *ret_value = NULL;
        query_start(
            &q, db,
            "SELECT p.value FROM organisation_tree t JOIN rule_parameter p ON p.organisation = t.ancestor"
            " WHERE t.descendant = ? AND p.rule = ? AND p.name = ? ORDER BY t.distance LIMIT 1",
            err);
        query_text(&q, organisation);
        query_text(&q, rule);
        query_text(&q, name);
        r = query_row(&q);
        if (r > 0) {
                *ret_value = strdup(column_text(&q, 0));
                r = *ret_value ? 0 : err_set(err, ERR_NOMEM, "rules: out of memory");
        }
        query_end(&q);
        return r;
}

int rule_parameter_set(struct db *db, const char *organisation, const char *rule, const char *name,
                       const char *value, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO rule_parameter(organisation, rule, name, value) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT(organisation, rule, name) DO UPDATE SET value = excluded.value",
                    err);
        query_text(&q, organisation);
        query_text(&q, rule);
        query_text(&q, name);
        query_text(&q, value);
        return query_run(&q);
}

int rule_parameter_forget(struct db *db, const char *rule, const char *name, struct err *err)
{
        struct query q;

        query_start(&q, db, "DELETE FROM rule_parameter WHERE rule = ? AND name = ?", err);
        query_text(&q, rule);
        query_text(&q, name);
        return query_run(&q);
}

int rule_parameter_any(struct db *db, bool *ret_any, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT EXISTS (SELECT 1 FROM rule_parameter)", err);
        r = query_row(&q);
        if (r > 0)
                *ret_any = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}
