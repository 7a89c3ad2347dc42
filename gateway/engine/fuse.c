#include "engine/engine_private.h"
#include "store/fuse.h"

#include <string.h>

#define RULE "volume-fuse" /* asks staff, and holds the parameters; without it nothing is held */

static int64_t parameter(const struct rule *rule, const struct parameter_values *used, const char *name)
{
        for (int i = 0; i < rule->parameter_count; i++)
                if (strcmp(rule->parameters[i].name, name) == 0)
                        return used ? used->values[i] : rule->parameters[i].value;
        return INT64_MAX / 1000000;
}

static int read_parameters(struct firing *firing, const struct rule *rule, struct parameter_values *values,
                           const struct parameter_values **ret_used, struct err *err)
{
        struct subject subject = {.kind = "organisation"};

        memcpy(subject.id, firing->place.organisation, strlen(firing->place.organisation) + 1);
        return subject_parameters(firing->engine, firing->db, rule, &subject, firing->now, values, ret_used,
                                  err);
}

int fuse_hold(struct firing *firing, const char *person, struct err *err)
{
        const struct rule *rule = rulebook_find(firing->engine->book, RULE);
        struct fuse_count count = {.rule = firing->rule->name,
                                   .scope = firing->place.tenant,
                                   .day = firing->today,
                                   .organisation = firing->place.organisation,
                                   .now_utc = firing->now};
        const struct parameter_values *used;
        struct parameter_values values;
        int by_rule, r;

        if (!rule || rule == firing->rule)
                return 0;
        r = read_parameters(firing, rule, &values, &used, err);
        if (r < 0)
                return r;
        count.factor = parameter(rule, used, "factor");
        count.history = parameter(rule, used, "history");
        count.at_least = parameter(rule, used, "at_least");
        by_rule = fuse_count(firing->db, &count, err);
        if (by_rule < 0)
                return by_rule;
        count.rule = "";
        count.scope = person;
        count.at_least = parameter(rule, used, "person_at_least");
        r = fuse_count(firing->db, &count, err);
        return r < 0 ? r : r || by_rule;
}
