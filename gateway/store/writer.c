#include "store/writer.h"
#include "base/log.h"
#include "store/db.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

struct listener {
        void (*wake)(void *context);
        void *context;
};

struct writer {
        struct db *db;
        const struct clock *clock;
        _Atomic uint64_t commits;
        pthread_t thread;
        pthread_mutex_t mutex; /* guards what follows */
        pthread_cond_t work;
        struct writer_job *first, **last;
        int waiting, running;
        bool stopping;
        pthread_mutex_t listening; /* held while listeners are called: guards what follows */
        struct listener listeners[WRITER_LISTENER_MAX];
        int listener_count;
};

/* What became of each job of a batch, until the commit is known. */
struct outcome {
        struct writer_job *job;
        int result;
        struct err err;
};

static void run_job(struct db *db, int64_t now_utc, struct outcome *outcome)
{
        int r = db_savepoint(db, &outcome->err);

        if (r == 0) {
                r = outcome->job->run(outcome->job, db, now_utc, &outcome->err);
                if (r < 0)
                        db_savepoint_rollback(db);
                else if (db_savepoint_release(db, &outcome->err) < 0)
                        r = outcome->err.code;
        }
        outcome->result = r;
}

static void call_listeners(struct writer *writer)
{
        pthread_mutex_lock(&writer->listening);
        for (int i = 0; i < writer->listener_count; i++)
                writer->listeners[i].wake(writer->listeners[i].context);
        pthread_mutex_unlock(&writer->listening);
}

static void run_batch(struct writer *writer, struct outcome *outcomes, int count)
{
        int64_t now_utc = clock_now_utc(writer->clock);
        struct err err = {0};
        int r;

        r = db_begin(writer->db, &err);
        if (r == 0) {
                for (int i = 0; i < count; i++)
                        run_job(writer->db, now_utc, &outcomes[i]);
                r = db_commit(writer->db, &err);
                writer->commits++;
        }
        if (r < 0) {
                log_error("store", "a batch of %d jobs was not written: %s", count, err.text);
                for (int i = 0; i < count; i++)
                        outcomes[i] = (struct outcome){outcomes[i].job, r, err};
        }
        for (int i = 0; i < count; i++)
                if (outcomes[i].job->done)
                        outcomes[i].job->done(outcomes[i].job, outcomes[i].result, &outcomes[i].err);
        call_listeners(writer);
}

/* Until there are jobs or the writer stops. After DB_REST_MS without any it gives back the memory that the
 * last rush took, once. */
static void wait_for_jobs(struct writer *writer)
{
        int64_t at_ms = clock_monotonic_ms() + DB_REST_MS;
        struct timespec at = {.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
        bool has_rested = false;

        while (!writer->first && !writer->stopping) {
                if (has_rested) {
                        pthread_cond_wait(&writer->work, &writer->mutex);
                } else if (pthread_cond_timedwait(&writer->work, &writer->mutex, &at) == ETIMEDOUT) {
                        pthread_mutex_unlock(&writer->mutex);
                        db_rest(writer->db);
                        pthread_mutex_lock(&writer->mutex);
                        has_rested = true;
                }
        }
}

/* Waits for jobs; 0 when the writer stops and none is left. */
static int take_batch(struct writer *writer, struct outcome *outcomes)
{
        int count = 0;

        pthread_mutex_lock(&writer->mutex);
        wait_for_jobs(writer);
        while (writer->first && count < WRITER_BATCH_MAX) {
                outcomes[count++] = (struct outcome){.job = writer->first};
                writer->first = writer->first->next;
        }
        if (!writer->first)
                writer->last = &writer->first;
        writer->waiting -= count;
        writer->running = count;
        pthread_mutex_unlock(&writer->mutex);
        return count;
}

static void *writer_main(void *context)
{
        struct writer *writer = context;
        struct outcome *outcomes = calloc(WRITER_BATCH_MAX, sizeof *outcomes);
        int count;

        if (!outcomes)
                abort(); /* at start, before anything was promised */
        while ((count = take_batch(writer, outcomes)) > 0) {
                run_batch(writer, outcomes, count);
                pthread_mutex_lock(&writer->mutex);
                writer->running = 0;
                pthread_mutex_unlock(&writer->mutex);
        }
        free(outcomes);
        return NULL;
}

int writer_open(const char *path, const struct clock *clock, struct writer **ret_writer, struct err *err)
{
        struct writer *writer = calloc(1, sizeof *writer);
        pthread_condattr_t attributes;
        int r;

        if (!writer)
                return err_set(err, ERR_NOMEM, "writer: out of memory");
        writer->clock = clock;
        writer->last = &writer->first;
        pthread_mutex_init(&writer->mutex, NULL);
        pthread_mutex_init(&writer->listening, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&writer->work, &attributes);
        pthread_condattr_destroy(&attributes);
        r = db_open(path, DB_WRITER, &writer->db, err);
        if (r == 0 && pthread_create(&writer->thread, NULL, writer_main, writer) != 0)
                r = err_set(err, ERR_IO, "writer: cannot start a thread");
        if (r < 0) {
                db_close(writer->db);
                free(writer);
                return r;
        }
        pthread_setname_np(writer->thread, "writer");
        *ret_writer = writer;
        return 0;
}

struct writer *writer_close(struct writer *writer)
{
        if (!writer)
                return NULL;
        pthread_mutex_lock(&writer->mutex);
        writer->stopping = true;
        pthread_cond_signal(&writer->work);
        pthread_mutex_unlock(&writer->mutex);
        pthread_join(writer->thread, NULL);
        db_close(writer->db);
        pthread_cond_destroy(&writer->work);
        pthread_mutex_destroy(&writer->mutex);
        pthread_mutex_destroy(&writer->listening);
        free(writer);
        return NULL;
}

int writer_submit(struct writer *writer, struct writer_job *job)
{
        int r = 0;

        job->next = NULL;
        pthread_mutex_lock(&writer->mutex);
        if (writer->stopping || writer->waiting >= WRITER_QUEUE_MAX) {
                r = ERR_BUSY;
        } else {
                *writer->last = job;
                writer->last = &job->next;
                writer->waiting++;
                pthread_cond_signal(&writer->work);
        }
        pthread_mutex_unlock(&writer->mutex);
        return r;
}

/* A job on its owner's stack: the caller sleeps until done. */
struct waiting_job {
        struct writer_job job;
        struct writer_job *inner;
        pthread_mutex_t mutex;
        pthread_cond_t finished;
        bool is_done;
        int result;
        struct err err;
};

static int waiting_run(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        struct waiting_job *waiting = (struct waiting_job *)job;

        return waiting->inner->run(waiting->inner, db, now_utc, err);
}

static void waiting_done(struct writer_job *job, int result, const struct err *err)
{
        struct waiting_job *waiting = (struct waiting_job *)job;

        pthread_mutex_lock(&waiting->mutex);
        waiting->result = result;
        waiting->err = *err;
        waiting->is_done = true;
        pthread_cond_signal(&waiting->finished);
        pthread_mutex_unlock(&waiting->mutex);
}

int writer_run(struct writer *writer, struct writer_job *job, struct err *err)
{
        struct waiting_job waiting = {.job = {.run = waiting_run, .done = waiting_done}, .inner = job};
        int r;

        pthread_mutex_init(&waiting.mutex, NULL);
        pthread_cond_init(&waiting.finished, NULL);
        r = writer_submit(writer, &waiting.job);
        if (r < 0) {
                err_set(err, r, "database: the queue of writes is full: try again later");
        } else {
                pthread_mutex_lock(&waiting.mutex);
                while (!waiting.is_done)
                        pthread_cond_wait(&waiting.finished, &waiting.mutex);
                pthread_mutex_unlock(&waiting.mutex);
                r = waiting.result;
                if (r < 0 && err)
                        *err = waiting.err;
        }
        pthread_cond_destroy(&waiting.finished);
        pthread_mutex_destroy(&waiting.mutex);
        return r;
}

int writer_run_inline(struct db *db, int64_t now_utc, struct writer_job *job, struct err *err)
{
        struct err own = {0};
        int r;

        r = db_begin(db, &own);
        if (r == 0) {
                r = job->run(job, db, now_utc, &own);
                if (r < 0)
                        db_rollback(db);
                else if (db_commit(db, &own) < 0)
                        r = own.code;
        }
        if (job->done)
                job->done(job, r, &own);
        if (r < 0 && err)
                *err = own;
        return r;
}

uint64_t writer_commits(const struct writer *writer)
{
        return writer->commits;
}

int writer_on_commit(struct writer *writer, void (*wake)(void *context), void *context)
{
        int r = 0;

        pthread_mutex_lock(&writer->listening);
        if (writer->listener_count == WRITER_LISTENER_MAX)
                r = ERR_LIMIT;
        else
                writer->listeners[writer->listener_count++] = (struct listener){wake, context};
        pthread_mutex_unlock(&writer->listening);
        return r;
}

void writer_off_commit(struct writer *writer, const void *context)
{
        int kept = 0;

        pthread_mutex_lock(&writer->listening);
        for (int i = 0; i < writer->listener_count; i++)
                if (writer->listeners[i].context != context)
                        writer->listeners[kept++] = writer->listeners[i];
        writer->listener_count = kept;
        pthread_mutex_unlock(&writer->listening);
}

int writer_pending(struct writer *writer)
{
        int pending;

        pthread_mutex_lock(&writer->mutex);
        pending = writer->waiting + writer->running;
        pthread_mutex_unlock(&writer->mutex);
        return pending;
}
