#include "web/follow.h"
#include "base/clock.h"
#include "store/db.h"
#include "store/desk_change.h"
#include "store/publication.h"

#include <pthread.h>
#include <time.h>

#define LOOK_MS 1000 /* other programs' rows are found so soon */

struct waiting {
        struct request *request;
        follow_try attempt;
        int64_t deadline_ms;
        bool is_new;
};

struct follow {
        struct db *db;
        struct writer *writer;
        pthread_t thread;
        bool is_running;
        int64_t newest,
            desk;       /* the thread's: the last publication, and change of the desk, that it knew of */
        bool is_rested; /* the thread's: the connection has given back what it can */
        pthread_mutex_t mutex; /* guards what follows */
        pthread_cond_t work;
        struct waiting waiting[FOLLOW_MAX];
        int count;
        bool woken, stopping;
};

static void wake(void *context)
{
        struct follow *follow = context;

        pthread_mutex_lock(&follow->mutex);
        follow->woken = true;
        pthread_cond_signal(&follow->work);
        pthread_mutex_unlock(&follow->mutex);
}

/* With the mutex held. */
static int64_t next_look_ms(const struct follow *follow)
{
        int64_t next_ms = clock_monotonic_ms() + (follow->count ? LOOK_MS : DB_REST_MS);

        if (!follow->count && follow->is_rested)
                return INT64_MAX;

        for (int i = 0; i < follow->count; i++) {
                if (follow->waiting[i].is_new)
                        return 0;
                if (follow->waiting[i].deadline_ms < next_ms)
                        next_ms = follow->waiting[i].deadline_ms;
        }
        return next_ms;
}

/* With the mutex held: until somebody waits and there may be something for them. */
static void sleep_until_work(struct follow *follow)
{
        int64_t until_ms = next_look_ms(follow), next_ms;
        struct timespec until;

        while (!follow->stopping && !(follow->woken && follow->count) && clock_monotonic_ms() < until_ms) {
                if (until_ms == INT64_MAX) {
                        pthread_cond_wait(&follow->work, &follow->mutex);
                } else {
                        until = (struct timespec){until_ms / 1000, until_ms % 1000 * 1000000};
                        pthread_cond_timedwait(&follow->work, &follow->mutex, &until);
                }
                next_ms = next_look_ms(follow);
                until_ms = next_ms < until_ms ? next_ms : until_ms;
        }
        follow->woken = false;
}

/* Whether something was published, or changed at the desk, since the last look. What is about protected
 * pupils is not published. */
static bool has_news(struct follow *follow)
{
        struct err err = {0};
        int64_t newest = follow->newest, desk = follow->desk;
        bool news;

        if (publication_newest(follow->db, &newest, &err) < 0 ||
            desk_change_newest(follow->db, &desk, &err) < 0)
                return true; /* the attempt meets the same fault, and says so */
        news = newest != follow->newest || desk != follow->desk;
        follow->newest = newest;
        follow->desk = desk;
        return news;
}

static void look(struct follow *follow, struct waiting *list, int *count, bool is_last)
{
        bool news = has_news(follow);
        int kept = 0;

        for (int i = 0; i < *count; i++) {
                bool is_due = is_last || clock_monotonic_ms() >= list[i].deadline_ms;

                if ((is_due || news || list[i].is_new) &&
                    list[i].attempt(list[i].request, follow->db, is_due)) {
                        request_finish(list[i].request);
                        continue;
                }
                list[i].is_new = false;
                list[kept++] = list[i];
        }
        *count = kept;
}

static void *follow_main(void *context)
{
        struct waiting list[FOLLOW_MAX];
        struct follow *follow = context;
        bool is_last = false;
        int count, seen;

        while (!is_last) {
                pthread_mutex_lock(&follow->mutex);
                sleep_until_work(follow);
                is_last = follow->stopping;
                count = follow->count;
                for (int i = 0; i < count; i++)
                        list[i] = follow->waiting[i];
                pthread_mutex_unlock(&follow->mutex);

                seen = count;
                if (count)
                        look(follow, list, &count, is_last);
                follow->is_rested = !seen && db_tend(follow->db);

                /* Those that came meanwhile stand behind the ones seen. */
                pthread_mutex_lock(&follow->mutex);
                for (int i = seen; i < follow->count; i++)
                        list[count++] = follow->waiting[i];
                for (int i = 0; i < count; i++)
                        follow->waiting[i] = list[i];
                follow->count = count;
                pthread_mutex_unlock(&follow->mutex);
        }
        return NULL;
}

int follow_open(const char *db_path, struct writer *writer, struct follow **ret_follow, struct err *err)
{
        struct follow *follow = calloc(1, sizeof *follow);
        pthread_condattr_t attributes;
        int r;

        if (!follow)
                return err_set(err, ERR_NOMEM, "web: out of memory");
        pthread_mutex_init(&follow->mutex, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&follow->work, &attributes);
        pthread_condattr_destroy(&attributes);
        r = db_open(db_path, DB_READER, &follow->db, err);
        if (r == 0)
                r = writer_on_commit(writer, wake, follow);
        if (r == 0)
                follow->writer = writer;
        if (r == 0 && pthread_create(&follow->thread, NULL, follow_main, follow) != 0)
                r = err_set(err, ERR_IO, "web: cannot start a thread: raise the limit of processes");
        follow->is_running = r == 0;
        if (r < 0) {
                follow_close(follow);
                return r;
        }
        *ret_follow = follow;
        return 0;
}

int follow_add(struct follow *follow, struct request *request, follow_try attempt, int64_t deadline_ms)
{
        int r = 0;

        pthread_mutex_lock(&follow->mutex);
        if (follow->stopping || follow->count == FOLLOW_MAX) {
                r = ERR_BUSY;
        } else {
                follow->waiting[follow->count++] = (struct waiting){request, attempt, deadline_ms, true};
                pthread_cond_signal(&follow->work);
        }
        pthread_mutex_unlock(&follow->mutex);
        return r;
}

void follow_stop(struct follow *follow)
{
        if (!follow)
                return;
        pthread_mutex_lock(&follow->mutex);
        follow->stopping = true;
        pthread_cond_signal(&follow->work);
        pthread_mutex_unlock(&follow->mutex);
        if (follow->is_running)
                pthread_join(follow->thread, NULL);
        follow->is_running = false;
}

struct follow *follow_close(struct follow *follow)
{
        if (!follow)
                return NULL;
        follow_stop(follow);
        if (follow->writer)
                writer_off_commit(follow->writer, follow);
        db_close(follow->db);
        pthread_cond_destroy(&follow->work);
        pthread_mutex_destroy(&follow->mutex);
        free(follow);
        return NULL;
}
