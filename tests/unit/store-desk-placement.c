/* store/desk_placement: whose placements a month shows, which workplaces can be chosen, what a plan meets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/calendar_day.h"
#include "store/desk_placement.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "lib/fresh.h"

#define NOW 1795410000 /* Monday 2026-11-23 07:00 at Helsinki */

static const char rows[] =
    "INSERT INTO organisation(id, kind, parent, name) VALUES ('n', 'network', NULL, 'Verkosto'),"
    " ('m1', 'municipality', 'n', 'Kuusijoki'), ('m2', 'municipality', 'n', 'Västra'),"
    " ('s1', 'school', 'm1', 'Koulu'), ('g1', 'group', 's1', 'JOPO A'), ('g2', 'group', 's1', 'JOPO B'),"
    " ('x', 'municipality', NULL, 'Muu');"
    "INSERT INTO calendar_entry(organisation, first_day, last_day, kind, name)"
    " VALUES ('m1', '2026-12-21', '2027-01-06', 'break', 'Joululoma');"
    "INSERT INTO person(id, given, family, protected) VALUES ('P1', 'Aino', 'E', 0), ('P2', 'Onni', 'E', 0),"
    " ('P3', 'Veera', 'E', 1), ('P4', 'Leevi', 'E', 0), ('S1', 'Sirpa', 'T', 0), ('S2', 'Matti', 'T', 0);"
    "INSERT INTO role(person, role, organisation, first_day) VALUES ('P1', 'pupil', 'g1', '2026-08-11'),"
    " ('P2', 'pupil', 'g1', '2026-08-11'), ('P3', 'pupil', 'g1', '2026-08-11'), ('P4', 'pupil', 'g2', "
    "'2026-08-11');"
    "INSERT INTO workplace(id, name, organisation, ended) VALUES ('W1', 'Puutarha', 'm1', NULL),"
    " ('W2', 'Affären', 'm2', NULL), ('W3', 'Kauppa', 'x', NULL), ('W4', 'Loppunut', 'm1', '2026-01-01');"
    "INSERT INTO workplace_supervisor(workplace, person, position) VALUES ('W1', 'S2', 1), ('W1', 'S1', 0);"
    "INSERT INTO placement(id, pupil, workplace, model, weekdays, first_day, last_day, starts, ends) VALUES"
    " ('A', 'P1', 'W1', '4+1', '2', '2026-11-24', '2026-12-22', -10800, 10800),"
    " ('B', 'P3', 'W1', '4+1', '2', '2026-11-24', '2026-12-01', -10800, 10800),"
    " ('C', 'P4', 'W1', '4+1', '2', '2026-11-24', '2026-12-01', -10800, 10800),"
    " ('D', 'P2', 'W1', '4+1', '2', '2026-12-01', '2026-12-01', -10800, 10800);"
    "INSERT INTO placement_day(placement, original_day, day, starts, ends, state, by_hand) VALUES"
    " ('A', '2026-11-24', '2026-11-24', 1795503600, 1795525200, 'planned', 1),"
    " ('A', '2026-12-01', '2026-11-27', 1795762800, 1795784400, 'planned', 1),"
    " ('A', '2026-12-08', '2026-12-08', 1796713200, 1796734800, 'cancelled', 1),"
    " ('B', '2026-11-24', '2026-11-24', 1795503600, 1795525200, 'planned', 1),"
    " ('C', '2026-11-24', '2026-11-24', 1795503600, 1795525200, 'planned', 1),"
    " ('D', '2026-12-01', '2026-12-01', 1796108400, 1796130000, 'planned', 1);"
    "INSERT INTO agreement_signature(placement, party, by, at) VALUES ('A', 'guardian', 'P1', 5), ('A', "
    "'school', 'S1', 7);"
    "INSERT INTO meeting(id, kind, organisation, title, starts, ends) VALUES"
    " ('M1', 'trip', 'g1', 'Retki', 1795510800, 1795514400), ('M2', 'jopo', 's1', NULL, 1795510800, "
    "1795514400);"
    "INSERT INTO meeting_participant(meeting, person) VALUES ('M2', 'P4');";

static struct db *open_rows(void)
{
        struct db *db = fresh_open();
        struct err err = {0};

        if (sqlite3_exec(db_handle(db), rows, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s", sqlite3_errmsg(db_handle(db)));
        assert_int_equal(calendar_refresh(db, NOW, &err), 0);
        return db;
}

struct seen {
        char text[4096];
};

static void note(struct seen *seen, const char *text)
{
        snprintf(seen->text + strlen(seen->text), sizeof seen->text - strlen(seen->text), "%s ", text);
}

static int note_choice(void *context, const struct desk_choice *choice, struct err *err)
{
        (void)err;
        note(context, choice->id);
        if (choice->of)
                note(context, choice->of);
        return 0;
}

static void offers_the_network_and_no_more(void **state)
{
        struct db *db = open_rows();
        struct seen seen = {""};
        struct err err = {0};
        char *name = NULL;

        (void)state;
        assert_int_equal(desk_choose_workplaces(db, "[\"g1\"]", note_choice, &seen, &err), 0);
        assert_string_equal(seen.text, "W1 W2 Västra ");
        assert_int_equal(desk_workplace_name(db, "[\"g1\"]", "W2", &name, &err), 1);
        assert_string_equal(name, "Affären");
        free(name);
        assert_int_equal(desk_workplace_name(db, "[\"g1\"]", "W3", &name, &err), 0);
        assert_int_equal(desk_workplace_name(db, "[\"g1\"]", "W4", &name, &err), 0);
        assert_int_equal(desk_workplace_name(db, "[]", "W1", &name, &err), 0);
        seen.text[0] = '\0';
        assert_int_equal(desk_choose_supervisors(db, "W1", note_choice, &seen, &err), 0);
        assert_string_equal(seen.text, "S1 S2 ");
        seen.text[0] = '\0';
        assert_int_equal(
            desk_choose_organisations(db, "[\"s1\"]", "group", "2026-11-23", note_choice, &seen, &err), 0);
        assert_string_equal(seen.text, "g1 Koulu g2 Koulu ");
        seen.text[0] = '\0';
        assert_int_equal(desk_choose_organisations(db, "[]", NULL, "2026-11-23", note_choice, &seen, &err),
                         0);
        assert_string_equal(seen.text, "");
        db_close(db);
}

static int note_day(void *context, const struct desk_month_day *day, struct err *err)
{
        char text[64];

        (void)err;
        snprintf(text, sizeof text, "%s:%s:%s:%u", day->pupil, day->placement ? day->placement : "-",
                 day->day ? day->day : "-", day->signatures);
        note(context, text);
        return 0;
}

static void shows_a_month(void **state)
{
        struct db *db = open_rows();
        struct seen seen = {""};
        struct err err = {0};

        (void)state;
        assert_int_equal(desk_month_of_group(db, "g1", "2026-11-01", "2026-11-30", note_day, &seen, &err), 0);
        assert_string_equal(seen.text, "P1:A:2026-11-24:5 P1:A:2026-11-27:5 P2:-:-:0 P3:B:2026-11-24:0 ");
        seen.text[0] = '\0'; /* the day that went to November is told in December too */
        assert_int_equal(desk_month_of_group(db, "g1", "2026-12-01", "2026-12-31", note_day, &seen, &err), 0);
        assert_string_equal(
            seen.text,
            "P1:A:2026-11-27:5 P1:A:2026-12-08:5 P1:A:2026-12-15:5 P2:D:2026-12-01:0 P3:B:2026-12-01:0 ");
        seen.text[0] = '\0'; /* nobody protected, nobody of another group */
        assert_int_equal(
            desk_month_of_workplace(db, "W1", "[\"g1\"]", "2026-11-01", "2026-11-30", note_day, &seen, &err),
            0);
        assert_string_equal(seen.text, "P1:A:2026-11-24:5 P1:A:2026-11-27:5 ");
        seen.text[0] = '\0';
        assert_int_equal(
            desk_month_of_workplace(db, "W1", "[\"m2\"]", "2026-11-01", "2026-11-30", note_day, &seen, &err),
            0);
        assert_string_equal(seen.text, "");
        db_close(db);
}

static int note_clash(void *context, const struct desk_clash *clash, struct err *err)
{
        (void)err;
        note(context, clash->kind);
        note(context, clash->name ? clash->name : clash->code);
        note(context, clash->day);
        return 0;
}

static int note_date(void *context, const struct desk_date *date, struct err *err)
{
        (void)err;
        note(context, date->day);
        note(context, date->name ? date->name : "-");
        return 0;
}

static void tells_what_a_plan_meets(void **state)
{
        struct db *db = open_rows();
        struct seen seen = {""};
        struct err err = {0};

        (void)state;
        assert_int_equal(desk_placement_clashes(db, "A", "g1", note_clash, &seen, &err), 0);
        assert_string_equal(seen.text, "meeting Retki 2026-11-24 "); /* who is protected is not told of */
        seen.text[0] = '\0';
        assert_int_equal(desk_placement_clashes(db, "C", "g2", note_clash, &seen, &err), 0);
        assert_string_equal(seen.text, "meeting jopo 2026-11-24 ");
        seen.text[0] = '\0';
        assert_int_equal(desk_placement_free_days(db, "A", "g1", note_date, &seen, &err), 0);
        assert_string_equal(seen.text, "2026-12-22 Joululoma ");
        assert_int_equal(desk_placement_work_days(db, "A", &err), 3);
        db_close(db);
}

static void reads_one(void **state)
{
        struct db *db = open_rows();
        struct desk_placement placement;
        struct err err = {0};

        (void)state;
        assert_int_equal(desk_placement_read(db, "A", &placement, &err), 1);
        assert_string_equal(placement.pupil_name, "Aino E");
        assert_string_equal(placement.supervisor_name, "Sirpa T");
        assert_int_equal(placement.guardian.at, 5);
        assert_int_equal(placement.supervised.at, 0);
        assert_string_equal(placement.school.by, "Sirpa T");
        desk_placement_fini(&placement);
        assert_int_equal(desk_placement_read(db, "nobody's", &placement, &err), 0);
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(offers_the_network_and_no_more),
            cmocka_unit_test(shows_a_month),
            cmocka_unit_test(tells_what_a_plan_meets),
            cmocka_unit_test(reads_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
