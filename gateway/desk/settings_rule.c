/* One rule: its numbers, whose they are and since when, and setting them anew. */
#include "desk/pages.h"
#include "desk/settings.h"

#include <string.h>

static const struct rule *find_rule(const struct desk *desk)
{
        const struct rule *rule = rulebook_find(desk->web->book, desk_query(desk, DESK_Q_NAME));

        return rule && rule->parameter_count ? rule : NULL;
}

static struct setting_key key_of(const struct desk *desk, const struct rule *rule, const char *name)
{
        return (struct setting_key){
            .kind = SETTING_PARAMETER, .organisation = desk->subject.id, .item = rule->name, .part = name};
}

/* ---- showing */

/* What was typed into a form that was refused, and what is being tried, stands in it again. */
static const char *typed(const struct desk *desk, const char *name, const char *own)
{
        const struct value *tried = value_find(desk->values, "preview.name");

        if (!desk->form && tried && strcmp(tried->text, name) == 0)
                return value_find(desk->values, "preview.value")->text;
        return desk->form && strcmp(form_value(desk->form, "name"), name) == 0 &&
                       strcmp(form_value(desk->form, "act"), "undo") != 0
                   ? form_value(desk->form, "value")
                   : own;
}

static int add_number(struct desk *desk, struct value *list, const struct rule *rule,
                      const struct rule_parameter *parameter)
{
        static const char *const hints[] = {[RULE_PARAMETER_DURATION] = "settings-duration",
                                            [RULE_PARAMETER_TIME] = "settings-time",
                                            [RULE_PARAMETER_INTEGER] = "settings-integer"};
        _cleanup_(setting_effective_fini) struct setting_effective effective = {0};
        const struct setting_key key = key_of(desk, rule, parameter->name);
        struct value *map = value_append_map(list);
        int r = setting_effective(desk->db, &key, &effective, desk->err);

        if (r < 0)
                return r;
        value_set_text(map, "name", parameter->name);
        value_set_text(map, "label", settings_number(desk, rule->name, parameter->name));
        value_set_text(map, "hint", desk_word(desk, hints[parameter->kind]));
        value_set_text(map, "usual", parameter->text);
        value_set_text(map, "effective", r ? effective.value : parameter->text);
        if (r && strcmp(effective.owner, desk->subject.id) != 0)
                value_set_text(map, "from", effective.owner_name);
        r = settings_set_key(desk, map, &key);
        if (r == 0)
                value_set_text(map, "typed", typed(desk, parameter->name, value_find(map, "own")->text));
        return r;
}

int settings_rule_show(struct desk *desk)
{
        const struct rule *rule = find_rule(desk);
        struct setting_filter history = {
            .organisation = desk->subject.id, .kind = SETTING_PARAMETER, .state = -1};
        struct value *list;
        int r = rule ? settings_set_place(desk) : 404;

        if (r != 0)
                return r;
        value_set_text(desk->values, "rule", rule->name);
        desk_set_url(desk->values, "rule_query", rule->name);
        value_set_text(desk->values, "title", settings_rule(desk, rule->name));
        if (strcmp(desk_language(desk), "en") == 0) /* the rules' files speak English */
                value_set_text(desk->values, "about", rule->about);
        value_set_bool(desk->values, "is_urgent", setting_is_urgent(rule));
        value_set_bool(desk->values, "may_preview", desk->web->preview.start != NULL);
        r = settings_set_preview(desk, rule->name);
        list = value_set_list(desk->values, "numbers");
        for (int i = 0; i < rule->parameter_count && r == 0; i++)
                r = add_number(desk, list, rule, &rule->parameters[i]);
        history.item = rule->name;
        if (r == 0)
                r = settings_set_rows(desk, "rows", &history);
        return r;
}

/* ---- setting */

/* What is wrong with a value, in a word of the reader's. */
static int check_value(struct desk *desk, const struct rule *rule, const char *name, const char *value)
{
        static const char *const words[] = {[RULE_PARAMETER_DURATION] = "settings-bad-duration",
                                            [RULE_PARAMETER_TIME] = "settings-bad-time",
                                            [RULE_PARAMETER_INTEGER] = "settings-bad-integer"};
        struct err fault;

        for (int i = 0; i < rule->parameter_count; i++)
                if (strcmp(rule->parameters[i].name, name) == 0) {
                        if (!*value ||
                            setting_check_parameter(desk->web->book, rule->name, name, value, &fault) == 0)
                                return 0;
                        return desk_refuse(desk, 422, words[rule->parameters[i].kind]);
                }
        return desk_refuse(desk, 400, "form-wrong");
}

static int set(struct desk *desk, const struct form *form, const struct rule *rule, const char *name,
               const char *value)
{
        struct setting_wish wish = {.key = key_of(desk, rule, name),
                                    .value = *value ? value : NULL,
                                    .seen = form_number(form, "seen"),
                                    .urgent = setting_is_urgent(rule)};
        int r = desk_once(desk, form);

        if (r <= 0)
                return r < 0 ? r : 409;
        return settings_propose(desk, &wish);
}

/* Without the blanks around it; false when it is too long for any value. */
static bool trim(const char *text, char ret_value[static PREVIEW_VALUE_SIZE])
{
        size_t length;

        text += strspn(text, " \t\r\n");
        length = strlen(text);
        while (length && strchr(" \t\r\n", text[length - 1]))
                length--;
        if (length >= PREVIEW_VALUE_SIZE)
                return false;
        memcpy(ret_value, text, length);
        ret_value[length] = '\0';
        return true;
}

int settings_rule_act(struct desk *desk, const struct form *form)
{
        const char *act = form_value(form, "act"), *name = form_value(form, "name");
        const struct rule *rule = find_rule(desk);
        char value[PREVIEW_VALUE_SIZE];
        int r;

        if (!rule)
                return 404;
        if (strcmp(act, "set") != 0 && strcmp(act, "try") != 0)
                return settings_decide(desk, form, SETTING_PARAMETER);
        if (!trim(form_value(form, "value"), value))
                return desk_refuse(desk, 422, "settings-too-long");
        r = check_value(desk, rule, name, value);
        if (r != 0)
                return r;
        return strcmp(act, "set") == 0 ? set(desk, form, rule, name, value)
                                       : settings_start_preview(desk, rule->name, name, value);
}
