/* courier_private: what the files of the courier share: its state, and how one part hands over to the next.
 * For deliver/courier*.c alone. */
#ifndef DELIVER_COURIER_PRIVATE_H
#define DELIVER_COURIER_PRIVATE_H

#include "deliver/courier.h"
#include "deliver/courier_job.h"
#include "deliver/lane.h"
#include "deliver/retry.h"

#include <pthread.h>

#define COURIER_CHECK_MS 1000         /* other programs may write: looked for so often */
#define COURIER_LEAVES_MAX_BYTES 8192 /* prefixes of all providers of a channel */

/* What others may ask of a lane while it works. */
struct lane_counts {
        atomic_llong outcomes[ATTEMPT_UNKNOWN + 1], under_way, opened, asked;
        atomic_bool is_resting;
};

struct courier {
        struct courier_config config;
        struct db *db, *own_db; /* reads; own_db is closed with the courier */
        bool knows_next;        /* what own_db said when the data were of `version` */
        int64_t next_utc, poll_utc;
        CURLM *multi;
        char uid[MESSAGE_UID_MAX];
        struct lane lanes[PROVIDER_MAX];
        struct lane_counts lane_counts[PROVIDER_MAX];
        bool is_asking; /* some provider is asked after what it accepted */
        char leaves[PROVIDER_MAX]
                   [COURIER_LEAVES_MAX_BYTES]; /* JSON: numbers that earlier providers take; "": none */
        struct courier_job job;
        bool is_submitted;
        int64_t submitted_ms, job_ms; /* when, and how long the last one took */
        struct finished *finished;    /* for the next job */
        size_t finished_count, finished_room;
        int64_t finished_ms;  /* since when there are any */
        int64_t check_at_ms;  /* when to look for work again */
        int64_t submit_at_ms; /* after a failure: not before, … */
        int64_t trouble_ms;   /* … which is so long after the last one; 0: all is well */
        bool is_blocked;      /* there was work and no room */
        bool is_idle;
        /* A claim moved nothing though rows are due (no provider takes them): the same is not tried again
         * until somebody has written or a second has passed. */
        int64_t version, quiet_version, quiet_until_ms;
        uint64_t plan, quiet_plan; /* a bit for each claim that was planned */
        atomic_bool is_woken, is_stopping;
        pthread_t thread;
        atomic_llong counts[ATTEMPT_UNKNOWN + 1], under_way;
};

/* ---- courier_send.c: what leaves, and how it ended */

/* Says in the log that nobody knows whether the message arrived. */
void courier_tell_unknown(const struct message_outcome *outcome);

/* Hands the message back to the writer, not to be sent before NOT_BEFORE (UTC). */
void courier_give_back_until(struct courier *courier, struct message *message, int64_t not_before);

/* The same, at once, of all that wait in a lane. */
void courier_give_back_queue(struct courier *courier, struct lane *lane);

/* What deliver/retry decides on. */
struct retry_case courier_retry_case(struct courier *courier, const struct provider *provider,
                                     const struct message *message, enum attempt_outcome outcome,
                                     int64_t retry_after);

/* The end of a transfer, by curl or because the gateway stops. */
void courier_conclude(struct courier *courier, struct transfer *transfer, CURLcode result);

/* Takes what curl has brought to an end. */
void courier_collect(struct courier *courier);

/* Begins what the lanes have room for. */
void courier_start_waiting(struct courier *courier);

/* Notes the outcome of the message in TRANSFER and puts the handle to rest. */
void courier_finish_transfer(struct courier *courier, struct lane *lane, struct transfer *transfer,
                             const struct message_outcome *outcome, int64_t retry_after);

void courier_unlink_transfer(struct courier *courier, struct lane *lane, struct transfer *transfer);

/* ---- courier_plan.c: the writer's job */

/* A job or a look has failed: the next waits, longer each time. */
void courier_note_trouble(struct courier *courier, int64_t now_ms);

/* Hands the writer what has ended and what is to be claimed, when there is any of it. */
void courier_submit_when_needed(struct courier *courier);

/* Milliseconds for which outcomes wait for others. A commit costs the same for few as for many, and while it
 * lasts nothing new is claimed: so not while others are about to finish and no lane is short of work. */
int64_t courier_hold_ms(const struct courier *courier, int64_t now_ms);

/* Takes over what the writer has done. */
void courier_take_done(struct courier *courier);

#endif
