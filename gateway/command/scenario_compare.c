/* What came against what was expected. */
#include "command/scenario.h"

#include <stdio.h>
#include <string.h>

#define FAULT_TEXT_MAX 4096 /* bytes of one line that tells a difference */
#define NOBODY "nobody"     /* how a scenario writes the recipient "" */

/* How a field of an expectation is called in an effect. */
static const struct {
        const char *key, *field;
} field_table[] = {
    {"to", "recipient"},   {"by", "channel"},    {"language", "language"}, {"in", "language"},
    {"because", "reason"}, {"about", "subject"}, {"rule", "rule"},         {"owner", "owner"},
};

bool scenario_is_about(const struct scenario *scenario, const char *rule)
{
        const char *name;

        if (!rule)
                return false;
        if (!scenario->only)
                return strcmp(rule, scenario->rule) == 0;
        for (int i = 0; i < yaml_count(scenario->only); i++)
                if (yaml_text(yaml_at(scenario->only, i), &name, NULL) == 0 && strcmp(name, rule) == 0)
                        return true;
        return false;
}

static const char *field(const json_t *effect, const char *name)
{
        return json_string_value(json_object_get(effect, name));
}

/* What the effect says of itself: the rule, the type of an event, the state of a case. */
static const char *what_of(const json_t *effect)
{
        const char *kind = field(effect, "effect"), *what = field(effect, "rule");

        if (strcmp(kind, "event") == 0)
                what = field(effect, "type");
        else if (strcmp(kind, "case") == 0)
                what = field(effect, "state");
        else if (strcmp(kind, "feed") == 0)
                what = field(effect, "recipient");
        if (what && strcmp(kind, "event") == 0 && strncmp(what, "kapula.", 7) == 0)
                what += 7;
        return what ? what : "";
}

static int64_t time_of(const json_t *effect)
{
        return json_integer_value(json_object_get(effect, "utc"));
}

/* ---- one expectation against one effect: "" when they agree, else what differs */

static bool holds(const json_t *effect, const char *part)
{
        const char *text = field(effect, "text"), *title = field(effect, "title");

        return (text && strstr(text, part)) || (title && strstr(title, part));
}

static void compare_parts(const struct expectation *expectation, const json_t *effect, const char *key,
                          bool wanted, char *ret_difference, size_t size)
{
        const struct yaml_node *list = yaml_get(expectation->node, key);
        int count = !list ? 0 : yaml_kind(list) == YAML_KIND_SCALAR ? 1 : yaml_count(list);
        const char *part;

        for (int i = 0; i < count && !ret_difference[0]; i++) {
                if (yaml_text(yaml_kind(list) == YAML_KIND_SCALAR ? list : yaml_at(list, i), &part, NULL) < 0)
                        continue;
                if (holds(effect, part) != wanted)
                        snprintf(ret_difference, size, "its text %s “%s”", wanted ? "lacks" : "has", part);
        }
}

static void compare_title(const struct expectation *expectation, const json_t *effect, char *ret_difference,
                          size_t size)
{
        const struct yaml_node *node = yaml_get(expectation->node, "title");
        const char *wanted, *title = field(effect, "title");

        if (node && yaml_text(node, &wanted, NULL) == 0 && (!title || !strstr(title, wanted)))
                snprintf(ret_difference, size, "its title lacks “%s”", wanted);
}

static void compare_urgent(const struct expectation *expectation, const json_t *effect, char *ret_difference,
                           size_t size)
{
        const struct yaml_node *node = yaml_get(expectation->node, "urgent");
        bool wanted;

        if (node && yaml_bool(node, &wanted, NULL) == 0 &&
            wanted != json_is_true(json_object_get(effect, "urgent")))
                snprintf(ret_difference, size, "it is %surgent", wanted ? "not " : "");
}

static void compare_fields(const struct expectation *expectation, const json_t *effect, char *ret_difference,
                           size_t size)
{
        for (size_t i = 0; i < ARRAY_SIZE(field_table) && !ret_difference[0]; i++) {
                const struct yaml_node *node = yaml_get(expectation->node, field_table[i].key);
                const char *wanted, *value = field(effect, field_table[i].field);

                if (!node || yaml_text(node, &wanted, NULL) < 0)
                        continue;
                if (strcmp(field_table[i].key, "to") == 0 && strcmp(wanted, NOBODY) == 0)
                        wanted = "";
                if (!value || strcmp(value, wanted) != 0)
                        snprintf(ret_difference, size, "%s is %s", field_table[i].field,
                                 value && *value ? value : NOBODY);
        }
}

static bool agrees(const struct expectation *expectation, const json_t *effect, char *ret_difference,
                   size_t size)
{
        ret_difference[0] = '\0';
        if (strcmp(expectation->effect, field(effect, "effect")) != 0 ||
            strcmp(expectation->what, what_of(effect)) != 0) {
                snprintf(ret_difference, size, "other");
                return false;
        }
        if (time_of(effect) != expectation->at)
                snprintf(ret_difference, size, "at another time");
        if (!ret_difference[0])
                compare_fields(expectation, effect, ret_difference, size);
        if (!ret_difference[0])
                compare_parts(expectation, effect, "contains", true, ret_difference, size);
        if (!ret_difference[0])
                compare_parts(expectation, effect, "lacks", false, ret_difference, size);
        if (!ret_difference[0])
                compare_title(expectation, effect, ret_difference, size);
        if (!ret_difference[0])
                compare_urgent(expectation, effect, ret_difference, size);
        return !ret_difference[0];
}

/* ---- telling */

static int add_fault(json_t *faults, int64_t at, int line, const char *sign, const char *text,
                     struct err *err)
{
        size_t index = json_array_size(faults);
        json_t *fault = json_pack("{s:I, s:i, s:s, s:s}", "utc", (json_int_t)at, "line", line, "sign", sign,
                                  "text", text);

        while (index > 0 && time_of(json_array_get(faults, index - 1)) > at)
                index--;
        if (!fault || json_array_insert_new(faults, index, fault) < 0)
                return err_set(err, ERR_NOMEM, "scenarios: out of memory");
        return 0;
}

static void local_time(const struct scenario *scenario, int64_t utc, char ret_text[ZONE_STAMP_MAX])
{
        struct zone *zone;

        ret_text[0] = '\0';
        if (zone_keep(scenario->zone, &zone, NULL) < 0)
                return;
        zone_stamp(zone, utc, ret_text);
        ret_text[10] = ' ';
        ret_text[strncmp(ret_text + 16, ":00", 3) == 0 ? 16 : 19] = '\0'; /* whole minutes without seconds */
}

/* "because explained", from an expectation. */
static void add_words(struct buf *text, const struct yaml_node *node)
{
        static const char *const words[] = {"about", "to",    "by",     "language", "in", "because",
                                            "rule",  "owner", "urgent", "title",    NULL};
        const char *value;

        for (const char *const *word = words; *word; word++) {
                const struct yaml_node *each = yaml_get(node, *word);

                if (each && yaml_text(each, &value, NULL) == 0)
                        buf_addf(text, " %s %s", *word, value);
        }
}

static int tell_missing(const struct scenario *scenario, const struct expectation *expectation,
                        const char *difference, json_t *faults, struct err *err)
{
        char time[ZONE_STAMP_MAX];
        struct buf text;
        int r;

        buf_init(&text, FAULT_TEXT_MAX);
        local_time(scenario, expectation->at, time);
        buf_addf(&text, "%s %s %s", time, expectation->effect, expectation->what);
        add_words(&text, expectation->node);
        if (difference[0])
                buf_addf(&text, " (one came, but %s)", difference);
        r = add_fault(faults, expectation->at, yaml_line(expectation->node), "-", buf_text(&text), err);
        buf_fini(&text);
        return r;
}

static int tell_extra(const struct scenario *scenario, const json_t *effect, json_t *faults, struct err *err)
{
        static const struct {
                const char *field, *word;
        } parts[] = {{"subject", "about"}, {"recipient", "to"},   {"channel", "by"},
                     {"language", "in"},   {"reason", "because"}, {"owner", "owner"}};
        char time[ZONE_STAMP_MAX];
        struct buf text;
        int r;

        buf_init(&text, FAULT_TEXT_MAX);
        local_time(scenario, time_of(effect), time);
        buf_addf(&text, "%s %s %s", time, field(effect, "effect"), what_of(effect));
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                const char *value = field(effect, parts[i].field);

                if (value)
                        buf_addf(&text, " %s %s", parts[i].word, *value ? value : NOBODY);
        }
        if (field(effect, "title"))
                buf_addf(&text, ": “%s”", field(effect, "title"));
        if (field(effect, "text"))
                buf_addf(&text, ": “%s”", field(effect, "text"));
        r = add_fault(faults, time_of(effect), yaml_line(scenario->node), "+", buf_text(&text), err);
        buf_fini(&text);
        return r;
}

/* ---- all of them */

static void meet(struct scenario *scenario, json_t *effects)
{
        char difference[FAULT_TEXT_MAX];

        for (int i = 0; i < scenario->expectation_count; i++) {
                struct expectation *expectation = &scenario->expectations[i];

                for (size_t k = 0; k < json_array_size(effects) && !expectation->is_met; k++) {
                        if (!agrees(expectation, json_array_get(effects, k), difference, sizeof difference))
                                continue;
                        expectation->is_met = true;
                        json_array_remove(effects, k);
                }
        }
}

/* What is nearest to an expectation that was not met: of the same kind, to the same person, at the same time
 * if there is one. */
static void find_difference(const struct expectation *expectation, json_t *effects, char *ret_difference,
                            size_t size)
{
        const struct yaml_node *to = yaml_get(expectation->node, "to");
        char difference[FAULT_TEXT_MAX];
        const char *wanted = NULL, *recipient;
        size_t index;
        json_t *effect;

        ret_difference[0] = '\0';
        if (to)
                yaml_text(to, &wanted, NULL);
        json_array_foreach(effects, index, effect)
        {
                recipient = field(effect, "recipient");
                agrees(expectation, effect, difference, sizeof difference);
                if (strcmp(difference, "other") == 0 ||
                    (wanted && recipient && strcmp(recipient, wanted) != 0))
                        continue;
                if (!ret_difference[0] || time_of(effect) == expectation->at)
                        snprintf(ret_difference, size, "%s", difference);
        }
}

int scenario_compare(struct scenario *scenario, json_t *effects, json_t *faults, struct err *err)
{
        char difference[FAULT_TEXT_MAX];
        size_t index;
        json_t *effect;
        int r = 0;

        for (int i = 0; i < scenario->expectation_count; i++)
                scenario->expectations[i].is_met = false;
        meet(scenario, effects);
        for (int i = 0; i < scenario->expectation_count && r == 0; i++) {
                if (scenario->expectations[i].is_met)
                        continue;
                find_difference(&scenario->expectations[i], effects, difference, sizeof difference);
                r = tell_missing(scenario, &scenario->expectations[i], difference, faults, err);
        }
        json_array_foreach(effects, index, effect)
        {
                if (r == 0 && strcmp(field(effect, "effect"), "feed") != 0)
                        r = tell_extra(scenario, effect, faults, err);
        }
        return r;
}
