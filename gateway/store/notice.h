/* notice: one person told of one match, and the messages that tell it. */
#ifndef STORE_NOTICE_H
#define STORE_NOTICE_H

#include "store/put.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

/* ERR_CONFLICT when the person has this notice already. */
int notice_add(struct db *db, int64_t match, int step, const char *person, const char *template,
               int64_t now_utc, int64_t *ret_id, struct err *err);

/* 1 when any step of the match tells the person. */
int notice_exists(struct db *db, int64_t match, const char *person, struct err *err);

/* 1 when RULE has told the person about the pupil since then, by another match than NOT_MATCH; a message that
 * was cancelled before it left tells nothing. */
int notice_told_since(struct db *db, const char *rule, const char *pupil, const char *person,
                      int64_t since_utc, int64_t not_match, struct err *err);

/* A message as it is written. Texts are borrowed. */
struct new_message {
        const char *person, *channel, *address, *language, *title, *text; /* title NULL: none */
        int segments;                                                     /* of an SMS, else 0 */
        bool urgent;
        bool has_company; /* may be told together with others (store/notice_digest.h) */
        const char
            *held; /* why it waits (quiet-hours, confirmation, register-stale, fuse); NULL: it is queued */
        int64_t not_before; /* of held: when it is queued, INT64_MAX: when somebody says so */
        int64_t deadline;
        bool has_cost;
        int64_t cost;                  /* millionths of the currency, when has_cost */
        char payer[ID_SIZE], month[8]; /* whose budget it counts in, and when; "": it does not */
};

/* ERR_CONFLICT when the notice has a message on the channel. */
int notice_message_add(struct db *db, int64_t notice, const struct new_message *message, int64_t now_utc,
                       int64_t *ret_id, struct err *err);

/* A message that no rule asked for, such as a code that somebody has just asked for. It costs what any other
 * does, and is never held for it. */
int notice_message_alone(struct db *db, const struct new_message *message, int64_t now_utc, struct err *err);

/* Why a message exists: the matches that it tells of, each given to EACH (texts live until it returns). */
struct message_origin {
        const char *rule, *subject, *key;
        const char *title, *text; /* its part of a digest; text NULL: the message is about nothing else */
};
int notice_origins(struct db *db, int64_t message,
                   int (*each)(void *context, const struct message_origin *origin, struct err *err),
                   void *context, struct err *err);

/* Who was not told, and why; PERSON "" when nobody was found; DETAIL for people, or NULL. Again: no effect,
 * returns 0; 1 when it is new. */
int suppression_add(struct db *db, int64_t match, const char *person, const char *reason, const char *detail,
                    int64_t now_utc, struct err *err);

/* Queues what waited for a time that has come, and what staff have confirmed since it was held. */
int notice_release(struct db *db, int64_t now_utc, struct err *err);
int notice_next_release(struct db *db, int64_t *ret_utc,
                        struct err *err); /* INT64_MAX: nothing waits for a time */

#endif
