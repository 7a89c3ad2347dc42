/* One event, and the daily pass, beside the history of many pupils: the program's own processor time and
 * SQLite's steps, so that other work on the machine does not count.
 *
 *      bench-scale PUPILS [PASS]
 *
 * Fills a database with PUPILS, each with two earlier days in the register and one in eight with an absence.
 * PASS of them (default: at most 50 000) are then absent on four days of the week, one in a hundred
 * unexplained; the next school day at 08:00 everything that waits is due. */
#include "compose/catalogue.h"
#include "engine/engine.h"
#include "engine/rule.h"
#include "store/calendar_day.h"
#include "store/change.h"
#include "store/db.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PASS_MAX 50000
#define EVENTS 300
#define WARM 50
#define NOON_23RD 1795428000 /* Monday 2026-11-23 12:00 in Helsinki */
#define DAY 86400
#define STEP 64

struct bench {
        struct db *db;
        struct rulebook *book;
        struct catalogue *catalogue;
        struct engine *engine;
        int64_t now;
        int pupils, pass;
};

static void stop(const struct err *err)
{
        fprintf(stderr, "bench-scale: %s\n", err->text);
        exit(3);
}

static void run(struct bench *bench, const char *sql)
{
        if (sqlite3_exec(db_handle(bench->db), sql, NULL, NULL, NULL) != SQLITE_OK) {
                fprintf(stderr, "bench-scale: %s: %s\n", sqlite3_errmsg(db_handle(bench->db)), sql);
                exit(3);
        }
}

__attribute__((format(printf, 2, 3))) static void run_with(struct bench *bench, const char *format, ...)
{
        char sql[4096];
        va_list list;

        va_start(list, format);
        vsnprintf(sql, sizeof sql, format, list);
        va_end(list);
        run(bench, sql);
}

static int64_t number(struct bench *bench, const char *sql)
{
        sqlite3_stmt *statement;
        int64_t value = -1;

        if (sqlite3_prepare_v2(db_handle(bench->db), sql, -1, &statement, NULL) == SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW)
                value = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return value;
}

static double cpu_ms(void)
{
        struct timespec at;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
        return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static double wall_ms(void)
{
        struct timespec at;

        clock_gettime(CLOCK_MONOTONIC, &at);
        return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

/* Without triggers: they come back afterwards. */
static void fill(struct bench *bench)
{
        run(bench,
            "BEGIN; CREATE TEMP TABLE kept AS SELECT name, sql FROM sqlite_schema WHERE type = 'trigger';"
            "INSERT INTO organisation(id, kind, name, timezone, languages)"
            "  VALUES ('kj', 'municipality', 'Kuusijoki', 'Europe/Helsinki', 'fi');"
            "INSERT INTO organisation(id, kind, parent, name, phone)"
            "  VALUES ('kjk', 'school', 'kj', 'Koulu', '+358400000010');"
            "INSERT INTO workplace(id, name, organisation) VALUES ('W1', 'Puutarha', 'kj');");
        run_with(bench,
                 "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                 " INSERT INTO organisation(id, kind, parent, name) SELECT 'g' || i, 'group', 'kjk', 'JOPO' "
                 "FROM n",
                 bench->pupils / 20);
        for (;;) {
                sqlite3_stmt *statement;
                char drop[256];

                sqlite3_prepare_v2(db_handle(bench->db),
                                   "SELECT name FROM sqlite_schema WHERE type = 'trigger'", -1, &statement,
                                   NULL);
                if (sqlite3_step(statement) != SQLITE_ROW) {
                        sqlite3_finalize(statement);
                        break;
                }
                snprintf(drop, sizeof drop, "DROP TRIGGER \"%s\"", sqlite3_column_text(statement, 0));
                sqlite3_finalize(statement);
                run(bench, drop);
        }
        run_with(bench,
                 "CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
                 " WHERE i < %d) SELECT i FROM n",
                 bench->pupils - 1);
        run(bench,
            "INSERT INTO person(id, given, family, language)"
            "  SELECT printf('P%07d', i), 'Aino', 'Esimerkki', 'fi' FROM n;"
            "INSERT INTO person(id, given, family, language)"
            "  SELECT printf('G%07d', i), 'Eeva', 'Esimerkki', 'fi' FROM n;"
            "INSERT INTO contact(person, channel, value, position)"
            "  SELECT printf('G%07d', i), 'sms', printf('+35840000%04d', i % 10000), 0 FROM n;"
            "INSERT INTO role(person, role, organisation, first_day)"
            "  SELECT printf('P%07d', i), 'pupil', 'g' || (i / 20), '2026-08-11' FROM n;"
            "INSERT INTO guardian(pupil, guardian, rank)"
            "  SELECT printf('P%07d', i), printf('G%07d', i), 1 FROM n;"
            "INSERT INTO placement(id, pupil, workplace, model, weekdays, first_day, last_day, starts, ends)"
            "  SELECT printf('L%07d', i), printf('P%07d', i), 'W1', '4+1', '2', '2026-09-01', '2026-10-30', "
            "-10800,"
            "         10800 FROM n WHERE i % 10 = 0;"
            "INSERT INTO placement_day(placement, original_day, day, starts, ends)"
            "  SELECT printf('L%07d', i), d, d, 1788602400 + n * 604800, 1788624000 + n * 604800"
            "    FROM n, (SELECT 0 AS n, '2026-09-05' AS d UNION ALL SELECT 1, '2026-09-12' UNION ALL SELECT "
            "2,"
            " '2026-09-19') WHERE i % 10 = 0;"
            "INSERT INTO attendance_mark(pupil, day, lesson, starts, ends, mark, class, received)"
            "  SELECT printf('P%07d', i), d, l, at + l * 3600, at + l * 3600 + 2700,"
            "         CASE WHEN i % 8 = 0 AND l = 2 THEN 'absent' ELSE 'present' END,"
            "         CASE WHEN i % 8 = 0 AND l = 2 THEN 'health' END, at + 30000"
            "    FROM n, (SELECT '2026-11-02' AS d, 1793599200 AS at UNION ALL SELECT '2026-11-03', "
            "1793685600),"
            "         (SELECT 1 AS l UNION ALL SELECT 2 UNION ALL SELECT 3);");
        for (;;) {
                sqlite3_stmt *statement;
                char *sql = NULL;

                sqlite3_prepare_v2(db_handle(bench->db),
                                   "DELETE FROM temp.kept WHERE rowid = (SELECT min(rowid) FROM"
                                   " temp.kept) RETURNING sql",
                                   -1, &statement, NULL);
                if (sqlite3_step(statement) == SQLITE_ROW)
                        sql = strdup((const char *)sqlite3_column_text(statement, 0));
                sqlite3_finalize(statement);
                if (!sql)
                        break;
                run(bench, sql);
                free(sql);
        }
        run(bench,
            "INSERT INTO absence_stale SELECT DISTINCT pupil, day FROM attendance_mark WHERE mark = 'absent';"
            "DELETE FROM change; DELETE FROM change_part; DELETE FROM timer; COMMIT");
}

/* In the caller's transaction. */
static int step_all(struct bench *bench)
{
        int done = 1, all = 0;
        struct err err;

        while (done) {
                if (engine_step(bench->engine, bench->db, bench->now, STEP, &done, &err) < 0)
                        stop(&err);
                all += done;
        }
        return all;
}

/* Steps until nothing is due. */
static int settle(struct bench *bench)
{
        int done = 1, all = 0;
        struct err err;

        while (done) {
                if (db_begin(bench->db, &err) < 0 || calendar_refresh(bench->db, bench->now, &err) < 0 ||
                    engine_step(bench->engine, bench->db, bench->now, STEP, &done, &err) < 0 ||
                    db_commit(bench->db, &err) < 0)
                        stop(&err);
                all += done;
        }
        return all;
}

static int compare(const void *a, const void *b)
{
        return *(const double *)a < *(const double *)b ? -1 : 1;
}

/* What each statement has cost since it was last asked, in SQLite's steps: the dearest ones. */
static int64_t count_steps(struct bench *bench, bool print)
{
        sqlite3_stmt *statement = NULL;
        int64_t all = 0;

        while ((statement = sqlite3_next_stmt(db_handle(bench->db), statement))) {
                int steps = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
                int runs = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_RUN, 1);
                int scans = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
                const char *sql = sqlite3_sql(statement), *from = strstr(sql, ") SELECT * FROM (");

                if (print && getenv("STATEMENTS") && steps > EVENTS * 20)
                        printf("  %8d steps an event, %6d runs, %6d scanned: %.90s\n", steps / EVENTS, runs,
                               scans, from ? from + 17 : sql);
                all += steps;
        }
        return all;
}

static void insert_mark(sqlite3_stmt *insert, int pupil, int lesson, bool absent)
{
        int64_t starts = NOON_23RD + (lesson - 5) * 3600;

        sqlite3_bind_int(insert, 1, pupil);
        sqlite3_bind_int(insert, 2, lesson);
        sqlite3_bind_int64(insert, 3, starts);
        sqlite3_bind_int64(insert, 4, starts + 2700);
        sqlite3_bind_text(insert, 5, absent ? "absent" : "present", -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 6, absent ? "unexplained" : NULL, -1, SQLITE_STATIC);
        sqlite3_bind_int64(insert, 7, NOON_23RD - 2 * 3600);
        if (sqlite3_step(insert) != SQLITE_DONE) {
                fprintf(stderr, "bench-scale: %s\n", sqlite3_errmsg(sqlite3_db_handle(insert)));
                exit(3);
        }
        sqlite3_reset(insert);
}

/* One mark of today, taken in and looked at: pupils far apart, half of the marks absences. */
static void measure_events(struct bench *bench, bool absent)
{
        double times[EVENTS], began;
        sqlite3_stmt *insert;

        sqlite3_prepare_v2(
            db_handle(bench->db),
            "INSERT INTO attendance_mark(pupil, day, lesson, starts, ends, mark, class, received)"
            "  VALUES (printf('P%07d', ?), '2026-11-23', ?, ?, ?, ?, ?, ?)",
            -1, &insert, NULL);
        bench->now = NOON_23RD - 2 * 3600;
        settle(bench);
        for (int i = 0; i < EVENTS + WARM; i++) {
                int pupil = (int)((int64_t)i * 7919 * 8 % bench->pupils) + absent;

                if (i == WARM)
                        count_steps(bench, false);
                run(bench, "BEGIN");
                began = cpu_ms();
                insert_mark(insert, pupil, 1 + i / 100, absent);
                step_all(bench);
                if (i >= WARM)
                        times[i - WARM] = cpu_ms() - began;
                run(bench, "COMMIT");
        }
        sqlite3_finalize(insert);
        qsort(times, EVENTS, sizeof *times, compare);
        printf("%s, %d pupils: median %.0f us of processor time, %lld steps\n",
               absent ? "an absence, its alert told" : "a presence, looked at", bench->pupils,
               times[EVENTS / 2] * 1e3, (long long)count_steps(bench, true) / EVENTS);
}

static void measure_pass(struct bench *bench)
{
        double cpu, wall;
        int64_t fired;
        int looked;

        for (int day = 0; day < 4; day++) {
                bench->now = NOON_23RD + day * DAY + 3 * 3600;
                run_with(
                    bench,
                    "BEGIN; INSERT INTO attendance_mark(pupil, day, lesson, starts, ends, mark, class, "
                    "received)"
                    " SELECT printf('P%%07d', i), date('2026-11-23', '+%d day'), 5, %lld, %lld, 'absent',"
                    "        CASE WHEN i %% 100 = 0 AND %d = 1 THEN 'unexplained' WHEN i %% 3 = %d THEN "
                    "'health'"
                    "             ELSE 'leave' END, %lld"
                    "   FROM n WHERE i < %d; COMMIT",
                    day, (long long)bench->now - 7200, (long long)bench->now - 4500, day, day % 3,
                    (long long)bench->now, bench->pass);
        }
        bench->now += 3600;
        cpu = cpu_ms();
        looked = settle(bench);
        printf("marks of four days, %d subjects looked at: %.3f ms of processor time each\n", looked,
               (cpu_ms() - cpu) / looked);
        /* Every pupil's rules ask to be woken, whatever they have found. */
        bench->now = NOON_23RD + 4 * DAY - 4 * 3600;
        run_with(
            bench,
            "BEGIN; INSERT OR REPLACE INTO timer(kind, subject, rule, at)"
            " SELECT 'pupil', printf('P%%07d', i), 'absence-unexplained', %lld FROM n WHERE i < %d; COMMIT",
            (long long)bench->now, bench->pass);
        fired = number(bench, "SELECT count(*) FROM rule_match WHERE state = 'fired'");
        printf(
            "due at 08:00: %lld timers, %lld matches\n",
            (long long)number(bench, "SELECT count(*) FROM timer WHERE at <= unixepoch('2026-11-27 06:00')"),
            (long long)number(bench, "SELECT count(*) FROM rule_match WHERE state = 'pending' AND"
                                     " due <= unixepoch('2026-11-27 06:00')"));
        cpu = cpu_ms();
        wall = wall_ms();
        looked = settle(bench);
        printf("the daily pass: %d subjects, %lld matches told: %.2f s of processor time, %.2f s\n", looked,
               (long long)number(bench, "SELECT count(*) FROM rule_match WHERE state = 'fired'") -
                   (long long)fired,
               (cpu_ms() - cpu) / 1e3, (wall_ms() - wall) / 1e3);
}

int main(int argc, char **argv)
{
        const char *const folders[] = {SOURCE_DIR "/rules"};
        char folder[] = "/tmp/kapula-scale-XXXXXX", path[64];
        struct bench bench = {.catalogue = catalogue_new(), .now = NOON_23RD - 4 * 3600};
        struct err err;
        double began;

        bench.pupils = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 10000;
        bench.pass = argc > 2                  ? (int)strtol(argv[2], NULL, 10)
                     : bench.pupils < PASS_MAX ? bench.pupils
                                               : PASS_MAX;
        if (bench.pupils < 1000 || bench.pass > bench.pupils || !mkdtemp(folder)) {
                fprintf(stderr, "usage: bench-scale PUPILS [PASS], at least 1000 pupils\n");
                return 2;
        }
        snprintf(path, sizeof path, "%s/a.db", folder);
        if (db_open(path, DB_WRITER, &bench.db, &err) < 0 ||
            rulebook_load(bench.db, folders, 1, NULL, NULL, &bench.book, &err) < 0 ||
            catalogue_add_folder(bench.catalogue, SOURCE_DIR "/templates", &err) < 0 ||
            engine_open(bench.book, bench.catalogue, &bench.engine, &err) < 0)
                stop(&err);
        began = wall_ms();
        run(&bench, "PRAGMA synchronous = OFF");
        fill(&bench);
        run(&bench, "PRAGMA synchronous = FULL");
        printf("%d pupils filled in %.0f s\n", bench.pupils, (wall_ms() - began) / 1e3);
        measure_events(&bench, false);
        measure_events(&bench, true);
        if (bench.pass)
                measure_pass(&bench);
        engine_close(bench.engine);
        rulebook_free(bench.book);
        catalogue_free(bench.catalogue);
        db_close(bench.db);
        snprintf(path, sizeof path, "rm -rf %s", folder);
        return system(path) == 0 ? 0 : 3;
}
