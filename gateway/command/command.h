/* command: the verbs of the program. One file a verb; main.c holds their table in alphabetical order. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include "base/err.h"

#include <stdbool.h>

struct verb {
        const char *name;
        const char *usage;   /* what follows "kapula NAME", one line an alternative */
        const char *summary; /* one line */
        const char *details; /* lines that follow it in the verb's own help; NULL: none */
        /* ARGV[0] is the verb. Prints its answer on standard output; fills ERR for what goes wrong. Returns 0
         * or an enum err_code, which main turns into the exit status. A verb that has told on standard output
         * why the answer is no (a list of bad rows) returns ERR_INVALID with an empty text. */
        int (*run)(int argc, char **argv, struct err *err);
};

#define OPTION_LIST_MAX 32

/* What an option that may be repeated was given. */
struct option_list {
        const char *items[OPTION_LIST_MAX];
        int count;
};

/* A command line option. Exactly one of `flag`, `value` and `list` is set. */
struct option_spec {
        const char *name;         /* "--json" */
        bool *flag;               /* set to true when given */
        const char **value;       /* takes the next argument, or what follows "=" */
        struct option_list *list; /* so does this, as often as it is given */
};

#define OPERAND_MAX 1024

/* Reads the options of TABLE (its end has name NULL) wherever they stand and collects the rest as operands,
 * at most OPERAND_MAX; "--" ends the options. ERR_USAGE for unknown ones. ret_operands has room for
 * OPERAND_MAX. */
int options_read(int argc, char **argv, const struct option_spec *table, const char **ret_operands,
                 int *ret_count, struct err *err);

/* The database DB, or the default (config_database_path in command/config.h also asks --config):
 * $STATE_DIRECTORY/kapula.db, else
 * ~/.local/state/kapula/kapula.db (its folder is made when it is missing). free() it. DB may be NULL. */
int command_database_path(const char *db, char **ret_path, struct err *err);

#endif
