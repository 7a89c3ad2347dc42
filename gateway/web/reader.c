#include "web/reader.h"
#include "base/clock.h"
#include "store/db.h"
#include "web/route.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#define TEND_MS 1000

struct reader {
        struct db *db, *other; /* other: used under other_mutex */
        pthread_mutex_t *other_mutex;
        struct web *web;
        pthread_t thread;
        bool is_running;
        pthread_mutex_t mutex; /* guards what follows */
        pthread_cond_t work;
        struct request *first, **last;
        int waiting;
        bool stopping;
};

static void answer(struct reader *reader, struct request *request)
{
        bool is_later = request->route->kind == ROUTE_SLOW_LATER;

        request->is_slow = true;
        request->route->handle(reader->web, request, reader->db);
        if (is_later)
                return; /* it may be gone by now */
        if (!request->response.status)
                response_error(&request->response, 500, "%s: its handler gave no answer: report this",
                               request->route->pattern);
        request_finish(request);
}

/* With the mutex held. */
static void tend(struct reader *reader)
{
        pthread_mutex_unlock(&reader->mutex);
        db_tend(reader->db);
        pthread_mutex_lock(reader->other_mutex);
        db_tend(reader->other);
        pthread_mutex_unlock(reader->other_mutex);
        pthread_mutex_lock(&reader->mutex);
}

/* Until there is a request or the reader stops. */
static void wait_for_request(struct reader *reader)
{
        while (!reader->first && !reader->stopping) {
                int64_t at_ms = clock_monotonic_ms() + TEND_MS;
                struct timespec at = {.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};

                if (pthread_cond_timedwait(&reader->work, &reader->mutex, &at) == ETIMEDOUT)
                        tend(reader);
        }
}

/* The next request; NULL when the reader stops. */
static struct request *take(struct reader *reader)
{
        struct request *request = NULL;

        pthread_mutex_lock(&reader->mutex);
        wait_for_request(reader);
        if (!reader->stopping) {
                request = reader->first;
                reader->first = request->next;
                if (!reader->first)
                        reader->last = &reader->first;
                reader->waiting--;
        }
        pthread_mutex_unlock(&reader->mutex);
        return request;
}

static void *reader_main(void *context)
{
        struct reader *reader = context;
        struct request *request;

        while ((request = take(reader)))
                answer(reader, request);
        return NULL;
}

int reader_open(const char *db_path, struct web *web, struct db *other, pthread_mutex_t *mutex,
                struct reader **ret_reader, struct err *err)
{
        struct reader *reader = calloc(1, sizeof *reader);
        pthread_condattr_t attributes;
        int r;

        if (!reader)
                return err_set(err, ERR_NOMEM, "web: out of memory");
        reader->web = web;
        reader->last = &reader->first;
        pthread_mutex_init(&reader->mutex, NULL);
        reader->other = other;
        reader->other_mutex = mutex;
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&reader->work, &attributes);
        pthread_condattr_destroy(&attributes);
        r = db_open(db_path, DB_READER, &reader->db, err);
        if (r == 0 && pthread_create(&reader->thread, NULL, reader_main, reader) != 0)
                r = err_set(err, ERR_IO, "web: cannot start a thread: raise the limit of processes");
        reader->is_running = r == 0;
        if (r < 0) {
                reader_close(reader);
                return r;
        }
        *ret_reader = reader;
        return 0;
}

int reader_submit(struct reader *reader, struct request *request)
{
        int r = 0;

        request->next = NULL;
        pthread_mutex_lock(&reader->mutex);
        if (reader->stopping || reader->waiting >= READER_QUEUE_MAX) {
                r = ERR_BUSY;
        } else {
                *reader->last = request;
                reader->last = &request->next;
                reader->waiting++;
                pthread_cond_signal(&reader->work);
        }
        pthread_mutex_unlock(&reader->mutex);
        return r;
}

void reader_stop(struct reader *reader)
{
        struct request *request, *next;

        if (!reader)
                return;
        pthread_mutex_lock(&reader->mutex);
        reader->stopping = true;
        pthread_cond_signal(&reader->work);
        pthread_mutex_unlock(&reader->mutex);
        if (reader->is_running)
                pthread_join(reader->thread, NULL);
        reader->is_running = false;
        for (request = TAKE(reader->first); request; request = next) {
                next = request->next;
                response_error(&request->response, 503, "gateway: stopping: try again later");
                response_header(&request->response, "Retry-After", "5");
                request_finish(request);
        }
}

struct reader *reader_close(struct reader *reader)
{
        if (!reader)
                return NULL;
        reader_stop(reader);
        db_close(reader->db);
        pthread_cond_destroy(&reader->work);
        pthread_mutex_destroy(&reader->mutex);
        free(reader);
        return NULL;
}
