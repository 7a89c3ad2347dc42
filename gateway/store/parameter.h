/* parameter: the values that organisations and pupils' plans set for rules in place of the rules' own. */
#ifndef STORE_PARAMETER_H
#define STORE_PARAMETER_H

#include "base/err.h"
#include "store/change.h"

#include <stdbool.h>

struct db;

/* Whose parameters count for a subject; "" where there is none. */
struct parameter_owner {
        char pupil[SUBJECT_ID_MAX], organisation[SUBJECT_ID_MAX];
};

/* The pupil that a subject is about and its organisation on DAY. */
int parameter_owner(struct db *db, const struct subject *subject, const char *day,
                    struct parameter_owner *ret_owner, struct err *err);

/* The pupil's own value on DAY, else that of the nearest organisation that sets one; *ret_value NULL: nobody
 * does. free() it. */
int parameter_find(struct db *db, const char *rule, const char *name, const struct parameter_owner *owner,
                   const char *day, char **ret_value, struct err *err);

/* Everything that is set, in order. OWNER: the pupil or the organisation. */
struct parameter_setting {
        const char *owner, *rule, *name, *value;
};
int parameter_each(struct db *db,
                   int (*each)(void *context, const struct parameter_setting *setting, struct err *err),
                   void *context, struct err *err);

/* Whether anybody sets anything: saves the look-ups where nobody does. */
int parameter_any(struct db *db, bool *ret_any, struct err *err);

#endif
