/* kapula rules replay: what a rule, as it is or changed, would have sent over past data, next to what was
 * sent.
 */
#include "base/zone.h"
#include "command/command.h"
#include "command/config.h"
#include "command/replay.h"
#include "command/rules.h"
#include "command/simulation.h"
#include "engine/rule.h"
#include "store/copy.h"
#include "store/db.h"
#include "store/match.h"
#include "store/place.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WEEK_SECONDS (7.0 * 86400)
#define MINUTE_LENGTH 16 /* of "2026-11-23 09:15" */

struct replaying {
        const char *rule;
        struct zone *zone;
        int64_t from, until;
        struct db *was, *would; /* would: a copy of was, taken back and played anew */

        /* the past, and what the simulation knows of it: the same indices */
        struct past *past;
        struct simulation_event *events;
        int count, room;

        int64_t standing; /* facts that stand as they are today */
        int refused;      /* events that found nothing to change */
};

static const char *const change_names[] = {
    [REPLAY_SAME] = "same", [REPLAY_NEW] = "new", [REPLAY_GONE] = "gone", [REPLAY_MOVED] = "moved"};

/* ---- playing */

static int add_past(void *context, const struct past *past, struct err *err)
{
        struct replaying *replaying = context;

        if (replaying->count == replaying->room) {
                int room = replaying->room ? replaying->room * 2 : 1024;
                struct past *grown = reallocarray(replaying->past, (size_t)room, sizeof *grown);

                if (!grown)
                        return err_set(err, ERR_NOMEM, "rules replay: out of memory");
                replaying->past = grown;
                replaying->room = room;
        }
        replaying->past[replaying->count++] = *past;
        return 0;
}

static int read_past(struct replaying *replaying, struct err *err)
{
        int r = past_list(replaying->was, add_past, replaying, err);

        if (r < 0)
                return r;
        replaying->events = calloc((size_t)replaying->count + 1, sizeof *replaying->events);
        if (!replaying->events)
                return err_set(err, ERR_NOMEM, "rules replay: out of memory");
        for (int i = 0; i < replaying->count; i++)
                replaying->events[i].time_utc = replaying->past[i].received_utc;
        return 0;
}

static int fetch(void *context, struct db *db, int index, char **ret_text, struct err *err)
{
        struct replaying *replaying = context;

        return past_play(replaying->was, db, &replaying->past[index], ret_text, err);
}

static void note_refused(void *context, const char *text)
{
        struct replaying *replaying = context;

        (void)text;
        replaying->refused++;
}

static int play(struct replaying *replaying, struct simulation *simulation, struct err *err)
{
        char from[ZONE_STAMP_MAX], until[ZONE_STAMP_MAX];
        const struct simulation_play input = {.events_name = "events",
                                              .events = replaying->events,
                                              .event_count = replaying->count,
                                              .once = true,
                                              .from = from,
                                              .until = until,
                                              .fetch = fetch,
                                              .refused = note_refused,
                                              .context = replaying};
        int r;

        zone_stamp(replaying->zone, replaying->from, from);
        zone_stamp(replaying->zone, replaying->until, until);
        r = simulation_play(simulation, &input, err);
        return r == ERR_INVALID && !err->text[0] ? 0 : r; /* refused ones are counted */
}

/* ---- what is changed */

/* SETTING is NAME=VALUE. It holds for every organisation, also for those that set their own. */
static int set_parameter(struct db *db, struct rule *rule, const char *setting, struct err *err)
{
        const char *equals = strchr(setting, '=');
        size_t length = equals ? (size_t)(equals - setting) : 0;

        if (!equals)
                return err_set(err, ERR_USAGE, "--set: `%.60s` is no setting: write it as NAME=VALUE",
                               setting);
        for (int i = 0; i < rule->parameter_count; i++) {
                struct rule_parameter *parameter = &rule->parameters[i];

                if (strlen(parameter->name) != length || memcmp(parameter->name, setting, length) != 0)
                        continue;
                if (!rule_parameter_read(parameter->kind, equals + 1, &parameter->value))
                        return err_set(err, ERR_USAGE,
                                       "--set: %s: `%.60s` is no value for it: write it like `%s`",
                                       parameter->name, equals + 1, parameter->text);
                return rule_parameter_forget(db, rule->name, parameter->name, err);
        }
        return err_set(err, ERR_USAGE, "--set: rule %s has no parameter %.*s: see kapula rules explain %s",
                       rule->name, length > 60 ? 60 : (int)length, setting, rule->name);
}

static int change_rule(struct replaying *replaying, struct simulation *simulation,
                       const struct option_list *settings, struct err *err)
{
        struct rule *rule = rulebook_find(simulation_rules(simulation), replaying->rule);
        int r = 0;

        if (!rule)
                return err_set(err, ERR_INVALID, "rules replay: %.60s: no such rule: see kapula rules list",
                               replaying->rule);
        for (int i = 0; i < settings->count && r == 0; i++)
                r = set_parameter(replaying->would, rule, settings->items[i], err);
        return r;
}

/* ---- for people */

static const char *minute(const struct replaying *replaying, const struct replay_row *row,
                          char ret_text[static ZONE_STAMP_MAX])
{
        zone_stamp(replaying->zone, row->time_utc, ret_text);
        ret_text[10] = ' ';
        ret_text[MINUTE_LENGTH] = '\0';
        return ret_text;
}

static void print_pair(const struct replaying *replaying, const struct replay_pair *pair)
{
        const struct replay_row *row = pair->was ? pair->was : pair->would;
        char first[ZONE_STAMP_MAX], second[ZONE_STAMP_MAX];

        printf("%-5s  %s  ", change_names[pair->change], minute(replaying, row, first));
        if (pair->change == REPLAY_MOVED)
                printf("-> %s  ", minute(replaying, pair->would, second));
        printf("%s  %s  %s  %s", row->subject, row->key, row->person, row->channel);
        if (pair->change == REPLAY_GONE)
                printf("  (%s)", pair->reason ? pair->reason : "the rule finds nothing");
        else if (pair->change == REPLAY_NEW)
                printf("  (%s)", pair->reason ? pair->reason : "the rule found nothing");
        putchar('\n');
}

static double per_week(const struct replaying *replaying, const struct replay_totals *totals)
{
        return totals->messages * WEEK_SECONDS / (double)(replaying->until - replaying->from);
}

static void print_totals(const struct replaying *replaying, const struct replay *replay)
{
        const struct replay_totals *was = &replay->was_totals, *would = &replay->would_totals;

        printf("\n%d same, %d moved, %d new, %d gone\n\n", replay->counts[REPLAY_SAME],
               replay->counts[REPLAY_MOVED], replay->counts[REPLAY_NEW], replay->counts[REPLAY_GONE]);
        printf("%-14s %10s %10s\n", "", "was", "would be");
        printf("%-14s %10d %10d\n", "messages", was->messages, would->messages);
        printf("%-14s %10d %10d\n", "people told", was->people, would->people);
        printf("%-14s %10.1f %10.1f\n", "a week", per_week(replaying, was), per_week(replaying, would));
        printf("%-14s %10" PRId64 " %10" PRId64 "\n", "SMS segments", was->segments, would->segments);
        printf("%-14s %10d %10d\n", "not told", was->suppressed, would->suppressed);
}

static void print_doubts(const struct replaying *replaying)
{
        if (replaying->standing)
                printf("\n%" PRId64
                       " facts were written directly and do not say when: they stand as they are "
                       "today.\n",
                       replaying->standing);
        if (replaying->refused)
                printf("\n%d events were refused: what they change is not known any more.\n",
                       replaying->refused);
}

static void print_replay(const struct replaying *replaying, const struct replay *replay)
{
        for (int i = 0; i < replay->count; i++)
                print_pair(replaying, &replay->pairs[i]);
        print_totals(replaying, replay);
        print_doubts(replaying);
}

/* ---- for programs */

static void set_time(const struct replaying *replaying, json_t *json, const char *name,
                     const struct replay_row *row)
{
        char stamp[ZONE_STAMP_MAX];

        if (!row)
                return;
        zone_stamp(replaying->zone, row->time_utc, stamp);
        json_object_set_new(json, name, json_string(stamp));
}

static json_t *pair_json(const struct replaying *replaying, const struct replay_pair *pair)
{
        const struct replay_row *row = pair->was ? pair->was : pair->would;
        json_t *json =
            json_pack("{s:s, s:s, s:s, s:s, s:s}", "change", change_names[pair->change], "subject",
                      row->subject, "key", row->key, "recipient", row->person, "channel", row->channel);

        set_time(replaying, json, "was", pair->was);
        set_time(replaying, json, "would_be", pair->would);
        if (pair->reason)
                json_object_set_new(json, "reason", json_string(pair->reason));
        return json;
}

static json_t *totals_json(const struct replaying *replaying, const struct replay_totals *totals)
{
        return json_pack("{s:i, s:i, s:f, s:I, s:i}", "messages", totals->messages, "people", totals->people,
                         "a_week", per_week(replaying, totals), "segments", (json_int_t)totals->segments,
                         "not_told", totals->suppressed);
}

static int print_json(const struct replaying *replaying, const struct replay *replay, struct err *err)
{
        char from[ZONE_STAMP_MAX], until[ZONE_STAMP_MAX];
        json_t *list = json_array(), *json;
        int r = 0;

        for (int i = 0; i < replay->count; i++)
                if (json_array_append_new(list, pair_json(replaying, &replay->pairs[i])) < 0)
                        r = err_set(err, ERR_NOMEM, "rules replay: out of memory");
        zone_stamp(replaying->zone, replaying->from, from);
        zone_stamp(replaying->zone, replaying->until, until);
        json = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:i}", "rule", replaying->rule, "from", from,
                         "until", until, "messages", list, "was", totals_json(replaying, &replay->was_totals),
                         "would_be", totals_json(replaying, &replay->would_totals), "standing_facts",
                         (json_int_t)replaying->standing, "refused_events", replaying->refused);
        if (!json)
                r = err_set(err, ERR_NOMEM, "rules replay: out of memory");
        if (r == 0 && (json_dumpf(json, stdout, JSON_COMPACT) < 0 || putchar('\n') == EOF))
                r = err_set(err, ERR_IO, "standard output: cannot write");
        json_decref(json);
        return r;
}

/* ---- the whole */

struct replay_options {
        const char *config, *db, *rules, *templates, *from, *until;
        struct option_list settings;
        bool json;
};

static int read_span(struct replaying *replaying, const struct replay_options *options, struct err *err)
{
        _cleanup_(free_ptr) char *timezone = NULL;
        int r = place_top_timezone(replaying->was, &timezone, err);

        if (r == 0)
                r = zone_open(timezone, &replaying->zone, err);
        if (r < 0)
                return r;
        if (!zone_parse(replaying->zone, options->from, &replaying->from))
                return err_set(err, ERR_USAGE, "--from: `%.40s` is no time: write it as 2026-11-23T08:00",
                               options->from);
        if (!zone_parse(replaying->zone, options->until, &replaying->until))
                return err_set(err, ERR_USAGE, "--until: `%.40s` is no time: write it as 2026-11-23T20:00",
                               options->until);
        if (replaying->until <= replaying->from)
                return err_set(err, ERR_USAGE, "--until: not after --from: exchange them");
        return 0;
}

static int open_databases(struct replaying *replaying, const char *path, struct err *err)
{
        int r = db_open(path, DB_READER, &replaying->was, err);

        if (r == 0)
                r = db_begin(replaying->was, err); /* one state, though a gateway may be writing */
        if (r == 0)
                r = read_past(replaying, err);
        if (r == 0)
                r = copy_open(replaying->was, &replaying->would, err);
        return r < 0 ? r : copy_rewind(replaying->would, &replaying->standing, err);
}

static int replay(struct replaying *replaying, const struct replay_options *options,
                  const struct config *config, const char *path, struct err *err)
{
        _cleanup_(simulation_closep) struct simulation *simulation = NULL;
        struct replay result = {0};
        int r;

        r = open_databases(replaying, path, err);
        if (r == 0)
                r = read_span(replaying, options, err);
        if (r == 0)
                r = simulation_open_on(replaying->would, options->rules ? options->rules : config->rules,
                                       options->templates ? options->templates : config->templates,
                                       &simulation, err);
        if (r == 0)
                r = change_rule(replaying, simulation, &options->settings, err);
        if (r == 0)
                r = play(replaying, simulation, err);
        if (r == 0)
                r = replay_compare(replaying->was, replaying->would, replaying->rule, replaying->from,
                                   replaying->until, &result, err);
        if (r == 0 && options->json)
                r = print_json(replaying, &result, err);
        else if (r == 0)
                print_replay(replaying, &result);
        replay_fini(&result);
        return r;
}

static int with_config(struct replaying *replaying, const struct replay_options *options, struct err *err)
{
        _cleanup_(config_fini) struct config config = {0};
        _cleanup_(free_ptr) char *path = NULL;
        int r = config_load(options->config, &config, err);

        if (r == 0)
                r = command_database_path(options->db ? options->db : config.database, &path, err);
        if (r == 0)
                r = replay(replaying, options, &config, path, err);
        zone_close(replaying->zone);
        db_close(replaying->would);
        db_close(replaying->was);
        free(replaying->past);
        free(replaying->events);
        return r;
}

int rules_replay(int argc, char **argv, struct err *err)
{
        struct replaying replaying = {0};
        struct replay_options options = {0};
        const struct option_spec specs[] = {
            {.name = "--config", .value = &options.config},
            {.name = "--db", .value = &options.db},
            {.name = "--rules", .value = &options.rules},
            {.name = "--templates", .value = &options.templates},
            {.name = "--from", .value = &options.from},
            {.name = "--until", .value = &options.until},
            {.name = "--set", .list = &options.settings},
            {.name = "--json", .flag = &options.json},
            {0},
        };
        const char *operands[OPERAND_MAX];
        int count, r = options_read(argc, argv, specs, operands, &count, err);

        if (r < 0)
                return r;
        if (count != 1 || !options.from || !options.until)
                return err_set(err, ERR_USAGE,
                               "rules replay: needs a rule, --from and --until: see kapula help rules");
        replaying.rule = operands[0];
        return with_config(&replaying, &options, err);
}
