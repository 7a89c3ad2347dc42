/* Pictures: what stands in them, that they are well-formed, and that no number or word breaks them. */
#include "desk/chart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define WORDS                           \
        {                               \
                "pic", "Title", "About" \
        }

static int count(const char *text, const char *what)
{
        int found = 0;

        for (; (text = strstr(text, what)); text += strlen(what))
                found++;
        return found;
}

static const char *draw(struct buf *svg, int r)
{
        assert_int_equal(r, 0);
        assert_ptr_equal(strstr(buf_text(svg), "<svg "), buf_text(svg));
        assert_int_equal(count(buf_text(svg), "<svg"), 1);
        assert_string_equal(buf_text(svg) + svg->length - 6, "</svg>");
        assert_int_equal(count(buf_text(svg), "<title id=\"pic-title\">"), 1);
        assert_int_equal(count(buf_text(svg), "<desc id=\"pic-about\">"), 1);
        assert_null(strstr(buf_text(svg), "style="));
        return buf_text(svg);
}

static void test_heat(void **state)
{
        const char *months[40] = {[0] = "Aug", [3] = "Sep", [39] = "June"};
        const struct chart_heat_cell cells[] = {
            {0, 1, 0, CHART_MARK_NONE, false},  {1, 2, 1, CHART_MARK_DOT, true},
            {2, 5, 4, CHART_MARK_CROSS, false}, {3, 5, 2, CHART_MARK_RING, false},
            {50, 5, 2, CHART_MARK_RING, false}, /* beyond the picture */
            {3, 7, 2, CHART_MARK_RING, false}};
        struct chart_heat heat = {.words = WORDS,
                                  .cells = cells,
                                  .cell_count = 6,
                                  .weeks = 40,
                                  .weekdays = 5,
                                  .weekday_names = {"Mo", "Tu", "We", "Th", "Fr"},
                                  .month_names = months};
        const char *text;
        struct buf svg;

        (void)state;
        buf_init(&svg, CHART_MAX_BYTES);
        text = draw(&svg, chart_heat(&svg, &heat));
        assert_int_equal(count(text, "class=\"l"), 4);
        assert_int_equal(count(text, "class=\"work\""), 1);
        assert_int_equal(count(text, "class=\"dot\""), 1);
        assert_int_equal(count(text, "class=\"cross deep\""), 1); /* on a dark shade */
        assert_int_equal(count(text, "class=\"ring\""), 1);
        assert_int_equal(count(text, ">Mo<"), 1);
        assert_int_equal(count(text, " text-anchor=\"end\">June<"), 1);
        buf_fini(&svg);
        buf_init(&svg, 300); /* no room: an error, not half a picture that passes for one */
        assert_true(chart_heat(&svg, &heat) < 0);
        buf_fini(&svg);
}

static void test_words_are_escaped(void **state)
{
        const struct chart_span span = {100, 130, "</text><script>&\"'", CHART_SPAN_NOW};
        struct chart_line line = {.words = {"pic", "<b>", "\" onload=\"x"},
                                  .first = 90,
                                  .last = 200,
                                  .today = 120,
                                  .spans = &span,
                                  .span_count = 1};
        const char *text;
        struct buf svg;

        (void)state;
        buf_init(&svg, CHART_MAX_BYTES);
        text = draw(&svg, chart_line(&svg, &line));
        assert_null(strstr(text, "<script>"));
        assert_null(strstr(text, "<b>"));
        assert_null(strstr(text, "\" onload"));
        assert_int_equal(count(text, "class=\"span now\""), 1);
        assert_int_equal(count(text, "class=\"today\""), 1);
        buf_fini(&svg);
}

static void test_bar(void **state)
{
        static const struct {
                int64_t value;
                int reached;
        } table[] = {{0, 0}, {29, 0}, {30, 1}, {55, 2}, {100, 4}, {100000000000, 4}};

        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                struct chart_bar bar = {.words = WORDS,
                                        .value = table[i].value,
                                        .label = "x",
                                        .steps = {{30, "30"}, {50, "50"}, {70, "70"}, {100, "100"}},
                                        .step_count = 4};
                const char *text, *width;
                struct buf svg;

                buf_init(&svg, CHART_MAX_BYTES);
                text = draw(&svg, chart_bar(&svg, &bar));
                assert_int_equal(count(text, "class=\"step reached\""), table[i].reached);
                assert_int_equal(count(text, "class=\"step\""), 4 - table[i].reached);
                width = strstr(strstr(text, "class=\"fill\""), "width=\"") + 7;
                assert_in_range((int)strtol(width, NULL, 10), 0, CHART_WIDTH);
                buf_fini(&svg);
        }
}

/* Steps beside each other have their labels one below the other. */
static void test_bar_crowd(void **state)
{
        struct chart_bar bar = {.words = WORDS,
                                .value = 0,
                                .label = "0 h",
                                .steps = {{30, "30"}, {31, "31"}, {100, "100"}},
                                .step_count = 3};
        struct buf svg;
        int y[2];

        (void)state;
        buf_init(&svg, CHART_MAX_BYTES);
        draw(&svg, chart_bar(&svg, &bar));
        for (int i = 0; i < 2; i++) {
                const char *label = strstr(buf_text(&svg), i ? ">31<" : ">30<");

                while (strncmp(label, "y=\"", 3) != 0)
                        label--;
                y[i] = (int)strtol(label + 3, NULL, 10);
        }
        assert_true(y[1] >= y[0] + 10);
        buf_fini(&svg);
        bar.step_count = 0; /* nothing to scale by */
        buf_init(&svg, CHART_MAX_BYTES);
        draw(&svg, chart_bar(&svg, &bar));
        buf_fini(&svg);
}

static void test_line_cuts(void **state)
{
        static const struct {
                int32_t first, last;
                const char *expected;
        } table[] = {
            {-1000, 5, "x=\"0\""},   {99, 99, "x=\"297\""},     {INT32_MIN, INT32_MAX - 1, "width=\"300\""},
            {50, 40, "width=\"3\""}, {500, 600, "width=\"3\""},
        };

        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                const struct chart_span span = {table[i].first, table[i].last, "a", CHART_SPAN_AHEAD};
                struct chart_line line = {
                    .words = WORDS, .first = 0, .last = 99, .today = -1, .spans = &span, .span_count = 1};
                struct buf svg;

                buf_init(&svg, CHART_MAX_BYTES);
                draw(&svg, chart_line(&svg, &line));
                if (!strstr(buf_text(&svg), table[i].expected))
                        fail_msg("case %zu: %s is not in %s", i, table[i].expected, buf_text(&svg));
                assert_null(strstr(buf_text(&svg), "class=\"today\""));
                buf_fini(&svg);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_heat),      cmocka_unit_test(test_words_are_escaped),
            cmocka_unit_test(test_bar),       cmocka_unit_test(test_bar_crowd),
            cmocka_unit_test(test_line_cuts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
