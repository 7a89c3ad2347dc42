#include "store/case_file.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

/* Whoever stands later takes over from whoever stands earlier. */
static int rank_of(const char *role)
{
        static const char *const order[] = {"coach", "teacher", "curator", "principal"};

        for (size_t i = 0; i < ARRAY_SIZE(order); i++)
                if (strcmp(order[i], role) == 0)
                        return (int)i;
        return 0;
}

static bool is_number(const char *text)
{
        return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool is_higher(const char *step, const char *than)
{
        if (is_number(step) && is_number(than))
                return strtoll(step, NULL, 10) > strtoll(than, NULL, 10);
        return strcmp(step, than) != 0;
}

/* The open case of a pupil, with the role of its owner. */
struct open_case {
        struct case_file file;
        char owner_role[32];
};

static int find_open(struct db *db, const char *pupil, struct open_case *ret_case, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT id, step, owner, owner_role FROM case_file WHERE pupil = ? AND state <> 'closed'",
                    err);
        query_text(&q, pupil);
        r = query_row(&q);
        if (r > 0) {
                const char *owner = column_text(&q, 2);

                snprintf(ret_case->file.id, CASE_ID_MAX, "%s", column_text(&q, 0));
                snprintf(ret_case->file.step, CASE_STEP_MAX, "%s", column_text(&q, 1));
                snprintf(ret_case->file.owner, CASE_OWNER_MAX, "%s", owner ? owner : "");
                snprintf(ret_case->owner_role, sizeof ret_case->owner_role, "%s", column_text(&q, 3));
        }
        query_end(&q);
        return r;
}

static int next_id(struct db *db, int year, char ret_id[static CASE_ID_MAX], struct err *err)
{
        struct query q;
        char first[16];
        int r;

        snprintf(first, sizeof first, "%04d-", year);
        query_start(&q, db,
                    "SELECT ?1 || substr('000', length(n)) || n FROM ("
                    "  SELECT 1 + coalesce(max(CAST(substr(id, 6) AS INTEGER)), 0) AS n"
                    "    FROM case_file WHERE id >= ?1 AND id < ?1 || 'A')",
                    err);
        query_text(&q, first);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_id, CASE_ID_MAX, "%s", column_text(&q, 0));
        query_end(&q);
        return r < 0 ? r : 0;
}

static int open_case(struct db *db, const struct case_wish *wish, struct case_file *file, struct err *err)
{
        struct query q;
        int r = next_id(db, wish->year, file->id, err);

        if (r < 0)
                return r;
        snprintf(file->step, CASE_STEP_MAX, "%s", wish->step ? wish->step : "1");
        snprintf(file->owner, CASE_OWNER_MAX, "%s", wish->owner ? wish->owner : "");
        query_start(
            &q, db,
            "INSERT INTO case_file(id, pupil, organisation, rule, step, owner_role, owner, substitute,"
            "                      urgent, opened, owned)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
            err);
        query_text(&q, file->id);
        query_text(&q, wish->pupil);
        query_text(&q, wish->organisation);
        query_text(&q, wish->rule);
        query_text(&q, file->step);
        query_text(&q, wish->owner_role);
        query_text(&q, wish->owner);
        query_text(&q, wish->substitute);
        query_int(&q, wish->urgent);
        query_int(&q, wish->now_utc);
        return query_run(&q);
}

static int raise_step(struct db *db, const struct case_wish *wish, struct case_file *file, struct err *err)
{
        struct query q;

        snprintf(file->step, CASE_STEP_MAX, "%s", wish->step);
        query_start(&q, db, "UPDATE case_file SET step = ?2 WHERE id = ?1", err);
        query_text(&q, file->id);
        query_text(&q, file->step);
        return query_run(&q);
}

/* Somebody else's from now on, who has not acknowledged it. */
static int raise_owner(struct db *db, const struct case_wish *wish, struct case_file *file, struct err *err)
{
        struct query q;

        snprintf(file->owner, CASE_OWNER_MAX, "%s", wish->owner);
        query_start(&q, db,
                    "UPDATE case_file SET owner_role = ?2, owner = ?3, substitute = ?4, owned = ?5,"
                    "       state = 'opened', acknowledged = NULL WHERE id = ?1",
                    err);
        query_text(&q, file->id);
        query_text(&q, wish->owner_role);
        query_text(&q, wish->owner);
        query_text(&q, wish->substitute);
        query_int(&q, wish->now_utc);
        return query_run(&q);
}

static int raise_urgency(struct db *db, const char *id, struct err *err)
{
        struct query q;

        query_start(&q, db, "UPDATE case_file SET urgent = 1 WHERE id = ? AND urgent = 0", err);
        query_text(&q, id);
        return query_run(&q);
}

static int join(struct db *db, const struct case_wish *wish, struct open_case *open, enum case_change *change,
                struct err *err)
{
        int r = 0;

        *change = CASE_JOINED;
        if (wish->step && is_higher(wish->step, open->file.step)) {
                *change = CASE_RAISED;
                r = raise_step(db, wish, &open->file, err);
        }
        if (r == 0 && wish->owner && strcmp(wish->owner, open->file.owner) != 0 &&
            (!open->file.owner[0] || rank_of(wish->owner_role) > rank_of(open->owner_role))) {
                *change = CASE_RAISED;
                r = raise_owner(db, wish, &open->file, err);
        }
        return r == 0 && wish->urgent ? raise_urgency(db, open->file.id, err) : r;
}

static int add_match(struct db *db, const char *id, const struct case_wish *wish, enum case_change change,
                     struct err *err)
{
        static const char *const acts[] = {
            [CASE_OPENED] = "opened", [CASE_JOINED] = "joined", [CASE_RAISED] = "raised"};
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO case_match(case_id, match, act, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            err);
        query_text(&q, id);
        query_int(&q, wish->match);
        query_text(&q, acts[change]);
        query_int(&q, wish->now_utc);
        return query_run(&q);
}

int case_join(struct db *db, const struct case_wish *wish, struct case_file *ret_case,
              enum case_change *ret_change, struct err *err)
{
        struct open_case open = {0};
        enum case_change change = CASE_OPENED;
        int r = find_open(db, wish->pupil, &open, err);

        if (r == 0)
                r = open_case(db, wish, &open.file, err);
        else if (r > 0)
                r = join(db, wish, &open, &change, err);
        if (r == 0)
                r = add_match(db, open.file.id, wish, change, err);
        if (r < 0)
                return r;
        *ret_case = open.file;
        *ret_change = change;
        return 0;
}

/* A bound "SELECT id, step, owner …". */
static int read_case(struct query *q, struct case_file *ret_case)
{
        int r = query_row(q);

        if (r > 0) {
                snprintf(ret_case->id, CASE_ID_MAX, "%s", column_text(q, 0));
                snprintf(ret_case->step, CASE_STEP_MAX, "%s", column_text(q, 1));
                snprintf(ret_case->owner, CASE_OWNER_MAX, "%s", column_text(q, 2));
        }
        query_end(q);
        return r;
}

int case_get(struct db *db, const char *id, struct case_file *ret_case, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT id, step, coalesce(owner, '') FROM case_file WHERE id = ?", err);
        query_text(&q, id);
        return read_case(&q, ret_case);
}

int case_of_match(struct db *db, int64_t match, struct case_file *ret_case, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT c.id, c.step, coalesce(c.owner, '') FROM rule_match m"
                    " CROSS JOIN case_file c ON c.pupil = m.pupil"
                    " CROSS JOIN case_match x ON x.case_id = c.id AND x.match = m.id WHERE m.id = ?",
                    err);
        query_int(&q, match);
        return read_case(&q, ret_case);
}

int case_pupil(struct db *db, const char *id, struct case_pupil *ret_pupil, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT c.pupil, c.organisation, EXISTS (SELECT 1 FROM transfer_permission t"
                    "   WHERE t.pupil = c.pupil AND t.state = 'permitted')"
                    "  FROM case_file c WHERE c.id = ?",
                    err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0) {
                snprintf(ret_pupil->pupil, CASE_OWNER_MAX, "%s", column_text(&q, 0));
                snprintf(ret_pupil->organisation, CASE_OWNER_MAX, "%s", column_text(&q, 1));
                ret_pupil->may_hand_over = column_int(&q, 2);
        }
        query_end(&q);
        return r;
}
