/* courier: the loop that takes ready messages to their providers.
 *
 * One thread, curl's multi interface. It leases messages through the writer, sends them when the lease is on
 * disk, and hands the outcomes of a round and the claim of the next to the writer as one job. What it may
 * claim follows from the providers' order, breakers, rates and how much is under way.
 *
 * It never sends twice what may have left once: a broken or silent connection is an unknown outcome
 * (deliver/retry.h says what follows), and a request that curl would repeat by itself on a fresh connection
 * is stopped unless the provider takes an idempotency key. A message that is leased when the courier opens
 * was in the hands of a process that died: unknown too.
 *
 * Times of rows come from the clock of the configuration, transport time-outs and breakers from the monotonic
 * clock. Messages are logged by id alone. This file must not know what a message says. */
#ifndef DELIVER_COURIER_H
#define DELIVER_COURIER_H

#include "base/clock.h"
#include "base/err.h"
#include "deliver/provider.h"

#include <stdint.h>

struct courier;
struct db;
struct writer;

#define COURIER_CLAIM_MAX 1024 /* messages claimed by one job */
#define COURIER_LANE_MAX 2048  /* messages of one provider leased at a time */
#define COURIER_CONNECT_TIMEOUT_MS 5000
#define COURIER_TIMEOUT_MS 20000
#define COURIER_DRAIN_MS 25000 /* courier_close waits so long for what is under way */

struct courier_config {
        const char *path;      /* of the database */
        struct writer *writer; /* NULL: jobs run in place on `db`, for tests and single threads */
        struct db *db;         /* without a writer */
        const struct clock *clock;
        struct provider *const *providers; /* in order of preference; they outlive the courier */
        int provider_count;                /* at most PROVIDER_MAX */
        int timeout_ms;                    /* 0: COURIER_TIMEOUT_MS */
        int drain_ms;                      /* 0: COURIER_DRAIN_MS */
};

/* Settles what a dead process left leased. Waits for the writer. Starts no thread. */
int courier_new(const struct courier_config *config, struct courier **ret_courier, struct err *err);

/* One round: hands finished work to the writer, starts what was claimed, carries bytes, and waits at most
 * WAIT_MS for something to happen. For a thread of its own it is called by courier_open's. Negative when
 * nothing more can be done (curl failed). */
int courier_step(struct courier *courier, int wait_ms, struct err *err);

/* True when the last step left nothing under way and nothing to claim now. */
bool courier_is_idle(const struct courier *courier);

/* Stops claiming, gives back what was claimed and not begun, waits for what is under way, notes what is left
 * as unknown, frees. Takes NULL, returns NULL. */
struct courier *courier_free(struct courier *courier);

/* The same with a thread of its own. Whoever opens it has it woken after commits (writer_on_commit) and when
 * a virtual clock jumps; unwoken it looks once a second. Providers are changed by closing and opening. */
int courier_open(const struct courier_config *config, struct courier **ret_courier, struct err *err);
void courier_wake(struct courier *courier); /* from any thread: rows or the clock have changed */
struct courier *courier_close(struct courier *courier);

/* From any thread. */
struct courier_counts {
        int64_t accepted, rejected, retry, unknown; /* outcomes since it was opened */
        int64_t under_way;
};

struct courier_counts courier_counts(const struct courier *courier);

struct courier_provider {
        const char *name;          /* lives as long as the courier */
        bool is_resting;           /* its breaker is open */
        int64_t under_way, opened; /* opened: how often its breaker has opened */
        int64_t outcomes[4];       /* by enum attempt_outcome, since the courier was opened */
        int64_t asked;             /* status queries answered */
};

/* The provider at position INDEX; false when there is none. */
bool courier_provider(const struct courier *courier, int index, struct courier_provider *ret_provider);

#endif
