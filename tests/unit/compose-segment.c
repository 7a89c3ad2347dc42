/* compose/segment: lengths at every boundary, and transliteration. */
#include "compose/segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* COUNT times UNIT, then TAIL. */
static const char *repeat(const char *unit, int count, const char *tail)
{
        static char text[4096];
        size_t length = 0;

        for (int i = 0; i < count; i++)
                length += (size_t)snprintf(text + length, sizeof text - length, "%s", unit);
        snprintf(text + length, sizeof text - length, "%s", tail);
        return text;
}

static void counts_segments(void **state)
{
        static const struct {
                const char *unit;
                int count;
                const char *tail;
                enum segment_encoding encoding;
                size_t units, segments;
        } table[] = {
            {"a", 0, "", SEGMENT_GSM7, 0, 1},
            {"a", 160, "", SEGMENT_GSM7, 160, 1},
            {"a", 161, "", SEGMENT_GSM7, 161, 2},
            {"a", 306, "", SEGMENT_GSM7, 306, 2},
            {"a", 307, "", SEGMENT_GSM7, 307, 3},
            {"ä", 160, "", SEGMENT_GSM7, 160, 1},
            {"Å", 153, "öñ§¿ΔΩ\r\n@£$¥_", SEGMENT_GSM7, 166, 2},
            /* the extension: two septets, never in two segments */
            {"a", 158, "€", SEGMENT_GSM7, 160, 1},
            {"a", 159, "€", SEGMENT_GSM7, 161, 2},
            {"€", 80, "", SEGMENT_GSM7, 160, 1},
            {"€", 81, "", SEGMENT_GSM7, 162, 2},
            {"€", 152, "", SEGMENT_GSM7, 304, 2},
            {"€", 153, "", SEGMENT_GSM7, 306, 3},
            {"€", 76, "a€", SEGMENT_GSM7, 155, 1},
            {"^{}\\[~]|€\f", 8, "", SEGMENT_GSM7, 160, 1},
            {"a", 152, "€aaaaaaa", SEGMENT_GSM7, 161, 2},
            {"a", 152,
             "€" /* pads one */ "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
             "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
             SEGMENT_GSM7, 305, 2},
            {"a", 152,
             "€"
             "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
             "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
             SEGMENT_GSM7, 306, 3},
            /* not in the alphabet */
            {"a", 69, "ş", SEGMENT_UCS2, 70, 1},
            {"a", 70, "ş", SEGMENT_UCS2, 71, 2},
            {"a", 133, "ş", SEGMENT_UCS2, 134, 2},
            {"a", 134, "ş", SEGMENT_UCS2, 135, 3},
            {"Ж", 70, "", SEGMENT_UCS2, 70, 1},
            {"a", 1, "`", SEGMENT_UCS2, 2, 1},
            {"a", 1, "\t", SEGMENT_UCS2, 2, 1},
            {"a", 1, "ç", SEGMENT_UCS2, 2, 1},
            {"a", 1, "Ç", SEGMENT_GSM7, 2, 1},
            {"a", 1, "á", SEGMENT_UCS2, 2, 1},
            /* surrogate pairs */
            {"😀", 35, "", SEGMENT_UCS2, 70, 1},
            {"😀", 36, "", SEGMENT_UCS2, 72, 2},
            {"😀", 66, "", SEGMENT_UCS2, 132, 2},
            {"😀", 67, "", SEGMENT_UCS2, 134, 3},
            {"a", 66, "😀aaa", SEGMENT_UCS2, 71, 2},
        };
        struct segment_size size;

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
                const char *text = repeat(table[i].unit, table[i].count, table[i].tail);
                assert_int_equal(segment_count(text, &size, NULL), 0);
                if (size.encoding != table[i].encoding || size.units != table[i].units ||
                    size.segments != table[i].segments)
                        fail_msg("row %u: %s %zu units, %zu segments", i,
                                 segment_encoding_name(size.encoding), size.units, size.segments);
        }
}

/* The whole alphabet, from the table of the standard: each once. */
static void knows_the_alphabet(void **state)
{
        static const char basic[] = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
                                    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
        struct segment_size size;

        (void)state;
        assert_int_equal(segment_count(basic, &size, NULL), 0);
        assert_int_equal(size.encoding, SEGMENT_GSM7);
        assert_int_equal(size.units, 127); /* 128 less the escape */
}

static void refuses_bad_utf8(void **state)
{
        static const char *const bad[] = {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80"};
        struct segment_size size;
        struct buf buf;

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
                assert_int_equal(segment_count(bad[i], &size, NULL), ERR_INVALID);
                buf_init(&buf, 100);
                assert_int_equal(segment_transliterate(bad[i], &buf, NULL), ERR_INVALID);
                buf_fini(&buf);
        }
}

static void transliterates(void **state)
{
        static const struct {
                const char *text, *expected;
        } table[] = {
            {"", ""},
            {"Hei äöåÄÖÅ é €", "Hei äöåÄÖÅ é €"},
            {"“Hei” – ‘no’ … 8 15", "\"Hei\" - 'no' ... 8 15"},
            {"a\u00a0b", "a b"},
            {"Šárka Łukasz Đorđe Œuvre", "Sarka Lukasz Dorde OEuvre"},
            {"a\u0308iti", "äiti"}, /* composed first */
            {"e\u0300 s\u030c", "è s"},
            {"Привет – да", "Привет – да"}, /* stays UCS-2: nothing is lost */
            {"Moi “Aino” 😀", "Moi “Aino” 😀"},
            {"zero\u200bwidth", "zerowidth"},
        };
        struct buf buf;

        (void)state;
        for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
                buf_init(&buf, 100);
                assert_int_equal(segment_transliterate(table[i].text, &buf, NULL), 0);
                assert_string_equal(buf_text(&buf), table[i].expected);
                buf_fini(&buf);
        }
        buf_init(&buf, 3);
        assert_int_equal(segment_transliterate("four", &buf, NULL), ERR_LIMIT);
        buf_fini(&buf);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(counts_segments),
            cmocka_unit_test(knows_the_alphabet),
            cmocka_unit_test(refuses_bad_utf8),
            cmocka_unit_test(transliterates),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
