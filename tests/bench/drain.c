/* bench-drain [MESSAGES [QUEUED]]: draining a durable outbox against bare libcurl multi, with the same
 * requests, the same server and the same number of connections, in one run; then how soon QUEUED messages
 * begin to leave and how much memory that takes. Works in the current folder. */
#include "base/clock.h"
#include "deliver/courier.h"
#include "lib/provider_peer.h"
#include "store/db.h"
#include "store/writer.h"

#include <curl/curl.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#define CONNECTIONS 64
#define ROUNDS 5
#define BODY "{\"to\":\"+358400000010\",\"text\":\"Hei\"}"

static void must(bool good, const char *what)
{
        if (good)
                return;
        fprintf(stderr, "bench-drain: %s\n", what);
        exit(3);
}

static size_t drop(char *data, size_t size, size_t count, void *context)
{
        (void)data;
        (void)context;
        return size * count;
}

/* Microseconds of processor time, all threads. */
static int64_t spent_us(void)
{
        struct rusage used;

        getrusage(RUSAGE_SELF, &used);
        return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * INT64_C(1000000) + used.ru_utime.tv_usec +
               used.ru_stime.tv_usec;
}

/* The same of the threads of that name alone. */
static int64_t spent_by_us(const char *name)
{
        DIR *tasks = opendir("/proc/self/task");
        int64_t sum = 0;
        struct dirent *task;

        must(tasks != NULL, "no /proc");
        while ((task = readdir(tasks))) {
                char path[300], comm[32] = "";
                long long ns = 0;
                FILE *file;

                snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
                file = fopen(path, "re");
                if (!file)
                        continue;
                if (fscanf(file, "%31s", comm) != 1)
                        comm[0] = '\0';
                fclose(file);
                if (strcmp(comm, name) != 0)
                        continue;
                snprintf(path, sizeof path, "/proc/self/task/%s/schedstat", task->d_name);
                file = fopen(path, "re");
                if (file && fscanf(file, "%lld", &ns) == 1)
                        sum += ns / 1000;
                if (file)
                        fclose(file);
        }
        closedir(tasks);
        return sum;
}

struct speed {
        double rate;     /* requests a second */
        double spent_us; /* processor time of one, all threads, the server's too, … */
        double courier_us, writer_us, provider_us; /* … and of these */
        double commits;                            /* of one */
};

struct least;
static int least_allows(struct least *least, int done, int count);

/* LEAST: NULL: none. */
static struct speed bare(int port, int count, struct least *least)
{
        struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
        CURLM *multi = curl_multi_init();
        int64_t start = clock_monotonic_ms(), spent = spent_us(), served = spent_by_us("provider");
        int begun = 0, done = 0, idle_count = 0, allowed, running, left;
        CURL *idle[CONNECTIONS];
        CURLMsg *message;
        CURL *easy;
        char url[64];

        snprintf(url, sizeof url, "http://127.0.0.1:%d/send", port);
        headers = curl_slist_append(headers, "Content-Type: application/json");
        for (; idle_count < CONNECTIONS && idle_count < count; idle_count++) {
                easy = curl_easy_init();
                curl_easy_setopt(easy, CURLOPT_URL, url);
                curl_easy_setopt(easy, CURLOPT_POSTFIELDS, BODY);
                curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
                curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
                curl_easy_setopt(easy, CURLOPT_PROXY, "");
                idle[idle_count] = easy;
        }
        while (done < count) {
                allowed = least ? least_allows(least, done, count) : count;
                while (idle_count && begun < allowed) {
                        curl_multi_add_handle(multi, idle[--idle_count]);
                        begun++;
                }
                curl_multi_perform(multi, &running);
                while ((message = curl_multi_info_read(multi, &left))) {
                        must(message->data.result == CURLE_OK, "a bare request failed");
                        done++;
                        easy = message->easy_handle;
                        curl_multi_remove_handle(multi, easy);
                        idle[idle_count++] = easy;
                }
                if (done < count && idle_count && begun < allowed)
                        continue;
                if (done < count)
                        curl_multi_poll(multi, NULL, 0, least && begun == allowed ? 1 : 100, NULL);
        }
        while (idle_count)
                curl_easy_cleanup(idle[--idle_count]);
        curl_multi_cleanup(multi);
        curl_slist_free_all(headers);
        return (struct speed){.rate = count * 1000.0 / (double)(clock_monotonic_ms() - start),
                              .spent_us = (double)(spent_us() - spent) / count,
                              .provider_us = (double)(spent_by_us("provider") - served) / count};
}

/* ---- the least that durability takes */

#define LEAST_BATCH 1024 /* messages of one transaction */

/* Beside bare multi, in a thread of its own as our writer is: each batch is claimed before it is sent and
 * noted after, two updates of a row without an index or a trigger, as much in one transaction as we do. */
struct least {
        sqlite3 *db;
        sqlite3_stmt *update;
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        int claimed, wanted; /* messages on disk as claimed; those that are to be */
        int done, noted;
        bool stops;
};

static void least_update(struct least *least, int from, int until, int state)
{
        for (int i = from; i < until; i++) {
                sqlite3_bind_int(least->update, 1, state);
                sqlite3_bind_int(least->update, 2, i);
                must(sqlite3_step(least->update) == SQLITE_DONE, "cannot update");
                sqlite3_reset(least->update);
        }
}

static void *least_main(void *context)
{
        struct least *least = context;

        pthread_mutex_lock(&least->mutex);
        for (;;) {
                int noted = least->noted, done = least->done, claimed = least->claimed,
                    wanted = least->wanted;

                if (least->stops && noted == done)
                        break;
                if (claimed == wanted && (done - noted < LEAST_BATCH / 2 && !least->stops)) {
                        pthread_cond_wait(&least->changed, &least->mutex);
                        continue;
                }
                pthread_mutex_unlock(&least->mutex);
                must(sqlite3_exec(least->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK,
                     "cannot begin");
                least_update(least, noted, done, 2);
                least_update(least, claimed, wanted, 1);
                must(sqlite3_exec(least->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "cannot commit");
                pthread_mutex_lock(&least->mutex);
                least->noted = done;
                least->claimed = wanted;
        }
        pthread_mutex_unlock(&least->mutex);
        return NULL;
}

static void least_open(struct least *least, const char *path, int count)
{
        char sql[256];

        snprintf(sql, sizeof sql,
                 "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE message(id INTEGER "
                 "PRIMARY KEY, state);"
                 "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                 "INSERT INTO message SELECT i, 0 FROM n",
                 count - 1);
        *least = (struct least){0};
        pthread_mutex_init(&least->mutex, NULL);
        pthread_cond_init(&least->changed, NULL);
        must(sqlite3_open(path, &least->db) == SQLITE_OK &&
                 sqlite3_exec(least->db, sql, NULL, NULL, NULL) == SQLITE_OK &&
                 sqlite3_prepare_v2(least->db, "UPDATE message SET state = ? WHERE id = ?", -1,
                                    &least->update, NULL) == SQLITE_OK,
             "cannot make the least database");
        must(pthread_create(&least->thread, NULL, least_main, least) == 0, "cannot start a thread");
}

static void least_close(struct least *least)
{
        pthread_mutex_lock(&least->mutex);
        least->stops = true;
        pthread_cond_signal(&least->changed);
        pthread_mutex_unlock(&least->mutex);
        pthread_join(least->thread, NULL);
        sqlite3_finalize(least->update);
        sqlite3_close(least->db);
}

/* How many may be sent by now, DONE being done. */
static int least_allows(struct least *least, int done, int count)
{
        int claimed;

        pthread_mutex_lock(&least->mutex);
        least->done = done;
        if (least->claimed == least->wanted && least->claimed - done <= LEAST_BATCH && least->wanted < count)
                least->wanted = least->wanted + LEAST_BATCH < count ? least->wanted + LEAST_BATCH : count;
        pthread_cond_signal(&least->changed);
        claimed = least->claimed;
        pthread_mutex_unlock(&least->mutex);
        return claimed;
}

/* ---- the courier */

static const char *no_setting(void *context, const char *name)
{
        (void)context;
        (void)name;
        return NULL;
}

static struct provider *make_provider(int port)
{
        struct provider *provider = NULL;
        struct err err = {0};
        char yaml[512];
        int length = snprintf(yaml, sizeof yaml,
                              "provider: bench\nchannels: [sms]\nrequest:\n  url: http://127.0.0.1:%d/send\n"
                              "  format: json\n  body: '{\"to\":\"{{recipient}}\",\"text\":\"{{text}}\"}'\n"
                              "idempotency: Idempotency-Key\nconnections: %d\n"
                              "answers: [{status: 201, outcome: accepted, id: /id}]\n",
                              port, CONNECTIONS);

        must(provider_parse("bench.yaml", yaml, (size_t)length, no_setting, NULL, &provider, &err) == 0,
             err.text);
        return provider;
}

static void fill(const char *path, int count)
{
        struct db *db = NULL;
        struct err err = {0};
        char sql[512];

        snprintf(sql, sizeof sql,
                 "INSERT INTO person(id, given, family) VALUES ('G1', 'Aino', 'Esimerkki');"
                 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                 "INSERT INTO message(id, person, channel, address, language, text, urgent, state, created, "
                 "not_before, changed)"
                 " SELECT i, 'G1', 'sms', '+358400000010', 'fi', 'Hei', 0, 'queued', 0, 0, 0 FROM n",
                 count);
        must(db_open(path, DB_WRITER, &db, &err) == 0, err.text);
        must(sqlite3_exec(db_handle(db), sql, NULL, NULL, NULL) == SQLITE_OK, "cannot fill the database");
        db_close(db);
}

static long resident_kb(void)
{
        FILE *file = fopen("/proc/self/statm", "re");
        long size = 0, resident = 0;

        if (!file || fscanf(file, "%ld %ld", &size, &resident) != 2)
                resident = 0;
        if (file)
                fclose(file);
        return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

struct drained {
        struct speed speed; /* until `enough` were accepted */
        int64_t first_ms;   /* from the opening to the first answer */
        long grown_kb;
};

static struct drained drain(const char *path, struct peer *peer, int enough)
{
        static struct clock clock;
        struct provider *provider = make_provider(peer_port(peer));
        struct courier *courier = NULL;
        struct writer *writer = NULL;
        struct err err = {0};
        struct drained drained = {.first_ms = -1};
        struct courier_config config = {
            .path = path, .clock = &clock, .providers = &provider, .provider_count = 1};
        long before = resident_kb();
        int64_t start, spent, served = spent_by_us("provider");

        clock_init_real(&clock);
        must(writer_open(path, &clock, &writer, &err) == 0, err.text);
        config.writer = writer;
        start = clock_monotonic_ms();
        spent = spent_us();
        must(courier_open(&config, &courier, &err) == 0, err.text);
        while (courier_counts(courier).accepted < enough) {
                if (drained.first_ms < 0 && courier_counts(courier).accepted)
                        drained.first_ms = clock_monotonic_ms() - start;
                usleep(1000);
        }
        drained.speed = (struct speed){enough * 1000.0 / (double)(clock_monotonic_ms() - start),
                                       (double)(spent_us() - spent) / enough,
                                       (double)spent_by_us("courier") / enough,
                                       (double)spent_by_us("writer") / enough,
                                       (double)(spent_by_us("provider") - served) / enough,
                                       (double)writer_commits(writer) / enough};
        drained.grown_kb = resident_kb() - before;
        courier_close(courier);
        writer_close(writer);
        provider_free(provider);
        return drained;
}

static int compare(const void *a, const void *b)
{
        double left = *(const double *)a, right = *(const double *)b;

        return left < right ? -1 : left > right;
}

/* Turn and turn about, since others may be using the machine; medians. */
static void compare_speeds(struct peer *peer, int count)
{
        double shares[ROUNDS], costs[ROUNDS], least_shares[ROUNDS];

        for (int i = 0; i < ROUNDS; i++) {
                struct speed plain = bare(peer_port(peer), count, NULL), least_speed, outbox;
                struct least least;
                char path[32];

                snprintf(path, sizeof path, "least-%d.db", i);
                least_open(&least, path, count);
                least_speed = bare(peer_port(peer), count, &least);
                least_close(&least);
                snprintf(path, sizeof path, "drain-%d.db", i);
                fill(path, count);
                outbox = drain(path, peer, count).speed;
                shares[i] = outbox.rate / plain.rate;
                least_shares[i] = outbox.rate / least_speed.rate;
                costs[i] = plain.spent_us / outbox.spent_us;
                printf("bare libcurl multi: %.0f/s, %.1f us of processor time each (provider %.1f); with the "
                       "least that is "
                       "durable: %.0f/s, %.1f us; durable outbox: %.0f/s, %.1f us each (courier %.1f, writer "
                       "%.1f, provider "
                       "%.1f), %.0f messages a commit\n",
                       plain.rate, plain.spent_us, plain.provider_us, least_speed.rate, least_speed.spent_us,
                       outbox.rate, outbox.spent_us, outbox.courier_us, outbox.writer_us, outbox.provider_us,
                       1 / outbox.commits);
        }
        qsort(shares, ROUNDS, sizeof *shares, compare);
        qsort(least_shares, ROUNDS, sizeof *least_shares, compare);
        qsort(costs, ROUNDS, sizeof *costs, compare);
        printf("durable outbox, of bare libcurl multi: %.2f by the clock, %.2f by processor time; of bare "
               "multi with the least "
               "that is durable: %.2f by the clock\n",
               shares[ROUNDS / 2], costs[ROUNDS / 2], least_shares[ROUNDS / 2]);
}

int main(int argc, char **argv)
{
        int count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 20000,
            queued = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1000000;
        struct peer *peer = peer_start();
        struct drained start;

        curl_global_init(CURL_GLOBAL_DEFAULT);
        bare(peer_port(peer), count / 10 + 1, NULL);
        compare_speeds(peer, count);
        if (queued) {
                fill("queued.db", queued);
                start = drain("queued.db", peer, queued < 2000 ? queued : 2000);
                printf("%d queued: the first answer after %lld ms, %.1f MB more\n", queued,
                       (long long)start.first_ms, (double)start.grown_kb / 1024);
        }
        peer_stop(peer);
        curl_global_cleanup();
        return 0;
}
