/* store/desk_openid: who was sent to the provider comes back once, in time, in the same browser. */
#include "store/desk_openid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "lib/fresh.h"
#include "lib/rows.h"

#define NOW 1795420800

static int setup(void **state)
{
        *state = fresh_open();
        return 0;
}

static int teardown(void **state)
{
        db_close(*state);
        return 0;
}

static void takes_whom_it_sent_once(void **state)
{
        struct db *db = *state;

        assert_int_equal(desk_openid_begin(db, NOW, "state-1", "secret-1", NULL), 0);
        assert_int_equal(desk_openid_begin(db, NOW, "state-2", "secret-2", NULL), 0);
        assert_int_equal(desk_openid_end(db, NOW + 5, "state-1", "secret-1", NULL), 1);
        assert_int_equal(desk_openid_end(db, NOW + 5, "state-1", "secret-1", NULL), 0);
        assert_int_equal(desk_openid_end(db, NOW + DESK_OPENID_LIFE_S - 1, "state-2", "secret-2", NULL), 1);
}

static void refuses_others(void **state)
{
        struct db *db = *state;

        assert_int_equal(desk_openid_begin(db, NOW, "state-1", "secret-1", NULL), 0);
        assert_int_equal(desk_openid_begin(db, NOW, "state-2", "secret-2", NULL), 0);
        assert_int_equal(desk_openid_end(db, NOW, "state-3", "secret-1", NULL), 0);
        assert_int_equal(desk_openid_end(db, NOW, "", "", NULL), 0);
        assert_int_equal(desk_openid_end(db, NOW, "state-1", "secret-2", NULL), 0);
        assert_int_equal(desk_openid_end(db, NOW, "state-1", "secret-1", NULL), 0); /* over by then */
        assert_int_equal(desk_openid_end(db, NOW + DESK_OPENID_LIFE_S, "state-2", "secret-2", NULL), 0);
}

/* The same state drawn twice is no state. */
static void refuses_a_state_that_stands(void **state)
{
        struct db *db = *state;

        assert_int_equal(desk_openid_begin(db, NOW, "state-1", "secret-1", NULL), 0);
        assert_int_equal(desk_openid_begin(db, NOW, "state-1", "secret-2", NULL), ERR_CONFLICT);
}

static void keeps_hashes_and_forgets_the_old(void **state)
{
        struct db *db = *state;

        assert_int_equal(desk_openid_begin(db, NOW, "state-1", "secret-1", NULL), 0);
        assert_string_equal(rows_text(db, "SELECT length(state), length(secret), instr(state, 'state'),"
                                          " instr(secret, 'secret') FROM openid_request"),
                            "32|32|0|0");
        assert_int_equal(desk_openid_begin(db, NOW + DESK_OPENID_LIFE_S, "state-2", "secret-2", NULL), 0);
        assert_string_equal(rows_text(db, "SELECT count(*) FROM openid_request"), "1");
}

static void refuses_too_many(void **state)
{
        struct db *db = *state;

        rows_run(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
                     " INSERT INTO openid_request SELECT CAST(i AS BLOB), x'00', 1795420801 FROM n");
        assert_int_equal(desk_openid_begin(db, NOW, "state-1", "secret-1", NULL), ERR_LIMIT);
        assert_int_equal(desk_openid_begin(db, NOW + 1, "state-1", "secret-1", NULL), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(takes_whom_it_sent_once, setup, teardown),
            cmocka_unit_test_setup_teardown(refuses_others, setup, teardown),
            cmocka_unit_test_setup_teardown(refuses_a_state_that_stands, setup, teardown),
            cmocka_unit_test_setup_teardown(keeps_hashes_and_forgets_the_old, setup, teardown),
            cmocka_unit_test_setup_teardown(refuses_too_many, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
