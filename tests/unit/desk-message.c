/* What of a message's text is not for the log. */
#include "desk/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include <cmocka.h>

#include "lib/fresh.h"

static void test_mask(void **state)
{
        static const struct {
                const char *text, *expected;
        } table[] = {
            {"Vastaa: http://127.0.0.1:8080/r/AbCdEfGhIjKlMnOpQrStUv", "Vastaa: http://127.0.0.1:8080/r/…"},
            {"https://k.example.org/desk/enter?token=AbCdEfGhIjKlMnOpQrStUv.",
             "https://k.example.org/desk/enter?token=…."},
            {"https://k.example.org/u/AbCdEfGh-_KlMnOpQrStUv\nLoppu", "https://k.example.org/u/…\nLoppu"},
            {"<https://k.example.org/c/AbCdEfGhIjKlMnOpQrStUv>", "<https://k.example.org/c/…>"},
            {"webcal://k.example.org/calendar/AbCdEfGhIjKlMnOpQrStUv.ics",
             "webcal://k.example.org/calendar/….ics"},
            {"https://kokous.example.org/jopo-kahvit", "https://kokous.example.org/jopo-kahvit"},
            {"Koodi on 123456.", "Koodi on …."},
            {"Soita +358400000010, 23.11. klo 8.00-8.45 (1. tunti)",
             "Soita +358400000010, 23.11. klo 8.00-8.45 (1. tunti)"},
            {"Tapaus 2026-0001, porras 2", "Tapaus …, porras 2"},
            {"Tapaus 2026-0002", "Tapaus 2026-0002"}, /* the reader owns it */
            {"Päivä 2026-11-23", "Päivä 2026-11-23"},
            {"", ""},
            {"://", "://"},
            {"Åäö – “”", "Åäö – “”"},
        };
        struct desk desk = {.db = *state};

        snprintf(desk.session.person, sizeof desk.session.person, "T1");
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                struct err err = {0};
                struct buf shown;

                desk.err = &err;
                buf_init(&shown, MESSAGE_TEXT_MAX);
                assert_int_equal(message_mask(&desk, table[i].text, &shown), 0);
                assert_string_equal(buf_text(&shown), table[i].expected);
                buf_fini(&shown);
        }
}

static void test_tone(void **state)
{
        (void)state;
        assert_string_equal(message_tone("delivered", ""), "good");
        assert_string_equal(message_tone("accepted", "no-receipts"), "good");
        assert_string_equal(message_tone("accepted", ""), "quiet");
        assert_string_equal(message_tone("failed", "receipt"), "alarm");
        assert_string_equal(message_tone("of another version", ""), "quiet");
}

static int setup(void **state)
{
        struct db *db = fresh_open();

        if (sqlite3_exec(
                db_handle(db),
                "INSERT INTO organisation(id, kind, name) VALUES ('s', 'school', 'S');"
                "INSERT INTO person(id, given, family) VALUES ('P1', 'A', 'B'), ('T1', 'C', 'D'),"
                " ('CU', 'E', 'F'), ('P2', 'G', 'H');"
                "INSERT INTO case_file(id, pupil, organisation, rule, step, owner_role, owner, opened, owned)"
                " VALUES ('2026-0001', 'P1', 's', 'r', '1', 'curator', 'CU', 1, 1),"
                " ('2026-0002', 'P2', 's', 'r', '1', 'teacher', 'T1', 1, 1)",
                NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s", sqlite3_errmsg(db_handle(db)));
        *state = db;
        return 0;
}

static int teardown(void **state)
{
        db_close(*state);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(test_mask, setup, teardown),
            cmocka_unit_test(test_tone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
