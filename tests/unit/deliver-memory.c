/* Out of memory at each allocation of a delivery: claimed, sent, answered, its outcome written. The courier
 * goes on, no message stays leased, none is lost, and none that may have left is sent again without its key.
 * See store-memory.c. */
#include "base/log.h"
#include "deliver/courier.h"
#include "lib/provider_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/rows.h"
#include "lib/scarce.h"

#define NOW 1800000000
#define STEPS_MAX 400 /* of the courier while memory is short */
#define ROUNDS_MAX 40 /* of a quarter of an hour until a message has reached its end */

struct fixture {
        struct db *db;
        struct clock clock;
        struct peer *peer;
        struct provider *provider;
        struct courier *courier; /* NULL: each delivery opens one of its own */
        bool is_email, is_leased, is_idempotent;
        long unknown; /* messages that ended so */
};

static const char *no_setting(void *context, const char *name)
{
        (void)context;
        if (strcmp(name, "SENDER") == 0)
                return "school@example.org";
        return strcmp(name, "base_url") == 0 ? "https://kapula.example.org" : NULL;
}

static void make_provider(struct fixture *fixture)
{
        static const char
            sms[] = "{\"to\":\"{{recipient}}\",\"text\":\"{{text}}\"}",
            email[] = "{\"to\":\"{{recipient}}\",\"from\":\"{{from_mailbox}}\",\"text\":\"{{text}}\","
                      "\"html\":\"{{html}}\"{{#unsubscribe}},\"end\":\"{{unsubscribe}}\"{{/unsubscribe}}}";
        struct err err = {0};
        char yaml[1024];
        int length = snprintf(yaml, sizeof yaml,
                              "provider: one\nchannels: [%s]\nrequest:\n  url: http://127.0.0.1:%d/send\n"
                              "  format: json\n  body: '%s'\n%s"
                              "answers:\n  - {status: 201, outcome: accepted, id: /id}\n"
                              "  - {status: 400, outcome: rejected, detail: /error, bad_address: true}\n",
                              fixture->is_email ? "email" : "sms", peer_port(fixture->peer),
                              fixture->is_email ? email : sms,
                              fixture->is_idempotent ? "idempotency: Idempotency-Key\n" : "");

        if (provider_parse("one.yaml", yaml, (size_t)length, no_setting, NULL, &fixture->provider, &err) < 0)
                fail_msg("%s", err.text);
}

static int open_courier(struct fixture *fixture, struct courier **ret_courier)
{
        const struct courier_config config = {.db = fixture->db,
                                              .clock = &fixture->clock,
                                              .providers = &fixture->provider,
                                              .provider_count = 1,
                                              .timeout_ms = 2000,
                                              .drain_ms = 50};
        struct err err = {0};
        int r = courier_new(&config, ret_courier, &err);

        if (r < 0 && r != ERR_NOMEM)
                fail_msg("%s", err.text);
        return r;
}

/* ---- a delivery */

static void add_message(struct fixture *fixture)
{
        rows_run(fixture->db,
                 fixture->is_email
                     ? "INSERT INTO message(id, person, channel, address, language, title, text, urgent, "
                       "state, created, not_before, changed) VALUES (1, 'G1', 'email', "
                       "'g1@example.org', 'fi', 'Hei', 'Katso:\n\nhttps://example.org/r/x', 0, "
                       "'queued', 0, 0, 0)"
                     : "INSERT INTO message(id, person, channel, address, language, text, urgent, state, "
                       "created, not_before, changed) VALUES (1, 'G1', 'sms', '+358400000010', 'fi', "
                       "'Hei', 0, 'queued', 0, 0, 0)");
        if (fixture->is_leased)
                rows_run(fixture->db,
                         "INSERT INTO attempt(message, number, provider, started) VALUES (1, 1, 'one', 0);"
                         "UPDATE message SET state = 'leased', attempts = 1");
}

static bool has_ended(struct fixture *fixture)
{
        const char *state = rows_text(fixture->db, "SELECT state FROM message");

        return strcmp(state, "accepted") == 0 || strcmp(state, "rejected") == 0 ||
               strcmp(state, "unknown") == 0;
}

/* Until there is nothing to do, or memory has been short for a while. */
static void step(struct courier *courier, int count)
{
        struct err err = {0};
        int patience = 3;

        courier_wake(courier);
        for (int i = 0; i < count; i++) {
                if (courier_step(courier, 20, &err) < 0)
                        fail_msg("the courier stopped: %s", err.text);
                if (courier_is_idle(courier) || (scarce_has_failed && !scarce_is_paused && !patience--))
                        return;
        }
}

/* With memory again: the message must come to its end by itself. */
static void finish(struct fixture *fixture, struct courier *courier)
{
        for (int i = 0; i < ROUNDS_MAX && !has_ended(fixture); i++) {
                step(courier, STEPS_MAX);
                if (!has_ended(fixture))
                        clock_set_utc(&fixture->clock, clock_now_utc(&fixture->clock) + 900);
        }
        if (!has_ended(fixture))
                fail_msg("the message stays %s",
                         rows_text(fixture->db, "SELECT state, reason, attempts FROM message"));
}

static void check(struct fixture *fixture, int requests)
{
        const char *state = rows_text(fixture->db, "SELECT state FROM message");
        bool is_unknown = strcmp(state, "unknown") == 0;

        fixture->unknown += is_unknown;
        if (fixture->is_idempotent)
                assert_false(is_unknown);
        else if (requests > 1)
                fail_msg("sent %d times without a key", requests);
        if (requests == 0 && !is_unknown)
                fail_msg("%s without having been sent", state);
        assert_string_equal(rows_text(fixture->db, "SELECT count(*) FROM attempt WHERE outcome IS NULL"),
                            "0");
        assert_string_equal(rows_text(fixture->db,
                                      "SELECT count(*) FROM message m, attempt a WHERE a.message = m.id"
                                      " AND a.number = m.attempts AND a.outcome = m.state"),
                            "1");
}

static int deliver(void *context)
{
        struct fixture *fixture = context;
        struct courier *courier = fixture->courier;
        int before = peer_requests(fixture->peer), r = 0;

        scarce_pause();
        add_message(fixture);
        scarce_resume();
        if (!courier)
                r = open_courier(fixture, &courier);
        if (r == 0)
                step(courier, STEPS_MAX);
        scarce_pause();
        if (r < 0)
                assert_int_equal(open_courier(fixture, &courier), 0);
        finish(fixture, courier);
        check(fixture, peer_requests(fixture->peer) - before);
        rows_run(fixture->db,
                 "DELETE FROM attempt; DELETE FROM message; DELETE FROM change; DELETE FROM change_part");
        if (!fixture->courier)
                courier_free(courier);
        return r;
}

/* ---- the cases */

static void torture(const char *name, struct fixture fixture, enum peer_behaviour behaviour, bool is_kept)
{
        fixture.db = rows_open();
        clock_init_virtual(&fixture.clock, NOW);
        fixture.peer = peer_start();
        peer_behave(fixture.peer, behaviour);
        make_provider(&fixture);
        rows_run(fixture.db,
                 "INSERT INTO person(id, given, family) VALUES ('G1', 'Aino', 'Esimerkki');"
                 "INSERT INTO contact(person, channel, value) VALUES ('G1', 'sms', '+358400000010');"
                 "INSERT INTO meta(name, value) VALUES ('uid', '0123456789abcdef')");
        if (is_kept)
                assert_int_equal(open_courier(&fixture, &fixture.courier), 0);
        scarce_torture(name, deliver, &fixture);
        if (fixture.unknown)
                print_message("%s: %ld times unknown\n", name, fixture.unknown);
        courier_free(fixture.courier);
        provider_free(fixture.provider);
        peer_stop(fixture.peer);
        db_close(fixture.db);
}

static void delivers(void **state)
{
        (void)state;
        torture("delivery", (struct fixture){.is_idempotent = true}, PEER_ACCEPT, true);
}

static void delivers_without_a_key(void **state)
{
        (void)state;
        torture("delivery without a key", (struct fixture){0}, PEER_ACCEPT, true);
}

static void is_rejected(void **state)
{
        (void)state;
        torture("rejection", (struct fixture){.is_idempotent = true}, PEER_REJECT, true);
}

static void delivers_an_email(void **state)
{
        (void)state;
        torture("delivery of an e-mail", (struct fixture){.is_idempotent = true, .is_email = true},
                PEER_ACCEPT, true);
}

static void begins(void **state)
{
        (void)state;
        torture("first delivery", (struct fixture){.is_idempotent = true}, PEER_ACCEPT, false);
}

static void recovers(void **state)
{
        (void)state;
        torture("first delivery after a crash", (struct fixture){.is_idempotent = true, .is_leased = true},
                PEER_ACCEPT, false);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(delivers),    cmocka_unit_test(delivers_without_a_key),
            cmocka_unit_test(is_rejected), cmocka_unit_test(delivers_an_email),
            cmocka_unit_test(begins),      cmocka_unit_test(recovers),
        };

        scarce_init();
        log_set_level(LOG_LEVEL_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
