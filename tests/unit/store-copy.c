/* What a copy of a database forgets when it is taken back, what it keeps, and what comes again. */
#include "store/copy.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "lib/fresh.h"

#include "store/db.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

#define NOW 1795420800 /* 2026-11-23T08:00Z */

/* Every table stands in one of the two lists: whoever adds one says here, and in store/copy.c, which. */
static const char *const kept_table[] = {
    "meta",
    "organisation",
    "organisation_tree",
    "organisation_link",
    "calendar_entry",
    "calendar_day",
    "person",
    "organisation_calendar",
    "calendar_dirty",
    "contact",
    "contact_replaced",
    "person_choice",
    "role",
    "guardian",
    "carer",
    "workplace",
    "workplace_card",
    "audience",
    "workplace_supervisor",
    "audience_member",
    "lesson",
    "rule_version",
    "pupil_parameter",
    "feed",
    "feed_change",
    "feed_stamp",
    "calendar_source",
    "calendar_source_entry",
    "rule_parameter",
    "token",
    "price",
    "sms_way",
    "provider_state",
    "budget",
    "erased_total",
    "refused_contact",
    "organisation_text",
    "desk_setting",
};
static const char *const rewound_table[] = {
    "event",
    "attendance_mark",
    "explanation",
    "authorisation",
    "located",
    "hold",
    "register_sync",
    "answer",
    "reply",
    "contact_stop",
    "spending",
    "placement",
    "placement_day",
    "checkin",
    "change",
    "change_part",
    "rule_match",
    "agreement_signature",
    "match_mark",
    "match_event",
    "notice",
    "suppression",
    "message",
    "message_notice",
    "message_scope",
    "attempt",
    "receipt",
    "early_receipt",
    "earlier_id",
    "publication",
    "publish",
    "visit_published",
    "sandbox_message",
    "timer",
    "meeting",
    "plan",
    "card",
    "meeting_participant",
    "meeting_day",
    "meeting_change",
    "meeting_item",
    "meeting_interpreter",
    "committee",
    "committee_member",
    "project",
    "project_organisation",
    "mentor_pair",
    "consent",
    "package",
    "application",
    "study_place",
    "transfer_permission",
    "survey",
    "survey_answer",
    "survey_tally",
    "visit",
    "visit_party",
    "evaluation",
    "certificate",
    "case_act",
    "case_file",
    "case_match",
    "case_participant",
    "placement_change_place",
    "placement_day_change",
    "absence_lesson",
    "absence_day",
    "absence_stale",
    "fuse",
    "page_link",
    "case_session",
    "upload",
    "desk_form",
    "desk_session",
    "desk_ticket",
    "desk_audit",
    "desk_change",
    "desk_elsewhere",
    "openid_request",
    "one_time_code",
    "evaluation_mark",
    "evaluation_word",
};

static bool stands_in(const char *name, const char *const *table, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(table[i], name) == 0)
                        return true;
        return false;
}

static void test_every_table_is_sorted(void **state)
{
        struct db *db;
        sqlite3_stmt *statement;

        (void)state;
        db = fresh_open();
        assert_int_equal(sqlite3_prepare_v2(db_handle(db),
                                            "SELECT name FROM sqlite_schema"
                                            " WHERE type = 'table' AND name NOT GLOB 'sqlite_*'",
                                            -1, &statement, NULL),
                         SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW) {
                const char *name = (const char *)sqlite3_column_text(statement, 0);

                if (stands_in(name, kept_table, ARRAY_SIZE(kept_table)) ==
                    stands_in(name, rewound_table, ARRAY_SIZE(rewound_table)))
                        fail_msg("table %s: does a replay keep it or take it back? Say so here", name);
        }
        sqlite3_finalize(statement);
        db_close(db);
}

static void run(struct db *db, const char *sql)
{
        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s: %s", sql, sqlite3_errmsg(db_handle(db)));
}

static int64_t number(struct db *db, const char *sql)
{
        sqlite3_stmt *statement;
        int64_t value;

        if (sqlite3_prepare_v2(db_handle(db), sql, -1, &statement, NULL) != SQLITE_OK)
                fail_msg("%s: %s", sql, sqlite3_errmsg(db_handle(db)));
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        value = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return value;
}

/* Two events with a fact each, between them a mark that was written directly; numbers with gaps. */
static struct db *past(void)
{
        struct db *db;

        db = fresh_open();
        run(db,
            "INSERT INTO organisation(id, kind, name) VALUES ('kj', 'municipality', 'Kuusijoki');"
            "INSERT INTO person(id, given, family) VALUES ('P1', 'Aino', 'Esimerkki');"
            "INSERT INTO role(person, role, organisation) VALUES ('P1', 'pupil', 'kj');"
            "INSERT INTO event(applied, seq, source, id, type, subject, time, received, data) VALUES"
            " (1, 5, 'urn:a', 'e-5', 'attendance.marked', 'P1', 1795420800, 1795420900, "
            "'{\"pupil\":\"P1\"}'),"
            " (1, 9, 'urn:a', 'e-9', 'attendance.marked', NULL, 1795420800, 1795420800, '{}');"
            "INSERT INTO attendance_mark(id, pupil, day, lesson, starts, ends, mark, class, event, received) "
            "VALUES"
            " (40, 'P1', '2026-11-23', 1, 1795413600, 1795416300, 'absent', 'unexplained', 5, 1795420900),"
            " (43, 'P1', '2026-11-23', 2, 1795416300, 1795419000, 'absent', 'unexplained', NULL, 1795420850);"
            "INSERT INTO card(pupil, card, given) VALUES ('P1', 'hygiene', 1795000000);"
            "INSERT INTO card(pupil, card, given, event) VALUES ('P1', 'safety', 1795000000, 9);"
            "INSERT INTO hold(kind, subject, starts, event) VALUES ('pupil', 'P1', 1, 9);");
        return db;
}

static struct db *rewound(struct db *db, int64_t *ret_standing)
{
        struct db *copy;
        struct err err = {0};

        assert_int_equal(copy_open(db, &copy, &err), 0);
        assert_int_equal(copy_rewind(copy, ret_standing, &err), 0);
        return copy;
}

static void test_rewind(void **state)
{
        struct db *db = past(), *copy;
        int64_t standing;

        (void)state;
        copy = rewound(db, &standing);
        assert_int_equal(standing, 1); /* the hygiene card */
        assert_int_equal(number(copy, "SELECT count(*) FROM event"), 0);
        assert_int_equal(number(copy, "SELECT count(*) FROM attendance_mark"), 0);
        assert_int_equal(number(copy, "SELECT count(*) FROM absence_day"), 0);
        assert_int_equal(number(copy, "SELECT count(*) FROM hold"), 0);
        assert_int_equal(number(copy, "SELECT count(*) FROM card WHERE card = 'hygiene'"), 1);
        assert_int_equal(number(copy, "SELECT count(*) FROM card"), 1);
        assert_int_equal(number(copy, "SELECT count(*) FROM change WHERE kind = 'pupil' AND subject = 'P1'"),
                         1);
        assert_int_equal(number(copy, "SELECT count(*) FROM role"), 1);
        assert_int_equal(number(copy, "PRAGMA foreign_keys"), 1);
        assert_int_equal(number(db, "SELECT count(*) FROM event"), 2); /* which is only read */
        assert_int_equal(number(db, "SELECT count(*) FROM attendance_mark"), 2);
        db_close(copy);
        db_close(db);
}

struct seen {
        struct past items[8];
        int count;
};

static int note(void *context, const struct past *past, struct err *err)
{
        struct seen *seen = context;

        (void)err;
        seen->items[seen->count++] = *past;
        return 0;
}

static void test_past_comes_in_order_under_its_numbers(void **state)
{
        struct db *db = past(), *copy;
        struct err err = {0};
        struct seen seen = {0};
        int64_t standing;
        char *event;

        (void)state;
        copy = rewound(db, &standing);
        assert_int_equal(past_list(db, note, &seen, &err), 0);
        assert_int_equal(seen.count, 3);
        assert_int_equal(seen.items[0].id, 9); /* received first */
        assert_int_equal(seen.items[1].kind, PAST_MARK);
        assert_int_equal(seen.items[1].received_utc, 1795420850);
        assert_int_equal(seen.items[2].id, 5);

        assert_int_equal(past_play(db, copy, &seen.items[0], &event, &err), 0);
        assert_string_equal(event, "{\"specversion\":\"1.0\",\"id\":\"e-9\",\"source\":\"urn:a\","
                                   "\"type\":\"kapula.attendance.marked\",\"subject\":null,"
                                   "\"time\":\"2026-11-23T08:00:00Z\",\"data\":{}}");
        free(event);
        assert_int_equal(past_play(db, copy, &seen.items[1], &event, &err), 0);
        assert_null(event);
        assert_int_equal(number(copy, "SELECT id FROM attendance_mark WHERE lesson = 2 AND in_force"), 43);
        assert_int_equal(past_play(db, copy, &seen.items[2], &event, &err), 0);
        free(event);
        run(copy, "INSERT INTO event(source, id, type, time, received, data, applied)"
                  " VALUES ('u', 'x', 'y', 1, 1, '{}', 1)");
        assert_int_equal(number(copy, "SELECT max(seq) FROM event"), 5);
        db_close(copy);
        db_close(db);
}

/* A number that is taken meanwhile costs a fact its own, never another row. */
static void test_taken_number(void **state)
{
        struct db *db = past(), *copy;
        struct past mark = {PAST_MARK, 43, NOW};
        struct err err = {0};
        int64_t standing;
        char *event;

        (void)state;
        copy = rewound(db, &standing);
        run(copy, "INSERT INTO attendance_mark(id, pupil, day, lesson, starts, ends, mark)"
                  " VALUES (43, 'P1', '2026-11-23', 7, 1, 2, 'present')");
        assert_int_equal(past_play(db, copy, &mark, &event, &err), 0);
        assert_int_equal(number(copy, "SELECT count(*) FROM attendance_mark"), 2);
        assert_int_equal(number(copy, "SELECT lesson FROM attendance_mark WHERE id = 43"), 7);
        db_close(copy);
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_every_table_is_sorted),
            cmocka_unit_test(test_rewind),
            cmocka_unit_test(test_past_comes_in_order_under_its_numbers),
            cmocka_unit_test(test_taken_number),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
