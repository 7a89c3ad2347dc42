/* calendar/invitation: what goes with an e-mail about a meeting, held against libical's restrictions. */
#include "calendar/invitation.h"
#include "compose/catalogue.h"
#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <libical/ical.h>
#include <cmocka.h>

#include "lib/fresh.h"
#include "../lib/placements.h"

#define NOW 1792500000 /* 2026-10-20 */

static struct catalogue *words;

static int setup(void **state)
{
        struct db *db;

        words = catalogue_new();
        if (!words || catalogue_add_folder(words, SOURCE_DIR "/templates", NULL) < 0)
                return -1;
        db = fresh_open();
        execute(db, "UPDATE meta SET value = 'test.kapula.invalid' WHERE name = 'uid_host'");
        placements_fill(db);
        placements_days(db);
        execute(db,
                "INSERT OR REPLACE INTO organisation_calendar(organisation, calendar, timezone, languages, "
                "tenant)"
                " VALUES ('kjk-a', 'kj', 'Europe/Helsinki', 'fi,sv', 'kj');"
                "INSERT INTO meeting(id, kind, organisation, title, starts, ends, place, link, planned, "
                "dated, changed)"
                " VALUES ('M1', 'plan-talk', 'kjk-a', 'Keskustelu; A, B', 1793095200, 1793098800, 'Luokka 5',"
                "         'https://meet.example.org/1', 1792000000, 1792000000, 1792000000);"
                "INSERT INTO meeting_participant(meeting, person, invited) VALUES ('M1', 'G1', 1), ('M1', "
                "'S2', 1)");
        *state = db;
        return 0;
}

static int teardown(void **state)
{
        db_close(*state);
        words = catalogue_free(words);
        return 0;
}

/* free() it; NULL when there is none. Unfolded. */
static char *make(struct db *db, const char *person, bool is_cancelled)
{
        char *text = NULL, *again = NULL, *to;
        icalcomponent *calendar;
        struct err err = {0};

        if (invitation_make(db, words, NOW, "M1", person, "kaisa@example.org", is_cancelled, &text, &err) <
                0 ||
            invitation_make(db, words, NOW + 999, "M1", person, "kaisa@example.org", is_cancelled, &again,
                            &err) < 0)
                fail_msg("%s", err.text);
        assert_true((text == NULL) == (again == NULL));
        if (!text)
                return NULL;
        assert_string_equal(text, again);
        free(again);
        calendar = icalparser_parse_string(text);
        assert_non_null(calendar);
        assert_int_equal(icalcomponent_count_errors(calendar), 0);
        assert_true(icalrestriction_check(calendar));
        icalcomponent_free(calendar);
        to = text;
        for (const char *from = text; *from; from++) {
                if (strncmp(from, "\r\n ", 3) == 0)
                        from += 2;
                else
                        *to++ = *from;
        }
        *to = '\0';
        return text;
}

static void has(const char *text, const char *what)
{
        if (!strstr(text, what))
                fail_msg("\"%s\" is not in:\n%s", what, text);
}

static void lacks(const char *text, const char *what)
{
        if (strstr(text, what))
                fail_msg("\"%s\" is in:\n%s", what, text);
}

static void invites_one_person(void **state)
{
        _cleanup_(free_ptr) char *text = make(*state, "G1", false), *swedish = NULL, *again = NULL;

        has(text, "\r\nMETHOD:REQUEST\r\n");
        has(text, "\r\nUID:me-M1@test.kapula.invalid\r\n");
        has(text, "\r\nDTSTAMP:20261014T174640Z\r\n");
        has(text, "\r\nSEQUENCE:0\r\n");
        has(text, "\r\nDTSTART;TZID=Europe/Helsinki:20261027T120000\r\n");
        has(text, "\r\nSUMMARY:Keskustelu\\; A\\, B\r\n");
        has(text, "\r\nLOCATION:Luokka 5\r\n");
        has(text, "\r\nURL:https://meet.example.org/1\r\n");
        has(text, "\r\nORGANIZER;CN=\"JOPO A\":mailto:no-reply@test.kapula.invalid\r\n");
        has(text, "RSVP=FALSE:mailto:kaisa@example.org\r\n");
        assert_ptr_equal(strstr(strstr(text, "ATTENDEE") + 1, "ATTENDEE"), NULL);
        execute(*state, "INSERT INTO meta(name, value) VALUES ('organizer', 'kokoukset@example.org');"
                        "UPDATE meeting SET title = NULL, sequence = sequence + 1, changed = 1792000001");
        swedish = make(*state, "S2", false);
        has(swedish, "SUMMARY:Plansamtal\r\n");
        has(swedish, ":mailto:kokoukset@example.org\r\n");
        has(swedish, "RSVP=TRUE:mailto:kaisa@example.org\r\n");
        has(swedish, "\r\nSEQUENCE:1\r\n");
}

static void cancels(void **state)
{
        _cleanup_(free_ptr) char *text = NULL, *removed = NULL;

        execute(*state, "UPDATE meeting SET state = 'cancelled', sequence = 3, changed = 1792000002");
        text = make(*state, "G1", false);
        has(text, "\r\nMETHOD:CANCEL\r\n");
        has(text, "\r\nSTATUS:CANCELLED\r\n");
        has(text, "\r\nSEQUENCE:3\r\n");
        has(text, "SUMMARY:Peruttu: Keskustelu");
        execute(*state, "UPDATE meeting SET state = 'planned', sequence = 4;"
                        "DELETE FROM meeting_participant WHERE person = 'G1'");
        removed = make(*state, "G1", false); /* who is no longer invited */
        has(removed, "\r\nMETHOD:CANCEL\r\n");
}

static void repeats(void **state)
{
        _cleanup_(free_ptr) char *text = NULL;

        execute(*state,
                "UPDATE meeting SET repeats = 'FREQ=WEEKLY;UNTIL=20261124';"
                "INSERT INTO meeting_day(meeting, original_day, starts, ends, state, sequence, dated, "
                "changed, by_hand)"
                " VALUES ('M1', '2026-11-03', 1793700000, 1793703600, 'cancelled', 1, 1, 1792000005, 1),"
                "        ('M1', '2026-11-10', 1794394800, 1794398400, 'planned', 1, 1, 1792000004, 1)");
        text = make(*state, "G1", false);
        has(text, "\r\nRRULE:FREQ=WEEKLY;UNTIL=20261124T215959Z\r\n");
        has(text, "\r\nEXDATE;TZID=Europe/Helsinki:20261103T120000\r\n");
        has(text, "\r\nRECURRENCE-ID;TZID=Europe/Helsinki:20261110T120000\r\nDTSTART;TZID=Europe/"
                  "Helsinki:20261111T130000\r\n");
        has(text, "\r\nSEQUENCE:2\r\n");
        has(text, "\r\nDTSTAMP:20261014T174645Z\r\n");
}

static void says_nothing_of_the_protected(void **state)
{
        _cleanup_(free_ptr) char *text = NULL;

        execute(*state, "UPDATE meeting SET pupil = 'P2'");
        text = make(*state, "G1", false);
        has(text, "SUMMARY:Varattu\r\n");
        lacks(text, "LOCATION");
        lacks(text, "URL");
        lacks(text, "DESCRIPTION");
        lacks(text, "JOPO A");
}

static void asks_who_gets_feeds(void **state)
{
        _cleanup_(free_ptr) char *by_feed = NULL, *chosen = NULL, *stale = NULL, *place = NULL;
        char sql[256];

        execute(
            *state,
            "INSERT INTO feed(id, owner, kind, token_hash, created) VALUES ('f', 'G1', 'person', x'00', 1)");
        stale = make(*state, "G1", false);
        assert_non_null(stale); /* nobody has fetched it */
        snprintf(sql, sizeof sql, "UPDATE feed SET last_fetch = %d", NOW - 29 * 86400);
        execute(*state, sql);
        by_feed = make(*state, "G1", false);
        assert_null(by_feed);
        execute(*state, "INSERT INTO person_choice(person, choice) VALUES ('G1', 'meetings-invitation')");
        chosen = make(*state, "G1", false);
        assert_non_null(chosen);
}

static void survives_hostile_texts(void **state)
{
        _cleanup_(free_ptr) char *text = NULL;

        execute(*state, "UPDATE organisation SET name = '\"A' || char(13, 10) || 'X-EVIL:1' || char(7) || "
                        "cast(x'ff' AS TEXT) || "
                        "replace(hex(zeroblob(3000)), '00', 'ä') WHERE id = 'kjk-a';"
                        "UPDATE meeting SET title = replace(hex(zeroblob(5000)), '00', 'ä,'), place = 'a' || "
                        "char(10) || 'END:VEVENT',"
                        "       link = 'https://e.example.org/' || char(13, 10) || 'X-EVIL:2'");
        text = make(*state, "G1", false);
        lacks(text, "\r\nX-EVIL");
        lacks(text, "\r\nEND:VEVENT\r\nEND:VEVENT");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
            TEST(invites_one_person),
            TEST(cancels),
            TEST(repeats),
            TEST(says_nothing_of_the_protected),
            TEST(asks_who_gets_feeds),
            TEST(survives_hostile_texts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
