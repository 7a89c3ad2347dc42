/* kapula check: configuration, rules, templates and providers together. */
#include "command/check.h"
#include "command/config.h"
#include "command/costs.h"
#include "command/providers.h"
#include "command/resources.h"
#include "command/verbs.h"
#include "deliver/reply.h"
#include "compose/catalogue.h"
#include "compose/pages.h"
#include "engine/rule.h"
#include "store/db.h"
#include "web/criteria.h"
#include "web/outcomes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FAULT_MAX 1024 /* bytes of one fault's text */

int check_fault(struct check *check, const char *format, ...)
{
        char text[FAULT_MAX];
        va_list arguments;
        size_t index;
        json_t *each;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        json_array_foreach(check->faults, index, each)
        {
                if (strcmp(json_string_value(each), text) == 0)
                        return 0;
        }
        return json_array_append_new(check->faults, json_string(text)) < 0 ? ERR_NOMEM : 0;
}

/* ---- queries */

struct planning {
        struct check *check;
        const struct rule *rule;
        const char *part;
};

static void note_scan(void *context, const char *table)
{
        struct planning *planning = context;

        check_fault(
            planning->check,
            "%s: rule %s, %s: reads the whole table %s for each subject: join by the view's own column, or "
            "by organisation and day",
            planning->rule->file, planning->rule->name, planning->part, table);
}

static int check_plan(struct planning *planning, const struct select *select, const char *part,
                      struct err *err)
{
        planning->part = part;
        return select ? select_check_plan(select, planning->check->db, note_scan, planning, err) : 0;
}

int check_plans(struct check *check, struct err *err)
{
        struct planning planning = {.check = check};
        int r = 0;

        for (int i = 0; i < check->book->count && r == 0; i++) {
                const struct rule *rule = check->book->rules[i];

                planning.rule = rule;
                r = check_plan(&planning, rule->main.select, "select", err);
                for (int k = 0; k < rule->list_count && r == 0; k++)
                        r = check_plan(&planning, rule->lists[k].select, rule->lists[k].name, err);
                if (r == 0)
                        r = check_plan(&planning, rule->marks, "marks", err);
        }
        return r;
}

/* ---- rules and templates */

static void note_rule_fault(void *context, const struct err *fault)
{
        check_fault(context, "%s", fault->text);
}

static int load(struct check *check, const char *rules, const char *rules_overlay, const char *templates,
                const char *templates_overlay, struct rulebook **ret_book, struct catalogue **ret_catalogue,
                struct err *err)
{
        int r = resource_rules_told(check->db, rules, rules_overlay, note_rule_fault, check, ret_book, err);

        if (r < 0 && json_array_size(check->faults) == 0)
                return r;
        r = resource_templates(templates, templates_overlay, ret_catalogue, err);
        if (r == ERR_INVALID || r == ERR_LIMIT)
                return check_fault(check, "%s", err->text);
        return r;
}

static int note_page_fault(void *context, const char *fault, struct err *err)
{
        return check_fault(context, "%s", fault) < 0 ? err_set(err, ERR_NOMEM, "check: out of memory") : 0;
}

static int check_pages(struct check *check, const char *name, const char *templates, const char *overlay,
                       struct err *err)
{
        static const char *const needed[] = {"fi", "sv", "en", NULL};
        struct pages *pages = NULL;
        struct err fault = {0};
        int r = resource_pages(name, templates, overlay, &pages, &fault);

        if (r == ERR_INVALID || r == ERR_LIMIT)
                return check_fault(check, "%s", fault.text);
        if (r < 0) {
                *err = fault;
                return r;
        }
        r = pages_check(pages, needed, note_page_fault, check, err);
        pages_free(pages);
        return r;
}

/* What evaluations ask for, and what may be written down of cases. */
static int check_lists(struct check *check, const char *rules, const char *overlay, struct err *err)
{
        struct criteria criteria;
        struct outcomes outcomes;
        struct err fault = {0};
        int r = resource_criteria(rules, overlay, &criteria, &fault);

        if (r == 0 || r == ERR_INVALID || r == ERR_LIMIT) {
                if (r < 0)
                        check_fault(check, "%s", fault.text);
                r = resource_outcomes(rules, overlay, &outcomes, &fault);
        }
        if (r == ERR_INVALID || r == ERR_LIMIT)
                return check_fault(check, "%s", fault.text);
        if (r < 0)
                *err = fault;
        return r;
}

int check_run(struct check *check, const char *rules, const char *rules_overlay, const char *templates,
              const char *templates_overlay, struct err *err)
{
        struct rulebook *book = NULL;
        struct catalogue *catalogue = NULL;
        int r;

        if (!check->faults)
                check->faults = json_array();
        check->fallbacks = json_array();
        check->lengths = json_array();
        if (!check->costs_known)
                check->segment_micros = -1;
        if (!check->faults || !check->fallbacks || !check->lengths)
                return err_set(err, ERR_NOMEM, "check: out of memory");
        r = db_open(":memory:", DB_PRIVATE, &check->db, err);
        if (r == 0)
                r = load(check, rules, rules_overlay, templates, templates_overlay, &book, &catalogue, err);
        check->book = book;
        check->catalogue = catalogue;
        if (r == 0 && book)
                r = check_plans(check, err);
        if (r == 0 && book)
                r = check_settings(check, err);
        if (r == 0)
                r = check_reply_open(check, templates, templates_overlay, err);
        if (r == 0 && book && catalogue)
                r = check_templates(check, err);
        if (r == 0 && catalogue)
                r = check_calendar(check, err);
        if (r == 0)
                r = check_lists(check, rules, rules_overlay, err);
        if (r == 0)
                r = check_pages(check, "web", templates, templates_overlay, err);
        return r < 0 ? r : check_pages(check, "desk", templates, templates_overlay, err);
}

void check_fini(struct check *check)
{
        rulebook_free((struct rulebook *)check->book);
        catalogue_free((struct catalogue *)check->catalogue);
        db_close(check->db);
        json_decref(check->faults);
        json_decref(check->fallbacks);
        json_decref(check->lengths);
        json_decref(check->ways);
        reply_words_free(check->words);
}

/* ---- output */

static void print_fallback(const json_t *fallback)
{
        const json_t *messages = json_object_get(fallback, "messages");
        size_t index;
        json_t *each;

        printf("%s: sent in the organisation's first language%s: ",
               json_string_value(json_object_get(fallback, "language")),
               json_is_true(json_object_get(fallback, "own_line"))
                   ? " with one line of its own"
                   : ", with no line of its own (call-school.sms.txt is missing)");
        json_array_foreach((json_t *)messages, index, each)
        {
                printf("%s%s", index ? ", " : "", json_string_value(each));
        }
        putchar('\n');
}

/* "absence-alert: SMS ar 4 (ucs2), en 2, fi 2; at most 0.30 EUR": a line a template; its languages stand
 * together. */
static void print_lengths(const struct check *check)
{
        const char *shown = "";
        int most = 0;
        size_t index;
        json_t *each;

        json_array_foreach(check->lengths, index, each)
        {
                const char *name = json_string_value(json_object_get(each, "template"));
                const char *encoding = json_string_value(json_object_get(each, "encoding"));
                const int segments = (int)json_integer_value(json_object_get(each, "segments"));
                const json_t *next = json_array_get(check->lengths, index + 1);
                char money[COSTS_MONEY_MAX];

                if (strcmp(name, shown) != 0) {
                        printf("%s: SMS", name);
                        most = 0;
                } else {
                        putchar(',');
                }
                shown = name;
                most = segments > most ? segments : most;
                printf(" %s %d%s", json_string_value(json_object_get(each, "language")), segments,
                       strcmp(encoding, "gsm7") ? " (ucs2)" : "");
                if (next && strcmp(json_string_value(json_object_get(next, "template")), name) == 0)
                        continue;
                if (check->segment_micros >= 0) {
                        costs_money_print(check->segment_micros * most, money);
                        printf("; at most %s %s", money, check->currency);
                }
                putchar('\n');
        }
}

/* "twilio, +46: can be answered by SMS". */
static void print_ways(const struct check *check)
{
        size_t index;
        json_t *each;

        json_array_foreach(check->ways, index, each)
        {
                const char *organisation = json_string_value(json_object_get(each, "organisation"));

                printf("%s, %s%s%s: %s be answered by SMS\n",
                       json_string_value(json_object_get(each, "provider")),
                       json_string_value(json_object_get(each, "prefix")), *organisation ? ", " : "",
                       organisation, json_is_true(json_object_get(each, "can_reply")) ? "can" : "cannot");
        }
}

static int print_json(const struct check *check, struct err *err)
{
        json_t *all =
            json_pack("{s:i, s:i, s:O, s:O, s:O, s:O*}", "rules", check->book ? check->book->count : 0,
                      "templates", check->templates, "faults", check->faults, "fallbacks", check->fallbacks,
                      "lengths", check->lengths, "replies", check->ways);
        int r = !all || json_dumpf(all, stdout, JSON_COMPACT) < 0 || putchar('\n') == EOF;

        json_decref(all);
        return r ? err_set(err, ERR_IO, "standard output: cannot write") : 0;
}

int check_print(const struct check *check, bool json, struct err *err)
{
        int faults = (int)json_array_size(check->faults), r = 0;
        size_t index;
        json_t *each;

        if (json)
                r = print_json(check, err);
        json_array_foreach(check->faults, index, each)
        {
                if (!json)
                        printf("%s\n", json_string_value(each));
        }
        json_array_foreach(check->fallbacks, index, each)
        {
                if (!json && !faults)
                        print_fallback(each);
        }
        if (!json && !faults)
                print_lengths(check);
        if (!json && !faults)
                print_ways(check);
        if (!json && !faults)
                printf("%d rules, %d messages in their languages: nothing is wrong\n", check->book->count,
                       check->templates);
        if (r == 0 && faults)
                r = err_set(err, ERR_INVALID, "%s", "");
        return r;
}

/* ---- providers */

static int check_providers(struct check *check, const struct config *config, struct err *err)
{
        struct provider *provider;
        struct err fault;

        check->faults = json_array();
        check->ways = json_array();
        if (!check->faults || !check->ways)
                return err_set(err, ERR_NOMEM, "check: out of memory");
        check->ways_known = true;
        for (int i = 0; i < config->provider_count; i++) {
                int r = provider_open(&config->providers[i],
                                      config->base_url ? config->base_url : "http://127.0.0.1",
                                      "http://127.0.0.1", &provider, &fault);

                if (r == ERR_NOMEM)
                        return err_set(err, r, "check: out of memory");
                if (r < 0) {
                        check_fault(check, "%s", fault.text);
                        continue;
                }
                r = check_reply_provider(check, &config->providers[i], provider, err);
                provider_free(provider);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- the verb */

static int run(int argc, char **argv, struct err *err)
{
        const char *path = NULL, *rules = NULL, *templates = NULL, *db = NULL, *operands[OPERAND_MAX];
        bool json = false;
        const struct option_spec specs[] = {
            {.name = "--config", .value = &path},
            {.name = "--rules", .value = &rules},
            {.name = "--templates", .value = &templates},
            {.name = "--db", .value = &db},
            {.name = "--json", .flag = &json},
            {0},
        };
        _cleanup_(config_fini) struct config config = {0};
        struct check check = {0};
        int count, r = options_read(argc, argv, specs, operands, &count, err);

        if (r == 0 && count)
                r = err_set(err, ERR_USAGE, "check: takes no operands: see kapula help check");
        if (r == 0)
                r = config_load(path, &config, err);
        if (r < 0)
                return r;
        check.costs_known = true;
        check.segment_micros = costs_price(config.costs, SAMPLE_NUMBER);
        snprintf(check.currency, sizeof check.currency, "%s", config.costs->currency);
        check.database = db ? db : config.database;
        if (check.database && !db && access(check.database, R_OK) != 0)
                check.database = NULL; /* not yet born */
        r = check_providers(&check, &config, err);
        if (r == 0)
                r = check_run(&check, rules, config.rules, templates, config.templates, err);
        if (r == 0)
                r = check_print(&check, json, err);
        check_fini(&check);
        return r;
}

const struct verb verb_check = {
    .name = "check",
    .usage = "[--config FILE] [--rules DIR] [--templates DIR] [--db FILE] [--json]",
    .summary = "checks configuration, rules, templates and providers together",
    .run = run,
};
