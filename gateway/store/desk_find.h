/* desk_find: pupils as staff look them up: by the first letters of a name, by group. Reads only. Texts live
 * until the function that is called with them returns; a negative return of it ends the reading and is passed
 * up. */
#ifndef STORE_DESK_FIND_H
#define STORE_DESK_FIND_H

#include "base/buf.h"
#include "store/put.h"

#include <stdbool.h>

#define DESK_PUPILS_MAX 100     /* of one list */
#define DESK_GROUPS_MAX 500     /* of one list */
#define DESK_LIKE_MAX_BYTES 100 /* of what is searched for; longer finds nothing */
#define DESK_PUPILS_FEW 500     /* so small a scope is read whole */

struct desk_pupil_row {
        const char *id, *given, *family, *group; /* the group's name */
        int grade;                               /* 0: not said */
        bool is_protected;
};
typedef int (*desk_pupil_fn)(void *context, const struct desk_pupil_row *row, struct err *err);

/* Pupils of TODAY in the organisations of SCOPE (a JSON array) or below, whose given or family name begins
 * with LIKE (large or small letters; of two words one begins each), by name, at most DESK_PUPILS_MAX + 1: the
 * last says that there are more. */
int desk_pupil_find(struct db *db, const char *scope, const char *today, const char *like, desk_pupil_fn each,
                    void *context, struct err *err);

/* Those of one group, by name; the same maximum. */
int desk_pupil_group(struct db *db, const char *group, const char *today, desk_pupil_fn each, void *context,
                     struct err *err);

/* Groups of the scope that have pupils today, by school and name, at most DESK_GROUPS_MAX. */
int desk_group_each(struct db *db, const char *scope, const char *today,
                    int (*each)(void *context, const char *id, const char *name, const char *school,
                                int64_t pupils, struct err *err),
                    void *context, struct err *err);

/* Everybody whose name begins so and who belongs to SCOPE (has or had a role in it, or is the guardian, carer
 * or supervisor of a pupil who has): adds their ids as a JSON array, at most LIMIT. */
int desk_people_find(struct db *db, const char *scope, const char *like, int limit, struct buf *json,
                     int *ret_count, struct err *err);

#endif
