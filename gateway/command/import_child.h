/* import_child: a `kapula import` of its own for a file that somebody else has made, so that no file can harm
 * the gateway. */
#ifndef COMMAND_IMPORT_CHILD_H
#define COMMAND_IMPORT_CHILD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct clock;

struct import_child {
        const char *kind, *path;                 /* PATH may be /dev/fd/3 when INPUT is open */
        const char *map, *organisation, *source; /* NULL: as without the option of kapula import */
        bool dry_run, force;
        const char *database;
        const struct clock *clock;
        int input;                      /* becomes descriptor 3 of the child; -1: none */
        int output;                     /* what it says, as JSON or as an error */
        _Atomic pid_t *child;           /* while it runs, so that it can be ended */
        const atomic_bool *is_stopping; /* set: it is ended at once */
};

enum import_outcome {
        IMPORT_DONE,
        IMPORT_REJECTED, /* whole or in part */
        IMPORT_AGAIN,    /* could not, or was ended: to be tried again */
};

enum import_outcome import_child_run(const struct import_child *import);

#endif
