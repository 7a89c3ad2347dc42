/* From the outbox to the broker's acknowledgement, beside bare libmosquitto with the same window to the same
 * Mosquitto in the same run; and the memory that a million waiting publications take. bench-publish [COUNT
 * [WAITING]]; exit 1 when a goal is missed. Run it from a release build. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define BROKER_FOLDER "bench-publish.folder"
#include "lib/broker.h"

#include "base/log.h"
#include "publish/envelope.h"
#include "publish/publisher.h"
#include "store/db.h"
#include "store/publication.h"
#include "store/writer.h"

#include <malloc.h>
#include <time.h>

#define DATABASE BROKER_FOLDER "/kapula.db"
#define ROUNDS 3
#define RATIO_MIN 0.6
#define MEMORY_MAX_MB 32.0
#define BATCH 10000
#define TIME_MAX_S 300 /* then it is killed rather than hanging */
#define NOW 1795420800

struct bare {
        int64_t sent, acknowledged;
        bool is_connected;
};

static void bare_on_connect(struct mosquitto *client, void *context, int reason)
{
        (void)client;
        ((struct bare *)context)->is_connected = reason == 0;
}

static void bare_on_publish(struct mosquitto *client, void *context, int mid)
{
        (void)client;
        (void)mid;
        ((struct bare *)context)->acknowledged++;
}

/* Messages a second. */
static double run_bare(const struct broker *broker, int64_t count)
{
        struct publication publication = {.id = 1,
                                          .seq = 1,
                                          .time = NOW,
                                          .tenant = "kj",
                                          .kind = "absence",
                                          .event = "alerted",
                                          .about = "thing",
                                          .subject = "P1",
                                          .data = "{\"rule\":\"absence-alert\"}"};
        struct pseudonyms pseudonyms = {.secret = "secret"};
        struct bare bare = {0};
        struct mosquitto *client = mosquitto_new(NULL, true, &bare);
        struct buf payload;
        int64_t start_ms;

        buf_init(&payload, ENVELOPE_PAYLOAD_MAX);
        assert_int_equal(envelope_print(&publication, &pseudonyms, &payload, NULL), 0);
        mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
        mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, PUBLISHER_WINDOW_MAX);
        mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
        mosquitto_connect_callback_set(client, bare_on_connect);
        mosquitto_publish_callback_set(client, bare_on_publish);
        assert_int_equal(mosquitto_connect(client, "127.0.0.1", broker->port, 60), MOSQ_ERR_SUCCESS);
        while (!bare.is_connected)
                mosquitto_loop(client, 100, 100);
        start_ms = clock_monotonic_ms();
        while (bare.acknowledged < count) {
                while (bare.sent < count && bare.sent - bare.acknowledged < PUBLISHER_WINDOW_MAX) {
                        assert_int_equal(mosquitto_publish(client, NULL, "kapula/v1/kj/absence/alerted",
                                                           (int)payload.length, payload.data, 1, false),
                                         MOSQ_ERR_SUCCESS);
                        bare.sent++;
                }
                assert_int_equal(mosquitto_loop(client, 100, 100), MOSQ_ERR_SUCCESS);
        }
        start_ms = clock_monotonic_ms() - start_ms;
        mosquitto_destroy(client);
        buf_fini(&payload);
        return (double)count * 1000 / (double)(start_ms ? start_ms : 1);
}

/* ---- ours */

/* In a process of its own, so that its memory is not ours. */
static void fill(int64_t count)
{
        pid_t child = fork();
        int status = -1;

        assert_true(child >= 0);
        if (child == 0) {
                struct publication_new row = {.tenant = "kj",
                                              .kind = "absence",
                                              .event = "alerted",
                                              .about = "thing",
                                              .subject = "P1",
                                              .pupil = "P1",
                                              .time = NOW,
                                              .data = "{\"rule\":\"absence-alert\"}"};
                struct db *db;
                int r = db_open(DATABASE, DB_WRITER, &db, NULL);

                for (int64_t i = 0; i < count && r == 0; i++) {
                        if (i % BATCH == 0)
                                r = db_begin(db, NULL);
                        if (r == 0)
                                r = publication_add(db, &row, NULL);
                        if (r == 0 && (i % BATCH == BATCH - 1 || i == count - 1))
                                r = db_commit(db, NULL);
                }
                _exit(r == 0 ? 0 : 1);
        }
        waitpid(child, &status, 0);
        assert_int_equal(status, 0);
}

static double anonymous_mb(void)
{
        FILE *file = fopen("/proc/self/smaps_rollup", "r");
        char line[256];
        long kb = 0;

        assert_non_null(file);
        while (fgets(line, sizeof line, file))
                if (sscanf(line, "Anonymous: %ld kB", &kb) == 1)
                        break;
        fclose(file);
        return (double)kb / 1000;
}

static struct publisher *publisher;

static void wake(void *context)
{
        (void)context;
        if (publisher)
                publisher_wake(publisher);
}

/* Messages a second until COUNT are acknowledged and, when COUNT are all, in the rows. *ret_peak_mb: the most
 * memory above what there was before. */
static double run_ours(const struct broker *broker, int64_t count, double *ret_peak_mb)
{
        struct publisher_options options = {.connection = {.host = "127.0.0.1", .port = broker->port},
                                            .database = DATABASE};
        struct publisher_status status = {0};
        const struct timespec look = {.tv_nsec = 1000000};
        struct writer *writer;
        struct publisher *opened;
        struct clock clock;
        int64_t start_ms;
        double before;

        clock_init_virtual(&clock, NOW);
        assert_int_equal(writer_open(DATABASE, &clock, &writer, NULL), 0);
        assert_int_equal(writer_on_commit(writer, wake, NULL), 0);
        malloc_trim(0);
        before = anonymous_mb();
        *ret_peak_mb = 0;
        start_ms = clock_monotonic_ms();
        assert_int_equal(publisher_open(&options, writer, &opened, NULL), 0);
        publisher = opened;
        while (status.acknowledged < count) {
                nanosleep(&look, NULL);
                publisher_read_status(publisher, &status);
        }
        start_ms = clock_monotonic_ms() - start_ms;
        *ret_peak_mb = anonymous_mb() - before;
        publisher = NULL;
        publisher_close(opened);
        writer_close(writer);
        return (double)count * 1000 / (double)(start_ms ? start_ms : 1);
}

static void clear(void)
{
        if (system("rm -rf " BROKER_FOLDER) != 0)
                exit(3);
        mkdir(BROKER_FOLDER, 0700);
}

int main(int argc, char **argv)
{
        int64_t count = argc > 1 ? strtoll(argv[1], NULL, 10) : 50000,
                waiting = argc > 2 ? strtoll(argv[2], NULL, 10) : 1000000;
        double bare = 0, ours = 0, peak, ratio, few_peak = 0;
        struct broker broker = {0};
        int faults = 0;

        alarm(TIME_MAX_S);
        log_set_level(LOG_LEVEL_ERROR);
        mosquitto_lib_init();
        clear();
        broker_start(&broker, "allow_anonymous true");
        /* A Mosquitto that says all it does is slow, and its words must be read: it is started anew, quiet.
         */
        broker_stop(&broker, SIGTERM);
        broker_start(&broker,
                     "allow_anonymous true\nmax_inflight_messages 200\nlog_type none\nlog_type information");
        for (int i = 0; i < ROUNDS; i++) {
                double each = run_bare(&broker, count);

                bare = each > bare ? each : bare;
                clear();
                fill(count);
                each = run_ours(&broker, count, &few_peak);
                ours = each > ours ? each : ours;
        }
        ratio = ours / bare;
        faults += ratio < RATIO_MIN;
        printf("outbox to acknowledged: %.0f/s, bare libmosquitto %.0f/s: %.2f (goal %.1f)\n", ours, bare,
               ratio, RATIO_MIN);
        clear();
        fill(waiting);
        run_ours(&broker, count < waiting ? count : waiting, &peak);
        faults += peak > MEMORY_MAX_MB;
        printf("%lld waiting: %.1f MB more (%lld waiting: %.1f), goal %.0f\n", (long long)waiting, peak,
               (long long)count, few_peak, MEMORY_MAX_MB);
        broker_stop(&broker, SIGTERM);
        clear();
        rmdir(BROKER_FOLDER);
        return faults ? 1 : 0;
}
