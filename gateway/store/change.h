/* change: the subjects whose rules must be looked at again, and the timers that bring subjects back by
 * themselves. */
#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

#define SUBJECT_KIND_MAX 24 /* bytes with NUL */
#define SUBJECT_ID_MAX 256  /* bytes with NUL; intake refuses longer ids */

struct subject {
        char kind[SUBJECT_KIND_MAX], id[SUBJECT_ID_MAX];
};

/* What may be new about a subject: FACTS_… bits (store/select.h), FACTS_ALL or 0: nothing, only time has
 * passed. */
struct change {
        struct subject subject;
        unsigned touched;
};

/* Spreads a calendar's change over its pupils and placements, then takes (deletes) at most MAX changes, the
 * oldest first, each subject once. Inside a transaction: what is taken is evaluated in the same one. */
int change_take(struct db *db, struct change *ret_changes, int max, int *ret_count, struct err *err);

/* Adds a subject of which nothing is new, unless it is there; CHANGES has room. */
void change_add(struct change *changes, int *count, const char *kind, const char *subject);

/* Marks one subject, as the triggers do. */
int change_mark(struct db *db, const char *kind, const char *subject, struct err *err);

/* Whether any change waits; the time of the next timer, INT64_MAX when there is none. */
int change_waits(struct db *db, bool *ret_waits, struct err *err);
int timer_next(struct db *db, int64_t *ret_utc, struct err *err);

/* When a rule wants to look at a subject again though nothing changes; INT64_MAX: never. */
int timer_set(struct db *db, const char *kind, const char *subject, const char *rule, int64_t at_utc,
              struct err *err);
/* Subjects with a timer that has run down at NOW: at most MAX, each once, the earliest first. */
int timer_due(struct db *db, int64_t now_utc, struct change *ret_changes, int max, int *ret_count,
              struct err *err);
/* Those of a subject that have run down. */
int timer_forget(struct db *db, const char *kind, const char *subject, int64_t now_utc, struct err *err);
int timer_each(struct db *db, const char *kind, const char *subject,
               int (*each)(void *context, const char *rule, int64_t at_utc, struct err *err), void *context,
               struct err *err);

#endif
