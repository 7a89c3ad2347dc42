/* deliver/courier against a provider that misbehaves: what each misbehaviour makes of a message, and that
 * nothing is sent twice that may have arrived once. */
#include "deliver/courier.h"
#include "lib/provider_peer.h"
#include "store/db.h"
#include "store/provider_state.h"
#include "store/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sqlite3.h>
#include <cmocka.h>

#include "lib/fresh.h"

#define NOW 1800000000
#define TIMEOUT_MS 300

/* Two providers of SMS: the first with the behaviour under test, the second a fall-back. */
struct fixture {
        struct db *db;
        struct clock clock;
        struct peer *peers[2];
        struct provider *providers[2];
        struct courier *courier;
};

static const char *no_setting(void *context, const char *name)
{
        (void)context;
        (void)name;
        return NULL;
}

static struct provider *make_provider(const char *name, int port, bool idempotent, const char *extra)
{
        struct provider *provider = NULL;
        struct err err = {0};
        char yaml[1024];
        int length =
            snprintf(yaml, sizeof yaml,
                     "provider: %s\nchannels: [sms]\nrequest:\n  url: http://127.0.0.1:%d/send\n"
                     "  format: json\n  body: '{\"to\":\"{{recipient}}\",\"text\":\"{{text}}\"}'\n%s%s"
                     "answers:\n  - {status: 201, outcome: accepted, id: /id}\n"
                     "  - {status: 400, outcome: rejected, detail: /error}\n",
                     name, port, idempotent ? "idempotency: Idempotency-Key\n" : "", extra);

        if (provider_parse("p.yaml", yaml, (size_t)length, no_setting, NULL, &provider, &err) < 0)
                fail_msg("%s", err.text);
        return provider;
}

static void open_courier(struct fixture *fixture, int provider_count)
{
        struct courier_config config = {.db = fixture->db,
                                        .clock = &fixture->clock,
                                        .providers = fixture->providers,
                                        .provider_count = provider_count,
                                        .timeout_ms = TIMEOUT_MS,
                                        .drain_ms = 50};
        struct err err = {0};

        if (courier_new(&config, &fixture->courier, &err) < 0)
                fail_msg("%s", err.text);
}

static void execute(struct db *db, const char *sql)
{
        char *error = NULL;

        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, &error) != SQLITE_OK)
                fail_msg("%s", error);
}

static int setup(void **state)
{
        struct fixture *fixture = calloc(1, sizeof *fixture);

        clock_init_virtual(&fixture->clock, NOW);
        fixture->db = fresh_open();
        execute(fixture->db, "INSERT INTO person(id, given, family) VALUES ('G1', 'Aino', 'Esimerkki');"
                             "INSERT INTO meta(name, value) VALUES ('uid', '0123456789abcdef')");
        for (int i = 0; i < 2; i++)
                fixture->peers[i] = peer_start();
        *state = fixture;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *fixture = *state;

        courier_free(fixture->courier);
        for (int i = 0; i < 2; i++) {
                provider_free(fixture->providers[i]);
                peer_stop(fixture->peers[i]);
        }
        db_close(fixture->db);
        free(fixture);
        return 0;
}

static void use(struct fixture *fixture, bool idempotent)
{
        fixture->providers[0] = make_provider("one", peer_port(fixture->peers[0]), idempotent, "");
        fixture->providers[1] = make_provider("two", peer_port(fixture->peers[1]), true, "");
}

static void add(struct fixture *fixture, int64_t id, int urgent, int64_t deadline)
{
        struct query q;

        query_start(
            &q, fixture->db,
            "INSERT INTO message(id, person, channel, address, language, text, urgent, state, created,"
            "                    not_before, deadline, changed)"
            " VALUES (?, 'G1', 'sms', '+358400000010', 'fi', 'Hei \"maailma\"', ?, 'queued', 0, 0, ?, 0)",
            NULL);
        query_int(&q, id);
        query_int(&q, urgent);
        query_int_or_null(&q, deadline, 0);
        assert_int_equal(query_run(&q), 0);
}

/* Steps until nothing is left to do at this time. */
static void settle(struct fixture *fixture)
{
        int64_t until = clock_monotonic_ms() + 10000;
        struct err err = {0};

        courier_wake(fixture->courier);
        do {
                if (courier_step(fixture->courier, 20, &err) < 0)
                        fail_msg("%s", err.text);
                assert_true(clock_monotonic_ms() < until);
        } while (!courier_is_idle(fixture->courier));
}

static void expect(struct fixture *fixture, int64_t id, const char *row)
{
        char text[256] = "no row";
        struct query q;

        query_start(&q, fixture->db,
                    "SELECT state || ' ' || ifnull(reason, '-') || ' ' || ifnull(provider, '-') || ' ' ||"
                    "       ifnull(provider_id, '-') || ' ' || attempts || ' ' ||"
                    "       (SELECT group_concat(ifnull(outcome, 'open')) FROM attempt WHERE message = m.id)"
                    "  FROM message m WHERE id = ?",
                    NULL);
        query_int(&q, id);
        if (query_row(&q) > 0 && !column_is_null(&q, 0))
                snprintf(text, sizeof text, "%s", column_text(&q, 0));
        query_end(&q);
        assert_string_equal(text, row);
}

static int64_t number(struct fixture *fixture, const char *sql)
{
        sqlite3_stmt *statement;
        int64_t value = -1;

        assert_int_equal(sqlite3_prepare_v2(db_handle(fixture->db), sql, -1, &statement, NULL), SQLITE_OK);
        if (sqlite3_step(statement) == SQLITE_ROW)
                value = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return value;
}

static void sends_messages(void **state)
{
        struct fixture *fixture = *state;

        use(fixture, true);
        open_courier(fixture, 2);
        for (int id = 1; id <= 300; id++)
                add(fixture, id, id % 7 == 0, 0);
        settle(fixture);
        assert_int_equal(number(fixture, "SELECT count(*) FROM message WHERE state = 'accepted'"
                                         " AND provider = 'one' AND provider_id LIKE 'p-%'"),
                         300);
        assert_int_equal(number(fixture, "SELECT count(DISTINCT provider_id) FROM message"), 300);
        assert_int_equal(number(fixture, "SELECT count(*) FROM attempt WHERE outcome = 'accepted'"
                                         " AND status = 201"),
                         300);
        assert_int_equal(peer_requests(fixture->peers[0]), 300);
        assert_int_equal(peer_requests(fixture->peers[1]), 0);
        assert_in_range(peer_connections(fixture->peers[0]), 1, PROVIDER_CONNECTION_MAX);
        for (int id = 1; id <= 300; id++) {
                char key[64];

                snprintf(key, sizeof key, "kapula-0123456789abcdef-%d", id);
                assert_int_equal(peer_requests_with(fixture->peers[0], key), 1);
        }
        assert_non_null(strstr(peer_last(fixture->peers[0]), "POST /send HTTP/1.1"));
        assert_non_null(strstr(peer_last(fixture->peers[0]),
                               "{\"to\":\"+358400000010\",\"text\":\"Hei \\\"maailma\\\"\"}"));
        assert_null(strcasestr(peer_last(fixture->peers[0]), "expect:"));
        assert_int_equal(courier_counts(fixture->courier).accepted, 300);
}

static void each_misbehaviour(void **state)
{
        static const struct {
                enum peer_behaviour behaviour;
                bool idempotent, urgent;
                const char *row;
        } table[] = {
            {PEER_REJECT, true, false, "rejected rejected one - 1 rejected"},
            {PEER_BUSY, false, false, "retry provider-busy - - 1 retry"},
            {PEER_ERROR, true, false, "retry asking-again one - 1 unknown"},
            {PEER_ERROR, false, false, "unknown may-be-lost one - 1 unknown"},
            {PEER_ERROR, false, true, "retry may-double one - 1 unknown"},
            {PEER_GARBAGE, true, false, "retry asking-again one - 1 unknown"},
            {PEER_GARBAGE, false, false, "unknown may-be-lost one - 1 unknown"},
            {PEER_HUGE, true, false, "retry asking-again one - 1 unknown"},
            {PEER_CLOSE_BEFORE, false, false, "unknown may-be-lost one - 1 unknown"},
            {PEER_CLOSE_AFTER, true, false, "retry asking-again one - 1 unknown"},
            {PEER_CLOSE_AFTER, false, false, "unknown may-be-lost one - 1 unknown"},
            {PEER_SILENT, true, false, "retry asking-again one - 1 unknown"},
            {PEER_SILENT, false, false, "unknown may-be-lost one - 1 unknown"},
            {PEER_SILENT, false, true, "retry may-double one - 1 unknown"},
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                int before = peer_requests(fixture->peers[0]);

                fixture->providers[0] =
                    make_provider("one", peer_port(fixture->peers[0]), table[i].idempotent, "");
                open_courier(fixture, 1);
                peer_behave(fixture->peers[0], table[i].behaviour);
                add(fixture, (int64_t)i + 1, table[i].urgent, 0);
                settle(fixture);
                expect(fixture, (int64_t)i + 1, table[i].row);
                if (table[i].behaviour != PEER_CLOSE_BEFORE)
                        assert_int_equal(peer_requests(fixture->peers[0]) - before, 1);
                execute(fixture->db, "UPDATE message SET state = 'cancelled' WHERE state = 'retry'");
                fixture->courier = courier_free(fixture->courier);
                fixture->providers[0] = provider_free(fixture->providers[0]);
        }
        assert_int_equal(number(fixture, "SELECT not_before FROM message WHERE id = 2"), NOW + 7);
        assert_int_equal(
            number(fixture, "SELECT count(*) FROM attempt WHERE detail = 'HTTP 400, bad-number'"), 1);
}

static void asks_again_with_the_same_key(void **state)
{
        struct fixture *fixture = *state;

        use(fixture, true);
        open_courier(fixture, 2);
        peer_behave(fixture->peers[0], PEER_CLOSE_AFTER);
        add(fixture, 1, 0, 0);
        settle(fixture);
        peer_behave(fixture->peers[0], PEER_ACCEPT);
        settle(fixture);
        expect(fixture, 1, "retry asking-again one - 1 unknown"); /* not before its time */
        clock_set_utc(&fixture->clock, NOW + 10);
        settle(fixture);
        expect(fixture, 1, "accepted no-receipts one p-2 2 unknown,accepted");
        assert_int_equal(peer_requests_with(fixture->peers[0], "kapula-0123456789abcdef-1"), 2);
        assert_int_equal(peer_requests(fixture->peers[1]), 0);
}

static void refused_connections_may_be_tried_elsewhere(void **state)
{
        struct fixture *fixture = *state;

        use(fixture, false);
        fixture->peers[0] = peer_stop(fixture->peers[0]); /* nobody listens: nothing can have left */
        open_courier(fixture, 2);
        for (int id = 1; id <= 20; id++)
                add(fixture, id, 0, 0);
        settle(fixture);
        assert_int_equal(number(fixture, "SELECT count(*) FROM attempt WHERE outcome = 'unknown'"), 0);
        assert_int_equal(number(fixture, "SELECT count(*) FROM message WHERE state = 'accepted'") +
                             number(fixture, "SELECT count(*) FROM message WHERE state = 'retry'"
                                             " AND provider IS NULL"),
                         20);
        clock_set_utc(&fixture->clock, NOW + 10);
        settle(fixture);
        assert_int_equal(number(fixture, "SELECT count(*) FROM message WHERE state = 'accepted'"
                                         " AND provider = 'two'"),
                         20);
        assert_int_equal(peer_requests(fixture->peers[1]), 20);
}

static void unknown_is_never_moved(void **state)
{
        struct fixture *fixture = *state;

        use(fixture, true);
        open_courier(fixture, 2);
        peer_behave(fixture->peers[0], PEER_CLOSE_AFTER);
        for (int id = 1; id <= 20; id++)
                add(fixture, id, 1, NOW + 60);
        settle(fixture);
        /* The breaker has opened; what had been sent stays with the first provider for good. */
        clock_set_utc(&fixture->clock, NOW + 10);
        settle(fixture);
        clock_set_utc(&fixture->clock, NOW + 70);
        settle(fixture);
        assert_int_equal(number(fixture,
                                "SELECT count(*) FROM message m WHERE EXISTS (SELECT 1 FROM attempt a"
                                " WHERE a.message = m.id AND a.provider = 'one' AND outcome = 'unknown')"
                                " AND EXISTS (SELECT 1 FROM attempt a"
                                " WHERE a.message = m.id AND a.provider = 'two')"),
                         0);
        assert_int_equal(number(fixture, "SELECT count(*) FROM message WHERE state = 'expired'"), 0);
        assert_int_equal(number(fixture, "SELECT count(*) FROM message WHERE state = 'unknown'"
                                         " AND reason = 'deadline' AND provider = 'one'"),
                         peer_requests(fixture->peers[0]));
        assert_int_equal(number(fixture, "SELECT count(*) FROM message WHERE state = 'accepted'"
                                         " AND provider = 'two'"),
                         20 - peer_requests(fixture->peers[0]));
}

/* Its breaker is on disk when it opens and when the next courier closes it, and no message alone is. */
static void notes_how_providers_do(void **state)
{
        struct fixture *fixture = *state;
        struct provider_state one;

        use(fixture, true);
        open_courier(fixture, 2);
        add(fixture, 1, 1, 0);
        settle(fixture);
        assert_int_equal(number(fixture, "SELECT count(*) FROM provider_state"), 0);
        peer_behave(fixture->peers[0], PEER_ERROR);
        for (int id = 2; id <= 20; id++)
                add(fixture, id, 1, NOW + 600);
        clock_set_utc(&fixture->clock, NOW + 5);
        settle(fixture);
        assert_int_equal(provider_state_get(fixture->db, "one", &one, NULL), 0);
        assert_true(one.is_open);
        assert_int_equal(one.since, NOW + 5);
        assert_in_range(one.probe_at, NOW + 5 + 25, NOW + 5 + 31);
        assert_int_equal(one.accepted, NOW);
        assert_int_equal(one.failed, NOW + 5);
        assert_int_equal(one.status, 500);
        assert_int_equal(number(fixture, "SELECT count(*) FROM provider_state"), 1);
        courier_free(fixture->courier);
        clock_set_utc(&fixture->clock, NOW + 9);
        open_courier(fixture, 2);
        assert_int_equal(provider_state_get(fixture->db, "one", &one, NULL), 0);
        assert_false(one.is_open);
        assert_int_equal(one.since, NOW + 9);
}

/* curl sends a request again by itself when a kept connection dies; it must not for us. */
static void curl_does_not_double(void **state)
{
        struct fixture *fixture = *state;

        use(fixture, false);
        open_courier(fixture, 1);
        add(fixture, 1, 0, 0);
        settle(fixture);
        expect(fixture, 1, "accepted no-receipts one p-1 1 accepted");
        peer_behave(fixture->peers[0], PEER_CLOSE_AFTER); /* on the connection that is kept */
        add(fixture, 2, 0, 0);
        settle(fixture);
        expect(fixture, 2, "unknown may-be-lost one - 1 unknown");
        assert_int_equal(peer_requests(fixture->peers[0]), 2);
}

static void keeps_the_deadline(void **state)
{
        struct fixture *fixture = *state;

        use(fixture, true);
        open_courier(fixture, 1);
        peer_behave(fixture->peers[0], PEER_BUSY);
        add(fixture, 1, 1, NOW + 5); /* Retry-After is past it */
        add(fixture, 2, 1, NOW + 60);
        add(fixture, 3, 1, NOW); /* past already */
        settle(fixture);
        expect(fixture, 1, "expired deadline one - 1 retry");
        expect(fixture, 2, "retry provider-busy - - 1 retry");
        assert_int_equal(
            number(fixture, "SELECT state = 'expired' AND attempts = 0 FROM message WHERE id = 3"), 1);
        clock_set_utc(&fixture->clock, NOW + 100);
        settle(fixture);
        expect(fixture, 2, "expired deadline - - 1 retry");
        assert_int_equal(peer_requests(fixture->peers[0]), 2);
}

static void recovers_after_a_crash(void **state)
{
        struct fixture *fixture = *state;

        use(fixture, false);
        for (int id = 1; id <= 3; id++)
                add(fixture, id, id == 2, 0);
        execute(fixture->db,
                "UPDATE message SET state = 'leased', attempts = 1 WHERE id < 3;"
                "INSERT INTO attempt(message, number, provider, started)"
                " SELECT id, 1, 'one', 1 FROM message WHERE id < 3;"
                "UPDATE message SET state = 'retry', provider = 'gone', attempts = 1 WHERE id = 3;"
                "INSERT INTO attempt(message, number, provider, started, ended, outcome)"
                " VALUES (3, 1, 'gone', 1, 1, 'unknown')");
        open_courier(fixture, 1);
        settle(fixture);
        expect(fixture, 1, "unknown may-be-lost one - 1 unknown");
        expect(fixture, 2, "retry may-double one - 1 unknown");
        expect(fixture, 3, "unknown may-be-lost gone - 1 unknown");
        assert_int_equal(peer_requests(fixture->peers[0]), 0);
        clock_set_utc(&fixture->clock, NOW + 10);
        settle(fixture);
        expect(fixture, 2, "accepted no-receipts one p-1 2 unknown,accepted");
}

static void stops_in_good_order(void **state)
{
        struct fixture *fixture = *state;
        struct err err = {0};

        fixture->providers[0] = make_provider("one", peer_port(fixture->peers[0]), false, "connections: 2\n");
        open_courier(fixture, 1);
        peer_behave(fixture->peers[0], PEER_SILENT);
        for (int id = 1; id <= 4; id++)
                add(fixture, id, 0, 0);
        for (int64_t until = clock_monotonic_ms() + 5000;
             peer_requests(fixture->peers[0]) < 2 && clock_monotonic_ms() < until;)
                assert_int_equal(courier_step(fixture->courier, 5, &err), 0);
        fixture->courier = courier_free(fixture->courier); /* drains for 50 ms, in vain */
        assert_int_equal(number(fixture, "SELECT count(*) FROM message WHERE state = 'unknown'"), 2);
        assert_int_equal(
            number(fixture, "SELECT count(*) FROM message WHERE state = 'queued' AND attempts = 0"), 2);
        assert_int_equal(number(fixture, "SELECT count(*) FROM attempt WHERE ended IS NULL"), 0);
}

static void keeps_to_the_rate(void **state)
{
        struct fixture *fixture = *state;

        fixture->providers[0] =
            make_provider("one", peer_port(fixture->peers[0]), true, "rate: {per_second: 1, burst: 3}\n");
        open_courier(fixture, 1);
        for (int id = 1; id <= 10; id++)
                add(fixture, id, 0, 0);
        settle(fixture);
        assert_in_range(peer_requests(fixture->peers[0]), 3, 4);
        assert_int_equal(number(fixture, "SELECT count(*) FROM message WHERE state = 'queued'") +
                             peer_requests(fixture->peers[0]),
                         10);
}

/* The same with the writer's thread and the courier's own. */
static void works_in_threads(void **state)
{
        char folder[] = "/tmp/kapula-courier-XXXXXX", path[64], command[80];
        struct fixture *fixture = *state;
        struct courier_config config;
        struct writer *writer = NULL;
        struct courier *courier = NULL;
        struct db *db = NULL;
        struct clock clock;
        struct err err = {0};

        use(fixture, true);
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/k.db", folder);
        fresh_file(path);
        clock_init_real(&clock);
        assert_int_equal(writer_open(path, &clock, &writer, &err), 0);
        config = (struct courier_config){.path = path,
                                         .writer = writer,
                                         .clock = &clock,
                                         .providers = fixture->providers,
                                         .provider_count = 2};
        if (courier_open(&config, &courier, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(db_open(path, DB_WRITER, &db, &err), 0);
        execute(db,
                "INSERT INTO person(id, given, family) VALUES ('G1', 'Aino', 'Esimerkki');"
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
                "INSERT INTO message(id, person, channel, address, language, text, urgent, state, created,"
                "                    not_before, changed)"
                " SELECT i, 'G1', 'sms', '+358400000010', 'fi', 'Hei', 0, 'queued', 0, 0, 0 FROM n");
        courier_wake(courier);
        for (int64_t until = clock_monotonic_ms() + 30000;
             courier_counts(courier).accepted < 2000 && clock_monotonic_ms() < until;)
                usleep(1000);
        assert_null(courier_close(courier));
        assert_null(writer_close(writer));
        fixture->db = (db_close(fixture->db), db);
        assert_int_equal(
            number(fixture, "SELECT count(*) FROM message WHERE state = 'accepted' AND attempts = 1"), 2000);
        assert_int_equal(peer_requests(fixture->peers[0]), 2000);
        snprintf(command, sizeof command, "rm -r %s", folder);
        assert_int_equal(system(command), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
            CASE(sends_messages),
            CASE(each_misbehaviour),
            CASE(asks_again_with_the_same_key),
            CASE(refused_connections_may_be_tried_elsewhere),
            CASE(unknown_is_never_moved),
            CASE(notes_how_providers_do),
            CASE(curl_does_not_double),
            CASE(keeps_the_deadline),
            CASE(recovers_after_a_crash),
            CASE(stops_in_good_order),
            CASE(keeps_to_the_rate),
            CASE(works_in_threads),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
