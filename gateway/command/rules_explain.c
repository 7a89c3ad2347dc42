/* kapula rules explain: one rule in plain words. */
#include "base/buf.h"
#include "command/command.h"
#include "command/resources.h"
#include "command/rules.h"
#include "compose/catalogue.h"
#include "engine/rule.h"
#include "store/db.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX_BYTES 4096
#define COMMENT_MAX 256 /* bytes of a line's comment */

/* Keep in alphabetical order, as in store/recipient.c. */
static const struct {
        const char *word, *meaning;
} word_table[] = {
    {"coach", "the group's coaches, else the school's"},
    {"coordinator", "the municipality's coordinators"},
    {"curator", "the curators of the group, else of the school"},
    {"duty-phone", "the duty phone"},
    {"group-staff", "teachers and coaches of the group"},
    {"guardians", "guardians of the first rank and carers, the next rank when none can be reached"},
    {"host-teacher", "the teachers of the workplace's municipality"},
    {"markers", "whoever made the marks, else the teacher"},
    {"owner", "the owner of the case"},
    {"principal", "the principals of the school"},
    {"pupil", "the pupil"},
    {"recipient", "the person that the row names"},
    {"secretary", "the secretaries of the school"},
    {"stand-in", "who stands in for the owner of the case"},
    {"substitute", "the substitutes of the group, else of the school"},
    {"supervisor", "the supervisor at the workplace"},
    {"teacher", "the teachers of the group"},
    {"teachers", "every teacher of the organisation and of those below it"},
    {"team", "teachers, coaches and curators"},
    {"told", "whoever got the message that this one follows"},
};

static const char *meaning_of(const char *word)
{
        for (size_t i = 0; i < ARRAY_SIZE(word_table); i++)
                if (strcmp(word_table[i].word, word) == 0)
                        return word_table[i].meaning;
        return word;
}

/* ---- parameters */

/* The comment behind a parameter in the rule's file; "" when there is none. */
static void find_comment(const struct rule *rule, const char *name, char *ret_comment, size_t size)
{
        const char *line = strstr(rule->text, "\nparams:");
        size_t length = strlen(name);

        ret_comment[0] = '\0';
        for (line = line ? strchr(line + 1, '\n') : NULL; line && line[1] == ' ';
             line = strchr(line + 1, '\n')) {
                const char *word = line + 1 + strspn(line + 1, " "), *comment;

                if (strncmp(word, name, length) != 0 || word[length] != ':')
                        continue;
                comment = memchr(word, '#', strcspn(word, "\n"));
                if (!comment)
                        return;
                comment += 1 + strspn(comment + 1, " ");
                snprintf(ret_comment, size, "%.*s", (int)strcspn(comment, "\n"), comment);
                return;
        }
}

/* What needs no words of its own in each rule. Keep in alphabetical order. */
static const struct {
        const char *name, *meaning;
} parameter_table[] = {
    {"at", "the time of day at which it is told"},
    {"covered_for", "school days in which who has heard of it hears nothing of the like"},
    {"hour", "an hour of absence"},
    {"useful_for", "it is not told when more than this has passed"},
    {"useful_until", "it is not told after this"},
};

/* The comment behind line NUMBER of `notify`, which says in words what its column means; "" when there is
 * none. */
static void find_notify_comment(const struct rule *rule, int number, char *ret_comment, size_t size)
{
        const char *line = strstr(rule->text, "\nnotify:");
        int at = -1;

        ret_comment[0] = '\0';
        for (line = line ? strchr(line + 1, '\n') : NULL; line && line[1] == ' ';
             line = strchr(line + 1, '\n')) {
                const char *comment = memchr(line + 1, '#', strcspn(line + 1, "\n"));

                at += strncmp(line + 1, "  - ", 4) == 0;
                if (at != number || !comment)
                        continue;
                comment += 1 + strspn(comment + 1, " ");
                snprintf(ret_comment, size, "%.*s", (int)strcspn(comment, "\n"), comment);
        }
}

static void print_parameters(const struct rule *rule)
{
        char comment[COMMENT_MAX];

        if (rule->parameter_count)
                printf("\nNumbers (an organisation may set its own):\n");
        for (int i = 0; i < rule->parameter_count; i++) {
                const struct rule_parameter *parameter = &rule->parameters[i];

                find_comment(rule, parameter->name, comment, sizeof comment);
                for (size_t k = 0; k < ARRAY_SIZE(parameter_table) && !*comment; k++)
                        if (strcmp(parameter_table[k].name, parameter->name) == 0)
                                snprintf(comment, sizeof comment, "%s", parameter_table[k].meaning);
                printf("  %s = %s%s%s\n", parameter->name, parameter->text, *comment ? ": " : "", comment);
        }
}

/* ---- what speaks against it */

static void add_word(struct buf *words, const char *word, size_t length)
{
        char entry[64];

        snprintf(entry, sizeof entry, " %.*s,", (int)(length < 50 ? length : 50), word);
        if (length && !strstr(buf_text(words), entry))
                buf_adds(words, entry);
}

/* The reasons that stand as literals behind THEN in what is called `suppressed`, in the order of the file. */
static void print_reasons(const struct rule *rule)
{
        _cleanup_(buf_fini) struct buf words;
        const char *end = rule->text, *start;

        buf_init(&words, WORDS_MAX_BYTES);
        while ((end = strstr(end, " AS suppressed"))) {
                int depth = 0;

                for (start = end; start > rule->text && (depth > 0 || strncmp(start, "CASE", 4) != 0);
                     start--)
                        depth += (strncmp(start, "END", 3) == 0 && start + 3 < end && isspace(start[3])) -
                                 (depth > 0 && strncmp(start, "CASE", 4) == 0);
                for (; (start = strstr(start, "THEN '")) && start < end; start++)
                        add_word(&words, start + 6, strcspn(start + 6, "'"));
                end++;
        }
        if (words.length) {
                buf_cut(&words, words.length - 1);
                printf("\nIt is not said, or over when it was said:%s.\n", buf_text(&words));
        }
}

/* ---- what it reads, and whom it tells */

static void add_views(struct buf *words, const struct select *select)
{
        for (int i = 0; select && i < select_view_count(select); i++)
                add_word(words, select_view(select, i), strlen(select_view(select, i)));
}

static void print_views(const struct rule *rule)
{
        _cleanup_(buf_fini) struct buf words;

        buf_init(&words, WORDS_MAX_BYTES);
        add_views(&words, rule->main.select);
        for (int i = 0; i < rule->list_count; i++)
                add_views(&words, rule->lists[i].select);
        add_views(&words, rule->marks);
        buf_cut(&words, words.length ? words.length - 1 : 0);
        printf("\nIt reads:%s (see rules/README.md).\n", buf_text(&words));
}

static void print_languages(const struct catalogue *catalogue, const char *template)
{
        const char *before = "";

        printf("      template %s in", template);
        for (size_t i = 0; i < catalogue_count(catalogue); i++) {
                const struct catalogue_entry *entry = catalogue_at(catalogue, i);

                if (entry->kind == CATALOGUE_PARTIAL || strcmp(entry->name, template) != 0 ||
                    strcmp(entry->language, before) == 0)
                        continue;
                printf("%s %s", *before ? "," : "", entry->language);
                before = entry->language;
        }
        putchar('\n');
}

static void print_notify(const struct rule *rule, const struct catalogue *catalogue)
{
        char comment[COMMENT_MAX];

        printf("\nIt tells:\n");
        for (int i = 0; i < rule->notify_count; i++) {
                const struct rule_notify *notify = &rule->notify[i];

                printf("  %s (%s), by ", notify->to, meaning_of(notify->to));
                for (int k = 0; k < notify->by_count; k++)
                        printf("%s%s", k ? ", else " : "",
                               strcmp(notify->by[k], "sms") == 0 ? "SMS" : "e-mail");
                find_notify_comment(rule, i, comment, sizeof comment);
                if (notify->when && *comment)
                        printf(": %s", comment);
                else if (notify->when)
                        printf(", when the row says %s", notify->when);
                if (notify->muted_by)
                        printf(", unless they chose %s", notify->muted_by);
                if (notify->muted_by && notify->unless)
                        printf(" (save where it is news to them)");
                if (notify->unless_fetched)
                        printf(", unless their calendar has fetched it");
                if (notify->ladder)
                        printf(" (what fails, %s goes on with)", notify->ladder);
                if (notify->covered_when)
                        printf(", not to %s", *comment ? comment : notify->covered_when);
                putchar('\n');
                print_languages(catalogue, notify->template);
                if (notify->staff_template) {
                        printf("      staff who are told in their place, or beside them:\n");
                        print_languages(catalogue, notify->staff_template);
                }
        }
        if (rule->notify_count == 0)
                printf("  nobody\n");
}

static void print_rule(const struct rule *rule, const struct catalogue *catalogue)
{
        printf("%s: %s\n", rule->name, rule->about);
        printf("About a %s; %s.\n", rule->kind,
               rule->urgent_when ? "urgent, so that quiet hours do not hold it, only when the row says so"
               : rule->urgent    ? "urgent: quiet hours do not hold it"
                                 : "not urgent: quiet hours hold it");
        if (rule->publish)
                printf("Machines are told as kapula.%s.\n", rule->publish);
        if (rule->covers)
                printf(
                    "Who has heard of another rule of %s about the pupil hears nothing of it for some school "
                    "days.\n",
                    rule->covers);
        if (rule->needs_register)
                printf("Waits while the register has not been read for a while.\n");
        if (rule->has_case)
                printf("Opens or joins the pupil's case (owner: %s).\n", rule->case_wish.owner);
        print_parameters(rule);
        print_reasons(rule);
        print_notify(rule, catalogue);
        print_views(rule);
        printf("\nFile: %s\n", rule->file);
}

int rules_explain(int argc, char **argv, struct err *err)
{
        const char *rules = NULL, *templates = NULL, *operands[OPERAND_MAX];
        struct catalogue *catalogue = NULL;
        struct rulebook *book = NULL;
        struct rule *rule = NULL;
        struct db *db = NULL;
        const struct option_spec specs[] = {
            {.name = "--rules", .value = &rules}, {.name = "--templates", .value = &templates}, {0}};
        int count, r = options_read(argc, argv, specs, operands, &count, err);

        if (r == 0 && count != 1)
                r = err_set(err, ERR_USAGE, "rules explain: name one rule: see kapula rules list");
        if (r == 0)
                r = db_open(":memory:", DB_PRIVATE, &db, err);
        if (r == 0)
                r = resource_rules(db, rules, NULL, true, &book, err);
        if (r == 0)
                r = resource_templates(templates, NULL, &catalogue, err);
        if (r == 0 && !(rule = rulebook_find(book, operands[0])))
                r = err_set(err, ERR_INVALID, "rules explain: %.60s: no such rule: see kapula rules list",
                            operands[0]);
        if (rule)
                print_rule(rule, catalogue);
        rulebook_free(book);
        catalogue_free(catalogue);
        db_close(db);
        return r;
}
