/* self_check: what the database says of its own health. Reads only. */
#ifndef STORE_SELF_CHECK_H
#define STORE_SELF_CHECK_H

#include "base/err.h"

#include <stdint.h>

#define SELF_CHECK_FAULT_MAX 200 /* bytes of what SQLite says */

struct db;

struct self_check {
        char fault[SELF_CHECK_FAULT_MAX]; /* of SQLite's quick check; "": none */
        int schema, schema_wanted;
        int64_t newest;       /* the latest time that a row says it was received */
        int64_t feeds_unused; /* in force for a week and never fetched */
        int64_t contacts_bad, replies_waiting;
        int64_t lost;           /* messages of the last day that failed, were rejected or are not known */
        int64_t waiting_urgent; /* urgent messages that should have left ten minutes ago */
};

int self_check_read(struct db *db, int64_t now_utc, struct self_check *ret_check, struct err *err);

#endif
