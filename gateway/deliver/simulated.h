/* simulated: delivery without a network, for `kapula simulate`, scenario tests and replays. Every ready
 * message is accepted and delivered at once, save those to somebody whose receipts are played: these stay
 * accepted until receipt_note_recipient (store/receipt.h) is called for them. */
#ifndef DELIVER_SIMULATED_H
#define DELIVER_SIMULATED_H

#include "base/err.h"
#include "store/message.h"

struct simulated_hooks {
        /* True when the events that are played hold receipts of this person and channel. May be NULL. */
        bool (*awaits_receipt)(void *context, const char *person, const char *channel);
        /* For each message that was sent, and each that expired or was given up instead. May be NULL. A
         * negative return ends the step and is passed up. */
        int (*sent)(void *context, const struct message *message, struct err *err);
        int (*expired)(void *context, const struct message *message, struct err *err);
        void *context;
};

/* Ends what is past its deadline, then sends all that is ready, inside the caller's transaction.
 * *ret_count: messages moved. */
int deliver_simulated(struct db *db, int64_t now_utc, const struct simulated_hooks *hooks, int64_t *ret_count,
                      struct err *err);

#endif
