/* placements: a small invented municipality with placements, for the tests of calendars. */
#ifndef LIB_PLACEMENTS_H
#define LIB_PLACEMENTS_H

#include "base/date.h"
#include "base/zone.h"
#include "store/db.h"

#include <sqlite3.h>
#include <stdio.h>

static void execute(struct db *db, const char *sql)
{
        char *error = NULL;

        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, &error) != SQLITE_OK)
                fail_msg("%s: %s", sql, error);
}

static int64_t helsinki(const char *text)
{
        struct zone *zone;
        int64_t utc;

        assert_int_equal(zone_open("Europe/Helsinki", &zone, NULL), 0);
        assert_true(zone_parse(zone, text, &utc));
        zone_close(zone);
        return utc;
}

#define PLACEMENTS_CHANGED 1790000000 /* 2026-09-21: when everything below was last changed */

/* P1 Aino at the garden W1 with supervisor S1 (fi), P2 Eino (protected) at W1 too, P3 Oona at the shop W2
 * with S2 (sv). G1 is Aino's guardian, G2 her restricted one. Teacher T1 of group kjk-a. */
static void placements_fill(struct db *db)
{
        execute(
            db,
            "INSERT INTO organisation(id, kind, parent, name, phone, timezone, languages) VALUES"
            " ('net', 'network', NULL, 'Verkosto', NULL, NULL, NULL),"
            " ('kj', 'municipality', 'net', 'Kuusijoki', NULL, 'Europe/Helsinki', 'fi,sv'),"
            " ('kjk', 'school', 'kj', 'Kuusijoen koulu', '+358400000010', NULL, NULL),"
            " ('kjk-a', 'group', 'kjk', 'JOPO A', NULL, NULL, NULL),"
            " ('ot', 'municipality', 'net', 'Toinen', NULL, NULL, NULL);"
            "INSERT INTO person(id, given, family, language, protected) VALUES"
            " ('P1', 'Aino', 'Esimerkki', 'fi', 0), ('P2', 'Eino', 'Esimerkki', 'fi', 1),"
            " ('P3', 'Oona', 'Esimerkki', 'sv', 0), ('T1', 'Maija', 'Malli', 'fi', 0),"
            " ('S1', 'Sulo', 'Malli', 'fi', 0), ('S2', 'Sven', 'Malli', 'sv-FI', 0),"
            " ('G1', 'Kaisa', 'Esimerkki', NULL, 0), ('G2', 'Pekka', 'Esimerkki', 'fi', 0);"
            "INSERT INTO contact(person, channel, value) VALUES ('T1', 'sms', '+358400000021');"
            "INSERT INTO role(person, role, organisation) VALUES ('P1', 'pupil', 'kjk-a'),"
            " ('P2', 'pupil', 'kjk-a'), ('P3', 'pupil', 'kjk-a'), ('T1', 'teacher', 'kjk-a');"
            "INSERT INTO guardian(pupil, guardian, restricted) VALUES ('P1', 'G1', 0), ('P1', 'G2', 1);"
            "INSERT INTO workplace(id, name, address, organisation) VALUES"
            " ('W1', 'Puutarha, Oy; Ab', 'Kuusitie 1', 'kj'), ('W2', 'Butik', NULL, 'ot');"
            "INSERT INTO workplace_supervisor(workplace, person) VALUES ('W1', 'S1'), ('W2', 'S2');"
            "INSERT INTO placement(id, pupil, workplace, supervisor, model, weekdays, first_day, last_day, "
            "starts,"
            "                      ends, planned, changed) VALUES"
            " ('J1', 'P1', 'W1', 'S1', 'block', '1,2,3,4,5', '2026-10-05', '2026-11-27', -14400, 7200, 0, "
            "1790000000),"
            " ('J2', 'P2', 'W1', NULL, '4+1', '2', '2026-10-05', '2026-11-27', -14400, 7200, 0, 1790000000),"
            " ('J3', 'P3', 'W2', 'S2', '4+1', '3', '2026-10-05', '2026-11-27', -14400, 7200, 0, 1790000000);"
            "INSERT INTO agreement_signature(placement, party, at) VALUES ('J1', 'guardian', 1789000000),"
            " ('J1', 'workplace', 1789000001), ('J1', 'school', 1789000002), ('J3', 'school', 1789000000);");
}

/* A day from 8 to 14. */
static void placements_day(struct db *db, const char *placement, const char *day, const char *kind)
{
        char text[ZONE_STAMP_MAX];
        int64_t starts, ends;
        struct query q;

        snprintf(text, sizeof text, "%sT08:00", day);
        starts = helsinki(text);
        snprintf(text, sizeof text, "%sT14:00", day);
        ends = helsinki(text);
        query_start(
            &q, db,
            "INSERT INTO placement_day(placement, original_day, day, starts, ends, kind, dated, changed)"
            " VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?6)",
            NULL);
        query_text(&q, placement);
        query_text(&q, day);
        query_int(&q, starts);
        query_int(&q, ends);
        query_text(&q, kind);
        query_int(&q, PLACEMENTS_CHANGED);
        assert_int_equal(query_run(&q), 0);
}

static void placements_days(struct db *db)
{
        placements_day(db, "J1", "2026-10-23", "work");
        placements_day(db, "J1", "2026-10-26", "work");
        placements_day(db, "J1", "2026-10-27", "school");
        placements_day(db, "J2", "2026-10-27", "work");
        placements_day(db, "J3", "2026-10-28", "work");
}

#endif
