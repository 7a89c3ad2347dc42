/* kapula erase: takes a person out of the database. */
#include "base/clock.h"
#include "base/date.h"
#include "command/config.h"
#include "command/verbs.h"
#include "store/db.h"
#include "store/erase.h"

#include <jansson.h>
#include <stdio.h>

#define DAY_SECONDS 86400

struct arguments {
        const char *db, *config, *person;
        bool is_dry, is_forced, is_json;
};

static void print_json(const struct erased *erased, const struct arguments *arguments)
{
        json_t *parts = json_object(), *candidates = json_array(), *answer;

        for (int i = 0; i < erased->part_count; i++)
                json_object_set_new(parts, erased->parts[i].name, json_integer(erased->parts[i].count));
        for (int i = 0; i < erased->candidate_count; i++)
                json_array_append_new(candidates, json_string(erased->candidates[i]));
        answer = json_pack("{s:s, s:o, s:o, s:b}", "person", arguments->person, "erased", parts, "candidates",
                           candidates, "dry_run", arguments->is_dry);
        if (answer)
                json_dumpf(answer, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(answer);
}

static void print(const struct erased *erased, const struct arguments *arguments)
{
        const char *comma = "";

        printf("%s: %s", arguments->person, arguments->is_dry ? "would go or lose the person: " : "erased: ");
        for (int i = 0; i < erased->part_count; i++) {
                if (erased->parts[i].count == 0)
                        continue;
                printf("%s%s %lld", comma, erased->parts[i].name, (long long)erased->parts[i].count);
                comma = ", ";
        }
        printf("\n");
        for (int i = 0; i < erased->candidate_count; i++)
                printf("%s has no other child here and no role: is there still a reason to know them?\n",
                       erased->candidates[i]);
        if (!arguments->is_dry)
                printf(
                    "Take the person out of the roster too, else its next import brings them back. Backups "
                    "and providers' logs still hold what they held.\n");
}

static int check_need(struct db *db, const struct arguments *arguments, const char *day, struct err *err)
{
        int r = erase_is_needed(db, arguments->person, day, err);

        if (r <= 0 || arguments->is_forced)
                return r < 0 ? r : 0;
        return err_set(
            err, ERR_CONFLICT,
            "%.100s: has a role in force or is a guardian of a pupil: end it first, or say --force",
            arguments->person);
}

/* A dry run does everything and takes it back. */
static int erase(struct db *db, const struct arguments *arguments, struct erased *ret_erased, struct err *err)
{
        char day[DATE_TEXT_MAX];
        struct clock clock;
        int64_t now_utc;
        int r = db_begin(db, err);

        if (r < 0)
                return r;
        clock_init_real(&clock);
        now_utc = clock_now_utc(&clock);
        date_print((int32_t)(now_utc / DAY_SECONDS), day);
        r = check_need(db, arguments, day, err);
        if (r == 0)
                r = erase_person(db, arguments->person, day, now_utc, ret_erased, err);
        if (r == 0 && !arguments->is_dry)
                return db_commit(db, err);
        db_rollback(db);
        return r;
}

static int run(int argc, char **argv, struct err *err)
{
        struct arguments arguments = {0};
        const struct option_spec table[] = {{.name = "--config", .value = &arguments.config},
                                            {.name = "--db", .value = &arguments.db},
                                            {.name = "--dry-run", .flag = &arguments.is_dry},
                                            {.name = "--force", .flag = &arguments.is_forced},
                                            {.name = "--json", .flag = &arguments.is_json},
                                            {0}};
        const char *operands[OPERAND_MAX];
        _cleanup_(free_ptr) char *path = NULL;
        struct erased erased = {0};
        struct db *db = NULL;
        int count, r;

        r = options_read(argc, argv, table, operands, &count, err);
        if (r == 0 && count != 1)
                r = err_set(err, ERR_USAGE, "erase: one PERSON is wanted: see kapula help erase");
        if (r < 0)
                return r;
        arguments.person = operands[0];
        r = config_database_path(arguments.config, arguments.db, &path, err);
        if (r == 0) /* a mistyped path must not make a database */
                r = db_open(path, DB_READER, &db, err);
        db = db_close(db);
        if (r == 0)
                r = db_open(path, DB_WRITER, &db, err);
        if (r == 0)
                r = erase(db, &arguments, &erased, err);
        if (r == 0)
                (arguments.is_json ? print_json : print)(&erased, &arguments);
        if (r == 0 && !arguments.is_dry)
                r = erase_compact(db, err);
        db_close(db);
        return r;
}

const struct verb verb_erase = {
    .name = "erase",
    .usage = "[--dry-run] [--force] [--json] [--db FILE] [--config FILE] PERSON",
    .summary = "takes a person out of the database: the right to erasure",
    .details =
        "Names, contacts, links, roles, marks, placements, evaluations, plans and replies go; absences "
        "and placement days stay\nas totals of the school, messages and cases as numbers without texts "
        "and without the person. Who has a role in force,\nor is a guardian of a pupil, is erased with "
        "--force alone. --dry-run tells what would go. Guardians who have no other\nchild here are "
        "named, not erased. The database is written anew at the end, so that nothing stays in "
        "unused pages.",
    .run = run,
};
