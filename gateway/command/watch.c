#include "command/watch.h"
#include "base/clock.h"
#include "base/log.h"
#include "command/import_child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define SETTLE_MS 1000     /* a file that has not changed for so long is complete */
#define IDLE_MS 10000      /* for folders whose file system tells nothing (network shares) */
#define RETRY_MS 30000     /* after an import that could not */
#define NAME_BYTES_MAX 200 /* longer names are left alone */
#define COPIES_MAX 10000   /* files of one name in done/ */

/* A file as it was at the last look. */
struct seen {
        char name[NAME_BYTES_MAX + 1];
        int64_t size, changed_ns, since_ms; /* since_ms: of the monotonic clock */
        bool is_here;
};

struct folder {
        const struct config_folder *config;
        int number; /* in the log, from 1 */
        struct seen *seen;
        int seen_count;
};

struct watch {
        struct folder folders[WATCH_FOLDERS_MAX];
        int folder_count, inotify, wake;
        const char *database;
        const struct clock *clock;
        pthread_t thread;
        bool has_thread;
        atomic_bool is_stopping;
        _Atomic pid_t child;
};

static char *join(const char *folder, const char *below, const char *name)
{
        char *path = NULL;

        return asprintf(&path, "%s/%s%s%s", folder, below, *below && *name ? "/" : "", name) < 0 ? NULL
                                                                                                 : path;
}

/* ---- one import */

static enum import_outcome run_import(struct watch *watch, const struct folder *folder, const char *path,
                                      const char *report)
{
        struct import_child import = {.kind = folder->config->kind,
                                      .path = path,
                                      .map = folder->config->map,
                                      .organisation = folder->config->organisation,
                                      .source = folder->config->source,
                                      .database = watch->database,
                                      .clock = watch->clock,
                                      .input = -1,
                                      .output = open(report, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
                                      .child = &watch->child,
                                      .is_stopping = &watch->is_stopping};
        enum import_outcome outcome;

        if (import.output < 0)
                return IMPORT_AGAIN;
        outcome = import_child_run(&import);
        close(import.output);
        return outcome;
}

/* Moves PATH to TARGET, or to TARGET.N when there is one already; *ret_path is where it stands then. */
static bool move(const char *path, const char *target, char **ret_path)
{
        for (int i = 0; i < COPIES_MAX; i++) {
                char *name = NULL;

                if ((i ? asprintf(&name, "%s.%d", target, i) : asprintf(&name, "%s", target)) < 0)
                        return false;
                if (renameat2(AT_FDCWD, path, AT_FDCWD, name, RENAME_NOREPLACE) == 0 ||
                    (errno == EINVAL && access(name, F_OK) < 0 && rename(path, name) == 0)) {
                        *ret_path = name;
                        return true;
                }
                free(name);
                if (errno != EEXIST && errno != EINVAL)
                        return false;
        }
        return false;
}

static void put_away(const struct folder *folder, const char *path, const char *report, const char *name,
                     const char *where)
{
        _cleanup_(free_ptr) char *target = join(folder->config->path, where, name), *moved = NULL,
                                 *beside = NULL;

        if (!target || !move(path, target, &moved)) {
                log_error("watch", "folder %d: a file cannot be moved to %s: make the folder writable",
                          folder->number, where);
                return;
        }
        if (asprintf(&beside, "%s.report.json", moved) < 0 || rename(report, beside) < 0)
                log_warning("watch", "folder %d: a report cannot be moved to %s", folder->number, where);
}

/* The file NAME of taking/. False when it is to be tried again later. */
static bool take(struct watch *watch, const struct folder *folder, const char *name)
{
        _cleanup_(free_ptr) char *path = join(folder->config->path, "taking", name), *report = NULL;
        enum import_outcome outcome;

        if (!path || asprintf(&report, "%s/.report", folder->config->path) < 0)
                return false;
        outcome = run_import(watch, folder, path, report);
        if (outcome == IMPORT_AGAIN) {
                if (!watch->is_stopping)
                        log_warning("watch", "folder %d: a file could not be imported: it is tried again",
                                    folder->number);
                return false;
        }
        put_away(folder, path, report, name, outcome == IMPORT_DONE ? "done" : "rejected");
        if (outcome == IMPORT_DONE)
                log_info("watch", "folder %d: a file was taken in", folder->number);
        else
                log_warning("watch", "folder %d: a file was rejected, whole or in part: see its report",
                            folder->number);
        return true;
}

/* ---- looking */

static bool is_candidate(const char *name)
{
        size_t length = strlen(name);

        return name[0] != '.' && length <= NAME_BYTES_MAX &&
               !(length > 5 && strcmp(name + length - 5, ".part") == 0) &&
               !(length > 4 && strcmp(name + length - 4, ".tmp") == 0);
}

static struct seen *find_seen(struct folder *folder, const char *name)
{
        for (int i = 0; i < folder->seen_count; i++)
                if (strcmp(folder->seen[i].name, name) == 0)
                        return &folder->seen[i];
        if (folder->seen_count == WATCH_FILES_MAX)
                return NULL;
        folder->seen[folder->seen_count] = (struct seen){.size = -1};
        memcpy(folder->seen[folder->seen_count].name, name, strlen(name) + 1);
        return &folder->seen[folder->seen_count++];
}

/* True when the file has not changed for SETTLE_MS. */
static bool has_settled(struct folder *folder, const char *name, const struct stat *stat)
{
        struct seen *seen = find_seen(folder, name);
        int64_t changed_ns = (int64_t)stat->st_mtim.tv_sec * 1000000000 + stat->st_mtim.tv_nsec;
        bool is_same;

        if (!seen) /* more files than are looked at: their turn comes */
                return false;
        is_same = seen->size == stat->st_size && seen->changed_ns == changed_ns;
        seen->is_here = true;
        if (is_same)
                return clock_monotonic_ms() >= seen->since_ms + SETTLE_MS;
        seen->size = stat->st_size;
        seen->changed_ns = changed_ns;
        seen->since_ms = clock_monotonic_ms();
        return false;
}

static void forget_gone(struct folder *folder)
{
        int kept = 0;

        for (int i = 0; i < folder->seen_count; i++)
                if (folder->seen[i].is_here) {
                        folder->seen[kept] = folder->seen[i];
                        folder->seen[kept++].is_here = false;
                }
        folder->seen_count = kept;
}

/* Moves what has settled to taking/; how many files are still growing. */
static int collect(struct folder *folder)
{
        DIR *listing = opendir(folder->config->path);
        struct dirent *each;
        int growing = 0;

        while (listing && (each = readdir(listing))) {
                _cleanup_(free_ptr) char *path = NULL, *target = NULL, *moved = NULL;
                struct stat stat;

                if (!is_candidate(each->d_name))
                        continue;
                path = join(folder->config->path, "", each->d_name);
                target = join(folder->config->path, "taking", each->d_name);
                if (!path || !target || lstat(path, &stat) < 0 || !S_ISREG(stat.st_mode))
                        continue;
                if (!has_settled(folder, each->d_name, &stat))
                        growing++;
                else if (!move(path, target, &moved))
                        log_error("watch", "folder %d: a file cannot be moved: make the folder writable",
                                  folder->number);
        }
        if (listing)
                closedir(listing);
        forget_gone(folder);
        return growing;
}

static int by_age(const struct dirent **a, const struct dirent **b)
{
        return strcmp((*a)->d_name, (*b)->d_name); /* registers put the time into their names */
}

/* Every file of taking/, by name. False when one is to be tried again later. */
static bool take_all(struct watch *watch, struct folder *folder)
{
        _cleanup_(free_ptr) char *path = join(folder->config->path, "taking", "");
        struct dirent **list = NULL;
        int count = path ? scandir(path, &list, NULL, by_age) : 0;
        bool is_good = true;

        for (int i = 0; i < count; i++) {
                if (is_good && !watch->is_stopping && list[i]->d_name[0] != '.')
                        is_good = take(watch, folder, list[i]->d_name);
                free(list[i]);
        }
        free(list);
        return is_good;
}

static void drain(int fd)
{
        char bytes[4096];

        while (read(fd, bytes, sizeof bytes) > 0)
                ;
}

static void *watch_main(void *context)
{
        struct watch *watch = context;
        struct pollfd fds[] = {{.fd = watch->inotify, .events = POLLIN},
                               {.fd = watch->wake, .events = POLLIN}};
        int timeout_ms = 0;

        while (!watch->is_stopping) {
                if (poll(fds, ARRAY_SIZE(fds), timeout_ms) > 0 && fds[0].revents) {
                        drain(watch->inotify);
                        poll(&fds[1], 1, SETTLE_MS / 10); /* one look for several files */
                }
                timeout_ms = IDLE_MS;
                for (int i = 0; i < watch->folder_count && !watch->is_stopping; i++) {
                        if (collect(&watch->folders[i]) > 0)
                                timeout_ms = SETTLE_MS;
                        if (!take_all(watch, &watch->folders[i]) && timeout_ms == IDLE_MS)
                                timeout_ms = RETRY_MS;
                }
                drain(watch->inotify); /* our own moves */
        }
        return NULL;
}

/* ---- opening */

static int add_folder(struct watch *watch, const struct config_folder *config, struct err *err)
{
        static const char *const below[] = {"taking", "done", "rejected"};
        struct folder *folder = &watch->folders[watch->folder_count];

        *folder = (struct folder){.config = config, .number = watch->folder_count + 1};
        for (size_t i = 0; i < ARRAY_SIZE(below); i++) {
                _cleanup_(free_ptr) char *path = join(config->path, below[i], "");

                if (!path || (mkdir(path, 0700) < 0 && errno != EEXIST))
                        return err_set(err, ERR_IO, "folders: %s/%s: cannot be made (%s): make %s writable",
                                       config->path, below[i], strerror(errno), config->path);
        }
        if (inotify_add_watch(watch->inotify, config->path, IN_CLOSE_WRITE | IN_MOVED_TO) < 0)
                return err_set(err, ERR_IO, "folders: %s: cannot be watched (%s)", config->path,
                               strerror(errno));
        folder->seen = calloc(WATCH_FILES_MAX, sizeof *folder->seen);
        if (!folder->seen)
                return err_set(err, ERR_NOMEM, "folders: out of memory");
        watch->folder_count++;
        return 0;
}

int watch_open(const struct config_folder *folders, int folder_count, const char *database,
               const struct clock *clock, struct watch **ret_watch, struct err *err)
{
        struct watch *watch = calloc(1, sizeof *watch);
        int r = 0;

        if (!watch)
                return err_set(err, ERR_NOMEM, "folders: out of memory");
        watch->database = database;
        watch->clock = clock;
        watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        watch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (watch->inotify < 0 || watch->wake < 0)
                r = err_set(err, ERR_IO, "folders: cannot be watched (%s)", strerror(errno));
        for (int i = 0; i < folder_count && r == 0; i++)
                r = add_folder(watch, &folders[i], err);
        if (r == 0 && pthread_create(&watch->thread, NULL, watch_main, watch) != 0)
                r = err_set(err, ERR_IO, "folders: cannot start a thread: raise the limit of processes");
        else if (r == 0)
                watch->has_thread = true;
        if (r < 0) {
                watch_close(watch);
                return r;
        }
        *ret_watch = watch;
        return 0;
}

struct watch *watch_close(struct watch *watch)
{
        pid_t child;

        if (!watch)
                return NULL;
        watch->is_stopping = true;
        child = watch->child;
        if (child)
                kill(child, SIGTERM);
        if (watch->has_thread) {
                eventfd_write(watch->wake, 1);
                pthread_join(watch->thread, NULL);
        }
        if (watch->inotify >= 0)
                close(watch->inotify);
        if (watch->wake >= 0)
                close(watch->wake);
        for (int i = 0; i < watch->folder_count; i++)
                free(watch->folders[i].seen);
        free(watch);
        return NULL;
}
