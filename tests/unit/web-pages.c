/* The sandbox, health, metrics, the clock and the plain pages, over sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/web-fixture.h"

#include <jansson.h>
#include <pthread.h>

#define JSON "Content-Type: application/json\r\n"
#define KEY(key) JSON "Idempotency-Key: " key "\r\n"

static int setup(void **state)
{
        static struct fixture fixture;

        fixture_prepare(&fixture);
        *state = &fixture;
        return 0;
}

static int setup_open(void **state)
{
        setup(state);
        fixture_open(*state);
        return 0;
}

static int teardown(void **state)
{
        fixture_close(*state);
        return 0;
}

/* ---- sandbox */

#define SMS                                                                                                 \
        "{\"channel\":\"sms\",\"recipient\":\"+358400000010\",\"text\":\"Aino <b>puuttuu</b> & \\\"ei\\\" " \
        "'tiedetä'\"}"

static void takes_a_message_once(void **state)
{
        struct fixture *fixture = *state;
        const int port = fixture->port;
        struct reply reply;
        json_t *root, *list;
        char first[64];

        assert_int_equal(http_ask(port, "POST /sandbox/messages", KEY("a"), SMS, &reply), 201);
        snprintf(first, sizeof first, "%s", reply.body);
        reply_fini(&reply);
        assert_int_equal(http_ask(port, "POST /sandbox/messages", KEY("a"), SMS, &reply), 200);
        assert_string_equal(reply.body, first);
        reply_fini(&reply);
        assert_int_equal(
            http_status(
                port, "POST /sandbox/messages", KEY("b"),
                "{\"channel\":\"email\",\"recipient\":\"g@example.org\",\"title\":\"T\\n\",\"text\":\"x\"}"),
            201);
        assert_int_equal(http_ask(port, "GET /sandbox/messages.json", "", NULL, &reply), 200);
        root = json_loads(reply.body, 0, NULL);
        reply_fini(&reply);
        list = json_object_get(root, "messages");
        assert_int_equal(json_array_size(list), 2);
        assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "recipient")),
                            "g@example.org");
        assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "title")), "T\n");
        assert_null(json_object_get(json_array_get(list, 1), "title"));
        assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "text")),
                            "Aino <b>puuttuu</b> & \"ei\" 'tiedetä'");
        json_decref(root);
}

static void refuses_bad_messages(void **state)
{
        static const struct {
                const char *headers, *body;
                int status;
        } table[] = {
            {JSON, SMS, 400},
            {JSON "Idempotency-Key: \r\n", SMS, 400},
            {"Idempotency-Key: k\r\n", SMS, 415},
            {KEY("k"), "", 400},
            {KEY("k"), "[]", 400},
            {KEY("k"), "{\"channel\":\"sms\",\"recipient\":\"+358400000010\"}", 400},
            {KEY("k"), "{\"channel\":\"sms\",\"recipient\":7,\"text\":\"x\"}", 400},
            {KEY("k"), "{\"channel\":\"sms\",\"recipient\":\"\xff\",\"text\":\"x\"}", 400},
            {KEY("k"), "{\"channel\":\"sms\",\"channel\":\"sms\",\"recipient\":\"1\",\"text\":\"x\"}", 400},
            {KEY("k"), "{\"channel\":\"sms\",\"recipient\":\"1\",\"text\":\"a\\u0000b\"}", 400},
        };
        struct fixture *fixture = *state;
        struct reply reply;

        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                assert_int_equal(
                    http_status(fixture->port, "POST /sandbox/messages", table[i].headers, table[i].body),
                    table[i].status);
        assert_int_equal(http_ask(fixture->port, "GET /sandbox/messages.json", "", NULL, &reply), 200);
        assert_string_equal(reply.body, "{\"messages\":[]}\n");
        reply_fini(&reply);
}

static void shows_messages_by_recipient(void **state)
{
        struct fixture *fixture = *state;
        const int port = fixture->port;
        const char *one, *two;
        struct reply reply;

        assert_int_equal(http_ask(port, "GET /sandbox", "Accept-Language: sv-FI, fi;q=0.8\r\n", NULL, &reply),
                         200);
        assert_non_null(strstr(reply.body, "<html lang=\"sv\">"));
        assert_non_null(strstr(reply.body, "Inga meddelanden"));
        reply_fini(&reply);
        http_status(port, "POST /sandbox/messages", KEY("1"), SMS);
        http_status(port, "POST /sandbox/messages", KEY("2"),
                    "{\"channel\":\"sms\",\"recipient\":\"+358400000011\",\"text\":\"x\"}");
        http_status(port, "POST /sandbox/messages", KEY("3"), SMS);
        assert_int_equal(http_ask(port, "GET /sandbox", "", NULL, &reply), 200);
        assert_non_null(strstr(http_header(&reply, "Content-Security-Policy"), "default-src 'none'"));
        assert_null(strstr(reply.body, "<b>"));
        assert_null(strstr(reply.body, "<script"));
        assert_non_null(
            strstr(reply.body, "Aino &lt;b&gt;puuttuu&lt;/b&gt; &amp; &quot;ei&quot; &#39;tiedetä&#39;"));
        one = strstr(reply.body, "<h2>+358400000010</h2>");
        two = strstr(reply.body, "<h2>+358400000011</h2>");
        assert_true(one && two && one < two); /* who got the newest message stands first */
        assert_null(strstr(one + 1, "<h2>+358400000010</h2>"));
        reply_fini(&reply);
}

static void has_no_sandbox_unless_asked(void **state)
{
        struct fixture *fixture = *state;
        struct reply reply;

        fixture->options.is_sandbox = false;
        fixture_open(fixture);
        assert_int_equal(http_status(fixture->port, "GET /sandbox", "", NULL), 404);
        assert_int_equal(http_status(fixture->port, "GET /sandbox/messages.json", "", NULL), 404);
        assert_int_equal(http_status(fixture->port, "POST /sandbox/messages", KEY("1"), SMS), 404);
        assert_int_equal(http_ask(fixture->port, "GET /", "", NULL, &reply), 200);
        assert_null(strstr(reply.body, "/sandbox"));
        reply_fini(&reply);
}

/* ---- health and metrics */

static enum web_health health(void *context, const char **ret_text)
{
        *ret_text = "told \"so\"";
        return *(enum web_health *)context;
}

static void tells_whether_it_is_ready(void **state)
{
        struct fixture *fixture = *state;
        enum web_health engine = WEB_HEALTH_OK, publisher = WEB_HEALTH_DEGRADED;
        const struct web_loop loops[] = {{"engine", health, &engine}, {"publisher", health, &publisher}};
        struct reply reply;
        json_t *root;

        fixture->options.loops = loops;
        fixture->options.loop_count = 2;
        fixture_open(fixture);
        assert_int_equal(http_ask(fixture->port, "GET /readyz", "", NULL, &reply), 200);
        root = json_loads(reply.body, 0, NULL);
        reply_fini(&reply);
        assert_true(json_is_true(json_object_get(root, "ready")));
        root = (json_decref(root), NULL);
        engine = WEB_HEALTH_FAILED;
        assert_int_equal(http_ask(fixture->port, "GET /readyz", "", NULL, &reply), 503);
        assert_string_equal(reply.body,
                            "{\"ready\":false,\"database\":\"ok\",\"writer\":\"ok\",\"loops\":{"
                            "\"engine\":{\"health\":\"failed\",\"state\":\"told \\\"so\\\"\"},"
                            "\"publisher\":{\"health\":\"degraded\",\"state\":\"told \\\"so\\\"\"}}}\n");
        reply_fini(&reply);
        assert_int_equal(http_status(fixture->port, "GET /healthz", "", NULL), 200);
}

static void counts_by_state(void **state)
{
        struct fixture *fixture = *state;
        struct reply reply;

        assert_int_equal(http_ask(fixture->port, "GET /metrics", "", NULL, &reply), 200);
        assert_string_equal(http_header(&reply, "Content-Type"),
                            "application/openmetrics-text; version=1.0.0; charset=utf-8");
        assert_non_null(strstr(reply.body, "# TYPE kapula_messages gauge\n"));
        assert_non_null(strstr(reply.body, "\nkapula_messages{state=\"delivered\"} 0\n"));
        assert_non_null(strstr(reply.body, "\nkapula_publications{state=\"queued\"} 0\n"));
        assert_non_null(strstr(reply.body, "\nkapula_matches{state=\"fired\"} 0\n"));
        assert_non_null(strstr(reply.body, "\nkapula_events 0\n"));
        assert_non_null(strstr(reply.body, "\nkapula_build_info{version=\"1.2.3\"} 1\n"));
        assert_string_equal(reply.body + reply.length - 6, "# EOF\n");
        reply_fini(&reply);
}

/* ---- the clock */

struct conductor {
        struct clock *clock;
        pthread_t thread;
        bool is_busy, fails;
        int64_t until_utc;
        void (*done)(void *context, int result, int64_t now_utc);
        void *done_context;
};

static void *conduct(void *context)
{
        struct conductor *conductor = context;

        if (!conductor->fails)
                clock_set_utc(conductor->clock, conductor->until_utc);
        conductor->done(conductor->done_context, conductor->fails ? ERR_IO : 0,
                        clock_now_utc(conductor->clock));
        return NULL;
}

static int run_until(void *context, int64_t until_utc,
                     void (*done)(void *context, int result, int64_t now_utc), void *done_context)
{
        struct conductor *conductor = context;

        if (conductor->is_busy)
                return ERR_BUSY;
        conductor->until_utc = until_utc;
        conductor->done = done;
        conductor->done_context = done_context;
        return pthread_create(&conductor->thread, NULL, conduct, conductor) ? ERR_IO : 0;
}

static void moves_a_virtual_clock(void **state)
{
        struct fixture *fixture = *state;
        struct conductor conductor = {.clock = &fixture->clock};
        char authorization[256];
        struct reply reply;

        clock_init_virtual(&fixture->clock, 1795420800); /* 2026-11-23T10:00:00+02:00 */
        fixture->options.run_until = run_until;
        fixture->options.run_until_context = &conductor;
        fixture_open(fixture);
        snprintf(authorization, sizeof authorization, "Authorization: Bearer %s\r\n", fixture->other_token);
        assert_int_equal(http_ask(fixture->port, "GET /v1/clock", "", NULL, &reply), 200);
        assert_string_equal(reply.body, "{\"now\":\"2026-11-23T10:00:00+02:00\"}\n");
        reply_fini(&reply);
        assert_int_equal(http_status(fixture->port, "POST /v1/clock", "", "{}"), 401);
        assert_int_equal(http_status(fixture->port, "POST /v1/clock", fixture->authorization, "{}"), 403);
        assert_int_equal(http_status(fixture->port, "POST /v1/clock", authorization, "{}"), 400);
        assert_int_equal(
            http_status(fixture->port, "POST /v1/clock", authorization, "{\"until\":\"tomorrow\"}"), 400);
        assert_int_equal(http_status(fixture->port, "POST /v1/clock", authorization, "{\"until\":"), 400);
        assert_int_equal(http_ask(fixture->port, "POST /v1/clock", authorization,
                                  "{\"until\":\"2026-11-23T16:00:00+02:00\"}", &reply),
                         200);
        assert_string_equal(reply.body, "{\"now\":\"2026-11-23T16:00:00+02:00\"}\n");
        reply_fini(&reply);
        pthread_join(conductor.thread, NULL);
        conductor.fails = true;
        assert_int_equal(
            http_status(fixture->port, "POST /v1/clock", authorization, "{\"until\":\"2026-11-24T08:00Z\"}"),
            500);
        pthread_join(conductor.thread, NULL);
        conductor.is_busy = true;
        assert_int_equal(
            http_status(fixture->port, "POST /v1/clock", authorization, "{\"until\":\"2026-11-24T08:00Z\"}"),
            409);
}

static void has_no_clock_of_its_own_on_a_real_one(void **state)
{
        struct fixture *fixture = *state;

        assert_int_equal(http_status(fixture->port, "GET /v1/clock", "", NULL), 404);
        assert_int_equal(http_status(fixture->port, "POST /v1/clock", "", "{}"), 404);
}

/* ---- pages */

static void shows_pages_to_people(void **state)
{
        struct fixture *fixture = *state;
        struct reply reply;

        assert_int_equal(http_ask(fixture->port, "GET /", "", NULL, &reply), 200);
        assert_non_null(strstr(reply.body, "<section lang=\"sv\">"));
        assert_non_null(strstr(reply.body, "href=\"/sandbox\""));
        reply_fini(&reply);
        assert_int_equal(http_ask(fixture->port, "GET /style.css", "", NULL, &reply), 200);
        assert_string_equal(http_header(&reply, "Content-Type"), "text/css; charset=utf-8");
        reply_fini(&reply);
        assert_int_equal(
            http_ask(fixture->port, "GET /nix", "Accept: text/html\r\nAccept-Language: en\r\n", NULL, &reply),
            404);
        assert_non_null(strstr(reply.body, "There is no such page"));
        reply_fini(&reply);
        assert_int_equal(http_ask(fixture->port, "GET /nix", "", NULL, &reply), 404);
        assert_non_null(strstr(reply.body, "{\"error\":"));
        reply_fini(&reply);
        assert_int_equal(http_status(fixture->port, "POST /v1/receipts/nobody", "", "{}"), 404);
        assert_int_equal(http_status(fixture->port, "POST /v1/replies/nobody", "", "{}"), 404);
        assert_int_equal(http_status(fixture->port, "POST /v1/replies/", "", "{}"), 404);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(takes_a_message_once, setup_open, teardown),
            cmocka_unit_test_setup_teardown(refuses_bad_messages, setup_open, teardown),
            cmocka_unit_test_setup_teardown(shows_messages_by_recipient, setup_open, teardown),
            cmocka_unit_test_setup_teardown(has_no_sandbox_unless_asked, setup, teardown),
            cmocka_unit_test_setup_teardown(tells_whether_it_is_ready, setup, teardown),
            cmocka_unit_test_setup_teardown(counts_by_state, setup_open, teardown),
            cmocka_unit_test_setup_teardown(moves_a_virtual_clock, setup, teardown),
            cmocka_unit_test_setup_teardown(has_no_clock_of_its_own_on_a_real_one, setup_open, teardown),
            cmocka_unit_test_setup_teardown(shows_pages_to_people, setup_open, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
