/* kapula import: brings rosters, attendance and events into the database, also while a gateway serves from
 * it. */
#include "command/import.h"
#include "command/config.h"
#include "command/verbs.h"
#include "command/virtual_clock.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

FILE *import_open(const struct import *import, struct err *err)
{
        FILE *file = strcmp(import->path, "-") == 0 ? stdin : fopen(import->path, "re");

        if (!file)
                err_set(err, ERR_IO, "%.200s: cannot open (%s): name a file that can be read", import->path,
                        strerror(errno));
        return file;
}

void import_close(FILE *file)
{
        if (file && file != stdin)
                fclose(file);
}

int import_read_failed(const struct import *import, struct err *err)
{
        return err_set(err, ERR_IO, "%.200s: cannot read (%s)", import->path, strerror(errno));
}

int import_print_json(json_t *json, struct err *err)
{
        int r = json ? json_dumpf(json, stdout, JSON_COMPACT) : -1;

        json_decref(json);
        if (r < 0)
                return err_set(err, ERR_NOMEM, "standard output: cannot write the report");
        putchar('\n');
        return 0;
}

int import_end_transaction(const struct import *import, int r, struct err *err)
{
        if (r < 0 || import->dry_run) {
                db_rollback(import->db);
                return r;
        }
        return db_commit(import->db, err);
}

void import_print_rejected(const struct import *import, const struct rejections *rejected)
{
        for (size_t i = 0; i < rejected->listed; i++)
                fprintf(stderr, "kapula: %s:%lld: %s\n", rejected->items[i].file,
                        (long long)rejected->items[i].line, rejected->items[i].error);
        if (rejected->count > (int64_t)rejected->listed)
                fprintf(stderr, "kapula: %s: %lld more rows are rejected\n", import->path,
                        (long long)rejected->count - (long long)rejected->listed);
}

void import_show_rows(void *context, const char *file, int64_t rows)
{
        (void)context;
        if (isatty(STDERR_FILENO))
                fprintf(stderr, "\r\x1b[K%s: %lld rows", file, (long long)rows);
}

void import_hide_rows(void)
{
        if (isatty(STDERR_FILENO))
                fputs("\r\x1b[K", stderr);
}

/* ---- the verb; keep in alphabetical order */

static const struct {
        const char *name;
        int (*run)(const struct import *import, struct err *err);
} kind_table[] = {
    {"attendance", import_attendance},
    {"events", import_events},
    {"roster", import_roster},
};

static int run_kind(const char *name, struct import *import, const char *config, const char *db,
                    struct err *err)
{
        int r;

        for (size_t i = 0; i < ARRAY_SIZE(kind_table); i++) {
                if (strcmp(kind_table[i].name, name) != 0)
                        continue;
                r = config_open_database(config, db, DB_WRITER, &import->db, err);
                if (r < 0)
                        return r;
                r = kind_table[i].run(import, err);
                db_close(import->db);
                return r;
        }
        return err_set(err, ERR_USAGE, "import: %.40s: no such kind: import attendance, events or roster",
                       name);
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
            {.name = "--map", .value = &import.map},
            {.name = "--organisation", .value = &import.organisation},
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
    .usage =
        "roster PATH [--dry-run] [--force] [--json] [--source NAME] [--country CODE] [--virtual-clock T] "
        "[--db FILE] [--config FILE]\n"
        "attendance PATH [--map FILE] [--organisation ID] [--dry-run] [--json] [--source NAME] "
        "[--virtual-clock T] [--db FILE] [--config FILE]\n"
        "events PATH [--dry-run] [--json] [--virtual-clock T] [--db FILE] [--config FILE]",
    .summary =
        "Brings a roster, a register's attendance or events (NDJSON; - is standard input) into the "
        "database.\n"
        "A roster is our JSON, or a folder or zip of OneRoster 1.1, 1.2 or School Data Sync CSV. What is "
        "absent\n"
        "from a full roster is ended, not erased; more than 20 % of a kind only with --force. Rosters of "
        "several\n"
        "senders each need a --source of their own; what another source owns is left alone. --country: the\n"
        "calling code of numbers without one, 358. --map: how the columns and codes of attendance are read, "
        "the\n"
        "name of a shipped map (wilma) or a file. --organisation: whose register has been read up to now.\n"
        "--dry-run says what would change. --virtual-clock: as if it were that time.",
    .run = run,
};
