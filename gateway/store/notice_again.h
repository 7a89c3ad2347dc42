/* notice_again: notices whose message turned out not to arrive: it was rejected or failed for good, or its
 * contact went bad while it waited. Such a message is one that nobody has looked after (passed_on is NULL),
 * whoever moved it there, until notice_again_take takes it. All functions run inside the caller's
 * transaction. */
#ifndef STORE_NOTICE_AGAIN_H
#define STORE_NOTICE_AGAIN_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

/* One of them, and its match. Texts are its own. */
struct notice_again {
        int64_t id, match, created;
        int64_t expires; /* of the match; MATCH_NEVER */
        int step;
        bool is_over; /* the match has ended, or is of no use any more */
        char *person, *rule, *kind, *subject, *key, *facts;
};

void notice_again_fini(struct notice_again *notice);

/* Takes the oldest such message: 1; 0: there is none. */
int notice_again_take(struct db *db, int64_t now_utc, int64_t *ret_message, struct err *err);
/* 1 when there is one. */
int notice_again_waits(struct db *db, struct err *err);

/* The next open notice after AFTER that MESSAGE should have told: 1; 0: there is none. Free with
 * notice_again_fini. */
int notice_again_next(struct db *db, int64_t message, int64_t after, int64_t now_utc,
                      struct notice_again *ret_notice, struct err *err);

/* 1 when the notice has a message on CHANNEL, whatever became of it. */
int notice_has_channel(struct db *db, int64_t notice, const char *channel, struct err *err);

/* No channel is left: its person was not told. */
int notice_give_up(struct db *db, int64_t notice, struct err *err);

#endif
