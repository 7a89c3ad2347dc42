/* calendar/serve: status, validators, gzip and the cache, on a database file with a writer beside the reader.
 */
#include "calendar/serve.h"
#include "calendar/cache.h"
#include "calendar/http_condition.h"
#include "calendar/link.h"
#include "compose/catalogue.h"
#include "store/db.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

#include "lib/fresh.h"
#include "../lib/placements.h"

#define DATABASE "calendar-serve.db"
#define NOW 1792500000 /* 2026-10-20 */
#define PLAIN_MAX (1 << 16)

struct fixture {
        struct db *writer, *reader;
        struct calendar_cache *cache;
        char token[LINK_TOKEN_MAX];
};

static void remove_database(void)
{
        unlink(DATABASE);
        unlink(DATABASE "-wal");
        unlink(DATABASE "-shm");
}

static void add_feed(struct fixture *fixture, const char *id, const char *owner, const char *kind)
{
        uint8_t hash[FEED_HASH_BYTES];

        assert_int_equal(link_new(fixture->token, hash, NULL), 0);
        assert_int_equal(feed_add(fixture->writer, id, owner, kind, hash, 1780000000, NULL), 0);
}

static struct catalogue *read_words(void)
{
        struct catalogue *words = catalogue_new();

        if (!words || catalogue_add_folder(words, SOURCE_DIR "/templates", NULL) < 0)
                fail_msg("templates");
        return words;
}

static int setup(void **state)
{
        struct fixture *fixture = calloc(1, sizeof *fixture);
        struct err err = {0};

        remove_database();
        fresh_file(DATABASE);
        if (db_open(DATABASE, DB_WRITER, &fixture->writer, &err) < 0 ||
            db_open(DATABASE, DB_READER, &fixture->reader, &err) < 0 ||
            calendar_cache_new(&fixture->cache, &err) < 0 ||
            calendar_cache_use(fixture->cache, read_words(), &err) < 0)
                fail_msg("%s", err.text);
        execute(fixture->writer, "PRAGMA synchronous = OFF");
        placements_fill(fixture->writer);
        placements_days(fixture->writer);
        add_feed(fixture, "other", "W2", "workplace");
        add_feed(fixture, "feed", "S1", "person");
        *state = fixture;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *fixture = *state;

        calendar_cache_free(fixture->cache);
        db_close(fixture->reader);
        db_close(fixture->writer);
        free(fixture);
        remove_database();
        return 0;
}

static struct calendar_answer ask(struct fixture *fixture, int64_t now, struct calendar_request request)
{
        struct calendar_answer answer;
        struct err err = {0};

        if (calendar_serve(fixture->reader, fixture->cache, now, fixture->token, &request, &answer, &err) < 0)
                fail_msg("%s", err.text);
        assert_true((answer.status == 200 || answer.status == 304) == (answer.body != NULL));
        return answer;
}

/* Status alone; the body is dropped. */
static int status_of(struct fixture *fixture, int64_t now, struct calendar_request request)
{
        struct calendar_answer answer = ask(fixture, now, request);

        calendar_body_unref(answer.body);
        return answer.status;
}

static void knows_tokens(void **state)
{
        struct fixture *fixture = *state;

        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){0}), 200);
        fixture->token[5] ^= 1;
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){0}), 404);
        fixture->token[5] = '\0';
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){0}), 404);
        memset(fixture->token, '/', sizeof fixture->token - 1);
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){0}), 404);
}

static void closes_at_once(void **state)
{
        struct fixture *fixture = *state;

        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){0}), 200);
        execute(fixture->writer, "INSERT INTO hold(kind, subject, starts) VALUES ('person', 'S1', 0)");
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){0}), 404);
        execute(fixture->writer, "DELETE FROM hold");
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){0}), 200);
        assert_int_equal(feed_revoke(fixture->writer, "feed", NOW, NULL), 0);
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){.if_none_match = "*"}), 410);
        assert_int_equal(feed_revoke(fixture->writer, "nothing", NOW, NULL), ERR_NOT_FOUND);
}

static void answers_304(void **state)
{
        struct fixture *fixture = *state;
        struct calendar_answer first = ask(fixture, NOW, (struct calendar_request){0});
        char later[HTTP_DATE_MAX], earlier[HTTP_DATE_MAX];

        calendar_body_unref(first.body);
        http_date_print(first.changed + 10, later);
        http_date_print(first.changed - 1, earlier);
        assert_int_equal(first.changed, PLACEMENTS_CHANGED);
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){.if_none_match = first.etag}),
                         304);
        assert_int_equal(
            status_of(fixture, NOW, (struct calendar_request){.if_modified_since = first.last_modified}),
            304);
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){.if_modified_since = later}), 304);
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){.if_modified_since = earlier}),
                         200);
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){"\"old\"", later, false, false}),
                         200);
        assert_int_equal(
            status_of(fixture, NOW, (struct calendar_request){first.etag, earlier, false, false}), 304);
        /* The other coding is another representation. */
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){first.etag, NULL, true, false}),
                         200);
}

static size_t inflate_body(const struct calendar_body *gzip, char *plain)
{
        z_stream stream = {.next_in = (unsigned char *)(uintptr_t)gzip->data,
                           .avail_in = (unsigned)gzip->length,
                           .next_out = (unsigned char *)plain,
                           .avail_out = PLAIN_MAX};

        assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
        assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
        inflateEnd(&stream);
        return stream.total_out;
}

static void compresses(void **state)
{
        struct fixture *fixture = *state;
        struct calendar_answer plain = ask(fixture, NOW, (struct calendar_request){0});
        struct calendar_answer gzip = ask(fixture, NOW, (struct calendar_request){.accepts_gzip = true});
        struct calendar_answer again = ask(fixture, NOW, (struct calendar_request){.accepts_gzip = true});
        static char text[PLAIN_MAX];

        assert_true(gzip.is_gzip && !plain.is_gzip);
        assert_true(gzip.body->length < plain.body->length);
        assert_int_equal(inflate_body(gzip.body, text), plain.body->length);
        assert_memory_equal(text, plain.body->data, plain.body->length);
        assert_memory_equal(gzip.body->data + 4, "\0\0\0\0", 4); /* no time of compression */
        assert_ptr_equal(gzip.body, again.body);
        assert_string_not_equal(gzip.etag, plain.etag);
        assert_non_null(strstr(gzip.etag, "-gz\""));
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){gzip.etag, NULL, true, false}),
                         304);
        calendar_body_unref(plain.body);
        calendar_body_unref(gzip.body);
        calendar_body_unref(again.body);
}

static void hurries_only_with_what_is_ready(void **state)
{
        const struct calendar_request hurried = {.is_hurried = true},
                                      gzip = {.accepts_gzip = true, .is_hurried = true};
        struct fixture *fixture = *state;

        assert_int_equal(status_of(fixture, NOW, hurried), 0);
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){0}), 200);
        assert_int_equal(status_of(fixture, NOW, hurried), 200);
        assert_int_equal(status_of(fixture, NOW, gzip), 0);
        assert_int_equal(status_of(fixture, NOW, (struct calendar_request){.accepts_gzip = true}), 200);
        assert_int_equal(status_of(fixture, NOW, gzip), 200);
        execute(fixture->writer, "INSERT INTO meta VALUES ('x', 'y')"); /* a commit that changes no feed */
        assert_int_equal(status_of(fixture, NOW, hurried), 200);
        execute(fixture->writer, "UPDATE placement_day SET sequence = 1 WHERE placement = 'J1'");
        assert_int_equal(status_of(fixture, NOW, hurried), 0);
}

static const struct calendar_body *body_of(struct fixture *fixture)
{
        struct calendar_answer answer = ask(fixture, NOW, (struct calendar_request){0});

        calendar_body_unref(answer.body); /* the cache holds another reference */
        return answer.body;
}

static void makes_anew_only_what_is_concerned(void **state)
{
        static const struct {
                const char *sql;
                bool concerns;
        } changes[] = {
            {"UPDATE placement_day SET sequence = 7 WHERE placement = 'J3'",
             false}, /* of another workplace */
            {"UPDATE placement_day SET sequence = 7 WHERE placement = 'J1'", true},
            {"DELETE FROM agreement_signature WHERE placement = 'J3'", false},
            {"UPDATE person SET given = 'Ainikki' WHERE id = 'P1'", true},
            {"UPDATE person SET given = 'Oonikki' WHERE id = 'P3'", false},
            {"UPDATE person SET given = 'Maisa' WHERE id = 'T1'", true}, /* the teacher to call */
            {"UPDATE contact SET value = '+358400000099' WHERE person = 'T1'", true},
            {"INSERT INTO package(id, pupil, due) VALUES ('K1', 'P3', '2026-11-01')", false},
            {"UPDATE guardian SET restricted = 1", false},
            {"INSERT INTO calendar_entry(organisation, first_day, last_day, kind, name)"
             " VALUES ('kj', '2026-12-21', '2026-12-30', 'break', 'Joululoma')",
             true},
            {"UPDATE placement SET supervisor = 'S2' WHERE id = 'J1'",
             true}, /* who loses it must see it go */
        };
        struct fixture *fixture = *state;

        for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
                const struct calendar_body *before = body_of(fixture);
                const struct calendar_request hurried = {.is_hurried = true};

                execute(fixture->writer, changes[i].sql);
                add_feed(fixture, "poke", "W2", "workplace");
                status_of(fixture, NOW,
                          (struct calendar_request){0}); /* follows the change through another feed */
                execute(fixture->writer, "DELETE FROM feed WHERE id IN ('poke', 'feed')");
                add_feed(fixture, "feed", "S1", "person");
                if ((status_of(fixture, NOW, hurried) == 0) != changes[i].concerns)
                        fail_msg("%s", changes[i].sql);
                if ((body_of(fixture) != before) != changes[i].concerns)
                        fail_msg("%s: bytes", changes[i].sql);
        }
}

static void follows_the_rows(void **state)
{
        struct fixture *fixture = *state;
        struct calendar_answer first = ask(fixture, NOW, (struct calendar_request){0}), same, other;

        execute(fixture->writer, "INSERT INTO meta VALUES ('x', 'y')"); /* a commit that changes no feed */
        same = ask(fixture, NOW + 5, (struct calendar_request){0});
        assert_ptr_equal(first.body, same.body);
        assert_int_equal(first.changed, same.changed);
        execute(fixture->writer,
                "UPDATE placement_day SET sequence = 1, state = 'cancelled', changed = 1792400000"
                " WHERE original_day = '2026-10-26'");
        other = ask(fixture, NOW + 6, (struct calendar_request){first.etag, NULL, false, false});
        assert_int_equal(other.status, 200);
        assert_string_not_equal(other.etag, first.etag);
        assert_int_equal(other.changed, 1792400000);
        calendar_body_unref(first.body);
        calendar_body_unref(same.body);
        calendar_body_unref(other.body);
}

/* What disappears leaves no row with a time: Last-Modified rises all the same, and never goes back. */
static void tells_of_what_disappeared(void **state)
{
        struct fixture *fixture = *state;
        struct calendar_answer first = ask(fixture, NOW, (struct calendar_request){0}), second, third;

        calendar_body_unref(first.body);
        execute(fixture->writer, "DELETE FROM placement_day WHERE placement = 'J1'");
        second = ask(fixture, NOW + 100, (struct calendar_request){.if_modified_since = first.last_modified});
        assert_int_equal(second.status, 200);
        assert_int_equal(second.changed, NOW + 100);
        calendar_body_unref(second.body);
        placements_day(fixture->writer, "J1", "2026-10-23", "work");
        third = ask(fixture, NOW + 100, (struct calendar_request){.if_modified_since = second.last_modified});
        assert_int_equal(third.status, 200);
        assert_true(third.changed > second.changed);
        calendar_body_unref(third.body);
}

static void renews_at_midnight(void **state)
{
        struct fixture *fixture = *state;
        int64_t evening = helsinki("2026-11-22T23:59"), midnight = helsinki("2026-11-23T00:00");
        struct calendar_answer before = ask(fixture, evening, (struct calendar_request){0});

        calendar_body_unref(before.body);
        assert_int_equal(
            status_of(fixture, midnight, (struct calendar_request){.if_none_match = before.etag}), 200);
        assert_int_equal(status_of(fixture, midnight,
                                   (struct calendar_request){.if_modified_since = before.last_modified}),
                         200);
}

/* A new process has an empty cache: the same validators, for what was recorded and for what rows tell. */
static void is_the_same_after_a_restart(void **state)
{
        struct fixture *fixture = *state;
        struct calendar_answer first, second, third;
        struct feed feed;

        calendar_body_unref(ask(fixture, NOW, (struct calendar_request){0}).body);
        execute(fixture->writer, "DELETE FROM placement_day WHERE original_day = '2026-10-27'");
        first = ask(fixture, NOW + 50, (struct calendar_request){0});
        assert_int_equal(calendar_record(fixture->writer, NOW + 50, &first, NULL), 0);
        calendar_cache_free(fixture->cache);
        assert_int_equal(calendar_cache_new(&fixture->cache, NULL), 0);
        assert_int_equal(calendar_cache_use(fixture->cache, read_words(), NULL), 0);
        second = ask(fixture, NOW + 60, (struct calendar_request){0});
        assert_string_equal(first.etag, second.etag);
        assert_string_equal(first.last_modified, second.last_modified);
        assert_int_equal(first.body->length, second.body->length);
        assert_memory_equal(first.body->data, second.body->data, first.body->length);
        third = ask(fixture, NOW + 60, (struct calendar_request){.if_none_match = first.etag});
        assert_int_equal(third.status, 304);
        assert_int_equal(calendar_record(fixture->writer, NOW + 60, &third, NULL), 0);
        assert_int_equal(feed_find(fixture->writer, "feed", &feed, NULL), 0);
        assert_int_equal(feed.last_fetch, NOW + 60);
        assert_int_equal(feed.last_status, 304);
        assert_int_equal(feed.fetches, 2);
        calendar_body_unref(first.body);
        calendar_body_unref(second.body);
        calendar_body_unref(third.body);
}

static void forgets_what_is_oldest(void **state)
{
        struct fixture *fixture = *state;
        struct cache_entry entry = {.version = 1}, found;
        char name[FEED_ID_MAX];

        entry.body = calloc(1, sizeof *entry.body + (1 << 20));
        entry.body->references = 1;
        entry.body->length = 1 << 20;
        for (int i = 0; i < 200; i++) {
                snprintf(name, sizeof name, "%d", i);
                cache_store(fixture->cache, name, &entry);
                if (cache_find(fixture->cache, "0", &found))
                        cache_entry_fini(&found); /* stays in use */
                assert_true(cache_bytes(fixture->cache) <= CALENDAR_CACHE_BYTES_MAX);
        }
        assert_true(cache_find(fixture->cache, "0", &found));
        cache_entry_fini(&found);
        assert_false(cache_find(fixture->cache, "1", &found));
        assert_true(cache_find(fixture->cache, "199", &found));
        cache_entry_fini(&found);
        cache_entry_fini(&entry);
}

static void *serve_often(void *context)
{
        struct fixture own = *(struct fixture *)context;
        struct calendar_request request = {.accepts_gzip = true};

        if (db_open(DATABASE, DB_READER, &own.reader, NULL) < 0)
                return context;
        for (int i = 0; i < 300; i++) {
                struct calendar_answer answer;

                if (calendar_serve(own.reader, own.cache, NOW + i, own.token, &request, &answer, NULL) < 0 ||
                    answer.status != 200)
                        return context;
                calendar_body_unref(answer.body);
        }
        db_close(own.reader);
        return NULL;
}

static void serves_threads(void **state)
{
        struct fixture *fixture = *state;
        pthread_t threads[4];
        void *complaint;

        for (int i = 0; i < 4; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, serve_often, fixture), 0);
        for (int i = 0; i < 50; i++)
                execute(fixture->writer,
                        "UPDATE placement_day SET sequence = sequence + 1, changed = changed + 1");
        for (int i = 0; i < 4; i++) {
                pthread_join(threads[i], &complaint);
                assert_null(complaint);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
            TEST(knows_tokens),
            TEST(closes_at_once),
            TEST(answers_304),
            TEST(compresses),
            TEST(hurries_only_with_what_is_ready),
            TEST(makes_anew_only_what_is_concerned),
            TEST(follows_the_rows),
            TEST(tells_of_what_disappeared),
            TEST(renews_at_midnight),
            TEST(is_the_same_after_a_restart),
            TEST(forgets_what_is_oldest),
            TEST(serves_threads),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
