#include "command/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct option_spec *find(const struct option_spec *table, const char *argument, size_t length)
{
        for (; table->name; table++)
                if (strlen(table->name) == length && memcmp(table->name, argument, length) == 0)
                        return table;
        return NULL;
}

static int put(const struct option_spec *spec, const char *verb, const char *value, struct err *err)
{
        if (!spec->list) {
                *spec->value = value;
                return 0;
        }
        if (spec->list->count == OPTION_LIST_MAX)
                return err_set(err, ERR_USAGE, "%s: %s: more than %d times: give fewer", verb, spec->name,
                               OPTION_LIST_MAX);
        spec->list->items[spec->list->count++] = value;
        return 0;
}

int options_read(int argc, char **argv, const struct option_spec *table, const char **ret_operands,
                 int *ret_count, struct err *err)
{
        const struct option_spec *spec;
        bool options_over = false;
        const char *equals, *value;
        int count = 0;

        for (int i = 1; i < argc; i++) {
                if (options_over || argv[i][0] != '-' || argv[i][1] == '\0') {
                        if (count == OPERAND_MAX)
                                return err_set(err, ERR_USAGE, "%s: more than %d operands: give fewer",
                                               argv[0], OPERAND_MAX);
                        ret_operands[count++] = argv[i];
                        continue;
                }
                if (strcmp(argv[i], "--") == 0) {
                        options_over = true;
                        continue;
                }
                equals = strchr(argv[i], '=');
                spec = find(table, argv[i], equals ? (size_t)(equals - argv[i]) : strlen(argv[i]));
                if (!spec || (spec->flag && equals))
                        return err_set(err, ERR_USAGE, "%s: %.40s: no such option: see kapula help %s",
                                       argv[0], argv[i], argv[0]);
                if (spec->flag) {
                        *spec->flag = true;
                        continue;
                }
                value = equals ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
                if (!value)
                        return err_set(err, ERR_USAGE, "%s: %s: its value is missing: see kapula help %s",
                                       argv[0], argv[i], argv[0]);
                if (put(spec, argv[0], value, err) < 0)
                        return ERR_USAGE;
        }
        *ret_count = count;
        return 0;
}

/* mkdir -p for the folder of PATH, readable by its owner alone. */
static int make_folder(char *path, struct err *err)
{
        for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdir(path, 0700) < 0 && errno != EEXIST)
                        return err_set(err, ERR_IO, "%s: cannot make the folder (%s): name another with --db",
                                       path, strerror(errno));
                *slash = '/';
        }
        return 0;
}

int command_database_path(const char *db, char **ret_path, struct err *err)
{
        const char *state = getenv("STATE_DIRECTORY"), *home = getenv("HOME");
        char *path = NULL;
        int n, r;

        if (db)
                n = asprintf(&path, "%s", db);
        else if (state)
                n = asprintf(&path, "%s/kapula.db", state);
        else if (home)
                n = asprintf(&path, "%s/.local/state/kapula/kapula.db", home);
        else
                return err_set(err, ERR_USAGE, "HOME: is not set: name the database with --db FILE");
        if (n < 0)
                return err_set(err, ERR_NOMEM, "out of memory");
        r = db ? 0 : make_folder(path, err);
        if (r < 0) {
                free(path);
                return r;
        }
        *ret_path = path;
        return 0;
}
