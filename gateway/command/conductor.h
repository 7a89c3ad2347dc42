/* conductor: moves a virtual clock. It waits until every loop has done what there is to do at this moment,
 * then sets the clock to the next due time, and so on to the end that was asked for. */
#ifndef COMMAND_CONDUCTOR_H
#define COMMAND_CONDUCTOR_H

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>

struct conductor;
struct writer;

struct conductor_options {
        const char *database;
        struct clock *clock; /* virtual */
        struct writer *writer;
        void (*wake)(void *context);    /* every loop: the clock has moved */
        bool (*is_idle)(void *context); /* what the rows do not tell: requests under way, receipts to come */
        void (*new_day)(void *context); /* in the conductor's thread, before anything of that day */
        void *context;
        bool has_broker; /* publications are waited for */
};

int conductor_open(const struct conductor_options *options, struct conductor **ret_conductor,
                   struct err *err);
struct conductor *conductor_close(struct conductor *conductor); /* takes NULL, returns NULL */

/* As struct web_options wants it. */
int conductor_run_until(void *conductor, int64_t until_utc,
                        void (*done)(void *context, int result, int64_t now_utc), void *done_context);

#endif
