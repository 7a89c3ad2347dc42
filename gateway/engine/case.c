#include "base/date.h"
#include "engine/engine_private.h"

#include <stdio.h>
#include <string.h>

struct recipient_scope firing_scope(const struct firing *firing)
{
        return (struct recipient_scope){
            .pupil = firing->row->pupil,
            .organisation = firing->place.organisation,
            .supervisor = firing->row->supervisor,
            .workplace = firing->row->workplace,
            .recipient = firing->row->recipient,
            .day = firing->today,
            .told_of = firing->row->told_of,
            .match = firing->match,
            .case_id = firing->file.id[0] ? firing->file.id : NULL,
            .urgent = firing->urgent,
        };
}

/* The value of a column as a code, or the word itself. */
static const char *read_code(const struct firing *firing, const char *word, bool is_column, char *buffer,
                             size_t size)
{
        const struct value *value = is_column ? value_find(firing->row->facts, word) : NULL;

        if (!is_column)
                return word;
        if (!value || (value->kind != VALUE_TEXT && value->kind != VALUE_COUNT))
                return NULL;
        if (value->kind == VALUE_TEXT)
                return value->text;
        snprintf(buffer, size, "%lld", (long long)value->count);
        return buffer;
}

static int year_of(const char *day)
{
        int32_t date;
        int year = 1970, month, of_month;

        if (date_parse(day, &date))
                date_to_civil(date, &year, &month, &of_month);
        return year;
}

/* The first who has the role, and who stands in. */
static int find_owner(struct firing *firing, struct case_wish *wish, struct recipient *owner,
                      struct recipient *substitute, struct err *err)
{
        struct recipient_scope scope = firing_scope(firing);
        struct recipient_list list;
        int r;

        r = recipient_find(firing->db, wish->owner_role, &scope, &list, err);
        if (r == 0 && list.count) {
                *owner = list.items[0];
                wish->owner = owner->person;
        }
        if (r == 0)
                r = recipient_find_role(firing->db, "substitute", &scope, &list, err);
        if (r == 0 && list.count && wish->owner && strcmp(list.items[0].person, wish->owner) != 0) {
                *substitute = list.items[0];
                wish->substitute = substitute->person;
        }
        return r;
}

static int join(struct firing *firing, struct err *err)
{
        static const char *const states[] = {
            [CASE_OPENED] = "opened", [CASE_JOINED] = "joined", [CASE_RAISED] = "raised"};
        const struct rule_case *rule = &firing->rule->case_wish;
        char role[CASE_STEP_MAX], step[CASE_STEP_MAX];
        struct recipient owner, substitute;
        struct case_wish wish = {
            .pupil = firing->row->pupil,
            .organisation = firing->place.organisation,
            .rule = firing->rule->name,
            .step =
                rule->step ? read_code(firing, rule->step, rule->step_is_column, step, sizeof step) : NULL,
            .owner_role = read_code(firing, rule->owner, rule->owner_is_column, role, sizeof role),
            .year = year_of(firing->today),
            .urgent = firing->urgent,
            .match = firing->match,
            .now_utc = firing->now,
        };
        struct effect effect = {.kind = EFFECT_CASE};
        enum case_change change;
        int r;

        if (!wish.pupil || !wish.owner_role)
                return err_set(err, ERR_INVALID,
                               "rule %s: gave a row without a pupil or an owner of its case",
                               firing->rule->name);
        r = find_owner(firing, &wish, &owner, &substitute, err);
        if (r == 0)
                r = case_join(firing->db, &wish, &firing->file, &change, err);
        if (r < 0)
                return r;
        effect.case_id = firing->file.id;
        effect.case_state = states[change];
        effect.owner = firing->file.owner[0] ? firing->file.owner : NULL;
        engine_tell(firing, &effect);
        return 0;
}

int firing_find_case(struct firing *firing, struct err *err)
{
        int r;

        if (strcmp(firing->rule->kind, "case") != 0)
                return 0;
        r = case_get(firing->db, firing->subject->id, &firing->file, err);
        return r < 0 ? r : 0;
}

int firing_joined_case(struct firing *firing, struct err *err)
{
        int r;

        if (!firing->rule->has_case)
                return firing_find_case(firing, err);
        r = case_of_match(firing->db, firing->match, &firing->file, err);
        return r < 0 ? r : 0;
}

int firing_case(struct firing *firing, struct err *err)
{
        const struct rule *rule = firing->rule;

        if (!rule->has_case || (rule->case_wish.when && !row_is_true(firing->row, rule->case_wish.when)))
                return firing_find_case(firing, err);
        return join(firing, err);
}
