/* The shipped rules load, and hostile ones do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/yaml.h"
#include "engine/evaluate.h"
#include "engine/rule.h"
#include "lib/engine-run.h"
#include "store/db.h"

static void print_fault(void *context, const struct err *fault)
{
        (void)context;
        print_message("%s\n", fault->text);
}

static void shipped_rules_load(void **state)
{
        const char *const folders[] = {SOURCE_DIR "/rules"};
        struct rulebook *book = NULL;
        struct db *db;
        struct err err = {0};

        (void)state;
        db = fresh_open();
        assert_int_equal(rulebook_load(db, folders, 1, print_fault, NULL, &book, &err), 0);
        assert_true(book->count >= 4);
        assert_non_null(rulebook_find(book, "absence-alert"));
        assert_null(rulebook_find(book, "absence"));
        rulebook_free(book);
        db_close(db);
}

/* Each SQL text must be refused; what the error must say. */
static const struct hostile {
        const char *sql, *says;
} hostile_table[] = {
    {"SELECT given AS subject, 1 AS key, 1 AS due, 1 AS expires FROM person", "no such table"},
    {"WITH absence AS (SELECT * FROM person) SELECT given AS subject, 1 AS key, 1 AS due, 1 AS expires FROM "
     "absence",
     "no such table"},
    {"SELECT pupil AS subject, 1 AS key, 1 AS due, 1 AS expires FROM main.absence", "no such table"},
    {"SELECT pupil AS subject, date('now') AS key, 1 AS due, 1 AS expires FROM absence", "date"},
    {"SELECT pupil AS subject, random() AS key, 1 AS due, 1 AS expires FROM absence", "random"},
    {"SELECT pupil AS subject, zeroblob(1000000000) AS key, 1 AS due, 1 AS expires FROM absence", "zeroblob"},
    {"SELECT name AS subject, 1 AS key, 1 AS due, 1 AS expires FROM sqlite_schema", "sqlite_"},
    {"SELECT name AS subject, 1 AS key, 1 AS due, 1 AS expires FROM pragma_table_info('person')", "sqlite_"},
    {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS subject, i AS key, 1 AS "
     "due, 1 AS "
     "expires FROM n",
     "recursive"},
    {"SELECT pupil AS subject, randomblob(1000000000) AS key, 1 AS due, 1 AS expires FROM absence",
     "randomblob"},
    {"SELECT pupil AS subject, printf('%1000000000d', 1) AS key, 1 AS due, 1 AS expires FROM absence",
     "printf"},
    {"SELECT pupil AS subject, replace(day, '2', 'x') AS key, 1 AS due, 1 AS expires FROM absence",
     "replace"},
    {"SELECT load_extension('x') AS subject, 1 AS key, 1 AS due, 1 AS expires FROM absence",
     "load_extension"},
    {"SELECT pupil AS subject, readfile('/etc/passwd') AS key, 1 AS due, 1 AS expires FROM absence",
     "no such function"},
    {"INSERT INTO absence(pupil) VALUES ('P1')", "not for rules"},
    {"CREATE TABLE mine(a)", "not for rules"},
    {"DROP VIEW absence", ""},
    {"VACUUM", ""},
    {"DELETE FROM absence", "not for rules"},
    {"UPDATE absence SET day = ''", "not for rules"},
    {"PRAGMA user_version", "not for rules"},
    {"ATTACH '/tmp/other.db' AS other", "not for rules"},
    {"SELECT pupil AS subject, 1 AS key, 1 AS due, 1 AS expires FROM absence; DELETE FROM absence",
     "one SELECT"},
    {"SELECT 1) UNION SELECT (SELECT given FROM person", "near"},
    {"SELECT pupil AS subject, 1 AS key, 1 AS due FROM absence", "expires"},
    {"SELECT pupil AS subject, 1 AS key, :grace AS due, 1 AS expires FROM absence", ":grace"},
    {"SELECT pupil AS subject, ? AS key, 1 AS due, 1 AS expires FROM absence", "no name"},
    {"", "one SELECT"},
};

static void hostile_rules_do_not(void **state)
{
        char folder[] = "/tmp/kapula-rules-XXXXXX", path[64];
        const char *const folders[] = {folder};
        struct rulebook *book = NULL;
        struct db *db;
        struct err err;

        (void)state;
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/hostile.yaml", folder);
        db = fresh_open();
        for (size_t i = 0; i < ARRAY_SIZE(hostile_table); i++) {
                FILE *file = fopen(path, "w");

                assert_non_null(file);
                fprintf(file, "rule: hostile\nabout: Tries.\nsubject: pupil\nselect: \"%s\"\n",
                        hostile_table[i].sql);
                fclose(file);
                err = (struct err){0};
                assert_int_equal(rulebook_load(db, folders, 1, NULL, NULL, &book, &err), ERR_INVALID);
                if (!strstr(err.text, hostile_table[i].says) || !strstr(err.text, "hostile.yaml:4: select"))
                        fail_msg("%s\n%s", hostile_table[i].sql, err.text);
        }
        unlink(path);
        rmdir(folder);
        db_close(db);
}

/* What no look at the text can tell: it is stopped while it runs, in one line, and costs that rule alone. */
static const struct greedy {
        const char *sql, *says;
} greedy_table[] = {
    {"SELECT a.pupil AS subject, a.pupil, a.organisation, a.mark || '/' || b.mark || '/' || c.mark AS key, 1 "
     "AS due,"
     " 1 AS expires FROM attendance a CROSS JOIN attendance b CROSS JOIN attendance c",
     "more than 5000 rows"},
    {"SELECT a.pupil AS subject, a.pupil, max(a.organisation) AS organisation, count(*) AS key, 1 AS due, 1 "
     "AS expires"
     " FROM attendance a CROSS JOIN attendance b CROSS JOIN attendance c CROSS JOIN attendance d"
     " CROSS JOIN attendance e CROSS JOIN attendance f GROUP BY a.pupil",
     "reads too much"},
    {"SELECT a.pupil AS subject, a.pupil, max(a.organisation) AS organisation, 1 AS due, 1 AS expires,"
     " group_concat(a.pupil || b.pupil || c.pupil || a.day || b.day) AS key"
     " FROM attendance a CROSS JOIN attendance b CROSS JOIN attendance c GROUP BY a.pupil",
     "more than 65536 bytes"},
};

static void greedy_rules_are_stopped(void **state)
{
        struct parameter_values *none = NULL;
        struct row_list rows;
        struct run run;
        struct err err;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(greedy_table); i++) {
                char text[2048];
                const char *const texts[] = {text, NULL};

                snprintf(text, sizeof text,
                         "rule: greedy\nabout: Wants it all.\nsubject: pupil\nselect: \"%s\"\n",
                         greedy_table[i].sql);
                run_open(&run, "2026-11-23T07:00", ROWS_ROSTER, texts);
                rows_run(run.db,
                         "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 24)"
                         " INSERT INTO attendance_mark(pupil, day, lesson, starts, ends, mark)"
                         " SELECT 'P1', '2026-11-23', i, 1795413600 + i * 60, 1795413660 + i * 60, 'present' "
                         "FROM n");
                assert_int_equal(
                    evaluate(rulebook_find(run.book, "greedy"), run.db, "P1", none, run.now, &rows, &err),
                    ERR_LIMIT);
                if (!strstr(err.text, greedy_table[i].says) || strchr(err.text, '\n'))
                        fail_msg("%s\n%s", greedy_table[i].sql, err.text);
                run_mark(&run, "2026-11-23T08:50", "P2", 1, "absent");
                run_until(&run, "2026-11-23T09:30");
                assert_string_equal(
                    rows_text(run.db, "SELECT count(*) FROM rule_match WHERE rule = 'absence-alert'"), "1");
                run_close(&run);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(shipped_rules_load),
            cmocka_unit_test(hostile_rules_do_not),
            cmocka_unit_test(greedy_rules_are_stopped),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
