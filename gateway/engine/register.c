#include "engine/engine_private.h"
#include "store/match.h"
#include "store/register.h"

#include <string.h>

#define RULE "register-stale" /* tells staff, and says when a register is stale */
#define PARAMETER "older_than"
#define OLDER_THAN (30 * 60) /* seconds: without that rule */

static int read_limit(struct firing *firing, int64_t *ret_seconds, struct err *err)
{
        const struct rule *rule = rulebook_find(firing->engine->book, RULE);
        struct subject subject = {.kind = "organisation"};
        const struct parameter_values *used;
        struct parameter_values values;
        int r;

        *ret_seconds = OLDER_THAN;
        if (!rule)
                return 0;
        memcpy(subject.id, firing->place.organisation, strlen(firing->place.organisation) + 1);
        r = subject_parameters(firing->engine, firing->db, rule, &subject, firing->now, &values, &used, err);
        for (int i = 0; i < rule->parameter_count && r == 0; i++)
                if (strcmp(rule->parameters[i].name, PARAMETER) == 0)
                        *ret_seconds = used ? used->values[i] : rule->parameters[i].value;
        return r;
}

int register_hold(struct firing *firing, struct err *err)
{
        int64_t older_than;
        int r;

        if (!firing->rule->needs_register)
                return 0;
        r = read_limit(firing, &older_than, err);
        if (r == 0)
                r = register_is_stale(firing->db, firing->place.organisation, firing->today, firing->now,
                                      older_than, err);
        if (r <= 0)
                return r;
        r = match_hold(firing->db, firing->match, RULE, err);
        if (r > 0)
                r = hold(firing, RULE, err);
        return r < 0 ? r : 1;
}
