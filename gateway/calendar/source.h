/* source: somebody else's calendar, read by libical within limits: breaks or meetings. Pure: bytes in,
 * entries out.
 *
 * Refused as a whole (ERR_INVALID, ERR_LIMIT) is what no calendar program writes: more than SOURCE_BYTES_MAX,
 * components deeper than SOURCE_DEPTH_MAX, a line longer than SOURCE_LINE_MAX, more than SOURCE_EVENTS_MAX
 * events, bytes that are no UTF-8, what libical cannot parse, and events that repeat within a day or more
 * than SOURCE_ENTRIES_MAX times in the window. */
#ifndef CALENDAR_SOURCE_H
#define CALENDAR_SOURCE_H

#include "base/err.h"
#include "base/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_BYTES_MAX (2 << 20)
#define SOURCE_DEPTH_MAX 4
#define SOURCE_LINE_MAX 65536 /* bytes, as it stands in the file */
#define SOURCE_EVENTS_MAX 5000
#define SOURCE_ENTRIES_MAX 5000
#define SOURCE_DAYS_BACK 30
#define SOURCE_DAYS_AHEAD 400
#define SOURCE_TEXT_MAX 512 /* bytes of a title or a place */

struct source_entry {
        char *uid;           /* of an instance that repeats, with its day behind it */
        char *title, *place; /* NULL: none */
        bool is_whole_days;  /* first to last count, else starts and ends */
        int32_t first, last;
        int64_t starts, ends; /* UTC */
};

struct source_list {
        struct source_entry *items;
        size_t count, room;
};

/* The entries that touch the window around TODAY, cancelled ones left out. ZONE is the organisation's, for
 * times that have none. */
int source_parse(const char *bytes, size_t length, struct zone *zone, int32_t today,
                 struct source_list *ret_list, struct err *err);
void source_list_fini(struct source_list *list);

#endif
