/* courier_job: what the courier has the writer do in one transaction: note outcomes, give back, end what is
 * past its deadline, claim. The courier's thread fills it, the writer's runs it; between submitting and
 * `is_done` it belongs to the writer. */
#ifndef DELIVER_COURIER_JOB_H
#define DELIVER_COURIER_JOB_H

#include "deliver/provider.h"
#include "store/message.h"
#include "store/receipt.h"
#include "store/writer.h"

#include <stdatomic.h>

/* What became of one leased message. */
struct finished {
        struct message_outcome outcome;
        bool is_given_back; /* it never left: only message and attempt of the outcome count, and not_before of
                               its fate */
        bool is_told;       /* a status query was answered: the receipt below is noted */
        bool is_question;   /* of an accepted message: nothing else is noted */
        enum receipt_status receipt;
        int64_t round; /* of the message, for the receipt */
};

struct claim {
        struct message_lane lane;
        int provider; /* position among the courier's */
};

#define CLAIM_MAX (PROVIDER_MAX * 2) /* providers by channels */

struct courier_job {
        struct writer_job job;
        struct finished *finished;
        size_t finished_count, finished_room;
        struct claim claims[CLAIM_MAX];
        int claim_count;
        int budget[PROVIDER_MAX];                  /* messages that each provider may still take */
        struct message_list claimed[PROVIDER_MAX]; /* result */
        struct {
                const char *provider; /* NULL: nothing is asked */
                int64_t every, until;
        } questions[PROVIDER_MAX];
        struct message_list asked[PROVIDER_MAX]; /* result: accepted messages to be asked after */
        int64_t expired;                         /* result */
        struct {
                const char *provider; /* whose breaker has changed; NULL: nothing is noted */
                bool is_open;
                int64_t probe_s; /* seconds until a message is tried */
        } turns[PROVIDER_MAX];
        int result;
        struct err err;
        void (*wake)(void *context); /* called in the writer's thread when it is done */
        void *context;
        atomic_bool is_done;
};

int courier_job_init(struct courier_job *job, size_t finished_room, struct err *err);
void courier_job_fini(struct courier_job *job);

/* Adds one that is finished; the room for all that can be leased is there. */
void courier_job_add(struct courier_job *job, const struct finished *finished);

#endif
