/* store/desk_meeting, store/desk_network: whose meetings a month shows, who can be invited, which visits and
 * surveys are a reader's, and that few answers are no number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/desk_meeting.h"
#include "store/desk_network.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "lib/fresh.h"

#define TODAY "2026-11-23"

static const char rows[] =
    "INSERT INTO organisation(id, kind, parent, name) VALUES ('n', 'network', NULL, 'Verkosto'),"
    " ('m', 'municipality', 'n', 'Kuusijoki'), ('s', 'school', 'm', 'Koulu'), ('g', 'group', 's', 'JOPO A'),"
    " ('g2', 'group', 's', 'JOPO B'), ('m2', 'municipality', 'n', 'Västra'), ('s2', 'school', 'm2', 'Skola');"
    "INSERT INTO organisation_calendar(organisation, calendar, timezone, languages, tenant)"
    " SELECT id, 'm', 'Europe/Helsinki', 'fi', CASE WHEN id IN ('m2', 's2') THEN 'm2' ELSE 'm' END FROM "
    "organisation"
    "  WHERE id <> 'n';"
    "INSERT INTO person(id, given, family, protected, ended, language) VALUES ('P1', 'Aino', 'E', 0, NULL, "
    "'fi'),"
    " ('P2', 'Onni', 'E', 1, NULL, NULL), ('G1', 'Anna', 'E', 0, NULL, 'so'), ('G2', 'Kari', 'E', 0, NULL, "
    "NULL),"
    " ('G3', 'Eero', 'E', 0, NULL, NULL), ('C1', 'Sini', 'H', 0, NULL, NULL), ('T1', 'Tiina', 'O', 0, NULL, "
    "NULL),"
    " ('T2', 'Toni', 'O', 0, NULL, NULL), ('R1', 'Raija', 'R', 0, NULL, NULL), ('O1', 'Outi', 'K', 0, NULL, "
    "NULL),"
    " ('X1', 'Entinen', 'O', 0, NULL, NULL), ('N1', 'Niko', 'V', 0, NULL, NULL), ('K1', 'Tuki', 'H', 0, "
    "NULL, NULL),"
    " ('T9', 'Tord', 'L', 0, NULL, NULL);"
    "INSERT INTO role(person, role, organisation, last_day) VALUES ('P1', 'pupil', 'g', NULL), ('P2', "
    "'pupil', 'g', NULL),"
    " ('T1', 'teacher', 'g', NULL), ('T2', 'teacher', 'g2', NULL), ('R1', 'principal', 's', NULL),"
    " ('O1', 'coordinator', 'm', NULL), ('X1', 'teacher', 'g', '2026-06-01'), ('N1', 'coordinator', 'n', "
    "NULL),"
    " ('T9', 'teacher', 's2', NULL);"
    "INSERT INTO guardian(pupil, guardian, restricted, emergency_only) VALUES ('P1', 'G1', 0, 0), ('P1', "
    "'G2', 1, 0),"
    " ('P1', 'G3', 0, 1);"
    "INSERT INTO carer(pupil, carer) VALUES ('P1', 'C1');"
    "INSERT INTO case_file(id, pupil, organisation, rule, step, owner_role, owner, opened, owned)"
    " VALUES ('2026-0001', 'P1', 'g', 'r', '1', 'teacher', 'T1', 1, 1);"
    "INSERT INTO case_participant(case_id, person, sees, since) VALUES ('2026-0001', 'K1', 'plans', 1);"
    "INSERT INTO audience(id, organisation) VALUES ('team', 'm'), ('far', 'm2');"
    "INSERT INTO audience_member(audience, person) VALUES ('team', 'T1'), ('team', 'R1');"
    "INSERT INTO meeting(id, kind, organisation, title, starts, ends, place, chair, pupil, audience) VALUES"
    " ('M1', 'plan-talk', 'g', 'Keskustelu', 1000, 2000, 'Luokka', 'T1', 'P1', NULL),"
    " ('M2', 'jopo', 's', NULL, 1100, 2000, 'Koulu', 'R1', NULL, NULL),"
    " ('M3', 'coffee', 'm', NULL, 1200, 2000, NULL, NULL, NULL, 'team'),"
    " ('M4', 'plan-talk', 'g2', NULL, 1300, 2000, NULL, 'T2', NULL, NULL),"
    " ('M5', 'plan-talk', 'g', NULL, 1400, 2000, 'Salainen', 'T1', 'P2', NULL);"
    "INSERT INTO meeting_participant(meeting, person, answer) VALUES ('M1', 'P1', NULL), ('M1', 'G1', 'yes'),"
    " ('M1', 'G2', NULL), ('M2', 'T1', 'no'), ('M5', 'P2', NULL);"
    "INSERT INTO visit(id, kind, starts, ends, place) VALUES ('V1', 'mentoring', 5000, 6000, 'Skola'),"
    " ('V2', 'intake', 7000, 8000, 'Koulu'), ('V3', 'intake', 7100, 8000, 'Muualla');"
    "INSERT INTO visit_party(visit, side, party, kind) VALUES ('V1', 'host', 's2', 'organisation'),"
    " ('V1', 'guest', 'T1', 'person'), ('V2', 'host', 's', 'organisation'), ('V2', 'guest', 'P2', 'person'),"
    " ('V3', 'host', 's2', 'organisation');"
    "INSERT INTO survey(id, organisation, audience, opened) VALUES ('S1', 'm', 'team', 1), ('S2', 'm2', "
    "'far', 2);"
    "INSERT INTO survey_answer(survey, person, at) VALUES ('S1', 'a', 1), ('S1', 'b', 1), ('S1', 'c', 1), "
    "('S1', 'd', 1);";

static struct db *open_rows(void)
{
        struct db *db = fresh_open();

        if (sqlite3_exec(db_handle(db), rows, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s", sqlite3_errmsg(db_handle(db)));
        return db;
}

struct seen {
        char text[4096];
};

static void note(struct seen *seen, const char *text)
{
        snprintf(seen->text + strlen(seen->text), sizeof seen->text - strlen(seen->text), "%s ",
                 text ? text : "-");
}

static int note_meeting(void *context, const struct desk_meeting_row *row, struct err *err)
{
        char text[64];

        (void)err;
        snprintf(text, sizeof text, "%s%s:%d/%d/%d", row->id, row->is_open ? "" : "?", row->yes, row->no,
                 row->invited);
        note(context, text);
        return 0;
}

static const char *month(struct db *db, const char *scope, const char *person, bool network)
{
        static struct seen seen;
        struct err err = {0};

        seen.text[0] = '\0';
        assert_int_equal(desk_meeting_days(db, scope, person, 0, 5000, network, 0, note_meeting, &seen, &err),
                         0);
        return seen.text;
}

static void shows_what_is_the_readers(void **state)
{
        struct db *db = open_rows();

        (void)state;
        assert_string_equal(month(db, "[\"g\"]", "T1", false), "M1:1/0/3 M2?:0/1/1 M3?:0/0/0 M5:0/0/1 ");
        assert_string_equal(month(db, "[\"s\"]", "R1", false),
                            "M1:1/0/3 M2:0/1/1 M3?:0/0/0 M4:0/0/0 M5:0/0/1 ");
        assert_string_equal(month(db, "[\"m\"]", "O1", true), "M3:0/0/0 ");
        assert_string_equal(month(db, "[]", "nobody", false), "");
        db_close(db);
}

static int note_choice(void *context, const struct desk_choice *choice, struct err *err)
{
        (void)err;
        note(context, choice->id);
        return 0;
}

static const char *people(struct db *db, const char *organisation, const char *pupil, const char *reader)
{
        const struct desk_invitation invitation = {organisation, pupil, reader, TODAY};
        static struct seen seen;
        struct err err = {0};

        seen.text[0] = '\0';
        assert_int_equal(desk_choose_people(db, &invitation, note_choice, &seen, &err), 0);
        return seen.text;
}

/* No restricted guardian, nobody whose role has ended, nobody of the network; who stands by a case is known
 * to those of the case alone. */
static void invites_whom_it_may(void **state)
{
        struct db *db = open_rows();

        (void)state;
        assert_string_equal(people(db, "g", "P1", "T1"), "P1 G1 C1 K1 T1 R1 O1 ");
        assert_string_equal(people(db, "g", "P1", "R1"), "P1 G1 C1 T1 R1 O1 ");
        assert_string_equal(people(db, "g", NULL, "T1"), "T1 R1 O1 P1 P2 ");
        assert_string_equal(people(db, "s", NULL, "R1"), "R1 T1 T2 O1 ");
        db_close(db);
}

static int note_party(void *context, const struct desk_party *party, struct err *err)
{
        char text[64];

        (void)err;
        snprintf(text, sizeof text, "%s:%s:%s:%d", party->person, party->answer ? party->answer : "-",
                 party->language ? party->language : "-", party->is_barred);
        note(context, text);
        return 0;
}

static void reads_one(void **state)
{
        struct db *db = open_rows();
        struct desk_meeting meeting;
        struct seen seen = {""};
        struct err err = {0};

        (void)state;
        assert_int_equal(desk_meeting_read(db, "M1", &meeting, &err), 1);
        assert_string_equal(meeting.place, "Luokka");
        assert_string_equal(meeting.pupil_name, "Aino E");
        desk_meeting_fini(&meeting);
        assert_int_equal(desk_meeting_read(db, "M5", &meeting, &err), 1);
        assert_null(meeting.place); /* it would tell where somebody protected is */
        assert_true(meeting.is_protected);
        desk_meeting_fini(&meeting);
        assert_int_equal(desk_meeting_read(db, "none", &meeting, &err), 0);
        assert_int_equal(desk_meeting_parties(db, "M1", note_party, &seen, &err), 0);
        assert_string_equal(seen.text, "P1:-:-:0 G1:yes:so:0 G2:-:-:1 ");
        db_close(db);
}

static int note_visit(void *context, const struct desk_visit *visit, struct err *err)
{
        (void)err;
        note(context, visit->id);
        note(context, visit->place);
        note(context, visit->hosts);
        note(context, visit->guests);
        return 0;
}

static int note_survey(void *context, const struct survey_state *state, const char *name,
                       const char *audience, struct err *err)
{
        char text[64];

        (void)err;
        (void)name;
        (void)audience;
        snprintf(text, sizeof text, "%s:%d/%d", state->id, state->answered, state->asked);
        note(context, text);
        return 0;
}

static void shows_the_network(void **state)
{
        struct db *db = open_rows();
        struct seen seen = {""};
        struct err err = {0};

        (void)state;
        assert_int_equal(desk_visits(db, "[\"s\"]", 1, note_visit, &seen, &err), 0);
        assert_string_equal(seen.text,
                            "V1 Skola Skola Tiina O V2 - Koulu - "); /* who is protected is not named */
        assert_int_equal(desk_visit_is_open(db, "[\"s\"]", "V1", &err), 1);
        assert_int_equal(desk_visit_is_open(db, "[\"s\"]", "V3", &err), 0);
        assert_int_equal(desk_visit_is_open(db, "[]", "V1", &err), 0);
        seen.text[0] = '\0';
        assert_int_equal(desk_surveys(db, "[\"m\"]", note_survey, &seen, &err), 0);
        assert_string_equal(seen.text, "S1:-1/2 ");
        assert_int_equal(sqlite3_exec(db_handle(db),
                                      "INSERT INTO survey_answer(survey, person, at) VALUES ('S1', 'e', 1)",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        seen.text[0] = '\0';
        assert_int_equal(desk_surveys(db, "[\"m\"]", note_survey, &seen, &err), 0);
        assert_string_equal(seen.text, "S1:5/2 ");
        seen.text[0] = '\0';
        assert_int_equal(desk_choose_network(db, "[\"s\"]", note_choice, &seen, &err), 0);
        assert_string_equal(seen.text, "m n m2 s s2 ");
        seen.text[0] = '\0';
        assert_int_equal(desk_choose_audiences(db, "[\"s\"]", note_choice, &seen, &err), 0);
        assert_string_equal(seen.text, "");
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(shows_what_is_the_readers),
            cmocka_unit_test(invites_whom_it_may),
            cmocka_unit_test(reads_one),
            cmocka_unit_test(shows_the_network),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
