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

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(replays_a_gap, setup, teardown),
            cmocka_unit_test_setup_teardown(keeps_tenants_apart, setup, teardown),
            cmocka_unit_test_setup_teardown(refuses_bad_questions, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
