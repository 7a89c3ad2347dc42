/* put: what writing a row did. The functions X_put of store/ write a row that is new or differs, leave an
 * equal one alone (so that no trigger sees a change that is none), and return one of these or a negative
 * error. */
#ifndef STORE_PUT_H
#define STORE_PUT_H

#include "store/db.h"

enum put {
        PUT_SAME,
        PUT_ADDED,
        PUT_UPDATED,
        PUT_KEPT, /* another source owns the row: it was left alone */
};

#define ID_MAX 200           /* bytes of an id */
#define ID_SIZE (ID_MAX + 1) /* with the final NUL */

/* For store/ alone: runs a bound "SELECT 1 …" and ends it: 1 when it has a row, 0 when not, negative when it
 * failed. */
int put_exists(struct query *query);

/* For store/ alone: runs a bound "SELECT source, ended …" and ends it: 1 when SOURCE owns the row or it has
 * ended, 0 when there is none, PUT_KEPT when another source owns it. */
int put_owned(struct query *query, const char *source);

/* For store/ alone: runs a bound upsert whose DO UPDATE has a WHERE that lets nothing but changes through.
 * EXISTED is what put_exists said of the row before; a negative one is passed up. */
int put_run(struct query *query, int existed);

#endif
