/* The whole way out: messages in the database, the courier, the shipped sandbox provider's file, the sandbox
 * served by the gateway itself, and receipts back by its webhook. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/web-fixture.h"

#include "deliver/courier.h"

#include <sqlite3.h>
#include <unistd.h>

#define COUNT 200

static struct provider *provider;

static const char *setting(void *context, const char *name)
{
        return strcmp(name, "loopback_url") == 0 ? web_loopback_url(((struct fixture *)context)->web) : NULL;
}

static const struct provider *take(void *context, const char *name)
{
        (void)context;
        return strcmp(name, "sandbox") == 0 ? provider : NULL;
}

static void give(void *context, const struct provider *taken)
{
        (void)context;
        (void)taken;
}

static void execute(struct db *db, const char *sql)
{
        char *error = NULL;

        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, &error) != SQLITE_OK)
                fail_msg("%s", error);
}

static int64_t number(struct db *db, const char *sql)
{
        sqlite3_stmt *statement;
        int64_t value = -1;

        assert_int_equal(sqlite3_prepare_v2(db_handle(db), sql, -1, &statement, NULL), SQLITE_OK);
        if (sqlite3_step(statement) == SQLITE_ROW)
                value = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return value;
}

static void reaches_the_sandbox(void **state)
{
        struct fixture fixture;
        struct courier_config config;
        struct courier *courier = NULL;
        struct err err = {0};
        struct db *db = NULL;
        int64_t until;

        (void)state;
        fixture_prepare(&fixture);
        fixture.options.provider_take = take;
        fixture.options.provider_give = give;
        fixture_open(&fixture);
        if (provider_load(SOURCE_DIR "/gateway/providers/sandbox.yaml", setting, &fixture, &provider, &err) <
            0)
                fail_msg("%s", err.text);
        assert_int_equal(db_open(fixture.path, DB_WRITER, &db, &err), 0);
        execute(db, "INSERT INTO person(id, given, family) VALUES ('G1', 'Aino', 'Esimerkki');"
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
                    "INSERT INTO message(id, person, channel, address, language, title, text, urgent, state,"
                    "                    created, not_before, changed)"
                    " SELECT i, 'G1', CASE i % 2 WHEN 0 THEN 'sms' ELSE 'email' END, '+358400000010', 'fi',"
                    "        CASE i % 2 WHEN 1 THEN 'Otsikko \"ä\"' END, 'Viesti ' || i || char(10) || '\\', "
                    "i % 3 = 0,"
                    "        'queued', 0, 0, 0 FROM n");
        config = (struct courier_config){.path = fixture.path,
                                         .writer = fixture.writer,
                                         .clock = &fixture.clock,
                                         .providers = &provider,
                                         .provider_count = 1};
        if (courier_open(&config, &courier, &err) < 0)
                fail_msg("%s", err.text);
        for (until = clock_monotonic_ms() + 20000; clock_monotonic_ms() < until;)
                if (usleep(1000) == 0 && courier_counts(courier).accepted == COUNT)
                        break;
        courier_close(courier);
        assert_int_equal(number(db, "SELECT count(*) FROM message WHERE state = 'accepted' AND attempts = 1"),
                         COUNT);
        assert_int_equal(number(db, "SELECT count(*) FROM sandbox_message"), COUNT);
        assert_int_equal(
            number(db, "SELECT count(*) FROM message m JOIN sandbox_message s"
                       "    ON m.provider_id = 'sb-' || s.id AND m.text = s.text AND m.title IS s.title"
                       "   AND m.channel = s.channel AND m.address = s.recipient"
                       "   AND s.idempotency_key LIKE 'kapula-%-' || m.id"),
            COUNT);

        assert_int_equal(http_status(fixture.port, "POST /v1/receipts/sandbox",
                                     "Content-Type: application/json\r\n",
                                     "{\"id\":\"sb-1\",\"status\":\"delivered\"}"),
                         200);
        assert_int_equal(http_status(fixture.port, "POST /v1/receipts/sandbox",
                                     "Content-Type: application/json\r\n",
                                     "{\"id\":\"sb-9999\",\"status\":\"delivered\"}"),
                         404);
        assert_int_equal(number(db, "SELECT count(*) FROM message WHERE state = 'delivered'"), 1);
        db_close(db);
        fixture_close(&fixture);
        provider_free(provider);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(reaches_the_sandbox)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
