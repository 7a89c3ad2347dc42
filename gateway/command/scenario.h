/* scenario: a test of rules, told as a story with a clock: who is there, what happens, and what the rules
 * must say to it. tests/rules/README.md shows the form.
 *
 * A scenario_file is read whole and checked first: a word that is not known, a time that is none, an
 * expectation out of order are errors with file and line. Playing one compares what came with what was
 * expected, one by one. */
#ifndef COMMAND_SCENARIO_H
#define COMMAND_SCENARIO_H

#include "base/buf.h"
#include "base/err.h"
#include "base/yaml.h"
#include "base/zone_keep.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct rulebook;
struct simulation;

#define SCENARIO_MAX 500        /* in one file */
#define SCENARIO_EVENT_MAX 2000 /* of one scenario */
#define SCENARIO_ROSTER_MAX_BYTES (4u << 20)

/* What one line of `expect:` asks for. */
struct expectation {
        const struct yaml_node *node;
        const char *effect; /* "message", "suppressed", … */
        const char *what;   /* the rule; of an event its type; of a case its state; of a feed its owner */
        int64_t at;
        bool is_met;
};

/* Nodes and texts belong to the file. */
struct scenario {
        const struct yaml_node *node;
        const char *name, *rule, *kind;  /* kind: fires, silent or edge */
        const char *zone;                /* of its times */
        char *roster;                    /* path */
        const struct yaml_node *changes; /* to the roster; NULL: none */
        const struct yaml_node *only;    /* NULL: the rule alone */
        int64_t from, until;
        struct expectation *expectations;
        int expectation_count;
};

struct scenario_file {
        char *path;
        struct yaml *yaml;
        struct scenario *items;
        int count;
};

int scenario_file_load(const char *path, struct scenario_file **ret_file, struct err *err);
struct scenario_file *scenario_file_free(struct scenario_file *file); /* takes NULL, returns NULL */

/* Plays it. *ret_faults: an array of {"line", "sign", "text"} in the order of time, empty when everything
 * came as expected; sign is "-" (expected, did not come), "+" (came instead) or "!" (could not be played).
 * The caller decrefs it. A negative return: the machine failed, not the scenario. */
int scenario_play(struct simulation *simulation, struct scenario *scenario, json_t **ret_faults,
                  struct err *err);

/* ---- for scenario*.c alone */

/* A time as a scenario writes it: "2026-11-23 08:10", with or without seconds and offset. */
int scenario_time(const struct scenario *scenario, const struct yaml_node *node, int64_t *ret_utc,
                  struct err *err);

/* scenario_events.c: the CloudEvents of `given:` and `timeline:`, in JSON, an array of {"line", "event"}; and
 * what stands in `given:` beside events. */
int scenario_events(const struct scenario *scenario, json_t **ret_events, struct err *err);
struct db;
int scenario_prepare(const struct scenario *scenario, struct db *db, struct err *err);
/* A node as JSON: whole numbers, true, false and null that are not in quotes as such, the rest as text. */
int scenario_json(const struct yaml_node *node, json_t **ret_json, struct err *err);

/* scenario_roster.c: the roster file with the scenario's changes laid over it. */
int scenario_roster(const struct scenario *scenario, struct buf *buf, struct err *err);

/* scenario_feed.c: what the calendar that EXPECTATION names shows at its time, as an effect "feed" added to
 * EFFECTS; one that is closed shows nothing. */
struct catalogue;
int scenario_feed(const struct scenario *scenario, const struct expectation *expectation,
                  const struct catalogue *catalogue, struct db *db, json_t *effects, struct err *err);

/* scenario_compare.c */
int scenario_compare(struct scenario *scenario, json_t *effects, json_t *faults, struct err *err);
/* Whether the scenario is about the rule. */
bool scenario_is_about(const struct scenario *scenario, const char *rule);

#endif
