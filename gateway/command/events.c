/* kapula events: what was published, what the broker refused, and whose an opaque id is. */
#include "base/buf.h"
#include "base/yaml.h"
#include "command/config.h"
#include "command/verbs.h"
#include "publish/envelope.h"
#include "store/db.h"
#include "store/organisation.h"
#include "store/pseudonym.h"
#include "store/publication.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define PAGE 1000 /* rows of one look */

struct arguments {
        const char *db, *config, *after, *limit, *tenant, *seq;
        bool is_json, is_all;
        int64_t after_seq, limit_count;
};

struct listing {
        struct pseudonyms pseudonyms;
        const struct arguments *arguments;
        int64_t last_seq, left;
        int count;
        struct err *err;
};

/* ---- what was published */

static int print_one(void *context, const struct publication *publication)
{
        struct listing *listing = context;
        struct buf line;
        int r;

        buf_init(&line, ENVELOPE_PAYLOAD_MAX);
        r = envelope_print(publication, &listing->pseudonyms, &line, listing->err);
        if (r == 0)
                printf("%s\n", buf_text(&line));
        buf_fini(&line);
        listing->last_seq = publication->seq;
        listing->left--;
        listing->count++;
        return r;
}

static int list_tenant(struct db *db, struct listing *listing, const char *tenant, struct err *err)
{
        int64_t first, last;
        int r = publication_range(db, tenant, &first, &last, err);

        if (r == 0 && listing->arguments->after && first > 1 && listing->arguments->after_seq < first - 1)
                return err_set(err, ERR_NOT_FOUND,
                               "events: those of %s after %s are no longer kept: the oldest is %lld", tenant,
                               listing->arguments->after, (long long)first);
        listing->last_seq = listing->arguments->after_seq;
        do {
                listing->count = 0;
                if (r == 0 && listing->left > 0)
                        r = publication_replay(db, tenant, listing->last_seq,
                                               listing->left < PAGE ? (int)listing->left : PAGE, print_one,
                                               listing, err);
        } while (r == 0 && listing->count == PAGE);
        return r;
}

#define TENANTS_MAX 1024

struct tenants {
        char *names[TENANTS_MAX];
        int count;
};

static int note_tenant(void *context, const char *tenant, int64_t seq)
{
        struct tenants *tenants = context;

        (void)seq;
        if (tenants->count < TENANTS_MAX && (tenants->names[tenants->count] = strdup(tenant)))
                tenants->count++;
        return 0;
}

static int list(struct db *db, struct listing *listing, struct err *err)
{
        const struct arguments *arguments = listing->arguments;
        struct tenants tenants = {0};
        int r;

        if (arguments->tenant)
                return list_tenant(db, listing, arguments->tenant, err);
        r = publication_heads(db, note_tenant, &tenants, err);
        if (r == 0 && arguments->after_seq && tenants.count > 1)
                r = err_set(err, ERR_USAGE, "events: there are several tenants: name one with --tenant ID");
        for (int i = 0; i < tenants.count; i++) {
                if (r == 0)
                        r = list_tenant(db, listing, tenants.names[i], err);
                free(tenants.names[i]);
        }
        return r;
}

/* ---- what was refused */

static int print_refused(void *context, const struct publication *publication, int reason)
{
        struct listing *listing = context;
        json_t *row;

        listing->count++;
        if (!listing->arguments->is_json) {
                printf("%s %lld  %s.%s  0x%02x\n", publication->tenant, (long long)publication->seq,
                       publication->kind, publication->event, (unsigned)reason);
                return 0;
        }
        row = json_pack("{s:s, s:I, s:s, s:s, s:i}", "tenant", publication->tenant, "seq",
                        (json_int_t)publication->seq, "kind", publication->kind, "event", publication->event,
                        "reason", reason);
        if (!row)
                return err_set(listing->err, ERR_NOMEM, "events: out of memory");
        json_dumpf(row, stdout, JSON_COMPACT);
        printf("\n");
        json_decref(row);
        return 0;
}

static int refused(struct db *db, struct listing *listing, struct err *err)
{
        int r = publication_refused(db, print_refused, listing, err);

        if (r == 0 && !listing->count && !listing->arguments->is_json)
                printf("Nothing is refused.\n");
        return r;
}

static int retry(struct db *db, const struct arguments *arguments, struct err *err)
{
        int64_t seq = 0, count;

        if (!arguments->is_all && (!arguments->tenant || !arguments->seq))
                return err_set(err, ERR_USAGE, "events retry: give --all, or --tenant ID and --seq NUMBER");
        if (!arguments->is_all && !yaml_read_int(arguments->seq, &seq))
                return err_set(err, ERR_USAGE, "--seq: %.40s: is no whole number", arguments->seq);
        count = publication_retry(db, arguments->is_all ? NULL : arguments->tenant, seq, err);
        if (count < 0)
                return (int)count;
        if (count == 0)
                return err_set(err, ERR_NOT_FOUND,
                               "events retry: nothing of the kind is refused: see kapula "
                               "events refused");
        printf(arguments->is_json ? "{\"queued\":%lld}\n" : "%lld are queued again.\n", (long long)count);
        return 0;
}

/* ---- whose an opaque id is */

static int print_id(struct db *db, struct listing *listing, const char *id, struct err *err)
{
        const struct arguments *arguments = listing->arguments;
        char opaque[PSEUDONYM_SIZE];

        (void)db;
        if (!arguments->tenant)
                return err_set(err, ERR_USAGE, "events id: name the tenant with --tenant ID");
        pseudonym_print(&listing->pseudonyms, arguments->tenant, id, opaque);
        printf(arguments->is_json ? "{\"id\":\"%s\"}\n" : "%s\n", opaque);
        return 0;
}

/* ---- the verb */

static int dispatch(struct db *db, const char **operands, int count, const struct arguments *arguments,
                    struct err *err)
{
        struct listing listing = {.arguments = arguments, .left = arguments->limit_count, .err = err};
        int r = pseudonyms_load(&listing.pseudonyms, db, err);

        if (r < 0)
                return r;
        if (count == 0)
                return list(db, &listing, err);
        if (count == 1 && strcmp(operands[0], "refused") == 0)
                return refused(db, &listing, err);
        if (count == 1 && strcmp(operands[0], "retry") == 0)
                return retry(db, arguments, err);
        if (count == 2 && strcmp(operands[0], "id") == 0)
                return print_id(db, &listing, operands[1], err);
        return err_set(err, ERR_USAGE,
                       "events: give nothing, refused, retry or id ID: see kapula help events");
}

static int read_numbers(struct arguments *arguments, struct err *err)
{
        arguments->limit_count = INT64_MAX;
        if (arguments->after &&
            (!yaml_read_int(arguments->after, &arguments->after_seq) || arguments->after_seq < 0))
                return err_set(err, ERR_USAGE, "--after: %.40s: is no whole number", arguments->after);
        if (arguments->limit &&
            (!yaml_read_int(arguments->limit, &arguments->limit_count) || arguments->limit_count < 0))
                return err_set(err, ERR_USAGE, "--limit: %.40s: is no whole number", arguments->limit);
        return 0;
}

static int run(int argc, char **argv, struct err *err)
{
        struct arguments arguments = {0};
        const struct option_spec table[] = {{.name = "--after", .value = &arguments.after},
                                            {.name = "--all", .flag = &arguments.is_all},
                                            {.name = "--config", .value = &arguments.config},
                                            {.name = "--db", .value = &arguments.db},
                                            {.name = "--json", .flag = &arguments.is_json},
                                            {.name = "--limit", .value = &arguments.limit},
                                            {.name = "--seq", .value = &arguments.seq},
                                            {.name = "--tenant", .value = &arguments.tenant},
                                            {0}};
        const char *operands[OPERAND_MAX];
        struct db *db = NULL;
        int count, r;

        r = options_read(argc, argv, table, operands, &count, err);
        if (r == 0)
                r = read_numbers(&arguments, err);
        if (r == 0)
                r = config_open_database(arguments.config, arguments.db, DB_WRITER, &db, err);
        if (r == 0)
                r = dispatch(db, operands, count, &arguments, err);
        db_close(db);
        return r;
}

const struct verb verb_events = {
    .name = "events",
    .usage = "[--after SEQ] [--tenant ID] [--limit N] [--db FILE] [--config FILE]\n"
             "refused [--json] [--db FILE] [--config FILE]\n"
             "retry --all | --tenant ID --seq SEQ [--json] [--db FILE] [--config FILE]\n"
             "id ID --tenant ID [--json] [--db FILE] [--config FILE]",
    .summary = "shows what was published, queues again what the broker refused, tells opaque ids",
    .details =
        "Without an operand: the events of a tenant after SEQ, one CloudEvent a line, as MQTT and GET\n"
        "/v1/events carry them. `refused` lists what the broker refused, with the MQTT reason; `retry`\n"
        "queues it again. `id` prints the opaque id under which the tenant's subscribers see a person, a\n"
        "placement or a meeting.",
    .run = run,
};
