/* desk_change: whether something that the pages of the day show has changed, for those who wait for it. One
 * row an organisation, numbered anew each time; so a reader's question costs as much as there is news, not as
 * there are pupils. Protected pupils' changes count like others'. */
#ifndef STORE_DESK_CHANGE_H
#define STORE_DESK_CHANGE_H

#include "store/db.h"

/* The subject (KIND: pupil, organisation; others are left aside) has changed: its organisation gets a new
 * number. For the writer. */
int desk_change_note(struct db *db, const char *kind, const char *subject, struct err *err);

/* The newest number, 0 when there is none. To be read before what the page shows. */
int desk_change_newest(struct db *db, int64_t *ret_seq, struct err *err);

/* 1: an organisation in or above SCOPE (a JSON array, store/desk_access.h) has a number past AFTER; 0: none.
 * *ret_newest is the newest number of all that were looked at. */
int desk_change_concerns(struct db *db, int64_t after, const char *scope, int64_t *ret_newest,
                         struct err *err);

#endif
