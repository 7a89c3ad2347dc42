/* bench-drain [MESSAGES [QUEUED]]: draining a durable outbox against bare libcurl multi, with the same
 * requests, the same server and the same number of connections, in one run; then how soon QUEUED messages
 * begin to leave and how much memory that takes. Works in the current folder. */
#include "base/clock.h"
#include "deliver/courier.h"
#include "lib/provider_peer.h"
#include "store/db.h"
#include "store/writer.h"

#include <curl/curl.h>
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

struct speed {
        double rate;     /* requests a second */
        double spent_us; /* processor time of one, all threads, the server's too */
};

static struct speed bare(int port, int count)
{
        struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
        CURLM *multi = curl_multi_init();
        int64_t start = clock_monotonic_ms(), spent = spent_us();
        int begun = 0, done = 0, running, left;
        CURLMsg *message;
        CURL *easy;
        char url[64];

        snprintf(url, sizeof url, "http://127.0.0.1:%d/send", port);
        headers = curl_slist_append(headers, "Content-Type: application/json");
        for (; begun < CONNECTIONS && begun < count; begun++) {
                easy = curl_easy_init();
                curl_easy_setopt(easy, CURLOPT_URL, url);
                curl_easy_setopt(easy, CURLOPT_POSTFIELDS, BODY);
                curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
                curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
                curl_easy_setopt(easy, CURLOPT_PROXY, "");
                curl_multi_add_handle(multi, easy);
        }
        while (done < count) {
                curl_multi_perform(multi, &running);
                while ((message = curl_multi_info_read(multi, &left))) {
                        must(message->data.result == CURLE_OK, "a bare request failed");
                        done++;
                        easy = message->easy_handle;
                        curl_multi_remove_handle(multi, easy);
                        if (begun++ < count)
                                curl_multi_add_handle(multi, easy);
                        else
                                curl_easy_cleanup(easy);
                }
                if (done < count)
                        curl_multi_poll(multi, NULL, 0, 100, NULL);
        }
        curl_multi_cleanup(multi);
        curl_slist_free_all(headers);
        return (struct speed){count * 1000.0 / (double)(clock_monotonic_ms() - start),
                              (double)(spent_us() - spent) / count};
}

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
        int64_t start, spent;

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
                                       (double)(spent_us() - spent) / enough};
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
        double shares[ROUNDS], costs[ROUNDS];

        for (int i = 0; i < ROUNDS; i++) {
                struct speed plain = bare(peer_port(peer), count), outbox;
                char path[32];

                snprintf(path, sizeof path, "drain-%d.db", i);
                fill(path, count);
                outbox = drain(path, peer, count).speed;
                shares[i] = outbox.rate / plain.rate;
                costs[i] = plain.spent_us / outbox.spent_us;
                printf("bare libcurl multi: %.0f/s, %.1f us of processor time each; durable outbox: %.0f/s, "
                       "%.1f us each\n",
                       plain.rate, plain.spent_us, outbox.rate, outbox.spent_us);
        }
        qsort(shares, ROUNDS, sizeof *shares, compare);
        qsort(costs, ROUNDS, sizeof *costs, compare);
        printf("durable outbox, of bare libcurl multi: %.2f by the clock, %.2f by processor time\n",
               shares[ROUNDS / 2], costs[ROUNDS / 2]);
}

int main(int argc, char **argv)
{
        int count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 20000,
            queued = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1000000;
        struct peer *peer = peer_start();
        struct drained start;

        curl_global_init(CURL_GLOBAL_DEFAULT);
        bare(peer_port(peer), count / 10 + 1);
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
