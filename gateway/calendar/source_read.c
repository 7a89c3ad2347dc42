#include "calendar/source_read.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/log.h"
#include "base/zone_keep.h"
#include "calendar/source.h"
#include "store/calendar_day.h"
#include "store/db.h"
#include "store/writer.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_EVERY_MS 60000

/* ---- one request */

struct answer {
        struct buf body;
        char etag[CALENDAR_SOURCE_TAG_MAX], modified[CALENDAR_SOURCE_TAG_MAX];
        long status;
        char reason[CALENDAR_SOURCE_REASON_MAX]; /* of a fault */
};

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
        struct answer *answer = context;

        return buf_add(&answer->body, data, size * count) < 0 ? 0 : size * count;
}

static void take_tag(const char *line, size_t length, const char *name,
                     char to[static CALENDAR_SOURCE_TAG_MAX])
{
        size_t head = strlen(name);

        if (length <= head || strncasecmp(line, name, head) != 0)
                return;
        while (head < length && (line[head] == ' ' || line[head] == '\t'))
                head++;
        while (length > head && (unsigned char)line[length - 1] <= ' ')
                length--;
        if (length - head < CALENDAR_SOURCE_TAG_MAX)
                snprintf(to, CALENDAR_SOURCE_TAG_MAX, "%.*s", (int)(length - head), line + head);
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
        struct answer *answer = context;

        take_tag(data, size * count, "etag:", answer->etag);
        take_tag(data, size * count, "last-modified:", answer->modified);
        return size * count;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
        char line[CALENDAR_SOURCE_TAG_MAX + 32];

        if (!value[0])
                return list;
        snprintf(line, sizeof line, "%s: %s", name, value);
        return curl_slist_append(list, line);
}

static void fetch(const struct calendar_source *source, struct answer *answer)
{
        struct curl_slist *headers = curl_slist_append(NULL, "Accept: text/calendar, */*;q=0.1");
        CURL *curl = curl_easy_init();
        CURLcode code = CURLE_OUT_OF_MEMORY;

        headers = add_header(headers, "If-None-Match", source->etag);
        headers = add_header(headers, "If-Modified-Since", source->modified);
        if (curl) {
                curl_easy_setopt(curl, CURLOPT_URL, source->url);
                curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
                curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
                curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
                curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)SOURCE_REDIRECTS_MAX);
                curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)SOURCE_TIMEOUT_S);
                curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
                curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
                curl_easy_setopt(curl, CURLOPT_USERAGENT, "Kapula");
                curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
                curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
                curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
                curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
                curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
                code = curl_easy_perform(curl);
                curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
        }
        if (buf_error(&answer->body) == ERR_LIMIT)
                snprintf(answer->reason, sizeof answer->reason, "larger than %d bytes", SOURCE_BYTES_MAX);
        else if (code != CURLE_OK)
                snprintf(answer->reason, sizeof answer->reason, "%s", curl_easy_strerror(code));
        else if (answer->status != 200 && answer->status != 304)
                snprintf(answer->reason, sizeof answer->reason, "HTTP status %ld", answer->status);
        curl_easy_cleanup(curl);
        curl_slist_free_all(headers);
}

/* ---- what it says, written down */

struct writing {
        const struct calendar_source *source;
        const struct answer *answer;
        const struct source_list *list;
        const char *state, *reason;
};

static int compare_uids(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int write_entry(struct db *db, int64_t now_utc, const struct writing *writing,
                       const struct source_entry *entry, struct err *err)
{
        bool is_break = strcmp(writing->source->kind, "breaks") == 0;
        struct calendar_source_entry row = {entry->uid, entry->title,  entry->place, "",
                                            "",         entry->starts, entry->ends};

        date_print(entry->first, row.first_day);
        date_print(entry->last, row.last_day);
        if (!is_break && entry->is_whole_days)
                return 0; /* a meeting has hours */
        return calendar_source_entry_put(db, now_utc, writing->source, &row, err);
}

static int write_list(struct db *db, int64_t now_utc, const struct writing *writing, struct err *err)
{
        const struct source_list *list = writing->list;
        _cleanup_(free_ptr) const char **uids = calloc(list->count + 1, sizeof *uids);
        int r = uids ? 0 : err_set(err, ERR_NOMEM, "calendars: out of memory");

        for (size_t i = 0; i < list->count && r == 0; i++) {
                uids[i] = list->items[i].uid;
                r = write_entry(db, now_utc, writing, &list->items[i], err);
        }
        if (r < 0)
                return r;
        qsort(uids, list->count, sizeof *uids, compare_uids);
        r = calendar_source_entries_keep(db, now_utc, writing->source, uids, list->count, err);
        return r < 0 ? r : calendar_refresh(db, now_utc, err);
}

static int write_all(void *context, struct db *db, int64_t now_utc, struct err *err)
{
        const struct writing *writing = context;
        int r = writing->list ? write_list(db, now_utc, writing, err) : 0;

        return r < 0 ? r
                     : calendar_source_note(db, now_utc, writing->source->name, writing->state,
                                            writing->reason, writing->answer->etag, writing->answer->modified,
                                            writing->list ? (int)writing->list->count : 0, err);
}

int source_read(const struct calendar_source *source, int64_t now_utc, const struct source_write *write,
                struct err *err)
{
        struct writing writing = {.source = source, .state = "read"};
        struct source_list list = {0};
        struct answer answer = {0};
        struct err fault = {0};
        struct zone *zone;
        int32_t today;
        int seconds, r;

        r = zone_keep(source->zone, &zone, err);
        if (r < 0)
                return r;
        zone_to_local(zone, now_utc, &today, &seconds);
        buf_init(&answer.body, SOURCE_BYTES_MAX);
        fetch(source, &answer);
        writing.answer = &answer;
        if (answer.reason[0]) {
                writing.state = buf_error(&answer.body) == ERR_LIMIT ? "refused" : "unreachable";
                writing.reason = answer.reason;
        } else if (answer.status == 304) {
                writing.state = "unchanged";
        } else if (source_parse(buf_text(&answer.body), answer.body.length, zone, today, &list, &fault) < 0) {
                writing.state = "refused";
                writing.reason = fault.text;
        } else {
                writing.list = &list;
        }
        r = write->run(write->context, write_all, &writing, err);
        if (r == 0 && writing.reason)
                log_warning("calendars", "%s: %s: %s", source->name, writing.state, writing.reason);
        source_list_fini(&list);
        buf_fini(&answer.body);
        return r;
}

/* ---- the loop */

struct source_loop {
        struct db *reader;
        struct writer *writer;
        const struct clock *clock;
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t wake;
        bool stopping;
};

struct loop_job {
        struct writer_job job;
        int (*run)(void *context, struct db *db, int64_t now_utc, struct err *err);
        void *context;
};

static int run_job(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        const struct loop_job *loop = (struct loop_job *)job;

        return loop->run(loop->context, db, now_utc, err);
}

static int run_in_writer(void *context, int (*run)(void *, struct db *, int64_t, struct err *),
                         void *run_context, struct err *err)
{
        struct loop_job job = {.job.run = run_job, .run = run, .context = run_context};

        return writer_run(context, &job.job, err);
}

static bool is_stopping(struct source_loop *loop)
{
        bool stopping;

        pthread_mutex_lock(&loop->mutex);
        stopping = loop->stopping;
        pthread_mutex_unlock(&loop->mutex);
        return stopping;
}

static void read_due(struct source_loop *loop)
{
        const struct source_write write = {run_in_writer, loop->writer};
        struct calendar_source source;
        struct err err = {0};
        int r = 1;

        while (r > 0 && !is_stopping(loop)) {
                int64_t now_utc = clock_now_utc(loop->clock);

                r = calendar_source_due(loop->reader, now_utc, NULL, &source, &err);
                if (r > 0 && source_read(&source, now_utc, &write, &err) < 0)
                        r = -1;
        }
        if (r < 0)
                log_error("calendars", "%s", err.text);
}

static void *run_loop(void *context)
{
        struct source_loop *loop = context;
        struct timespec until;

        pthread_mutex_lock(&loop->mutex);
        while (!loop->stopping) {
                int64_t until_ms = clock_monotonic_ms() + LOOK_EVERY_MS;

                pthread_mutex_unlock(&loop->mutex);
                read_due(loop);
                pthread_mutex_lock(&loop->mutex);
                until = (struct timespec){until_ms / 1000, until_ms % 1000 * 1000000};
                if (!loop->stopping)
                        pthread_cond_timedwait(&loop->wake, &loop->mutex, &until);
        }
        pthread_mutex_unlock(&loop->mutex);
        return NULL;
}

int source_loop_open(const char *database, struct writer *writer, const struct clock *clock,
                     struct source_loop **ret_loop, struct err *err)
{
        struct source_loop *loop = calloc(1, sizeof *loop);
        pthread_condattr_t attributes;
        int r;

        if (!loop)
                return err_set(err, ERR_NOMEM, "calendars: out of memory");
        loop->writer = writer;
        loop->clock = clock;
        pthread_mutex_init(&loop->mutex, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&loop->wake, &attributes);
        pthread_condattr_destroy(&attributes);
        r = db_open(database, DB_READER, &loop->reader, err);
        if (r == 0 && pthread_create(&loop->thread, NULL, run_loop, loop) != 0)
                r = err_set(err, ERR_IO, "calendars: cannot start a thread: too many run");
        if (r < 0) {
                db_close(loop->reader);
                free(loop);
                return r;
        }
        *ret_loop = loop;
        return 0;
}

struct source_loop *source_loop_close(struct source_loop *loop)
{
        if (!loop)
                return NULL;
        pthread_mutex_lock(&loop->mutex);
        loop->stopping = true;
        pthread_cond_signal(&loop->wake);
        pthread_mutex_unlock(&loop->mutex);
        pthread_join(loop->thread, NULL);
        db_close(loop->reader);
        pthread_cond_destroy(&loop->wake);
        pthread_mutex_destroy(&loop->mutex);
        free(loop);
        return NULL;
}
