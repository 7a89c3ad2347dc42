#include "command/import_child.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 20
#define STAMP_SIZE 32

extern char **environ;

static void print_stamp(int64_t utc, char stamp[static STAMP_SIZE])
{
        char day[DATE_TEXT_MAX];
        int seconds = (int)(utc % 86400);

        date_print((int32_t)(utc / 86400), day);
        snprintf(stamp, STAMP_SIZE, "%sT%02d:%02d:%02dZ", day, seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
}

static void add_option(const char **arguments, int *count, const char *name, const char *value)
{
        if (value) {
                arguments[(*count)++] = name;
                arguments[(*count)++] = value;
        }
}

static int spawn(const struct import_child *import, const char *const *arguments, pid_t *ret_child)
{
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none, usual;
        int r;

        sigemptyset(&none);
        sigemptyset(&usual);
        sigaddset(&usual, SIGPIPE);
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, import->output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, import->output, STDERR_FILENO);
        if (import->input >= 0)
                posix_spawn_file_actions_adddup2(&actions, import->input, 3);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &usual);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        r = posix_spawn(ret_child, "/proc/self/exe", &actions, &attributes, (char *const *)arguments,
                        environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        return r;
}

enum import_outcome import_child_run(const struct import_child *import)
{
        const char *arguments[ARGUMENTS_MAX] = {"kapula", "import", import->kind,    import->path,
                                                "--json", "--db",   import->database};
        int count = 7, status = 0;
        char stamp[STAMP_SIZE];
        pid_t child;

        add_option(arguments, &count, "--map", import->map);
        add_option(arguments, &count, "--organisation", import->organisation);
        add_option(arguments, &count, "--source", import->source);
        if (import->dry_run)
                arguments[count++] = "--dry-run";
        if (import->force)
                arguments[count++] = "--force";
        if (import->clock->is_virtual) {
                print_stamp(clock_now_utc(import->clock), stamp);
                add_option(arguments, &count, "--virtual-clock", stamp);
        }
        if (spawn(import, arguments, &child) != 0)
                return IMPORT_AGAIN;
        *import->child = child;
        if (*import->is_stopping)
                kill(child, SIGTERM);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
                ;
        *import->child = 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) <= 2)
                return WEXITSTATUS(status) == 0 ? IMPORT_DONE : IMPORT_REJECTED;
        return IMPORT_AGAIN; /* could not, or was ended */
}
