/* simulation: rosters and events played on a virtual clock, on a private database, with no network: the same
 * intake, engine and composing as the gateway. What happens comes out as effects, in the order of time. The
 * same input gives the same output to the byte, however many plays went before.
 *
 * Events come from a file that is read already, or one by one from whoever plays, when the time of each has
 * come.
 *
 * A simulation holds the rules, the templates and the database; a play leaves nothing behind in it but the
 * roster, so that the next play with the same roster need not load it again. */
#ifndef COMMAND_SIMULATION_H
#define COMMAND_SIMULATION_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct catalogue;
struct db;
struct rulebook;
struct simulation;

/* RULES, TEMPLATES: folders in place of the shipped ones; NULL: those. */
int simulation_open(const char *rules, const char *templates, struct simulation **ret_simulation,
                    struct err *err);
/* On a private database that holds its roster already; it is borrowed, and a play that is `once` leaves in
 * it what happened.
 * RULES, TEMPLATES: folders laid over the shipped ones; may be NULL. */
int simulation_open_on(struct db *db, const char *rules, const char *templates,
                       struct simulation **ret_simulation, struct err *err);
struct simulation *simulation_close(struct simulation *simulation); /* takes NULL, returns NULL */

static inline void simulation_closep(struct simulation **simulation)
{
        simulation_close(*simulation);
}

const struct rulebook *simulation_rules(const struct simulation *simulation);
const struct catalogue *simulation_templates(const struct simulation *simulation);

/* A CloudEvent in JSON, and the line on which errors say it stands; it is played at the time that it says. Or
 * something that is asked of `fetch` when its time has come. */
struct simulation_event {
        const char *text; /* NULL: fetched */
        size_t length;
        int line;
        int64_t time_utc; /* of what is fetched */
};

/* What is played. Everything is borrowed. */
struct simulation_play {
        const char *roster_name, *roster; /* the name stands in errors; both NULL: simulation_open_on */
        size_t roster_length;
        const char *events_name;
        const struct simulation_event *events; /* in any order; equal times keep theirs */
        int event_count;
        bool once;                /* the last play of its simulation: memory stays flat however long it is */
        const char *from, *until; /* RFC 3339; without an offset in the top organisation's zone */

        /* Writes rows that no event brings, after the roster is loaded. May be NULL. */
        int (*prepare)(void *context, struct db *db, struct err *err);
        /* Brings the event that stands at INDEX in `events`: as a CloudEvent in JSON to be taken in (to be
         * freed), or NULL when it has written rows. */
        int (*fetch)(void *context, struct db *db, int index, char **ret_text, struct err *err);
        /* EFFECT is borrowed. Effects before `from` are not given. May be NULL. */
        int (*effect)(void *context, json_t *effect, struct err *err);
        /* Asked before each moment, with its time: negative ends the play. May be NULL. */
        int (*moment)(void *context, int64_t now_utc, struct err *err);
        /* A row of the roster or an event that was refused: "FILE:LINE: …". May be NULL. */
        void (*refused)(void *context, const char *text);
        void *context;
};

/* 0; ERR_INVALID with an empty text when something was refused (and told). Refused rows of a roster are told
 * by the first play that loads it. */
int simulation_play(struct simulation *simulation, const struct simulation_play *play, struct err *err);

#endif
