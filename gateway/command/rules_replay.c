/* kapula rules replay: what a rule, as it is or changed, would have sent over past data, next to what was
 * sent.
 */
#include "base/zone.h"
#include "command/command.h"
#include "command/config.h"
#include "command/playback.h"
#include "command/replay.h"
#include "command/rules.h"
#include "command/simulation.h"
#include "engine/rule.h"
#include "store/db.h"
#include "store/match.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WEEK_SECONDS (7.0 * 86400)
#define MINUTE_LENGTH 16 /* of "2026-11-23 09:15" */

struct replaying {
        const char *rule;
        const struct option_list *settings;
        struct playback *playback;
        struct zone *zone;
        int64_t from, until;
        struct db *was, *would; /* would: a copy of was, taken back and played anew */
        struct playback_doubts doubts;
};

static const char *const change_names[] = {
    [REPLAY_SAME] = "same", [REPLAY_NEW] = "new", [REPLAY_GONE] = "gone", [REPLAY_MOVED] = "moved"};

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

static int change_rule(void *context, struct simulation *simulation, struct db *copy, struct err *err)
{
        const struct replaying *replaying = context;
        const struct option_list *settings = replaying->settings;
        struct rule *rule = rulebook_find(simulation_rules(simulation), replaying->rule);
        int r = 0;

        if (!rule)
                return err_set(err, ERR_INVALID, "rules replay: %.60s: no such rule: see kapula rules list",
                               replaying->rule);
        for (int i = 0; i < settings->count && r == 0; i++)
                r = set_parameter(copy, rule, settings->items[i], err);
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
        if (replaying->doubts.standing)
                printf("\n%" PRId64
                       " facts were written directly and do not say when: they stand as they are "
                       "today.\n",
                       replaying->doubts.standing);
        if (replaying->doubts.refused)
                printf("\n%d events were refused: what they change is not known any more.\n",
                       replaying->doubts.refused);
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
                         (json_int_t)replaying->doubts.standing, "refused_events", replaying->doubts.refused);
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

static int play(struct replaying *replaying, const struct replay_options *options,
                const struct config *config, struct err *err)
{
        const struct playback_wish wish = {
            .rules = options->rules ? options->rules : config->rules,
            .templates = options->templates ? options->templates : config->templates,
            .from_utc = replaying->from,
            .until_utc = replaying->until,
            .change = change_rule,
            .context = replaying,
        };

        return playback_play(replaying->playback, &wish, &replaying->would, &replaying->doubts, err);
}

static int replay(struct replaying *replaying, const struct replay_options *options,
                  const struct config *config, const char *path, struct err *err)
{
        struct replay result = {0};
        int r = playback_open(path, &replaying->playback, err);

        if (r < 0)
                return r;
        replaying->was = playback_db(replaying->playback);
        replaying->zone = playback_zone(replaying->playback);
        replaying->settings = &options->settings;
        r = read_span(replaying, options, err);
        if (r == 0)
                r = play(replaying, options, config, err);
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
        db_close(replaying->would);
        playback_close(replaying->playback);
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
