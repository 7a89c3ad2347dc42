/* kapula rules test: plays scenario files. A failing one prints what was expected and what came instead. */
#include "command/command.h"
#include "command/rules.h"
#include "command/scenario.h"
#include "command/simulation.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>

struct testing {
        struct simulation *simulation;
        bool json, list_only;
        json_t *scenarios; /* with --json */
        int count, failed;
};

static void print_faults(const struct scenario *scenario, const json_t *faults)
{
        const char *file = yaml_file(scenario->node);
        size_t index;
        json_t *fault;

        printf("FAILED %s:%d: %s\n", file, yaml_line(scenario->node), scenario->name);
        json_array_foreach((json_t *)faults, index, fault)
        {
                const char *sign = json_string_value(json_object_get(fault, "sign"));
                const char *text = json_string_value(json_object_get(fault, "text"));

                if (sign[0] == '-')
                        printf("  - %s:%d: %s\n", file,
                               (int)json_integer_value(json_object_get(fault, "line")), text);
                else
                        printf("  %s %s\n", sign, text);
        }
}

/* FAULTS: NULL when it was not played. */
static int note(struct testing *testing, const struct scenario *scenario, json_t *faults, struct err *err)
{
        json_t *entry, *each;
        size_t index;

        testing->count++;
        testing->failed += json_array_size(faults) > 0;
        if (!testing->json) {
                if (testing->list_only)
                        printf("%s:%d: %s (%s): %s\n", yaml_file(scenario->node), yaml_line(scenario->node),
                               scenario->rule, scenario->kind, scenario->name);
                else if (json_array_size(faults) > 0)
                        print_faults(scenario, faults);
                return 0;
        }
        entry = json_pack("{s:s, s:i, s:s, s:s, s:s}", "file", yaml_file(scenario->node), "line",
                          yaml_line(scenario->node), "scenario", scenario->name, "rule", scenario->rule,
                          "kind", scenario->kind);
        json_array_foreach(faults, index, each)
        {
                json_object_del(each, "utc");
        }
        if (entry && faults) {
                json_object_set_new(entry, "passed", json_boolean(json_array_size(faults) == 0));
                json_object_set(entry, "faults", faults);
        }
        return json_array_append_new(testing->scenarios, entry) < 0
                   ? err_set(err, ERR_NOMEM, "scenarios: out of memory")
                   : 0;
}

static int test_scenario(struct testing *testing, struct scenario *scenario, struct err *err)
{
        json_t *faults = NULL;
        int r;

        if (!testing->list_only) {
                r = scenario_play(testing->simulation, scenario, &faults, err);
                if (r < 0)
                        return r;
        }
        r = note(testing, scenario, faults, err);
        json_decref(faults);
        return r;
}

/* A file that cannot be read as scenarios is told and counted as one that fails; the others go on. */
static int test_file(struct testing *testing, const char *path, struct err *err)
{
        struct scenario_file *file = NULL;
        int r = scenario_file_load(path, &file, err);

        if (r == ERR_INVALID) {
                fprintf(stderr, "kapula: %s\n", err->text);
                *err = (struct err){0};
                testing->failed++;
                return 0;
        }
        for (int i = 0; r == 0 && i < file->count; i++)
                r = test_scenario(testing, &file->items[i], err);
        scenario_file_free(file);
        return r;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
        return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_wanted(const FTSENT *entry)
{
        size_t length = strlen(entry->fts_name);

        return entry->fts_level == 0 || (length > 5 && strcmp(entry->fts_name + length - 5, ".yaml") == 0);
}

/* PATH is a file, or a folder of *.yaml with its subfolders. */
static int test_path(struct testing *testing, const char *path, struct err *err)
{
        char *const paths[] = {(char *)path, NULL};
        FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, by_name);
        FTSENT *entry;
        int r = tree ? 0 : err_set(err, ERR_NOMEM, "scenarios: out of memory");

        while (r == 0 && (entry = fts_read(tree))) {
                if (entry->fts_info == FTS_NS || entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR)
                        r = err_set(err, ERR_IO, "%s: cannot read (%s): name scenario files or folders",
                                    entry->fts_path, strerror(entry->fts_errno));
                else if (entry->fts_info == FTS_F && is_wanted(entry))
                        r = test_file(testing, entry->fts_path, err);
        }
        if (tree)
                fts_close(tree);
        return r;
}

static int finish(struct testing *testing, struct err *err)
{
        if (testing->json) {
                json_t *all = json_pack("{s:i, s:i, s:O}", "count", testing->count, "failed", testing->failed,
                                        "scenarios", testing->scenarios);

                if (!all || json_dumpf(all, stdout, JSON_COMPACT) < 0)
                        return err_set(err, ERR_IO, "standard output: cannot write");
                putchar('\n');
                json_decref(all);
        } else if (!testing->list_only) {
                printf("%d scenarios, %d failed\n", testing->count, testing->failed);
        }
        if (testing->count == 0 && testing->failed == 0)
                return err_set(err, ERR_INVALID,
                               "rules test: there is no scenario there: name files or folders");
        return testing->failed ? err_set(err, ERR_INVALID, "%s", "") : 0;
}

int rules_test(int argc, char **argv, struct err *err)
{
        struct testing testing = {0};
        const char *rules = NULL, *templates = NULL, *operands[OPERAND_MAX];
        const struct option_spec specs[] = {
            {.name = "--rules", .value = &rules},
            {.name = "--templates", .value = &templates},
            {.name = "--list", .flag = &testing.list_only},
            {.name = "--json", .flag = &testing.json},
            {0},
        };
        int count, r = options_read(argc, argv, specs, operands, &count, err);

        if (r < 0)
                return r;
        if (count == 0)
                return err_set(err, ERR_USAGE, "rules test: name scenario files or folders");
        testing.scenarios = json_array();
        if (!testing.scenarios)
                return err_set(err, ERR_NOMEM, "scenarios: out of memory");
        r = simulation_open(rules, templates, &testing.simulation, err);
        for (int i = 0; i < count && r == 0; i++)
                r = test_path(&testing, operands[i], err);
        if (r == 0)
                r = finish(&testing, err);
        simulation_close(testing.simulation);
        json_decref(testing.scenarios);
        return r;
}
