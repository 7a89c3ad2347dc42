/* message_batch: leases and outcomes of many messages at once. Where they say the same, one statement does
 * for all of them what message_claim and message_outcome do for one: a statement that changes a message costs
 * several times what its rows cost. */
#ifndef STORE_MESSAGE_BATCH_H
#define STORE_MESSAGE_BATCH_H

#include "store/message.h"

/* Leases each of the messages, whose `attempt` is the one that this opens at PROVIDER. */
int message_lease(struct db *db, int64_t now_utc, const struct message *messages, size_t count,
                  const char *provider, struct err *err);

/* As message_outcome of each in order; no message twice. */
int message_outcomes(struct db *db, int64_t now_utc, const struct message_outcome *const *outcomes,
                     size_t count, struct err *err);

#endif
