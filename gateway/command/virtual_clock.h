/* virtual_clock: the option --virtual-clock. `serve` stands still at its time until POST /v1/clock moves it;
 * what other verbs write into the database of such a gateway is dated by it too, whatever the machine's date
 * is. */
#ifndef COMMAND_VIRTUAL_CLOCK_H
#define COMMAND_VIRTUAL_CLOCK_H

#include "base/err.h"

#include <stdint.h>

/* "2026-11-23T07:00", with an offset or in Europe/Helsinki. ERR_USAGE. */
int virtual_clock_read(const char *text, int64_t *ret_utc, struct err *err);

/* The time TEXT says; TEXT NULL: the machine's. */
int virtual_clock_now(const char *text, int64_t *ret_utc, struct err *err);

#endif
