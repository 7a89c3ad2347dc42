/* sent: what a rule sent or would have sent, and whom it did not tell, and why. Reads only. Texts live during
 * the call. */
#ifndef STORE_SENT_H
#define STORE_SENT_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

struct sent_row {
        const char *subject, *key, *person; /* person "": nobody was found at all */
        const char *pupil;                  /* whom it is about; NULL: no pupil */
        const char *channel;                /* NULL: a suppression */
        const char *reason;                 /* of what was not sent; may be NULL */
        bool is_sent;                       /* or on its way */
        int64_t message;                    /* 0: a suppression */
        int64_t time_utc; /* when it first left, or will; INT64_MAX: when somebody says so */
        int segments;     /* of an SMS, else 0 */
};

/* The messages of RULE, one row for each notice that one tells, then its suppressions. */
int sent_list(struct db *db, const char *rule,
              int (*each)(void *context, const struct sent_row *row, struct err *err), void *context,
              struct err *err);

/* Each rule that has found anything, in order of names; whether RULE has (1). */
int sent_rules(struct db *db, int (*each)(void *context, const char *rule, struct err *err), void *context,
               struct err *err);
int sent_any(struct db *db, const char *rule, struct err *err);

#endif
