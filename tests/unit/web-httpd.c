/* web/httpd and POST /v1/events over sockets: every status, the limits, connections that are kept, cut and
 * slow, and stopping while requests wait. What events mean is not looked at here: see intake's own tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/web-fixture.h"

#include <poll.h>
#include <pthread.h>
#include <sqlite3.h>

#define POST "POST /v1/events"
#define ONE "Content-Type: application/cloudevents+json\r\n"
#define MANY "Content-Type: application/cloudevents-batch+json;charset=UTF-8\r\n"
#define ND "Content-Type: application/x-ndjson; charset=utf-8\r\n"

#define EVENT(id)                                                                      \
        "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"urn:test\",\"type\":" \
        "\"kapula.attendance.register.synced\",\"data\":{\"organisation\":\"kj\"}}"

static int fill(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        (void)job;
        (void)now_utc;
        (void)err;
        return sqlite3_exec(db_handle(db),
                            "INSERT INTO organisation(id, kind, name) VALUES ('kj', 'municipality', 'K')",
                            NULL, NULL, NULL);
}

static int setup(void **state)
{
        struct writer_job job = {.run = fill};
        static struct fixture fixture;

        fixture_prepare(&fixture);
        assert_int_equal(writer_run(fixture.writer, &job, NULL), 0);
        fixture.options.timeout_s = 1;
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

static const char *headers(struct fixture *fixture, const char *more)
{
        static char text[1024];

        snprintf(text, sizeof text, "%s%s", fixture->authorization, more);
        return text;
}

static void answers_every_status(void **state)
{
        struct fixture *fixture = *state;
        const int port = fixture->port;
        struct reply reply;

        assert_int_equal(http_ask(port, POST, headers(fixture, ONE), EVENT("1"), &reply), 200);
        assert_string_equal(reply.body, "{\"accepted\":1,\"duplicates\":0,\"rejected\":[]}\n");
        assert_string_equal(http_header(&reply, "Content-Type"), "application/json");
        assert_string_equal(http_header(&reply, "X-Content-Type-Options"), "nosniff");
        assert_string_equal(http_header(&reply, "Referrer-Policy"), "no-referrer");
        assert_string_equal(http_header(&reply, "Cache-Control"), "no-store");
        assert_null(http_header(&reply, "Set-Cookie"));
        reply_fini(&reply);
        assert_int_equal(http_ask(port, POST, headers(fixture, ND),
                                  EVENT("1") "\n\n" EVENT("2") "\n{\"id\":\"3\"}\n", &reply),
                         200);
        assert_non_null(
            strstr(reply.body, "{\"accepted\":1,\"duplicates\":1,\"rejected\":[{\"index\":2,\"id\":\"3\""));
        reply_fini(&reply);
        assert_int_equal(
            http_ask(port, POST, headers(fixture, MANY), "[" EVENT("2") "," EVENT("3") "]", &reply), 200);
        assert_non_null(strstr(reply.body, "{\"accepted\":1,\"duplicates\":1,"));
        reply_fini(&reply);
        assert_int_equal(http_ask(port, POST, headers(fixture, ONE), "{\"a\":\"\xff\"}", &reply), 400);
        assert_memory_equal(reply.body, "{\"error\":\"", 10);
        assert_ptr_equal(strchr(reply.body, '\n'), reply.body + reply.length - 1);
        reply_fini(&reply);
        assert_int_equal(http_status(port, POST, headers(fixture, MANY), "[" EVENT("4")), 400);
        assert_int_equal(http_status(port, POST, headers(fixture, ONE), ""), 400);
        assert_int_equal(http_status(port, POST, headers(fixture, ND), "rubbish\nmore\n"), 400);
        assert_int_equal(http_status(port, POST, headers(fixture, ND), "rubbish\n" EVENT("1") "\n"), 200);
        assert_int_equal(http_status(port, POST, headers(fixture, "Content-Type: text/plain\r\n"), "{}"),
                         415);
        assert_int_equal(http_status(port, POST, headers(fixture, ""), "{}"), 415);
        assert_int_equal(http_status(port, POST, headers(fixture, ONE "Accept: text/html\r\n"), "{}"), 406);
        assert_int_equal(
            http_status(port, POST, headers(fixture, ONE "Accept: text/html, */*;q=0.1\r\n"), "{}"), 200);
        assert_int_equal(http_status(port, "GET /v1/nothing", "", NULL), 404);
        assert_int_equal(http_status(port, "GET /healthz/", "", NULL), 404);
        assert_int_equal(http_ask(port, "DELETE /v1/events", "", NULL, &reply), 405);
        assert_string_equal(http_header(&reply, "Allow"), "GET, HEAD, POST");
        reply_fini(&reply);
        assert_int_equal(http_ask(port, "POST /healthz", "", "x", &reply), 405);
        assert_string_equal(http_header(&reply, "Allow"), "GET, HEAD");
        reply_fini(&reply);
}

static int fill_disk(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        (void)job;
        (void)now_utc;
        (void)err;
        return sqlite3_exec(db_handle(db), "PRAGMA max_page_count = 1", NULL, NULL, NULL);
}

static void says_when_it_cannot_write(void **state)
{
        struct writer_job job = {.run = fill_disk};
        struct fixture *fixture = *state;
        char id[16], *body;
        struct reply reply;
        int status = 200;

        assert_int_equal(writer_run(fixture->writer, &job, NULL), 0);
        for (int i = 0; i < 1000 && status == 200;
             i++) { /* until the free space of the pages there are is used up */
                snprintf(id, sizeof id, "%d", i);
                assert_true(
                    asprintf(&body,
                             "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"urn:%0999d\",\"type\":"
                             "\"kapula.attendance.register.synced\",\"data\":{\"organisation\":\"kj\"}}",
                             id, 1) > 0);
                status = http_ask(fixture->port, POST, headers(fixture, ONE), body, &reply);
                free(body);
                if (status == 503)
                        assert_non_null(http_header(&reply, "Retry-After"));
                reply_fini(&reply);
        }
        assert_int_equal(status, 503);
        assert_int_equal(http_status(fixture->port, "GET /healthz", "", NULL), 200);
}

static void asks_for_a_token(void **state)
{
        struct fixture *fixture = *state;
        const int port = fixture->port;
        char text[256];
        struct reply reply;
        struct err err = {0};
        struct db *db;

        assert_int_equal(http_ask(port, POST, ONE, "{}", &reply), 401);
        assert_non_null(strstr(http_header(&reply, "WWW-Authenticate"), "Bearer"));
        reply_fini(&reply);
        assert_int_equal(http_status(port, POST, ONE "Authorization: Basic YTpi\r\n", "{}"), 401);
        assert_int_equal(http_status(port, POST, ONE "Authorization: Bearer \r\n", "{}"), 401);
        assert_int_equal(http_status(port, POST, ONE "Authorization: Bearer \xff\xfe\r\n", "{}"), 401);
        snprintf(text, sizeof text, ONE "Authorization: bearer %s\r\n", fixture->token);
        assert_int_equal(http_status(port, POST, text, "{}"), 200);
        snprintf(text, sizeof text, ONE "Authorization: Bearer %s\r\n", fixture->other_token);
        assert_int_equal(http_status(port, POST, text, "{}"), 403);
        fixture->token[5] ^= 1;
        snprintf(text, sizeof text, ONE "Authorization: Bearer %s\r\n", fixture->token);
        assert_int_equal(http_status(port, POST, text, "{}"), 401);

        /* Revoked by another program, from the next request on. */
        assert_int_equal(db_open(fixture->path, DB_WRITER, &db, &err), 0);
        assert_int_equal(token_revoke(db, 2000, fixture->token_id, &err), 0);
        db_close(db);
        assert_int_equal(http_status(port, POST, headers(fixture, ONE), "{}"), 401);
}

struct seen {
        int64_t last_used_utc;
        const char *id;
};

static int see(void *context, const struct token *token)
{
        struct seen *seen = context;

        if (strcmp(token->id, seen->id) == 0)
                seen->last_used_utc = token->last_used_utc;
        return 0;
}

static void notes_when_a_token_was_used(void **state)
{
        struct fixture *fixture = *state;
        struct seen seen = {.id = fixture->token_id};
        struct err err = {0};
        struct db *db;

        assert_int_equal(http_status(fixture->port, POST, headers(fixture, ONE), "{}"), 200);
        assert_int_equal(http_status(fixture->port, "GET /readyz", "", NULL),
                         200); /* behind it in the writer's queue */
        assert_int_equal(db_open(fixture->path, DB_READER, &db, &err), 0);
        assert_int_equal(token_each(db, see, &seen, &err), 0);
        db_close(db);
        assert_true(seen.last_used_utc > 1700000000);
}

static void refuses_large_bodies(void **state)
{
        struct fixture *fixture = *state;
        const size_t size = (size_t)5 << 20;
        char *body = malloc(size + 1), head[512];
        struct reply reply;
        int fd;

        assert_non_null(body);
        memset(body, 'x', size);
        body[size] = '\0';
        assert_int_equal(http_status(fixture->port, POST, headers(fixture, ONE), body), 413);
        body[(size_t)4 << 20] = '\0';
        assert_int_equal(http_status(fixture->port, POST, headers(fixture, ONE), body),
                         200); /* read, and refused */

        /* A client that asks before it sends gets its answer without sending. */
        fd = http_connect(fixture->port);
        snprintf(head, sizeof head,
                 POST " HTTP/1.1\r\nHost: x\r\n%s" ONE
                      "Expect: 100-continue\r\nContent-Length: 5000000\r\n\r\n",
                 fixture->authorization);
        http_send(fd, head);
        assert_true(http_read(fd, false, &reply));
        assert_int_equal(reply.status, 413);
        reply_fini(&reply);
        close(fd);

        /* In chunks the size is known only when it is too much. */
        fd = http_connect(fixture->port);
        snprintf(head, sizeof head,
                 POST " HTTP/1.1\r\nHost: x\r\n%s" ONE "Transfer-Encoding: chunked\r\n\r\n",
                 fixture->authorization);
        http_send(fd, head);
        memset(body, 'x', size);
        for (int i = 0; i < 5; i++) {
                http_send(fd, "100000\r\n");
                assert_true(http_send_bytes(fd, body, 1 << 20));
                http_send(fd, "\r\n");
        }
        http_send(fd, "0\r\n\r\n");
        assert_true(http_read(fd, false, &reply));
        assert_int_equal(reply.status, 413);
        reply_fini(&reply);
        close(fd);
        free(body);
}

static void refuses_large_heads(void **state)
{
        struct fixture *fixture = *state;
        char *text = calloc(1, 70000), line[9000];

        assert_non_null(text);
        snprintf(text, 70000, "X-Long: %033000d\r\n", 1);
        assert_int_equal(http_status(fixture->port, "GET /healthz", text, NULL), 431);
        snprintf(text, 70000, "X-Long: %068000d\r\n", 1);
        assert_int_equal(http_status(fixture->port, "GET /healthz", text, NULL), 431);
        snprintf(line, sizeof line, "GET /healthz?%08200d", 1);
        assert_int_equal(http_status(fixture->port, line, "", NULL), 414);
        snprintf(line, sizeof line, "GET /healthz?%08100d", 1);
        assert_int_equal(http_status(fixture->port, line, "", NULL), 200);
        free(text);
}

static void refuses_what_is_no_http(void **state)
{
        static const char *const bad[] = {
            "nonsense\r\n\r\n",
            "GET /healthz HTTP/1.1\r\n\r\n" /* no Host */,
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n",
            POST " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
            POST " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"};
        struct fixture *fixture = *state;
        int fd;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                char answer[4096] = "", rest[4096];
                ssize_t n;

                fd = http_connect(fixture->port);
                http_send(fd, bad[i]);
                n = recv(fd, answer, sizeof answer - 1, 0);
                assert_true(n <= 0 || strncmp(answer, "HTTP/1.1 400 ", 13) == 0);
                while (n > 0)
                        n = recv(fd, rest, sizeof rest, 0);
                close(fd);
        }
        assert_int_equal(http_status(fixture->port, "GET /healthz%00x", "", NULL) / 100 == 5, false);
        assert_int_equal(http_status(fixture->port, "GET /%ff%fe", "", NULL), 404);
}

static void keeps_connections(void **state)
{
        struct fixture *fixture = *state;
        char text[2048];
        struct reply reply;
        int fd = http_connect(fixture->port);

        /* Two at once, the first of which has to wait for a commit; then one in chunks, byte by byte. */
        snprintf(text, sizeof text,
                 POST " HTTP/1.1\r\nHost: x\r\n%s" ONE "Content-Length: 2\r\n\r\n{}"
                      "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
                 fixture->authorization);
        http_send(fd, text);
        assert_true(http_read(fd, false, &reply));
        assert_int_equal(reply.status, 200);
        assert_non_null(strstr(reply.body, "accepted"));
        reply_fini(&reply);
        assert_true(http_read(fd, false, &reply));
        assert_string_equal(reply.body, "{\"status\":\"ok\",\"version\":\"1.2.3\"}\n");
        reply_fini(&reply);
        snprintf(text, sizeof text,
                 POST " HTTP/1.1\r\nHost: x\r\n%s" ONE
                      "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;a=b\r\n}\r\n0\r\n\r\n",
                 fixture->authorization);
        for (const char *c = text; *c; c++)
                assert_true(http_send_bytes(fd, c, 1));
        assert_true(http_read(fd, false, &reply));
        assert_int_equal(reply.status, 200);
        assert_non_null(strstr(reply.body, "\"accepted\":0"));
        reply_fini(&reply);

        /* Also after a refusal whose body was sent. */
        http_send(fd, POST " HTTP/1.1\r\nHost: x\r\n" ONE "Content-Length: 2\r\n\r\n{}");
        assert_true(http_read(fd, false, &reply));
        assert_int_equal(reply.status, 401);
        reply_fini(&reply);
        http_send(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_true(http_read(fd, false, &reply));
        assert_int_equal(reply.status, 200);
        reply_fini(&reply);
        close(fd);
}

static void answers_head(void **state)
{
        static const char *const paths[] = {
            "/", "/healthz", "/readyz", "/sandbox", "/sandbox/messages.json", "/nothing"};
        struct fixture *fixture = *state;
        struct reply get, head;
        char line[64];
        int fd;

        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                fd = http_connect(fixture->port);
                snprintf(line, sizeof line, "HEAD %s HTTP/1.1\r\nHost: x\r\n\r\n", paths[i]);
                http_send(fd, line);
                assert_true(http_read(fd, true, &head));
                snprintf(line, sizeof line, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", paths[i]);
                http_send(
                    fd, line); /* on the same connection: a body after HEAD would be taken for this answer */
                assert_true(http_read(fd, false, &get));
                assert_int_equal(head.status, get.status);
                assert_int_equal(strtoul(http_header(&head, "Content-Length"), NULL, 10), get.length);
                reply_fini(&get);
                reply_fini(&head);
                close(fd);
        }
}

static void closes_on_slow_clients(void **state)
{
        static const char *const starts[] = {"GET /heal", "POST /v1/events HTTP/1.1\r\nHost: x\r\n" ONE,
                                             "POST /sandbox/messages HTTP/1.1\r\nHost: x\r\nContent-Type: "
                                             "application/json\r\nContent-Length: 10\r\n\r\n{"};
        struct fixture *fixture = *state;
        int fds[ARRAY_SIZE(starts)];

        for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
                fds[i] = http_connect(fixture->port);
                http_send(fds[i], starts[i]);
        }
        for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
                char rest[1024];

                while (recv(fds[i], rest, sizeof rest, 0) > 0)
                        continue; /* it may say 408 first */
                close(fds[i]);
        }
        assert_int_equal(http_status(fixture->port, "GET /healthz", "", NULL), 200);
}

static void survives_clients_that_leave(void **state)
{
        struct fixture *fixture = *state;
        struct gate gate;
        char text[1024];
        int fd;

        gate_close(&gate, fixture->writer);
        for (int i = 0; i < 20; i++) {
                fd = http_connect(fixture->port);
                snprintf(text, sizeof text,
                         POST " HTTP/1.1\r\nHost: x\r\n%s" ONE "Content-Length: 2\r\n\r\n{}",
                         fixture->authorization);
                http_send(fd, text);
                close(fd);
        }
        gate_open(&gate);
        assert_int_equal(http_status(fixture->port, "GET /readyz", "", NULL), 200);
}

/* ---- many at once */

#define PARALLEL 64

static void sends_posts(struct fixture *fixture, int fds[PARALLEL])
{
        char text[2048], event[512];

        for (int i = 0; i < PARALLEL; i++) {
                snprintf(event, sizeof event, EVENT("p%d"), i);
                snprintf(text, sizeof text,
                         POST " HTTP/1.1\r\nHost: x\r\n%s" ONE "Content-Length: %zu\r\n\r\n%s",
                         fixture->authorization, strlen(event), event);
                fds[i] = http_connect(fixture->port);
                http_send(fds[i], text);
        }
}

/* Until COUNT jobs wait behind the gate. */
static void await_pending(struct fixture *fixture, int count)
{
        for (int64_t until_ms = clock_monotonic_ms() + 20000; writer_pending(fixture->writer) < count;) {
                assert_true(clock_monotonic_ms() < until_ms);
                poll(NULL, 0, 1);
        }
}

static void commits_in_groups(void **state)
{
        struct fixture *fixture = *state;
        int fds[PARALLEL], before;
        struct reply reply;
        struct gate gate;

        gate_close(&gate, fixture->writer);
        sends_posts(fixture, fds);
        await_pending(fixture, PARALLEL + 2); /* and the gate, and the note of the token's use */
        before = fixture->commits;
        gate_open(&gate);
        for (int i = 0; i < PARALLEL; i++) {
                assert_true(http_read(fds[i], false, &reply));
                assert_int_equal(reply.status, 200);
                reply_fini(&reply);
                close(fds[i]);
        }
        assert_true(fixture->commits - before <= 3);
}

static void limits_a_token(void **state)
{
        struct fixture *fixture = *state;
        char text[1024];
        struct reply reply;
        struct gate gate;
        int fds[2];

        fixture->options.token_in_flight_max = 2;
        fixture_open(fixture);
        gate_close(&gate, fixture->writer);
        snprintf(text, sizeof text, POST " HTTP/1.1\r\nHost: x\r\n%s" ONE "Content-Length: 2\r\n\r\n{}",
                 fixture->authorization);
        for (int i = 0; i < 2; i++) {
                fds[i] = http_connect(fixture->port);
                http_send(fds[i], text);
        }
        await_pending(fixture, 4);
        assert_int_equal(http_ask(fixture->port, POST, headers(fixture, ONE), "{}", &reply), 429);
        assert_string_equal(http_header(&reply, "Retry-After"), "1");
        reply_fini(&reply);
        gate_open(&gate);
        for (int i = 0; i < 2; i++) {
                assert_true(http_read(fds[i], false, &reply));
                assert_int_equal(reply.status, 200);
                reply_fini(&reply);
                close(fds[i]);
        }
        assert_int_equal(http_status(fixture->port, POST, headers(fixture, ONE), "{}"), 200);
}

static void limits_an_address(void **state)
{
        struct fixture *fixture = *state;
        struct reply reply;
        int fds[3];

        fixture->options.per_address_max = 2;
        fixture->options.timeout_s = 30;
        fixture_open(fixture);
        for (int i = 0; i < 2; i++) {
                fds[i] = http_connect(fixture->port);
                http_send(fds[i], "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
                assert_true(http_read(fds[i], false, &reply));
                reply_fini(&reply);
        }
        fds[2] = http_connect(fixture->port);
        assert_true(http_is_closed(fds[2]));
        for (int i = 0; i < 3; i++)
                close(fds[i]);
}

/* ---- stopping */

static void *open_later(void *context)
{
        poll(NULL, 0, 50);
        gate_open(context);
        return NULL;
}

static void stops_after_what_it_owes(void **state)
{
        struct fixture *fixture = *state;
        struct reply reply;
        pthread_t thread;
        int fds[PARALLEL], idle;
        struct gate gate;

        gate_close(&gate, fixture->writer);
        idle = http_connect(fixture->port);
        sends_posts(fixture, fds);
        await_pending(fixture, PARALLEL + 2);
        assert_int_equal(pthread_create(&thread, NULL, open_later, &gate), 0);
        fixture->web = web_close(fixture->web);
        pthread_join(thread, NULL);
        for (int i = 0; i < PARALLEL; i++) {
                assert_true(http_read(fds[i], false, &reply));
                assert_int_equal(reply.status, 200);
                assert_string_equal(http_header(&reply, "Connection"), "close");
                reply_fini(&reply);
                close(fds[i]);
        }
        assert_true(http_is_closed(idle));
        close(idle);
}

static void stops_without_what_never_ends(void **state)
{
        struct fixture *fixture = *state;
        int64_t began_ms;
        struct reply reply;
        int fds[PARALLEL];
        struct gate gate;

        fixture->options.drain_ms = 100;
        fixture_open(fixture);
        gate_close(&gate, fixture->writer);
        sends_posts(fixture, fds);
        await_pending(fixture, PARALLEL + 2);
        began_ms = clock_monotonic_ms();
        fixture->web = web_close(fixture->web);
        assert_true(clock_monotonic_ms() - began_ms < 5000);
        for (int i = 0; i < PARALLEL; i++) {
                assert_true(http_read(fds[i], false, &reply));
                assert_int_equal(reply.status, 503);
                reply_fini(&reply);
                close(fds[i]);
        }
        gate_open(&gate); /* the jobs end when nobody waits for them any more */
}

static void refuses_a_taken_port(void **state)
{
        struct fixture *fixture = *state;
        struct web_options options = fixture->options;
        struct web *second = NULL;
        struct err err = {0};

        options.words = NULL; /* taken by the first */
        options.port = fixture->port;
        assert_int_equal(web_open(&options, &second, &err), ERR_IO);
        assert_non_null(strstr(err.text, "choose another port"));
        options.port = 0;
        options.listen = "192.0.2.1";
        assert_int_equal(web_open(&options, &second, &err), ERR_IO);
        options.listen = "::1";
        if (web_open(&options, &second, &err) == 0) /* where the machine has IPv6 */
                second = web_close(second);
        assert_null(second);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(answers_every_status, setup_open, teardown),
            cmocka_unit_test_setup_teardown(says_when_it_cannot_write, setup_open, teardown),
            cmocka_unit_test_setup_teardown(asks_for_a_token, setup_open, teardown),
            cmocka_unit_test_setup_teardown(notes_when_a_token_was_used, setup_open, teardown),
            cmocka_unit_test_setup_teardown(refuses_large_bodies, setup_open, teardown),
            cmocka_unit_test_setup_teardown(refuses_large_heads, setup_open, teardown),
            cmocka_unit_test_setup_teardown(refuses_what_is_no_http, setup_open, teardown),
            cmocka_unit_test_setup_teardown(keeps_connections, setup_open, teardown),
            cmocka_unit_test_setup_teardown(answers_head, setup_open, teardown),
            cmocka_unit_test_setup_teardown(closes_on_slow_clients, setup_open, teardown),
            cmocka_unit_test_setup_teardown(survives_clients_that_leave, setup_open, teardown),
            cmocka_unit_test_setup_teardown(commits_in_groups, setup_open, teardown),
            cmocka_unit_test_setup_teardown(limits_a_token, setup, teardown),
            cmocka_unit_test_setup_teardown(limits_an_address, setup, teardown),
            cmocka_unit_test_setup_teardown(stops_after_what_it_owes, setup_open, teardown),
            cmocka_unit_test_setup_teardown(stops_without_what_never_ends, setup, teardown),
            cmocka_unit_test_setup_teardown(refuses_a_taken_port, setup_open, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
