/* The roster of a scenario: a file, and changes laid over it row by row. */
#include "command/file.h"
#include "command/scenario.h"

#include <string.h>

/* What makes two rows of a section the same. */
static const struct {
        const char *section, *key[3];
} identity_table[] = {
    {"audiences", {"id"}},
    {"calendar", {"organisation", "from", "kind"}},
    {"carers", {"pupil", "carer"}},
    {"guardians", {"pupil", "guardian"}},
    {"lessons", {"organisation", "weekday", "lesson"}},
    {"organisations", {"id"}},
    {"people", {"id"}},
    {"roles", {"person", "role", "organisation"}},
    {"workplaces", {"id"}},
};

static bool is_same(size_t identity, const json_t *first, const json_t *second)
{
        for (int i = 0; i < 3 && identity_table[identity].key[i]; i++) {
                const char *key = identity_table[identity].key[i];

                if (!json_equal(json_object_get(first, key), json_object_get(second, key)))
                        return false;
        }
        return true;
}

static int lay_row(json_t *rows, size_t identity, json_t *row)
{
        size_t index;
        json_t *each;

        json_array_foreach(rows, index, each)
        {
                if (is_same(identity, each, row))
                        return json_object_update(each, row);
        }
        return json_array_append(rows, row);
}

static int lay_section(json_t *roster, const struct yaml_node *node, struct err *err)
{
        json_t *rows = json_object_get(roster, yaml_key(node)), *changes = NULL, *row;
        size_t index, identity;
        int r;

        for (identity = 0; identity < ARRAY_SIZE(identity_table); identity++)
                if (strcmp(identity_table[identity].section, yaml_key(node)) == 0)
                        break;
        if (identity == ARRAY_SIZE(identity_table))
                return yaml_refuse(node, err, "is no part of a roster: write people, roles, guardians, …");
        r = yaml_want(node, YAML_KIND_SEQUENCE, err);
        if (r == 0)
                r = scenario_json(node, &changes, err);
        if (r < 0)
                return r;
        if (!rows) {
                rows = json_array();
                json_object_set_new(roster, yaml_key(node), rows);
        }
        json_array_foreach(changes, index, row)
        {
                if (!json_is_object(row))
                        r = yaml_refuse(yaml_at(node, (int)index), err, "is no row: write {…}");
                else if (lay_row(rows, identity, row) < 0)
                        r = err_set(err, ERR_NOMEM, "scenarios: out of memory");
                if (r < 0)
                        break;
        }
        json_decref(changes);
        return r;
}

static int lay_changes(const struct scenario *scenario, json_t *roster, struct err *err)
{
        int r = 0;

        for (int i = 0; i < yaml_count(scenario->changes) && r == 0; i++) {
                const struct yaml_node *node = yaml_at(scenario->changes, i);

                if (strcmp(yaml_key(node), "file") != 0)
                        r = lay_section(roster, node, err);
        }
        return r;
}

static int add_dump(const char *bytes, size_t length, void *buf)
{
        return buf_add(buf, bytes, length);
}

int scenario_roster(const struct scenario *scenario, struct buf *buf, struct err *err)
{
        json_error_t error;
        json_t *roster;
        int r = file_read(scenario->roster, buf, err);

        if (r < 0 || !scenario->changes || yaml_count(scenario->changes) == 0)
                return r;
        roster = json_loadb(buf->data, buf->length, 0, &error);
        if (!json_is_object(roster)) {
                json_decref(roster);
                return err_set(err, ERR_INVALID, "%s:%d: no roster (%s): correct it", scenario->roster,
                               error.line, error.text);
        }
        r = lay_changes(scenario, roster, err);
        if (r == 0) {
                buf_cut(buf, 0);
                if (json_dump_callback(roster, add_dump, buf, JSON_INDENT(1)) < 0)
                        r = err_set(err, ERR_NOMEM, "scenarios: out of memory");
        }
        json_decref(roster);
        return r;
}
