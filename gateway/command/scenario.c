#include "command/scenario.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ZONE_USUAL "Europe/Helsinki"
#define ROSTER_USUAL "base.json"
#define CLIMB_MAX 4 /* folders above the scenario's in which its roster may stand */
#define TIME_MAX 40 /* bytes of a time in text */

static const char *const effects[] = {"message", "suppressed", "held", "expired", "resolved",
                                      "event",   "case",       "feed", NULL};

/* ---- times */

int scenario_time(const struct scenario *scenario, const struct yaml_node *node, int64_t *ret_utc,
                  struct err *err)
{
        char copy[TIME_MAX];
        struct zone *zone;
        const char *text;
        int r = yaml_text(node, &text, err);

        if (r == 0)
                r = zone_keep(scenario->zone, &zone, err);
        if (r < 0)
                return r;
        snprintf(copy, sizeof copy, "%s", text);
        if (strlen(copy) > 10 && copy[10] == ' ')
                copy[10] = 'T';
        if (!zone_parse(zone, copy, ret_utc))
                return yaml_refuse(node, err, "`%.40s` is no time: write 2026-11-23 08:10", text);
        return 0;
}

/* Of the day of UTC in the scenario's zone. */
static int64_t midnight(const struct scenario *scenario, int64_t utc, int days_later)
{
        struct zone *zone;
        int32_t day;
        int seconds;

        if (zone_keep(scenario->zone, &zone, NULL) < 0)
                return utc;
        zone_to_local(zone, utc, &day, &seconds);
        return zone_to_utc(zone, day + days_later, 0);
}

static int read_from(struct scenario *scenario, struct err *err)
{
        const struct yaml_node *from = yaml_get(scenario->node, "from");
        const struct yaml_node *timeline = yaml_get(scenario->node, "timeline"), *at;
        int r;

        if (from)
                return scenario_time(scenario, from, &scenario->from, err);
        if (!timeline || yaml_count(timeline) == 0)
                return yaml_refuse(scenario->node, err, "nothing happens: write `from:` or a timeline");
        r = yaml_need(yaml_at(timeline, 0), "at", &at, err);
        if (r == 0)
                r = scenario_time(scenario, at, &scenario->from, err);
        if (r == 0)
                scenario->from = midnight(scenario, scenario->from, 0);
        return r;
}

/* Without `until:` the end of the last day that anything is said of. */
static int read_until(struct scenario *scenario, struct err *err)
{
        const struct yaml_node *until = yaml_get(scenario->node, "until");
        const struct yaml_node *timeline = yaml_get(scenario->node, "timeline"), *at;
        int64_t last = scenario->from, time;
        int r = 0;

        if (until)
                return scenario_time(scenario, until, &scenario->until, err);
        for (int i = 0; i < scenario->expectation_count; i++)
                if (scenario->expectations[i].at > last)
                        last = scenario->expectations[i].at;
        for (int i = 0; timeline && i < yaml_count(timeline) && r == 0; i++) {
                r = yaml_need(yaml_at(timeline, i), "at", &at, err);
                if (r == 0)
                        r = scenario_time(scenario, at, &time, err);
                if (r == 0 && time > last)
                        last = time;
        }
        scenario->until = midnight(scenario, last, 1) - 1;
        return r;
}

/* ---- what is expected */

static int read_what(struct expectation *expectation, const struct yaml_node *node, struct err *err)
{
        for (const char *const *effect = effects; *effect; effect++) {
                const struct yaml_node *what = yaml_get(node, *effect);

                if (!what)
                        continue;
                if (expectation->effect)
                        return yaml_refuse(node, err, "names two effects: write a line for each");
                expectation->effect = *effect;
                if (yaml_text(what, &expectation->what, err) < 0)
                        return ERR_INVALID;
        }
        if (!expectation->effect)
                return yaml_refuse(node, err,
                                   "names no effect: write message:, suppressed:, held:, event: or another");
        if (strcmp(expectation->effect, "event") == 0 && strncmp(expectation->what, "kapula.", 7) == 0)
                expectation->what += 7;
        return 0;
}

static int read_expectation(struct scenario *scenario, const struct yaml_node *node, struct err *err)
{
        static const char *const keys[] = {"at",    "message",  "suppressed", "held",  "expired", "resolved",
                                           "event", "case",     "to",         "by",    "in",      "because",
                                           "about", "rule",     "contains",   "lacks", "title",   "urgent",
                                           "owner", "language", "feed",       NULL};
        struct expectation *expectation = &scenario->expectations[scenario->expectation_count];
        const struct yaml_node *at;
        int r = yaml_only_keys(node, keys, err);

        expectation->node = node;
        if (r == 0)
                r = yaml_need(node, "at", &at, err);
        if (r == 0)
                r = scenario_time(scenario, at, &expectation->at, err);
        if (r == 0)
                r = read_what(expectation, node, err);
        if (r == 0 && scenario->expectation_count && expectation->at < expectation[-1].at)
                r = yaml_refuse(at, err, "is earlier than the line before: write them in the order of time");
        scenario->expectation_count++;
        return r;
}

static int count_effect(const struct scenario *scenario, const char *effect)
{
        int count = 0;

        for (int i = 0; i < scenario->expectation_count; i++)
                count += strcmp(scenario->expectations[i].effect, effect) == 0;
        return count;
}

static int read_expectations(struct scenario *scenario, struct err *err)
{
        const struct yaml_node *expect = yaml_get(scenario->node, "expect");
        int r = expect && !yaml_is_null(expect) ? yaml_want(expect, YAML_KIND_SEQUENCE, err) : 0;

        if (r < 0)
                return r;
        scenario->expectations =
            calloc((size_t)(expect ? yaml_count(expect) : 0) + 1, sizeof *scenario->expectations);
        if (!scenario->expectations)
                return err_set(err, ERR_NOMEM, "scenarios: out of memory");
        for (int i = 0; expect && i < yaml_count(expect) && r == 0; i++)
                r = read_expectation(scenario, yaml_at(expect, i), err);
        if (r < 0)
                return r;
        if (strcmp(scenario->kind, "silent") == 0 && count_effect(scenario, "message"))
                return yaml_refuse(yaml_get(scenario->node, "kind"), err,
                                   "a message is expected: a silent scenario has none");
        if (strcmp(scenario->kind, "fires") == 0 &&
            scenario->expectation_count ==
                count_effect(scenario, "suppressed") + count_effect(scenario, "feed"))
                return yaml_refuse(yaml_get(scenario->node, "kind"), err,
                                   "nothing is expected to happen: write silent or edge");
        return 0;
}

/* ---- the roster's place */

/* NAME beside the scenario, or in a folder above. */
static int find_roster(const char *scenario_path, const char *name, char **ret_path)
{
        char folder[4096];
        char *slash;

        snprintf(folder, sizeof folder, "./%s", scenario_path);
        if (scenario_path[0] == '/')
                snprintf(folder, sizeof folder, "%s", scenario_path);
        for (int i = 0; i < CLIMB_MAX && (slash = strrchr(folder, '/')); i++) {
                char *path;

                *slash = '\0';
                if (asprintf(&path, "%s/%s", folder, name) < 0)
                        return ERR_NOMEM;
                if (access(path, R_OK) == 0) {
                        *ret_path = path;
                        return 0;
                }
                free(path);
        }
        return ERR_NOT_FOUND;
}

static const struct yaml_node *roster_file(const struct yaml_node *roster)
{
        return roster && yaml_kind(roster) == YAML_KIND_MAPPING ? yaml_get(roster, "file") : roster;
}

static int read_roster(struct scenario *scenario, const struct yaml_node *defaults, struct err *err)
{
        const struct yaml_node *own = yaml_get(scenario->node, "roster"), *file;
        const char *name = ROSTER_USUAL;
        int r = 0;

        if (own && yaml_kind(own) == YAML_KIND_MAPPING)
                scenario->changes = own;
        file = roster_file(own);
        if (!file)
                file = roster_file(yaml_get(defaults, "roster"));
        if (file)
                r = yaml_text(file, &name, err);
        if (r < 0)
                return r;
        r = find_roster(yaml_file(scenario->node), name, &scenario->roster);
        if (r == ERR_NOT_FOUND)
                return yaml_refuse(file ? file : scenario->node, err,
                                   "no roster %s here or in a folder above: correct the name", name);
        return r < 0 ? err_set(err, r, "scenarios: out of memory") : 0;
}

/* ---- a scenario */

static int check_kind(const struct scenario *scenario, struct err *err)
{
        static const char *const kinds[] = {"fires", "silent", "edge"};

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (strcmp(kinds[i], scenario->kind) == 0)
                        return 0;
        return yaml_refuse(yaml_get(scenario->node, "kind"), err,
                           "`%.20s` is no kind: write fires, silent or edge", scenario->kind);
}

static int read_names(struct scenario *scenario, const struct yaml_node *defaults, struct err *err)
{
        const struct yaml_node *name, *kind, *rule = yaml_get(scenario->node, "rule"),
                                             *zone = yaml_get(scenario->node, "timezone");
        struct zone *opened;
        int r = yaml_need(scenario->node, "scenario", &name, err);

        if (r == 0)
                r = yaml_text(name, &scenario->name, err);
        if (r == 0 && !rule)
                r = yaml_need(defaults, "rule", &rule, err);
        if (r == 0)
                r = yaml_text(rule, &scenario->rule, err);
        if (r == 0)
                r = yaml_need(scenario->node, "kind", &kind, err);
        if (r == 0)
                r = yaml_text(kind, &scenario->kind, err);
        if (r == 0)
                r = check_kind(scenario, err);
        scenario->zone = ZONE_USUAL;
        if (!zone)
                zone = yaml_get(defaults, "timezone");
        if (r == 0 && zone)
                r = yaml_text(zone, &scenario->zone, err);
        if (r == 0 && zone_keep(scenario->zone, &opened, NULL) < 0)
                r = yaml_refuse(zone, err, "no such time zone: write one such as Europe/Stockholm");
        return r;
}

static int read_scenario(struct scenario *scenario, const struct yaml_node *node,
                         const struct yaml_node *defaults, struct err *err)
{
        static const char *const keys[] = {"scenario", "rule", "kind",   "roster", "given",    "timeline",
                                           "from",     "only", "expect", "until",  "timezone", NULL};
        int r = yaml_only_keys(node, keys, err);

        scenario->node = node;
        if (r == 0)
                r = read_names(scenario, defaults, err);
        if (r == 0)
                r = read_roster(scenario, defaults, err);
        scenario->only = yaml_get(node, "only");
        if (!scenario->only)
                scenario->only = yaml_get(defaults, "only");
        if (r == 0 && scenario->only)
                r = yaml_want(scenario->only, YAML_KIND_SEQUENCE, err);
        if (r == 0)
                r = read_from(scenario, err);
        if (r == 0)
                r = read_expectations(scenario, err);
        if (r == 0)
                r = read_until(scenario, err);
        return r;
}

/* ---- a file: one scenario, or several with what they share above them */

static int read_file(struct scenario_file *file, const struct yaml_node *root, struct err *err)
{
        static const char *const shared[] = {"rule", "roster", "only", "timezone", "scenarios", NULL};
        const struct yaml_node *list = yaml_get(root, "scenarios");
        int count = 1, r = 0;

        if (list) {
                r = yaml_only_keys(root, shared, err);
                if (r == 0)
                        r = yaml_want(list, YAML_KIND_SEQUENCE, err);
                count = yaml_count(list);
        }
        if (r == 0 && count > SCENARIO_MAX)
                r = yaml_refuse(list, err, "more than %d scenarios: write a second file", SCENARIO_MAX);
        if (r < 0)
                return r;
        file->items = calloc((size_t)count + 1, sizeof *file->items);
        if (!file->items)
                return err_set(err, ERR_NOMEM, "scenarios: out of memory");
        for (int i = 0; i < count && r == 0; i++) {
                file->count++;
                r = read_scenario(&file->items[i], list ? yaml_at(list, i) : root, root, err);
        }
        return r;
}

int scenario_file_load(const char *path, struct scenario_file **ret_file, struct err *err)
{
        struct scenario_file *file = calloc(1, sizeof *file);
        int r;

        if (!file || !(file->path = strdup(path))) {
                free(file);
                return err_set(err, ERR_NOMEM, "scenarios: out of memory");
        }
        r = yaml_load(path, &file->yaml, err);
        if (r == 0)
                r = read_file(file, yaml_root(file->yaml), err);
        if (r < 0) {
                scenario_file_free(file);
                return r;
        }
        *ret_file = file;
        return 0;
}

struct scenario_file *scenario_file_free(struct scenario_file *file)
{
        if (!file)
                return NULL;
        for (int i = 0; i < file->count; i++) {
                free(file->items[i].roster);
                free(file->items[i].expectations);
        }
        free(file->items);
        free(file->path);
        yaml_free(file->yaml);
        free(file);
        return NULL;
}
