/* attendance_csv: takes a register's attendance in from a CSV file, row by row. The file is one event, to
 * which its marks belong; a mark that says what stands already changes nothing, so a file may be taken twice.
 */
#ifndef INTAKE_ATTENDANCE_CSV_H
#define INTAKE_ATTENDANCE_CSV_H

#include "intake/rejections.h"

#include <stdbool.h>

struct attendance_map;
struct bundle;
struct db;

#define ATTENDANCE_CHUNK_ROWS 5000 /* in one transaction */

struct attendance_options {
        const char *source; /* of the event; NULL: "attendance" */
        const char
            *organisation; /* whose register was read up to now; NULL: what the map says, else nobody's */
        bool dry_run;      /* one transaction, rolled back */
        void (*progress)(void *context, const char *file, int64_t rows);
        void *progress_context;
};

/* Zero it before, rejections_fini after. */
struct attendance_report {
        int64_t added, same, skipped; /* rows: new marks, marks that stood already, rows that say nothing */
        struct rejections rejected;
};

/* BUNDLE holds one CSV file. Opens transactions itself. ERR_INVALID: a column is missing, the organisation is
 * unknown, or the file changed while it was read (what was taken until then stays; take it again). */
int attendance_csv_import(struct db *db, int64_t now_utc, struct bundle *bundle,
                          const struct attendance_map *map, const struct attendance_options *options,
                          struct attendance_report *report, struct err *err);

/* {"added":{"marks":n},"updated":{},"ended":{},"same":n,"skipped":n,"rejected":[…]}; NULL when memory ran
 * out. */
json_t *attendance_report_to_json(const struct attendance_report *report);

#endif
