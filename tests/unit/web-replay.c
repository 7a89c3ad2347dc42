/* GET /v1/events over a socket: what was published after a number, and for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/web-fixture.h"
#include "store/publication.h"

#include <jansson.h>
#include <sqlite3.h>

static struct fixture fixture;
static struct db *db;
static char reader[256], bound[256]; /* header lines: a token for all, one for municipality a */

static void make_reader(const char *organisation, char *ret_line)
{
        char text[TOKEN_TEXT_MAX];
        struct token token;

        assert_int_equal(token_create(db, 1, "r", "events:read", organisation, NULL, &token, text, NULL), 0);
        snprintf(ret_line, 256, "Authorization: Bearer %s\r\n", text);
}

static int add_one(const char *tenant, const char *subject, int64_t time)
{
        return publication_add(db,
                               &(struct publication_new){.tenant = tenant,
                                                         .kind = "absence",
                                                         .event = "alerted",
                                                         .about = "thing",
                                                         .subject = subject,
                                                         .time = time,
                                                         .data = "{\"n\":1}"},
                               NULL);
}

static int setup(void **state)
{
        int r;

        (void)state;
        fixture_prepare(&fixture);
        assert_int_equal(db_open(fixture.path, DB_WRITER, &db, NULL), 0);
        r = sqlite3_exec(
            db_handle(db),
            "INSERT INTO organisation(id, kind, name) VALUES ('n', 'network', 'N');"
            "INSERT INTO organisation(id, kind, parent, name) VALUES ('a', 'municipality', 'n', 'A'),"
            " ('b', 'municipality', 'n', 'B')",
            NULL, NULL, NULL);
        assert_int_equal(r, SQLITE_OK);
        for (int i = 0; i < 5; i++)
                assert_int_equal(add_one("a", "P1", 1795420800 + i), 0);
        make_reader(NULL, reader);
        make_reader("a", bound);
        fixture_open(&fixture);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        db = db_close(db);
        fixture_close(&fixture);
        return 0;
}

static json_t *ask(const char *query, const char *headers)
{
        struct reply reply;
        char line[128];
        json_t *root;

        snprintf(line, sizeof line, "GET /v1/events%s", query);
        assert_int_equal(http_ask(fixture.port, line, headers, NULL, &reply), 200);
        assert_string_equal(http_header(&reply, "Content-Type"), "application/cloudevents-batch+json");
        root = json_loads(reply.body, 0, NULL);
        assert_true(json_is_array(root));
        reply_fini(&reply);
        return root;
}

static void check(const char *query, const char *headers, size_t count, json_int_t first)
{
        json_t *root = ask(query, headers);

        assert_int_equal(json_array_size(root), count);
        if (count) {
                assert_int_equal(json_integer_value(json_object_get(json_array_get(root, 0), "sequence")),
                                 first);
                assert_string_equal(json_string_value(json_object_get(json_array_get(root, 0), "type")),
                                    "kapula.absence.alerted");
        }
        json_decref(root);
}

static void replays_a_gap(void **state)
{
        struct reply reply;
        char headers[512];

        (void)state;
        check("?after=2", reader, 3, 3);
        check("?after=2&limit=1", reader, 1, 3);
        check("?after=5", reader, 0, 0);
        check("", reader, 5, 1);
        check("?after=0", bound, 5, 1);
        snprintf(headers, sizeof headers, "%sAccept: application/x-ndjson\r\n", reader);
        assert_int_equal(http_ask(fixture.port, "GET /v1/events?after=3", headers, NULL, &reply), 200);
        assert_string_equal(http_header(&reply, "Content-Type"), "application/x-ndjson");
        assert_int_equal(reply.body[reply.length - 1], '\n');
        assert_non_null(strstr(reply.body, "}\n{"));
        reply_fini(&reply);
}

static void keeps_tenants_apart(void **state)
{
        (void)state;
        assert_int_equal(http_status(fixture.port, "GET /v1/events?tenant=b", bound, NULL), 403);
        assert_int_equal(http_status(fixture.port, "GET /v1/events?tenant=n", bound, NULL), 403);
        check("?tenant=b", reader, 0, 0);
        assert_int_equal(add_one("b", "P2", 1795420800), 0);
        assert_int_equal(http_status(fixture.port, "GET /v1/events?after=0", reader, NULL), 400);
        check("?tenant=b&after=0", reader, 1, 1);
        check("?after=0", bound, 5, 1);
}

static void refuses_bad_questions(void **state)
{
        static const char *const bad[] = {
            "?after=",   "?after=-1",   "?after=1x", "?after=99999999999999999999",
            "?after=+1", "?limit=1001", "?limit=x"};
        char line[128], headers[512];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                snprintf(line, sizeof line, "GET /v1/events%s", bad[i]);
                assert_int_equal(http_status(fixture.port, line, reader, NULL), 400);
        }
        assert_int_equal(http_status(fixture.port, "GET /v1/events?after=0", "", NULL), 401);
        assert_int_equal(http_status(fixture.port, "GET /v1/events?after=0", fixture.authorization, NULL),
                         403);
        snprintf(headers, sizeof headers, "%sAccept: text/html\r\n", reader);
        assert_int_equal(http_status(fixture.port, "GET /v1/events?after=0", headers, NULL), 406);
}

/* ---- waiting */

#define WAITING_MAX 40

static int64_t start_waiting(int *ret_fd)
{
        char text[512];

        *ret_fd = http_connect(fixture.port);
        snprintf(text, sizeof text, "GET /v1/events?tenant=a&after=5&wait=60 HTTP/1.1\r\nHost: x\r\n%s\r\n",
                 reader);
        http_send_bytes(*ret_fd, text, strlen(text));
        return clock_monotonic_ms();
}

static void read_events(int fd, size_t count)
{
        struct reply reply;
        json_t *root;

        assert_true(http_read(fd, false, &reply));
        assert_int_equal(reply.status, 200);
        root = json_loads(reply.body, 0, NULL);
        assert_int_equal(json_array_size(root), count);
        json_decref(root);
        reply_fini(&reply);
        close(fd);
}

static int add_job(struct writer_job *job, struct db *writer_db, int64_t now_utc, struct err *err)
{
        (void)job;
        return publication_add(writer_db,
                               &(struct publication_new){.tenant = "a",
                                                         .kind = "absence",
                                                         .event = "alerted",
                                                         .about = "thing",
                                                         .subject = "P1",
                                                         .time = now_utc,
                                                         .data = "{}"},
                               err);
}

/* A request that was answered behind the ones that wait has seen them begin to wait. */
static void wait_until_they_wait(void)
{
        check("?tenant=a&after=4", reader, 1, 5);
}

static void wakes_all_who_wait(void **state)
{
        struct writer_job job = {.run = add_job};
        int fds[WAITING_MAX], gone;
        int64_t start_ms = 0;

        (void)state;
        for (int i = 0; i < WAITING_MAX; i++)
                start_ms = start_waiting(&fds[i]);
        /* A client that goes away is nobody's harm. */
        start_waiting(&gone);
        wait_until_they_wait();
        close(gone);
        assert_int_equal(writer_run(fixture.writer, &job, NULL), 0);
        for (int i = 0; i < WAITING_MAX; i++)
                read_events(fds[i], 1);
        /* Not when the minute was over. */
        assert_true(clock_monotonic_ms() - start_ms < 20000);
        check("?tenant=a&after=5", reader, 1, 6);
}

static void wakes_for_what_other_programs_write(void **state)
{
        int64_t start_ms;
        int fd;

        (void)state;
        start_ms = start_waiting(&fd);
        wait_until_they_wait();
        assert_int_equal(add_one("a", "P1", 1795420900), 0);
        read_events(fd, 1);
        assert_true(clock_monotonic_ms() - start_ms < 20000);
}

static void answers_who_waits_when_it_stops(void **state)
{
        int64_t start_ms;
        int fds[WAITING_MAX];

        (void)state;
        for (int i = 0; i < WAITING_MAX; i++)
                start_waiting(&fds[i]);
        wait_until_they_wait();
        start_ms = clock_monotonic_ms();
        fixture.web = web_close(fixture.web);
        assert_true(clock_monotonic_ms() - start_ms < 20000);
        for (int i = 0; i < WAITING_MAX; i++)
                read_events(fds[i], 0);
}

static void is_gone_when_it_was_purged(void **state)
{
        struct reply reply;

        (void)state;
        assert_int_equal(
            sqlite3_exec(db_handle(db), "DELETE FROM publication WHERE seq < 4", NULL, NULL, NULL), 0);
        assert_int_equal(http_ask(fixture.port, "GET /v1/events?after=1&wait=60", reader, NULL, &reply), 410);
        assert_non_null(strstr(reply.body, "\"first\":4,\"last\":5"));
        reply_fini(&reply);
        check("?after=3", reader, 2, 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(replays_a_gap, setup, teardown),
            cmocka_unit_test_setup_teardown(keeps_tenants_apart, setup, teardown),
            cmocka_unit_test_setup_teardown(refuses_bad_questions, setup, teardown),
            cmocka_unit_test_setup_teardown(wakes_all_who_wait, setup, teardown),
            cmocka_unit_test_setup_teardown(wakes_for_what_other_programs_write, setup, teardown),
            cmocka_unit_test_setup_teardown(answers_who_waits_when_it_stops, setup, teardown),
            cmocka_unit_test_setup_teardown(is_gone_when_it_was_purged, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
