/* chart: pictures of numbers as SVG, for a page that styles them (templates/desk/style.css). Pure: numbers
 * and words in, text out. Every picture has a title and a description; what it says stands beside it in words
 * or a table too. They are 300 units wide, so that their letters can be read on a phone. */
#ifndef DESK_CHART_H
#define DESK_CHART_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define CHART_WIDTH 300
#define CHART_MAX_BYTES ((size_t)48 << 10) /* of one picture */

struct chart_words {
        const char *id;    /* of the picture on its page: letters and digits */
        const char *title; /* what it shows */
        const char *about; /* what can be read from it */
};

/* ---- weeks and weekdays */

#define CHART_WEEKDAYS 7
#define CHART_HEAT_LEVELS 5 /* 0: nothing */

enum chart_mark { CHART_MARK_NONE, CHART_MARK_DOT, CHART_MARK_CROSS, CHART_MARK_RING };

struct chart_heat_cell {
        int week;    /* column, from 0 */
        int weekday; /* row: 1 Monday … 7 Sunday */
        int level;   /* 0 … CHART_HEAT_LEVELS - 1: the shade */
        enum chart_mark mark;
        bool is_work; /* a line under it */
};

struct chart_heat {
        struct chart_words words;
        const struct chart_heat_cell *cells;
        int cell_count;
        int weeks, weekdays;                       /* columns and rows */
        const char *weekday_names[CHART_WEEKDAYS]; /* the first few letters, from Monday */
        const char *const *month_names;            /* of the columns; NULL: none begins there */
};
int chart_heat(struct buf *svg, const struct chart_heat *heat);

/* ---- a bar with steps */

#define CHART_STEPS_MAX 8

struct chart_step {
        int64_t at;
        const char *label;
};
struct chart_bar {
        struct chart_words words;
        int64_t value;
        const char *label; /* of the value */
        struct chart_step steps[CHART_STEPS_MAX];
        int step_count; /* rising */
};
int chart_bar(struct buf *svg, const struct chart_bar *bar);

/* ---- spans on a line of time */

#define CHART_SPANS_MAX 50
#define CHART_TICKS_MAX 16

enum chart_span_state { CHART_SPAN_OVER, CHART_SPAN_NOW, CHART_SPAN_AHEAD, CHART_SPAN_OFF };

struct chart_span {
        int32_t first, last; /* days */
        const char *label;
        enum chart_span_state state;
};
struct chart_tick {
        int32_t at;
        const char *label;
};
struct chart_line {
        struct chart_words words;
        int32_t first, last; /* days; what lies outside is cut off */
        int32_t today;
        const struct chart_span *spans;
        int span_count;
        const struct chart_tick *ticks;
        int tick_count;
};
int chart_line(struct buf *svg, const struct chart_line *line);

#endif
