/* kapula import events: CloudEvents, a line each. */
#include "command/import.h"
#include "intake/intake.h"

#include <string.h>
#include <unistd.h>

#define CHUNK_EVENTS_MAX INTAKE_EVENTS_MAX /* events in one transaction */

static int take_chunk(const struct import *import, const char *data, size_t length, enum intake_format format,
                      struct intake_report *report, struct err *err)
{
        int r;

        if (!import->dry_run) { /* a dry run is one transaction, so that later events see what earlier ones
                                   wrote */
                r = db_begin(import->db, err);
                if (r < 0)
                        return r;
        }
        r = intake_events(import->db, import->now_utc, data, length, format, NULL, report, err);
        return import->dry_run ? r : import_end_transaction(import, r, err);
}

/* How many bytes at the start of DATA are whole lines, at most CHUNK_EVENTS_MAX of them; 0 when there is
 * none. */
static size_t whole_lines(const char *data, size_t length)
{
        const char *at = data, *newline;

        for (int i = 0; i < CHUNK_EVENTS_MAX; i++) {
                newline = memchr(at, '\n', length - (size_t)(at - data));
                if (!newline)
                        break;
                at = newline + 1;
        }
        return (size_t)(at - data);
}

/* On a terminal only, and gone when the work is done. */
static void show_progress(const struct intake_report *report, bool is_over)
{
        if (!isatty(STDERR_FILENO) || report->events < CHUNK_EVENTS_MAX)
                return;
        if (is_over)
                fputs("\r\x1b[K", stderr);
        else
                fprintf(stderr, "\r%lld events", (long long)report->events);
}

/* Reads FILE line by line through BUFFER (INTAKE_BYTES_MAX long); *LENGTH bytes stand in it already. */
static int take_lines(const struct import *import, FILE *file, char *buffer, size_t length,
                      struct intake_report *report, struct err *err)
{
        size_t lines;
        int r = 0;

        while (r == 0) {
                length += fread(buffer + length, 1, INTAKE_BYTES_MAX - length, file);
                if (ferror(file))
                        return import_read_failed(import, err);
                if (length == 0)
                        break;
                lines = whole_lines(buffer, length);
                if (lines == 0 && !feof(file))
                        return err_set(err, ERR_INVALID,
                                       "%.200s:%lld: a line is longer than %u bytes: shorten it",
                                       import->path, (long long)report->lines + 1, INTAKE_BYTES_MAX);
                if (lines == 0)
                        lines = length; /* the last line has no newline */
                r = take_chunk(import, buffer, lines, INTAKE_NDJSON, report, err);
                memmove(buffer, buffer + lines, length - lines);
                length -= lines;
                show_progress(report, false);
        }
        return r;
}

static char first_sign(const char *data, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (!memchr("\xef\xbb\xbf \t\r\n", data[i], 7))
                        return data[i];
        return 0;
}

static int take_file(const struct import *import, FILE *file, struct intake_report *report, struct err *err)
{
        _cleanup_(free_ptr) char *buffer = malloc(INTAKE_BYTES_MAX);
        size_t length;

        if (!buffer)
                return err_set(err, ERR_NOMEM, "import: out of memory");
        length = fread(buffer, 1, INTAKE_BYTES_MAX, file);
        if (ferror(file))
                return import_read_failed(import, err);
        if (length < INTAKE_BYTES_MAX && first_sign(buffer, length) == '[')
                return take_chunk(import, buffer, length, INTAKE_BATCH, report, err);
        return take_lines(import, file, buffer, length, report, err);
}

static void print_events(const struct import *import, const struct intake_report *report)
{
        printf("%lld accepted, %lld duplicates, %lld rejected%s\n", (long long)report->accepted,
               (long long)report->duplicates, (long long)report->rejected_count,
               import->dry_run ? "; nothing was written (--dry-run)" : "");
        for (size_t i = 0; i < report->rejected_listed; i++)
                fprintf(stderr, "kapula: %s:%lld: %s\n", import->path, (long long)report->rejected[i].line,
                        report->rejected[i].error);
        if (report->rejected_count > (int64_t)report->rejected_listed)
                fprintf(stderr, "kapula: %s: %lld more events are rejected\n", import->path,
                        (long long)report->rejected_count - (long long)report->rejected_listed);
}

int import_events(const struct import *import, struct err *err)
{
        struct intake_report report = {0};
        FILE *file = import_open(import, err);
        int r;

        if (!file)
                return err->code;
        r = import->dry_run ? db_begin(import->db, err) : 0;
        if (r == 0)
                r = take_file(import, file, &report, err);
        show_progress(&report, true);
        if (import->dry_run)
                db_rollback(import->db);
        if (r < 0)
                err_prefix(err, "%.200s", import->path);
        else if (import->json)
                r = import_print_json(intake_report_to_json(&report), err);
        else
                print_events(import, &report);
        if (r == 0 && report.rejected_count)
                r = ERR_INVALID;
        import_close(file);
        intake_report_fini(&report);
        return r;
}
