/* calendars: the calendars that the configuration names, written to the database. */
#ifndef COMMAND_CALENDARS_H
#define COMMAND_CALENDARS_H

#include "base/err.h"

#include <stdint.h>

struct config;
struct db;

/* In the caller's transaction: what is configured is there, what is not any more is ended with all that it
 * owned. */
int calendars_configure(struct db *db, const struct config *config, int64_t now_utc, struct err *err);

#endif
