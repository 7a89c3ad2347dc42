/* GET /calendar/TOKEN.ics: from ready bytes on the I/O thread, else rendered on the reader thread. */
#include "calendar/serve.h"
#include "web/state.h"

#include <pthread.h>
#include <string.h>

#define NOTE_STEP_S 60 /* a link's fetches of the same bytes are written down once in this time */
#define FETCH_LOG_SIZE 1024

/* The last fetch of a feed that was handed to the writer. Feeds that fall on the same place push one another
 * out, which only costs a write. */
struct fetch_log {
        pthread_mutex_t mutex;
        struct fetch {
                char feed[FEED_ID_MAX];
                uint8_t hash[FEED_HASH_BYTES];
                int64_t noted_utc;
        } table[FETCH_LOG_SIZE];
};

struct fetch_log *fetch_log_new(void)
{
        struct fetch_log *log = calloc(1, sizeof *log);

        if (log)
                pthread_mutex_init(&log->mutex, NULL);
        return log;
}

struct fetch_log *fetch_log_free(struct fetch_log *log)
{
        if (!log)
                return NULL;
        pthread_mutex_destroy(&log->mutex);
        free(log);
        return NULL;
}

static size_t place(const char *feed)
{
        uint32_t hash = 2166136261u;

        while (*feed)
                hash = (hash ^ (unsigned char)*feed++) * 16777619u;
        return hash % FETCH_LOG_SIZE;
}

/* Whether the writer is to be told; notes it if so. */
static bool note(struct fetch_log *log, const struct calendar_answer *answer, int64_t now_utc)
{
        struct fetch *fetch = &log->table[place(answer->feed)];
        bool is_news;

        pthread_mutex_lock(&log->mutex);
        is_news = strcmp(fetch->feed, answer->feed) != 0 ||
                  memcmp(fetch->hash, answer->hash, FEED_HASH_BYTES) != 0 ||
                  now_utc - fetch->noted_utc >= NOTE_STEP_S;
        if (is_news) {
                memcpy(fetch->feed, answer->feed, sizeof fetch->feed);
                memcpy(fetch->hash, answer->hash, sizeof fetch->hash);
                fetch->noted_utc = now_utc;
        }
        pthread_mutex_unlock(&log->mutex);
        return is_news;
}

struct record {
        struct writer_job job;
        struct calendar_answer answer; /* without its body */
};

static int record_runs(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        return calendar_record(db, now_utc, &((struct record *)job)->answer, err);
}

static void record_done(struct writer_job *job, int result, const struct err *err)
{
        (void)result;
        (void)err;
        free(job);
}

/* Nobody waits for this write; one that gets lost is made good by the next fetch after the step. */
static void record(struct web *web, const struct calendar_answer *answer)
{
        struct record *record;

        if (!note(web->fetches, answer, clock_now_utc(web->options.clock)))
                return;
        record = calloc(1, sizeof *record);
        if (!record)
                return;
        record->job = (struct writer_job){.run = record_runs, .done = record_done};
        record->answer = *answer;
        record->answer.body = NULL;
        if (writer_submit(web->options.writer, &record->job) < 0)
                free(record);
}

static void release(void *owner)
{
        calendar_body_unref(owner);
}

static void fill(struct request *request, struct calendar_answer *answer)
{
        struct response *response = &request->response;

        if (answer->status == 200)
                response_shared(response, 200, CALENDAR_CONTENT_TYPE, answer->body->data,
                                answer->body->length, release, answer->body);
        else
                response_literal(response, 304, NULL, "");
        response->cache = "private, no-cache"; /* to be kept, and asked for again each time */
        response_header(response, "ETag", answer->etag);
        response_header(response, "Last-Modified", answer->last_modified);
        response_header(response, "Vary", "Accept-Encoding");
        if (answer->status == 200 && answer->is_gzip)
                response_header(response, "Content-Encoding", "gzip");
}

void calendar_get(struct web *web, struct request *request, struct db *db)
{
        const char *encodings = request_header(request, "Accept-Encoding");
        const struct calendar_request asked = {.if_none_match = request_header(request, "If-None-Match"),
                                               .if_modified_since =
                                                   request_header(request, "If-Modified-Since"),
                                               .accepts_gzip = encodings && accept_takes(encodings, "gzip"),
                                               .is_hurried = !request->is_slow};
        struct calendar_answer answer;
        struct err err = {0};
        int r;

        r = calendar_serve(db, web->calendars, clock_now_utc(web->options.clock), request->wildcard, &asked,
                           &answer, &err);
        if (r < 0)
                response_err(&request->response, r, &err);
        else if (answer.status == 404)
                missing(web, request);
        else if (answer.status == 410)
                gone(request);
        else if (answer.status)
                fill(request, &answer);
        if (r == 0 && !request->is_head && (answer.status == 200 || answer.status == 304))
                record(web, &answer);
}
