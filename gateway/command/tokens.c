/* kapula tokens: the API tokens. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/zone.h"
#include "command/config.h"
#include "command/verbs.h"
#include "store/db.h"
#include "store/token.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct arguments {
        const char *db, *config, *name, *scope, *organisation, *source;
        bool is_json;
};

/* ---- list */

struct listing {
        struct zone *zone;
        json_t *array; /* NULL: prints lines */
};

static json_t *time_or_null(struct zone *zone, int64_t utc)
{
        char stamp[ZONE_STAMP_MAX];

        if (!utc)
                return json_null();
        zone_stamp(zone, utc, stamp);
        return json_string(stamp);
}

static int add_json(struct listing *listing, const struct token *token)
{
        json_t *row = json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:o, s:o, s:o}", "id", token->id, "name",
                                token->name, "scope", token->scope, "organisation",
                                *token->organisation ? token->organisation : NULL, "source",
                                *token->source_prefix ? token->source_prefix : NULL, "created",
                                time_or_null(listing->zone, token->created_utc), "last_used",
                                time_or_null(listing->zone, token->last_used_utc), "revoked",
                                time_or_null(listing->zone, token->revoked_utc));

        return row && json_array_append_new(listing->array, row) == 0 ? 0 : ERR_NOMEM;
}

static int list_one(void *context, const struct token *token)
{
        struct listing *listing = context;
        char used[ZONE_STAMP_MAX] = "never";

        if (listing->array)
                return add_json(listing, token);
        if (token->last_used_utc)
                zone_stamp(listing->zone, token->last_used_utc, used);
        printf("%s  %s  %s  %s%s%s%s  last used %s\n", token->id, token->name, token->scope,
               *token->organisation ? token->organisation : "(all)", *token->source_prefix ? " from " : "",
               token->source_prefix, token->revoked_utc ? "  REVOKED" : "", used);
        return 0;
}

static int list(struct db *db, const struct arguments *arguments, struct err *err)
{
        struct listing listing = {0};
        int r;

        r = zone_open("Europe/Helsinki", &listing.zone, err);
        if (r < 0)
                return r;
        if (arguments->is_json)
                listing.array = json_array();
        r = token_each(db, list_one, &listing, err);
        if (r == 0 && listing.array) {
                json_dumpf(listing.array, stdout, JSON_COMPACT);
                printf("\n");
        }
        json_decref(listing.array);
        zone_close(listing.zone);
        if (r == ERR_NOMEM)
                return err_set(err, r, "tokens: out of memory");
        return r;
}

/* ---- create and revoke */

static int create(struct db *db, int64_t now_utc, const struct arguments *arguments, struct err *err)
{
        char text[TOKEN_TEXT_MAX];
        struct token token;
        int r;

        r = db_begin(db, err);
        if (r < 0)
                return r;
        r = token_create(db, now_utc, arguments->name, arguments->scope, arguments->organisation,
                         arguments->source, &token, text, err);
        if (r < 0) {
                db_rollback(db);
                return r;
        }
        r = db_commit(db, err);
        if (r < 0)
                return r;
        if (arguments->is_json)
                printf("{\"id\":\"%s\",\"token\":\"%s\"}\n", token.id, text);
        else
                printf("%s\n%s\nThe second line is the token. It is shown this once: keep it where its user "
                       "finds it.\n",
                       token.id, text);
        return 0;
}

static int revoke(struct db *db, int64_t now_utc, const char *id, const struct arguments *arguments,
                  struct err *err)
{
        int r = token_revoke(db, now_utc, id, err);

        if (r == 0)
                printf(arguments->is_json ? "{\"revoked\":\"%s\"}\n" : "%s is revoked.\n", id);
        return r;
}

static int dispatch(struct db *db, const char **operands, int count, const struct arguments *arguments,
                    struct err *err)
{
        struct clock clock;
        int64_t now_utc;

        clock_init_real(&clock);
        now_utc = clock_now_utc(&clock);
        if (count == 1 && strcmp(operands[0], "list") == 0)
                return list(db, arguments, err);
        if (count == 1 && strcmp(operands[0], "create") == 0)
                return create(db, now_utc, arguments, err);
        return revoke(db, now_utc, operands[1], arguments, err);
}

static int check_usage(const char **operands, int count, const struct arguments *arguments, struct err *err)
{
        const char *what = count ? operands[0] : "";
        bool is_create = strcmp(what, "create") == 0;

        if (!(count == 1 && (is_create || strcmp(what, "list") == 0)) &&
            !(count == 2 && strcmp(what, "revoke") == 0))
                return err_set(err, ERR_USAGE,
                               "tokens: give list, create or revoke ID: see kapula help tokens");
        if (is_create && (!arguments->name || !*arguments->name || !arguments->scope))
                return err_set(err, ERR_USAGE,
                               "tokens create: --name or --scope is missing: see kapula help tokens");
        return 0;
}

static int run(int argc, char **argv, struct err *err)
{
        struct arguments arguments = {0};
        const struct option_spec table[] = {{.name = "--config", .value = &arguments.config},
                                            {.name = "--db", .value = &arguments.db},
                                            {.name = "--json", .flag = &arguments.is_json},
                                            {.name = "--name", .value = &arguments.name},
                                            {.name = "--organisation", .value = &arguments.organisation},
                                            {.name = "--scope", .value = &arguments.scope},
                                            {.name = "--source", .value = &arguments.source},
                                            {0}};
        const char *operands[OPERAND_MAX];
        struct db *db = NULL;
        int count, r;

        r = options_read(argc, argv, table, operands, &count, err);
        if (r == 0)
                r = check_usage(operands, count, &arguments, err);
        if (r == 0)
                r = config_open_database(arguments.config, arguments.db, DB_WRITER, &db, err);
        if (r == 0)
                r = dispatch(db, operands, count, &arguments, err);
        db_close(db);
        return r;
}

const struct verb verb_tokens = {
    .name = "tokens",
    .usage = "list [--json] [--db FILE] [--config FILE]\n"
             "create --name NAME --scope SCOPE[,SCOPE] [--organisation ID] [--source PREFIX] [--json] "
             "[--db FILE] [--config FILE]\n"
             "revoke ID [--json] [--db FILE] [--config FILE]",
    .summary = "makes, lists and revokes API tokens (scopes: clock:write, events:read, events:write)",
    .run = run,
};
