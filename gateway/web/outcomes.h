/* outcomes: what may be written down of a case, as rules/outcomes.yaml lists it: codes, never free text. The
 * words for each stand with those of the pages (outcome-CODE). */
#ifndef WEB_OUTCOMES_H
#define WEB_OUTCOMES_H

#include "base/err.h"

#include <stdbool.h>

#define OUTCOMES_MAX 16
#define OUTCOME_CODE_MAX 40 /* bytes with the NUL: small letters, digits, '-' */

struct outcome_list {
        char codes[OUTCOMES_MAX][OUTCOME_CODE_MAX];
        int count;
};

struct outcomes {
        struct outcome_list contact; /* of a contact */
        struct outcome_list close;   /* of a case that ends */
};

/* ERR_INVALID with file and line, ERR_NOT_FOUND, ERR_IO, ERR_NOMEM. */
int outcomes_load(const char *path, struct outcomes *ret_outcomes, struct err *err);

bool outcomes_has(const struct outcome_list *list, const char *code);

#endif
