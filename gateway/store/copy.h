/* copy: a private copy of a database in memory, taken back to what it was before the first event, and its
 * past: what came in since, to be played to it once more.
 *
 * The roster, the calendar, contacts and choices stay as they are today, and so do the facts that were
 * written directly and do not say when. Ids come out as they were: the past is put back under its own numbers
 * wherever the order of the events allows it, since keys of rules hold such numbers. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "base/err.h"

#include <stdint.h>

struct db;

/* Copies all of FROM, which is only read. FROM should stand in a transaction when its past is read
 * afterwards. */
int copy_open(struct db *from, struct db **ret_copy, struct err *err);

/* How many bytes a copy takes at first. */
int copy_bytes(struct db *from, int64_t *ret_bytes, struct err *err);

/* Takes out what rules found, what was sent and published, and every fact that an event brought or that says
 * when it was written; then marks every subject as changed. *ret_standing: facts that stand as they are
 * today.
 */
int copy_rewind(struct db *copy, int64_t *ret_standing, struct err *err);

enum past_kind { PAST_EVENT, PAST_MARK, PAST_EXPLANATION, PAST_AUTHORISATION, PAST_LOCATED, PAST_ANSWER };

/* Something that came in: an event, or a fact that somebody wrote directly. */
struct past {
        enum past_kind kind;
        int64_t id, received_utc;
};

/* Everything that came into DB (not a rewound copy), in the order of its coming. */
int past_list(struct db *db, int (*each)(void *context, const struct past *past, struct err *err),
              void *context, struct err *err);

/* Puts PAST of the database FROM into its rewound COPY. A fact is written; of an event *ret_event is the
 * CloudEvent in JSON, to be taken in by intake (free() it), else NULL. */
int past_play(struct db *from, struct db *copy, const struct past *past, char **ret_event, struct err *err);

#endif
