/* kapula rules check: rules and templates against each other, without a configuration. */
#include "command/check.h"
#include "command/command.h"
#include "command/rules.h"

int rules_check(int argc, char **argv, struct err *err)
{
        const char *rules = NULL, *templates = NULL, *operands[OPERAND_MAX];
        bool json = false;
        const struct option_spec specs[] = {
            {.name = "--rules", .value = &rules},
            {.name = "--templates", .value = &templates},
            {.name = "--json", .flag = &json},
            {0},
        };
        struct check check = {0};
        int count, r = options_read(argc, argv, specs, operands, &count, err);

        if (r == 0 && count)
                r = err_set(err, ERR_USAGE, "rules check: takes no operands: see kapula help rules");
        if (r < 0)
                return r;
        r = check_run(&check, rules, NULL, templates, NULL, err);
        if (r == 0)
                r = check_print(&check, json, err);
        check_fini(&check);
        return r;
}
