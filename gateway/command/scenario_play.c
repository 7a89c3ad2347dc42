/* A scenario on the stage. */
#include "command/scenario.h"
#include "command/simulation.h"
#include "engine/rule.h"

#include <string.h>

#define EFFECT_MAX 5000 /* of the rules in question, in one scenario */

struct playing {
        struct scenario *scenario;
        const struct catalogue *templates;
        json_t *effects, *faults;
        int event_count; /* what stands behind them is asked of `fetch`: calendars that are looked at */
};

/* The expectation whose calendar stands at INDEX behind the events. */
static const struct expectation *feed_at(const struct scenario *scenario, int index)
{
        for (int i = 0; i < scenario->expectation_count; i++)
                if (strcmp(scenario->expectations[i].effect, "feed") == 0 && index-- == 0)
                        return &scenario->expectations[i];
        return NULL;
}

static int look_at_feed(void *context, struct db *db, int index, char **ret_text, struct err *err)
{
        struct playing *playing = context;

        *ret_text = NULL;
        return scenario_feed(playing->scenario, feed_at(playing->scenario, index - playing->event_count),
                             playing->templates, db, playing->effects, err);
}

static int prepare(void *context, struct db *db, struct err *err)
{
        struct playing *playing = context;

        return scenario_prepare(playing->scenario, db, err);
}

static int keep_effect(void *context, json_t *effect, struct err *err)
{
        struct playing *playing = context;
        const char *time = json_string_value(json_object_get(effect, "time"));
        struct zone *zone;
        int64_t utc;

        if (!scenario_is_about(playing->scenario, json_string_value(json_object_get(effect, "rule"))))
                return 0;
        if (json_array_size(playing->effects) == EFFECT_MAX)
                return err_set(err, ERR_LIMIT, "%s: more than %d effects: tell a shorter story",
                               playing->scenario->name, EFFECT_MAX);
        if (zone_keep(playing->scenario->zone, &zone, err) < 0 || !zone_parse(zone, time, &utc))
                return ERR_INVALID;
        if (json_object_set_new(effect, "utc", json_integer(utc)) < 0 ||
            json_array_append(playing->effects, effect) < 0)
                return err_set(err, ERR_NOMEM, "scenarios: out of memory");
        return 0;
}

/* TEXT begins with FILE:LINE. */
static void note_refused(void *context, const char *text)
{
        struct playing *playing = context;

        json_array_append_new(playing->faults,
                              json_pack("{s:i, s:i, s:s, s:s}", "utc", 0, "line",
                                        yaml_line(playing->scenario->node), "sign", "!", "text", text));
}

static int note_error(struct playing *playing, struct err *err)
{
        note_refused(playing, err->text);
        *err = (struct err){0};
        return 0;
}

/* A name that is mistyped would make a scenario that is silent for ever. */
static int check_rules(const struct scenario *scenario, const struct rulebook *book, struct err *err)
{
        const char *name;
        int r = 0;

        if (!rulebook_find(book, scenario->rule))
                return yaml_refuse(scenario->node, err, "rule: there is no rule %s: correct the name",
                                   scenario->rule);
        for (int i = 0; scenario->only && i < yaml_count(scenario->only) && r == 0; i++) {
                r = yaml_text(yaml_at(scenario->only, i), &name, err);
                if (r == 0 && !rulebook_find(book, name))
                        r = yaml_refuse(yaml_at(scenario->only, i), err,
                                        "there is no rule %s: correct the name", name);
        }
        return r;
}

static int play_events(struct playing *playing, struct simulation *simulation, const struct buf *roster,
                       const json_t *events, struct err *err)
{
        const struct scenario *scenario = playing->scenario;
        size_t count = json_array_size(events), all = count;
        struct simulation_event *list = calloc(count + (size_t)scenario->expectation_count + 1, sizeof *list);
        const struct expectation *feed;
        char from[ZONE_STAMP_MAX], until[ZONE_STAMP_MAX];
        struct zone *zone;
        struct simulation_play play = {.roster_name = scenario->roster,
                                       .roster = buf_text(roster),
                                       .roster_length = roster->length,
                                       .events_name = yaml_file(scenario->node),
                                       .events = list,
                                       .from = from,
                                       .until = until,
                                       .prepare = prepare,
                                       .fetch = look_at_feed,
                                       .effect = keep_effect,
                                       .refused = note_refused,
                                       .context = playing};
        int r = list ? zone_keep(scenario->zone, &zone, err)
                     : err_set(err, ERR_NOMEM, "scenarios: out of memory");

        if (r == 0) {
                zone_stamp(zone, scenario->from, from);
                zone_stamp(zone, scenario->until, until);
        }
        for (size_t i = 0; i < count && r == 0; i++) {
                const json_t *each = json_array_get(events, i);
                char *text = json_dumps(json_object_get(each, "event"), JSON_COMPACT);

                list[i] =
                    (struct simulation_event){.text = text,
                                              .length = text ? strlen(text) : 0,
                                              .line = (int)json_integer_value(json_object_get(each, "line"))};
                if (!text)
                        r = err_set(err, ERR_NOMEM, "scenarios: out of memory");
        }
        playing->event_count = (int)count;
        while (list && (feed = feed_at(scenario, (int)(all - count)))) /* when all of its moment is done */
                list[all++] = (struct simulation_event){.time_utc = feed->at + 1};
        play.event_count = (int)all;
        if (r == 0)
                r = simulation_play(simulation, &play, err);
        for (size_t i = 0; list && i < count; i++)
                free((char *)list[i].text);
        free(list);
        return r;
}

static int play(struct playing *playing, struct simulation *simulation, struct err *err)
{
        json_t *events = NULL;
        struct buf roster;
        int r;

        buf_init(&roster, SCENARIO_ROSTER_MAX_BYTES);
        playing->templates = simulation_templates(simulation);
        r = check_rules(playing->scenario, simulation_rules(simulation), err);
        if (r == 0)
                r = scenario_roster(playing->scenario, &roster, err);
        if (r == 0)
                r = scenario_events(playing->scenario, &events, err);
        if (r == 0)
                r = play_events(playing, simulation, &roster, events, err);
        if (r == ERR_INVALID)
                r = err->text[0] ? note_error(playing, err) : 0;
        if (r == 0)
                r = scenario_compare(playing->scenario, playing->effects, playing->faults, err);
        json_decref(events);
        buf_fini(&roster);
        return r;
}

int scenario_play(struct simulation *simulation, struct scenario *scenario, json_t **ret_faults,
                  struct err *err)
{
        struct playing playing = {.scenario = scenario, .effects = json_array(), .faults = json_array()};
        int r;

        if (playing.effects && playing.faults)
                r = play(&playing, simulation, err);
        else
                r = err_set(err, ERR_NOMEM, "scenarios: out of memory");
        json_decref(playing.effects);
        if (r < 0)
                json_decref(playing.faults);
        else
                *ret_faults = playing.faults;
        return r;
}
