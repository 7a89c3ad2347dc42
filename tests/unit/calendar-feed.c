/* calendar/feed: what each owner sees of which days, checked by libical too. */
#include "calendar/feed.h"
#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <libical/ical.h>
#include <cmocka.h>

#include "lib/fresh.h"
#include "../lib/placements.h"

static struct catalogue *words;

static int read_words(void **state)
{
        (void)state;
        words = catalogue_new();
        return words ? catalogue_add_folder(words, SOURCE_DIR "/templates", NULL) : -1;
}

static int free_words(void **state)
{
        (void)state;
        words = catalogue_free(words);
        return 0;
}

static int setup(void **state)
{
        struct db *db;

        db = fresh_open();
        execute(db, "UPDATE meta SET value = 'test.kapula.invalid' WHERE name = 'uid_host'");
        placements_fill(db);
        placements_days(db);
        *state = db;
        return 0;
}

static int teardown(void **state)
{
        db_close(*state);
        return 0;
}

/* Every calendar made in these tests parses without an error and keeps to RFC 5545's restrictions. */
static void check_with_libical(const char *text)
{
        icalcomponent *calendar = icalparser_parse_string(text);

        assert_non_null(calendar);
        assert_int_equal(icalcomponent_count_errors(calendar), 0);
        assert_true(icalrestriction_check(calendar));
        icalcomponent_free(calendar);
}

static enum feed_standing standing_of(struct db *db, const char *kind, const char *owner, const char *now)
{
        struct feed feed = {.revoked = FEED_NEVER};
        struct feed_owner read;
        char today[11] = "";

        snprintf(feed.kind, sizeof feed.kind, "%s", kind);
        snprintf(feed.owner, sizeof feed.owner, "%s", owner);
        memcpy(today, now, 10);
        assert_int_equal(feed_owner_read(db, &feed, helsinki(now), today, &read, NULL), 0);
        feed_owner_fini(&read);
        return read.standing;
}

/* free() the answer; line ends as they are. */
static char *render(struct db *db, const char *kind, const char *owner, const char *now)
{
        struct feed feed = {.id = "f", .revoked = FEED_NEVER};
        struct feed_rendering rendering;
        struct feed_owner read;
        struct zone *zone;
        struct err err = {0};
        struct buf buf;

        snprintf(feed.kind, sizeof feed.kind, "%s", kind);
        snprintf(feed.owner, sizeof feed.owner, "%s", owner);
        assert_int_equal(feed_owner_read(db, &feed, helsinki(now), "2026-10-20", &read, &err), 0);
        assert_int_equal(zone_open(read.zone, &zone, NULL), 0);
        buf_init(&buf, FEED_BYTES_MAX);
        if (feed_render(db, &feed, &read, words, zone, helsinki(now), &buf, &rendering, &err) < 0)
                fail_msg("%s", err.text);
        zone_close(zone);
        feed_owner_fini(&read);
        check_with_libical(buf_text(&buf));
        return buf_take(&buf);
}

static int count(const char *text, const char *what)
{
        int n = 0;

        for (text = strstr(text, what); text; text = strstr(text + 1, what))
                n++;
        return n;
}

/* The VEVENT whose UID begins so; "" when there is none. Valid until the next call. */
static const char *event(const char *calendar, const char *uid)
{
        static char text[4096];
        char start[200];
        const char *at, *end;

        snprintf(start, sizeof start, "BEGIN:VEVENT\r\nUID:%s", uid);
        at = strstr(calendar, start);
        end = at ? strstr(at, "END:VEVENT") : NULL;
        snprintf(text, sizeof text, "%.*s", at ? (int)(end - at) : 0, at ? at : "");
        return text;
}

static void assert_has(const char *text, const char *what)
{
        if (!strstr(text, what))
                fail_msg("\"%s\" is not in:\n%s", what, text);
}

static void assert_lacks(const char *text, const char *what)
{
        if (strstr(text, what))
                fail_msg("\"%s\" is in:\n%s", what, text);
}

static void shows_a_supervisor_the_days(void **state)
{
        _cleanup_(free_ptr) char *text = render(*state, "person", "S1", "2026-10-20T12:00");

        assert_int_equal(count(text, "BEGIN:VEVENT"), 4);
        assert_string_equal(event(text, "pl-J1-2026-10-26"),
                            "BEGIN:VEVENT\r\n"
                            "UID:pl-J1-2026-10-26@test.kapula.invalid\r\n"
                            "DTSTAMP:20260921T141320Z\r\n"
                            "LAST-MODIFIED:20260921T141320Z\r\n"
                            "SEQUENCE:0\r\n"
                            "DTSTART;TZID=Europe/Helsinki:20261026T080000\r\n"
                            "DTEND;TZID=Europe/Helsinki:20261026T140000\r\n"
                            "SUMMARY:Aino – työpaikkaopiskelu\r\n"
                            "DESCRIPTION:Soita: Maija Malli +358400000021\r\n"
                            "LOCATION:Puutarha\\, Oy\\; Ab\\, Kuusitie 1\r\n"
                            "CATEGORIES:Työpaikkaopiskelu\r\n"
                            "STATUS:CONFIRMED\r\n"
                            "TRANSP:OPAQUE\r\n"
                            "CLASS:PRIVATE\r\n");
        assert_has(event(text, "pl-J1-2026-10-27"), "SUMMARY:Aino – koulupäivä\r\n");
        assert_has(event(text, "pl-J1-2026-10-27"), "TRANSP:TRANSPARENT\r\n");
        assert_lacks(event(text, "pl-J1-2026-10-27"), "LOCATION");
        assert_lacks(text, "Esimerkki");
        assert_lacks(text, "METHOD");
        assert_has(text, "X-WR-CALNAME:Kapula\r\n");
}

static void keeps_local_hours_over_the_change_of_clocks(void **state)
{
        _cleanup_(free_ptr) char *text = NULL;

        placements_day(*state, "J1", "2027-03-26", "work");
        placements_day(*state, "J1", "2027-03-29", "work");
        text = render(*state, "person", "S1", "2026-10-20T12:00");
        assert_has(event(text, "pl-J1-2026-10-23"), "DTSTART;TZID=Europe/Helsinki:20261023T080000");
        assert_has(event(text, "pl-J1-2026-10-26"), "DTSTART;TZID=Europe/Helsinki:20261026T080000");
        assert_has(event(text, "pl-J1-2027-03-26"), "DTEND;TZID=Europe/Helsinki:20270326T140000");
        assert_has(event(text, "pl-J1-2027-03-29"), "DTEND;TZID=Europe/Helsinki:20270329T140000");
}

static void says_nothing_of_a_protected_pupil(void **state)
{
        static const char *const owners[][2] = {{"person", "S1"},  {"workplace", "W1"}, {"group", "kjk-a"},
                                                {"school", "kjk"}, {"person", "P2"},    {"person", "T1"}};

        for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
                _cleanup_(free_ptr) char *text =
                    render(*state, owners[i][0], owners[i][1], "2026-10-20T12:00");
                const char *day = event(text, "pl-J2-2026-10-27");

                assert_has(day, "SUMMARY:Varattu\r\n");
                assert_has(day, "STATUS:TENTATIVE\r\n");
                assert_lacks(day, "LOCATION");
                assert_lacks(day, "DESCRIPTION");
                assert_lacks(day, "CATEGORIES");
                assert_lacks(text, "Eino");
        }
}

static void shows_the_wide_feeds_no_names(void **state)
{
        static const char *const owners[][2] = {
            {"municipality", "kj"}, {"network", "net"}, {"municipality", "ot"}};

        for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
                _cleanup_(free_ptr) char *text =
                    render(*state, owners[i][0], owners[i][1], "2026-10-20T12:00");

                assert_lacks(text, "Aino");
                assert_lacks(text, "Oona");
                assert_lacks(text, "J2");
                assert_has(event(text, "pl-J3-2026-10-28"), "SUMMARY:Työpaikkaopiskelu\\, Butik\r\n");
        }
}

static void marks_unsigned_days_in_the_owners_language(void **state)
{
        _cleanup_(free_ptr) char *text = render(*state, "person", "S2", "2026-10-20T12:00");
        const char *day = event(text, "pl-J3-2026-10-28");

        assert_has(day, "STATUS:TENTATIVE\r\n");
        assert_has(day, "SUMMARY:Oona – praktik\r\n");
        assert_has(day, "Avtalet");
        assert_has(day, "Ring: Maija Malli +358400000021");
        assert_has(day, "LOCATION:Butik\r\n");
}

static void shows_families_the_schools_number(void **state)
{
        _cleanup_(free_ptr) char *pupil = render(*state, "person", "P1", "2026-10-20T12:00");
        _cleanup_(free_ptr) char *guardian = render(*state, "person", "G1", "2026-10-20T12:00");

        assert_has(event(pupil, "pl-J1-2026-10-26"), "SUMMARY:Työpaikkaopiskelu\\, Puutarha\\, Oy\\; Ab\r\n");
        assert_has(event(pupil, "pl-J1-2026-10-27"), "SUMMARY:Koulupäivä\r\n");
        assert_has(event(guardian, "pl-J1-2026-10-26"), "SUMMARY:Aino – työpaikkaopiskelu\\, ");
        assert_has(event(guardian, "pl-J1-2026-10-26"), "+358400000010");
        assert_lacks(guardian, "+358400000021");
        assert_int_equal(count(guardian, "BEGIN:VEVENT"), 3);
}

static void moves_and_cancels_days(void **state)
{
        _cleanup_(free_ptr) char *text = NULL, *later = NULL;

        execute(*state, "UPDATE placement_day SET day = '2026-10-29', starts = starts + 3 * 86400, ends = "
                        "ends + 3 * 86400,"
                        "       sequence = 1, changed = 1790000500 WHERE placement = 'J1' AND original_day = "
                        "'2026-10-26';"
                        "UPDATE placement_day SET state = 'cancelled', sequence = 1, changed = 1790000600"
                        " WHERE placement = 'J1' AND original_day = '2026-10-23'");
        text = render(*state, "person", "S1", "2026-10-23T23:00");
        assert_has(event(text, "pl-J1-2026-10-26"), "DTSTART;TZID=Europe/Helsinki:20261029T080000\r\n");
        assert_has(event(text, "pl-J1-2026-10-26"), "SEQUENCE:1\r\n");
        assert_has(event(text, "pl-J1-2026-10-26"), "LAST-MODIFIED:20260921T142140Z\r\n");
        assert_has(event(text, "pl-J1-2026-10-23"), "SUMMARY:Peruttu: Aino – työpaikkaopiskelu\r\n");
        assert_has(event(text, "pl-J1-2026-10-23"), "STATUS:CANCELLED\r\nTRANSP:TRANSPARENT\r\n");
        later = render(*state, "person", "S1", "2026-10-24T00:00");
        assert_string_equal(event(later, "pl-J1-2026-10-23"), "");
        assert_int_equal(count(later, "BEGIN:VEVENT"), 3);
}

static void cancels_what_is_left_of_a_placement(void **state)
{
        _cleanup_(free_ptr) char *text = NULL;
        char sql[200];

        snprintf(sql, sizeof sql, "UPDATE placement SET state = 'cancelled', changed = %lld WHERE id = 'J1'",
                 (long long)helsinki("2026-10-24T12:00"));
        execute(*state, sql);
        text = render(*state, "person", "S1", "2026-10-24T12:00");
        assert_has(event(text, "pl-J1-2026-10-23"), "STATUS:CONFIRMED");
        assert_has(event(text, "pl-J1-2026-10-26"), "STATUS:CANCELLED");
}

static void keeps_to_the_window(void **state)
{
        _cleanup_(free_ptr) char *inside = render(*state, "person", "P1", "2026-11-22T23:59");
        _cleanup_(free_ptr) char *outside = render(*state, "person", "P1", "2026-11-23T00:00");
        _cleanup_(free_ptr) char *before = render(*state, "person", "P1", "2025-09-18T12:00");

        assert_int_equal(count(inside, "BEGIN:VEVENT"), 3);
        assert_int_equal(count(outside, "BEGIN:VEVENT"), 2);
        assert_int_equal(count(before, "BEGIN:VEVENT"), 1);
}

static void a_lost_right_removes_the_days(void **state)
{
        _cleanup_(free_ptr) char *old = NULL, *new = NULL, *restricted = NULL, *left = NULL;

        execute(*state, "UPDATE placement SET supervisor = 'S2', changed = changed + 1 WHERE id = 'J1'");
        old = render(*state, "person", "S1", "2026-10-20T12:00");
        new = render(*state, "person", "S2", "2026-10-20T12:00");
        assert_lacks(old, "J1");
        assert_has(new, "pl-J1-2026-10-26");
        restricted = render(*state, "person", "G2", "2026-10-20T12:00");
        assert_lacks(restricted, "BEGIN:VEVENT");
        execute(*state, "UPDATE role SET last_day = '2026-10-19' WHERE person = 'P1'");
        left = render(*state, "group", "kjk-a", "2026-10-20T12:00");
        assert_lacks(left, "Aino");
}

static void closes_feeds(void **state)
{
        assert_int_equal(standing_of(*state, "person", "G1", "2026-10-20T12:00"), FEED_OPEN);
        assert_int_equal(standing_of(*state, "person", "G2", "2026-10-20T12:00"), FEED_CLOSED);
        assert_int_equal(standing_of(*state, "person", "nobody", "2026-10-20T12:00"), FEED_CLOSED);
        assert_int_equal(standing_of(*state, "workplace", "W1", "2026-10-20T12:00"), FEED_OPEN);
        execute(*state,
                "UPDATE workplace SET ended = '2026-10-20' WHERE id = 'W1';"
                "UPDATE person SET ended = '2026-10-21' WHERE id = 'S1';"
                "UPDATE role SET last_day = '2026-10-20' WHERE person = 'T1';"
                "INSERT INTO hold(kind, subject, starts, ends) VALUES ('person', 'S2', 0, 1800000000)");
        assert_int_equal(standing_of(*state, "workplace", "W1", "2026-10-20T12:00"), FEED_CLOSED);
        assert_int_equal(standing_of(*state, "person", "S1", "2026-10-20T12:00"), FEED_OPEN);
        assert_int_equal(standing_of(*state, "person", "S1", "2026-10-21T12:00"), FEED_CLOSED);
        assert_int_equal(standing_of(*state, "person", "T1", "2026-10-20T12:00"), FEED_OPEN);
        assert_int_equal(standing_of(*state, "person", "T1", "2026-10-21T12:00"), FEED_CLOSED);
        assert_int_equal(standing_of(*state, "person", "S2", "2026-10-21T12:00"), FEED_PAUSED);
        assert_int_equal(standing_of(*state, "person", "S2", "2027-10-21T12:00"), FEED_OPEN);
}

static void survives_hostile_names(void **state)
{
        _cleanup_(free_ptr) char *text = NULL;

        execute(*state,
                "UPDATE person SET given = 'Ai' || char(13, 10) || 'END:VEVENT' || char(7) WHERE id = 'P1';"
                "UPDATE workplace SET name = cast(x'ff414141' AS TEXT), address = "
                "replace(hex(zeroblob(900)), '00', 'ä,')"
                " WHERE id = 'W1';"
                "UPDATE organisation SET name = 'A' || char(10) || 'BEGIN:VEVENT'");
        text = render(*state, "person", "S1", "2026-10-20T12:00");
        assert_int_equal(count(text, "\r\nEND:VEVENT\r\n"), 4);
        free(TAKE(text));
        text = render(*state, "group", "kjk-a", "2026-10-20T12:00");
        assert_int_equal(count(text, "\r\nBEGIN:VEVENT\r\n"),
                         5 + 16); /* and the public holidays of the window */
}

static void gives_the_same_bytes_twice(void **state)
{
        _cleanup_(free_ptr) char *first = render(*state, "network", "net", "2026-10-20T00:00");
        _cleanup_(free_ptr) char *second = render(*state, "network", "net", "2026-10-20T23:59");

        assert_string_equal(first, second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
            TEST(shows_a_supervisor_the_days),
            TEST(keeps_local_hours_over_the_change_of_clocks),
            TEST(says_nothing_of_a_protected_pupil),
            TEST(shows_the_wide_feeds_no_names),
            TEST(marks_unsigned_days_in_the_owners_language),
            TEST(shows_families_the_schools_number),
            TEST(moves_and_cancels_days),
            TEST(cancels_what_is_left_of_a_placement),
            TEST(keeps_to_the_window),
            TEST(a_lost_right_removes_the_days),
            TEST(closes_feeds),
            TEST(survives_hostile_names),
            TEST(gives_the_same_bytes_twice),
        };

        return cmocka_run_group_tests(tests, read_words, free_words);
}
