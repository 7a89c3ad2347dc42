/* receipt: what a provider tells of a message after it was accepted. The same receipt may come twice, and
 * receipts may come in any order: the state of the message is decided by rank, not by what came last. Runs
 * inside the caller's transaction. */
#ifndef STORE_RECEIPT_H
#define STORE_RECEIPT_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

#define RECEIPT_NO_TIME INT64_MAX

enum receipt_status { RECEIPT_DELIVERED, RECEIPT_FAILED, RECEIPT_TEMPORARY };

bool receipt_status_parse(const char *name, enum receipt_status *ret_status);

struct receipt {
        int64_t message;         /* our id, when the provider gives it back; 0: found by the provider's id */
        int64_t round;           /* with MESSAGE: which of its rounds is meant */
        const char *provider;    /* whose webhook it came to */
        const char *provider_id; /* may be NULL when MESSAGE is set */
        enum receipt_status status;
        bool is_bad_address; /* of failed: nothing will ever arrive at that address */
        const char *detail;  /* the provider's code; may be NULL */
        int64_t at;          /* when it happened; RECEIPT_NO_TIME: the provider does not say */
};

#define RECEIPT_KNOWN 1 /* it had come before: nothing changed */
#define RECEIPT_EARLY 2 /* of no message known here yet: kept for RECEIPT_EARLY_SECONDS */

#define RECEIPT_EARLY_SECONDS 3600
#define RECEIPT_EARLY_MAX 10000  /* receipts kept so; further ones are ERR_NOT_FOUND */
#define RECEIPT_AGAIN_SECONDS 60 /* after a temporary failure; doubled each time, at most 15 min */

/* Notes a receipt and moves its message: delivered stands above all, failed above what is still open. A
 * temporary failure of an accepted message begins it anew, as long as its deadline lets it; what was told of
 * an earlier round moves nothing unless it says delivered. A receipt may overtake the answer to the request:
 * when an attempt of its provider is open it is kept until message_outcome names its id, else ERR_NOT_FOUND
 * (a provider that is told 404 comes again). */
int receipt_note(struct db *db, int64_t now_utc, const struct receipt *receipt, struct err *err);

/* Notes what was kept for this id. */
int receipt_note_early(struct db *db, int64_t now_utc, const char *provider, const char *provider_id,
                       struct err *err);
int receipt_any_early(struct db *db, struct err *err); /* positive when anything is kept for any id */

/* The same for a simulated receipt: the newest accepted message to PERSON on CHANNEL, else the newest that
 * was sent at all. */
int receipt_note_recipient(struct db *db, const char *person, const char *channel, enum receipt_status status,
                           int64_t at_utc, struct err *err);

#endif
