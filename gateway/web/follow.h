/* follow: the one thread for answers that may have to wait for something to be published, or to change at the
 * desk. It has a read connection of its own. A request is tried at once, again whenever there is such news,
 * and a last time at its deadline or when the thread stops. */
#ifndef WEB_FOLLOW_H
#define WEB_FOLLOW_H

#include "web/request.h"

struct follow;

#define FOLLOW_MAX 256 /* requests that wait at once */

/* Fills in the response of REQUEST and returns true; false: nothing to say yet. IS_LAST: it must answer. */
typedef bool (*follow_try)(struct request *request, struct db *db, bool is_last);

/* The writer must be open until follow_close. */
int follow_open(const char *db_path, struct writer *writer, struct follow **ret_follow, struct err *err);

/* Takes the request until it finishes it; ATTEMPT is tried until DEADLINE_MS (monotonic). ERR_BUSY when
 * FOLLOW_MAX wait or it stops. */
int follow_add(struct follow *follow, struct request *request, follow_try attempt, int64_t deadline_ms);

/* Answers all that wait with what there is and ends the thread; what is added from then on is refused. Takes
 * NULL. */
void follow_stop(struct follow *follow);

/* Takes NULL, returns NULL. */
struct follow *follow_close(struct follow *follow);

#endif
