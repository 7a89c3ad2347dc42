/* evaluate: a rule's rows about one subject, typed as templates see them. */
#ifndef ENGINE_EVALUATE_H
#define ENGINE_EVALUATE_H

#include "compose/value.h"
#include "engine/rule.h"
#include "store/match.h"

/* One row of a rule's select. Columns with a meaning of their own (rules/README.md): */
struct row {
        char *key, *suppressed; /* suppressed NULL: nothing stands against it */
        char *pupil, *organisation, *supervisor, *workplace,
            *recipient;              /* NULL: no such column, or no value */
        int64_t due, expires, dated; /* expires MATCH_NEVER: never; dated: due when the rule has none */
        int64_t told_of, event;      /* 0: none */
        struct value *facts;         /* every other column, and these ids, by name */
        char *facts_json;
};

struct row_list {
        struct row *items;
        int count, room;
};

void row_fini(struct row *row);
void row_list_fini(struct row_list *rows);

/* A row as it was once found, from what its match keeps of it; due, expires and dated are 0. Free with
 * row_fini. */
int row_of_facts(const char *key, const char *facts, struct row *ret_row, struct err *err);

/* Where a parameter's value comes from when an organisation has set its own. May be NULL: the rule's own
 * values. */
struct parameter_values {
        int64_t values[RULE_PARAMETER_MAX];
};

int evaluate(struct rule *rule, struct db *db, const char *subject, const struct parameter_values *parameters,
             int64_t now_utc, struct row_list *ret_rows, struct err *err);

/* The rows of one list of the rule, with the columns of ROW as parameters, appended as maps to LIST. */
int evaluate_list(struct rule *rule, const struct rule_select *list, struct db *db, const char *subject,
                  const struct parameter_values *parameters, const struct row *row, int64_t now_utc,
                  struct value *into, struct err *err);

/* The rule's marks of ROW, each given to EACH. */
int evaluate_marks(struct rule *rule, struct db *db, const char *subject,
                   const struct parameter_values *parameters, const struct row *row, int64_t now_utc,
                   int (*each)(void *context, int64_t mark, struct err *err), void *context, struct err *err);

/* Whether a column of the row is there and neither NULL nor 0. */
bool row_is_true(const struct row *row, const char *column);

#endif
