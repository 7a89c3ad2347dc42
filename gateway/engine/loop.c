#include "engine/loop.h"
#include "base/log.h"
#include "engine/engine.h"
#include "store/calendar_day.h"
#include "store/db.h"
#include "store/due.h"
#include "store/writer.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#define POLL_MS 1000  /* other programs' writes */
#define FAULT_MS 5000 /* after a step that failed as a whole */
#define JOB_MS 20     /* steps of one job go on so long, while there is work: other jobs wait for it */

struct engine_loop {
        struct engine *engine;
        struct writer *writer;
        struct db *reader;
        const struct clock *clock;
        pthread_t thread;
        pthread_mutex_t step; /* held while a step runs: guards the engine */
        pthread_mutex_t mutex;
        pthread_cond_t wake;
        bool woken, stopping;
        bool knows_next; /* what the reader said when the data were of this version */
        int64_t version, next;
};

/* One step as a job. */
struct step_job {
        struct writer_job job;
        struct engine *engine;
        int done;
};

static int run_step(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        struct step_job *step = (struct step_job *)job;
        int64_t until_ms = clock_monotonic_ms() + JOB_MS;
        int r = calendar_refresh(db, now_utc, err);

        do {
                if (r == 0)
                        r = engine_step(step->engine, db, now_utc, ENGINE_STEP_MAX, &step->done, err);
        } while (r == 0 && step->done && clock_monotonic_ms() < until_ms);
        return r;
}

/* Asks only when somebody has written since, so that the reader of an idle gateway can rest. */
static int find_next(struct engine_loop *loop, struct err *err)
{
        int64_t version;
        int r = db_data_version(loop->reader, &version, err);

        if (r == 0 && !(loop->knows_next && version == loop->version)) {
                r = due_next(loop->reader, &loop->next, err);
                loop->knows_next = r == 0;
                loop->version = version;
        }
        db_tend(loop->reader);
        return r;
}

/* Milliseconds until there is work; 0 when there is some. */
static int64_t wait_ms(struct engine_loop *loop)
{
        int64_t now = clock_now_utc(loop->clock);
        struct err err;

        if (find_next(loop, &err) < 0) {
                log_error("engine", "cannot look for work: %s", err.text);
                return FAULT_MS;
        }
        if (loop->next <= now)
                return 0;
        if (loop->clock->is_virtual || loop->next - now > POLL_MS / 1000)
                return POLL_MS;
        return (loop->next - now) * 1000;
}

/* WAKES: a wake-up ends it early. False when the loop stops. */
static bool sleep_ms(struct engine_loop *loop, int64_t ms, bool wakes)
{
        int64_t at = clock_monotonic_ms() + ms;
        struct timespec until = {.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000};
        bool stopping;

        pthread_mutex_lock(&loop->mutex);
        while (ms > 0 && !(wakes && loop->woken) && !loop->stopping)
                if (pthread_cond_timedwait(&loop->wake, &loop->mutex, &until) != 0)
                        break;
        loop->woken = false;
        stopping = loop->stopping;
        pthread_mutex_unlock(&loop->mutex);
        return !stopping;
}

static void *loop_main(void *context)
{
        struct engine_loop *loop = context;
        struct step_job step;
        struct err err;
        int64_t ms;
        int r;

        while (sleep_ms(loop, ms = wait_ms(loop), true)) {
                if (ms > 0)
                        continue; /* woken, or the time is over: look again */
                step = (struct step_job){.job.run = run_step, .engine = loop->engine};
                pthread_mutex_lock(&loop->step);
                r = writer_run(loop->writer, &step.job, &err);
                pthread_mutex_unlock(&loop->step);
                if (r < 0) {
                        log_error("engine", "a step failed and is tried again: %s", err.text);
                        sleep_ms(loop, FAULT_MS, false); /* its own commit would wake it at once */
                }
        }
        return NULL;
}

static void wake_on_commit(void *context)
{
        engine_loop_wake(context);
}

int engine_loop_open(const char *database, struct engine *engine, struct writer *writer,
                     const struct clock *clock, struct engine_loop **ret_loop, struct err *err)
{
        struct engine_loop *loop = calloc(1, sizeof *loop);
        pthread_condattr_t attributes;
        int r;

        if (!loop)
                return err_set(err, ERR_NOMEM, "engine: out of memory");
        loop->engine = engine;
        loop->writer = writer;
        loop->clock = clock;
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&loop->wake, &attributes);
        pthread_condattr_destroy(&attributes);
        pthread_mutex_init(&loop->mutex, NULL);
        pthread_mutex_init(&loop->step, NULL);
        r = db_open(database, DB_READER, &loop->reader, err);
        if (r == 0)
                r = writer_on_commit(writer, wake_on_commit, loop);
        if (r == 0 && pthread_create(&loop->thread, NULL, loop_main, loop) != 0)
                r = err_set(err, ERR_IO, "engine: cannot start a thread");
        if (r < 0) {
                writer_off_commit(writer, loop);
                db_close(loop->reader);
                free(loop);
                return r;
        }
        *ret_loop = loop;
        return 0;
}

struct engine_loop *engine_loop_close(struct engine_loop *loop)
{
        if (!loop)
                return NULL;
        writer_off_commit(loop->writer, loop);
        pthread_mutex_lock(&loop->mutex);
        loop->stopping = true;
        pthread_cond_signal(&loop->wake);
        pthread_mutex_unlock(&loop->mutex);
        pthread_join(loop->thread, NULL);
        db_close(loop->reader);
        pthread_cond_destroy(&loop->wake);
        pthread_mutex_destroy(&loop->mutex);
        pthread_mutex_destroy(&loop->step);
        free(loop);
        return NULL;
}

void engine_loop_wake(struct engine_loop *loop)
{
        pthread_mutex_lock(&loop->mutex);
        loop->woken = true;
        pthread_cond_signal(&loop->wake);
        pthread_mutex_unlock(&loop->mutex);
}

void engine_loop_use(struct engine_loop *loop, struct rulebook *book, const struct catalogue *catalogue)
{
        pthread_mutex_lock(&loop->step);
        engine_use(loop->engine, book, catalogue);
        pthread_mutex_unlock(&loop->step);
}
