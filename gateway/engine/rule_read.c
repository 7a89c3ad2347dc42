#include "engine/rule_read.h"
#include "base/yaml.h"
#include "store/recipient.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#define NOON (12 * 3600)

static const char *const kinds[] = {"pupil",  "placement",   "organisation", "case",  "meeting",
                                    "person", "application", "survey",       "visit", NULL};

static int copy(const struct yaml_node *node, char **ret_text, struct err *err)
{
        const char *text;
        int r = yaml_text(node, &text, err);

        if (r < 0)
                return r;
        *ret_text = strdup(text);
        return *ret_text ? 0 : err_set(err, ERR_NOMEM, "rules: out of memory");
}

static int copy_needed(const struct yaml_node *mapping, const char *key, char **ret_text, struct err *err)
{
        const struct yaml_node *node;
        int r = yaml_need(mapping, key, &node, err);

        return r < 0 ? r : copy(node, ret_text, err);
}

static int copy_optional(const struct yaml_node *mapping, const char *key, char **ret_text, struct err *err)
{
        const struct yaml_node *node = yaml_get(mapping, key);

        return node ? copy(node, ret_text, err) : 0;
}

/* ---- parameters */

bool rule_parameter_read(enum rule_parameter_kind kind, const char *text, int64_t *ret_value)
{
        int seconds;

        switch (kind) {
        case RULE_PARAMETER_DURATION:
                return yaml_read_duration(text, ret_value);
        case RULE_PARAMETER_TIME:
                if (!yaml_read_time_of_day(text, &seconds))
                        return false;
                *ret_value = seconds - NOON;
                return true;
        default:
                return yaml_read_int(text, ret_value);
        }
}

static int read_parameter(struct rule *rule, const struct yaml_node *node, struct err *err)
{
        struct rule_parameter *parameter = &rule->parameters[rule->parameter_count];
        int r;

        if (rule->parameter_count == RULE_PARAMETER_MAX)
                return yaml_refuse(node, err, "more than %d parameters: use fewer", RULE_PARAMETER_MAX);
        rule->parameter_count++;
        parameter->name = strdup(yaml_key(node));
        if (!parameter->name)
                return err_set(err, ERR_NOMEM, "rules: out of memory");
        r = copy(node, &parameter->text, err);
        if (r < 0)
                return r;
        for (parameter->kind = RULE_PARAMETER_DURATION; parameter->kind <= RULE_PARAMETER_INTEGER;
             parameter->kind++)
                if (rule_parameter_read(parameter->kind, parameter->text, &parameter->value))
                        return 0;
        return yaml_refuse(
            node, err,
            "`%.40s` is no parameter: write a whole number, a duration such as 15 min, or a time "
            "of day such as \"09:15\"",
            parameter->text);
}

static int read_parameters(struct rule *rule, const struct yaml_node *params, struct err *err)
{
        int r = params ? yaml_want(params, YAML_KIND_MAPPING, err) : 0;

        for (int i = 0; r == 0 && params && i < yaml_count(params); i++)
                r = read_parameter(rule, yaml_at(params, i), err);
        return r;
}

/* How long a word of the family covers is a number like others, so that an organisation can set its own. */
static int read_covers(struct rule *rule, const struct yaml_node *root, struct err *err)
{
        int r = copy_optional(root, "covers", &rule->covers, err);

        if (r < 0 || !rule->covers)
                return r;
        for (int i = 0; i < rule->parameter_count; i++)
                if (strcmp(rule->parameters[i].name, "covered_for") == 0 &&
                    rule->parameters[i].kind == RULE_PARAMETER_INTEGER) {
                        rule->covered_for = i;
                        return 0;
                }
        return yaml_refuse(yaml_get(root, "covers"), err,
                           "needs a parameter: write covered_for: 5 (school days) under params");
}

/* ---- selects */

static const char *const type_names[] = {[RULE_TEXT] = "text",
                                         [RULE_COUNT] = "count",
                                         [RULE_DATE] = "date",
                                         [RULE_TIME] = "time",
                                         [RULE_BOOL] = "bool"};

static int read_type(const struct yaml_node *node, enum rule_type *ret_type, struct err *err)
{
        const char *text;
        int r = yaml_text(node, &text, err);

        if (r < 0)
                return r;
        for (unsigned i = 0; i < ARRAY_SIZE(type_names); i++)
                if (strcmp(type_names[i], text) == 0) {
                        *ret_type = (enum rule_type)i;
                        return 0;
                }
        return yaml_refuse(node, err, "`%.40s` is no type: write text, count, date, time or bool", text);
}

static int read_values(struct rule_select *into, const struct yaml_node *values, struct err *err)
{
        int r = values ? yaml_want(values, YAML_KIND_MAPPING, err) : 0,
            count = values ? yaml_count(values) : 0;

        if (r < 0)
                return r;
        if (count > RULE_VALUE_MAX)
                return yaml_refuse(values, err, "more than %d values: use fewer", RULE_VALUE_MAX);
        into->values = calloc((size_t)count + 1, sizeof *into->values);
        if (!into->values)
                return err_set(err, ERR_NOMEM, "rules: out of memory");
        for (int i = 0; i < count; i++) {
                const struct yaml_node *node = yaml_at(values, i);

                into->values[into->value_count].name = strdup(yaml_key(node));
                if (!into->values[into->value_count].name)
                        return err_set(err, ERR_NOMEM, "rules: out of memory");
                r = read_type(node, &into->values[into->value_count++].type, err);
                if (r < 0)
                        return r;
                if (select_find_column(into->select, yaml_key(node)) < 0)
                        return yaml_refuse(node, err,
                                           "the select has no such column: name one of its columns");
        }
        return 0;
}

/* NODE is the text of the select; its own place goes into the error. */
static int make_select(struct rule *rule, struct select_sandbox *sandbox, const struct yaml_node *node,
                       struct select **ret_select, struct err *err)
{
        struct err inner = {0};
        const char *sql;
        int r = yaml_text(node, &sql, err);

        if (r < 0)
                return r;
        r = select_new(sandbox, rule->name, rule->kind, sql, ret_select, &inner);
        return r < 0 ? yaml_refuse(node, err, "%s", inner.text) : 0;
}

static bool is_known_parameter(const struct rule *rule, const char *name)
{
        static const char *const given[] = {"subject", "now", "recent"};

        for (size_t i = 0; i < ARRAY_SIZE(given); i++)
                if (strcmp(given[i], name) == 0)
                        return true;
        for (int i = 0; i < rule->parameter_count; i++)
                if (strcmp(rule->parameters[i].name, name) == 0)
                        return true;
        return false;
}

/* FROM_ROW: the columns of the main select are parameters too. */
static int check_parameters(const struct rule *rule, const struct select *select, bool from_row,
                            const struct yaml_node *node, struct err *err)
{
        for (int i = 0; i < select_parameter_count(select); i++) {
                const char *name = select_parameter(select, i);

                if (!is_known_parameter(rule, name) &&
                    !(from_row && select_find_column(rule->main.select, name) >= 0))
                        return yaml_refuse(node, err, "`:%.40s` has no value: declare it under params", name);
        }
        return 0;
}

static int read_main(struct rule *rule, struct select_sandbox *sandbox, const struct yaml_node *root,
                     struct err *err)
{
        static const char *const needed[] = {"subject", "key", "due", "expires"};
        const struct yaml_node *node;
        int r = yaml_need(root, "select", &node, err);

        if (r == 0)
                r = make_select(rule, sandbox, node, &rule->main.select, err);
        if (r == 0)
                r = check_parameters(rule, rule->main.select, false, node, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
                if (select_find_column(rule->main.select, needed[i]) < 0)
                        return yaml_refuse(
                            node, err, "has no column `%s`: every rule gives subject, key, due and expires",
                            needed[i]);
        return read_values(&rule->main, yaml_get(root, "values"), err);
}

static int read_list(struct rule *rule, struct select_sandbox *sandbox, const struct yaml_node *node,
                     struct err *err)
{
        static const char *const keys[] = {"values", "select", NULL};
        struct rule_select *list = &rule->lists[rule->list_count];
        const struct yaml_node *text;
        int r;

        if (rule->list_count == RULE_LIST_MAX)
                return yaml_refuse(node, err, "more than %d lists: use fewer", RULE_LIST_MAX);
        rule->list_count++;
        list->name = strdup(yaml_key(node));
        r = list->name ? yaml_only_keys(node, keys, err) : err_set(err, ERR_NOMEM, "rules: out of memory");
        if (r == 0)
                r = yaml_need(node, "select", &text, err);
        if (r == 0)
                r = make_select(rule, sandbox, text, &list->select, err);
        if (r == 0)
                r = check_parameters(rule, list->select, true, text, err);
        return r < 0 ? r : read_values(list, yaml_get(node, "values"), err);
}

static int read_lists(struct rule *rule, struct select_sandbox *sandbox, const struct yaml_node *root,
                      struct err *err)
{
        const struct yaml_node *lists = yaml_get(root, "lists"), *marks = yaml_get(root, "marks");
        int r = lists ? yaml_want(lists, YAML_KIND_MAPPING, err) : 0;

        for (int i = 0; r == 0 && lists && i < yaml_count(lists); i++)
                r = read_list(rule, sandbox, yaml_at(lists, i), err);
        if (r < 0 || !marks)
                return r;
        r = make_select(rule, sandbox, marks, &rule->marks, err);
        if (r == 0)
                r = check_parameters(rule, rule->marks, true, marks, err);
        if (r == 0 && select_find_column(rule->marks, "mark") < 0)
                r = yaml_refuse(marks, err, "has no column `mark`: give the marks that the message tells of");
        return r;
}

/* ---- whom to tell */

static char fault_to[] = "group-staff", fault_template[] = RULE_FAULT_TEMPLATE, fault_sms[] = "sms",
            fault_email[] = "email";

const struct rule_notify rule_fault_notify = {
    .to = fault_to, .template = fault_template, .by = {fault_sms, fault_email}, .by_count = 2};

static int read_channels(struct rule_notify *notify, const struct yaml_node *by, struct err *err)
{
        static const char *const defaults[] = {"sms", "email"};
        int r;

        if (!by) {
                for (notify->by_count = 0; notify->by_count < RULE_CHANNEL_MAX; notify->by_count++)
                        if (!(notify->by[notify->by_count] = strdup(defaults[notify->by_count])))
                                return err_set(err, ERR_NOMEM, "rules: out of memory");
                return 0;
        }
        r = yaml_want(by, YAML_KIND_SEQUENCE, err);
        if (r < 0)
                return r;
        if (yaml_count(by) < 1 || yaml_count(by) > RULE_CHANNEL_MAX)
                return yaml_refuse(by, err, "must name one or two channels: write [sms, email]");
        for (int i = 0; i < yaml_count(by); i++) {
                r = copy(yaml_at(by, i), &notify->by[i], err);
                if (r < 0)
                        return r;
                notify->by_count++;
                if (strcmp(notify->by[i], "sms") != 0 && strcmp(notify->by[i], "email") != 0)
                        return yaml_refuse(yaml_at(by, i), err, "`%.40s` is no channel: write sms or email",
                                           notify->by[i]);
        }
        return 0;
}

static int check_column(const struct rule *rule, const struct yaml_node *item, const char *key,
                        const char *column, struct err *err)
{
        if (!column || select_find_column(rule->main.select, column) >= 0)
                return 0;
        return yaml_refuse(yaml_get(item, key), err,
                           "the select has no column `%.40s`: name one of its columns", column);
}

static int read_notify(struct rule *rule, const struct yaml_node *item, struct err *err)
{
        static const char *const keys[] = {
            "to",       "by",     "template",       "staff_template", "when", "covered_when",
            "muted_by", "unless", "unless_fetched", "ladder",         NULL};
        struct rule_notify *notify = &rule->notify[rule->notify_count];
        int r;

        if (rule->notify_count == RULE_NOTIFY_MAX)
                return yaml_refuse(item, err, "more than %d: notify fewer", RULE_NOTIFY_MAX);
        rule->notify_count++;
        r = yaml_only_keys(item, keys, err);
        if (r == 0)
                r = copy_needed(item, "to", &notify->to, err);
        if (r == 0 && !recipient_is_word(notify->to))
                r = yaml_refuse(yaml_get(item, "to"), err,
                                "`%.40s` means nobody: write a word of rules/README.md", notify->to);
        if (r == 0)
                r = copy_needed(item, "template", &notify->template, err);
        if (r == 0)
                r = copy_optional(item, "staff_template", &notify->staff_template, err);
        if (r == 0)
                r = copy_optional(item, "when", &notify->when, err);
        if (r == 0)
                r = copy_optional(item, "covered_when", &notify->covered_when, err);
        if (r == 0)
                r = copy_optional(item, "muted_by", &notify->muted_by, err);
        if (r == 0)
                r = copy_optional(item, "unless", &notify->unless, err);
        if (r == 0)
                r = copy_optional(item, "unless_fetched", &notify->unless_fetched, err);
        if (r == 0)
                r = copy_optional(item, "ladder", &notify->ladder, err);
        if (r == 0)
                r = read_channels(notify, yaml_get(item, "by"), err);
        if (r == 0)
                r = check_column(rule, item, "when", notify->when, err);
        if (r == 0)
                r = check_column(rule, item, "covered_when", notify->covered_when, err);
        if (r == 0)
                r = check_column(rule, item, "unless_fetched", notify->unless_fetched, err);
        return r < 0 ? r : check_column(rule, item, "unless", notify->unless, err);
}

static int read_notifies(struct rule *rule, const struct yaml_node *notify, struct err *err)
{
        int r = notify ? yaml_want(notify, YAML_KIND_SEQUENCE, err) : 0;

        for (int i = 0; r == 0 && notify && i < yaml_count(notify); i++)
                r = read_notify(rule, yaml_at(notify, i), err);
        return r;
}

/* ---- the whole */

static int read_needs(struct rule *rule, const struct yaml_node *needs, struct err *err)
{
        const char *text;
        int r;

        if (!needs)
                return 0;
        r = yaml_text(needs, &text, err);
        if (r < 0)
                return r;
        if (strcmp(text, "register") != 0)
                return yaml_refuse(needs, err, "`%.40s` is nothing that can be fresh: write register", text);
        rule->needs_register = true;
        return 0;
}

static int read_head(struct rule *rule, const struct yaml_node *root, struct err *err)
{
        const struct yaml_node *forget = yaml_get(root, "forget");
        int r = copy_needed(root, "rule", &rule->name, err);

        if (r == 0)
                r = copy_needed(root, "about", &rule->about, err);
        if (r == 0)
                r = copy_needed(root, "subject", &rule->kind, err);
        if (r == 0)
                r = copy_optional(root, "gone", &rule->gone, err);
        if (r == 0)
                r = copy_optional(root, "publish", &rule->publish, err);
        if (r == 0 && forget)
                r = yaml_bool(forget, &rule->forgets, err);
        if (r == 0)
                r = read_needs(rule, yaml_get(root, "needs"), err);
        if (r < 0)
                return r;
        if (!rule->gone && !(rule->gone = strdup("gone")))
                return err_set(err, ERR_NOMEM, "rules: out of memory");
        if (rule->publish && !strchr(rule->publish, '.'))
                return yaml_refuse(yaml_get(root, "publish"), err,
                                   "is no event: write KIND.EVENT, such as absence.alerted");
        for (const char *const *kind = kinds; *kind; kind++)
                if (strcmp(*kind, rule->kind) == 0)
                        return 0;
        return yaml_refuse(yaml_get(root, "subject"), err,
                           "`%.40s` is no kind of subject: see rules/README.md", rule->kind);
}

/* Of the whole rule, or of each row. */
static int read_urgent(struct rule *rule, const struct yaml_node *urgent, struct err *err)
{
        const char *text;
        int r;

        if (!urgent)
                return 0;
        r = yaml_text(urgent, &text, err);
        if (r < 0)
                return r;
        if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
                return yaml_bool(urgent, &rule->urgent, err);
        if (select_find_column(rule->main.select, text) < 0)
                return yaml_refuse(urgent, err,
                                   "`%.40s` says nothing: write true, false or a column of the select", text);
        return copy(urgent, &rule->urgent_when, err);
}

static int read_rule(struct rule *rule, struct select_sandbox *sandbox, const struct yaml_node *root,
                     struct err *err)
{
        static const char *const keys[] = {"rule",   "about",  "subject", "urgent", "params", "values",
                                           "select", "lists",  "marks",   "notify", "gone",   "publish",
                                           "case",   "covers", "forget",  "needs",  NULL};
        int r = yaml_only_keys(root, keys, err);

        if (r == 0)
                r = read_head(rule, root, err);
        if (r == 0)
                r = read_parameters(rule, yaml_get(root, "params"), err);
        if (r == 0)
                r = read_covers(rule, root, err);
        if (r == 0)
                r = read_main(rule, sandbox, root, err);
        if (r == 0)
                r = read_urgent(rule, yaml_get(root, "urgent"), err);
        if (r == 0)
                r = read_lists(rule, sandbox, root, err);
        if (r == 0)
                r = read_notifies(rule, yaml_get(root, "notify"), err);
        return r < 0 ? r : rule_read_case(rule, root, err);
}

/* The text is kept, so that a message can show the rule that made it after the file has changed. */
static int keep_text(struct rule *rule, const char *path, struct err *err)
{
        unsigned char digest[SHA256_DIGEST_LENGTH];
        _cleanup_(free_ptr) char *text = calloc(1, YAML_FILE_MAX + 2);
        FILE *file;
        size_t length;

        rule->file = strdup(path);
        rule->hash = calloc(1, SHA256_DIGEST_LENGTH * 2 + 1);
        if (!text || !rule->file || !rule->hash)
                return err_set(err, ERR_NOMEM, "rules: out of memory");
        file = fopen(path, "re");
        if (!file)
                return err_set(err, ERR_IO, "%s: cannot read: check its rights", path);
        length = fread(text, 1, YAML_FILE_MAX + 1, file);
        fclose(file);
        rule->text = strdup(text); /* not the buffer, which has room for the longest */
        if (!rule->text)
                return err_set(err, ERR_NOMEM, "rules: out of memory");
        SHA256((const unsigned char *)text, length, digest);
        for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
                snprintf(rule->hash + i * 2, 3, "%02x", digest[i]);
        return 0;
}

int rule_read(struct select_sandbox *sandbox, const char *path, struct rule **ret_rule, struct err *err)
{
        _cleanup_(yaml_freep) struct yaml *yaml = NULL;
        struct rule *rule = calloc(1, sizeof *rule);
        int r;

        if (!rule)
                return err_set(err, ERR_NOMEM, "rules: out of memory");
        r = keep_text(rule, path, err);
        if (r == 0)
                r = yaml_parse(path, rule->text, strlen(rule->text), &yaml, err);
        if (r == 0)
                r = read_rule(rule, sandbox, yaml_root(yaml), err);
        if (r < 0) {
                rule_free(rule);
                return r;
        }
        *ret_rule = rule;
        return 0;
}

static void fini_select(struct rule_select *select)
{
        select_free(select->select);
        for (int i = 0; i < select->value_count; i++)
                free(select->values[i].name);
        free(select->values);
        free(select->name);
}

static void fini_notify(struct rule_notify *notify)
{
        free(notify->to);
        free(notify->template);
        free(notify->staff_template);
        free(notify->covered_when);
        free(notify->when);
        free(notify->muted_by);
        free(notify->unless);
        free(notify->unless_fetched);
        free(notify->ladder);
        for (int i = 0; i < notify->by_count; i++)
                free(notify->by[i]);
}

struct rule *rule_free(struct rule *rule)
{
        if (!rule)
                return NULL;
        for (int i = 0; i < rule->parameter_count; i++) {
                free(rule->parameters[i].name);
                free(rule->parameters[i].text);
        }
        fini_select(&rule->main);
        for (int i = 0; i < rule->list_count; i++)
                fini_select(&rule->lists[i]);
        select_free(rule->marks);
        for (int i = 0; i < rule->notify_count; i++)
                fini_notify(&rule->notify[i]);
        free(rule->name);
        free(rule->about);
        free(rule->kind);
        free(rule->file);
        free(rule->hash);
        free(rule->text);
        free(rule->gone);
        free(rule->publish);
        free(rule->urgent_when);
        free(rule->covers);
        free(rule->case_wish.owner);
        free(rule->case_wish.when);
        free(rule->case_wish.step);
        free(rule);
        return NULL;
}
