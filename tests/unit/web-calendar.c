/* GET /calendar/TOKEN.ics over a socket: what HTTP adds to calendar/serve, and the fetch that is written
 * down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../lib/placements.h"
#include "../lib/web-fixture.h"
#include "calendar/link.h"
#include "store/feed.h"

#define NOW 1792500000 /* 2026-10-20 */

static struct fixture fixture;
static char token[LINK_TOKEN_MAX];
static struct db *db;

static int setup(void **state)
{
        uint8_t hash[FEED_HASH_BYTES];

        (void)state;
        fixture_prepare(&fixture);
        clock_init_virtual(&fixture.clock, NOW);
        assert_int_equal(db_open(fixture.path, DB_WRITER, &db, NULL), 0);
        placements_fill(db);
        placements_days(db);
        assert_int_equal(link_new(token, hash, NULL), 0);
        assert_int_equal(feed_add(db, "feed", "S1", "person", hash, NOW - 1000, NULL), 0);
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

static int ask(const char *method, const char *headers, struct reply *ret_reply)
{
        char line[128];

        snprintf(line, sizeof line, "%s /calendar/%s.ics", method, token);
        return http_ask(fixture.port, line, headers, NULL, ret_reply);
}

static struct feed feed_now(void)
{
        struct feed feed;

        assert_int_equal(http_status(fixture.port, "GET /readyz", "", NULL),
                         200); /* behind it in the writer's queue */
        assert_int_equal(feed_find(db, "feed", &feed, NULL), 0);
        return feed;
}

static void answers_calendar_clients(void **state)
{
        struct reply reply, again;
        char headers[2048];

        (void)state;
        assert_int_equal(ask("GET", "", &reply), 200);
        assert_string_equal(http_header(&reply, "Content-Type"), "text/calendar; charset=utf-8");
        assert_string_equal(http_header(&reply, "Vary"), "Accept-Encoding");
        assert_non_null(http_header(&reply, "Last-Modified"));
        assert_null(http_header(&reply, "Set-Cookie"));
        assert_null(http_header(&reply, "Content-Encoding"));
        assert_memory_equal(reply.body, "BEGIN:VCALENDAR\r\n", 17);
        assert_int_equal(ask("GET", "Accept: image/png\r\n", &again), 200);
        assert_string_equal(reply.body, again.body);
        reply_fini(&again);
        snprintf(headers, sizeof headers, "If-None-Match: %s\r\n", http_header(&reply, "ETag"));
        assert_int_equal(ask("GET", headers, &again), 304);
        assert_non_null(strstr(headers, http_header(&again, "ETag")));
        assert_string_equal(http_header(&again, "Content-Length"), "0"); /* no client waits for a body */
        reply_fini(&again);
        snprintf(headers, sizeof headers, "If-Modified-Since: %s\r\n", http_header(&reply, "Last-Modified"));
        assert_int_equal(ask("HEAD", headers, &again), 304);
        reply_fini(&again);
        assert_int_equal(ask("HEAD", "", &again), 200);
        assert_int_equal(strtoul(http_header(&again, "Content-Length"), NULL, 10), reply.length);
        reply_fini(&again);
        assert_int_equal(ask("GET", "Accept-Encoding: br, gzip;q=0.5\r\n", &again), 200);
        assert_string_equal(http_header(&again, "Content-Encoding"), "gzip");
        assert_true(again.length < reply.length);
        reply_fini(&again);
        assert_int_equal(ask("GET", "Accept-Encoding: gzip;q=0\r\n", &again), 200);
        assert_null(http_header(&again, "Content-Encoding"));
        reply_fini(&again);
        reply_fini(&reply);
        assert_int_equal(ask("POST", "Content-Length: 0\r\n", &reply), 405);
        reply_fini(&reply);
}

static void refuses_other_links(void **state)
{
        struct reply reply;

        (void)state;
        assert_int_equal(http_status(fixture.port, "GET /calendar/x.ics", "", NULL), 404);
        assert_int_equal(http_status(fixture.port, "GET /calendar/.ics", "", NULL), 404);
        assert_int_equal(http_status(fixture.port, "GET /calendar/", "", NULL), 404);
        assert_int_equal(http_status(fixture.port, "GET /calendar/a/b.ics", "", NULL), 404);
        assert_int_equal(http_status(fixture.port,
                                     "GET /calendar/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.ics", "",
                                     NULL),
                         404);
        assert_int_equal(feed_revoke(db, "feed", NOW, NULL), 0);
        assert_int_equal(ask("GET", "", &reply), 410);
        reply_fini(&reply);
}

static void writes_fetches_down_now_and_then(void **state)
{
        struct reply reply;
        struct feed feed;

        (void)state;
        assert_int_equal(ask("HEAD", "", &reply), 200);
        reply_fini(&reply);
        assert_int_equal(feed_now().fetches, 0);
        for (int i = 0; i < 5; i++) {
                assert_int_equal(ask("GET", "", &reply), 200);
                reply_fini(&reply);
        }
        feed = feed_now();
        assert_int_equal(feed.fetches, 1);
        assert_int_equal(feed.last_fetch, NOW);
        clock_set_utc(&fixture.clock, NOW + 60);
        assert_int_equal(ask("GET", "", &reply), 200);
        reply_fini(&reply);
        assert_int_equal(feed_now().last_fetch, NOW + 60);

        /* Other bytes are news at once. */
        execute(db, "UPDATE placement_day SET sequence = 1, state = 'cancelled', changed = 1792400000"
                    " WHERE original_day = '2026-10-26'");
        assert_int_equal(ask("GET", "", &reply), 200);
        reply_fini(&reply);
        assert_int_equal(feed_now().fetches, 3);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(answers_calendar_clients, setup, teardown),
            cmocka_unit_test_setup_teardown(refuses_other_links, setup, teardown),
            cmocka_unit_test_setup_teardown(writes_fetches_down_now_and_then, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
