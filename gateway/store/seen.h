/* seen: which rows a full import has named, so that what it left out can be ended. Lives in the connection's
 * temporary schema; keys of several parts are joined by SEEN_JOINT, which no id may hold. */
#ifndef STORE_SEEN_H
#define STORE_SEEN_H

#include "store/db.h"

#define SEEN_JOINT "\x1f"

/* Forgets everything: call it first in each import. */
int seen_clear(struct db *db, struct err *err);

/* 1: noted; 0: KEY was named before. KIND is a key of the roster file: 'people', 'roles', … */
int seen_add(struct db *db, const char *kind, const char *key, struct err *err);

/* Names every row of KIND (roles, guardians, carers) that stands for OWNER (the person, the pupil): one that
 * cannot be read may be any of them. */
int seen_keep(struct db *db, const char *kind, const char *owner, struct err *err);

/* Ends the one row of KIND (organisations, people, workplaces) with that key, if SOURCE owns it; *ret_ended
 * is 1 when it had not ended. */
int seen_end_one(struct db *db, const char *kind, const char *key, const char *source, const char *today,
                 int64_t *ret_ended, struct err *err);

/* How many rows of KIND are owned by SOURCE and not ended on TODAY, and how many of them were not seen.
 * Kinds: organisations, people, roles, guardians, carers, workplaces. */
int seen_count(struct db *db, const char *kind, const char *source, const char *today, int64_t *ret_owned,
               int64_t *ret_missing, struct err *err);

/* Ends (roles: the day before TODAY was the last one; calendar, lessons and audiences: removes) what was not
 * seen; *ret_ended is how many. Also takes the kinds audiences, calendar, lessons. */
int seen_end_missing(struct db *db, const char *kind, const char *source, const char *today,
                     int64_t *ret_ended, struct err *err);

#endif
