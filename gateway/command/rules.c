/* kapula rules: what rules there are, what they say, whether they are right. */
#include "command/rules.h"
#include "command/verbs.h"

#include <string.h>

/* Keep in alphabetical order: one line a subcommand. */
static const struct {
        const char *name;
        int (*run)(int argc, char **argv, struct err *err);
} subcommand_table[] = {
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
    .usage = "test FILE|DIR… [--rules DIR] [--templates DIR] [--list] [--json]",
    .summary = "plays scenarios of rules and says where what comes is not what was expected",
    .run = run,
};
