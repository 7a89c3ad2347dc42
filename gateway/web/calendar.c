/* GET /calendar/TOKEN.ics: from ready bytes on the I/O thread, else rendered on the reader thread. */
#include "calendar/http_condition.h"
#include "calendar/link.h"
#include "calendar/serve.h"
#include "store/db.h"
#include "web/state.h"

#include <pthread.h>
#include <string.h>

#define LOOK_STEP_MS 5 /* how late a commit of another program may be seen */
#define NOTE_STEP_S 60 /* a link's fetches of the same bytes are written down once in this time */
#define FETCH_LOG_SIZE 1024
#define MEMO_SIZE 16
#define MEMO_BODY_MAX_BYTES                                                            \
        ((size_t)256 << 10) /* larger ones are not kept: MEMO_SIZE of them at most are \
                             */

/* The last calendar of a link. The same rows in the same second give the same answer, so a link that is asked
 * for all the time is looked up once a second. The I/O thread's. */
struct memo {
        char token[LINK_TOKEN_MAX];
        int64_t version, now_utc; /* of the rows, by rows_version */
        struct calendar_answer answer;
        void *ready[2]; /* of 200 and of 304, as they were sent before (response_keep) */
};

/* Of the rows, as last looked at. Our own commits are counted; for those of other programs it takes a lock in
 * the file, which costs as much as all the rest of an answer, so they are seen a few milliseconds late. */
struct rows {
        uint64_t commits;
        int64_t version, looked_ms;
};

/* The last fetch of a feed that was handed to the writer. Feeds that fall on the same place push one another
 * out, which only costs a write. */
struct fetch_log {
        pthread_mutex_t mutex;
        struct fetch {
                char feed[FEED_ID_MAX];
                uint8_t hash[FEED_HASH_BYTES];
                int64_t noted_utc;
        } table[FETCH_LOG_SIZE];
        struct memo memos[MEMO_SIZE];
        struct rows rows;
};

struct fetch_log *fetch_log_new(void)
{
        struct fetch_log *log = calloc(1, sizeof *log);

        if (log)
                pthread_mutex_init(&log->mutex, NULL);
        return log;
}

static void memo_fini(struct memo *memo)
{
        calendar_body_unref(memo->answer.body);
        for (size_t i = 0; i < ARRAY_SIZE(memo->ready); i++)
                response_ready_free(memo->ready[i]);
}

struct fetch_log *fetch_log_free(struct fetch_log *log)
{
        if (!log)
                return NULL;
        for (size_t i = 0; i < MEMO_SIZE; i++)
                memo_fini(&log->memos[i]);
        pthread_mutex_destroy(&log->mutex);
        free(log);
        return NULL;
}

static uint32_t hash_text(const char *text)
{
        uint32_t hash = 2166136261u;

        while (*text)
                hash = (hash ^ (unsigned char)*text++) * 16777619u;
        return hash;
}

/* Whether the writer is to be told; notes it if so. */
static bool note(struct fetch_log *log, const struct calendar_answer *answer, int64_t now_utc)
{
        struct fetch *fetch = &log->table[hash_text(answer->feed) % FETCH_LOG_SIZE];
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

/* A 304 that told the length of the body it does not have would leave clients waiting for it (those on
 * http_parser, such as wrk), and libmicrohttpd knows no answer without a length. */
static void fill(struct request *request, struct calendar_answer *answer)
{
        struct response *response = &request->response;

        response_shared(response, answer->status, answer->status == 200 ? CALENDAR_CONTENT_TYPE : NULL,
                        answer->body->data, answer->status == 304 ? 0 : answer->body->length, release,
                        answer->body);
        response->cache = "private, no-cache"; /* to be kept, and asked for again each time */
        response_header(response, "ETag", answer->etag);
        response_header(response, "Last-Modified", answer->last_modified);
        response_header(response, "Vary", "Accept-Encoding");
        if (answer->status == 200 && answer->is_gzip)
                response_header(response, "Content-Encoding", "gzip");
}

/* ---- the memo */

static struct memo *memo_of(struct web *web, const char *token, bool is_gzip)
{
        return &web->fetches->memos[(hash_text(token) + is_gzip) % MEMO_SIZE];
}

/* Answers from the memo; false when it does not stand. */
static bool recall(struct web *web, const char *token, int64_t version, int64_t now_utc,
                   const struct calendar_request *asked, struct calendar_answer *ret_answer)
{
        const struct memo *memo = memo_of(web, token, asked->accepts_gzip);

        if (!memo->answer.body || memo->version != version || memo->now_utc != now_utc ||
            memo->answer.is_gzip != asked->accepts_gzip || strcmp(memo->token, token) != 0)
                return false;
        *ret_answer = memo->answer;
        calendar_body_ref(ret_answer->body);
        if (http_is_unchanged(asked->if_none_match, asked->if_modified_since, memo->answer.etag,
                              memo->answer.changed, now_utc))
                ret_answer->status = 304;
        return true;
}

/* What was sent before stands as long as it would be made alike. */
static void memo_renew(struct memo *memo, const char *token, const struct calendar_answer *answer)
{
        if (memo->answer.body == answer->body && strcmp(memo->token, token) == 0 &&
            memo->answer.changed == answer->changed) {
                calendar_body_unref(memo->answer.body);
                return;
        }
        memo_fini(memo);
        *memo = (struct memo){0};
}

static void remember(struct web *web, const char *token, int64_t version, int64_t now_utc,
                     const struct calendar_answer *answer)
{
        struct memo *memo = memo_of(web, token, answer->is_gzip);

        if (!answer->body || answer->body->length > MEMO_BODY_MAX_BYTES ||
            strlen(token) >= sizeof memo->token)
                return;
        memo_renew(memo, token, answer);
        memo->version = version;
        memo->now_utc = now_utc;
        memo->answer = *answer;
        memo->answer.status = 200;
        memcpy(memo->token, token, strlen(token) + 1);
        calendar_body_ref(answer->body);
}

static int rows_version(struct web *web, struct db *db, int64_t *ret_version, struct err *err)
{
        struct rows *rows = &web->fetches->rows;
        uint64_t commits = writer_commits(web->options.writer);
        int64_t now_ms = clock_monotonic_ms();
        int r = 0;

        if (commits != rows->commits || now_ms - rows->looked_ms >= LOOK_STEP_MS) {
                r = db_data_version(db, &rows->version, err);
                rows->commits = commits;
                rows->looked_ms = now_ms;
        }
        *ret_version = rows->version;
        return r;
}

/* On the I/O thread: the version is read first, so that a commit in between makes the memo old, not wrong. */
static int serve_hurried(struct web *web, struct db *db, const char *token, int64_t now_utc,
                         const struct calendar_request *asked, struct calendar_answer *ret_answer,
                         struct err *err)
{
        int64_t version;
        int r;

        r = rows_version(web, db, &version, err);
        if (r < 0 || recall(web, token, version, now_utc, asked, ret_answer))
                return r;
        r = calendar_serve(db, web->calendars, now_utc, token, asked, ret_answer, err);
        if (r == 0)
                remember(web, token, version, now_utc, ret_answer);
        return r;
}

/* By what was sent before, when the memo has it; else it is kept for the next time. */
static void answer_by_memo(struct web *web, struct request *request, struct calendar_answer *answer)
{
        struct memo *memo = memo_of(web, request->wildcard, answer->is_gzip);
        void **ready = &memo->ready[answer->status == 304];
        bool is_known = memo->answer.body == answer->body && strcmp(memo->token, request->wildcard) == 0;

        if (is_known && *ready) {
                response_ready(&request->response, answer->status, *ready);
                calendar_body_unref(answer->body);
                return;
        }
        fill(request, answer);
        if (is_known && request->response.status == answer->status)
                response_keep(&request->response, ready);
}

void calendar_get(struct web *web, struct request *request, struct db *db)
{
        const char *encodings = request_header(request, "Accept-Encoding");
        const struct calendar_request asked = {.if_none_match = request_header(request, "If-None-Match"),
                                               .if_modified_since =
                                                   request_header(request, "If-Modified-Since"),
                                               .accepts_gzip = encodings && accept_takes(encodings, "gzip"),
                                               .is_hurried = !request->is_slow};
        int64_t now_utc = clock_now_utc(web->options.clock);
        struct calendar_answer answer;
        struct err err = {0};
        int r;

        if (request->is_slow)
                r = calendar_serve(db, web->calendars, now_utc, request->wildcard, &asked, &answer, &err);
        else
                r = serve_hurried(web, db, request->wildcard, now_utc, &asked, &answer, &err);
        if (r < 0)
                response_err(&request->response, r, &err);
        else if (answer.status == 404)
                missing(web, request);
        else if (answer.status == 410)
                gone(request);
        else if (answer.status && request->is_slow)
                fill(request, &answer);
        else if (answer.status)
                answer_by_memo(web, request, &answer);
        if (r == 0 && !request->is_head && (answer.status == 200 || answer.status == 304))
                record(web, &answer);
}
