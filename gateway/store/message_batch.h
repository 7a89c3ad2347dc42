/* message_batch: attempts and outcomes of many messages at once. Where they say the same, one statement does
 * for all of them what message_claim and message_outcome do for one: a statement that changes a message costs
 * several times what its rows cost. */
#ifndef STORE_MESSAGE_BATCH_H
#define STORE_MESSAGE_BATCH_H

#include "store/message.h"

/* Opens the attempt of each of the leased messages, at PROVIDER. */
int message_open_attempts(struct db *db, int64_t now_utc, const struct message *messages, size_t count,
                          const char *provider, struct err *err);

/* As message_outcome of each in order; no message twice. */
int message_outcomes(struct db *db, int64_t now_utc, const struct message_outcome *const *outcomes,
                     size_t count, struct err *err);

#endif
