/* rows: a private database for a test of intake and store, filled by a roster and events, and looked at by
 * SQL. Include after cmocka.h. */
#ifndef TESTS_ROWS_H
#define TESTS_ROWS_H

#include "base/zone.h"
#include "intake/intake.h"
#include "intake/roster.h"
#include "store/db.h"
#include "fresh.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* The smallest municipality: a school, a group, two pupils, a guardian, a supervisor, a workplace. */
#define ROWS_ORGANISATIONS                                                                    \
        "\"organisations\":[{\"id\":\"kj\",\"kind\":\"municipality\",\"name\":\"Kuusijoki\"," \
        "\"timezone\":\"Europe/Helsinki\",\"languages\":[\"fi\",\"sv\"]},"                    \
        "{\"id\":\"kjk\",\"kind\":\"school\",\"parent\":\"kj\",\"name\":\"Koulu\"},"          \
        "{\"id\":\"kjk-a\",\"kind\":\"group\",\"parent\":\"kjk\",\"name\":\"A\"},"            \
        "{\"id\":\"tuo\",\"kind\":\"municipality\",\"name\":\"Tuohi\"},"                      \
        "{\"id\":\"tuk\",\"kind\":\"school\",\"parent\":\"tuo\",\"name\":\"Koulu\"}]"
#define ROWS_PERSON(id) "{\"id\":\"" id "\",\"given\":\"Aino\",\"family\":\"Esimerkki\"}"
#define ROWS_PEOPLE                                                                                   \
        "\"people\":[" ROWS_PERSON("P1") "," ROWS_PERSON("P2") "," ROWS_PERSON("P3") "," ROWS_PERSON( \
            "G1") "," ROWS_PERSON("T1") "," ROWS_PERSON("S1") "]"
#define ROWS_ROLES                                                                                        \
        "\"roles\":[{\"person\":\"P1\",\"role\":\"pupil\",\"organisation\":\"kjk-a\",\"from\":\"2026-08-" \
        "11\"},"                                                                                          \
        "{\"person\":\"P2\",\"role\":\"pupil\",\"organisation\":\"kjk-a\",\"from\":\"2026-08-11\"},"      \
        "{\"person\":\"P3\",\"role\":\"pupil\",\"organisation\":\"tuk\",\"from\":\"2026-08-11\"},"        \
        "{\"person\":\"T1\",\"role\":\"teacher\",\"organisation\":\"kjk-a\"}]"
#define ROWS_WORKPLACES                                                                                  \
        "\"workplaces\":[{\"id\":\"W1\",\"name\":\"Puutarha\",\"organisation\":\"kj\",\"supervisors\":[" \
        "\"S1\"]},"                                                                                      \
        "{\"id\":\"W2\",\"name\":\"Leipomo\",\"organisation\":\"kj\"}]"
#define ROWS_GUARDIANS "\"guardians\":[{\"pupil\":\"P1\",\"guardian\":\"G1\"}]"
#define ROWS_ROSTER \
        "{" ROWS_ORGANISATIONS "," ROWS_PEOPLE "," ROWS_ROLES "," ROWS_WORKPLACES "," ROWS_GUARDIANS "}"

static inline int64_t rows_utc(const char *text)
{
        struct zone *zone;
        int64_t utc;

        assert_int_equal(zone_open("Europe/Helsinki", &zone, NULL), 0);
        assert_true(zone_parse(zone, text, &utc));
        zone_close(zone);
        return utc;
}

static inline struct db *rows_open(void)
{
        return fresh_open();
}

/* A new database with what stands in TEMPLATE: quicker than filling it again. */
static inline struct db *rows_copy(struct db *template)
{
        return fresh_copy(template);
}

/* All rows of SQL as text: columns joined by |, rows by a space. Valid until the next call. */
static inline const char *rows_text(struct db *db, const char *sql)
{
        static char text[65536];
        sqlite3_stmt *statement;
        size_t length = 0;

        text[0] = '\0';
        if (sqlite3_prepare_v2(db_handle(db), sql, -1, &statement, NULL) != SQLITE_OK)
                fail_msg("%s: %s", sql, sqlite3_errmsg(db_handle(db)));
        for (bool is_first = true; sqlite3_step(statement) == SQLITE_ROW; is_first = false)
                for (int i = 0; i < sqlite3_column_count(statement); i++) {
                        const char *value = (const char *)sqlite3_column_text(statement, i);

                        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s",
                                                   i          ? "|"
                                                   : is_first ? ""
                                                              : " ",
                                                   value ? value : "-");
                        assert_true(length < sizeof text);
                }
        assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
        return text;
}

static inline void rows_run(struct db *db, const char *sql)
{
        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s: %s", sql, sqlite3_errmsg(db_handle(db)));
}

/* Quicker still, for a table of cases: what is done to DB between these two is undone. */
static inline void rows_try(struct db *db)
{
        assert_int_equal(db_begin(db, NULL), 0);
}

static inline void rows_undo(struct db *db)
{
        assert_string_equal(rows_text(db, "PRAGMA foreign_key_check"), ""); /* as a commit would find */
        db_rollback(db);
}

/* A transaction, or inside a trial a part of it. True: a part; RESULT negative: nothing stays. */
static inline bool rows_begin(struct db *db)
{
        bool is_trial = !sqlite3_get_autocommit(db_handle(db));

        rows_run(db, is_trial ? "SAVEPOINT rows" : "BEGIN IMMEDIATE");
        return is_trial;
}

static inline void rows_end(struct db *db, bool is_trial, int result)
{
        if (is_trial)
                rows_run(db, result < 0 ? "ROLLBACK TO rows; RELEASE rows" : "RELEASE rows");
        else if (result < 0)
                db_rollback(db);
        else
                assert_int_equal(db_commit(db, NULL), 0);
}

/* Imports ROSTER at NOW; the result of roster_import, rolled back when negative. */
static inline int rows_roster(struct db *db, const char *now, const char *roster, bool force,
                              struct roster_report *report, struct err *err)
{
        const struct roster_options options = {.file = "roster.json", .force = force};
        bool is_trial = rows_begin(db);
        int r;

        *report = (struct roster_report){0};
        *err = (struct err){0};
        r = roster_import(db, rows_utc(now), roster, strlen(roster), &options, report, err);
        rows_end(db, is_trial, r);
        return r;
}

/* The same, without a fault. */
static inline void rows_load(struct db *db, const char *now, const char *roster)
{
        struct roster_report report;
        struct err err;

        if (rows_roster(db, now, roster, true, &report, &err) < 0)
                fail_msg("%s", err.text);
        if (report.rejected.count)
                fail_msg("%s", report.rejected.items[0].error);
        roster_report_fini(&report);
}

/* What is wrong with the one event: "" nothing, "duplicate". */
static inline void rows_event(struct db *db, const char *now, const char *json,
                              const struct intake_scope *scope, char ret_error[static ERR_TEXT_MAX])
{
        struct intake_report report = {0};
        bool is_trial = rows_begin(db);
        struct err err = {0};
        int r;

        ret_error[0] = '\0';
        r = intake_events(db, rows_utc(now), json, strlen(json), INTAKE_EVENT, scope, &report, &err);
        if (r < 0)
                snprintf(ret_error, ERR_TEXT_MAX, "%s", err.text);
        else if (report.rejected_count)
                snprintf(ret_error, ERR_TEXT_MAX, "%s", report.rejected[0].error);
        else if (report.duplicates)
                snprintf(ret_error, ERR_TEXT_MAX, "duplicate");
        rows_end(db, is_trial, r);
        intake_report_fini(&report);
}

#endif
