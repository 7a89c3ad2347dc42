/* What a person changed on a page against what the roster goes on bringing. */
#include "store/page_settings.h"
#include "store/person.h"
#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include <cmocka.h>

#include "lib/fresh.h"

#define A "+358400000011"
#define B "+358400000012"
#define X "+358400000098"
#define Y "+358400000099"

static int setup(void **state)
{
        struct db *db = fresh_open();

        if (sqlite3_exec(db_handle(db), "INSERT INTO person(id, given, family) VALUES ('G1', 'A', 'E')", NULL,
                         NULL, NULL) != SQLITE_OK)
                fail_msg("%s", sqlite3_errmsg(db_handle(db)));
        *state = db;
        return 0;
}

static int teardown(void **state)
{
        db_close(*state);
        return 0;
}

/* Numbers of the roster SOURCE, the first two that are not NULL, and an address that never changes. */
static void import(void **state, const char *source, const char *first, const char *second)
{
        struct contact contacts[3] = {{.channel = "email", .value = "a@example.org"}};
        struct contact_counts counts = {0};
        struct err err = {0};
        size_t count = 1;

        if (first)
                contacts[count++] = (struct contact){.channel = "sms", .value = first};
        if (second)
                contacts[count++] = (struct contact){.channel = "sms", .value = second};
        if (person_put_contacts(*state, source, "G1", contacts, count, &counts, &err) < 0)
                fail_msg("%s", err.text);
}

static void change(void **state, const char *old, const char *value)
{
        struct err err = {0};

        if (person_contact_replace(*state, "G1", "sms", old, value, &err) < 0)
                fail_msg("%s", err.text);
}

static void expect(void **state, const char *query, const char *wanted)
{
        struct query q;
        const char *text;

        query_start(&q, *state, query, NULL);
        assert_int_equal(query_row(&q), 1);
        text = column_text(&q, 0);
        assert_string_equal(text ? text : "", wanted);
        query_end(&q);
}

#define NUMBERS                                                                                     \
        "SELECT group_concat(value || ' ' || source, ', ') FROM (SELECT value, source FROM contact" \
        " WHERE channel = 'sms' ORDER BY position, value)"
#define NOTES "SELECT group_concat(old || '>' || value, ', ') FROM contact_replaced"

static void stays_while_the_roster_brings_the_old(void **state)
{
        import(state, "roster", A, NULL);
        change(state, A, X);
        expect(state, NUMBERS, X " page");
        import(state, "roster", A, NULL);
        import(state, "roster", A, NULL);
        expect(state, NUMBERS, X " page");
        import(state, "roster", A, B);
        expect(state, NUMBERS, X " page, " B " roster");
        import(state, "roster", NULL, NULL);
        expect(state, NUMBERS, X " page");
}

static void gives_way_to_news_of_the_roster(void **state)
{
        import(state, "roster", A, NULL);
        change(state, A, X);
        import(state, "roster", B, NULL);
        expect(state, NUMBERS, B " roster");
        expect(state, NOTES, "");
        import(state, "roster", A, NULL);
        expect(state, NUMBERS, A " roster");
}

static void the_roster_learns_it(void **state)
{
        import(state, "roster", A, NULL);
        change(state, A, X);
        import(state, "roster", X, NULL);
        expect(state, NUMBERS, X " roster");
        expect(state, NOTES, "");
}

static void changed_twice_and_back(void **state)
{
        import(state, "roster", A, NULL);
        change(state, A, X);
        change(state, X, Y);
        expect(state, NOTES, A ">" Y);
        import(state, "roster", A, NULL);
        expect(state, NUMBERS, Y " page");
        change(state, Y, A);
        import(state, "roster", A, NULL);
        expect(state, NUMBERS, A " page");
        import(state, "roster", B, NULL);
        expect(state, NUMBERS, B " roster");
        expect(state, NOTES, "");
}

static void another_source_says_nothing(void **state)
{
        import(state, "roster", A, NULL);
        change(state, A, X);
        import(state, "other", B, NULL);
        expect(state, NUMBERS, B " other, " X " page");
        expect(state, NOTES, A ">" X);
}

static void goes_with_the_contact(void **state)
{
        import(state, "roster", A, NULL);
        change(state, A, X);
        assert_int_equal(sqlite3_exec(db_handle(*state), "DELETE FROM contact", NULL, NULL, NULL), SQLITE_OK);
        expect(state, NOTES, "");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
            CASE(stays_while_the_roster_brings_the_old),
            CASE(gives_way_to_news_of_the_roster),
            CASE(the_roster_learns_it),
            CASE(changed_twice_and_back),
            CASE(another_source_says_nothing),
            CASE(goes_with_the_contact),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
