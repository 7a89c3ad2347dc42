/* intake: takes events in. Reads CloudEvents (cloudevent.h), stores each once, and applies it to the fact
 * tables (apply.h); an event that is refused leaves nothing behind. */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include "base/err.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct db;

#define INTAKE_BYTES_MAX (4u << 20)   /* of one call */
#define INTAKE_EVENTS_MAX 1000        /* of one call */
#define INTAKE_EVENT_BYTES_MAX 65536u /* of one event */

enum intake_format { INTAKE_EVENT, INTAKE_BATCH, INTAKE_NDJSON };

/* What the sender may write. NULL or "": no bound. */
struct intake_scope {
        const char *organisation;  /* only about subjects in its tree */
        const char *source_prefix; /* only from sources that begin so */
};

struct intake_rejection {
        int64_t index; /* of the event, from 0 */
        int64_t line;  /* where it begins, from 1 */
        char *id;      /* "" when it cannot be read */
        char *error;
};

/* What became of the events. Zero it before; several calls may add to one; intake_report_fini after. */
struct intake_report {
        int64_t accepted, duplicates, rejected_count;
        int64_t unreadable;                /* of the rejected: no JSON at all */
        struct intake_rejection *rejected; /* the first INTAKE_LISTED_MAX */
        size_t rejected_listed, rejected_allocated;
        int64_t events, lines; /* read so far: where the next call's indices and lines begin */
};

#define INTAKE_LISTED_MAX 10000

void intake_report_fini(struct intake_report *report);

/* {"accepted":n,"duplicates":n,"rejected":[{"index","id","error"}]}; NULL when memory ran out. */
json_t *intake_report_to_json(const struct intake_report *report);

/* Inside a transaction that the caller opened; after a negative return the caller rolls back. SCOPE may be
 * NULL. ERR_INVALID: nothing could be read; ERR_LIMIT: more than a call may hold; others: could not be
 * written. Refused events are no error: see the report. */
int intake_events(struct db *db, int64_t now_utc, const char *data, size_t length, enum intake_format format,
                  const struct intake_scope *scope, struct intake_report *report, struct err *err);

#endif
