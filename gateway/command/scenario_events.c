/* What happens in a scenario, as the events that would bring it. */
#include "base/date.h"
#include "command/costs.h"
#include "command/scenario.h"
#include "store/hold.h"
#include "store/match.h"
#include "store/recipient.h"

#include <stdio.h>
#include <string.h>

/* "5", "-3"; not "+358…", "007" or what is too long to be a number. */
static bool is_whole_number(const char *text)
{
        const char *digits = text + (*text == '-');
        size_t length = strlen(digits);

        return length > 0 && length < 16 && strspn(digits, "0123456789") == length &&
               (length == 1 || digits[0] != '0');
}

/* "2026-11-23 08:10" is told as "2026-11-23T08:10". */
static json_t *text_json(const char *text)
{
        char copy[32], day[DATE_TEXT_MAX];
        int32_t date;

        snprintf(day, sizeof day, "%s", text);
        if (strlen(text) < 16 || strlen(text) >= sizeof copy || text[10] != ' ' || !date_parse(day, &date))
                return json_string(text);
        snprintf(copy, sizeof copy, "%.10sT%s", text, text + 11);
        return json_string(copy);
}

static json_t *scalar_json(const struct yaml_node *node)
{
        const char *text;
        int64_t number;

        if (yaml_is_null(node))
                return json_null();
        if (yaml_text(node, &text, NULL) < 0)
                return NULL;
        if (yaml_is_quoted(node))
                return json_string(text);
        if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
                return json_boolean(text[0] == 't');
        if (is_whole_number(text) && yaml_read_int(text, &number))
                return json_integer(number);
        return text_json(text);
}

int scenario_json(const struct yaml_node *node, json_t **ret_json, struct err *err)
{
        json_t *json, *child;
        int r = 0;

        if (yaml_kind(node) == YAML_KIND_SCALAR)
                json = scalar_json(node);
        else
                json = yaml_kind(node) == YAML_KIND_SEQUENCE ? json_array() : json_object();
        if (!json)
                return err_set(err, ERR_NOMEM, "scenarios: out of memory");
        for (int i = 0; i < yaml_count(node) && r == 0; i++) {
                r = scenario_json(yaml_at(node, i), &child, err);
                if (r == 0 && (yaml_kind(node) == YAML_KIND_SEQUENCE
                                   ? json_array_append_new(json, child)
                                   : json_object_set_new(json, yaml_key(yaml_at(node, i)), child)) < 0)
                        r = err_set(err, ERR_NOMEM, "scenarios: out of memory");
        }
        if (r < 0)
                json_decref(json);
        else
                *ret_json = json;
        return r;
}

/* ---- events */

static int stamp(const struct scenario *scenario, const struct yaml_node *node, bool is_given, char *ret_text,
                 struct err *err)
{
        const struct yaml_node *at;
        struct zone *zone;
        int64_t time;
        int r = yaml_need(node, "at", &at, err);

        if (r == 0)
                r = scenario_time(scenario, at, &time, err);
        if (r == 0)
                r = zone_keep(scenario->zone, &zone, err);
        if (r < 0)
                return r;
        if (is_given && time >= scenario->from)
                return yaml_refuse(at, err, "is not before the start: put it into the timeline");
        if (!is_given && time < scenario->from)
                return yaml_refuse(at, err, "is before the start: put it under given");
        if (time > scenario->until)
                return yaml_refuse(at, err, "is after the end: set `until:` later");
        zone_stamp(zone, time, ret_text);
        return 0;
}

static int add_event(const struct scenario *scenario, const struct yaml_node *node, bool is_given,
                     json_t *events, struct err *err)
{
        char time[ZONE_STAMP_MAX], id[32], type[128];
        const struct yaml_node *name;
        const char *text;
        json_t *data;
        int r = yaml_need(node, "event", &name, err);

        if (r == 0)
                r = yaml_text(name, &text, err);
        if (r == 0)
                r = stamp(scenario, node, is_given, time, err);
        if (r == 0)
                r = scenario_json(node, &data, err);
        if (r < 0)
                return r;
        json_object_del(data, "at");
        json_object_del(data, "event");
        snprintf(id, sizeof id, "%zu", json_array_size(events) + 1);
        snprintf(type, sizeof type, "kapula.%.100s", strncmp(text, "kapula.", 7) == 0 ? text + 7 : text);
        r = json_array_append_new(events, json_pack("{s:i, s:{s:s, s:s, s:s, s:s, s:s, s:o}}", "line",
                                                    yaml_line(node), "event", "specversion", "1.0", "id", id,
                                                    "source", "urn:kapula:scenario", "type", type, "time",
                                                    time, "data", data));
        return r < 0 ? err_set(err, ERR_NOMEM, "scenarios: out of memory") : 0;
}

static int add_events(const struct scenario *scenario, const char *key, json_t *events, struct err *err)
{
        const struct yaml_node *list = yaml_get(scenario->node, key);
        bool is_given = strcmp(key, "given") == 0;
        int r = list && !yaml_is_null(list) ? yaml_want(list, YAML_KIND_SEQUENCE, err) : 0;

        for (int i = 0; list && i < yaml_count(list) && r == 0; i++) {
                const struct yaml_node *node = yaml_at(list, i);

                if (is_given && (yaml_get(node, "budget") || yaml_get(node, "choice") ||
                                 yaml_get(node, "hold") || yaml_get(node, "setting")))
                        continue;
                if (json_array_size(events) == SCENARIO_EVENT_MAX)
                        return yaml_refuse(node, err, "more than %d events: tell a shorter story",
                                           SCENARIO_EVENT_MAX);
                r = add_event(scenario, node, is_given, events, err);
        }
        return r;
}

int scenario_events(const struct scenario *scenario, json_t **ret_events, struct err *err)
{
        json_t *events = json_array();
        int r = events ? 0 : err_set(err, ERR_NOMEM, "scenarios: out of memory");

        if (r == 0)
                r = add_events(scenario, "given", events, err);
        if (r == 0)
                r = add_events(scenario, "timeline", events, err);
        if (r < 0)
                json_decref(events);
        else
                *ret_events = events;
        return r;
}

/* ---- what no event brings */

static int need_text(const struct yaml_node *mapping, const char *key, const char **ret_text, struct err *err)
{
        const struct yaml_node *node;
        int r = yaml_need(mapping, key, &node, err);

        return r < 0 ? r : yaml_text(node, ret_text, err);
}

static int set_parameter(const struct yaml_node *node, struct db *db, struct err *err)
{
        static const char *const keys[] = {"organisation", "rule", "name", "value", NULL};
        const char *organisation, *rule, *name, *value;
        int r = yaml_only_keys(node, keys, err);

        if (r == 0)
                r = need_text(node, "organisation", &organisation, err);
        if (r == 0)
                r = need_text(node, "rule", &rule, err);
        if (r == 0)
                r = need_text(node, "name", &name, err);
        if (r == 0)
                r = need_text(node, "value", &value, err);
        if (r == 0)
                r = rule_parameter_set(db, organisation, rule, name, value, err);
        return r == ERR_CONFLICT || r == ERR_IO
                   ? yaml_refuse(node, err, "cannot be set: is there such an organisation?")
                   : r;
}

static int set_choice(const struct yaml_node *node, struct db *db, struct err *err)
{
        static const char *const keys[] = {"person", "choice", NULL};
        const char *person, *choice;
        int r = yaml_only_keys(node, keys, err);

        if (r == 0)
                r = need_text(node, "person", &person, err);
        if (r == 0)
                r = need_text(node, "choice", &choice, err);
        if (r == 0)
                r = person_choose(db, person, choice, err);
        return r == ERR_CONFLICT || r == ERR_IO ? yaml_refuse(node, err, "cannot be set: no such person?")
                                                : r;
}

/* Staff stop all messages to a person: no event says so. */
static int set_hold(const struct yaml_node *node, struct db *db, struct err *err)
{
        static const char *const keys[] = {"person", NULL};
        struct hold hold = {.kind = "person", .starts = 0, .ends = INT64_MAX};
        int r = yaml_only_keys(node, keys, err);

        if (r == 0)
                r = need_text(node, "person", &hold.subject, err);
        return r < 0 ? r : hold_add(db, &hold, err);
}

/* A segment's price, and what an organisation may spend in a month. */
static int set_budget(const struct yaml_node *node, struct db *db, struct err *err)
{
        static const char *const keys[] = {"organisation", "month", "segment", NULL};
        struct price price = {.provider = "simulated", .prefix = ""};
        struct budget budget = {0};
        const char *month, *segment;
        int r = yaml_only_keys(node, keys, err);

        if (r == 0)
                r = need_text(node, "organisation", &budget.organisation, err);
        if (r == 0)
                r = need_text(node, "month", &month, err);
        if (r == 0)
                r = need_text(node, "segment", &segment, err);
        if (r == 0 && (!costs_money_read(month, &budget.micros) || !costs_money_read(segment, &price.micros)))
                r = yaml_refuse(node, err, "no amount: write one such as \"0.05\"");
        return r < 0 ? r : budget_replace(db, &price, 1, &budget, 1, err);
}

int scenario_prepare(const struct scenario *scenario, struct db *db, struct err *err)
{
        const struct yaml_node *given = yaml_get(scenario->node, "given");
        int r = 0;

        for (int i = 0; given && i < yaml_count(given) && r == 0; i++) {
                const struct yaml_node *node = yaml_at(given, i);

                if (yaml_get(node, "setting"))
                        r = set_parameter(yaml_get(node, "setting"), db, err);
                else if (yaml_get(node, "choice"))
                        r = set_choice(yaml_get(node, "choice"), db, err);
                else if (yaml_get(node, "budget"))
                        r = set_budget(yaml_get(node, "budget"), db, err);
                else if (yaml_get(node, "hold"))
                        r = set_hold(yaml_get(node, "hold"), db, err);
        }
        return r;
}
