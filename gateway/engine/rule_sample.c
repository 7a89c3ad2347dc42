/* Mirrors values.c. */
#include "engine/text_check.h"
#include "base/date.h"
#include "compose/value.h"

#include <string.h>

#define SAMPLE_TIME 1795417200 /* 2026-11-23 08:00 in Helsinki, close enough */
#define SAMPLE_PHONE "+358400000010"

static void set_sample(struct value *map, const char *name, enum rule_type type, bool yes)
{
        switch (type) {
        case RULE_TEXT:
                value_set_text(map, name, "text");
                break;
        case RULE_COUNT:
                value_set_count(map, name, yes ? 2 : 1);
                break;
        case RULE_DATE:
                value_set_date(map, name, date_from_civil(2026, 11, 23));
                break;
        case RULE_TIME:
                value_set_time(map, name, SAMPLE_TIME);
                break;
        case RULE_BOOL:
                value_set_bool(map, name, yes);
                break;
        }
}

static void set_samples(struct value *map, const struct rule_select *select, bool yes)
{
        for (int i = 0; i < select->value_count; i++)
                set_sample(map, select->values[i].name, select->values[i].type, yes);
}

static bool has_column(const struct rule *rule, const char *name)
{
        return select_find_column(rule->main.select, name) >= 0;
}

/* A curator sees no pupil's name, whatever word leads to them. */
static bool may_be_curator(const struct rule_notify *notify)
{
        static const char *const words[] = {"curator", "team", "owner", "stand-in"};

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (strcmp(words[i], notify->to) == 0)
                        return true;
        return false;
}

/* What is kept from everybody when the pupil is protected, or may be missing. */
static void set_optional(struct value *values, const struct rule *rule)
{
        value_set_text(values, "school.name", "Pohjois-Kuusijoen yhtenäiskoulu");
        value_set_text(values, "unit.name", "Ryhmä");
        value_set_text(values, "link", "https://kapula.kuusijoki.example.org/r/abcdefghijklmnopqrstuv");
        value_set_text(values, "teacher.first_name", "Oili");
        value_set_bool(values, "teacher.protected", false);
        value_set_text(values, "teacher.phone", SAMPLE_PHONE);
        if (has_column(rule, "workplace"))
                value_set_text(values, "workplace.name", "Työpaikka");
        if (has_column(rule, "supervisor")) {
                value_set_text(values, "supervisor.first_name", "Taina");
                value_set_bool(values, "supervisor.protected", false);
        }
}

static void set_case(struct value *values, const struct rule *rule, const struct rule_notify *notify,
                     bool everything)
{
        const char *when = rule->case_wish.when;
        bool always = strcmp(rule->kind, "case") == 0 ||
                      (rule->has_case && (!when || (notify->when && strcmp(when, notify->when) == 0)));

        if (!always && !(rule->has_case && everything))
                return;
        value_set_text(values, "case.number", "2026-0001");
        value_set_text(values, "case.step", "1");
}

struct value *rule_sample(const struct rule *rule, const struct rule_notify *notify, bool everything)
{
        struct value *values = value_map_new();

        if (!values)
                return NULL;
        set_samples(values, &rule->main, everything);
        value_set_text(values, "school.phone", SAMPLE_PHONE);
        if (strcmp(notify->template, RULE_FAULT_TEMPLATE) == 0)
                value_set_text(values, "fault.rule", rule->name);
        value_set_text(values, "recipient.first_name", "Kaisa");
        if (has_column(rule, "pupil")) {
                value_set_bool(values, "pupil.protected", !everything);
                if (everything || !may_be_curator(notify))
                        value_set_text(values, "pupil.first_name", everything ? "Maria-Elisabet" : "Aino");
        }
        value_set_bool(values, "can_reply", everything);
        if (everything)
                set_optional(values, rule);
        set_case(values, rule, notify, everything);
        for (int i = 0; i < rule->list_count; i++) {
                struct value *list = value_set_list(values, rule->lists[i].name);

                set_samples(value_append_map(list), &rule->lists[i], everything);
                if (everything)
                        set_samples(value_append_map(list), &rule->lists[i], false);
        }
        if (value_error(values, NULL) < 0)
                return value_free(values);
        return values;
}
