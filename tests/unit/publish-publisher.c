/* publish and store/publication against a real Mosquitto. */
#include "publish/publisher.h"
#include "base/log.h"
#include "publish/envelope.h"
#include "store/db.h"
#include "store/publication.h"
#include "store/writer.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <cmocka.h>

#define BROKER_FOLDER "publish-publisher.folder"
#define DATABASE BROKER_FOLDER "/kapula.db"
#define BACKOFF_MS 20

#include "lib/fresh.h"
#include "../lib/broker.h"

struct fixture {
        struct clock clock;
        struct broker broker;
        struct writer *writer;
        struct db *reader;
        _Atomic(struct publisher *) publisher;
        struct subscriber subscriber;
};

static void wake(void *context)
{
        struct fixture *fixture = context;

        if (fixture->publisher)
                publisher_wake(fixture->publisher);
}

static int setup(void **state)
{
        struct fixture *fixture = calloc(1, sizeof *fixture);
        struct err err = {0};

        log_set_level(LOG_LEVEL_ERROR);
        if (system("rm -rf " BROKER_FOLDER) != 0)
                return -1;
        mkdir(BROKER_FOLDER, 0700);
        clock_init_virtual(&fixture->clock, 1792500000);
        fresh_file(DATABASE);
        if (writer_open(DATABASE, &fixture->clock, &fixture->writer, &err) < 0 ||
            db_open(DATABASE, DB_READER, &fixture->reader, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(writer_on_commit(fixture->writer, wake, fixture), 0);
        *state = fixture;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *fixture = *state;
        struct publisher *publisher = fixture->publisher;

        fixture->publisher = NULL;
        publisher_close(publisher);
        writer_close(fixture->writer);
        db_close(fixture->reader);
        broker_stop(&fixture->broker, SIGKILL);
        if (fixture->subscriber.client)
                subscriber_disconnect(&fixture->subscriber);
        subscriber_forget(&fixture->subscriber);
        free(fixture);
        return system("rm -rf " BROKER_FOLDER);
}

/* ---- rows */

struct adding {
        struct writer_job job;
        const char *tenant, *kind, *data;
        int count;
};

static int add_rows(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        struct adding *adding = (struct adding *)job;
        int r = 0;

        for (int i = 0; i < adding->count && r == 0; i++)
                r = publication_add(db,
                                    &(struct publication_new){.tenant = adding->tenant,
                                                              .kind = adding->kind,
                                                              .event = "alerted",
                                                              .about = "thing",
                                                              .subject = "P1",
                                                              .time = now_utc,
                                                              .data = adding->data},
                                    err);
        return r;
}

static void add(struct fixture *fixture, const char *tenant, const char *kind, int count)
{
        struct adding adding = {{.run = add_rows}, tenant, kind, "{\"lesson\":1}", count};
        struct err err = {0};

        if (writer_run(fixture->writer, &adding.job, &err) < 0)
                fail_msg("%s", err.text);
}

static void open_publisher(struct fixture *fixture, struct publisher_options options)
{
        struct publisher *publisher;
        struct err err = {0};

        options.connection.host = "127.0.0.1";
        options.connection.port = fixture->broker.port;
        options.database = DATABASE;
        options.backoff_min_ms = BACKOFF_MS;
        if (publisher_open(&options, fixture->writer, &publisher, &err) < 0)
                fail_msg("%s", err.text);
        fixture->publisher = publisher;
}

static void close_publisher(struct fixture *fixture)
{
        struct publisher *publisher = fixture->publisher;

        fixture->publisher = NULL;
        publisher_close(publisher);
}

/* ---- waiting */

static bool all_marked(struct subscriber *subscriber, void *context)
{
        struct publication_counts counts;
        struct fixture *fixture = context;

        (void)subscriber;
        assert_int_equal(publication_count(fixture->reader, &counts, NULL), 0);
        return counts.queued == 0;
}

/* Whether a message of TOPIC with PAYLOAD (NULL: any) has come. */
struct wanted {
        const char *topic, *payload;
};

static bool has_come(struct subscriber *subscriber, void *context)
{
        struct wanted *wanted = context;

        for (int i = 0; i < subscriber->count; i++)
                if (strcmp(subscriber->messages[i].topic, wanted->topic) == 0 &&
                    (!wanted->payload || strcmp(subscriber->messages[i].payload, wanted->payload) == 0))
                        return true;
        return false;
}

static void wait_for(struct fixture *fixture, const char *topic, const char *payload)
{
        struct wanted wanted = {topic, payload};

        subscriber_until(&fixture->subscriber, has_come, &wanted, payload ? payload : topic);
}

struct number {
        int at_least;
};

static bool enough_came(struct subscriber *subscriber, void *context)
{
        return subscriber->count >= ((struct number *)context)->at_least;
}

/* Checks that the events of TENANT in what came follow one another, up to LAST; returns the first seq. */
static int check_order(struct fixture *fixture, const char *tenant, int last)
{
        int first = 0, next = 0, seq;
        char prefix[64];
        json_t *event;

        snprintf(prefix, sizeof prefix, "kapula/v1/%s/absence/alerted", tenant);
        for (int i = 0; i < fixture->subscriber.count; i++) {
                if (strcmp(fixture->subscriber.messages[i].topic, prefix) != 0)
                        continue;
                assert_false(fixture->subscriber.messages[i].retained);
                event = json_loads(fixture->subscriber.messages[i].payload, 0, NULL);
                assert_non_null(event);
                seq = (int)json_integer_value(json_object_get(event, "sequence"));
                json_decref(event);
                if (first)
                        assert_int_equal(seq, next);
                else
                        first = seq;
                next = seq + 1;
        }
        if (last)
                assert_int_equal(next, last + 1);
        return first;
}

/* ---- the tests */

static void carries_events_in_order(void **state)
{
        struct fixture *fixture = *state;
        struct publisher_status status;
        char last[8];

        broker_start(&fixture->broker, "allow_anonymous true");
        subscriber_connect(&fixture->subscriber, &fixture->broker, NULL);
        add(fixture, "kj", "absence", 150); /* before it starts: more than the window */
        open_publisher(fixture, (struct publisher_options){.connection.message_expiry_s = 3600});
        for (int i = 0; i < 100; i++) {
                add(fixture, "kj", "absence", 1);
                add(fixture, "ot", "absence", 3);
        }
        wait_for(fixture, "kapula/v1/kj/seq", "250");
        wait_for(fixture, "kapula/v1/ot/seq", "300");
        subscriber_until(&fixture->subscriber, all_marked, fixture, "the acknowledgements");
        assert_int_equal(check_order(fixture, "kj", 250), 1);
        assert_int_equal(check_order(fixture, "ot", 300), 1);
        publisher_read_status(fixture->publisher, &status);
        assert_true(status.is_connected);
        assert_int_equal(status.acknowledged, 550);
        assert_int_equal(status.refused, 0);
        wait_for(fixture, ENVELOPE_STATUS_TOPIC, "{\"status\":\"online\"}");
        close_publisher(fixture);
        wait_for(fixture, ENVELOPE_STATUS_TOPIC, "{\"status\":\"offline\"}");
        subscriber_disconnect(&fixture->subscriber);
        subscriber_forget(&fixture->subscriber);
        /* Who comes later finds the retained ones alone. */
        subscriber_connect(&fixture->subscriber, &fixture->broker, NULL);
        subscriber_until(&fixture->subscriber, enough_came, &(struct number){3}, "three retained messages");
        for (int i = 0; i < 3; i++)
                assert_true(fixture->subscriber.messages[i].retained);
        snprintf(last, sizeof last, "%d", 250);
        wait_for(fixture, "kapula/v1/kj/seq", last);
        wait_for(fixture, ENVELOPE_STATUS_TOPIC, "{\"status\":\"offline\"}");
        assert_int_equal(fixture->subscriber.count, 3);
}

static void run_command(const char *command)
{
        if (system(command) != 0)
                fail_msg("failed: %s", command);
}

/* The new broker lets the publisher in only once the subscriber is there, so that nothing can be missed. */
static void sends_again_after_a_loss(void **state)
{
        static const char config[] = "allow_anonymous false\npassword_file " BROKER_FOLDER "/passwords";
        struct fixture *fixture = *state;
        struct publisher_status status;

        run_command("mosquitto_passwd -b -c " BROKER_FOLDER "/passwords reader reader &&"
                    "cp " BROKER_FOLDER "/passwords " BROKER_FOLDER "/less &&"
                    "mosquitto_passwd -b " BROKER_FOLDER "/passwords kapula secret");
        broker_start(&fixture->broker, config);
        subscriber_connect(&fixture->subscriber, &fixture->broker, "reader");
        open_publisher(fixture,
                       (struct publisher_options){.connection = {.user = "kapula", .password = "secret"}});
        add(fixture, "kj", "absence", 1000);
        subscriber_until(&fixture->subscriber, enough_came, &(struct number){300}, "the first events");
        broker_stop(&fixture->broker, SIGKILL);
        subscriber_disconnect(&fixture->subscriber);
        assert_int_equal(check_order(fixture, "kj", 0), 1);
        assert_true(fixture->subscriber.count < 1000);
        subscriber_forget(&fixture->subscriber);
        add(fixture, "kj", "absence", 500);

        run_command("cp " BROKER_FOLDER "/passwords " BROKER_FOLDER "/all && cp " BROKER_FOLDER
                    "/less " BROKER_FOLDER "/passwords");
        broker_start(&fixture->broker, config);
        subscriber_connect(&fixture->subscriber, &fixture->broker, "reader");
        run_command("cp " BROKER_FOLDER "/all " BROKER_FOLDER "/passwords");
        kill(fixture->broker.pid, SIGHUP);
        wait_for(fixture, "kapula/v1/kj/seq", "1500");
        subscriber_until(&fixture->subscriber, all_marked, fixture, "the acknowledgements");
        publisher_read_status(fixture->publisher, &status);
        /* All before the first that came again was acknowledged; that the old broker took it with it is why
         * there is a replay. */
        assert_int_equal(status.acknowledged, 1500);
        assert_true(check_order(fixture, "kj", 1500) > 1);
        assert_int_equal(status.losses, 1);
        assert_int_equal(status.refused, 0);
}

static void shows_what_the_broker_refuses(void **state)
{
        struct fixture *fixture = *state;
        struct publication_counts counts;
        struct publisher_status status;

        mkdir(BROKER_FOLDER, 0700);
        broker_write(BROKER_FOLDER "/acl",
                     "topic read kapula/#\ntopic readwrite kapula/v1/status\n"
                     "topic readwrite kapula/v1/kj/absence/+\ntopic readwrite kapula/v1/+/seq\n");
        broker_start(&fixture->broker, "allow_anonymous true\nacl_file " BROKER_FOLDER "/acl");
        subscriber_connect(&fixture->subscriber, &fixture->broker, NULL);
        open_publisher(fixture, (struct publisher_options){0});
        add(fixture, "kj", "absence", 2);
        add(fixture, "kj", "secret", 1);
        add(fixture, "kj", "absence", 1);
        wait_for(fixture, "kapula/v1/kj/seq", "4");
        subscriber_until(&fixture->subscriber, all_marked, fixture, "the acknowledgements");
        assert_int_equal(publication_count(fixture->reader, &counts, NULL), 0);
        assert_int_equal(counts.refused, 1);
        publisher_read_status(fixture->publisher, &status);
        assert_int_equal(status.refused, 1);
        assert_int_equal(status.acknowledged, 3);
        assert_false(has_come(&fixture->subscriber, &(struct wanted){"kapula/v1/kj/secret/alerted", NULL}));
}

static void refuses_what_is_no_json_and_goes_on(void **state)
{
        struct adding bad = {{.run = add_rows}, "kj", "absence", "[1", 300};
        struct fixture *fixture = *state;
        struct publication_counts counts;

        broker_start(&fixture->broker, "allow_anonymous true");
        subscriber_connect(&fixture->subscriber, &fixture->broker, NULL);
        assert_int_equal(writer_run(fixture->writer, &bad.job, NULL), 0);
        add(fixture, "kj", "absence", 1);
        open_publisher(fixture, (struct publisher_options){0});
        wait_for(fixture, "kapula/v1/kj/absence/alerted", NULL);
        subscriber_until(&fixture->subscriber, all_marked, fixture, "the acknowledgements");
        assert_int_equal(publication_count(fixture->reader, &counts, NULL), 0);
        assert_int_equal(counts.refused, 300);
        assert_int_equal(check_order(fixture, "kj", 301), 301);
}

static int retry_all(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        (void)job;
        (void)now_utc;
        return publication_retry(db, NULL, 0, err) < 0 ? -1 : 0;
}

static bool refused_enough(struct subscriber *subscriber, void *context)
{
        struct fixture *fixture = context;
        struct publisher_status status;

        (void)subscriber;
        publisher_read_status(fixture->publisher, &status);
        return status.refused >= 50 && all_marked(subscriber, fixture);
}

/* What is queued again by hand stands before all that was sent since: it is found however busy the publisher
 * is, and nothing waits for another commit. */
static void finds_what_is_queued_again(void **state)
{
        struct adding bad = {{.run = add_rows}, "kj", "absence", "[1", 1};
        struct writer_job retry = {.run = retry_all};
        struct fixture *fixture = *state;
        struct publisher_status status;

        broker_start(&fixture->broker, "allow_anonymous true");
        subscriber_connect(&fixture->subscriber, &fixture->broker, NULL);
        assert_int_equal(writer_run(fixture->writer, &bad.job, NULL), 0);
        open_publisher(fixture, (struct publisher_options){0});
        for (int i = 0; i < 200; i++) {
                add(fixture, "kj", "absence", i % 3);
                assert_int_equal(writer_run(fixture->writer, &retry, NULL), 0);
                publisher_read_status(fixture->publisher, &status);
                if (status.refused >= 50)
                        break;
                if (i % 4 == 3)
                        subscriber_until(&fixture->subscriber, all_marked, fixture, "the acknowledgements");
        }
        subscriber_until(&fixture->subscriber, refused_enough, fixture, "the refusals");
}

static void waits_for_a_broker_and_sends_what_has_no_end(void **state)
{
        struct fixture *fixture = *state;
        struct publisher_status status;
        struct err err = {0};
        struct db *db;

        fixture->broker.port = broker_free_port();
        add(fixture, "kj", "absence", 3);
        assert_int_equal(db_open(DATABASE, DB_WRITER, &db, &err), 0);
        assert_int_equal(publication_acknowledge(db, 2, 2, &err), 0);
        assert_int_equal(publication_refuse(db, 2, 135, &err), 0); /* it has an end already */
        db_close(db);
        open_publisher(fixture, (struct publisher_options){0});
        publisher_read_status(fixture->publisher, &status);
        assert_false(status.is_connected);
        broker_start(&fixture->broker, "allow_anonymous true\nmax_inflight_messages 1");
        broker_wait_for(&fixture->broker, "absence/alerted");
        subscriber_connect(&fixture->subscriber, &fixture->broker, NULL);
        subscriber_until(&fixture->subscriber, all_marked, fixture, "the acknowledgements");
        publisher_read_status(fixture->publisher, &status);
        assert_int_equal(status.acknowledged, 2);
}

/* A machine that takes connections and says nothing must not keep the program from stopping. */
static void stops_while_nobody_answers(void **state)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct fixture *fixture = *state;
        int64_t start_ms = clock_monotonic_ms();
        int fd = socket(AF_INET, SOCK_STREAM, 0), peer;

        fixture->broker.port = broker_free_port();
        address.sin_port = htons((uint16_t)fixture->broker.port);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(listen(fd, 1), 0);
        open_publisher(fixture, (struct publisher_options){0});
        peer = accept(fd, NULL, NULL);
        assert_true(peer >= 0);
        close_publisher(fixture);
        assert_true(clock_monotonic_ms() - start_ms < 10000);
        close(peer);
        close(fd);
}

static void speaks_tls(void **state)
{
        struct fixture *fixture = *state;

        run_command("cd " BROKER_FOLDER
                    " && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
                    " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>/dev/null && chmod "
                    "644 key.pem");
        broker_start(&fixture->broker, "allow_anonymous true\ncertfile " BROKER_FOLDER "/cert.pem\n"
                                       "keyfile " BROKER_FOLDER "/key.pem\n");
        open_publisher(fixture, (struct publisher_options){
                                    .connection = {.tls = true, .ca_file = BROKER_FOLDER "/cert.pem"}});
        add(fixture, "kj", "absence", 1);
        broker_wait_for(&fixture->broker, "absence/alerted");
        close_publisher(fixture);
        assert_true(all_marked(NULL, fixture));
}

static void prints_envelopes(void **state)
{
        struct publication publication = {.id = 9,
                                          .seq = 4,
                                          .time = 1790000000,
                                          .tenant = "kj",
                                          .kind = "absence",
                                          .event = "alerted",
                                          .about = "thing",
                                          .subject = "P1",
                                          .data = "{\"lesson\":2,\"pupil\":\"P1\",\"until\":null}"};
        struct pseudonyms pseudonyms = {.secret = "secret"};
        struct buf topic, payload;
        struct err err = {0};

        (void)state;
        buf_init(&topic, ENVELOPE_TOPIC_MAX);
        buf_init(&payload, ENVELOPE_PAYLOAD_MAX);
        assert_int_equal(envelope_topic(&publication, &topic), 0);
        assert_string_equal(buf_text(&topic), "kapula/v1/kj/absence/alerted");
        assert_int_equal(envelope_print(&publication, &pseudonyms, &payload, &err), 0);
        assert_string_equal(buf_text(&payload),
                            "{\"specversion\":\"1.0\",\"id\":\"kj-4\",\"source\":\"/kapula/kj\","
                            "\"type\":\"kapula.absence.alerted\",\"subject\":"
                            "\"423e66a8276fde4434321b86b84aa23d\",\"time\":\"2026-09-21T14:13:20Z\","
                            "\"sequence\":4,\"datacontenttype\":\"application/"
                            "json\",\"data\":{\"lesson\":2,\"pupil\":\"423e66a8276fde4434321b86b84aa23d\"}}");
        /* Another tenant sees somebody else; a case is shown by its number; what is withheld shows nothing.
         */
        buf_cut(&payload, 0);
        publication.tenant = "ot";
        assert_int_equal(envelope_print(&publication, &pseudonyms, &payload, &err), 0);
        assert_non_null(strstr(buf_text(&payload), "\"subject\":\"0d9d284dd2baa4110f67a44346e2f816\""));
        publication.tenant = "kj";
        buf_cut(&payload, 0);
        publication.about = "case";
        publication.subject = "2026-0001";
        assert_int_equal(envelope_print(&publication, &pseudonyms, &payload, &err), 0);
        assert_non_null(strstr(buf_text(&payload), "\"subject\":\"2026-0001\""));
        buf_cut(&payload, 0);
        publication.is_withheld = true;
        assert_int_equal(envelope_print(&publication, &pseudonyms, &payload, &err), 0);
        assert_null(strstr(buf_text(&payload), "subject"));
        assert_non_null(strstr(buf_text(&payload), "kapula.publication.withheld"));
        assert_non_null(strstr(buf_text(&payload), "\"data\":{}"));
        publication.is_withheld = false;
        publication.tenant = "a/b+#%\n";
        buf_cut(&topic, 0);
        assert_int_equal(envelope_topic(&publication, &topic), 0);
        assert_string_equal(buf_text(&topic), "kapula/v1/a%2Fb%2B%23%25%0A/absence/alerted");
        buf_fini(&payload);
        buf_init(&payload, 100);
        assert_int_equal(envelope_print(&publication, &pseudonyms, &payload, &err), ERR_LIMIT);
        publication.data = "[]";
        assert_int_equal(envelope_print(&publication, &pseudonyms, &payload, &err), ERR_INVALID);
        buf_fini(&payload);
        buf_fini(&topic);
}

/* With a space before its brace a row is no more what the triggers print, and goes through the tree. */
static void prints_the_same_with_and_without_a_tree(void **state)
{
        static const char *const data[] = {
            "{}",
            "{\"lesson\":1}",
            "{\"lesson\":-12,\"explained\":false,\"repeats\":true,\"until\":null}",
            "{\"until\":null}",
            "{\"pupil\":\"P1\",\"workplace\":null,\"day\":\"2026-11-23\",\"participant\":\"a/b %\"}",
            "{\"pupil\":\"\",\"a\":\"\",\"\":0}",
            "{\"pupil\":7,\"meeting\":\"M1\",\"recipient\":true}",
            "{\"a\":\"\\u00e4\\n\",\"pupil\":\"\\\"x\\\\\"}",
            "{\"a\":{\"pupil\":\"P1\"},\"b\":[1,null]}",
            "{\"a\":0,\"b\":1.5,\"c\":1e3}",
            "{\"a\":1,\"a\":2}",
            "{\"a\":01}",
            "{\"a\":-}",
            "{\"a\":1",
            "{\"a\":1}}",
            "{\"a\":1,}",
            "{,\"a\":1}",
            "{\"a\":nulle}",
            "{\"a\"}",
            "{",
            "",
        };
        struct publication publication = {
            .seq = 4, .time = 1790000000, .kind = "k", .event = "e", .about = "thing"};
        struct pseudonyms pseudonyms = {.secret = "secret"};
        char spaced[200], expected[2000];
        struct buf payload;
        int r;

        (void)state;
        buf_init(&payload, ENVELOPE_PAYLOAD_MAX);
        for (size_t i = 0; i < ARRAY_SIZE(data) * 4; i++) {
                publication.tenant = i % 2 ? "a/b" : "kj";
                publication.about = i % 4 < 2 ? "thing" : "case";
                publication.subject = i % 4 == 3 ? "\"" : "P1";
                snprintf(spaced, sizeof spaced, " %s", data[i / 4]);
                publication.data = spaced;
                buf_cut(&payload, 0);
                r = envelope_print(&publication, &pseudonyms, &payload, NULL);
                snprintf(expected, sizeof expected, "%s", buf_text(&payload));
                publication.data = data[i / 4];
                buf_cut(&payload, 0);
                assert_int_equal(envelope_print(&publication, &pseudonyms, &payload, NULL), r);
                assert_string_equal(buf_text(&payload), expected);
        }
        buf_fini(&payload);
}

static int collect(void *context, const struct publication *publication)
{
        char *text = context;
        size_t length = strlen(text);

        snprintf(text + length, 256 - length, "%s%lld ", publication->tenant, (long long)publication->seq);
        return strcmp(publication->tenant, "stop") == 0;
}

static int collect_head(void *context, const char *tenant, int64_t seq)
{
        return collect(context, &(struct publication){.tenant = tenant, .seq = seq});
}

static void numbers_rows_without_gaps(void **state)
{
        struct fixture *fixture = *state;
        struct adding bad = {{.run = add_rows}, "kj", "absence", NULL, 1}; /* data is NOT NULL */
        char text[256] = "";

        add(fixture, "kj", "absence", 2);
        assert_true(writer_run(fixture->writer, &bad.job, NULL) < 0);
        add(fixture, "ot", "absence", 1);
        add(fixture, "kj", "absence", 1);
        assert_int_equal(publication_next(fixture->reader, 1, 10, collect, text, NULL), 0);
        assert_string_equal(text, "kj2 ot1 kj3 ");
        text[0] = '\0';
        assert_int_equal(publication_next(fixture->reader, 0, 2, collect, text, NULL), 0);
        assert_string_equal(text, "kj1 kj2 ");
        text[0] = '\0';
        assert_int_equal(publication_replay(fixture->reader, "kj", 1, 10, collect, text, NULL), 0);
        assert_string_equal(text, "kj2 kj3 ");
        text[0] = '\0';
        assert_int_equal(publication_heads(fixture->reader, collect_head, text, NULL), 0);
        assert_string_equal(text, "kj3 ot1 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
            TEST(numbers_rows_without_gaps),
            cmocka_unit_test(prints_envelopes),
            cmocka_unit_test(prints_the_same_with_and_without_a_tree),
            TEST(carries_events_in_order),
            TEST(sends_again_after_a_loss),
            TEST(shows_what_the_broker_refuses),
            TEST(refuses_what_is_no_json_and_goes_on),
            TEST(finds_what_is_queued_again),
            TEST(waits_for_a_broker_and_sends_what_has_no_end),
            TEST(stops_while_nobody_answers),
            TEST(speaks_tls),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
