/* store/token: what is stored of a token, who finds it, and what is refused. */
#include "store/token.h"
#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "lib/fresh.h"

static int setup(void **state)
{
        struct db *db;

        db = fresh_open();
        *state = db;
        return 0;
}

static int teardown(void **state)
{
        db_close(*state);
        return 0;
}

static void makes_what_it_finds(void **state)
{
        char text[TOKEN_TEXT_MAX], other[TOKEN_TEXT_MAX];
        struct token made, found;
        struct db *db = *state;

        assert_int_equal(
            token_create(db, 100, "Register", "events:write,events:read", NULL, "urn:x:", &made, text, NULL),
            0);
        assert_int_equal(strlen(text), 43);
        assert_int_equal(token_create(db, 100, "Other", "clock:write", NULL, NULL, &made, other, NULL), 0);
        assert_string_not_equal(text, other);
        assert_int_equal(token_find(db, text, &found, NULL), 0);
        assert_string_equal(found.name, "Register");
        assert_string_equal(found.source_prefix, "urn:x:");
        assert_string_equal(found.organisation, "");
        assert_int_equal(found.created_utc, 100);
        assert_int_equal(found.last_used_utc, 0);
        assert_true(token_has_scope(&found, "events:write"));
        assert_true(token_has_scope(&found, "events:read"));
        assert_false(token_has_scope(&found, "events"));
        assert_false(token_has_scope(&found, "clock:write"));
        assert_false(token_has_scope(&found, ""));
}

static void does_not_find_what_it_did_not_make(void **state)
{
        static const char *const bad[] = {"", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",
                                          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
        char text[TOKEN_TEXT_MAX];
        struct token token;
        struct db *db = *state;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(token_find(db, bad[i], &token, NULL), ERR_NOT_FOUND);
        assert_int_equal(token_create(db, 100, "n", "events:write", NULL, NULL, &token, text, NULL), 0);
        assert_int_equal(token_revoke(db, 200, token.id, NULL), 0);
        assert_int_equal(token_find(db, text, &token, NULL), ERR_NOT_FOUND);
        assert_int_equal(token_revoke(db, 300, token.id, NULL), 0);
        assert_int_equal(token_revoke(db, 300, "t-nothing", NULL), ERR_NOT_FOUND);
}

static void refuses_other_scopes_and_places(void **state)
{
        static const char *const bad[] = {
            "", "events", "events:write,", ",events:write", "events:write events:read", "EVENTS:WRITE"};
        char text[TOKEN_TEXT_MAX], name[TOKEN_NAME_MAX + 1];
        struct token token;
        struct db *db = *state;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(token_create(db, 1, "n", bad[i], NULL, NULL, &token, text, NULL), ERR_USAGE);
        assert_int_equal(token_create(db, 1, "n", "events:write", "nowhere", NULL, &token, text, NULL),
                         ERR_NOT_FOUND);
        memset(name, 'n', sizeof name - 1);
        name[sizeof name - 1] = '\0';
        assert_int_equal(token_create(db, 1, name, "events:write", NULL, NULL, &token, text, NULL),
                         ERR_USAGE);
}

static int64_t last_used(struct db *db, const char *text)
{
        struct token token;

        assert_int_equal(token_find(db, text, &token, NULL), 0);
        return token.last_used_utc;
}

static void notes_uses_by_the_hour(void **state)
{
        char text[TOKEN_TEXT_MAX];
        struct token token;
        struct db *db = *state;

        assert_int_equal(token_create(db, 1, "n", "events:write", NULL, NULL, &token, text, NULL), 0);
        assert_int_equal(token_used(db, 10000, token.id, NULL), 0);
        assert_int_equal(last_used(db, text), 10000);
        assert_int_equal(token_used(db, 10000 + TOKEN_USE_STEP_S - 1, token.id, NULL), 0);
        assert_int_equal(last_used(db, text), 10000);
        assert_int_equal(token_used(db, 10000 + TOKEN_USE_STEP_S, token.id, NULL), 0);
        assert_int_equal(last_used(db, text), 10000 + TOKEN_USE_STEP_S);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(makes_what_it_finds, setup, teardown),
            cmocka_unit_test_setup_teardown(does_not_find_what_it_did_not_make, setup, teardown),
            cmocka_unit_test_setup_teardown(refuses_other_scopes_and_places, setup, teardown),
            cmocka_unit_test_setup_teardown(notes_uses_by_the_hour, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
