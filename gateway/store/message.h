/* message: one text to one person on one channel, its attempts and its receipts.
 *
 * The states and who moves a row between them:
 *
 *      queued, retry --message_claim--> leased --message_outcome--> accepted --receipt_note--> delivered
 *                                                                                            or failed
 *                                              or retry, unknown, rejected, failed
 *      queued, retry, held --message_expire--> expired (unknown, when a try may have reached the provider)
 *      queued, retry, held --a trigger, when the contact turns bad--> rejected
 *      leased by a process that died --message_recover--> retry or unknown
 *
 * Of what is rejected or failed, the engine tells its notices by their next channel (store/notice_again.h).
 *
 * A claim is on disk before anything leaves, so a leased row with an open attempt says: it may have left.
 * Such a row is never simply sent again; who recovers it decides, as for any unknown outcome. A row in retry
 * that names a provider is pinned: only that provider may be asked again, since it may have the message.
 *
 * This file must not know how a provider is spoken to. All functions run inside the caller's transaction
 * (writer jobs). Times are seconds UTC. No function logs a text or an address. */
#ifndef STORE_MESSAGE_H
#define STORE_MESSAGE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

#define MESSAGE_NO_TIME INT64_MAX
#define MESSAGE_DETAIL_MAX 160      /* bytes, with the NUL */
#define MESSAGE_PROVIDER_MAX 64     /* bytes, with the NUL */
#define MESSAGE_PROVIDER_ID_MAX 256 /* bytes, with the NUL */

enum message_state {
        MESSAGE_QUEUED,
        MESSAGE_HELD,
        MESSAGE_LEASED,
        MESSAGE_ACCEPTED,
        MESSAGE_DELIVERED,
        MESSAGE_RETRY,
        MESSAGE_UNKNOWN,
        MESSAGE_REJECTED,
        MESSAGE_FAILED,
        MESSAGE_EXPIRED,
        MESSAGE_CANCELLED,
};

enum attempt_outcome { ATTEMPT_ACCEPTED, ATTEMPT_REJECTED, ATTEMPT_RETRY, ATTEMPT_UNKNOWN };

const char *message_state_name(enum message_state state);
bool message_state_parse(const char *name, enum message_state *ret_state);
const char *attempt_outcome_name(enum attempt_outcome outcome);

/* A message as it is sent. Strings are its own. */
struct message {
        int64_t id, created;
        int64_t deadline; /* MESSAGE_NO_TIME: none */
        char *person, *channel, *address, *language, *text;
        char *title;        /* NULL: none */
        char *calendar;     /* an iTIP object that goes with an e-mail; NULL: none */
        char *unsubscribe;  /* token of the page /u/TOKEN that ends such messages, or its whole address; NULL:
                               none */
        char *organisation; /* of the lane's senders, the nearest that the message is about; NULL: none */
        char *provider;     /* that it is pinned to; NULL: any */
        char *provider_id;  /* of message_poll alone */
        bool urgent;
        int attempt;       /* number of its open attempt */
        int64_t round;     /* how often it was begun anew after a temporary failure */
        int64_t first_try; /* of a pinned message: when this round's first attempt started; else 0 */
};

void message_fini(struct message *message);

struct message_list {
        struct message *items;
        size_t count, room;
};

void message_list_fini(struct message_list *list); /* leaves an empty list */

/* What one provider may take now: what is ready on CHANNEL and pinned to PROVIDER, and unless pinned_only
 * also what is free. */
struct message_lane {
        const char *channel, *provider;
        bool pinned_only;
        /* JSON arrays or NULL: of what is free only numbers that begin with one of TAKES and with none of
         * LEAVES; organisations that have a sender of their own. */
        const char *takes, *leaves, *senders;
};

/* Leases at most LIMIT ready messages of LANE, urgent ones first, opens an attempt of each, and appends them
 * to LIST. On failure LIST may have grown; the caller rolls back and empties it. */
int message_claim(struct db *db, int64_t now_utc, const struct message_lane *lane, int limit,
                  struct message_list *list, struct err *err);

/* Reason of accepted messages whose provider tells nothing more: for them it is the good end. */
#define MESSAGE_NO_RECEIPTS "no-receipts"

/* What becomes of a message after an attempt. */
struct message_fate {
        enum message_state next; /* accepted, retry, unknown, rejected or failed */
        const char *reason;      /* a code that lives as long as the program; NULL: none */
        int64_t not_before;      /* of retry */
        bool keeps_provider;     /* of retry: pinned */
        int64_t poll_at;         /* of accepted: when the provider is asked what became of it; 0: never */
};

struct message_outcome {
        int64_t message;
        int attempt; /* number */
        enum attempt_outcome outcome;
        int status;          /* HTTP; 0: none came */
        bool is_bad_address; /* of rejected: nothing will ever arrive there */
        char detail[MESSAGE_DETAIL_MAX];
        char provider[MESSAGE_PROVIDER_MAX];
        char provider_id[MESSAGE_PROVIDER_ID_MAX]; /* "": none */
        struct message_fate fate;
};

/* Ends the attempt and moves the message on. A receipt that came first is not overruled: then only the
 * attempt and the provider's id are noted; one that came before its id was known (receipt_note kept it) is
 * now noted. */
int message_outcome(struct db *db, int64_t now_utc, const struct message_outcome *outcome, struct err *err);

/* Gives leased messages back whose request never left (the courier stops before sending): the attempt is
 * removed and the message is as before the claim, but not ready before NOT_BEFORE (0: at once). */
int message_give_back(struct db *db, int64_t now_utc, int64_t message, int attempt, int64_t not_before,
                      struct err *err);

/* Appends at most LIMIT accepted messages of PROVIDER that it is time to ask after, and puts each off until
 * NEXT (those accepted before OLDEST: for good). Nothing is leased: asking twice does no harm. */
int message_poll(struct db *db, int64_t now_utc, const char *provider, int64_t next, int64_t oldest,
                 int limit, struct message_list *list, struct err *err);
/* The earliest time at which a message wants to be asked after; MESSAGE_NO_TIME when none does. */
int message_poll_time(struct db *db, int64_t *ret_utc, struct err *err);

/* Ends what is past its deadline: expired, or unknown when it was pinned. Appends what it ended to LIST,
 * which may be NULL. */
int message_expire(struct db *db, int64_t now_utc, struct message_list *list, int64_t *ret_count,
                   struct err *err);

/* For each message that is leased (at start nobody can be sending it): closes its open attempt as unknown and
 * asks DECIDE for its fate. PROVIDER is the attempt's. */
typedef struct message_fate (*message_decide_fn)(void *context, const struct message *message,
                                                 const char *provider);
int message_recover(struct db *db, int64_t now_utc, message_decide_fn decide, void *context,
                    int64_t *ret_count, struct err *err);

/* Nobody is asked after the messages of a provider that KNOWN does not know. */
typedef bool (*message_known_fn)(void *context, const char *provider);
int message_stop_polls(struct db *db, message_known_fn known, void *context, struct err *err);

/* Messages pinned to a provider that KNOWN does not know (its file is gone): urgent ones are freed for
 * another provider and may double, others stay unknown. */
int message_release_pins(struct db *db, int64_t now_utc, message_known_fn known, void *context,
                         struct err *err);

/* The earliest time at which a row is ready or past its deadline; not after NOW when there is work already;
 * MESSAGE_NO_TIME when nothing waits. */
int message_next_time(struct db *db, int64_t *ret_utc, struct err *err);

/* 1 when a message is leased, 0 when none is. */
int message_busy(struct db *db, struct err *err);

/* The id that stands for this database, 16 hexadecimal digits, drawn at random once: part of idempotency
 * keys, so that two gateways never share one. Writes when there is none yet. */
#define MESSAGE_UID_MAX 17
int message_database_uid(struct db *db, char ret_uid[static MESSAGE_UID_MAX], struct err *err);

#endif
