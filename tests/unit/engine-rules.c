/* The shipped rules load, and hostile ones do not. */
#include "base/yaml.h"
#include "engine/rule.h"
#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

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
        assert_int_equal(db_open(":memory:", DB_PRIVATE, &db, &err), 0);
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
        assert_int_equal(db_open(":memory:", DB_PRIVATE, &db, &err), 0);
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

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(shipped_rules_load),
            cmocka_unit_test(hostile_rules_do_not),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
