/* kapula calendars: the calendars of others that are read in, and reading them now. */
#include "base/zone.h"
#include "calendar/source_read.h"
#include "command/calendars.h"
#include "command/config.h"
#include "command/verbs.h"
#include "command/virtual_clock.h"
#include "store/db.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

int calendars_configure(struct db *db, const struct config *config, int64_t now_utc, struct err *err)
{
        const char *names[CONFIG_CALENDAR_MAX];
        int r = 0;

        for (int i = 0; i < config->calendar_count && r == 0; i++) {
                const struct config_calendar *from = &config->calendars[i];
                struct calendar_source source = {.every = from->every_s};

                snprintf(source.name, sizeof source.name, "%s", from->name);
                snprintf(source.url, sizeof source.url, "%s", from->url);
                snprintf(source.organisation, sizeof source.organisation, "%s", from->organisation);
                snprintf(source.kind, sizeof source.kind, "%s", from->kind);
                names[i] = from->name;
                r = calendar_source_put(db, &source, err);
        }
        return r < 0 ? r : calendar_source_keep(db, now_utc, names, (size_t)config->calendar_count, err);
}

struct listing {
        struct zone *utc;
        json_t *array; /* NULL: print lines */
};

static int list_each(void *context, const struct calendar_source *source)
{
        char read[ZONE_STAMP_MAX] = "never", since[ZONE_STAMP_MAX] = "";
        struct listing *listing = context;
        json_t *item;

        if (source->read != CALENDAR_SOURCE_NEVER)
                zone_stamp(listing->utc, source->read, read);
        if (source->since != CALENDAR_SOURCE_NEVER)
                zone_stamp(listing->utc, source->since, since);
        if (!listing->array) {
                printf("%-16s  %-9s  %-16s  %-11s  %-25s  %5d  %s%s%s\n", source->name, source->kind,
                       source->organisation, source->state, read, source->entries, source->url,
                       source->reason[0] ? "  " : "", source->reason);
                return 0;
        }
        item = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s*, s:s*, s:s*, s:i}", "name", source->name, "url",
                         source->url, "organisation", source->organisation, "kind", source->kind, "state",
                         source->state, "reason", source->reason[0] ? source->reason : NULL, "read",
                         source->read == CALENDAR_SOURCE_NEVER ? NULL : read, "since",
                         since[0] ? since : NULL, "entries", source->entries);
        return json_array_append_new(listing->array, item) < 0 ? ERR_NOMEM : 0;
}

static int list(struct db *db, bool json, struct err *err)
{
        struct listing listing = {0};
        int r = zone_open("Etc/UTC", &listing.utc, err);

        if (r < 0)
                return r;
        if (json)
                listing.array = json_array();
        else
                printf("%-16s  %-9s  %-16s  %-11s  %-25s  %5s  %s\n", "calendar", "kind", "organisation",
                       "state", "read", "kept", "address");
        r = calendar_source_list(db, list_each, &listing, err);
        if (r == 0 && json) {
                json_dumpf(listing.array, stdout, JSON_COMPACT);
                putchar('\n');
        }
        json_decref(listing.array);
        zone_close(listing.utc);
        return r == ERR_NOMEM ? err_set(err, r, "calendars: out of memory") : r;
}

struct reading {
        struct db *db;
        int64_t now_utc;
};

static int run_here(void *context, int (*job)(void *, struct db *, int64_t, struct err *), void *job_context,
                    struct err *err)
{
        const struct reading *reading = context;
        int r = db_begin(reading->db, err);

        if (r == 0)
                r = job(job_context, reading->db, reading->now_utc, err);
        if (r == 0)
                return db_commit(reading->db, err);
        db_rollback(reading->db);
        return r;
}

static int configure_job(void *context, struct db *db, int64_t now_utc, struct err *err)
{
        return calendars_configure(db, context, now_utc, err);
}

static int read_now(struct db *db, const struct config *config, const char *name, int64_t now_utc,
                    struct err *err)
{
        struct reading reading = {db, now_utc};
        const struct source_write write = {run_here, &reading};
        struct calendar_source source;
        int r = run_here(&reading, configure_job, (void *)(uintptr_t)config, err);

        if (r == 0)
                r = calendar_source_due(db, now_utc, name, &source, err);
        if (r == 0)
                r = err_set(err, ERR_NOT_FOUND, "%.60s: no such calendar: see kapula calendars list", name);
        if (r > 0)
                r = source_read(&source, now_utc, &write, err);
        if (r == 0)
                r = calendar_source_due(db, now_utc, name, &source, err);
        if (r <= 0)
                return r;
        if (source.reason[0])
                return err_set(err, ERR_INVALID, "%s: %s: %s", name, source.state, source.reason);
        printf("%s: %s, %d kept\n", name, source.state, source.entries);
        return 0;
}

static int run(int argc, char **argv, struct err *err)
{
        const char *path = NULL, *db_name = NULL, *virtual_clock = NULL, *operands[OPERAND_MAX];
        bool json = false;
        const struct option_spec specs[] = {
            {.name = "--config", .value = &path},
            {.name = "--db", .value = &db_name},
            {.name = "--json", .flag = &json},
            {.name = "--virtual-clock", .value = &virtual_clock},
            {0},
        };
        _cleanup_(config_fini) struct config config = {0};
        struct db *db = NULL;
        int64_t now_utc = 0;
        int count, r = options_read(argc, argv, specs, operands, &count, err);

        if (r == 0 && !(count == 1 && strcmp(operands[0], "list") == 0) &&
            !(count == 2 && strcmp(operands[0], "read") == 0))
                r = err_set(err, ERR_USAGE, "calendars: list or read NAME: see kapula help calendars");
        if (r == 0)
                r = virtual_clock_now(virtual_clock, &now_utc, err);
        if (r == 0)
                r = config_load(path, &config, err);
        if (r == 0)
                r = config_open_database(path, db_name, DB_WRITER, &db, err);
        if (r == 0)
                r = count == 1 ? list(db, json, err) : read_now(db, &config, operands[1], now_utc, err);
        db_close(db);
        return r;
}

const struct verb verb_calendars = {
    .name = "calendars",
    .usage =
        "list [--json] [--db FILE] [--config FILE]\nread NAME --config FILE [--db FILE] [--virtual-clock T]",
    .summary = "calendars of others that are read in: breaks and meetings",
    .details =
        "The configuration names them under `calendars`; a running gateway reads each on its schedule. list "
        "tells\n"
        "of each: new, read, unchanged, refused (something is wrong with it) or unreachable, and since when.",
    .run = run,
};
