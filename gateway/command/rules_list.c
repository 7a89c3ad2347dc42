/* kapula rules list: every rule in a line. */
#include "command/command.h"
#include "command/resources.h"
#include "command/rules.h"
#include "engine/rule.h"
#include "store/db.h"

#include <jansson.h>
#include <stdio.h>

static int print_json(const struct rulebook *book, struct err *err)
{
        json_t *list = json_array();
        int r = 0;

        for (int i = 0; i < book->count; i++) {
                const struct rule *rule = book->rules[i];

                json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s, s:s}", "rule", rule->name,
                                                      "subject", rule->kind, "urgent", rule->urgent, "about",
                                                      rule->about, "file", rule->file));
        }
        if (!list || json_dumpf(list, stdout, JSON_COMPACT) < 0 || putchar('\n') == EOF)
                r = err_set(err, ERR_IO, "standard output: cannot write");
        json_decref(list);
        return r;
}

int rules_list(int argc, char **argv, struct err *err)
{
        const char *rules = NULL, *operands[OPERAND_MAX];
        struct rulebook *book = NULL;
        struct db *db = NULL;
        bool json = false;
        const struct option_spec specs[] = {
            {.name = "--rules", .value = &rules}, {.name = "--json", .flag = &json}, {0}};
        int count, r = options_read(argc, argv, specs, operands, &count, err);

        if (r == 0 && count)
                r = err_set(err, ERR_USAGE, "rules list: takes no operands: see kapula help rules");
        if (r == 0)
                r = db_open(":memory:", DB_PRIVATE, &db, err);
        if (r == 0)
                r = resource_rules(db, rules, NULL, true, &book, err);
        if (r == 0 && json)
                r = print_json(book, err);
        for (int i = 0; r == 0 && !json && i < book->count; i++)
                printf("%-24s %-12s %-7s %s\n", book->rules[i]->name, book->rules[i]->kind,
                       book->rules[i]->urgent ? "urgent" : "", book->rules[i]->about);
        rulebook_free(book);
        db_close(db);
        return r;
}
