/* roster: reads our roster JSON and loads it (load.h) in full: what it says is written, what it leaves out is
 * ended. Rows with a fault are refused one by one with their line; the others go in. */
#ifndef INTAKE_ROSTER_H
#define INTAKE_ROSTER_H

#include "intake/load.h"

#define ROSTER_BYTES_MAX (256u << 20)
#define ROSTER_ROW_BYTES_MAX (1u << 20)

/* Inside a transaction the caller opened; after a negative return the caller rolls back. ERR_INVALID: the
 * text is no roster at all, or would end more than LOAD_END_PERCENT of a kind and is not forced. Refused rows
 * are no error: see the report. */
int roster_import(struct db *db, int64_t now_utc, const char *json, size_t length,
                  const struct roster_options *options, struct roster_report *report, struct err *err);

#endif
