#include "command/far_end.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/db.h"
#include "store/sandbox.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define BATCH 100    /* messages looked at a round */
#define POLL_MS 1000 /* when nobody wakes us */
#define AGAIN_MS 20  /* a receipt overtook the answer to its message: 404 */
#define TIMEOUT_MS 5000L
#define BODY_MAX_BYTES 128

struct far_end {
        struct db *reader;
        CURL *curl;
        struct curl_slist *headers;
        char *url;
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t wake;
        bool woken, stopping, is_idle;
        int64_t told;         /* id of the last message whose receipt was taken */
        int64_t seen_version; /* of the data, when all had been told */
};

struct batch {
        int64_t after, ids[BATCH];
        int count;
};

static int note(void *context, const struct sandbox_message *message)
{
        struct batch *batch = context;

        if (message->id <= batch->after || batch->count == BATCH)
                return -1; /* the newest come first: no more news */
        batch->ids[batch->count++] = message->id;
        return 0;
}

/* True when the gateway took it. */
static bool post(struct far_end *far_end, int64_t id)
{
        char body[BODY_MAX_BYTES];
        long status = 0;

        snprintf(body, sizeof body, "{\"id\":\"sb-%lld\",\"status\":\"delivered\"}", (long long)id);
        curl_easy_setopt(far_end->curl, CURLOPT_POSTFIELDS, body);
        if (curl_easy_perform(far_end->curl) == CURLE_OK)
                curl_easy_getinfo(far_end->curl, CURLINFO_RESPONSE_CODE, &status);
        return status >= 200 && status < 300;
}

/* Milliseconds until the next round. */
static int64_t tell(struct far_end *far_end)
{
        struct batch batch = {.after = far_end->told};
        int64_t version = -1;
        struct err err;

        db_tend(far_end->reader);
        if (db_data_version(far_end->reader, &version, &err) == 0 && version == far_end->seen_version)
                return POLL_MS;
        if (sandbox_each(far_end->reader, BATCH, note, &batch, &err) < 0 && batch.count == 0 &&
            err.code == ERR_IO) {
                log_error("sandbox", "cannot read its messages: %s", err.text);
                return POLL_MS;
        }
        for (int i = batch.count - 1; i >= 0; i--) {
                if (!post(far_end, batch.ids[i]))
                        return AGAIN_MS;
                far_end->told = batch.ids[i];
        }
        if (batch.count == 0)
                far_end->seen_version = version;
        return batch.count ? 0 : POLL_MS;
}

static bool wait(struct far_end *far_end, int64_t ms)
{
        int64_t at = clock_monotonic_ms() + ms;
        struct timespec until = {.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000};
        bool stopping;

        pthread_mutex_lock(&far_end->mutex);
        far_end->is_idle = ms == POLL_MS && !far_end->woken;
        while (ms > 0 && !far_end->stopping && !(far_end->woken && ms == POLL_MS))
                if (pthread_cond_timedwait(&far_end->wake, &far_end->mutex, &until) != 0)
                        break;
        far_end->woken = false;
        stopping = far_end->stopping;
        pthread_mutex_unlock(&far_end->mutex);
        return !stopping;
}

static void *far_end_main(void *context)
{
        struct far_end *far_end = context;

        while (wait(far_end, tell(far_end)))
                ;
        return NULL;
}

static size_t drop(char *data, size_t size, size_t count, void *context)
{
        (void)data;
        (void)context;
        return size * count;
}

static int prepare(struct far_end *far_end, const char *database, const char *base_url, struct err *err)
{
        far_end->curl = curl_easy_init();
        far_end->headers = curl_slist_append(NULL, "Content-Type: application/json");
        if (!far_end->curl || !far_end->headers ||
            asprintf(&far_end->url, "%s/v1/receipts/sandbox", base_url) < 0)
                return err_set(err, ERR_NOMEM, "sandbox: out of memory");
        curl_easy_setopt(far_end->curl, CURLOPT_URL, far_end->url);
        curl_easy_setopt(far_end->curl, CURLOPT_HTTPHEADER, far_end->headers);
        curl_easy_setopt(far_end->curl, CURLOPT_WRITEFUNCTION, drop);
        curl_easy_setopt(far_end->curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
        curl_easy_setopt(far_end->curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(far_end->curl, CURLOPT_NOPROXY, "*");
        return db_open(database, DB_READER, &far_end->reader, err);
}

static void release(struct far_end *far_end)
{
        curl_slist_free_all(far_end->headers);
        curl_easy_cleanup(far_end->curl);
        db_close(far_end->reader);
        free(far_end->url);
        free(far_end);
}

/* What the sandbox took before this start had its receipts then. */
static int skip_old(void *context, const struct sandbox_message *message)
{
        *(int64_t *)context = message->id;
        return -1;
}

int far_end_open(const char *database, const char *base_url, struct far_end **ret_far_end, struct err *err)
{
        struct far_end *far_end = calloc(1, sizeof *far_end);
        pthread_condattr_t attributes;
        int r;

        if (!far_end)
                return err_set(err, ERR_NOMEM, "sandbox: out of memory");
        r = prepare(far_end, database, base_url, err);
        far_end->seen_version = -1;
        if (r == 0) {
                sandbox_each(far_end->reader, 1, skip_old, &far_end->told, err);
                pthread_mutex_init(&far_end->mutex, NULL);
                pthread_condattr_init(&attributes);
                pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
                pthread_cond_init(&far_end->wake, &attributes);
                pthread_condattr_destroy(&attributes);
                if (pthread_create(&far_end->thread, NULL, far_end_main, far_end) != 0)
                        r = err_set(err, ERR_IO, "sandbox: cannot start a thread");
        }
        if (r < 0) {
                release(far_end);
                return r;
        }
        *ret_far_end = far_end;
        return 0;
}

void far_end_wake(struct far_end *far_end)
{
        pthread_mutex_lock(&far_end->mutex);
        far_end->woken = true;
        far_end->is_idle = false;
        pthread_cond_signal(&far_end->wake);
        pthread_mutex_unlock(&far_end->mutex);
}

bool far_end_is_idle(struct far_end *far_end)
{
        bool is_idle;

        pthread_mutex_lock(&far_end->mutex);
        is_idle = far_end->is_idle;
        pthread_mutex_unlock(&far_end->mutex);
        return is_idle;
}

struct far_end *far_end_close(struct far_end *far_end)
{
        if (!far_end)
                return NULL;
        pthread_mutex_lock(&far_end->mutex);
        far_end->stopping = true;
        pthread_cond_signal(&far_end->wake);
        pthread_mutex_unlock(&far_end->mutex);
        pthread_join(far_end->thread, NULL);
        pthread_cond_destroy(&far_end->wake);
        pthread_mutex_destroy(&far_end->mutex);
        release(far_end);
        return NULL;
}
