/* preview: what a change of a rule's number would have done to what is past. The desk asks, command/ works it
 * out in a thread of its own; this is what they say to one another. */
#ifndef WEB_PREVIEW_H
#define WEB_PREVIEW_H

#include "base/err.h"
#include "store/put.h"

#include <stdbool.h>
#include <stdint.h>

#define PREVIEW_NAME_SIZE 64  /* of a rule or parameter, with NUL */
#define PREVIEW_VALUE_SIZE 64 /* of a parameter, with NUL */
#define PREVIEW_LINES_MAX 50  /* messages that are listed one by one */
#define PREVIEW_RULES_MAX 24  /* rules that the change concerns and that are counted */
#define PREVIEW_SECONDS_MAX 180
#define PREVIEW_PAST_MAX 400000                  /* events and facts that are played */
#define PREVIEW_DATABASE_MAX_BYTES (256LL << 20) /* of which two copies stand in memory */

struct preview_wish {
        char person[ID_SIZE]; /* who asks, and alone may see what comes out */
        char organisation[ID_SIZE], pupil[ID_SIZE];
        char rule[PREVIEW_NAME_SIZE], name[PREVIEW_NAME_SIZE];
        char value[PREVIEW_VALUE_SIZE], until[16]; /* value "": none of its own any more */
        int64_t from_utc, until_utc;
};

enum preview_state { PREVIEW_NONE, PREVIEW_RUNNING, PREVIEW_DONE, PREVIEW_FAILED };
enum preview_change { PREVIEW_MORE, PREVIEW_LESS, PREVIEW_MOVED };

/* The messages of one rule between FROM and UNTIL: as the numbers are, and as they would be. */
struct preview_rule {
        char rule[PREVIEW_NAME_SIZE];
        int was, would, same, more, less, moved;
        int64_t was_segments, would_segments;
};

struct preview_line {
        enum preview_change change;
        char rule[PREVIEW_NAME_SIZE], pupil[ID_SIZE], person[ID_SIZE]; /* pupil "": it is about none */
        char channel[8], reason[PREVIEW_NAME_SIZE]; /* of what is not sent; "": none known */
        int64_t was_utc, would_utc;                 /* 0: not sent */
};

struct preview_report {
        struct preview_wish wish;
        enum preview_state state;
        int percent;
        char fault[ERR_TEXT_MAX];
        int64_t standing;                             /* facts that stand as they are today */
        int refused;                                  /* events that found nothing to change */
        struct preview_rule rules[PREVIEW_RULES_MAX]; /* the changed one first */
        struct preview_line lines[PREVIEW_LINES_MAX];
        int rule_count, line_count, left_out; /* left_out: further messages that differ */
};

struct preview_source {
        /* Begins; any thread, never blocks. ERR_BUSY: another is under way; ERR_IO. */
        int (*start)(void *context, const struct preview_wish *wish, struct err *err);
        /* How far PERSON's last one is, and what came out. PREVIEW_NONE: there is none. */
        void (*read)(void *context, const char *person, struct preview_report *ret_report);
        void *context;
};

#endif
