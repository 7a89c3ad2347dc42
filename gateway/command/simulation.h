/* simulation: a roster and events played on a virtual clock, on a private database, with no network: the same
 * intake, engine and composing as the gateway. What happens comes out as effects, in the order of time. The
 * same input gives the same output to the byte. */
#ifndef COMMAND_SIMULATION_H
#define COMMAND_SIMULATION_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIMULATION_EVENTS_MAX_BYTES (256u << 20)

struct simulation_options {
        const char *roster, *events;   /* paths */
        const char *from, *until;      /* RFC 3339; without an offset in the top organisation's zone */
        const char *rules, *templates; /* folders in place of the shipped ones; NULL: those */

        /* EFFECT is borrowed. Effects before `from` are not given. */
        int (*effect)(void *context, json_t *effect, struct err *err);
        /* A row of the roster or an event that was refused: "FILE:LINE: …". */
        void (*refused)(void *context, const char *text);
        void *context;
};

/* 0; ERR_INVALID with an empty text when something was refused (and told). */
int simulation_run(const struct simulation_options *options, struct err *err);

#endif
