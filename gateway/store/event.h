/* event: what came in, once each. */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "store/put.h"

struct event {
        const char *source, *id, *type; /* type without "kapula." */
        const char *subject;            /* NULL: none */
        const char *data;               /* JSON */
        int64_t time_utc, received_utc;
};

/* PUT_ADDED with *ret_seq, or PUT_SAME when source and id were there before. */
int event_add(struct db *db, const struct event *row, int64_t *ret_seq, struct err *err);

#endif
