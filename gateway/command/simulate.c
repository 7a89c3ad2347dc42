/* kapula simulate: plays events on a virtual clock with no network and prints what would happen. */
#include "command/simulation.h"
#include "command/verbs.h"

#include <stdio.h>

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

static int run(int argc, char **argv, struct err *err)
{
        struct simulation_options options = {.effect = print_effect, .refused = print_refused};
        const struct option_spec specs[] = {
            {.name = "--roster", .value = &options.roster},
            {.name = "--events", .value = &options.events},
            {.name = "--from", .value = &options.from},
            {.name = "--until", .value = &options.until},
            {.name = "--rules", .value = &options.rules},
            {.name = "--templates", .value = &options.templates},
            {0},
        };
        const char *operands[OPERAND_MAX];
        int count, r = options_read(argc, argv, specs, operands, &count, err);

        if (r < 0)
                return r;
        if (count || !options.roster || !options.events || !options.from || !options.until)
                return err_set(err, ERR_USAGE,
                               "simulate: needs --roster, --events, --from and --until: see kapula help "
                               "simulate");
        return simulation_run(&options, err);
}

const struct verb verb_simulate = {
    .name = "simulate",
    .usage = "--roster FILE --events FILE --from T --until T [--rules DIR] [--templates DIR]",
    .summary = "plays events on a virtual clock with no network and prints the effects as NDJSON",
    .run = run,
};
