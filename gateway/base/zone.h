/* zone: local time in an IANA time zone, by ICU. Opening one costs milliseconds and some hundred kilobytes:
 * open it once and keep it. A struct zone is used by one thread at a time. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct zone;

/* ERR_INVALID when NAME is no zone that ICU knows ("Europe/Helsinki"). */
int zone_open(const char *name, struct zone **ret_zone, struct err *err);
struct zone *zone_close(struct zone *zone); /* takes NULL, returns NULL */

/* Seconds east of UTC in force at UTC. */
int zone_offset(struct zone *zone, int64_t utc);

/* UTC of a local date and seconds of the day on its clock face. A time that does not exist in spring is moved
 * forward by the gap; of a time that comes twice in autumn the first is meant. */
int64_t zone_to_utc(struct zone *zone, int32_t date, int seconds);

void zone_to_local(struct zone *zone, int64_t utc, int32_t *ret_date, int *ret_seconds);

#define ZONE_STAMP_MAX 26 /* "2026-11-23T10:00:00+02:00" and NUL */
void zone_stamp(struct zone *zone, int64_t utc, char ret_text[static ZONE_STAMP_MAX]); /* RFC 3339 */

/* Reads RFC 3339 with or without seconds and offset; without an offset it is local to ZONE. Also a bare date:
 * midnight. False when TEXT is no such time. */
bool zone_parse(struct zone *zone, const char *text, int64_t *ret_utc);

/* "HH:MM" or "HH:MM:SS", 00:00–24:00, as seconds. */
bool zone_parse_time(const char *text, int *ret_seconds);

#endif
