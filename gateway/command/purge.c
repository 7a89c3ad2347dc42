/* kapula purge: takes away what is too old to be kept. */
#include "base/clock.h"
#include "command/config.h"
#include "command/keeper.h"
#include "command/verbs.h"
#include "store/db.h"
#include "store/purge.h"

#include <stdio.h>

struct arguments {
        const char *db, *config;
        bool is_dry, is_json;
};

static int purge(struct db *db, const struct purge_ages *ages, struct purge_counts *counts, struct err *err)
{
        int64_t cursor = 0;
        int r;

        do {
                r = db_begin(db, err);
                if (r < 0)
                        return r;
                r = purge_step(db, ages, &cursor, counts, err);
                if (r < 0) {
                        db_rollback(db);
                        return r;
                }
                if (db_commit(db, err) < 0)
                        return err->code;
        } while (r > 0);
        return 0;
}

static void print(const struct purge_counts *counts, const struct arguments *arguments)
{
        if (arguments->is_json) {
                printf(
                    "{\"messages\":%lld,\"matches\":%lld,\"publications\":%lld,\"unsent_publications\":%lld,"
                    "\"events\":%lld,\"rest\":%lld,\"dry_run\":%s}\n",
                    (long long)counts->messages, (long long)counts->matches, (long long)counts->publications,
                    (long long)counts->unsent_publications, (long long)counts->events,
                    (long long)counts->rest, arguments->is_dry ? "true" : "false");
                return;
        }
        printf(
            "%s: %lld messages, what %lld matches knew of people, %lld publications (%lld of them unsent), "
            "%lld events, %lld replies, links and other short-lived rows.\n",
            arguments->is_dry ? "Would go" : "Gone", (long long)counts->messages, (long long)counts->matches,
            (long long)counts->publications, (long long)counts->unsent_publications,
            (long long)counts->events, (long long)counts->rest);
}

static int run_on(struct db *db, const struct config *config, const struct arguments *arguments,
                  struct err *err)
{
        struct purge_counts counts = {0};
        struct purge_ages ages;
        struct clock clock;
        int r;

        clock_init_real(&clock);
        ages = keeper_ages(config, clock_now_utc(&clock));
        r = arguments->is_dry ? purge_count(db, &ages, &counts, err) : purge(db, &ages, &counts, err);
        if (r == 0)
                print(&counts, arguments);
        return r;
}

static int run(int argc, char **argv, struct err *err)
{
        struct arguments arguments = {0};
        const struct option_spec table[] = {{.name = "--config", .value = &arguments.config},
                                            {.name = "--db", .value = &arguments.db},
                                            {.name = "--dry-run", .flag = &arguments.is_dry},
                                            {.name = "--json", .flag = &arguments.is_json},
                                            {0}};
        _cleanup_(config_fini) struct config config = {0};
        const char *operands[OPERAND_MAX];
        struct db *db = NULL;
        int count, r;

        r = options_read(argc, argv, table, operands, &count, err);
        if (r == 0 && count)
                r = err_set(err, ERR_USAGE, "purge: %.40s: is not known: see kapula help purge", operands[0]);
        if (r == 0 && config_load(arguments.config, &config, err) < 0)
                r = ERR_IO; /* a wrong configuration is "could not" and never "the answer is no" */
        if (r == 0)
                r = config_open_database(arguments.config, arguments.db, DB_WRITER, &db, err);
        if (r == 0)
                r = run_on(db, &config, &arguments, err);
        db_close(db);
        return r;
}

const struct verb verb_purge = {
    .name = "purge",
    .usage = "[--dry-run] [--json] [--db FILE] [--config FILE]",
    .summary = "takes away messages, publications and events that are too old to be kept",
    .details =
        "How long each is kept stands in the configuration under `keep` (messages_days, publications_days, "
        "events_days).\nThe gateway does the same by itself once a day. The last publication of each "
        "tenant stays.",
    .run = run,
};
