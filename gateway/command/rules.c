/* kapula rules: what rules there are, what they say, whether they are right. */
#include "command/rules.h"
#include "command/verbs.h"

#include <string.h>

/* Keep in alphabetical order: one line a subcommand. */
/* clang-format off */
static const struct {
        const char *name;
        int (*run)(int argc, char **argv, struct err *err);
} subcommand_table[] = {
    {"check", rules_check},
    {"explain", rules_explain},
    {"list", rules_list},
    {"replay", rules_replay},
    {"test", rules_test},
};
/* clang-format on */

static int run(int argc, char **argv, struct err *err)
{
        for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(subcommand_table); i++)
                if (strcmp(subcommand_table[i].name, argv[1]) == 0)
                        return subcommand_table[i].run(argc - 1, argv + 1, err);
        return err_set(err, ERR_USAGE, "rules: say what to do with them: see kapula help rules");
}

const struct verb verb_rules = {
    .name = "rules",
    .usage = "list [--rules DIR] [--json]\n"
             "check [--rules DIR] [--templates DIR] [--json]\n"
             "explain RULE [--rules DIR]\n"
             "replay RULE --from T --until T [--rules DIR] [--templates DIR] [--set NAME=VALUE]… [--json] "
             "[--db FILE] [--config FILE]\n"
             "test FILE|DIR… [--rules DIR] [--templates DIR] [--list] [--json]",
    .summary = "lists, checks and explains the rules, plays scenarios of them, and replays the past by them",
    .details =
        "replay plays all that came in once more, on a copy in memory, by the shipped rules with DIR laid\n"
        "over them, and says what RULE would have sent between the two times next to what it sent.\n"
        "Roles, guardians, contacts and calendars are those of today, and every message is taken as\n"
        "delivered at once. What would be sent after --until counts as gone. --set holds for every\n"
        "organisation, not for pupils whose plan sets their own.",
    .run = run,
};
