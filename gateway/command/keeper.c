#include "command/keeper.h"
#include "base/clock.h"
#include "base/log.h"
#include "command/config.h"
#include "store/writer.h"

#include <pthread.h>
#include <time.h>

#define DAY_SECONDS 86400
#define FIRST_MS (10 * 60 * 1000) /* after the start */
#define EVERY_MS ((int64_t)DAY_SECONDS * 1000)

struct keeper {
        const struct config *config;
        struct writer *writer;
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t stopped;
        bool is_stopping;
};

struct step {
        struct writer_job job;
        const struct config *config;
        int64_t cursor;
        struct purge_counts counts;
        bool has_more;
};

struct purge_ages keeper_ages(const struct config *config, int64_t now_utc)
{
        return (struct purge_ages){
            .messages = now_utc - (int64_t)config->keep_messages_days * DAY_SECONDS,
            .publications = now_utc - (int64_t)config->keep_publications_days * DAY_SECONDS,
            .moments = now_utc - DAY_SECONDS,
            .events = now_utc - (int64_t)config->keep_events_days * DAY_SECONDS,
        };
}

static int run(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        struct step *step = (struct step *)job;
        struct purge_ages ages = keeper_ages(step->config, now_utc);
        int r = purge_step(db, &ages, &step->cursor, &step->counts, err);

        step->has_more = r > 0;
        return r < 0 ? r : 0;
}

/* False when the keeper is to stop. */
static bool sleep_ms(struct keeper *keeper, int64_t time_ms)
{
        int64_t until_ms = clock_monotonic_ms() + time_ms;
        struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};
        bool is_stopping;

        pthread_mutex_lock(&keeper->mutex);
        while (!keeper->is_stopping && clock_monotonic_ms() < until_ms)
                pthread_cond_timedwait(&keeper->stopped, &keeper->mutex, &until);
        is_stopping = keeper->is_stopping;
        pthread_mutex_unlock(&keeper->mutex);
        return !is_stopping;
}

static void tell(const struct purge_counts *counts)
{
        if (counts->messages || counts->matches || counts->publications || counts->events || counts->rest)
                log_info("purge", "%lld messages, %lld matches, %lld publications, %lld events, %lld others",
                         (long long)counts->messages, (long long)counts->matches,
                         (long long)counts->publications, (long long)counts->events, (long long)counts->rest);
        if (counts->unsent_publications)
                log_warning(
                    "purge",
                    "%lld publications went that no broker had taken: consumers must take their state "
                    "over anew",
                    (long long)counts->unsent_publications);
}

/* KEEPER NULL: nobody ends it before its end. */
static void purge(const struct config *config, struct writer *writer, struct keeper *keeper)
{
        struct step step = {.job.run = run, .config = config, .has_more = true};
        struct err err = {0};
        int r = 0;

        while (r == 0 && step.has_more && (!keeper || sleep_ms(keeper, 1)))
                r = writer_run(writer, &step.job, &err);
        if (r < 0)
                log_warning("purge", "%s", err.text);
        tell(&step.counts);
}

void keeper_purge(const struct config *config, struct writer *writer)
{
        purge(config, writer, NULL);
}

static void *keeper_main(void *context)
{
        struct keeper *keeper = context;
        int64_t wait_ms = FIRST_MS;

        for (; sleep_ms(keeper, wait_ms); wait_ms = EVERY_MS)
                purge(keeper->config, keeper->writer, keeper);
        return NULL;
}

int keeper_open(const struct config *config, struct writer *writer, struct keeper **ret_keeper,
                struct err *err)
{
        struct keeper *keeper = calloc(1, sizeof *keeper);
        pthread_condattr_t attributes;

        if (!keeper)
                return err_set(err, ERR_NOMEM, "purge: out of memory");
        keeper->config = config;
        keeper->writer = writer;
        pthread_mutex_init(&keeper->mutex, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&keeper->stopped, &attributes);
        pthread_condattr_destroy(&attributes);
        if (pthread_create(&keeper->thread, NULL, keeper_main, keeper) != 0) {
                free(keeper);
                return err_set(err, ERR_IO, "purge: cannot start a thread: raise the limit of processes");
        }
        *ret_keeper = keeper;
        return 0;
}

struct keeper *keeper_close(struct keeper *keeper)
{
        if (!keeper)
                return NULL;
        pthread_mutex_lock(&keeper->mutex);
        keeper->is_stopping = true;
        pthread_cond_signal(&keeper->stopped);
        pthread_mutex_unlock(&keeper->mutex);
        pthread_join(keeper->thread, NULL);
        pthread_cond_destroy(&keeper->stopped);
        pthread_mutex_destroy(&keeper->mutex);
        free(keeper);
        return NULL;
}
