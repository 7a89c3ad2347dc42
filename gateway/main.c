#include "command/verbs.h"

#include <stdio.h>
#include <string.h>

/* Keep in alphabetical order: one line a verb. */
/* clang-format off */
static const struct verb *const verb_table[] = {
    &verb_backup,
    &verb_calendars,
    &verb_check,
    &verb_doctor,
    &verb_erase,
    &verb_events,
    &verb_feeds,
    &verb_import,
    &verb_messages,
    &verb_people,
    &verb_purge,
    &verb_replies,
    &verb_rules,
    &verb_serve,
    &verb_simulate,
    &verb_surveys,
    &verb_tokens,
    NULL,
};
/* clang-format on */

static const struct verb *find(const char *name)
{
        for (const struct verb *const *verb = verb_table; *verb; verb++)
                if (strcmp((*verb)->name, name) == 0)
                        return *verb;
        return NULL;
}

static void print_usage(const struct verb *verb)
{
        const char *line = verb->usage;

        for (;;) {
                size_t length = strcspn(line, "\n");

                printf("kapula %s %.*s\n", verb->name, (int)length, line);
                if (!line[length])
                        break;
                line += length + 1;
        }
        printf("\n%s\n", verb->summary);
        if (verb->details)
                printf("\n%s\n", verb->details);
}

static int help(const char *name)
{
        const struct verb *verb;

        if (name) {
                verb = find(name);
                if (verb) {
                        print_usage(verb);
                        return 0;
                }
                fprintf(stderr, "kapula: %.40s: no such verb: see kapula help\n", name);
                return 2;
        }
        printf("kapula: messages, events and calendars between home, school and workplace\n\n");
        for (const struct verb *const *each = verb_table; *each; each++)
                printf("  kapula %-10s %s\n", (*each)->name, (*each)->summary);
        printf("\nkapula help VERB tells more. Exit status: 0 done, 1 the answer is no, 2 wrong usage, 3 "
               "could not.\n");
        return 0;
}

int main(int argc, char **argv)
{
        const struct verb *verb;
        struct err err = {0};
        int r;

        if (argc < 2) {
                fprintf(stderr, "kapula: no verb: see kapula help\n");
                return 2;
        }
        if (strcmp(argv[1], "--version") == 0) {
                printf("kapula %s\n", KAPULA_VERSION);
                return 0;
        }
        if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)
                return help(argv[2]);
        verb = find(argv[1]);
        if (!verb) {
                fprintf(stderr, "kapula: %.40s: no such verb: see kapula help\n", argv[1]);
                return 2;
        }
        for (int i = 2; i < argc && strcmp(argv[i], "--"); i++)
                if (strcmp(argv[i], "--help") == 0)
                        return help(argv[1]);
        r = verb->run(argc - 1, argv + 1, &err);
        if (fflush(stdout) != 0 && r == 0)
                r = err_set(&err, ERR_IO, "standard output: cannot write: free some space or check the pipe");
        if (r < 0 && err.text[0])
                fprintf(stderr, "kapula: %s\n", err.text);
        return err_exit_status(r);
}
