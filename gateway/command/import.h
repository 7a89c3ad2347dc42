/* import: what the kinds of `kapula import` share. One file a kind: import_attendance.c, import_events.c,
 * import_roster.c. */
#ifndef COMMAND_IMPORT_H
#define COMMAND_IMPORT_H

#include "intake/rejections.h"
#include "store/db.h"

#include <stdio.h>

#define IMPORT_READ_BYTES 65536

struct import {
        struct db *db;
        int64_t now_utc;
        const char *path;         /* "-": standard input */
        const char *source;       /* owner of a roster's rows, sender of attendance; NULL: the default */
        const char *country;      /* calling code of numbers without one; NULL: of the organisation's zone */
        const char *map;          /* how a register's columns are read; NULL: the plain format */
        const char *organisation; /* whose register was read; NULL: what the map says */
        bool dry_run, force, json;
};

int import_attendance(const struct import *import, struct err *err);
int import_events(const struct import *import, struct err *err);
int import_roster(const struct import *import, struct err *err);

FILE *import_open(const struct import *import, struct err *err);
void import_close(FILE *file);
int import_read_failed(const struct import *import, struct err *err);

/* Takes JSON, which may be NULL: memory ran out. */
int import_print_json(json_t *json, struct err *err);
void import_print_rejected(const struct import *import, const struct rejections *rejected);

/* Rolls back when R is negative or nothing is to be written. Returns R, or what the commit said. */
int import_end_transaction(const struct import *import, int r, struct err *err);

/* "FILE: N rows" on a terminal, and taking it away. A progress of load.h and attendance_csv.h. */
void import_show_rows(void *context, const char *file, int64_t rows);
void import_hide_rows(void);

#endif
