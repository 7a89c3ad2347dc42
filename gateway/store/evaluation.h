/* evaluation: what an evaluation of a placement says, beside that it was given (store/network.h). */
#ifndef STORE_EVALUATION_H
#define STORE_EVALUATION_H

#include "store/put.h"

#define EVALUATION_MARK_MAX 5 /* marks go from 1 to this */
#define EVALUATION_CRITERIA_MAX 32

/* Forgets what PART said before. */
int evaluation_clear(struct db *db, const char *placement, const char *part, struct err *err);
int evaluation_add_mark(struct db *db, const char *placement, const char *part, const char *criterion,
                        int mark, struct err *err);
int evaluation_add_word(struct db *db, const char *placement, const char *part, const char *word,
                        struct err *err);

#endif
