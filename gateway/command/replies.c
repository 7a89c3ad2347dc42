/* kapula replies: what people sent back that staff must look at. */
#include "base/clock.h"
#include "base/zone.h"
#include "command/config.h"
#include "command/verbs.h"
#include "store/db.h"
#include "store/place.h"
#include "store/reply.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct replies_options {
        const char *config, *db, *by;
        bool json, all;
};

struct replies_list {
        struct zone *zone;
        json_t *array; /* NULL: prints lines */
        int count;
};

static int list_json(struct replies_list *list, const struct reply_listed *reply, const char *stamp)
{
        json_t *row =
            json_pack("{s:I, s:s, s:s, s:s*, s:s*, s:s, s:s, s:s*, s:b, s:s*}", "id", (json_int_t)reply->id,
                      "at", stamp, "from", reply->address, "person", reply->person, "organisation",
                      reply->organisation, "answer", reply->answer, "state", reply->state, "reason",
                      reply->reason, "urgent", reply->urgent, "text", reply->text);

        if (row && reply->message)
                json_object_set_new(row, "message", json_integer(reply->message));
        return row && json_array_append_new(list->array, row) == 0 ? 0 : ERR_NOMEM;
}

/* Control characters would move the terminal's cursor. */
static void print_text(const char *text)
{
        for (; text && *text; text++)
                if ((unsigned char)*text >= ' ' && *text != 0x7f)
                        putchar(*text);
        putchar('\n');
}

static int list_one(void *context, const struct reply_listed *reply, struct err *err)
{
        struct replies_list *list = context;
        char stamp[ZONE_STAMP_MAX];

        list->count++;
        zone_stamp(list->zone, reply->at_utc, stamp);
        if (list->array)
                return list_json(list, reply, stamp) < 0 ? err_set(err, ERR_NOMEM, "replies: out of memory")
                                                         : 0;
        printf("%6lld  %.10s %.5s  %-16s  %-12s  %-18s  ", (long long)reply->id, stamp, stamp + 11,
               reply->address, reply->person ? reply->person : "-",
               reply->reason ? reply->reason : reply->answer);
        print_text(reply->text);
        return 0;
}

static int list_replies(struct db *db, const struct replies_options *options, struct err *err)
{
        _cleanup_(free_ptr) char *timezone = NULL;
        struct replies_list list = {0};
        int r = place_top_timezone(db, &timezone, err);

        if (r >= 0)
                r = zone_open(timezone, &list.zone, err);
        if (r < 0)
                return r;
        if (options->json)
                list.array = json_array();
        r = reply_each(db, options->all, list_one, &list, err);
        if (r == 0 && list.array) {
                json_dumpf(list.array, stdout, JSON_COMPACT);
                putchar('\n');
        } else if (r == 0 && !list.count) {
                printf(options->all ? "no replies\n" : "no reply waits\n");
        }
        json_decref(list.array);
        zone_close(list.zone);
        return r;
}

static int see(struct db *db, const char *operand, const struct replies_options *options, struct err *err)
{
        struct clock clock;
        int64_t id;
        char *end;
        int r;

        id = strtoll(operand, &end, 10);
        if (*end || end == operand)
                return err_set(err, ERR_USAGE,
                               "replies seen: %.40s is no reply's number: see kapula replies list", operand);
        clock_init_real(&clock);
        r = reply_see(db, id, options->by, clock_now_utc(&clock), err);
        if (r == 0)
                printf(options->json ? "{\"seen\":%lld}\n" : "Reply %lld is off the list.\n", (long long)id);
        return r;
}

static int run(int argc, char **argv, struct err *err)
{
        struct replies_options options = {0};
        const struct option_spec table[] = {
            {.name = "--all", .flag = &options.all},        {.name = "--by", .value = &options.by},
            {.name = "--config", .value = &options.config}, {.name = "--db", .value = &options.db},
            {.name = "--json", .flag = &options.json},      {0}};
        const char *operands[OPERAND_MAX];
        struct db *db = NULL;
        bool is_seen;
        int count, r;

        r = options_read(argc, argv, table, operands, &count, err);
        if (r < 0)
                return r;
        is_seen = count == 2 && strcmp(operands[0], "seen") == 0;
        if (!is_seen && !(count == 1 && strcmp(operands[0], "list") == 0))
                return err_set(err, ERR_USAGE, "replies: give list or seen ID: see kapula help replies");
        r = config_open_database(options.config, options.db, is_seen ? DB_WRITER : DB_READER, &db, err);
        if (r == 0)
                r = is_seen ? see(db, operands[1], &options, err) : list_replies(db, &options, err);
        db_close(db);
        return r;
}

const struct verb verb_replies = {
    .name = "replies",
    .usage = "list [--all] [--json] [--db FILE] [--config FILE]\n"
             "seen ID [--by PERSON] [--json] [--db FILE] [--config FILE]",
    .summary = "what people sent back that staff must look at; seen: takes one off the list",
    .details =
        "unknown-number: nobody has the number it came from. unknown-words: no answer was understood.\n"
        "several-children: two are in question, and no name was given. not-asked: nothing was open to them.\n"
        "not-allowed: the person is restricted, or the pupil has left.",
    .run = run,
};
