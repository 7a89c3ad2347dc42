/* What organisations and pupils' plans have set for rules: the engine passes over what it cannot read. */
#include "command/check.h"
#include "engine/rule.h"
#include "store/db.h"
#include "store/parameter.h"

#include <string.h>

static const struct rule_parameter *find_parameter(const struct rule *rule, const char *name)
{
        for (int i = 0; i < rule->parameter_count; i++)
                if (strcmp(rule->parameters[i].name, name) == 0)
                        return &rule->parameters[i];
        return NULL;
}

static int check_setting(void *context, const struct parameter_setting *setting, struct err *err)
{
        static const char *const kinds[] = {[RULE_PARAMETER_DURATION] = "a duration such as 15 min",
                                            [RULE_PARAMETER_TIME] = "a time of day such as 09:15",
                                            [RULE_PARAMETER_INTEGER] = "a whole number"};
        struct check *check = context;
        const struct rule *rule = rulebook_find(check->book, setting->rule);
        const struct rule_parameter *parameter = rule ? find_parameter(rule, setting->name) : NULL;
        int64_t value;
        int r = 0;

        if (!rule)
                r = check_fault(check, "settings of %s: %s: there is no such rule: take the setting away",
                                setting->owner, setting->rule);
        else if (!parameter)
                r = check_fault(check, "settings of %s: rule %s: has no parameter %s: take the setting away",
                                setting->owner, setting->rule, setting->name);
        else if (!rule_parameter_read(parameter->kind, setting->value, &value))
                r = check_fault(check,
                                "settings of %s: rule %s, %s: `%.40s` is not %s: the rule's own %s is used",
                                setting->owner, setting->rule, setting->name, setting->value,
                                kinds[parameter->kind], parameter->text);
        return r < 0 ? err_set(err, ERR_NOMEM, "check: out of memory") : 0;
}

int check_settings(struct check *check, struct err *err)
{
        struct db *db = NULL;
        int r;

        if (!check->database)
                return 0;
        r = db_open(check->database, DB_READER, &db, err);
        if (r == 0)
                r = parameter_each(db, check_setting, check, err);
        db_close(db);
        return r;
}
