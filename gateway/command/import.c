/* kapula import: brings rosters and events into the database, also while a gateway serves from it. */
#include "base/buf.h"
#include "command/config.h"
#include "command/verbs.h"
#include "command/virtual_clock.h"
#include "intake/bundle.h"
#include "intake/intake.h"
#include "intake/oneroster.h"
#include "intake/roster.h"
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES 65536
#define CHUNK_EVENTS_MAX INTAKE_EVENTS_MAX /* events in one transaction */

struct import {
        struct db *db;
        int64_t now_utc;
        const char *path;    /* "-": standard input */
        const char *source;  /* owner of a roster's rows; NULL: the default */
        const char *country; /* calling code of numbers without one; NULL: of the organisation's zone */
        bool dry_run, force, json;
};

static FILE *open_input(const struct import *import, struct err *err)
{
        FILE *file = strcmp(import->path, "-") == 0 ? stdin : fopen(import->path, "re");

        if (!file)
                err_set(err, ERR_IO, "%.200s: cannot open (%s): name a file that can be read", import->path,
                        strerror(errno));
        return file;
}

static void close_input(FILE *file)
{
        if (file && file != stdin)
                fclose(file);
}

static int read_failed(const struct import *import, struct err *err)
{
        return err_set(err, ERR_IO, "%.200s: cannot read (%s)", import->path, strerror(errno));
}

static int print_json(json_t *json, struct err *err)
{
        int r = json ? json_dumpf(json, stdout, JSON_COMPACT) : -1;

        json_decref(json);
        if (r < 0)
                return err_set(err, ERR_NOMEM, "standard output: cannot write the report");
        putchar('\n');
        return 0;
}

static int end_transaction(const struct import *import, int r, struct err *err)
{
        if (r < 0 || import->dry_run) {
                db_rollback(import->db);
                return r;
        }
        return db_commit(import->db, err);
}

/* ---- roster */

static int read_whole(const struct import *import, struct buf *buf, struct err *err)
{
        FILE *file = open_input(import, err);
        char block[READ_BYTES];
        size_t length;
        int r = 0;

        if (!file)
                return err->code;
        while ((length = fread(block, 1, sizeof block, file)) > 0 && buf_add(buf, block, length) == 0)
                ;
        if (ferror(file))
                r = read_failed(import, err);
        else if (buf_error(buf))
                r = err_set(err, buf_error(buf), "%.200s: larger than %zu MB: split it", import->path,
                            buf->max_bytes >> 20);
        close_input(file);
        return r;
}

static void print_rejected(const struct import *import, const struct roster_report *report)
{
        for (size_t i = 0; i < report->rejected_listed; i++)
                fprintf(stderr, "kapula: %s:%d: %s\n", report->rejected[i].file, report->rejected[i].line,
                        report->rejected[i].error);
        if (report->rejected_count > (int64_t)report->rejected_listed)
                fprintf(stderr, "kapula: %s: %lld more rows are rejected\n", import->path,
                        (long long)report->rejected_count - (long long)report->rejected_listed);
}

static void print_roster(const struct import *import, const char *format, const struct roster_report *report)
{
        if (format)
                printf("%s\n", format);
        for (int i = 0; i < LOAD_KIND_COUNT; i++)
                if (report->added[i] || report->updated[i] || report->ended[i])
                        printf("%s: %lld added, %lld updated, %lld ended\n", load_kind_names[i],
                               (long long)report->added[i], (long long)report->updated[i],
                               (long long)report->ended[i]);
        if (report->kept)
                printf("%lld left as they are: another source owns them\n", (long long)report->kept);
        printf("%lld rejected%s\n", (long long)report->rejected_count,
               import->dry_run ? "; nothing was written (--dry-run)" : "");
        print_rejected(import, report);
}

static void tell_rows(void *context, const char *file, int64_t rows)
{
        (void)context;
        if (isatty(STDERR_FILENO))
                fprintf(stderr, "\r\x1b[K%s: %lld rows", file, (long long)rows);
}

static void tell_file(void *context, const char *file, const char *what)
{
        (void)context;
        fprintf(stderr, "kapula: %s: %s\n", file, what);
}

/* A folder or a zip is an export of a register, anything else our JSON. */
static bool is_export(const char *path)
{
        int fd = strcmp(path, "-") == 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
        struct stat stat;
        bool is_one;

        if (fd < 0)
                return false;
        is_one = fstat(fd, &stat) == 0 && (S_ISDIR(stat.st_mode) || bundle_is_zip(fd));
        close(fd);
        return is_one;
}

static int load_export(const struct import *import, const struct roster_options *options,
                       struct roster_report *report, const char **ret_format, struct err *err)
{
        _cleanup_(bundle_closep) struct bundle *bundle = NULL;
        int r = bundle_open(import->path, &bundle, err);

        if (r == 0)
                r = oneroster_import(import->db, import->now_utc, bundle, options, report, ret_format, err);
        if (isatty(STDERR_FILENO))
                fputs("\r\x1b[K", stderr);
        return r;
}

static int load_json(const struct import *import, const struct roster_options *options,
                     struct roster_report *report, struct err *err)
{
        struct buf buf;
        int r;

        buf_init(&buf, ROSTER_BYTES_MAX);
        r = read_whole(import, &buf, err);
        if (r == 0)
                r = roster_import(import->db, import->now_utc, buf_text(&buf), buf.length, options, report,
                                  err);
        buf_fini(&buf);
        return r;
}

static int load_roster(const struct import *import, struct roster_report *report, const char **ret_format,
                       struct err *err)
{
        const struct roster_options options = {
            .source = import->source,
            .file = import->path,
            .force = import->force,
            .country = import->country,
            .progress = tell_rows,
            .tell = tell_file,
        };
        int r;

        r = db_begin(import->db, err);
        if (r < 0)
                return r;
        r = is_export(import->path) ? load_export(import, &options, report, ret_format, err)
                                    : load_json(import, &options, report, err);
        return end_transaction(import, r, err);
}

/* A file that is refused as a whole: nothing was added, and why stands beside the refused rows. */
static json_t *refused_to_json(const struct import *import, const struct roster_report *report,
                               const struct err *err)
{
        const struct roster_report nothing = {.rejected = report->rejected,
                                              .rejected_listed = report->rejected_listed};
        json_t *json = roster_report_to_json(&nothing);

        if (json_array_append_new(
                json_object_get(json, "rejected"),
                json_pack("{s:s, s:i, s:s}", "file", import->path, "line", 0, "error", err->text)) < 0) {
                json_decref(json);
                return NULL;
        }
        return json;
}

static int import_roster(const struct import *import, struct err *err)
{
        struct roster_report report = {0};
        const char *format = NULL;
        int r = load_roster(import, &report, &format, err);

        if (r == ERR_INVALID && import->json)
                print_json(refused_to_json(import, &report, err), err);
        else if (r == ERR_INVALID)
                print_rejected(import, &report);
        if (r < 0)
                err_prefix(err, "%.200s", import->path);
        else if (import->json)
                r = print_json(roster_report_to_json(&report), err);
        else
                print_roster(import, format, &report);
        if (r == 0 && report.rejected_count)
                r = ERR_INVALID;
        roster_report_fini(&report);
        return r;
}

/* ---- events */

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
        return import->dry_run ? r : end_transaction(import, r, err);
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
                        return read_failed(import, err);
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
                return read_failed(import, err);
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

static int import_events(const struct import *import, struct err *err)
{
        struct intake_report report = {0};
        FILE *file = open_input(import, err);
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
                r = print_json(intake_report_to_json(&report), err);
        else
                print_events(import, &report);
        if (r == 0 && report.rejected_count)
                r = ERR_INVALID;
        close_input(file);
        intake_report_fini(&report);
        return r;
}

/* ---- the verb; keep in alphabetical order */

static const struct {
        const char *name;
        int (*run)(const struct import *import, struct err *err);
} kind_table[] = {
    {"events", import_events},
    {"roster", import_roster},
};

static int run_kind(const char *name, struct import *import, const char *config, const char *db,
                    struct err *err)
{
        _cleanup_(free_ptr) char *path = NULL;
        int r;

        for (size_t i = 0; i < ARRAY_SIZE(kind_table); i++) {
                if (strcmp(kind_table[i].name, name) != 0)
                        continue;
                r = config_database_path(config, db, &path, err);
                if (r == 0)
                        r = db_open(path, DB_WRITER, &import->db, err);
                if (r < 0)
                        return r;
                r = kind_table[i].run(import, err);
                db_close(import->db);
                return r;
        }
        return err_set(err, ERR_USAGE, "import: %.40s: no such kind: import roster or events", name);
}

static int run(int argc, char **argv, struct err *err)
{
        const char *db = NULL, *config = NULL, *clock = NULL, *operands[OPERAND_MAX];
        struct import import = {0};
        const struct option_spec options[] = {
            {.name = "--config", .value = &config},
            {.name = "--db", .value = &db},
            {.name = "--dry-run", .flag = &import.dry_run},
            {.name = "--force", .flag = &import.force},
            {.name = "--json", .flag = &import.json},
            {.name = "--source", .value = &import.source},
            {.name = "--virtual-clock", .value = &clock},
            {.name = "--country", .value = &import.country},
            {0},
        };
        int count, r;

        r = options_read(argc, argv, options, operands, &count, err);
        if (r < 0)
                return r;
        if (count != 2)
                return err_set(err, ERR_USAGE, "import: %s: see kapula help import",
                               count < 2 ? "what to import, and from which file, is missing"
                                         : "more than one file");
        import.path = operands[1];
        r = virtual_clock_now(clock, &import.now_utc, err);
        return r < 0 ? r : run_kind(operands[0], &import, config, db, err);
}

const struct verb verb_import = {
    .name = "import",
    .usage = "roster PATH [--dry-run] [--force] [--json] [--source NAME] [--virtual-clock T] [--db FILE] "
             "[--config FILE]\n"
             "events PATH [--dry-run] [--json] [--virtual-clock T] [--db FILE] [--config FILE]",
    .summary =
        "Brings a roster or events (NDJSON; - is standard input) into the database. What is absent from a\n"
        "roster is ended, not erased; more than 20 % of a kind only with --force. Rosters of several senders "
        "each need\n"
        "a --source of their own. --virtual-clock: as if it were that time.",
    .run = run,
};
