/* register: how far a school's register has been read, where it says so. */
#ifndef STORE_REGISTER_H
#define STORE_REGISTER_H

#include "base/err.h"

#include <stdint.h>

struct db;

/* 1: the register of ORGANISATION or the nearest above it was read more than OLDER_THAN seconds ago, counted
 * within the school hours of TODAY; 0: it was not, or no register says how far it has been read. */
int register_is_stale(struct db *db, const char *organisation, const char *today, int64_t now_utc,
                      int64_t older_than, struct err *err);

#endif
