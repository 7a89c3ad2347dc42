#include "web/outcomes.h"
#include "base/yaml.h"

#include <string.h>

bool outcomes_has(const struct outcome_list *list, const char *code)
{
        for (int i = 0; i < list->count; i++)
                if (strcmp(list->codes[i], code) == 0)
                        return true;
        return false;
}

static int read_code(const struct yaml_node *node, struct outcome_list *list, struct err *err)
{
        const char *code;
        int r = yaml_text(node, &code, err);

        if (r < 0)
                return r;
        if (!*code || strlen(code) >= OUTCOME_CODE_MAX ||
            code[strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-")])
                return yaml_refuse(node, err,
                                   "no code of an outcome: use at most %d small letters, digits and '-'",
                                   OUTCOME_CODE_MAX - 1);
        if (outcomes_has(list, code))
                return yaml_refuse(node, err, "named twice: remove one");
        if (list->count == OUTCOMES_MAX)
                return yaml_refuse(node, err, "more than %d outcomes: remove some", OUTCOMES_MAX);
        memcpy(list->codes[list->count++], code, strlen(code) + 1);
        return 0;
}

static int read_list(const struct yaml *yaml, const char *name, struct outcome_list *list, struct err *err)
{
        const struct yaml_node *node;
        int r = yaml_need(yaml_root(yaml), name, &node, err);

        if (r == 0)
                r = yaml_want(node, YAML_KIND_SEQUENCE, err);
        if (r == 0 && yaml_count(node) == 0)
                r = yaml_refuse(node, err, "no outcomes: name one at least");
        for (int i = 0; r == 0 && i < yaml_count(node); i++)
                r = read_code(yaml_at(node, i), list, err);
        return r;
}

int outcomes_load(const char *path, struct outcomes *ret_outcomes, struct err *err)
{
        static const char *const keys[] = {"close", "contact", NULL};
        _cleanup_(yaml_freep) struct yaml *yaml = NULL;
        struct outcomes outcomes = {0};
        int r = yaml_load(path, &yaml, err);

        if (r == 0)
                r = yaml_only_keys(yaml_root(yaml), keys, err);
        if (r == 0)
                r = read_list(yaml, "contact", &outcomes.contact, err);
        if (r == 0)
                r = read_list(yaml, "close", &outcomes.close, err);
        if (r == 0)
                *ret_outcomes = outcomes;
        return r;
}
