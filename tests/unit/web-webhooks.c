/* POST /v1/receipts and /v1/replies over a socket: who is let in, and what becomes of what they tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/web-fixture.h"
#include "deliver/webhook.h"

#include <sqlite3.h>

#define RECEIPTS "POST /v1/receipts/test"
#define REPLIES "POST /v1/replies/test"
#define HOOK "Authorization: Basic aG9vazpzZWNyZXQ=\r\n" /* hook:secret */

static const char yaml[] = "provider: test\n"
                           "about: For tests.\n"
                           "channels: [sms]\n"
                           "request:\n"
                           "  url: http://127.0.0.1:1/\n"
                           "  format: json\n"
                           "  body: '{\"to\":\"{{recipient}}\",\"text\":\"{{text}}\"}'\n"
                           "answers:\n"
                           "  - {status: 201, outcome: accepted, id: /id}\n"
                           "receipts:\n"
                           "  signature: {basic: {user: hook, password: secret}}\n"
                           "  list: /r\n"
                           "  id: /id\n"
                           "  status: /s\n"
                           "  delivered: [D]\n"
                           "  failed: [F]\n"
                           "replies:\n"
                           "  signature: {basic: {user: hook, password: secret}}\n"
                           "  from: /from\n"
                           "  text: /text\n";

static struct fixture fixture;
static struct provider *provider;
static struct db *db;
static int taken; /* providers that are not given back */

static const struct provider *take(void *context, const char *name)
{
        (void)context;
        if (strcmp(name, "test") != 0)
                return NULL;
        taken++;
        return provider;
}

static void give(void *context, const struct provider *given)
{
        (void)context;
        assert_ptr_equal(given, provider);
        taken--;
}

static int take_reply(void *context, struct db *writer, int64_t now_utc, const char *name,
                      const struct webhook_reply *reply, struct err *err)
{
        char text[256];

        (void)context;
        (void)now_utc;
        snprintf(text, sizeof text, "%s %s %s", name, reply->from, reply->text);
        return meta_set(writer, "reply", text, err);
}

static const char *setting(void *context, const char *name)
{
        (void)context;
        (void)name;
        return NULL;
}

static int setup(void **state)
{
        struct err err = {0};
        int r;

        (void)state;
        fixture_prepare(&fixture);
        if (provider_parse("test", yaml, sizeof yaml - 1, setting, NULL, &provider, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(db_open(fixture.path, DB_WRITER, &db, NULL), 0);
        r = sqlite3_exec(db_handle(db),
                         "INSERT INTO person(id, given, family) VALUES ('G1', 'G', 'G');"
                         "INSERT INTO message(id, person, channel, address, language, text, urgent, state, "
                         "created, not_before,"
                         " changed, provider, provider_id) VALUES"
                         " (1, 'G1', 'sms', '+358400000010', 'fi', 'x', 0, 'accepted', 1, 1, 1, 'test', 'a'),"
                         " (2, 'G1', 'sms', '+358400000010', 'fi', 'x', 0, 'accepted', 1, 1, 1, 'test', 'b')",
                         NULL, NULL, NULL);
        assert_int_equal(r, SQLITE_OK);
        fixture.options.provider_take = take;
        fixture.options.provider_give = give;
        fixture.options.take_reply = take_reply;
        fixture_open(&fixture);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        db = db_close(db);
        fixture_close(&fixture);
        provider = provider_free(provider);
        assert_int_equal(taken, 0);
        return 0;
}

static void check_state(int message, const char *state)
{
        struct query q;

        query_start(&q, db, "SELECT state FROM message WHERE id = ?", NULL);
        query_int(&q, message);
        assert_int_equal(query_row(&q), 1);
        assert_string_equal(column_text(&q, 0), state);
        query_end(&q);
}

static void lets_in_who_is_known(void **state)
{
        const int port = fixture.port;
        char *body = calloc(1, WEBHOOK_BODY_MAX_BYTES + 2);

        (void)state;
        assert_non_null(body);
        memset(body, ' ', WEBHOOK_BODY_MAX_BYTES + 1);
        assert_int_equal(http_status(port, "POST /v1/receipts/other", HOOK, "{}"), 404);
        assert_int_equal(http_status(port, RECEIPTS, "", "{\"r\":[]}"), 401);
        assert_int_equal(http_status(port, RECEIPTS, "Authorization: Basic eDp5\r\n", "{\"r\":[]}"), 401);
        assert_int_equal(http_status(port, RECEIPTS, HOOK, "{"), 400);
        assert_int_equal(http_status(port, RECEIPTS, HOOK, body), 413);
        assert_int_equal(http_status(port, "GET /v1/receipts/test", HOOK, NULL), 405);
        assert_int_equal(http_status(port, REPLIES, "", "{\"from\":\"1\",\"text\":\"x\"}"), 401);
        free(body);
}

static void notes_receipts(void **state)
{
        const int port = fixture.port;

        (void)state;
        assert_int_equal(http_status(port, RECEIPTS, HOOK, "{\"r\":[{\"id\":\"a\",\"s\":\"D\"}]}"), 200);
        check_state(1, "delivered");
        assert_int_equal(http_status(port, RECEIPTS, HOOK, "{\"r\":[{\"id\":\"a\",\"s\":\"D\"}]}"), 200);
        /* One that is not known yet: the others are kept, and the provider is asked to come again. */
        assert_int_equal(http_status(port, RECEIPTS, HOOK,
                                     "{\"r\":[{\"id\":\"c\",\"s\":\"D\"},{\"id\":\"b\",\"s\":\"F\"}]}"),
                         404);
        check_state(2, "failed");
}

static void hands_replies_on(void **state)
{
        char *value = NULL;

        (void)state;
        assert_int_equal(
            http_status(fixture.port, REPLIES, HOOK, "{\"from\":\"+358400000010\",\"text\":\"Kyllä\"}"), 200);
        assert_int_equal(meta_get(db, "reply", &value, NULL), 0);
        assert_string_equal(value, "test +358400000010 Kyllä");
        free(value);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(lets_in_who_is_known, setup, teardown),
            cmocka_unit_test_setup_teardown(notes_receipts, setup, teardown),
            cmocka_unit_test_setup_teardown(hands_replies_on, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
