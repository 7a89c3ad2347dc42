#include "command/importer.h"
#include "base/clock.h"
#include "base/log.h"
#include "command/import_child.h"
#include "store/db.h"
#include "store/upload.h"
#include "store/writer.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 1000   /* between two looks */
#define RETRY_MS 30000 /* after a run that could not */

struct importer {
        const char *database;
        struct writer *writer;
        const struct clock *clock;
        struct db *db; /* the thread's */
        pthread_t thread;
        bool has_thread, listens;
        pthread_mutex_t mutex; /* guards what follows */
        pthread_cond_t work;
        bool woken;
        atomic_bool is_stopping;
        _Atomic pid_t child;
};

static void wake(void *context)
{
        struct importer *importer = context;

        pthread_mutex_lock(&importer->mutex);
        importer->woken = true;
        pthread_cond_signal(&importer->work);
        pthread_mutex_unlock(&importer->mutex);
}

/* Until a commit, but PAUSE_MS at least: commits come by the hundred. */
static void wait_for_work(struct importer *importer, int64_t pause_ms)
{
        int64_t until_ms = clock_monotonic_ms() + pause_ms;
        struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};
        bool rests;

        pthread_mutex_lock(&importer->mutex);
        while (!importer->is_stopping && clock_monotonic_ms() < until_ms)
                pthread_cond_timedwait(&importer->work, &importer->mutex, &until);
        rests = !importer->woken && !importer->is_stopping;
        pthread_mutex_unlock(&importer->mutex);
        if (rests)
                db_rest(importer->db);
        pthread_mutex_lock(&importer->mutex);
        while (!importer->is_stopping && !importer->woken)
                pthread_cond_wait(&importer->work, &importer->mutex);
        importer->woken = false;
        pthread_mutex_unlock(&importer->mutex);
}

/* ---- one run */

static bool write_all(int fd, const char *bytes, size_t length)
{
        while (length) {
                ssize_t n = write(fd, bytes, length);

                if (n <= 0)
                        return false;
                bytes += n;
                length -= (size_t)n;
        }
        return true;
}

/* What the child said, cut at UPLOAD_REPORT_MAX; NULL when memory ran out. */
static char *read_report(int fd)
{
        off_t end = lseek(fd, 0, SEEK_END);
        size_t length = end < 0 ? 0 : (size_t)end < UPLOAD_REPORT_MAX ? (size_t)end : UPLOAD_REPORT_MAX;
        char *text = malloc(length + 1);
        ssize_t n = text ? pread(fd, text, length, 0) : -1;

        if (n < 0) {
                free(text);
                return NULL;
        }
        text[n] = '\0';
        return text;
}

struct ran {
        struct writer_job job;
        int64_t id;
        bool is_good;
        const char *report;
};

static int note(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        const struct ran *ran = (struct ran *)job;

        return upload_ran(db, now_utc, ran->id, ran->is_good, ran->report, err);
}

/* A trial whose rows are refused in part is good: somebody decides. One that could not be read at all says so
 * by JSON without a count, or none at all. */
static enum import_outcome run(struct importer *importer, const struct upload *upload, int input, int output)
{
        const struct import_child import = {.kind = upload->kind,
                                            .path = "/dev/fd/3",
                                            .map = *upload->map ? upload->map : NULL,
                                            .dry_run = strcmp(upload->state, "to-try") == 0,
                                            .force = upload->force,
                                            .database = importer->database,
                                            .clock = importer->clock,
                                            .input = input,
                                            .output = output,
                                            .child = &importer->child,
                                            .is_stopping = &importer->is_stopping};

        return import_child_run(&import);
}

/* False when it could not be run now. */
static bool take(struct importer *importer, const struct upload *upload, const void *content, size_t length)
{
        int input = memfd_create("upload", MFD_CLOEXEC), output = memfd_create("report", MFD_CLOEXEC);
        enum import_outcome outcome = IMPORT_AGAIN;
        struct ran ran = {.job.run = note, .id = upload->id};
        _cleanup_(free_ptr) char *report = NULL;
        struct err err = {0};
        bool is_done;

        if (input >= 0 && output >= 0 && write_all(input, content, length))
                outcome = run(importer, upload, input, output);
        report = outcome == IMPORT_AGAIN ? NULL : read_report(output);
        if (input >= 0)
                close(input);
        if (output >= 0)
                close(output);
        ran.is_good = report && report[0] == '{';
        ran.report = report;
        is_done = report && writer_run(importer->writer, &ran.job, &err) == 0;
        if (is_done)
                log_info("importer", "upload %lld: %s", (long long)upload->id,
                         !ran.is_good             ? "could not be read"
                         : outcome == IMPORT_DONE ? "is good"
                                                  : "has rows that are refused");
        else if (!importer->is_stopping)
                log_warning("importer", "upload %lld could not be run: it is tried again",
                            (long long)upload->id);
        return is_done;
}

static void *importer_main(void *context)
{
        struct importer *importer = context;

        while (!importer->is_stopping) {
                _cleanup_(free_ptr) void *content = NULL;
                struct upload upload;
                struct err err = {0};
                size_t length = 0;
                int r = upload_next(importer->db, &upload, &content, &length, &err);

                if (r < 0)
                        log_warning("importer", "%s", err.text);
                if (r > 0 && take(importer, &upload, content, length))
                        continue;
                if (r)
                        wake(importer);
                wait_for_work(importer, r ? RETRY_MS : LOOK_MS);
        }
        return NULL;
}

int importer_open(const char *database, struct writer *writer, const struct clock *clock,
                  struct importer **ret_importer, struct err *err)
{
        struct importer *importer = calloc(1, sizeof *importer);
        pthread_condattr_t attributes;
        int r;

        if (!importer)
                return err_set(err, ERR_NOMEM, "importer: out of memory");
        importer->database = database;
        importer->writer = writer;
        importer->clock = clock;
        pthread_mutex_init(&importer->mutex, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&importer->work, &attributes);
        pthread_condattr_destroy(&attributes);
        r = db_open(database, DB_READER, &importer->db, err);
        if (r == 0)
                r = writer_on_commit(writer, wake, importer);
        importer->listens = r == 0;
        if (r == 0 && pthread_create(&importer->thread, NULL, importer_main, importer) != 0)
                r = err_set(err, ERR_IO, "importer: cannot start a thread: raise the limit of processes");
        else if (r == 0)
                importer->has_thread = true;
        if (r < 0) {
                importer_close(importer);
                return r;
        }
        *ret_importer = importer;
        return 0;
}

struct importer *importer_close(struct importer *importer)
{
        pid_t child;

        if (!importer)
                return NULL;
        pthread_mutex_lock(&importer->mutex);
        importer->is_stopping = true;
        pthread_cond_signal(&importer->work);
        pthread_mutex_unlock(&importer->mutex);
        child = importer->child;
        if (child > 0)
                kill(child, SIGTERM);
        if (importer->has_thread)
                pthread_join(importer->thread, NULL);
        if (importer->listens)
                writer_off_commit(importer->writer, importer);
        db_close(importer->db);
        pthread_cond_destroy(&importer->work);
        pthread_mutex_destroy(&importer->mutex);
        free(importer);
        return NULL;
}
