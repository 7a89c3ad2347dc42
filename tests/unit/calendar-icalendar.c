/* calendar/icalendar, calendar/vtimezone and calendar/http_condition. */
#include "calendar/http_condition.h"
#include "calendar/icalendar.h"
#include "calendar/vtimezone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <libical/ical.h>
#include <cmocka.h>

static char *write_text(const char *value, bool escapes)
{
        struct ics_writer writer;
        struct buf buf;

        buf_init(&buf, 1 << 20);
        ics_init(&writer, &buf);
        (escapes ? ics_text : ics_plain)(&writer, "X", value);
        return buf_take(&buf);
}

static void expect(const char *value, bool escapes, const char *line)
{
        _cleanup_(free_ptr) char *text = write_text(value, escapes);

        assert_string_equal(text, line);
}

static void escapes_text(void **state)
{
        (void)state;
        expect("a,b;c\\d", true, "X:a\\,b\\;c\\\\d\r\n");
        expect("a\nb\r\nc\rd", true, "X:a\\nb\\nc\\nd\r\n");
        expect("a\tb", true, "X:a b\r\n");
        expect("", true, "X:\r\n");
        expect("Pääsky – räntä", true, "X:Pääsky – räntä\r\n");
}

static void keeps_line_breaks_out_of_plain_values(void **state)
{
        (void)state;
        expect("https://example.org/\r\nATTENDEE:mailto:a@example.org", false,
               "X:https://example.org/ ATTENDEE:mailto:a@example.org\r\n");
        expect("a\nb\rc,d;e\\", false, "X:a b c,d;e\\\r\n");
}

static void replaces_controls_and_bad_utf8(void **state)
{
        static const char *const bad[] = {
            "\x01",         "\x1b", "\x7f", "\xc2\x85", "\xe2\x80\xa8",
            "\xe2\x80\xae", "\xff", "\xc0", "\x80",     "\xe2\x81\xa6",
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                expect(bad[i], true, "X:\xef\xbf\xbd\r\n");
        expect("\xe2\x80", true, "X:\xef\xbf\xbd\xef\xbf\xbd\r\n");                  /* cut */
        expect("\xed\xa0\x80", false, "X:\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\r\n"); /* surrogate */
        expect("\xc0\xaf", true, "X:\xef\xbf\xbd\xef\xbf\xbd\r\n");                  /* overlong */
        expect("\xf0\x9f\x8c\xb2", true, "X:\xf0\x9f\x8c\xb2\r\n");
}

/* Every line at most 75 octets, valid UTF-8 at each fold, and the value whole once unfolded. */
static void check_folds(const char *folded, const char *value)
{
        struct buf whole;

        buf_init(&whole, 1 << 20);
        for (const char *at = folded, *end; *at; at = end + 2) {
                end = strstr(at, "\r\n");
                assert_non_null(end);
                assert_true(end - at <= ICS_LINE_MAX);
                assert_int_not_equal((unsigned char)end[-1] & 0xc0, 0xc0);
                if (at != folded) {
                        assert_int_equal(at[0], ' ');
                        assert_int_not_equal((unsigned char)at[1] & 0xc0, 0x80);
                        at++;
                }
                buf_add(&whole, at, (size_t)(end - at));
        }
        assert_string_equal(buf_text(&whole) + 2, value);
        buf_fini(&whole);
}

static void folds_between_characters(void **state)
{
        char value[600];

        (void)state;
        for (size_t length = 0; length < 300; length++) {
                _cleanup_(free_ptr) char *plain = NULL, *wide = NULL;

                memset(value, 'a', length);
                value[length] = '\0';
                plain = write_text(value, true);
                check_folds(plain, value);
                for (size_t i = length % 3; i + 1 < length; i += 2)
                        memcpy(value + i, "ä", 2);
                wide = write_text(value, true);
                check_folds(wide, value);
        }
}

static void cuts_values_at_their_maximum(void **state)
{
        _cleanup_(free_ptr) char *value = malloc(ICS_VALUE_MAX * 2), *text = NULL;

        (void)state;
        memset(value, 'b', ICS_VALUE_MAX * 2 - 1);
        value[ICS_VALUE_MAX * 2 - 1] = '\0';
        text = write_text(value, true);
        assert_true(strlen(text) < ICS_VALUE_MAX + ICS_VALUE_MAX / 20);
}

static char *zone_text(const char *name, int year)
{
        struct vtimezone vtimezone;
        struct ics_writer writer;
        struct zone *zone;
        struct buf buf;

        assert_int_equal(zone_open(name, &zone, NULL), 0);
        vtimezone_read(zone, year, &vtimezone);
        buf_init(&buf, 1 << 16);
        ics_init(&writer, &buf);
        vtimezone_write(&vtimezone, name, &writer);
        zone_close(zone);
        return buf_take(&buf);
}

static void knows_zones(void **state)
{
        _cleanup_(free_ptr) char *helsinki = zone_text("Europe/Helsinki", 2026);
        _cleanup_(free_ptr) char *later = zone_text("Europe/Helsinki", 2030);
        _cleanup_(free_ptr) char *york = zone_text("America/New_York", 2026);
        _cleanup_(free_ptr) char *tokyo = zone_text("Asia/Tokyo", 2026);
        _cleanup_(free_ptr) char *casablanca = zone_text("Africa/Casablanca", 2026);

        (void)state;
        assert_string_equal(helsinki, "BEGIN:VTIMEZONE\r\n"
                                      "TZID:Europe/Helsinki\r\n"
                                      "BEGIN:DAYLIGHT\r\n"
                                      "DTSTART:19700329T030000\r\n"
                                      "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
                                      "TZOFFSETFROM:+0200\r\n"
                                      "TZOFFSETTO:+0300\r\n"
                                      "END:DAYLIGHT\r\n"
                                      "BEGIN:STANDARD\r\n"
                                      "DTSTART:19701025T040000\r\n"
                                      "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
                                      "TZOFFSETFROM:+0300\r\n"
                                      "TZOFFSETTO:+0200\r\n"
                                      "END:STANDARD\r\n"
                                      "END:VTIMEZONE\r\n");
        assert_string_equal(helsinki, later);
        assert_non_null(strstr(york, "BYMONTH=3;BYDAY=2SU"));
        assert_non_null(strstr(york, "BYMONTH=11;BYDAY=1SU"));
        assert_non_null(strstr(tokyo, "TZOFFSETTO:+0900"));
        assert_null(strstr(tokyo, "RRULE"));
        assert_string_equal(casablanca, ""); /* follows the moon */
}

static void writes_the_second_of_two_hours_in_utc(void **state)
{
        struct vtimezone vtimezone;
        struct ics_writer writer;
        struct zone *zone;
        struct buf buf;
        int64_t first;

        (void)state;
        assert_int_equal(zone_open("Europe/Helsinki", &zone, NULL), 0);
        vtimezone_read(zone, 2026, &vtimezone);
        assert_true(zone_parse(zone, "2026-10-25T03:30", &first));
        buf_init(&buf, 1 << 16);
        ics_init(&writer, &buf);
        vtimezone_write_time(&vtimezone, zone, "Europe/Helsinki", "DTSTART", first, &writer);
        vtimezone_write_time(&vtimezone, zone, "Europe/Helsinki", "DTSTART", first + 3600, &writer);
        assert_string_equal(buf_text(&buf), "DTSTART;TZID=Europe/Helsinki:20261025T033000\r\n"
                                            "DTSTART:20261025T013000Z\r\n");
        buf_fini(&buf);
        zone_close(zone);
}

static void reads_http_dates(void **state)
{
        static const char *const same[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                           "Sun Nov  6 08:49:37 1994"};
        static const char *const bad[] = {"",
                                          "yesterday",
                                          "Sun, 06 Nov 1994 08:49:37",
                                          "Sun, 06 Nov 1994 25:49:37 GMT",
                                          "Sun, 31 Feb 1994 08:49:37 GMT",
                                          "Sun, 06 Nov 1994 08:49:37 GMT; length=5",
                                          "Sun, -6 Nov 1994 08:49:37 GMT",
                                          "784111777"};
        char text[HTTP_DATE_MAX];
        int64_t utc;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
                assert_true(http_date_parse(same[i], 1790000000, &utc));
                assert_int_equal(utc, 784111777);
        }
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_false(http_date_parse(bad[i], 1790000000, &utc));
        http_date_print(784111777, text);
        assert_string_equal(text, same[0]);
}

static void compares_etags(void **state)
{
        static const char *const matching[] = {"\"a\"", "W/\"a\"", "\"b\", \"a\"",   "\"b\",W/\"a\"",
                                               "*",     " * ",     "\"x,y\", \"a\"", ", ,\"a\""};
        static const char *const other[] = {"",         "a",        "\"a",     "\"b\"",
                                            "\"a-gz\"", "\"b\", *", "w/\"a\"", "\"b\" a"};

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(matching); i++)
                assert_true(http_etag_matches(matching[i], "\"a\""));
        for (size_t i = 0; i < ARRAY_SIZE(other); i++)
                assert_false(http_etag_matches(other[i], "\"a\""));
        assert_true(http_is_unchanged(NULL, "Sun, 06 Nov 1994 08:49:37 GMT", "\"a\"", 784111777, 1790000000));
        assert_false(
            http_is_unchanged(NULL, "Sun, 06 Nov 1994 08:49:37 GMT", "\"a\"", 784111778, 1790000000));
        assert_false(http_is_unchanged(NULL, "nonsense", "\"a\"", 1, 1790000000));
        assert_false(http_is_unchanged("\"b\"", "Sun, 06 Nov 1994 08:49:37 GMT", "\"a\"", 1, 1790000000));
        assert_true(
            http_is_unchanged("\"a\"", "Sun, 06 Nov 1994 08:49:37 GMT", "\"a\"", 1790000000, 1790000000));
        assert_false(http_is_unchanged(NULL, NULL, "\"a\"", 1, 1790000000));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(escapes_text),
            cmocka_unit_test(keeps_line_breaks_out_of_plain_values),
            cmocka_unit_test(replaces_controls_and_bad_utf8),
            cmocka_unit_test(folds_between_characters),
            cmocka_unit_test(cuts_values_at_their_maximum),
            cmocka_unit_test(knows_zones),
            cmocka_unit_test(writes_the_second_of_two_hours_in_utc),
            cmocka_unit_test(reads_http_dates),
            cmocka_unit_test(compares_etags),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
