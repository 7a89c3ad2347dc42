/* zone_keep: time zones that a thread has opened and keeps, since opening one costs milliseconds. At most
 * ZONE_KEEP_MAX a thread (then the oldest is closed); the thread's end closes them. */
#ifndef BASE_ZONE_KEEP_H
#define BASE_ZONE_KEEP_H

#include "base/zone.h"

#define ZONE_KEEP_MAX 16
#define ZONE_NAME_MAX 64 /* bytes, with the final NUL */

/* The zone NAME, open; it stays the keeper's and may be closed by the ZONE_KEEP_MAX-th call from now on.
 * ERR_INVALID when NAME is no zone. */
int zone_keep(const char *name, struct zone **ret_zone, struct err *err);

#endif
