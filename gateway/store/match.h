/* match: what a rule found about a subject, one row for a (rule, key), from its first sight to its end. */
#ifndef STORE_MATCH_H
#define STORE_MATCH_H

#include "base/err.h"
#include "store/change.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

#define MATCH_NEVER INT64_MAX /* `expires` of a match that does not close */

enum match_state { MATCH_PENDING, MATCH_FIRED, MATCH_RESOLVED, MATCH_DROPPED };

/* What the engine writes of a row. Texts are borrowed. */
struct match_row {
        const char *rule, *kind, *subject, *pupil, *key, *facts; /* pupil may be NULL */
        int64_t version, due, expires, seen;
};

/* Inserts as pending and gives its id; ERR_CONFLICT when (rule, key) is there. */
int match_insert(struct db *db, const struct match_row *row, int64_t *ret_id, struct err *err);
/* New facts of a pending match; writes nothing when they are the old ones. */
int match_update(struct db *db, int64_t id, const struct match_row *row, struct err *err);
int match_fire(struct db *db, int64_t id, int64_t version, const char *facts, int64_t now_utc,
               struct err *err);
/* Ends it as RESOLVED or DROPPED, cancels its messages that have not left, settles its notices. */
int match_end(struct db *db, int64_t id, enum match_state state, const char *reason, int64_t now_utc,
              struct err *err);

/* A pending match that must wait though it is due: it is due again when its reason is taken away (a trigger
 * does) or it expires. 1: it waits from now on; 0: it did already. */
int match_hold(struct db *db, int64_t id, const char *reason, struct err *err);

/* A match that was dropped for REASON is pending again: 1; 0: it was dropped for another, or not at all. */
int match_revive(struct db *db, int64_t id, const char *reason, struct err *err);

/* Removes a pending match as if it had never been. */
int match_forget(struct db *db, int64_t id, struct err *err);

/* 1: found, 0: no match of that key. */
int match_find(struct db *db, const char *rule, const char *key, int64_t *ret_id, enum match_state *ret_state,
               struct err *err);

/* Open matches of a rule and a subject (pending, or fired and not closed at NOW), any number; the callback
 * returns 0 or fails. */
struct open_match {
        int64_t id, due, expires;
        const char *key, *facts;
        enum match_state state;
};
int match_open(struct db *db, const char *rule, const char *kind, const char *subject, int64_t now_utc,
               int (*each)(void *context, const struct open_match *match, struct err *err), void *context,
               struct err *err);

/* Subjects with a pending match that is due: at most MAX, each once, the earliest first. */
int match_due(struct db *db, int64_t now_utc, struct change *ret_changes, int max, int *ret_count,
              struct err *err);
/* The rules of a subject that have such a match, each once. */
int match_due_rules(struct db *db, const char *kind, const char *subject, int64_t now_utc,
                    int (*each)(void *context, const char *rule, struct err *err), void *context,
                    struct err *err);
int match_next_due(struct db *db, int64_t *ret_utc, struct err *err); /* INT64_MAX: none pends */
/* Pending matches of a subject whose rule could not be evaluated wait until AT. */
int match_postpone(struct db *db, const char *rule, const char *kind, const char *subject, int64_t at_utc,
                   struct err *err);

/* Pending matches that are due still, after every rule has looked: their rule is no more. */
int match_drop_ownerless(struct db *db, const char *kind, const char *subject, int64_t now_utc,
                         struct err *err);

int match_add_mark(struct db *db, int64_t match, int64_t mark,
                   struct err *err); /* and the event behind the mark */
int match_add_event(struct db *db, int64_t match, int64_t event, struct err *err);

/* The id of a version of a rule, written at its first use. */
int rule_version_id(struct db *db, const char *rule, const char *hash, const char *text, int64_t now_utc,
                    int64_t *ret_id, struct err *err);

/* The value that the nearest of ORGANISATION and those above it set for a rule's parameter; *ret_value NULL:
 * none did. free() it. */
int rule_parameter_find(struct db *db, const char *rule, const char *name, const char *organisation,
                        char **ret_value, struct err *err);
/* Sets an organisation's own value, written as in the rule's file; it is not checked here. */
int rule_parameter_set(struct db *db, const char *organisation, const char *rule, const char *name,
                       const char *value, struct err *err);
/* Every organisation has the rule's own value again. */
int rule_parameter_forget(struct db *db, const char *rule, const char *name, struct err *err);
/* Whether any organisation overrides any parameter: saves the look-ups where nobody does. */
int rule_parameter_any(struct db *db, bool *ret_any, struct err *err);

#endif
