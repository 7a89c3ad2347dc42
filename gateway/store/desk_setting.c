#include "store/desk_setting.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {[SETTING_PARAMETER] = "parameter", [SETTING_TEXT] = "text"};
static const char *const state_names[] = {
    [SETTING_PROPOSED] = "proposed", [SETTING_IN_FORCE] = "in-force", [SETTING_SUPERSEDED] = "superseded",
    [SETTING_UNDONE] = "undone",     [SETTING_REJECTED] = "rejected", [SETTING_REPLACED] = "replaced",
};

const char *setting_state_name(enum setting_state state)
{
        return state_names[state];
}

static bool is_same(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static char *copy_or_null(const char *text, bool *failed)
{
        char *copy = text ? strdup(text) : NULL;

        *failed = *failed || (text && !copy);
        return copy;
}

/* ---- what stands */

/* Binds the key in the order of the indexes: kind, pupil, organisation unless it is a pupil's, item, part. */
static void bind_key(struct query *q, const struct setting_key *key)
{
        query_text(q, kind_names[key->kind]);
        query_text(q, key->pupil ? key->pupil : "");
        query_text(q, key->pupil ? "" : key->organisation);
        query_text(q, key->item);
        query_text(q, key->part);
}

#define OF_KEY                                                                          \
        " kind = ?1 AND coalesce(pupil, '') = ?2"                                       \
        " AND CASE WHEN pupil IS NULL THEN organisation ELSE '' END = ?3 AND item = ?4" \
        " AND part = ?5"

static int find_row(struct db *db, const char *sql, const struct setting_key *key, int64_t *ret_id,
                    struct err *err)
{
        struct query q;
        int r;

        *ret_id = 0;
        query_start(&q, db, sql, err);
        bind_key(&q, key);
        r = query_row(&q);
        if (r > 0)
                *ret_id = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

static int find_in_force(struct db *db, const struct setting_key *key, int64_t *ret_id, struct err *err)
{
        return find_row(db, "SELECT id FROM desk_setting WHERE state = 'in-force' AND" OF_KEY, key, ret_id,
                        err);
}

/* Language and channel of "fi/sms". */
static int split_part(const char *part, char ret_language[static 16], const char **ret_channel,
                      struct err *err)
{
        const char *slash = strchr(part, '/');
        size_t length = slash ? (size_t)(slash - part) : 0;

        if (!slash || length == 0 || length >= 16)
                return err_set(err, ERR_INVALID, "settings: `%.40s` is no language and channel: write fi/sms",
                               part);
        memcpy(ret_language, part, length);
        ret_language[length] = '\0';
        *ret_channel = slash + 1;
        return 0;
}

static int start_own_value(struct query *q, struct db *db, const struct setting_key *key,
                           char language[static 16], struct err *err)
{
        const char *channel;
        int r;

        if (key->kind == SETTING_TEXT) {
                r = split_part(key->part, language, &channel, err);
                if (r < 0)
                        return r;
                query_start(q, db,
                            "SELECT text, NULL FROM organisation_text"
                            " WHERE organisation = ? AND template = ? AND language = ? AND channel = ?",
                            err);
                query_text(q, key->organisation);
                query_text(q, key->item);
                query_text(q, language);
                query_text(q, channel);
                return 0;
        }
        if (key->pupil)
                query_start(
                    q, db,
                    "SELECT value, until FROM pupil_parameter WHERE pupil = ? AND rule = ? AND name = ?",
                    err);
        else
                query_start(
                    q, db,
                    "SELECT value, NULL FROM rule_parameter WHERE organisation = ? AND rule = ? AND name = ?",
                    err);
        query_text(q, key->pupil ? key->pupil : key->organisation);
        query_text(q, key->item);
        query_text(q, key->part);
        return 0;
}

int setting_standing(struct db *db, const struct setting_key *key, struct setting_standing *ret_standing,
                     struct err *err)
{
        struct setting_standing standing = {0};
        char language[16];
        bool failed = false;
        struct query q;
        int r = start_own_value(&q, db, key, language, err);

        if (r < 0)
                return r;
        r = query_row(&q);
        if (r > 0) {
                standing.value = copy_or_null(column_text(&q, 0), &failed);
                standing.until = copy_or_null(column_text(&q, 1), &failed);
        }
        query_end(&q);
        if (failed)
                r = err_set(err, ERR_NOMEM, "settings: out of memory");
        if (r >= 0)
                r = find_in_force(db, key, &standing.id, err);
        if (r < 0) {
                setting_standing_fini(&standing);
                return r;
        }
        *ret_standing = standing;
        return 0;
}

void setting_standing_fini(struct setting_standing *standing)
{
        free(standing->value);
        free(standing->until);
        *standing = (struct setting_standing){0};
}

/* ---- bringing into force */

static int put_text(struct db *db, const struct setting_key *key, const char *value, struct err *err)
{
        char language[16];
        const char *channel;
        struct query q;
        int r = split_part(key->part, language, &channel, err);

        if (r < 0)
                return r;
        if (value)
                query_start(&q, db,
                            "INSERT INTO organisation_text(organisation, template, language, channel, text)"
                            " VALUES (?1, ?2, ?3, ?4, ?5)"
                            " ON CONFLICT DO UPDATE SET text = excluded.text",
                            err);
        else
                query_start(&q, db,
                            "DELETE FROM organisation_text"
                            " WHERE organisation = ?1 AND template = ?2 AND language = ?3 AND channel = ?4",
                            err);
        query_text(&q, key->organisation);
        query_text(&q, key->item);
        query_text(&q, language);
        query_text(&q, channel);
        if (value)
                query_text(&q, value);
        return query_run(&q);
}

static int put_pupil(struct db *db, const struct setting_key *key, const char *value, const char *until,
                     struct err *err)
{
        struct query q;

        if (value)
                query_start(&q, db,
                            "INSERT INTO pupil_parameter(pupil, rule, name, value, until)"
                            " VALUES (?1, ?2, ?3, ?4, ?5)"
                            " ON CONFLICT DO UPDATE SET value = excluded.value, until = excluded.until",
                            err);
        else
                query_start(&q, db,
                            "DELETE FROM pupil_parameter WHERE pupil = ?1 AND rule = ?2 AND name = ?3", err);
        query_text(&q, key->pupil);
        query_text(&q, key->item);
        query_text(&q, key->part);
        if (value) {
                query_text(&q, value);
                query_text(&q, until);
        }
        return query_run(&q);
}

static int put_organisation(struct db *db, const struct setting_key *key, const char *value, struct err *err)
{
        struct query q;

        if (value)
                query_start(&q, db,
                            "INSERT INTO rule_parameter(organisation, rule, name, value)"
                            " VALUES (?1, ?2, ?3, ?4)"
                            " ON CONFLICT DO UPDATE SET value = excluded.value",
                            err);
        else
                query_start(&q, db,
                            "DELETE FROM rule_parameter"
                            " WHERE organisation = ?1 AND rule = ?2 AND name = ?3",
                            err);
        query_text(&q, key->organisation);
        query_text(&q, key->item);
        query_text(&q, key->part);
        if (value)
                query_text(&q, value);
        return query_run(&q);
}

static int put_value(struct db *db, const struct setting_key *key, const char *value, const char *until,
                     struct err *err)
{
        if (key->kind == SETTING_TEXT)
                return put_text(db, key, value, err);
        return key->pupil ? put_pupil(db, key, value, until, err) : put_organisation(db, key, value, err);
}

/* Moves the row in force on; there may be none. */
static int end_in_force(struct db *db, int64_t id, enum setting_state state, struct err *err)
{
        struct query q;

        query_start(&q, db, "UPDATE desk_setting SET state = ? WHERE id = ? AND state = 'in-force'", err);
        query_text(&q, state_names[state]);
        query_int(&q, id);
        return query_run(&q);
}

/* ---- proposing */

static int add_row(struct db *db, const struct setting_wish *wish, const struct setting_standing *before,
                   int64_t undoes, int64_t now_utc, int64_t *ret_id, struct err *err)
{
        const bool at_once = !wish->urgent || undoes;
        struct query q;
        int r;

        query_start(&q, db,
                    "INSERT INTO desk_setting(kind, organisation, pupil, item, part, value, until,"
                    " before_value, before_until, urgent, state, proposed, proposed_by, decided, decided_by,"
                    " undoes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    err);
        query_text(&q, kind_names[wish->key.kind]);
        query_text(&q, wish->key.organisation);
        query_text(&q, wish->key.pupil);
        query_text(&q, wish->key.item);
        query_text(&q, wish->key.part);
        query_text(&q, wish->value);
        query_text(&q, wish->until);
        query_text(&q, before->value);
        query_text(&q, before->until);
        query_int(&q, wish->urgent);
        query_text(&q, state_names[at_once ? SETTING_IN_FORCE : SETTING_PROPOSED]);
        query_int(&q, now_utc);
        query_text(&q, wish->by);
        query_int_or_null(&q, at_once ? now_utc : 0, 0);
        query_text(&q, at_once ? wish->by : NULL);
        query_int_or_null(&q, undoes, 0);
        r = query_run(&q);
        if (r == 0)
                *ret_id = db_last_id(db);
        return r;
}

/* The proposal of the same value by the same person: a form that was sent twice. */
static int find_again(struct db *db, const struct setting_wish *wish, int64_t *ret_id, struct err *err)
{
        struct query q;
        int r;

        *ret_id = 0;
        query_start(&q, db,
                    "SELECT id FROM desk_setting WHERE state = 'proposed' AND" OF_KEY
                    " AND value IS ?6 AND until IS ?7 AND proposed_by = ?8",
                    err);
        bind_key(&q, &wish->key);
        query_text(&q, wish->value);
        query_text(&q, wish->until);
        query_text(&q, wish->by);
        r = query_row(&q);
        if (r > 0)
                *ret_id = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

/* A direct change and a proposal of the same do not stand beside one another. */
static int replace_proposal(struct db *db, const struct setting_key *key, int64_t now_utc, const char *by,
                            struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE desk_setting SET state = 'replaced', decided = ?6, decided_by = ?7"
                    " WHERE state = 'proposed' AND" OF_KEY,
                    err);
        bind_key(&q, key);
        query_int(&q, now_utc);
        query_text(&q, by);
        return query_run(&q);
}

static int check_wish(const struct setting_wish *wish, const struct setting_standing *before, struct err *err)
{
        if (wish->value && strlen(wish->value) > SETTING_VALUE_MAX_BYTES)
                return err_set(err, ERR_LIMIT, "settings: longer than %d bytes: shorten it",
                               SETTING_VALUE_MAX_BYTES);
        if (wish->seen >= 0 && wish->seen != before->id)
                return err_set(err, ERR_CONFLICT,
                               "settings: somebody else has changed it meanwhile: look at it again");
        if (is_same(wish->value, before->value) && is_same(wish->until, before->until))
                return err_set(err, ERR_CONFLICT, "settings: it is so already: nothing was changed");
        return 0;
}

static int write_wish(struct db *db, const struct setting_wish *wish, const struct setting_standing *before,
                      int64_t undoes, int64_t now_utc, int64_t *ret_id, struct err *err)
{
        const bool at_once = !wish->urgent || undoes;
        int r = replace_proposal(db, &wish->key, now_utc, wish->by, err);

        if (r == 0 && at_once && before->id)
                r = end_in_force(db, before->id, undoes ? SETTING_UNDONE : SETTING_SUPERSEDED, err);
        if (r == 0)
                r = add_row(db, wish, before, undoes, now_utc, ret_id, err);
        return r == 0 && at_once ? put_value(db, &wish->key, wish->value, wish->until, err) : r;
}

int setting_propose(struct db *db, const struct setting_wish *wish, int64_t now_utc, int64_t *ret_id,
                    enum setting_state *ret_state, struct err *err)
{
        _cleanup_(setting_standing_fini) struct setting_standing before = {0};
        int64_t id = 0;
        int r = find_again(db, wish, &id, err);

        if (r == 0 && !id) {
                r = setting_standing(db, &wish->key, &before, err);
                if (r == 0)
                        r = check_wish(wish, &before, err);
                if (r == 0)
                        r = write_wish(db, wish, &before, 0, now_utc, &id, err);
        }
        if (r < 0)
                return r;
        *ret_id = id;
        *ret_state = wish->urgent ? SETTING_PROPOSED : SETTING_IN_FORCE;
        return 0;
}

/* ---- reading rows */

#define NAME_OF(column) \
        "coalesce((SELECT p.given || ' ' || p.family FROM person p WHERE p.id = " column "), " column ")"
#define ROW_COLUMNS                                                                                \
        "s.id, s.kind, s.organisation, s.pupil, s.item, s.part, s.value, s.until, s.before_value," \
        " s.before_until, s.urgent, s.state, s.proposed, s.proposed_by, coalesce(s.decided, 0),"   \
        " s.decided_by, coalesce(s.undoes, 0),"                                                    \
        " coalesce((SELECT o.name FROM organisation o WHERE o.id = s.organisation), "              \
        "s.organisation), " NAME_OF("s.pupil") ", " NAME_OF("s.proposed_by") ", " NAME_OF("s.decided_by")

static int name_index(const char *const *names, size_t count, const char *name)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(names[i], name) == 0)
                        return (int)i;
        return 0;
}

static void read_row(struct query *q, struct setting *ret_setting)
{
        *ret_setting = (struct setting){
            .id = column_int(q, 0),
            .key = {.kind =
                        (enum setting_kind)name_index(kind_names, ARRAY_SIZE(kind_names), column_text(q, 1)),
                    .organisation = column_text(q, 2),
                    .pupil = column_text(q, 3),
                    .item = column_text(q, 4),
                    .part = column_text(q, 5)},
            .value = column_text(q, 6),
            .until = column_text(q, 7),
            .before_value = column_text(q, 8),
            .before_until = column_text(q, 9),
            .urgent = column_int(q, 10),
            .state = (enum setting_state)name_index(state_names, ARRAY_SIZE(state_names), column_text(q, 11)),
            .proposed_utc = column_int(q, 12),
            .proposed_by = column_text(q, 13),
            .decided_utc = column_int(q, 14),
            .decided_by = column_text(q, 15),
            .undoes = column_int(q, 16),
            .organisation_name = column_text(q, 17),
            .pupil_name = column_text(q, 18),
            .proposed_name = column_text(q, 19),
            .decided_name = column_text(q, 20),
        };
}

int setting_get(struct db *db, int64_t id,
                int (*each)(void *context, const struct setting *setting, struct err *err), void *context,
                struct err *err)
{
        struct setting setting;
        struct query q;
        int r;

        query_start(&q, db, "SELECT " ROW_COLUMNS " FROM desk_setting s WHERE s.id = ?", err);
        query_int(&q, id);
        r = query_row(&q);
        if (r > 0) {
                read_row(&q, &setting);
                r = each(context, &setting, err);
                r = r < 0 ? r : 1;
        }
        query_end(&q);
        return r;
}

int setting_find(struct db *db, const struct setting_key *key, enum setting_state state,
                 int (*each)(void *context, const struct setting *setting, struct err *err), void *context,
                 struct err *err)
{
        struct setting setting;
        struct query q;
        int r;

        if (state == SETTING_IN_FORCE)
                query_start(&q, db,
                            "SELECT " ROW_COLUMNS " FROM desk_setting s WHERE state = 'in-force' AND" OF_KEY,
                            err);
        else
                query_start(&q, db,
                            "SELECT " ROW_COLUMNS " FROM desk_setting s WHERE state = 'proposed' AND" OF_KEY,
                            err);
        bind_key(&q, key);
        r = query_row(&q);
        if (r > 0) {
                read_row(&q, &setting);
                r = each(context, &setting, err);
                r = r < 0 ? r : 1;
        }
        query_end(&q);
        return r;
}

static int start_list(struct query *q, struct db *db, const struct setting_filter *filter, struct err *err)
{
        int r = query_start(q, db,
                            "SELECT " ROW_COLUMNS " FROM desk_setting s"
                            " WHERE (?1 IS NULL OR s.organisation IN"
                            "        (SELECT t.descendant FROM organisation_tree t WHERE t.ancestor = ?1))"
                            "   AND (?2 IS NULL OR pupil = ?2) AND (?3 IS NULL OR item = ?3)"
                            "   AND (?4 IS NULL OR part = ?4) AND (?5 IS NULL OR kind = ?5)"
                            "   AND (?6 IS NULL OR state = ?6) AND (?7 = 0 OR id < ?7)"
                            " ORDER BY id DESC LIMIT ?8",
                            err);

        query_text(q, filter->organisation);
        query_text(q, filter->pupil);
        query_text(q, filter->item);
        query_text(q, filter->part);
        query_text(q, filter->kind >= 0 ? kind_names[filter->kind] : NULL);
        query_text(q, filter->state >= 0 ? state_names[filter->state] : NULL);
        query_int(q, filter->before);
        query_int(q,
                  filter->limit > 0 && filter->limit < SETTING_LIST_MAX ? filter->limit : SETTING_LIST_MAX);
        return r;
}

int setting_each(struct db *db, const struct setting_filter *filter,
                 int (*each)(void *context, const struct setting *setting, struct err *err), void *context,
                 struct err *err)
{
        struct setting setting;
        struct query q;
        int r;

        start_list(&q, db, filter, err);
        while ((r = query_row(&q)) > 0) {
                read_row(&q, &setting);
                r = each(context, &setting, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

/* ---- deciding */

/* A row of its own, since deciding writes where it was read. */
struct kept {
        struct setting_wish wish;
        enum setting_state state;
        char *texts[9];
        int count;
        bool failed;
        const char *before_value, *before_until;
};

static const char *keep(struct kept *kept, const char *text)
{
        return kept->texts[kept->count++] = copy_or_null(text, &kept->failed);
}

static int keep_row(void *context, const struct setting *setting, struct err *err)
{
        struct kept *kept = context;

        kept->wish = (struct setting_wish){
            .key = {.kind = setting->key.kind,
                    .organisation = keep(kept, setting->key.organisation),
                    .pupil = keep(kept, setting->key.pupil),
                    .item = keep(kept, setting->key.item),
                    .part = keep(kept, setting->key.part)},
            .value = keep(kept, setting->value),
            .until = keep(kept, setting->until),
            .by = keep(kept, setting->proposed_by),
            .urgent = setting->urgent,
        };
        kept->before_value = keep(kept, setting->before_value);
        kept->before_until = keep(kept, setting->before_until);
        kept->state = setting->state;
        return kept->failed ? err_set(err, ERR_NOMEM, "settings: out of memory") : 0;
}

static void kept_fini(struct kept *kept)
{
        while (kept->count)
                free(kept->texts[--kept->count]);
}

static int take_row(struct db *db, int64_t id, enum setting_state wanted, struct kept *kept, struct err *err)
{
        int r = setting_get(db, id, keep_row, kept, err);

        if (r == 0)
                return err_set(err, ERR_NOT_FOUND, "settings: no such change: look at the list again");
        if (r > 0 && kept->state != wanted)
                return err_set(err, ERR_CONFLICT, "settings: it is %s by now: look at the list again",
                               state_names[kept->state]);
        return r < 0 ? r : 0;
}

static int decide(struct db *db, int64_t id, enum setting_state state, const char *by, int64_t now_utc,
                  struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE desk_setting SET state = ?, decided = ?, decided_by = ?"
                    " WHERE id = ? AND state = 'proposed'",
                    err);
        query_text(&q, state_names[state]);
        query_int(&q, now_utc);
        query_text(&q, by);
        query_int(&q, id);
        return query_run(&q);
}

int setting_approve(struct db *db, int64_t id, const char *by, int64_t now_utc, struct err *err)
{
        _cleanup_(setting_standing_fini) struct setting_standing standing = {0};
        _cleanup_(kept_fini) struct kept kept = {0};
        int r = take_row(db, id, SETTING_PROPOSED, &kept, err);

        if (r == 0 && strcmp(kept.wish.by, by) == 0)
                r = err_set(err, ERR_CONFLICT,
                            "settings: who proposes an urgent change cannot approve it: ask another");
        if (r == 0)
                r = setting_standing(db, &kept.wish.key, &standing, err);
        if (r == 0 &&
            (!is_same(standing.value, kept.before_value) || !is_same(standing.until, kept.before_until)))
                r = err_set(err, ERR_CONFLICT,
                            "settings: what it was to change has changed since: have it proposed anew");
        if (r == 0)
                r = end_in_force(db, standing.id, SETTING_SUPERSEDED, err);
        if (r == 0)
                r = decide(db, id, SETTING_IN_FORCE, by, now_utc, err);
        return r < 0 ? r : put_value(db, &kept.wish.key, kept.wish.value, kept.wish.until, err);
}

int setting_reject(struct db *db, int64_t id, const char *by, int64_t now_utc, struct err *err)
{
        _cleanup_(kept_fini) struct kept kept = {0};
        int r = take_row(db, id, SETTING_PROPOSED, &kept, err);

        return r < 0 ? r : decide(db, id, SETTING_REJECTED, by, now_utc, err);
}

int setting_undo(struct db *db, int64_t id, const char *by, int64_t now_utc, int64_t *ret_id, struct err *err)
{
        _cleanup_(setting_standing_fini) struct setting_standing standing = {0};
        _cleanup_(kept_fini) struct kept kept = {0};
        struct setting_wish back;
        int r = take_row(db, id, SETTING_IN_FORCE, &kept, err);

        if (r == 0)
                r = setting_standing(db, &kept.wish.key, &standing, err);
        if (r == 0 &&
            (!is_same(standing.value, kept.wish.value) || !is_same(standing.until, kept.wish.until)))
                r = err_set(err, ERR_CONFLICT,
                            "settings: another program has changed it since: set the value that you want");
        if (r < 0)
                return r;
        back = kept.wish;
        back.value = kept.before_value;
        back.until = kept.before_until;
        back.by = by;
        return write_wish(db, &back, &standing, id, now_utc, ret_id, err);
}

/* ---- what holds */

int setting_effective(struct db *db, const struct setting_key *key, struct setting_effective *ret_effective,
                      struct err *err)
{
        struct setting_effective effective = {0};
        char language[16] = "";
        const char *channel = "";
        bool failed = false;
        struct query q;
        int r = key->kind == SETTING_TEXT ? split_part(key->part, language, &channel, err) : 0;

        if (r < 0)
                return r;
        if (key->kind == SETTING_TEXT)
                query_start(&q, db,
                            "SELECT x.text, o.id, o.name FROM organisation_tree t"
                            "  JOIN organisation_text x ON x.organisation = t.ancestor"
                            "  JOIN organisation o ON o.id = t.ancestor"
                            " WHERE t.descendant = ? AND x.template = ? AND x.language = ? AND x.channel = ?"
                            " ORDER BY t.distance LIMIT 1",
                            err);
        else
                query_start(&q, db,
                            "SELECT x.value, o.id, o.name FROM organisation_tree t"
                            "  JOIN rule_parameter x ON x.organisation = t.ancestor"
                            "  JOIN organisation o ON o.id = t.ancestor"
                            " WHERE t.descendant = ? AND x.rule = ? AND x.name = ?"
                            " ORDER BY t.distance LIMIT 1",
                            err);
        query_text(&q, key->organisation);
        query_text(&q, key->item);
        query_text(&q, key->kind == SETTING_TEXT ? language : key->part);
        if (key->kind == SETTING_TEXT)
                query_text(&q, channel);
        r = query_row(&q);
        if (r > 0) {
                effective.value = copy_or_null(column_text(&q, 0), &failed);
                snprintf(effective.owner, sizeof effective.owner, "%s", column_text(&q, 1));
                effective.owner_name = copy_or_null(column_text(&q, 2), &failed);
        }
        query_end(&q);
        if (failed)
                r = err_set(err, ERR_NOMEM, "settings: out of memory");
        if (r < 0)
                setting_effective_fini(&effective);
        *ret_effective = effective;
        return r;
}

void setting_effective_fini(struct setting_effective *effective)
{
        free(effective->value);
        free(effective->owner_name);
        *effective = (struct setting_effective){0};
}

int setting_own_each(struct db *db, enum setting_kind kind, const char *organisation,
                     int (*each)(void *context, const char *item, const char *part, struct err *err),
                     void *context, struct err *err)
{
        struct query q;
        int r;

        if (kind == SETTING_TEXT)
                query_start(&q, db,
                            "SELECT template, language || '/' || channel FROM organisation_text"
                            " WHERE organisation = ? ORDER BY 1, 2",
                            err);
        else
                query_start(&q, db,
                            "SELECT rule, name FROM rule_parameter WHERE organisation = ? ORDER BY 1, 2",
                            err);
        query_text(&q, organisation);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_text(&q, 1), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int setting_organisations(struct db *db, const char *scope, const char *today,
                          int (*each)(void *context, const char *id, const char *name, const char *kind,
                                      struct err *err),
                          void *context, struct err *err)
{
        struct query q;
        int r;

        /* The names from the top down put those below one beside one another. */
        query_start(&q, db,
                    "SELECT o.id, o.name, o.kind,"
                    "  (SELECT group_concat(a.name, char(1)) FROM (SELECT u.name FROM organisation_tree t"
                    "     JOIN organisation u ON u.id = t.ancestor WHERE t.descendant = o.id"
                    "    ORDER BY t.distance DESC) a) AS path"
                    "  FROM organisation o"
                    " WHERE (o.ended IS NULL OR o.ended > ?2) AND EXISTS"
                    "  (SELECT 1 FROM json_each(?1) s JOIN organisation_tree t ON t.ancestor = s.value"
                    "    WHERE t.descendant = o.id)"
                    " ORDER BY path, o.id LIMIT ?3",
                    err);
        query_text(&q, scope);
        query_text(&q, today);
        query_int(&q, SETTING_ORGANISATIONS_MAX);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_text(&q, 1), column_text(&q, 2), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

/* ---- the texts in force */

int organisation_text_version(struct db *db, char **ret_version, struct err *err)
{
        char *version = NULL;
        int r = meta_get(db, "texts", &version, err);

        if (r == 0 && !version) {
                version = strdup("");
                r = version ? 0 : err_set(err, ERR_NOMEM, "settings: out of memory");
        }
        if (r == 0)
                *ret_version = version;
        return r;
}

int organisation_text_each(struct db *db,
                           int (*each)(void *context, const struct organisation_text *text, struct err *err),
                           void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT x.organisation, x.template, x.language, x.channel, x.text,"
            "       (SELECT t.ancestor FROM organisation_tree t WHERE t.descendant = x.organisation"
            "           AND t.distance > 0"
            "           AND EXISTS (SELECT 1 FROM organisation_text a WHERE a.organisation = t.ancestor)"
            "         ORDER BY t.distance LIMIT 1),"
            "       (SELECT count(*) FROM organisation_tree t WHERE t.descendant = x.organisation) AS depth"
            "  FROM organisation_text x ORDER BY depth, 1, 2, 3, 4",
            err);
        while ((r = query_row(&q)) > 0) {
                const struct organisation_text text = {
                    .organisation = column_text(&q, 0),
                    .template = column_text(&q, 1),
                    .language = column_text(&q, 2),
                    .channel = column_text(&q, 3),
                    .text = column_text(&q, 4),
                    .above = column_text(&q, 5),
                };

                r = each(context, &text, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int organisation_text_owner(struct db *db, const char *organisation, char ret_owner[static ID_SIZE],
                            struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT t.ancestor FROM organisation_tree t WHERE t.descendant = ?"
                    "   AND EXISTS (SELECT 1 FROM organisation_text x WHERE x.organisation = t.ancestor)"
                    " ORDER BY t.distance LIMIT 1",
                    err);
        query_text(&q, organisation);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_owner, ID_SIZE, "%s", column_text(&q, 0));
        query_end(&q);
        return r;
}
