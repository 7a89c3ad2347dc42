/* feed_change: whose calendars a change concerns. Triggers write down the subjects of changes, whoever makes
 * them; here each becomes the owners (people, workplaces, organisations) whose calendars may show it. It may
 * name too many, never too few. */
#ifndef STORE_FEED_CHANGE_H
#define STORE_FEED_CHANGE_H

#include "base/err.h"

#include <stdint.h>

#define FEED_CHANGE_MAX 2000 /* changes that are followed one by one; more concern everybody */

struct db;

/* The number of the latest change that this connection sees: the version of all that calendars show. */
int feed_change_latest(struct db *db, int64_t *ret_seq, struct err *err);

enum feed_change { FEED_CHANGE_SOME, FEED_CHANGE_ALL };

/* Tells each owner that a change after SINCE concerns (some several times) and returns FEED_CHANGE_SOME;
 * FEED_CHANGE_ALL: it concerns everybody, nobody is told. */
int feed_change_owners(struct db *db, int64_t since, void (*tell)(void *context, const char *owner),
                       void *context, struct err *err);

#endif
