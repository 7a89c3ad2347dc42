/* csv: reads comma-separated values (RFC 4180) row by row from any source of bytes, as registers write them:
 * `,`, `;` or tabs between fields, LF, CR LF or CR at the end of a line, a byte order mark, UTF-8 or
 * Windows-1252, line ends inside quotes. Knows no columns and no files: table.h and bundle.h do.
 *
 * A source is read twice: csv_scan tells its shape, csv_open reads rows by it. A row with a fault costs that
 * row alone. */
#ifndef INTAKE_CSV_H
#define INTAKE_CSV_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CSV_ROW_BYTES_MAX (1u << 20) /* a longer row is refused */
#define CSV_FIELDS_MAX 256           /* a row with more is refused */

/* Gives up to SIZE bytes; 0: the end; a negative code, with ERR filled, when reading failed. */
struct csv_source {
        ssize_t (*read)(void *context, void *data, size_t size, struct err *err);
        void *context;
};

enum csv_encoding { CSV_UTF8, CSV_WINDOWS_1252 };

struct csv_shape {
        char delimiter;
        enum csv_encoding encoding;
        int64_t bytes;
};

/* Reads SOURCE to its end. Text without a valid UTF-8 letter beyond ASCII, but with such bytes, is taken for
 * Windows-1252; a single bad byte among good UTF-8 is a fault of its row. ERR_INVALID: UTF-16, or NUL bytes.
 */
int csv_scan(const struct csv_source *source, struct csv_shape *ret_shape, struct err *err);

struct csv;

int csv_open(const struct csv_source *source, const struct csv_shape *shape, struct csv **ret_csv,
             struct err *err);
struct csv *csv_close(struct csv *csv); /* takes NULL, returns NULL; the source stays the caller's */

/* Texts live until the next call. They are UTF-8 without NUL; white space around them is kept. */
struct csv_row {
        int64_t line; /* where it begins, from 1 */
        int count;
        const char *fields[CSV_FIELDS_MAX];
};

/* 1: a row; 0: the end. ERR_INVALID: the row at ret_row->line has a fault, the next call reads on behind it;
 * any other code: the source failed. Empty lines are passed over. */
int csv_next(struct csv *csv, struct csv_row *ret_row, struct err *err);

#endif
