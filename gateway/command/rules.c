/* kapula rules: what rules there are, what they say, whether they are right. */
#include "command/rules.h"
#include "command/verbs.h"

#include <string.h>

/* Keep in alphabetical order: one line a subcommand. */
static const struct {
        const char *name;
        int (*run)(int argc, char **argv, struct err *err);
} subcommand_table[] = {
    {"check", rules_check},
    {"explain", rules_explain},
    {"list", rules_list},
    {"test", rules_test},
};

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
             "test FILE|DIR… [--rules DIR] [--templates DIR] [--list] [--json]",
    .summary = "lists, checks and explains the rules, and plays scenarios of them",
    .run = run,
};
