#include "desk/chart.h"
#include "compose/escape.h"

/* Units of the picture. */
#define MARGIN 8
#define LETTERS 11 /* height of a line of text */

static void begin(struct buf *svg, const struct chart_words *words, const char *class, int height)
{
        buf_addf(svg,
                 "<svg class=\"chart %s\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"%s-title "
                 "%s-about\"><title id=\"%s-title\">",
                 class, CHART_WIDTH, height, words->id, words->id, words->id);
        escape_add(svg, words->title, ESCAPE_HTML);
        buf_addf(svg, "</title><desc id=\"%s-about\">", words->id);
        escape_add(svg, words->about, ESCAPE_HTML);
        buf_adds(svg, "</desc>");
}

static void add_text(struct buf *svg, int x, int y, const char *more, const char *text)
{
        buf_addf(svg, "<text x=\"%d\" y=\"%d\"%s>", x, y, more);
        escape_add(svg, text, ESCAPE_HTML);
        buf_adds(svg, "</text>");
}

static int end(struct buf *svg)
{
        buf_adds(svg, "</svg>");
        return buf_error(svg);
}

/* ---- weeks and weekdays */

#define HEAT_LEFT 20
#define HEAT_TOP 14
#define MONTH_WEEKS 2 /* columns that the name of a month needs */

/* In tenths, so that any number of weeks fits. */
struct pitch {
        int left, top, size;
};

static void add_tenths(struct buf *svg, const char *name, int tenths)
{
        buf_addf(svg, " %s=\"%d.%d\"", name, tenths / 10, tenths % 10);
}

static void add_mark(struct buf *svg, enum chart_mark mark, const char *class, int x, int y, int size)
{
        int half = size / 2, arm = size * 3 / 10, middle_x = x + half, middle_y = y + half;

        if (mark == CHART_MARK_CROSS) {
                buf_addf(svg, "<path class=\"%s\" d=\"M%d.%d %d.%dh%d.%dM%d.%d %d.%dv%d.%d\"/>", class,
                         (middle_x - arm) / 10, (middle_x - arm) % 10, middle_y / 10, middle_y % 10,
                         2 * arm / 10, 2 * arm % 10, middle_x / 10, middle_x % 10, (middle_y - arm) / 10,
                         (middle_y - arm) % 10, 2 * arm / 10, 2 * arm % 10);
                return;
        }
        buf_addf(svg, "<circle class=\"%s\"", class);
        add_tenths(svg, "cx", middle_x);
        add_tenths(svg, "cy", middle_y);
        add_tenths(svg, "r", mark == CHART_MARK_DOT ? size * 22 / 100 : size * 26 / 100);
        buf_adds(svg, "/>");
}

static void add_cell(struct buf *svg, const struct chart_heat_cell *cell, const struct pitch *pitch)
{
        static const char *const mark_classes[2][4] = {{"", "dot", "cross", "ring"},
                                                       {"", "dot deep", "cross deep", "ring deep"}};
        int x = pitch->left + cell->week * pitch->size, y = pitch->top + (cell->weekday - 1) * pitch->size;
        int size = pitch->size - 10;

        buf_addf(svg, "<rect class=\"l%d\"", cell->level);
        add_tenths(svg, "x", x);
        add_tenths(svg, "y", y);
        add_tenths(svg, "width", size);
        add_tenths(svg, "height", size);
        buf_adds(svg, "/>");
        if (cell->is_work) {
                buf_adds(svg, "<rect class=\"work\"");
                add_tenths(svg, "x", x);
                add_tenths(svg, "y", y + size - 22);
                add_tenths(svg, "width", size);
                buf_adds(svg, " height=\"2.2\"/>");
        }
        if (cell->mark != CHART_MARK_NONE)
                add_mark(svg, cell->mark, mark_classes[cell->level >= CHART_HEAT_LEVELS - 2][cell->mark], x,
                         y, size);
}

int chart_heat(struct buf *svg, const struct chart_heat *heat)
{
        struct pitch pitch = {.left = HEAT_LEFT * 10, .top = HEAT_TOP * 10, .size = 130};

        if (heat->weeks * pitch.size > (CHART_WIDTH - HEAT_LEFT) * 10)
                pitch.size = (CHART_WIDTH - HEAT_LEFT) * 10 / heat->weeks;
        begin(svg, &heat->words, "heat", HEAT_TOP + (heat->weekdays * pitch.size + 9) / 10);
        for (int i = 0; i < heat->weeks; i++) {
                bool is_last = i + MONTH_WEEKS > heat->weeks;
                int x = is_last ? pitch.left + heat->weeks * pitch.size : pitch.left + i * pitch.size;

                if (heat->month_names[i])
                        add_text(svg, x / 10, LETTERS - 2, is_last ? " text-anchor=\"end\"" : "",
                                 heat->month_names[i]);
        }
        for (int i = 0; i < heat->weekdays && heat->weekday_names[i]; i++)
                add_text(svg, 0, (pitch.top + i * pitch.size + pitch.size * 3 / 4) / 10, "",
                         heat->weekday_names[i]);
        for (int i = 0; i < heat->cell_count; i++)
                if (heat->cells[i].week < heat->weeks && heat->cells[i].weekday <= heat->weekdays)
                        add_cell(svg, &heat->cells[i], &pitch);
        return end(svg);
}

/* ---- a bar with steps */

#define BAR_TOP 18
#define BAR_HEIGHT 14
#define BAR_ROWS 2    /* of labels, so that steps beside each other can be read */
#define LABEL_ROOM 26 /* that one label needs */
#define BAR_LENGTH (CHART_WIDTH - 2 * MARGIN)

static int64_t bar_end(const struct chart_bar *bar)
{
        int64_t most = bar->step_count ? bar->steps[bar->step_count - 1].at : 0;

        if (bar->value > most)
                most = bar->value;
        return most < 1 ? 1 : most + (most + 19) / 20;
}

int chart_bar(struct buf *svg, const struct chart_bar *bar)
{
        int64_t scale = bar_end(bar);
        int fill = (int)(bar->value * BAR_LENGTH / scale), last[BAR_ROWS] = {-CHART_WIDTH, -CHART_WIDTH};
        int below = BAR_TOP + BAR_HEIGHT;

        begin(svg, &bar->words, "bar", below + 8 + BAR_ROWS * LETTERS + 2);
        add_text(svg, MARGIN + (fill > BAR_LENGTH - 40 ? BAR_LENGTH - 40 : fill), BAR_TOP - 5,
                 fill > BAR_LENGTH - 40 ? " class=\"value\"" : " class=\"value\" text-anchor=\"middle\"",
                 bar->label);
        buf_addf(svg, "<rect class=\"track\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", MARGIN, BAR_TOP,
                 BAR_LENGTH, BAR_HEIGHT);
        buf_addf(svg, "<rect class=\"fill\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", MARGIN, BAR_TOP,
                 fill, BAR_HEIGHT);
        for (int i = 0; i < bar->step_count && i < CHART_STEPS_MAX; i++) {
                const struct chart_step *step = &bar->steps[i];
                int x = MARGIN + (int)(step->at * BAR_LENGTH / scale), row = x - last[0] < LABEL_ROOM;

                last[row] = x;
                buf_addf(svg, "<path class=\"%s\" d=\"M%d %dV%d\"/>",
                         bar->value >= step->at ? "step reached" : "step", x, BAR_TOP - 3, below + 5);
                add_text(svg, x, below + 6 + LETTERS + row * LETTERS, " text-anchor=\"middle\"", step->label);
        }
        return end(svg);
}

/* ---- spans on a line of time */

#define SPAN_ROW 28
#define SPAN_HEIGHT 9
#define LINE_TOP 16

static int place(const struct chart_line *line, int32_t day)
{
        int64_t days = (int64_t)line->last - line->first + 1;

        if (day < line->first)
                day = line->first;
        if (day > line->last + 1)
                day = line->last + 1;
        return days < 1 ? 0 : (int)(((int64_t)day - line->first) * CHART_WIDTH / days);
}

static void add_span(struct buf *svg, const struct chart_line *line, const struct chart_span *span, int row)
{
        static const char *const classes[] = {"over", "now", "ahead", "off"};
        int x = place(line, span->first), width = place(line, span->last + 1) - x;
        int y = LINE_TOP + row * SPAN_ROW;

        if (width < 3)
                width = 3;
        buf_addf(svg, "<rect class=\"span %s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\"/>",
                 classes[span->state], x, y + LETTERS + 4, width, SPAN_HEIGHT);
        /* A label begins at its span, or ends there when it would not fit. */
        add_text(svg, x > CHART_WIDTH / 2 ? x + width : x, y + LETTERS,
                 x > CHART_WIDTH / 2 ? " text-anchor=\"end\"" : "", span->label);
}

int chart_line(struct buf *svg, const struct chart_line *line)
{
        int count = line->span_count < CHART_SPANS_MAX ? line->span_count : CHART_SPANS_MAX;
        int height = LINE_TOP + count * SPAN_ROW + 4;

        begin(svg, &line->words, "line", height);
        for (int i = 0; i < line->tick_count && i < CHART_TICKS_MAX; i++) {
                int x = place(line, line->ticks[i].at);

                buf_addf(svg, "<path class=\"tick\" d=\"M%d %dV%d\"/>", x, LINE_TOP - 2, height);
                add_text(svg, x + 1, LETTERS, " class=\"quiet\"", line->ticks[i].label);
        }
        for (int i = 0; i < count; i++)
                add_span(svg, line, &line->spans[i], i);
        if (line->today >= line->first && line->today <= line->last)
                buf_addf(svg, "<path class=\"today\" d=\"M%d %dV%d\"/>", place(line, line->today),
                         LINE_TOP - 2, height);
        return end(svg);
}
