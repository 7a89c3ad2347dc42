/* Who is not told of a changed day, because their calendar has shown it. */
#include "compose/catalogue.h"
#include "engine/engine.h"
#include "engine/rule.h"
#include "store/calendar_day.h"
#include "store/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../lib/rows.h"

#define EVENT(id, type, data)                                                                     \
        "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"urn:x\",\"type\":\"kapula." type \
        "\",\"subject\":\"PL1\",\"time\":\"2026-11-16T12:00:00+02:00\",\"data\":{\"placement\":"  \
        "\"PL1\"," data "}}"

struct house {
        struct db *db;
        struct rulebook *book;
        struct catalogue *catalogue;
        struct engine *engine;
};

static void settle(struct house *house, const char *now)
{
        int done = 1;

        assert_int_equal(db_begin(house->db, NULL), 0);
        while (done)
                assert_int_equal(engine_step(house->engine, house->db, rows_utc(now), 64, &done, NULL), 0);
        assert_int_equal(db_commit(house->db, NULL), 0);
}

static void event(struct house *house, const char *now, const char *json)
{
        char error[ERR_TEXT_MAX];

        rows_event(house->db, now, json, NULL, error);
        assert_string_equal(error, "");
        settle(house, now);
}

/* One placement with a day far enough off, which is cancelled on Monday at noon. */
static int open_house(void **state)
{
        static struct house house;
        const char *const folders[] = {SOURCE_DIR "/rules"};
        struct err err = {0};

        house = (struct house){.db = rows_open(), .catalogue = catalogue_new()};
        rows_load(house.db, "2026-11-02T08:00", ROWS_ROSTER);
        assert_int_equal(db_begin(house.db, NULL), 0);
        assert_int_equal(calendar_refresh(house.db, rows_utc("2026-11-02T08:00"), NULL), 0);
        assert_int_equal(db_commit(house.db, NULL), 0);
        rows_text(house.db,
                  "INSERT INTO contact(person, channel, value) VALUES ('S1', 'sms', '+358400000003'),"
                  "  ('G1', 'sms', '+358400000002')");
        rows_text(house.db, "UPDATE organisation SET phone = '+358400000010' WHERE id = 'kjk'");
        if (rulebook_load(house.db, folders, 1, NULL, NULL, &house.book, &err) < 0 ||
            catalogue_add_folder(house.catalogue, SOURCE_DIR "/templates", &err) < 0 ||
            catalogue_check(house.catalogue, &err) < 0 ||
            engine_open(house.book, house.catalogue, &house.engine, &err) < 0)
                fail_msg("%s", err.text);
        *state = &house;
        return 0;
}

static int close_house(void **state)
{
        struct house *house = *state;

        engine_close(house->engine);
        rulebook_free(house->book);
        catalogue_free(house->catalogue);
        db_close(house->db);
        return 0;
}

/* A feed of OWNER that was last fetched at FETCHED; NULL: never. */
static void give_feed(struct house *house, const char *owner, const char *kind, const char *fetched)
{
        uint8_t hash[FEED_HASH_BYTES] = {(uint8_t)owner[0], (uint8_t)owner[1]};

        assert_int_equal(feed_add(house->db, owner, owner, kind, hash, rows_utc("2026-11-02T08:00"), NULL),
                         0);
        if (fetched)
                assert_int_equal(feed_fetched(house->db, owner, rows_utc(fetched), 200, hash,
                                              rows_utc("2026-11-02T08:00"), NULL),
                                 0);
}

/* Who is told a day after the change, and who is not and why. */
static const char *told(struct house *house)
{
        event(house, "2026-11-02T12:00",
              EVENT("1", "placement.planned",
                    "\"pupil\":\"P1\",\"workplace\":\"W1\",\"model\":\"block\",\"from\":\"2026-11-16\","
                    "\"until\":\"2026-11-27\""));
        event(house, "2026-11-16T12:00",
              EVENT("2", "placement.changed", "\"day\":\"2026-11-25\",\"cancelled\":true"));
        settle(house, "2026-11-17T12:00");
        return rows_text(
            house->db, "SELECT n.person, 'told' FROM notice n JOIN rule_match m ON m.id = n.match"
                       " WHERE m.rule = 'placement-changed'"
                       " UNION ALL SELECT s.person, s.reason FROM suppression s JOIN rule_match m ON m.id = "
                       "s.match WHERE m.rule = 'placement-changed' ORDER BY 1");
}

static void everybody_without_calendar(void **state)
{
        assert_string_equal(told(*state), "G1|told S1|told");
}

static void nobody_whose_calendar_shows_it(void **state)
{
        give_feed(*state, "G1", "person", "2026-11-17T06:00");
        give_feed(*state, "W1", "workplace", "2026-11-16T12:00"); /* in the second of the change: it has it */
        assert_string_equal(told(*state), "G1|calendar-fetched S1|calendar-fetched");
}

static void whoever_fetched_before(void **state)
{
        struct house *house = *state;

        give_feed(house, "G1", "person", "2026-11-16T11:59");
        give_feed(house, "S1", "person", "2026-11-17T06:00");
        assert_int_equal(feed_revoke(house->db, "S1", rows_utc("2026-11-17T07:00"), NULL), 0);
        assert_string_equal(told(house), "G1|told S1|told");
}

/* Fetching must not make the engine look at placements. */
static void a_fetch_is_no_change(void **state)
{
        struct house *house = *state;

        told(house);
        give_feed(house, "G1", "person", "2026-11-17T13:00");
        assert_string_equal(rows_text(house->db, "SELECT kind, subject FROM change"), "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(everybody_without_calendar, open_house, close_house),
            cmocka_unit_test_setup_teardown(nobody_whose_calendar_shows_it, open_house, close_house),
            cmocka_unit_test_setup_teardown(whoever_fetched_before, open_house, close_house),
            cmocka_unit_test_setup_teardown(a_fetch_is_no_change, open_house, close_house),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
