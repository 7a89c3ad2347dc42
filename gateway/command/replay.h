/* replay: what a rule sent, next to what it would have sent. Pairs the rows of two databases; prints nothing
 * and plays nothing. */
#ifndef COMMAND_REPLAY_H
#define COMMAND_REPLAY_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

#define REPLAY_ROW_MAX 1000000 /* of one rule in one database */
#define REPLAY_SAME_SECONDS 60 /* sent within a minute of one another: the same time */

/* Of one (subject, key, recipient, channel). Strings are its own. */
struct replay_row {
        char *subject, *key, *person, *channel, *reason, *pupil; /* the last three may be NULL */
        bool is_sent, is_paired;
        int64_t message, time_utc;
        int segments;
};

struct replay_side {
        struct replay_row *rows; /* by subject, key, person, channel, time */
        int count, room;
};

struct replay_totals {
        int messages, people, suppressed;
        int64_t segments;
};

enum replay_change { REPLAY_SAME, REPLAY_NEW, REPLAY_GONE, REPLAY_MOVED, REPLAY_CHANGES };

struct replay_pair {
        enum replay_change change;
        const struct replay_row *was, *would; /* one of them is NULL when it is new or gone */
        const char *reason;                   /* why the other side did not send it; NULL: none known */
};

struct replay {
        struct replay_side was, would;
        struct replay_pair *pairs; /* by time, then as the rows */
        int count;
        int counts[REPLAY_CHANGES];
        struct replay_totals was_totals, would_totals;
};

/* Compares what RULE sent in the two databases from FROM to UNTIL, both with. replay_fini also after a
 * failure. */
int replay_compare(struct db *was, struct db *would, const char *rule, int64_t from_utc, int64_t until_utc,
                   struct replay *ret_replay, struct err *err);
void replay_fini(struct replay *replay);

#endif
