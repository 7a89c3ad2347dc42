#include "intake/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SHOWN_MAX 60 /* bytes of a value in an error */

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* In place. */
static char *trim(const char *field)
{
        char *text = (char *)field, *end;

        while (is_space(*text))
                text++;
        for (end = text + strlen(text); end > text && is_space(end[-1]);)
                end--;
        *end = '\0';
        return text;
}

static int find_column(const struct csv_row *header, const struct table_column *column)
{
        for (int i = 0; i < header->count && *column->name; i++) {
                const char *name = trim(header->fields[i]);

                if (strcasecmp(name, column->name) == 0 ||
                    (column->other && strcasecmp(name, column->other) == 0))
                        return i;
        }
        return -1;
}

static int read_header(struct table *table, size_t count, struct err *err)
{
        int r = csv_next(table->csv, &table->row, err);

        if (r < 0)
                return err_prefix(err, "%s:%lld", table->name, (long long)table->row.line);
        if (r == 0)
                return err_set(err, ERR_INVALID, "%s: is empty: its first row must name the columns",
                               table->name);
        table->fields = table->row.count;
        for (size_t i = 0; i < count; i++) {
                table->at[i] = find_column(&table->row, &table->columns[i]);
                if (table->at[i] < 0 && table->columns[i].is_needed)
                        return err_set(err, ERR_INVALID,
                                       "%s:1: no column is called %s: add it, or see which export this is",
                                       table->name, table->columns[i].name);
        }
        return 0;
}

int table_open(struct table *table, struct bundle *bundle, const char *name,
               const struct table_column *columns, size_t count, struct err *err)
{
        struct csv_source source = {.read = bundle_file_read};
        int r;

        *table = (struct table){.columns = columns};
        snprintf(table->name, sizeof table->name, "%s", name);
        for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++)
                table->at[i] = -1;
        r = bundle_file_open(bundle, name, &table->file, err);
        if (r < 0)
                return r;
        source.context = table->file;
        r = csv_scan(&source, &table->shape, err);
        if (r < 0)
                return err_prefix(err, "%s", table->name);
        bundle_file_close(table->file);
        table->file = NULL;
        r = bundle_file_open(bundle, name, &table->file, err);
        source.context = table->file;
        if (r == 0)
                r = csv_open(&source, &table->shape, &table->csv, err);
        return r < 0 ? r : read_header(table, count, err);
}

void table_close(struct table *table)
{
        table->csv = csv_close(table->csv);
        table->file = bundle_file_close(table->file);
}

int table_next(struct table *table, struct err *err)
{
        int r = csv_next(table->csv, &table->row, err);

        if (r > 0 && table->row.count != table->fields)
                return err_set(
                    err, ERR_INVALID,
                    "has %d fields where the first row has %d: put values with a delimiter in quotes",
                    table->row.count, table->fields);
        return r;
}

bool table_has(const struct table *table, int column)
{
        return table->at[column] >= 0;
}

const char *table_value(struct table *table, int column)
{
        const char *text;

        if (table->at[column] < 0 || table->at[column] >= table->row.count)
                return NULL;
        text = trim(table->row.fields[table->at[column]]);
        return *text ? text : NULL;
}

int table_need(struct table *table, int column, const char **ret_value, struct err *err)
{
        const char *value = table_value(table, column);

        if (!value)
                return table_refuse(table, column, err, "is empty: fill it in");
        *ret_value = value;
        return 0;
}

static void show(const char *value, char shown[static SHOWN_MAX + 4])
{
        size_t length = 0;

        for (; value[length] && length < SHOWN_MAX; length++)
                shown[length] =
                    (unsigned char)value[length] < ' ' || value[length] == 0x7f ? '?' : value[length];
        if (value[length]) {
                while (length > 0 && ((unsigned char)value[length] & 0xc0) == 0x80)
                        length--; /* not in the middle of a letter */
                memcpy(shown + length, "...", 4);
        } else {
                shown[length] = '\0';
        }
}

int table_refuse(struct table *table, int column, struct err *err, const char *format, ...)
{
        const char *value = table_value(table, column);
        char what[ERR_TEXT_MAX], shown[SHOWN_MAX + 4] = "";
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(what, sizeof what, format, arguments);
        va_end(arguments);
        if (value)
                show(value, shown);
        return err_set(err, ERR_INVALID, "%s: %s%s%s%.300s", table->columns[column].name, value ? "\"" : "",
                       shown, value ? "\": " : "", what);
}
