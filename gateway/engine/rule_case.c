/* What a rule says of cases, and what it must say when it tells a curator. */
#include "base/yaml.h"
#include "engine/rule_read.h"

#include <string.h>

static bool is_owner(const char *role)
{
        static const char *const owners[] = {"coach", "curator", "principal", "teacher"};

        for (size_t i = 0; i < ARRAY_SIZE(owners); i++)
                if (strcmp(owners[i], role) == 0)
                        return true;
        return false;
}

static bool has_column(const struct rule *rule, const char *column)
{
        return column && select_find_column(rule->main.select, column) >= 0;
}

static int read_case(struct rule *rule, const struct yaml_node *node, struct err *err)
{
        static const char *const keys[] = {"owner", "when", "step", NULL};
        struct rule_case *wish = &rule->case_wish;
        int r = yaml_only_keys(node, keys, err);

        if (r == 0)
                r = yaml_copy_text(node, "owner", &wish->owner, err);
        if (r == 0)
                r = yaml_copy_text(node, "when", &wish->when, err);
        if (r == 0)
                r = yaml_copy_text(node, "step", &wish->step, err);
        if (r < 0)
                return r;
        wish->owner_is_column = has_column(rule, wish->owner);
        wish->step_is_column = has_column(rule, wish->step);
        if (!wish->owner || (!wish->owner_is_column && !is_owner(wish->owner)))
                return yaml_refuse(
                    node, err, "has no owner: write owner: teacher, curator, coach, principal, or a column");
        if (wish->when && !has_column(rule, wish->when))
                return yaml_refuse(yaml_get(node, "when"), err,
                                   "the select has no column `%.40s`: name one of its columns", wish->when);
        if (!has_column(rule, "pupil"))
                return yaml_refuse(node, err, "the select has no column `pupil`: a case is a pupil's");
        rule->has_case = true;
        return 0;
}

static bool tells_curators(const struct rule *rule)
{
        for (int i = 0; i < rule->notify_count; i++)
                if (strcmp(rule->notify[i].to, "curator") == 0 || strcmp(rule->notify[i].to, "team") == 0)
                        return true;
        return false;
}

int rule_read_case(struct rule *rule, const struct yaml_node *root, struct err *err)
{
        const struct yaml_node *node = yaml_get(root, "case");

        if (node)
                return read_case(rule, node, err);
        if (tells_curators(rule) && strcmp(rule->kind, "case") != 0 && has_column(rule, "pupil"))
                return yaml_refuse(
                    yaml_get(root, "notify"), err,
                    "tells a curator about a pupil: write case: {owner: curator}, and no name in "
                    "the template");
        return 0;
}
