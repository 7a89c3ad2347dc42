/* backup: the database as one compact file, while others read and write it. What was deleted before is not in
 * it. The copy is of one moment, checked, and on disk before it gets its name; nothing is ever overwritten.
 *
 * A copy holds what the database holds, people's data and the secrets of links, so it is for its owner alone
 * (mode 0600). */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "base/err.h"

#include <stdint.h>

struct db;

/* Writes FILE from DB (a reader is enough) and tells its size in bytes. ERR_CONFLICT when FILE exists,
 * ERR_IO. */
int backup_write(struct db *db, const char *file, int64_t *ret_size_bytes, struct err *err);

/* In DB, a writer: that a backup was made NOW_UTC. */
int backup_remember(struct db *db, int64_t now_utc, struct err *err);

/* When the last was made; 0: none ever was. */
int backup_last(struct db *db, int64_t *ret_at_utc, struct err *err);

#endif
