/* What staff set: proposals, second persons, what stood before and comes back, forms that are stale or sent
 * twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/rows.h"
#include "store/desk_setting.h"

#define NOW 1795420800 /* 2026-11-23T08:00Z */

static const struct setting_key grace = {SETTING_PARAMETER, "kjk", NULL, "absence-alert", "grace"};
static const struct setting_key of_pupil = {SETTING_PARAMETER, "kjk-a", "P1", "absence-hours", "first"};
static const struct setting_key text = {SETTING_TEXT, "kj", NULL, "absence-alert", "fi/sms"};

static struct db *open_rows(void)
{
        struct db *db = rows_open();

        rows_load(db, "2026-11-23T08:00", ROWS_ROSTER);
        return db;
}

static int64_t propose(struct db *db, const struct setting_key *key, const char *value, const char *until,
                       bool urgent, const char *by)
{
        const struct setting_wish wish = {*key, value, until, by, -1, urgent};
        enum setting_state state;
        struct err err = {0};
        int64_t id;

        if (setting_propose(db, &wish, NOW, &id, &state, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(state, urgent ? SETTING_PROPOSED : SETTING_IN_FORCE);
        return id;
}

static const char *standing(struct db *db)
{
        return rows_text(db, "SELECT organisation, rule, name, value FROM rule_parameter");
}

static void ordinary_changes_hold_at_once(void **state)
{
        struct db *db = open_rows();

        (void)state;
        rows_run(db, "DELETE FROM change; DELETE FROM change_part");
        propose(db, &grace, "20 min", NULL, false, "T1");
        assert_string_equal(standing(db), "kjk|absence-alert|grace|20 min");
        assert_string_equal(rows_text(db, "SELECT subject FROM change WHERE kind = 'pupil' ORDER BY 1"),
                            "P1 P2");
        propose(db, &grace, "25 min", NULL, false, "T1");
        assert_string_equal(standing(db), "kjk|absence-alert|grace|25 min");
        assert_string_equal(rows_text(db, "SELECT state, value, before_value, decided_by FROM desk_setting"),
                            "superseded|20 min|-|T1 in-force|25 min|20 min|T1");
        db_close(db);
}

static void urgent_changes_wait_for_another(void **state)
{
        struct db *db = open_rows();
        int64_t id = propose(db, &grace, "20 min", NULL, true, "T1");
        struct err err = {0};

        (void)state;
        assert_string_equal(standing(db), "");
        assert_int_equal(setting_approve(db, id, "T1", NOW, &err), ERR_CONFLICT);
        assert_string_equal(standing(db), "");
        assert_int_equal(setting_approve(db, id, "S1", NOW + 60, &err), 0);
        assert_string_equal(standing(db), "kjk|absence-alert|grace|20 min");
        assert_string_equal(
            rows_text(db, "SELECT state, proposed_by, decided_by, decided - proposed FROM desk_setting"),
            "in-force|T1|S1|60");
        assert_int_equal(setting_approve(db, id, "S1", NOW, &err), ERR_CONFLICT); /* sent twice */
        assert_int_equal(setting_reject(db, id, "S1", NOW, &err), ERR_CONFLICT);
        assert_int_equal(setting_approve(db, 99, "S1", NOW, &err), ERR_NOT_FOUND);
        db_close(db);
}

static void what_is_rejected_never_holds(void **state)
{
        struct db *db = open_rows();
        int64_t id = propose(db, &grace, "20 min", NULL, true, "T1");
        struct err err = {0};

        (void)state;
        assert_int_equal(setting_reject(db, id, "T1", NOW, &err), 0); /* taken back by its author */
        assert_int_equal(setting_approve(db, id, "S1", NOW, &err), ERR_CONFLICT);
        assert_string_equal(standing(db), "");
        assert_string_equal(rows_text(db, "SELECT state FROM desk_setting"), "rejected");
        db_close(db);
}

static void what_stood_before_comes_back(void **state)
{
        struct db *db = open_rows();
        struct err err = {0};
        int64_t first, second, back, again;

        (void)state;
        first = propose(db, &grace, "20 min", NULL, false, "T1");
        second = propose(db, &grace, "25 min", NULL, false, "T1");
        assert_int_equal(setting_undo(db, first, "S1", NOW, &back, &err), ERR_CONFLICT);
        assert_int_equal(setting_undo(db, second, "S1", NOW, &back, &err), 0);
        assert_string_equal(standing(db), "kjk|absence-alert|grace|20 min");
        assert_int_equal(setting_undo(db, second, "S1", NOW, &again, &err), ERR_CONFLICT);
        assert_int_equal(setting_undo(db, back, "S1", NOW, &again, &err), 0); /* and forth again */
        assert_string_equal(standing(db), "kjk|absence-alert|grace|25 min");
        assert_string_equal(rows_text(db, "SELECT state, value, coalesce(undoes, 0) FROM desk_setting"),
                            "superseded|20 min|0 undone|25 min|0 undone|20 min|2 in-force|25 min|3");
        db_close(db);
}

/* Nothing of one's own stood before: the rule's file speaks again, and everybody below is looked at. */
static void nothing_comes_back_too(void **state)
{
        struct db *db = open_rows();
        struct err err = {0};
        int64_t id = propose(db, &grace, "20 min", NULL, true, "T1"), back;

        (void)state;
        assert_int_equal(setting_approve(db, id, "S1", NOW, &err), 0);
        rows_run(db, "DELETE FROM change; DELETE FROM change_part");
        assert_int_equal(setting_undo(db, id, "T1", NOW, &back, &err), 0);
        assert_string_equal(standing(db), "");
        assert_string_equal(rows_text(db, "SELECT subject FROM change WHERE kind = 'pupil' ORDER BY 1"),
                            "P1 P2");
        assert_string_equal(rows_text(db, "SELECT state FROM desk_setting"), "undone in-force");
        db_close(db);
}

static void stale_forms_change_nothing(void **state)
{
        struct db *db = open_rows();
        int64_t first = propose(db, &grace, "20 min", NULL, false, "T1"), id;
        struct setting_wish wish = {grace, "30 min", NULL, "S1", 0, false};
        enum setting_state became;
        struct err err = {0};

        (void)state;
        assert_int_equal(setting_propose(db, &wish, NOW, &id, &became, &err), ERR_CONFLICT);
        wish.seen = first;
        wish.value = "20 min";
        assert_int_equal(setting_propose(db, &wish, NOW, &id, &became, &err), ERR_CONFLICT); /* it is so */
        assert_string_equal(standing(db), "kjk|absence-alert|grace|20 min");
        wish.value = "30 min";
        assert_int_equal(setting_propose(db, &wish, NOW, &id, &became, &err), 0);
        assert_string_equal(rows_text(db, "SELECT count(*) FROM desk_setting"), "2");
        db_close(db);
}

static void a_proposal_is_there_once(void **state)
{
        struct db *db = open_rows();
        int64_t first = propose(db, &grace, "20 min", NULL, true, "T1");
        struct err err = {0};

        (void)state;
        assert_int_equal(propose(db, &grace, "20 min", NULL, true, "T1"), first); /* sent twice */
        assert_int_not_equal(propose(db, &grace, "21 min", NULL, true, "T1"), first);
        assert_int_equal(setting_approve(db, first, "S1", NOW, &err), ERR_CONFLICT);
        assert_string_equal(rows_text(db, "SELECT state FROM desk_setting"), "replaced proposed");
        assert_string_equal(standing(db), "");
        db_close(db);
}

static void a_proposal_that_rests_on_another_past_is_not_approved(void **state)
{
        struct db *db = open_rows();
        int64_t id = propose(db, &grace, "20 min", NULL, true, "T1");
        struct err err = {0};

        (void)state;
        rows_run(db, "INSERT INTO rule_parameter VALUES ('kjk', 'absence-alert', 'grace', '5 min')");
        assert_int_equal(setting_approve(db, id, "S1", NOW, &err), ERR_CONFLICT);
        assert_string_equal(standing(db), "kjk|absence-alert|grace|5 min");
        db_close(db);
}

static void undoing_spares_what_others_have_set_since(void **state)
{
        struct db *db = open_rows();
        int64_t id = propose(db, &grace, "20 min", NULL, false, "T1"), back;
        struct err err = {0};

        (void)state;
        rows_run(db, "UPDATE rule_parameter SET value = '5 min'");
        assert_int_equal(setting_undo(db, id, "T1", NOW, &back, &err), ERR_CONFLICT);
        assert_string_equal(standing(db), "kjk|absence-alert|grace|5 min");
        db_close(db);
}

static void pupils_have_their_own_until_a_day(void **state)
{
        struct db *db = open_rows();
        struct err err = {0};
        int64_t first, second, back;

        (void)state;
        first = propose(db, &of_pupil, "20", "2026-12-18", false, "T1");
        second = propose(db, &of_pupil, "20", "2027-01-31", false, "T1");
        assert_string_equal(rows_text(db, "SELECT * FROM pupil_parameter"),
                            "P1|absence-hours|first|20|2027-01-31");
        assert_int_equal(setting_undo(db, second, "T1", NOW, &back, &err), 0);
        assert_string_equal(rows_text(db, "SELECT * FROM pupil_parameter"),
                            "P1|absence-hours|first|20|2026-12-18");
        assert_int_equal(setting_undo(db, first, "T1", NOW, &back, &err), ERR_CONFLICT);
        propose(db, &of_pupil, NULL, NULL, false, "T1");
        assert_string_equal(rows_text(db, "SELECT count(*) FROM pupil_parameter"), "0");
        db_close(db);
}

static int count_setting(void *context, const struct setting *setting, struct err *err)
{
        (void)setting;
        (void)err;
        ++*(int *)context;
        return 0;
}

static int listed(struct db *db, const char *organisation, int kind)
{
        const struct setting_filter filter = {.organisation = organisation, .kind = kind, .state = -1};
        int count = 0;

        assert_int_equal(setting_each(db, &filter, count_setting, &count, NULL), 0);
        return count;
}

static void lists_show_what_lies_below(void **state)
{
        struct db *db = open_rows();

        (void)state;
        propose(db, &grace, "20 min", NULL, false, "T1");
        propose(db, &of_pupil, "20", "2026-12-18", false, "T1");
        propose(db, &text, "Hei", NULL, true, "T1");
        assert_int_equal(listed(db, "kj", -1), 3);
        assert_int_equal(listed(db, "kjk", -1), 2);
        assert_int_equal(listed(db, "kjk-a", -1), 1);
        assert_int_equal(listed(db, "tuo", -1), 0);
        assert_int_equal(listed(db, "kj", SETTING_TEXT), 1);
        db_close(db);
}

static void texts_have_a_version(void **state)
{
        struct db *db = open_rows();
        _cleanup_(free_ptr) char *before = NULL, *proposed = NULL, *after = NULL;
        struct err err = {0};
        char owner[ID_SIZE];
        int64_t id;

        (void)state;
        assert_int_equal(organisation_text_version(db, &before, &err), 0);
        id = propose(db, &text, "Hei", NULL, true, "T1");
        assert_int_equal(organisation_text_version(db, &proposed, &err), 0);
        assert_string_equal(before, proposed);
        assert_int_equal(organisation_text_owner(db, "kjk-a", owner, &err), 0);
        assert_int_equal(setting_approve(db, id, "S1", NOW, &err), 0);
        assert_int_equal(organisation_text_version(db, &after, &err), 0);
        assert_string_not_equal(before, after);
        assert_int_equal(organisation_text_owner(db, "kjk-a", owner, &err), 1);
        assert_string_equal(owner, "kj");
        assert_int_equal(organisation_text_owner(db, "tuk", owner, &err), 0);
        db_close(db);
}

static void bad_keys_are_refused(void **state)
{
        struct db *db = open_rows();
        struct setting_key key = text;
        struct setting_wish wish = {key, "Hei", NULL, "T1", -1, false};
        enum setting_state became;
        struct err err = {0};
        char *longest = calloc(SETTING_VALUE_MAX_BYTES + 2, 1);
        int64_t id;

        (void)state;
        wish.key.part = "sms";
        assert_int_equal(setting_propose(db, &wish, NOW, &id, &became, &err), ERR_INVALID);
        wish.key.part = "fi/pigeon";
        rows_try(db);
        assert_true(setting_propose(db, &wish, NOW, &id, &became, &err) < 0);
        db_rollback(db);
        wish.key.part = "fi/sms";
        memset(longest, 'x', SETTING_VALUE_MAX_BYTES + 1);
        wish.value = longest;
        assert_int_equal(setting_propose(db, &wish, NOW, &id, &became, &err), ERR_LIMIT);
        assert_string_equal(rows_text(db, "SELECT count(*) FROM desk_setting"), "0");
        assert_string_equal(rows_text(db, "SELECT count(*) FROM organisation_text"), "0");
        free(longest);
        db_close(db);
}

static void the_history_stays(void **state)
{
        struct db *db = open_rows();

        (void)state;
        propose(db, &grace, "20 min", NULL, false, "T1");
        assert_int_not_equal(sqlite3_exec(db_handle(db), "DELETE FROM desk_setting", NULL, NULL, NULL),
                             SQLITE_OK);
        assert_string_equal(rows_text(db, "SELECT count(*) FROM desk_setting"), "1");
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(ordinary_changes_hold_at_once),
            cmocka_unit_test(urgent_changes_wait_for_another),
            cmocka_unit_test(what_is_rejected_never_holds),
            cmocka_unit_test(what_stood_before_comes_back),
            cmocka_unit_test(nothing_comes_back_too),
            cmocka_unit_test(stale_forms_change_nothing),
            cmocka_unit_test(a_proposal_is_there_once),
            cmocka_unit_test(a_proposal_that_rests_on_another_past_is_not_approved),
            cmocka_unit_test(undoing_spares_what_others_have_set_since),
            cmocka_unit_test(pupils_have_their_own_until_a_day),
            cmocka_unit_test(lists_show_what_lies_below),
            cmocka_unit_test(texts_have_a_version),
            cmocka_unit_test(bad_keys_are_refused),
            cmocka_unit_test(the_history_stays),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
