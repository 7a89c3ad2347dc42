/* kapula backup: the database as one file, also while a gateway serves. */
#include "base/clock.h"
#include "command/config.h"
#include "command/verbs.h"
#include "store/backup.h"
#include "store/db.h"
#include "store/migrate.h"

#include <stdio.h>
#include <unistd.h>

struct arguments {
        const char *db, *config;
        bool is_json;
};

/* A writer would migrate: a copy made before an upgrade must not bring the upgrade. */
static int remember(struct db *reader, const char *path, struct err *err)
{
        struct db *db = NULL;
        bool is_current;
        struct clock clock;
        int r = migrate_is_current(reader, &is_current, err);

        if (r < 0 || !is_current)
                return r;
        r = db_open(path, DB_WRITER, &db, err);
        if (r < 0)
                return r;
        clock_init_real(&clock);
        r = backup_remember(db, clock_now_utc(&clock), err);
        db_close(db);
        return r;
}

static void print(const char *file, int64_t size_bytes, bool is_json)
{
        if (is_json)
                printf("{\"bytes\":%lld}\n", (long long)size_bytes);
        else
                printf("%s: %lld bytes, whole. It holds personal data and secrets: keep it as safe as the "
                       "database.\n",
                       file, (long long)size_bytes);
}

static int backup(const char *path, const char *file, bool is_json, struct err *err)
{
        const bool is_watched = isatty(STDERR_FILENO);
        int64_t size_bytes = 0;
        struct db *db = NULL;
        int r = db_open(path, DB_READER, &db, err);

        if (r == 0 && is_watched)
                fputs("copying and checking …", stderr);
        if (r == 0)
                r = backup_write(db, file, &size_bytes, err);
        if (is_watched)
                fputs("\r\x1b[K", stderr);
        if (r == 0)
                r = remember(db, path, err);
        if (r == 0)
                print(file, size_bytes, is_json);
        db_close(db);
        return r;
}

static int run(int argc, char **argv, struct err *err)
{
        struct arguments arguments = {0};
        const struct option_spec table[] = {{.name = "--config", .value = &arguments.config},
                                            {.name = "--db", .value = &arguments.db},
                                            {.name = "--json", .flag = &arguments.is_json},
                                            {0}};
        const char *operands[OPERAND_MAX];
        _cleanup_(free_ptr) char *path = NULL;
        int count, r;

        r = options_read(argc, argv, table, operands, &count, err);
        if (r == 0 && count != 1)
                r = err_set(err, ERR_USAGE, "backup: one FILE is wanted: see kapula help backup");
        if (r == 0)
                r = config_database_path(arguments.config, arguments.db, &path, err);
        return r < 0 ? r : backup(path, operands[0], arguments.is_json, err);
}

const struct verb verb_backup = {
    .name = "backup",
    .usage = "[--json] [--db FILE] [--config FILE] FILE",
    .summary = "the database as one compact file, also while a gateway serves",
    .details = "FILE must not exist: nothing is ever overwritten. It gets its name only when it is whole and "
               "on disk.\nTo go back: stop the gateway, put the file in the database's place (and remove "
               "what ends in -wal and -shm), start it.",
    .run = run,
};
