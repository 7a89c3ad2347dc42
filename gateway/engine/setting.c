#include "engine/setting.h"
#include "base/date.h"
#include "engine/text_check.h"

#include <string.h>

#define TEMPLATE_MAX (RULE_MAX * RULE_NOTIFY_MAX)

static const char *const kind_words[] = {[RULE_PARAMETER_DURATION] = "a duration such as 15 min",
                                         [RULE_PARAMETER_TIME] = "a time of day such as 09:15",
                                         [RULE_PARAMETER_INTEGER] = "a whole number such as 3"};

/* ---- numbers */

static const struct rule_parameter *find_parameter(const struct rule *rule, const char *name)
{
        for (int i = 0; i < rule->parameter_count; i++)
                if (strcmp(rule->parameters[i].name, name) == 0)
                        return &rule->parameters[i];
        return NULL;
}

/* Below nothing only where the rule's own number is. */
static int check_span(const struct rule_parameter *parameter, int64_t value, struct err *err)
{
        if (parameter->kind == RULE_PARAMETER_TIME)
                return 0;
        if (value < 0 && parameter->value >= 0)
                return err_set(err, ERR_INVALID, "%s: less than nothing: write 0 or more", parameter->name);
        if (parameter->kind == RULE_PARAMETER_DURATION && value > SETTING_DURATION_MAX)
                return err_set(err, ERR_INVALID, "%s: longer than %d days: write a shorter one",
                               parameter->name, SETTING_DURATION_MAX / 86400);
        if (parameter->kind == RULE_PARAMETER_INTEGER &&
            (value > SETTING_INTEGER_MAX || value < -SETTING_INTEGER_MAX))
                return err_set(err, ERR_INVALID, "%s: more than %d: write a smaller number", parameter->name,
                               SETTING_INTEGER_MAX);
        return 0;
}

int setting_check_parameter(const struct rulebook *book, const char *rule_name, const char *name,
                            const char *value, struct err *err)
{
        const struct rule *rule = rulebook_find(book, rule_name);
        const struct rule_parameter *parameter = rule ? find_parameter(rule, name) : NULL;
        int64_t number;

        if (!rule)
                return err_set(err, ERR_NOT_FOUND, "%.60s: there is no such rule: take one of the list",
                               rule_name);
        if (!parameter)
                return err_set(err, ERR_NOT_FOUND, "%s: has no number %.60s: take one of its list",
                               rule->name, name);
        if (!rule_parameter_read(parameter->kind, value, &number))
                return err_set(err, ERR_INVALID, "%s: `%.40s` is not %s: write it like %s", name, value,
                               kind_words[parameter->kind], parameter->text);
        return check_span(parameter, number, err);
}

bool setting_is_of_pupils(const struct rule *rule)
{
        static const char *const kinds[] = {"pupil", "placement", "case"};

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (strcmp(rule->kind, kinds[i]) == 0)
                        return true;
        return false;
}

int setting_check_until(const char *until, int32_t today, struct err *err)
{
        int32_t day;

        if (!until || !date_parse(until, &day))
                return err_set(err, ERR_INVALID, "until: `%.20s` is no day: write it as 2026-12-18",
                               until ? until : "");
        if (day < today)
                return err_set(err, ERR_INVALID, "until: %s is over: give today or a later day", until);
        if (day > today + SETTING_UNTIL_MAX_DAYS)
                return err_set(err, ERR_INVALID, "until: %s is more than %d days off: give an earlier day",
                               until, SETTING_UNTIL_MAX_DAYS);
        return 0;
}

bool setting_is_urgent(const struct rule *rule)
{
        return rule->urgent || rule->urgent_when;
}

/* ---- texts */

static int add_fault(struct setting_report *report, const char *text)
{
        for (int i = 0; i < report->fault_count; i++)
                if (strcmp(report->faults[i], text) == 0)
                        return 0;
        if (report->fault_count == SETTING_FAULT_MAX)
                return 0;
        report->faults[report->fault_count] = strdup(text);
        return report->faults[report->fault_count++] ? 0 : ERR_NOMEM;
}

static int note_fault(void *context, const char *text)
{
        return add_fault(context, text);
}

/* Keeps the longest of all and the shortest of all. */
static int note_rendered(void *context, const char *title, const char *text, bool everything,
                         const struct segment_size *size)
{
        struct setting_report *report = context;
        struct setting_sample *sample = everything ? &report->longest : &report->shortest;
        const size_t length = strlen(text), kept = sample->text ? strlen(sample->text) : 0;

        if (sample->text && (everything ? length <= kept : length >= kept))
                return 0;
        free(sample->title);
        free(sample->text);
        sample->title = title ? strdup(title) : NULL;
        sample->text = strdup(text);
        sample->size = *size;
        return sample->text && (sample->title || !title) ? 0 : ERR_NOMEM;
}

static bool is_sent_by(const struct rule_notify *notify, enum catalogue_kind kind)
{
        const char *channel = kind == CATALOGUE_SMS ? "sms" : "email";

        for (int i = 0; i < notify->by_count; i++)
                if (strcmp(notify->by[i], channel) == 0)
                        return true;
        return false;
}

static bool names(const struct rule_notify *notify, const char *template)
{
        return strcmp(notify->template, template) == 0 ||
               (notify->staff_template && strcmp(notify->staff_template, template) == 0);
}

/* As each line of the rule that names it. */
static int try_rule(const struct rule *rule, struct text_check *check, const struct setting_text *text,
                    struct err *err)
{
        struct rule_notify notify;
        int r = 0;

        for (int i = 0; i < rule->notify_count && r == 0; i++) {
                if (!names(&rule->notify[i], text->template) || !is_sent_by(&rule->notify[i], text->kind))
                        continue;
                notify = rule->notify[i];
                notify.template = (char *)text->template;
                check->rule = rule;
                check->notify = &notify;
                r = text_check(check, err);
        }
        return r;
}

/* The text laid over the catalogue; what cannot even be read is a fault. 1: it is. */
static int lay(const struct catalogue *below, const struct setting_text *text, struct setting_report *report,
               struct catalogue **ret_catalogue, struct err *err)
{
        struct catalogue *catalogue = catalogue_over(below);
        struct err fault = {0};
        int r;

        if (!catalogue)
                return err_set(err, ERR_NOMEM, "texts: out of memory");
        r = catalogue_add(catalogue, text->language, text->template, text->kind, text->text, text->template,
                          &fault);
        if (r == 0)
                r = catalogue_check(catalogue, &fault);
        if (r == 0) {
                *ret_catalogue = catalogue;
                return 0;
        }
        catalogue_free(catalogue);
        if (r == ERR_NOMEM || add_fault(report, fault.text) < 0)
                return err_set(err, ERR_NOMEM, "texts: out of memory");
        return 1;
}

bool setting_is_sent(const struct rulebook *book, const struct setting_text *text, bool *ret_urgent)
{
        bool is_sent = false, is_urgent = false;

        for (int i = 0; i < book->count; i++)
                for (int k = 0; k < book->rules[i]->notify_count; k++)
                        if (names(&book->rules[i]->notify[k], text->template) &&
                            is_sent_by(&book->rules[i]->notify[k], text->kind)) {
                                is_sent = true;
                                is_urgent = is_urgent || setting_is_urgent(book->rules[i]);
                        }
        *ret_urgent = is_urgent;
        return is_sent;
}

int setting_try_text(const struct rulebook *book, const struct catalogue *catalogue,
                     const struct setting_text *text, struct setting_report *ret_report, struct err *err)
{
        struct text_check check = {.catalogue = catalogue,
                                   .language = text->language,
                                   .kind = text->kind,
                                   .fault = note_fault,
                                   .rendered = note_rendered,
                                   .context = ret_report};
        struct catalogue *own = NULL;
        int r;

        *ret_report = (struct setting_report){0};
        if (!locale_knows(text->language))
                return err_set(err, ERR_INVALID, "%.20s: no language with known forms: use a code such as fi",
                               text->language);
        if (text->text && strlen(text->text) > SETTING_TEXT_MAX_BYTES)
                return err_set(err, ERR_LIMIT, "%.60s: longer than %d bytes: shorten it", text->template,
                               SETTING_TEXT_MAX_BYTES);
        if (!setting_is_sent(book, text, &ret_report->is_urgent))
                return err_set(err, ERR_NOT_FOUND,
                               "%.60s: no rule sends such a message: take one of the list", text->template);
        r = 0;
        if (text->text)
                r = lay(catalogue, text, ret_report, &own, err);
        if (r != 0)
                return r < 0 ? r : 0;
        if (own)
                check.catalogue = own;
        for (int i = 0; i < book->count && r == 0; i++)
                r = try_rule(book->rules[i], &check, text, err);
        catalogue_free(own);
        return r;
}

void setting_report_fini(struct setting_report *report)
{
        while (report->fault_count)
                free(report->faults[--report->fault_count]);
        free(report->longest.title);
        free(report->longest.text);
        free(report->shortest.title);
        free(report->shortest.text);
        *report = (struct setting_report){0};
}

/* ---- which there are */

static unsigned kinds_of(const struct rule_notify *notify)
{
        return (is_sent_by(notify, CATALOGUE_SMS) ? 1u << CATALOGUE_SMS : 0) |
               (is_sent_by(notify, CATALOGUE_EMAIL) ? 1u << CATALOGUE_EMAIL : 0);
}

static void note_template(struct setting_template *list, int *count, const struct rule *rule,
                          const struct rule_notify *notify, const char *name)
{
        int i = 0;

        if (!name)
                return;
        while (i < *count && strcmp(list[i].name, name) != 0)
                i++;
        if (i == *count)
                list[(*count)++] = (struct setting_template){.name = name, .rule = rule};
        list[i].kinds |= kinds_of(notify);
        list[i].is_urgent = list[i].is_urgent || setting_is_urgent(rule);
}

static int by_name(const void *a, const void *b)
{
        const struct setting_template *first = a, *second = b;

        return strcmp(first->name, second->name);
}

int setting_each_template(const struct rulebook *book,
                          int (*each)(void *context, const struct setting_template *template,
                                      struct err *err),
                          void *context, struct err *err)
{
        _cleanup_(free_ptr) struct setting_template *list = calloc(2 * TEMPLATE_MAX, sizeof *list);
        int count = 0, r = 0;

        if (!list)
                return err_set(err, ERR_NOMEM, "texts: out of memory");
        for (int i = 0; i < book->count; i++)
                for (int k = 0; k < book->rules[i]->notify_count; k++) {
                        const struct rule_notify *notify = &book->rules[i]->notify[k];

                        note_template(list, &count, book->rules[i], notify, notify->template);
                        note_template(list, &count, book->rules[i], notify, notify->staff_template);
                }
        qsort(list, (size_t)count, sizeof *list, by_name);
        for (int i = 0; i < count && r == 0; i++)
                r = each(context, &list[i], err);
        return r;
}
