/* retry: when a message is tried again, and what becomes of it after an attempt. Pure: everything is a
 * function of its arguments, so that a simulation repeats itself. Knows no network. */
#ifndef DELIVER_RETRY_H
#define DELIVER_RETRY_H

#include "deliver/provider.h"
#include "store/message.h"

#include <stdbool.h>
#include <stdint.h>

#define RETRY_FIRST_SECONDS 5
#define RETRY_MAX_SECONDS 900
#define RETRY_AFTER_MAX_SECONDS 86400 /* a longer Retry-After is shortened */
#define RETRY_ATTEMPT_MAX 100         /* about a day; then the message has failed */

/* Seconds to wait after attempt number ATTEMPT (from 1): 5, 10, 20, … up to 15 minutes, each spread over
 * three to five quarters by a hash of message and attempt. */
int64_t retry_delay(int64_t message, int attempt);

/* Reads a Retry-After header, seconds or an HTTP date; a date is compared with DATE, the answer's own Date
 * header (NULL: with NOW_UTC), so that neither clock need be right. -1 when it is neither. */
int64_t retry_after_seconds(const char *value, const char *date, int64_t now_utc);

struct retry_case {
        const struct message *message; /* with its open attempt; pinned when it names a provider */
        enum attempt_outcome outcome;
        bool idempotent;     /* the provider takes our key, and still knows it */
        bool can_ask;        /* it can be asked by our key */
        int64_t ask_wait;    /* seconds before it knows what it took */
        int64_t retry_after; /* seconds that the provider asks for; -1: it does not */
        int64_t now_utc;
};

/* The rules:
 * - accepted and rejected are final;
 * - retry waits, never past the deadline: what would be tried after it has expired now;
 * - unknown: sent again to the same provider with the same key where it takes one; else asked after where it
 * can be asked; otherwise an urgent message is sent again by the same provider and may double, and any other
 * stays unknown and may be lost. */
struct message_fate retry_fate(const struct retry_case *attempt);

/* After a question: STANDING says that the provider does not have the message (then it is sent afresh, by
 * anybody), that it has it (accepted), or nothing to build on (asked again later). */
struct message_fate retry_fate_of_question(const struct retry_case *attempt, enum provider_standing standing);

#endif
