/* criteria: what a work placement is evaluated by, as rules/evaluation.yaml lists it; the words for each
 * stand with those of the pages (criterion-ID). */
#ifndef WEB_CRITERIA_H
#define WEB_CRITERIA_H

#include "base/err.h"

#define CRITERIA_MAX 16
#define CRITERION_ID_MAX 40 /* bytes with the NUL: small letters, digits, '-' */

struct criteria {
        char ids[CRITERIA_MAX][CRITERION_ID_MAX];
        int count;
};

/* ERR_INVALID with file and line, ERR_NOT_FOUND, ERR_IO, ERR_NOMEM. */
int criteria_load(const char *path, struct criteria *ret_criteria, struct err *err);

#endif
