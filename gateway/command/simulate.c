/* kapula simulate: plays events on a virtual clock with no network and prints what would happen. */
#include "base/buf.h"
#include "command/file.h"
#include "command/simulation.h"
#include "command/verbs.h"
#include "intake/roster.h"

#include <stdio.h>
#include <string.h>

#define EVENTS_MAX_BYTES (256u << 20)

static int print_effect(void *context, json_t *effect, struct err *err)
{
        (void)context;
        if (json_dumpf(effect, stdout, JSON_COMPACT) < 0 || putchar('\n') == EOF)
                return err_set(err, ERR_IO, "standard output: cannot write");
        return 0;
}

static void print_refused(void *context, const char *text)
{
        (void)context;
        fprintf(stderr, "kapula: %s\n", text);
}

static bool is_blank(const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (!strchr(" \t\r", text[i]))
                        return false;
        return true;
}

/* The lines of the file that are not blank, each an event. */
static int split(const struct buf *bytes, struct simulation_event **ret_events, int *ret_count,
                 struct err *err)
{
        const char *at = buf_text(bytes), *end = at + bytes->length;
        struct simulation_event *events = NULL, *grown;
        int count = 0, room = 0, line = 0;

        for (; at < end; at++) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                size_t length = (size_t)((newline ? newline : end) - at);

                line++;
                if (!is_blank(at, length)) {
                        if (count == room) {
                                room = room ? room * 2 : 256;
                                grown = reallocarray(events, (size_t)room, sizeof *grown);
                                if (!grown) {
                                        free(events);
                                        return err_set(err, ERR_NOMEM, "simulate: out of memory");
                                }
                                events = grown;
                        }
                        events[count++] =
                            (struct simulation_event){.text = at, .length = length, .line = line};
                }
                at += length;
        }
        *ret_events = events;
        *ret_count = count;
        return 0;
}

static int simulate(const char *rules, const char *templates, struct simulation_play *play, struct err *err)
{
        _cleanup_(simulation_closep) struct simulation *simulation = NULL;
        _cleanup_(free_ptr) struct simulation_event *events = NULL;
        _cleanup_(buf_fini) struct buf roster, lines;
        int r;

        buf_init(&roster, ROSTER_BYTES_MAX);
        buf_init(&lines, EVENTS_MAX_BYTES);
        r = file_read(play->roster_name, &roster, err);
        if (r == 0)
                r = file_read(play->events_name, &lines, err);
        if (r == 0)
                r = split(&lines, &events, &play->event_count, err);
        if (r == 0)
                r = simulation_open(rules, templates, &simulation, err);
        if (r < 0)
                return r;
        play->roster = buf_text(&roster);
        play->roster_length = roster.length;
        play->events = events;
        return simulation_play(simulation, play, err);
}

static int run(int argc, char **argv, struct err *err)
{
        struct simulation_play play = {.once = true, .effect = print_effect, .refused = print_refused};
        const char *rules = NULL, *templates = NULL;
        const struct option_spec specs[] = {
            {.name = "--roster", .value = &play.roster_name},
            {.name = "--events", .value = &play.events_name},
            {.name = "--from", .value = &play.from},
            {.name = "--until", .value = &play.until},
            {.name = "--rules", .value = &rules},
            {.name = "--templates", .value = &templates},
            {0},
        };
        const char *operands[OPERAND_MAX];
        int count, r = options_read(argc, argv, specs, operands, &count, err);

        if (r < 0)
                return r;
        if (count || !play.roster_name || !play.events_name || !play.from || !play.until)
                return err_set(err, ERR_USAGE,
                               "simulate: needs --roster, --events, --from and --until: see kapula help "
                               "simulate");
        return simulate(rules, templates, &play, err);
}

const struct verb verb_simulate = {
    .name = "simulate",
    .usage = "--roster FILE --events FILE --from T --until T [--rules DIR] [--templates DIR]",
    .summary = "plays events on a virtual clock with no network and prints the effects as NDJSON",
    .run = run,
};
