/* Numbers of rules and texts of messages: the list of rules with what waits for a second person, and the
 * history; what all pages of settings share. */
#include "desk/settings.h"
#include "desk/pages.h"

#include <stdio.h>
#include <string.h>

/* ---- words */

const char *settings_rule(const struct desk *desk, const char *rule)
{
        return desk_word_of(desk, "rule", rule);
}

/* What a number means hangs on its rule, unless it means the same in all. */
const char *settings_number(const struct desk *desk, const char *rule, const char *name)
{
        char code[PAGES_NAME_MAX_BYTES];
        const char *word;

        snprintf(code, sizeof code, "%.40s-%.20s", rule, name);
        word = desk_word_of(desk, "number", code);
        return strcmp(word, code) != 0 ? word : desk_word_of(desk, "number", name);
}

/* ---- the organisation */

static int note_organisation(void *context, const char *id, const char *name, const char *kind,
                             struct err *err)
{
        struct desk *desk = context;
        struct value *map = value_append_map((struct value *)value_find(desk->values, "organisations"));

        (void)err;
        desk_set_id(map, id);
        value_set_text(map, "name", name);
        value_set_text(map, "kind", desk_word_of(desk, "organisation-kind", kind));
        value_set_bool(map, "is_current", strcmp(id, desk->subject.id) == 0);
        return 0;
}

static int set_organisations(struct desk *desk)
{
        struct buf scope;
        int r = desk_scope(desk, DESK_SETTINGS, &scope);

        value_set_list(desk->values, "organisations");
        if (r == 0)
                r = setting_organisations(desk->db, buf_text(&scope), desk->today, note_organisation, desk,
                                          desk->err);
        buf_fini(&scope);
        return r;
}

int settings_set_place(struct desk *desk)
{
        struct place place;
        int r = place_get(desk->db, desk->subject.id, &place, desk->err);

        if (r < 0)
                return r == ERR_NOT_FOUND ? 404 : r;
        value_set_text(desk->values, "organisation", place.unit);
        desk_set_url(desk->values, "organisation_query", desk->subject.id);
        place_fini(&place);
        return 0;
}

/* ---- one change */

static void set_value(struct desk *desk, struct value *map, const char *key, const struct setting *row,
                      const char *value, const char *until)
{
        char name[32];

        (void)desk;
        if (row->key.kind == SETTING_TEXT && value)
                value_set_text(map, key, value);
        else if (value)
                value_set_text(map, key, value);
        snprintf(name, sizeof name, "%s_until", key);
        if (until)
                desk_set_day(map, name, until);
}

/* A pupil's name is for who may see the pupil. */
static int set_pupil(struct desk *desk, struct value *map, const struct setting *row)
{
        struct desk_subject subject;
        int r;

        if (!row->key.pupil)
                return 0;
        r = desk_opens(desk, DESK_PUPIL, DESK_SUBJECT_PUPIL, row->key.pupil, &subject);
        if (r < 0)
                return r;
        value_set_text(map, "pupil", r ? row->pupil_name : desk_word(desk, "settings-a-pupil"));
        return 0;
}

static void set_what(struct desk *desk, struct value *map, const struct setting *row)
{
        const bool is_text = row->key.kind == SETTING_TEXT;

        value_set_bool(map, "is_text", is_text);
        value_set_text(map, "item", row->key.item);
        value_set_text(map, "part",
                       is_text ? row->key.part : settings_number(desk, row->key.item, row->key.part));
        value_set_text(map, "title", is_text ? row->key.item : settings_rule(desk, row->key.item));
        desk_set_url(map, "item_query", row->key.item);
        desk_set_url(map, "part_query", row->key.part);
        desk_set_url(map, "of_query", row->key.organisation);
        value_set_text(map, "of_name", row->organisation_name);
}

int settings_set_row(struct desk *desk, struct value *map, const struct setting *row)
{
        const bool is_mine = strcmp(row->proposed_by, desk->session.person) == 0;

        value_set_count(map, "id", row->id);
        set_what(desk, map, row);
        set_value(desk, map, "was", row, row->before_value, row->before_until);
        set_value(desk, map, "value", row, row->value, row->until);
        value_set_time(map, "at", row->decided_utc ? row->decided_utc : row->proposed_utc);
        value_set_time(map, "proposed", row->proposed_utc);
        value_set_text(map, "by", row->proposed_name);
        if (row->decided_by && strcmp(row->decided_by, row->proposed_by) != 0)
                value_set_text(map, "other", row->decided_name);
        value_set_text(map, "state", desk_word_of(desk, "setting-state", setting_state_name(row->state)));
        value_set_bool(map, "in_force", row->state == SETTING_IN_FORCE);
        value_set_bool(map, "is_proposed", row->state == SETTING_PROPOSED);
        value_set_bool(map, "undoes", row->undoes);
        value_set_bool(map, "is_mine", is_mine);
        return set_pupil(desk, map, row);
}

struct rows {
        struct desk *desk;
        struct value *list;
        int count;
        int64_t last;
};

static int add_row(void *context, const struct setting *row, struct err *err)
{
        struct rows *rows = context;

        (void)err;
        if (rows->count++ == SETTINGS_HISTORY_ROWS)
                return 0;
        rows->last = row->id;
        return settings_set_row(rows->desk, value_append_map(rows->list), row);
}

int settings_set_rows(struct desk *desk, const char *key, struct setting_filter *filter)
{
        struct rows rows = {.desk = desk, .list = value_set_list(desk->values, key)};
        int r;

        filter->limit = SETTINGS_HISTORY_ROWS + 1;
        r = setting_each(desk->db, filter, add_row, &rows, desk->err);
        if (r == 0 && rows.count > SETTINGS_HISTORY_ROWS)
                value_set_count(desk->values, "next", rows.last);
        return r;
}

/* ---- one key */

struct keyed {
        struct desk *desk;
        struct value *map;
};

static int note_keyed(void *context, const struct setting *row, struct err *err)
{
        struct keyed *keyed = context;

        (void)err;
        return settings_set_row(keyed->desk, keyed->map, row);
}

int settings_set_key(struct desk *desk, struct value *map, const struct setting_key *key)
{
        _cleanup_(setting_standing_fini) struct setting_standing standing = {0};
        struct keyed keyed = {desk, NULL};
        int r = setting_standing(desk->db, key, &standing, desk->err);

        if (r < 0)
                return r;
        value_set_count(map, "seen", standing.id);
        value_set_bool(map, "is_own", standing.value != NULL);
        value_set_text(map, "own", standing.value ? standing.value : "");
        if (standing.id) {
                keyed.map = value_set_map(map, "force");
                r = setting_find(desk->db, key, SETTING_IN_FORCE, note_keyed, &keyed, desk->err);
        }
        if (r >= 0) {
                keyed.map = value_set_map(map, "pending");
                r = setting_find(desk->db, key, SETTING_PROPOSED, note_keyed, &keyed, desk->err);
                if (r == 0)
                        value_set_null(map, "pending");
        }
        return r < 0 ? r : 0;
}

/* ---- the pages */

struct counting {
        const struct rulebook *book;
        int counts[RULE_MAX];
};

static int count_own(void *context, const char *item, const char *part, struct err *err)
{
        struct counting *counting = context;

        (void)part;
        (void)err;
        for (int i = 0; i < counting->book->count; i++)
                if (strcmp(counting->book->rules[i]->name, item) == 0)
                        counting->counts[i]++;
        return 0;
}

/* Those that have numbers; in the order of their titles' codes. */
static int set_rules(struct desk *desk)
{
        struct counting counting = {.book = desk->web->book};
        struct value *list = value_set_list(desk->values, "rules");
        int r =
            setting_own_each(desk->db, SETTING_PARAMETER, desk->subject.id, count_own, &counting, desk->err);

        for (int i = 0; i < counting.book->count && r == 0; i++) {
                const struct rule *rule = counting.book->rules[i];
                struct value *map;

                if (!rule->parameter_count)
                        continue;
                map = value_append_map(list);
                value_set_text(map, "name", rule->name);
                desk_set_url(map, "name_query", rule->name);
                value_set_text(map, "title", settings_rule(desk, rule->name));
                value_set_bool(map, "is_urgent", setting_is_urgent(rule));
                value_set_count(map, "numbers", rule->parameter_count);
                if (counting.counts[i])
                        value_set_count(map, "own", counting.counts[i]);
        }
        return r;
}

/* Without ?of= it is the first organisation where the reader may set anything. */
static int find_organisation(struct desk *desk)
{
        const char *of = desk->of;
        int r;

        for (int i = 0; i < desk->access.count && !*of; i++)
                if (desk->access.roles[i].rights & DESK_SETTINGS)
                        of = desk->access.roles[i].organisation;
        r = desk_opens(desk, DESK_SETTINGS, DESK_SUBJECT_ORGANISATION, of, &desk->subject);
        if (r > 0)
                snprintf(desk->of, sizeof desk->of, "%s", desk->subject.id);
        return r < 0 ? r : r ? 0 : 404;
}

/* ---- what waits */

struct waiting {
        const char *reader;
        int64_t count;
};

static int count_other(void *context, const struct setting *setting, struct err *err)
{
        struct waiting *waiting = context;

        (void)err;
        waiting->count += strcmp(setting->proposed_by, waiting->reader) != 0;
        return 0;
}

int settings_count_waiting(struct desk *desk, int64_t *ret_count)
{
        struct waiting waiting = {.reader = desk->session.person};
        int r = 0;

        for (int i = 0; i < desk->access.count && r == 0; i++) {
                const struct desk_role *role = &desk->access.roles[i];
                const struct setting_filter filter = {
                    .organisation = role->organisation, .kind = -1, .state = SETTING_PROPOSED};

                if (role->rights & DESK_SETTINGS)
                        r = setting_each(desk->db, &filter, count_other, &waiting, desk->err);
        }
        *ret_count = waiting.count;
        return r;
}

int settings_list_show(struct desk *desk)
{
        struct setting_filter filter = {.kind = -1, .state = SETTING_PROPOSED};
        int r = find_organisation(desk);

        if (r != 0)
                return r;
        filter.organisation = desk->subject.id;
        r = settings_set_place(desk);
        if (r == 0)
                r = set_organisations(desk);
        if (r == 0)
                r = settings_set_rows(desk, "pending", &filter);
        return r == 0 ? set_rules(desk) : r;
}

int settings_history_show(struct desk *desk)
{
        struct setting_filter filter = {.organisation = desk->subject.id, .kind = -1, .state = -1};
        int r = settings_set_place(desk);

        filter.before = strtoll(desk_query(desk, DESK_Q_START), NULL, 10);
        if (filter.before < 0)
                filter.before = 0;
        return r == 0 ? settings_set_rows(desk, "rows", &filter) : r;
}
