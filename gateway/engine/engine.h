/* engine: facts -> matches -> notices and messages.
 *
 * For each subject that a write has marked, and for each match that has fallen due, all rules about that kind
 * of subject are evaluated, and what they give is compared with the matches that stand:
 *
 *      row without match              -> pending, or dropped when it came too late to tell
 *      pending, due, nothing against  -> fired: notices and messages are written
 *      pending, due, suppressed       -> dropped with the reason, one suppression for each who would have
 * been told pending without row            -> dropped; fired and not closed, without row or suppressed ->
 * resolved
 *
 * A match closes at `expires`; a row whose facts are dated more than 7 days before it is first seen tells
 * nobody. Nothing that is due farther off than a few days is kept as a match: a timer brings the subject back
 * in time.
 *
 * engine_step runs inside the caller's transaction, so that evaluation and effects see and leave one state.
 * The same rows, rules and now give the same effects. An engine is used by one thread at a time. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db;
struct engine;
struct rulebook;
struct catalogue;

#define ENGINE_HORIZON (3 * 86400) /* seconds: matches due later wait as a timer */
#define ENGINE_OLD (7 * 86400)     /* seconds: facts older than this when first seen tell nobody */
#define ENGINE_RETRY (5 * 60)      /* seconds: a rule that failed on a subject is tried again */

enum effect_kind { EFFECT_SUPPRESSED, EFFECT_HELD, EFFECT_RESOLVED, EFFECT_EVENT, EFFECT_FIRED, EFFECT_CASE };

/* Texts are borrowed until the callback returns; those that do not fit the kind are NULL. */
struct effect {
        enum effect_kind kind;
        int64_t time_utc;
        const char *rule, *subject, *key, *recipient, *channel, *reason;
        const char *type;                         /* of an event: "absence.alerted" */
        const char *step;                         /* of an event that has one: a code */
        const char *case_id, *case_state, *owner; /* of a case: "2026-0001", opened, joined or raised */
        const char *timezone;
};

/* Borrows BOOK and CATALOGUE until engine_use or engine_close. */
int engine_open(struct rulebook *book, const struct catalogue *catalogue, struct engine **ret_engine,
                struct err *err);
struct engine *engine_close(struct engine *engine); /* takes NULL, returns NULL */

/* Other rules and templates from now on. */
void engine_use(struct engine *engine, struct rulebook *book, const struct catalogue *catalogue);

void engine_on_effect(struct engine *engine, void (*effect)(void *context, const struct effect *effect),
                      void *context);

/* What an e-mail about a meeting carries beside its text: asked for each e-mail of a rule about a meeting
 * whose name begins with "meeting-"; *ret_calendar is NULL for none, else free()d. It does not keep the
 * e-mail from being written. */
void engine_on_invitation(struct engine *engine,
                          int (*invite)(void *context, struct db *db, const char *rule, const char *meeting,
                                        const char *person, const char *address, int64_t now_utc,
                                        char **ret_calendar, struct err *err),
                          void *context);

/* Looks at no more than MAX subjects. *ret_done is how many it looked at: 0 when nothing waits at NOW. */
int engine_step(struct engine *engine, struct db *db, int64_t now_utc, int max, int *ret_done,
                struct err *err);

#endif
