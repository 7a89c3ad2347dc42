#include "base/date.h"
#include "base/log.h"
#include "engine/engine_private.h"
#include "store/parameter.h"

#define DAY 86400

static int read_own(struct db *db, const struct rule *rule, const struct rule_parameter *parameter,
                    const struct parameter_owner *owner, const char *day, int64_t *ret_value, struct err *err)
{
        _cleanup_(free_ptr) char *text = NULL;
        int r = parameter_find(db, rule->name, parameter->name, owner, day, &text, err);

        *ret_value = parameter->value;
        if (r == 0 && text && !rule_parameter_read(parameter->kind, text, ret_value))
                log_error("engine", "rule %s: %s: is set to `%.40s`: write it as in the rule's file",
                          rule->name, parameter->name, text);
        return r;
}

int subject_parameters(struct engine *engine, struct db *db, const struct rule *rule,
                       const struct subject *subject, int64_t now_utc, struct parameter_values *ret_values,
                       const struct parameter_values **ret_used, struct err *err)
{
        struct parameter_owner owner;
        char day[DATE_TEXT_MAX];
        int r;

        *ret_used = NULL;
        if (!engine->has_parameters || !rule->parameter_count)
                return 0;
        date_print((int32_t)(now_utc / DAY), day);
        r = parameter_owner(db, subject, day, &owner, err);
        for (int i = 0; i < rule->parameter_count && r == 0; i++)
                r = read_own(db, rule, &rule->parameters[i], &owner, day, &ret_values->values[i], err);
        if (r == 0)
                *ret_used = ret_values;
        return r;
}
