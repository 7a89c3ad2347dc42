/* page_event: what a form of a page says becomes an event, taken in as any other. The same form sent twice is
 * one event: its id comes from who sent it, when it was shown, and what it says. */
#ifndef WEB_PAGE_EVENT_H
#define WEB_PAGE_EVENT_H

#include "base/err.h"
#include "base/zone.h"

#include <jansson.h>
#include <stdint.h>

struct db;

struct page_event {
        struct db *db; /* the writer's, in a transaction */
        struct zone *zone;
        int64_t now;
        const char *source;       /* "kapula:pages" */
        const char *seed;         /* of the sender: a token of theirs */
        const char *at;           /* when the form was shown, as it says */
        const char *organisation; /* only about subjects in its tree; NULL: no bound */
        const char *type, *subject;
};

/* Takes DATA, which is given away. 1: taken; 2: known already; 0: refused; negative. */
int page_event_take(const struct page_event *from, json_t *data, struct err *err);

#endif
