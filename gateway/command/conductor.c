#include "command/conductor.h"
#include "base/log.h"
#include "store/db.h"
#include "store/due.h"
#include "store/message.h"
#include "store/publication.h"
#include "store/writer.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#define LOOK_MS 1 /* between two looks while the loops work */
#define DAY_SECONDS 86400
#define PUBLISH_WAIT_MS 10000 /* a broker that is away does not stop the day */

struct conductor {
        struct conductor_options options;
        struct db *reader;
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t asked;
        bool running;
        _Atomic bool stopping;
        int64_t until;
        void (*done)(void *context, int result, int64_t now_utc);
        void *done_context;
};

/* 1: every row that is due has been worked on, and *ret_next is when the next one is. */
static int rows_are_idle(struct conductor *conductor, int64_t now, bool wait_for_broker, int64_t *ret_next,
                         struct err *err)
{
        struct publication_counts publications = {0};
        int64_t engine, message, poll = MESSAGE_NO_TIME;
        int r;

        r = due_next(conductor->reader, &engine, err);
        if (r == 0)
                r = message_next_time(conductor->reader, &message, err);
        if (r == 0)
                r = message_poll_time(conductor->reader, &poll, err);
        if (r == 0)
                r = message_busy(conductor->reader, err);
        if (r == 0 && wait_for_broker)
                r = publication_count(conductor->reader, &publications, err);
        if (r != 0)
                return r < 0 ? r : 0;
        *ret_next = engine < message ? engine : message;
        *ret_next = *ret_next < poll ? *ret_next : poll;
        return *ret_next > now && publications.queued == 0;
}

static int settle(struct conductor *conductor, int64_t *ret_next, struct err *err)
{
        int64_t now = clock_now_utc(conductor->options.clock), start = clock_monotonic_ms();
        const struct timespec look = {.tv_nsec = LOOK_MS * 1000000L};
        bool wait_for_broker;
        int r = 0;

        while (!conductor->stopping) {
                wait_for_broker =
                    conductor->options.has_broker && clock_monotonic_ms() - start < PUBLISH_WAIT_MS;
                if (writer_pending(conductor->options.writer) == 0 &&
                    conductor->options.is_idle(conductor->options.context))
                        r = rows_are_idle(conductor, now, wait_for_broker, ret_next, err);
                if (r != 0)
                        break;
                nanosleep(&look, NULL);
        }
        return r < 0 ? r : 0;
}

static void move_clock(struct conductor *conductor, int64_t to)
{
        int64_t from = clock_now_utc(conductor->options.clock);

        clock_set_utc(conductor->options.clock, to);
        if (to / DAY_SECONDS != from / DAY_SECONDS && conductor->options.new_day)
                conductor->options.new_day(conductor->options.context);
        conductor->options.wake(conductor->options.context);
}

static int run(struct conductor *conductor, int64_t until, struct err *err)
{
        int64_t next = until;
        int r;

        for (;;) {
                r = settle(conductor, &next, err);
                if (r < 0 || conductor->stopping || clock_now_utc(conductor->options.clock) >= until)
                        return r;
                move_clock(conductor, next < until ? next : until);
        }
}

/* With the mutex held. The reader rests meanwhile, but not between two runs that follow one another. */
static void wait_to_run(struct conductor *conductor)
{
        int64_t at_ms = clock_monotonic_ms() + DB_REST_MS;
        struct timespec at = {.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
        bool has_rested = false;

        while (!conductor->running && !conductor->stopping) {
                if (has_rested) {
                        pthread_cond_wait(&conductor->asked, &conductor->mutex);
                } else if (pthread_cond_timedwait(&conductor->asked, &conductor->mutex, &at) == ETIMEDOUT) {
                        db_rest(conductor->reader);
                        has_rested = true;
                }
        }
}

static void *conductor_main(void *context)
{
        struct conductor *conductor = context;
        struct err err = {0};
        int r;

        pthread_mutex_lock(&conductor->mutex);
        for (;;) {
                wait_to_run(conductor);
                if (!conductor->running)
                        break;
                pthread_mutex_unlock(&conductor->mutex);
                r = conductor->stopping ? ERR_BUSY : run(conductor, conductor->until, &err);
                if (r < 0)
                        log_error("conductor", "the clock stands: %s", err.text);
                pthread_mutex_lock(&conductor->mutex);
                conductor->running = false;
                pthread_mutex_unlock(&conductor->mutex);
                conductor->done(conductor->done_context, r, clock_now_utc(conductor->options.clock));
                pthread_mutex_lock(&conductor->mutex);
        }
        pthread_mutex_unlock(&conductor->mutex);
        return NULL;
}

int conductor_open(const struct conductor_options *options, struct conductor **ret_conductor, struct err *err)
{
        struct conductor *conductor = calloc(1, sizeof *conductor);
        pthread_condattr_t attributes;
        int r;

        if (!conductor)
                return err_set(err, ERR_NOMEM, "conductor: out of memory");
        conductor->options = *options;
        pthread_mutex_init(&conductor->mutex, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&conductor->asked, &attributes);
        pthread_condattr_destroy(&attributes);
        r = db_open(options->database, DB_READER, &conductor->reader, err);
        if (r == 0 && pthread_create(&conductor->thread, NULL, conductor_main, conductor) != 0)
                r = err_set(err, ERR_IO, "conductor: cannot start a thread");
        if (r < 0) {
                db_close(conductor->reader);
                free(conductor);
                return r;
        }
        *ret_conductor = conductor;
        return 0;
}

struct conductor *conductor_close(struct conductor *conductor)
{
        if (!conductor)
                return NULL;
        pthread_mutex_lock(&conductor->mutex);
        conductor->stopping = true;
        pthread_cond_signal(&conductor->asked);
        pthread_mutex_unlock(&conductor->mutex);
        pthread_join(conductor->thread, NULL);
        db_close(conductor->reader);
        pthread_cond_destroy(&conductor->asked);
        pthread_mutex_destroy(&conductor->mutex);
        free(conductor);
        return NULL;
}

int conductor_run_until(void *context, int64_t until_utc,
                        void (*done)(void *context, int result, int64_t now_utc), void *done_context)
{
        struct conductor *conductor = context;
        int r = 0;

        pthread_mutex_lock(&conductor->mutex);
        if (conductor->running || conductor->stopping) {
                r = ERR_BUSY;
        } else {
                conductor->running = true;
                conductor->until = until_utc;
                conductor->done = done;
                conductor->done_context = done_context;
                pthread_cond_signal(&conductor->asked);
        }
        pthread_mutex_unlock(&conductor->mutex);
        return r;
}
