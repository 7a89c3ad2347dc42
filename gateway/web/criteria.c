#include "web/criteria.h"
#include "base/yaml.h"

#include <string.h>

static int read_id(const struct yaml_node *node, struct criteria *criteria, struct err *err)
{
        const char *id;
        int r = yaml_text(node, &id, err);

        if (r < 0)
                return r;
        if (!*id || strlen(id) >= CRITERION_ID_MAX || id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-")])
                return yaml_refuse(node, err, "no name of a criterion: use small letters, digits and '-'");
        for (int i = 0; i < criteria->count; i++)
                if (strcmp(criteria->ids[i], id) == 0)
                        return yaml_refuse(node, err, "named twice: remove one");
        if (criteria->count == CRITERIA_MAX)
                return yaml_refuse(node, err, "more than %d criteria: remove some", CRITERIA_MAX);
        memcpy(criteria->ids[criteria->count++], id, strlen(id) + 1);
        return 0;
}

int criteria_load(const char *path, struct criteria *ret_criteria, struct err *err)
{
        static const char *const keys[] = {"criteria", NULL};
        _cleanup_(yaml_freep) struct yaml *yaml = NULL;
        const struct yaml_node *list;
        struct criteria criteria = {0};
        int r = yaml_load(path, &yaml, err);

        if (r == 0)
                r = yaml_only_keys(yaml_root(yaml), keys, err);
        if (r == 0)
                r = yaml_need(yaml_root(yaml), "criteria", &list, err);
        if (r == 0)
                r = yaml_want(list, YAML_KIND_SEQUENCE, err);
        for (int i = 0; r == 0 && i < yaml_count(list); i++)
                r = read_id(yaml_at(list, i), &criteria, err);
        if (r == 0)
                *ret_criteria = criteria;
        return r;
}
