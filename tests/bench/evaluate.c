/* How long the rules about a pupil take to look at one who has a school year behind them: ~1100 marks,
 * absences on three days of ten, explanations, a placement. Prints microseconds a rule; run it from a release
 * build. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engine/evaluate.h"
#include "lib/engine-run.h"

#include <time.h>

#define RUNS 200
#define NOW "2027-05-20T14:00"

#define SCHOOL_DAYS                                                                                 \
        " FROM day d WHERE d.organisation = 'kjk-a' AND d.kind = 'school' AND d.school_year = 2026" \
        "  AND d.day >= '2026-08-12' AND d.day < '2027-05-20'"
#define AWAY "(d.day_no * 7919 % 100 < 30)"

static void fill(struct db *db)
{
        static const char *const statements[] = {
            "INSERT INTO attendance_mark(pupil, day, lesson, starts, ends, mark, class, by, received)"
            " SELECT p.id, d.day, l.lesson, d.noon + (l.lesson - 5) * 3600, d.noon + (l.lesson - 5) * 3600 + "
            "2700,"
            "   CASE WHEN away AND (d.day_no + l.lesson) % 3 < 2 THEN 'absent' ELSE 'present' END,"
            "   CASE WHEN away AND (d.day_no + l.lesson) % 3 < 2"
            "     THEN CASE d.day_no % 7 WHEN 0 THEN 'health' WHEN 1 THEN 'other' ELSE 'unexplained' END END,"
            "   'T1', d.noon + (l.lesson - 5) * 3600 + 3000"
            "  FROM (SELECT 'P1' AS id UNION ALL SELECT 'P2') p,"
            "   (SELECT 1 AS lesson UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL "
            "SELECT 5"
            "     UNION ALL SELECT 6) l,"
            "   (SELECT d.*, " AWAY " AS away" SCHOOL_DAYS ") d ORDER BY p.id, d.day, l.lesson",
            "INSERT INTO explanation(pupil, starts, ends, class, received)"
            " SELECT 'P1', d.noon - 14400, d.noon + 7200, 'other', d.noon + 3600" SCHOOL_DAYS " AND " AWAY
            "  AND d.day_no % 2 = 0",
            "INSERT INTO authorisation(pupil, starts, ends, class, received)"
            " SELECT 'P1', d.noon - 14400, d.noon + 7200, 'leave', d.noon + 3600" SCHOOL_DAYS " AND " AWAY
            "  AND d.day_no % 5 = 0",
            "INSERT INTO placement(id, pupil, workplace, model, weekdays, first_day, last_day, starts, ends)"
            " VALUES ('PL1', 'P1', 'W1', '4+1', '2', '2026-08-12', '2027-05-19', -10800, 10800)",
            "INSERT INTO placement_day(placement, original_day, day, starts, ends)"
            " SELECT 'PL1', d.day, d.day, d.noon - 10800, d.noon + 10800" SCHOOL_DAYS " AND d.weekday = 2",
            "INSERT INTO checkin(placement, day, mark, at)"
            " SELECT 'PL1', d.day, CASE d.day_no % 4 WHEN 0 THEN 'absent' ELSE 'here' END, d.noon" SCHOOL_DAYS
            "  AND d.weekday = 2",
            "DELETE FROM change",
        };

        for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
                if (sqlite3_exec(db_handle(db), statements[i], NULL, NULL, NULL) != SQLITE_OK)
                        fail_msg("%s", sqlite3_errmsg(db_handle(db)));
}

static double measure(struct run *run, struct rule *rule, int *ret_rows)
{
        struct row_list rows;
        struct timespec a, b;
        struct err err;
        double best = 1e9;

        for (int i = 0; i < RUNS; i++) {
                double took;

                clock_gettime(CLOCK_MONOTONIC, &a);
                if (evaluate(rule, run->db, "P1", NULL, run->now, &rows, &err) < 0)
                        fail_msg("%s", err.text);
                clock_gettime(CLOCK_MONOTONIC, &b);
                *ret_rows = rows.count;
                row_list_fini(&rows);
                took = (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
                best = took < best ? took : best;
        }
        return best;
}

static void one_pupil_with_a_year(void **state)
{
        struct run run;
        double total = 0;

        (void)state;
        run_open(&run, NOW, ROWS_ROSTER, NULL);
        assert_int_equal(db_begin(run.db, NULL), 0);
        assert_int_equal(calendar_refresh(run.db, run.now, NULL), 0);
        fill(run.db);
        assert_int_equal(db_commit(run.db, NULL), 0);
        printf("marks: %s\n", rows_text(run.db, "SELECT count(*) FROM attendance_mark WHERE pupil = 'P1'"));
        printf("absences: %s\n",
               rows_text(run.db, "SELECT count(*), sum(minutes) FROM absence_day WHERE pupil = 'P1'"));
        for (int i = 0; i < run.book->count; i++) {
                struct rule *rule = run.book->rules[i];
                double took;
                int rows;

                if (strcmp(rule->kind, "pupil") != 0)
                        continue;
                took = measure(&run, rule, &rows);
                total += took;
                printf("%8.1f us  %3d rows  %s\n", took, rows, rule->name);
        }
        printf("%8.1f us  all rules about a pupil\n", total);
        run_close(&run);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(one_pupil_with_a_year)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
