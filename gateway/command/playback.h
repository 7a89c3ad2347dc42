/* playback: the past of a database, played once more to copies of it in memory: as it stands, or with
 * something changed. The database itself is only read, in one transaction, so that it is one state though a
 * gateway may be writing. */
#ifndef COMMAND_PLAYBACK_H
#define COMMAND_PLAYBACK_H

#include "base/err.h"

#include <stdint.h>

struct db;
struct playback;
struct simulation;
struct zone;

int playback_open(const char *database, struct playback **ret_playback, struct err *err);
struct playback *playback_close(struct playback *playback); /* takes NULL, returns NULL */

struct db *playback_db(const struct playback *playback);     /* the database itself, borrowed */
struct zone *playback_zone(const struct playback *playback); /* its top organisation's, borrowed */
int playback_count(const struct playback *playback);         /* what came in, all in all */
int64_t playback_first_utc(const struct playback *playback); /* when the first of it came; 0: nothing did */

struct playback_wish {
        const char *rules, *templates; /* folders laid over the shipped ones; may be NULL */
        int64_t from_utc, until_utc; /* everything is played until UNTIL; what was before FROM comes first */
        /* Changes the rules or the copy before the play. May be NULL. */
        int (*change)(void *context, struct simulation *simulation, struct db *copy, struct err *err);
        /* Asked before each moment: negative ends the play. May be NULL. */
        int (*moment)(void *context, int64_t now_utc, struct err *err);
        void *context;
};

struct playback_doubts {
        int64_t standing; /* facts that stand as they are today */
        int refused;      /* events that found nothing to change */
};

/* *ret_copy: what the play has left behind; db_close it. */
int playback_play(struct playback *playback, const struct playback_wish *wish, struct db **ret_copy,
                  struct playback_doubts *ret_doubts, struct err *err);

#endif
