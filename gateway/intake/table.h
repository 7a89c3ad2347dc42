/* table: one CSV file of a bundle, whose first row names its columns: in any order, regardless of case, with
 * others between that are passed over. Knows no format.
 *
 * What is wrong with a row is told as "COLUMN: "VALUE": WHAT: what to do", VALUE cut and made printable; the
 * caller adds the file's name and table->row.line. Such lines go to the person who imports, never into a log.
 */
#ifndef INTAKE_TABLE_H
#define INTAKE_TABLE_H

#include "intake/bundle.h"
#include "intake/csv.h"

#define TABLE_COLUMNS_MAX 40
#define TABLE_NAME_MAX BUNDLE_NAME_MAX

struct table_column {
        const char *name, *other; /* other: what it may be called as well; NULL: nothing */
        bool is_needed;           /* the file is refused without it */
};

struct table {
        char name[TABLE_NAME_MAX];
        struct bundle_file *file;
        struct csv *csv;
        struct csv_shape shape;
        struct csv_row row;
        const struct table_column *columns;
        int at[TABLE_COLUMNS_MAX]; /* the field of each column; -1: not in the file */
        int fields;                /* that each row must have */
};

/* ERR_INVALID: no header, or a column that is needed is missing. table_close also after a failure. */
int table_open(struct table *table, struct bundle *bundle, const char *name,
               const struct table_column *columns, size_t count, struct err *err);
void table_close(struct table *table);

/* 1: the next row; 0: the end. ERR_INVALID: the row at table->row.line has a fault; another code: reading
 * failed. */
int table_next(struct table *table, struct err *err);

bool table_has(const struct table *table, int column);

/* Without the white space around it; NULL when empty or not in the file. Until the next table_next. */
const char *table_value(struct table *table, int column);

/* As table_value; an empty one is a fault of the row (ERR_INVALID). */
int table_need(struct table *table, int column, const char **ret_value, struct err *err);

/* Says what is wrong with the value of COLUMN; ERR_INVALID. */
int table_refuse(struct table *table, int column, struct err *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
