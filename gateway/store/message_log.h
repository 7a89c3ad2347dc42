/* message_log: the log of messages as people read it: the rows, and for one message the whole chain from the
 * events over the rule to the receipts and replies. Reads only. What is told lives during the call; a
 * negative return of a tell function ends the reading and is passed up. Texts, addresses and facts are in
 * here: for the eyes of who may see them, never for a log line. */
#ifndef STORE_MESSAGE_LOG_H
#define STORE_MESSAGE_LOG_H

#include "base/err.h"
#include "store/message.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

/* Absent times are MESSAGE_NO_TIME, absent texts NULL. */
struct message_row {
        int64_t id, created, changed, not_before, deadline;
        const char *person, *channel, *address, *language, *title, *text;
        const char *state, *reason, *provider, *provider_id;
        int segments, attempts, notices; /* segments 0: not an SMS */
        int64_t cost;                    /* millionths of the currency; -1: not known */
        bool urgent;
        const char *rule, *subject; /* of its first notice */
};

struct message_filter {
        const char *state;  /* NULL: any */
        const char *person; /* NULL: any */
        int64_t limit;      /* the newest so many; 0: all */
};

/* The newest first. */
int message_log_list(struct db *db, const struct message_filter *filter,
                     int (*tell)(void *context, const struct message_row *row, struct err *err),
                     void *context, struct err *err);

/* One message. ERR_NOT_FOUND. */
int message_log_get(struct db *db, int64_t id,
                    int (*tell)(void *context, const struct message_row *row, struct err *err), void *context,
                    struct err *err);

/* A notice that the message tells, with its match and its rule. */
struct notice_row {
        int64_t notice, match, version_first_used, due, fired, expires, created;
        int step;
        const char *template, *state, *match_state, *match_reason;
        const char *rule, *version; /* hash */
        const char *kind, *subject, *key, *facts;
};

int message_log_notices(struct db *db, int64_t message,
                        int (*tell)(void *context, const struct notice_row *row, struct err *err),
                        void *context, struct err *err);

struct event_row {
        int64_t seq, time, received;
        const char *source, *id, *type, *subject;
};

int message_log_events(struct db *db, int64_t match,
                       int (*tell)(void *context, const struct event_row *row, struct err *err),
                       void *context, struct err *err);

struct suppression_row {
        const char *person; /* "": nobody was found at all */
        const char *reason;
        const char *detail; /* what was wrong, for people; NULL: the reason says it all */
        int64_t at;
};

int message_log_suppressions(struct db *db, int64_t match,
                             int (*tell)(void *context, const struct suppression_row *row, struct err *err),
                             void *context, struct err *err);

/* What its recipient answered to a notice of it since it was written. */
struct reply_row {
        const char *answer, *class, *by;
        int64_t at;
};

int message_log_replies(struct db *db, int64_t notice,
                        int (*tell)(void *context, const struct reply_row *row, struct err *err),
                        void *context, struct err *err);

struct attempt_row {
        int number, status; /* status 0: none */
        const char *provider, *outcome, *detail;
        int64_t started, ended;
};

int message_log_attempts(struct db *db, int64_t message,
                         int (*tell)(void *context, const struct attempt_row *row, struct err *err),
                         void *context, struct err *err);

struct receipt_row {
        const char *status, *detail;
        int64_t at, received;
};

int message_log_receipts(struct db *db, int64_t message,
                         int (*tell)(void *context, const struct receipt_row *row, struct err *err),
                         void *context, struct err *err);

/* The time zone of the topmost organisation ("Europe/Helsinki" when there is none), into RET_NAME. */
#define MESSAGE_LOG_ZONE_MAX 64
int message_log_zone(struct db *db, char ret_name[static MESSAGE_LOG_ZONE_MAX], struct err *err);

#endif
