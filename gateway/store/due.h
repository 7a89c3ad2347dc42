/* due: when rules have work next: what changed, what pends, timers, and messages that wait for a time. */
#ifndef STORE_DUE_H
#define STORE_DUE_H

#include "base/err.h"

#include <stdint.h>

struct db;

/* 0: at once; INT64_MAX: never, as things are. */
int due_next(struct db *db, int64_t *ret_utc, struct err *err);

#endif
