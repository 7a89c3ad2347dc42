#include "engine/engine_private.h"

#include <string.h>

/* The typed columns of the row: ids stay out, so that `pupil` can be a map here. */
static void set_facts(struct value *values, const struct firing *firing)
{
        const struct rule_select *main = &firing->rule->main;

        for (int i = 0; i < main->value_count; i++) {
                const char *name = main->values[i].name;
                const struct value *value = value_find(firing->row->facts, name);

                if (!value)
                        continue;
                switch (value->kind) {
                case VALUE_TEXT:
                        value_set_text(values, name, value->text);
                        break;
                case VALUE_COUNT:
                        value_set_count(values, name, value->count);
                        break;
                case VALUE_NUMBER:
                        value_set_number(values, name, value->number);
                        break;
                case VALUE_DATE:
                        value_set_date(values, name, value->date);
                        break;
                case VALUE_TIME:
                        value_set_time(values, name, value->count);
                        break;
                case VALUE_BOOL:
                        value_set_bool(values, name, value->boolean);
                        break;
                default:
                        value_set_null(values, name);
                        break;
                }
        }
}

static int set_person(struct value *values, const char *key, const char *id, struct firing *firing,
                      struct err *err)
{
        struct recipient_person person = {0};
        struct value *map;
        int r;

        if (!id)
                return 0;
        r = recipient_person_get(firing->db, id, firing->now, &person, err);
        if (r < 0)
                return r;
        map = value_set_map(values, key);
        value_set_text(map, "first_name", person.given);
        value_set_bool(map, "protected", person.is_protected);
        recipient_person_fini(&person);
        return 0;
}

static int set_pupil(struct value *values, struct firing *firing, bool nameless, struct err *err)
{
        if (!nameless)
                return set_person(values, "pupil", firing->row->pupil, firing, err);
        value_set_bool(values, "pupil.protected", firing->pupil_is_protected);
        return 0;
}

/* The teacher to ask for, the group's first, at the school's number: nobody is shown another's own. */
static int set_teacher(struct value *values, struct firing *firing, struct err *err)
{
        struct recipient_scope scope = {.organisation = firing->place.organisation, .day = firing->today};
        struct recipient_list list;
        int r;

        r = recipient_find(firing->db, "teacher", &scope, &list, err);
        if (r < 0 || list.count == 0)
                return r;
        r = set_person(values, "teacher", list.items[0].person, firing, err);
        if (r == 0)
                value_set_text((struct value *)value_find(values, "teacher"), "phone", firing->place.phone);
        return r;
}

static int set_workplace(struct value *values, struct firing *firing, struct err *err)
{
        _cleanup_(free_ptr) char *name = NULL;
        int r;

        if (!firing->row->workplace || firing->pupil_is_protected)
                return 0;
        r = workplace_name(firing->db, firing->row->workplace, &name, err);
        if (r > 0)
                value_set_text(values, "workplace.name", name);
        return r < 0 ? r : 0;
}

int firing_values(struct firing *firing, bool nameless, struct value **ret_values, struct err *err)
{
        struct value *values = value_map_new();
        int r;

        if (!values)
                return err_set(err, ERR_NOMEM, "engine: out of memory");
        set_facts(values, firing);
        value_set_text(values, "school.phone", firing->place.phone);
        if (!firing->pupil_is_protected) { /* of a protected pupil no template sees a place, whatever it asks
                                              for */
                value_set_text(values, "school.name", firing->place.school);
                value_set_text(values, "unit.name", firing->place.unit);
        }
        if (firing->file.id[0]) {
                value_set_text(values, "case.number", firing->file.id);
                value_set_text(values, "case.step", firing->file.step);
        }
        r = set_pupil(values, firing, nameless, err);
        if (r == 0)
                r = set_person(values, "supervisor", firing->row->supervisor, firing, err);
        if (r == 0)
                r = set_teacher(values, firing, err);
        if (r == 0)
                r = set_workplace(values, firing, err);
        for (int i = 0; i < firing->rule->list_count && r == 0; i++) {
                const struct rule_select *list = &firing->rule->lists[i];

                r = evaluate_list(firing->rule, list, firing->db, firing->subject->id, firing->parameters,
                                  firing->row, firing->now, value_set_list(values, list->name), err);
        }
        if (r == 0)
                r = value_error(values, err);
        if (r < 0) {
                value_free(values);
                return r;
        }
        *ret_values = values;
        return 0;
}

int firing_recipient_values(struct value *values, const struct recipient_person *person)
{
        value_set_text(values, "recipient.first_name", person->given);
        return value_error(values, NULL);
}
