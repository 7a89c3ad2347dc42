/* A pupil's school year in pictures, numbers and a table. */
#include "base/date.h"
#include "desk/chart.h"
#include "desk/pupil.h"
#include "engine/rule.h"
#include "store/desk_absence.h"
#include "store/desk_pupil.h"
#include "store/parameter.h"

#include <stdio.h>
#include <string.h>

#define HALVES 2 /* of a school year: each is a picture that a phone can show */
#define HALF_DAYS_MAX 220
#define HALF_WEEKS_MAX 40
#define SHORT_NAME_MAX 24
#define MONTHS_MAX 14
#define OPEN_DAYS_SHOWN 3 /* at once; older ones are folded */
#define SECONDS_DAY 86400
#define SECONDS_MINUTE 60

const char *const pupil_steps[PUPIL_STEPS] = {"first", "second", "third", "fourth"};

int pupil_number(struct desk *desk, const char *rule, const char *name, int64_t *ret_value)
{
        const struct rule *found = desk->web->book ? rulebook_find(desk->web->book, rule) : NULL;
        const struct rule_parameter *parameter = NULL;
        struct parameter_owner owner;
        char *text;
        int r;

        for (int i = 0; found && i < found->parameter_count; i++)
                if (strcmp(found->parameters[i].name, name) == 0)
                        parameter = &found->parameters[i];
        if (!parameter)
                return 0;
        snprintf(owner.pupil, sizeof owner.pupil, "%s", desk->subject.pupil);
        snprintf(owner.organisation, sizeof owner.organisation, "%s", desk->subject.organisation);
        r = parameter_find(desk->db, rule, name, &owner, desk->today, &text, desk->err);
        *ret_value = parameter->value;
        if (r == 0 && text && !rule_parameter_read(parameter->kind, text, ret_value))
                *ret_value = parameter->value;
        free(text);
        return r < 0 ? r : 1;
}

/* ---- words of the pictures */

static const char *numbered_word(struct desk *desk, const char *prefix, int number)
{
        char code[16];

        snprintf(code, sizeof code, "%d", number);
        return desk_word_of(desk, prefix, code);
}

static int month_of(int32_t date)
{
        int year, month, day;

        date_to_civil(date, &year, &month, &day);
        return month;
}

/* ---- weeks and weekdays */

static enum chart_mark mark_of(const struct desk_day *day)
{
        return day->unexplained ? CHART_MARK_DOT
               : day->health    ? CHART_MARK_CROSS
               : day->other     ? CHART_MARK_RING
                                : CHART_MARK_NONE;
}

static int level_of(const struct desk_day *day)
{
        static const int from[CHART_HEAT_LEVELS] = {0, 1, 91, 181, 271}; /* minutes: two lessons a shade */
        int level = CHART_HEAT_LEVELS - 1;

        while (day->minutes < from[level])
                level--;
        return level;
}

/* A half and the weeks it spans. */
struct half {
        struct chart_heat_cell cells[HALF_DAYS_MAX];
        const char *months[HALF_WEEKS_MAX];
        struct chart_heat heat;
        int32_t monday; /* of its first week */
};

static void add_day(struct desk *desk, struct half *half, const struct desk_day *day)
{
        struct chart_heat *heat = &half->heat;
        int week;

        if (!day->is_school && !day->minutes && !day->is_work)
                return;
        if (!heat->cell_count)
                half->monday = day->day_no - (day->weekday - 1);
        week = (day->day_no - half->monday) / 7;
        if (week >= HALF_WEEKS_MAX || heat->cell_count == HALF_DAYS_MAX)
                return;
        if (!heat->cell_count ||
            month_of(day->day_no) != month_of(half->monday + 7 * half->cells[heat->cell_count - 1].week +
                                              half->cells[heat->cell_count - 1].weekday - 1))
                half->months[week] = half->months[week]
                                         ? half->months[week]
                                         : numbered_word(desk, "pupil-month", month_of(day->day_no));
        half->cells[heat->cell_count++] = (struct chart_heat_cell){.week = week,
                                                                   .weekday = day->weekday,
                                                                   .level = level_of(day),
                                                                   .mark = mark_of(day),
                                                                   .is_work = day->is_work};
        if (week >= heat->weeks)
                heat->weeks = week + 1;
        if (day->weekday > heat->weekdays)
                heat->weekdays = day->weekday;
}

static int draw_half(struct desk *desk, struct value *list, struct half *half, int number)
{
        struct chart_heat *heat = &half->heat;
        struct value *map;
        char id[SHORT_NAME_MAX];
        struct buf svg;
        int r;

        if (!heat->cell_count)
                return 0;
        snprintf(id, sizeof id, "heat%d", number);
        heat->words = (struct chart_words){id, desk_word(desk, number == 0 ? "pupil-autumn" : "pupil-spring"),
                                           desk_word(desk, "pupil-heat-about")};
        heat->cells = half->cells;
        heat->month_names = half->months;
        for (int i = 0; i < heat->weekdays; i++)
                heat->weekday_names[i] = numbered_word(desk, "pupil-weekday", i + 1);
        buf_init(&svg, CHART_MAX_BYTES);
        r = chart_heat(&svg, heat);
        map = value_append_map(list);
        value_set_text(map, "title", heat->words.title);
        value_set_text(map, "svg", buf_text(&svg));
        buf_fini(&svg);
        return r < 0 ? err_set(desk->err, r, "pupil: the picture of the year does not fit") : 0;
}

static int draw_heat(struct desk *desk, const struct desk_year *year)
{
        struct value *list = value_set_list(desk->values, "heats");
        struct half *halves = calloc(HALVES, sizeof *halves);
        int r = 0;

        if (!halves)
                return err_set(desk->err, ERR_NOMEM, "pupil: out of memory");
        for (int i = 0; i < year->count; i++)
                add_day(desk, &halves[month_of(year->days[i].day_no) < 8], &year->days[i]);
        for (int i = 0; i < HALVES && r == 0; i++)
                r = draw_half(desk, list, &halves[i], i);
        free(halves);
        return r;
}

/* ---- the same as a table by month */

static void set_hours(struct value *map, const char *key, int minutes, int64_t hour)
{
        value_set_number(map, key, (double)(minutes * 10 / hour) / 10);
}

static void set_months(struct desk *desk, const struct desk_year *year, int64_t hour)
{
        struct value *list = value_set_list(desk->values, "months");
        int rows = 0;

        for (int i = 0; i < year->count;) {
                struct desk_day sum = {0};
                int month = month_of(year->days[i].day_no);
                struct value *map;

                for (; i < year->count && month_of(year->days[i].day_no) == month; i++) {
                        sum.minutes += year->days[i].minutes;
                        sum.unexplained += year->days[i].unexplained;
                        sum.health += year->days[i].health;
                        sum.other += year->days[i].other;
                }
                if (rows++ == MONTHS_MAX || year->days[i - 1].day_no - 31 > desk->date)
                        break;
                map = value_append_map(list);
                value_set_text(map, "month", numbered_word(desk, "pupil-month", month));
                set_hours(map, "missed", sum.minutes, hour);
                set_hours(map, "unexplained", sum.unexplained, hour);
                set_hours(map, "health", sum.health, hour);
                set_hours(map, "other", sum.other, hour);
        }
}

/* ---- hours of concern against the steps */

static int draw_bar(struct desk *desk, const struct chart_bar *bar)
{
        struct buf svg;
        int r;

        buf_init(&svg, CHART_MAX_BYTES);
        r = chart_bar(&svg, bar);
        value_set_text(desk->values, "hours.svg", buf_text(&svg));
        buf_fini(&svg);
        return r < 0 ? err_set(desk->err, r, "pupil: the picture of hours does not fit") : 0;
}

static int set_concern(struct desk *desk, const struct desk_year *year, int64_t hour)
{
        char labels[PUPIL_STEPS + 1][SHORT_NAME_MAX];
        struct chart_bar bar = {
            .words = {"hours", desk_word(desk, "pupil-hours"), desk_word(desk, "pupil-hours-about")},
            .value = year->concern / hour,
            .label = labels[PUPIL_STEPS]};
        struct value *list = value_set_list(desk->values, "hours.steps");
        const char *unit = desk_word(desk, "pupil-hour-short");

        value_set_count(desk->values, "hours.count", bar.value);
        for (int i = 0; i < PUPIL_STEPS; i++) {
                int64_t at;
                struct value *map;
                int r = pupil_number(desk, PUPIL_RULE, pupil_steps[i], &at);

                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                map = value_append_map(list);
                value_set_count(map, "at", at);
                value_set_text(map, "who", desk_word_of(desk, "pupil-step", pupil_steps[i]));
                value_set_bool(map, "is_reached", bar.value >= at);
                if (bar.step_count && at < bar.steps[bar.step_count - 1].at)
                        continue; /* steps that fall would draw nonsense */
                snprintf(labels[i], sizeof labels[i], "%lld", (long long)at);
                bar.steps[bar.step_count++] = (struct chart_step){at, labels[i]};
        }
        snprintf(labels[PUPIL_STEPS], SHORT_NAME_MAX, "%lld %.12s", (long long)bar.value, unit);
        return draw_bar(desk, &bar);
}

static int set_share(struct desk *desk, const char *organisation)
{
        int64_t within = 30 * SECONDS_DAY, missed = 0, scheduled = 0;
        int r = pupil_number(desk, "absence-share", "within", &within);

        if (r < 0)
                return r;
        r = desk_share_get(desk->db, desk->subject.pupil, organisation, desk->date,
                           (int)(within / SECONDS_DAY), &missed, &scheduled, desk->err);
        if (r < 0 || scheduled <= 0)
                return r;
        value_set_count(desk->values, "share.percent", missed * 100 / scheduled);
        value_set_count(desk->values, "share.days", within / SECONDS_DAY);
        return 0;
}

/* ---- what waits for a word */

static int64_t count_of(struct desk *desk, const char *list)
{
        const struct value *days = value_find(desk->values, list);
        int64_t count = 0;

        for (const struct value *day = days ? days->first : NULL; day; day = day->next)
                count++;
        return count;
}

static int add_open_day(void *context, const struct desk_open_day *day, struct err *err)
{
        struct desk *desk = context;
        const char *list = !day->is_unexplained                            ? "explained_days"
                           : count_of(desk, "open_days") < OPEN_DAYS_SHOWN ? "open_days"
                                                                           : "older_days";
        struct value *map = value_append_map((struct value *)value_find(desk->values, list));

        (void)err;
        value_set_text(map, "id", day->day);
        desk_set_day(map, "day", day->day);
        value_set_time(map, "starts", day->starts);
        value_set_time(map, "ends", day->ends);
        value_set_count(map, "lessons", day->lessons);
        value_set_text(map, "class", day->class ? day->class : "other");
        value_set_text(map, "said", day->class ? desk_word_of(desk, "pupil-class", day->class) : NULL);
        return 0;
}

static void set_counts(struct desk *desk)
{
        value_set_count(desk->values, "older_count", count_of(desk, "older_days"));
        value_set_bool(desk->values, "has_older", count_of(desk, "older_days"));
        value_set_count(desk->values, "explained_count", count_of(desk, "explained_days"));
        value_set_bool(desk->values, "has_explained", count_of(desk, "explained_days"));
}

int pupil_set_year(struct desk *desk, const char *organisation)
{
        struct desk_year *year = calloc(1, sizeof *year);
        int64_t hour = 45 * SECONDS_MINUTE;
        char text[SHORT_NAME_MAX];
        int r;

        value_set_list(desk->values, "open_days");
        value_set_list(desk->values, "older_days");
        value_set_list(desk->values, "explained_days");
        if (!year)
                return err_set(desk->err, ERR_NOMEM, "pupil: out of memory");
        r = desk_year_get(desk->db, desk->subject.pupil, organisation, desk->today, year, desk->err);
        if (r == 0)
                r = pupil_number(desk, PUPIL_RULE, "hour", &hour);
        hour = hour < SECONDS_MINUTE ? 45 : hour / SECONDS_MINUTE;
        if (r >= 0)
                r = draw_heat(desk, year);
        if (r == 0)
                r = set_concern(desk, year, hour);
        if (r == 0)
                r = set_share(desk, organisation);
        if (r == 0) {
                set_months(desk, year, hour);
                snprintf(text, sizeof text, "%d–%d", year->year, year->year + 1);
                value_set_text(desk->values, "school_year_text", text);
                value_set_bool(desk->values, "has_year", year->count);
                r = desk_open_day_each(desk->db, desk->subject.pupil,
                                       year->count ? year->days[0].day : "1900-01-01", add_open_day, desk,
                                       desk->err);
                set_counts(desk);
        }
        free(year);
        return r;
}

/* ---- placements on a line of time */

struct placements {
        struct desk *desk;
        struct chart_span spans[CHART_SPANS_MAX];
        char labels[CHART_SPANS_MAX][64];
        int count;
        bool is_protected;
};

static enum chart_span_state state_of(const struct desk *desk, const struct chart_span *span, bool is_off)
{
        return is_off                     ? CHART_SPAN_OFF
               : span->last < desk->date  ? CHART_SPAN_OVER
               : span->first > desk->date ? CHART_SPAN_AHEAD
                                          : CHART_SPAN_NOW;
}

static int add_placement(void *context, const struct desk_placement_row *row, struct err *err)
{
        static const char *const states[] = {"over", "now", "ahead", "cancelled"};
        struct placements *placements = context;
        struct desk *desk = placements->desk;
        struct value *map = value_append_map((struct value *)value_find(desk->values, "placements"));
        const char *workplace =
            placements->is_protected ? desk_word(desk, "pupil-placement") : row->workplace;
        struct chart_span span = {0};

        (void)err;
        if (!date_parse(row->first_day, &span.first) || !date_parse(row->last_day, &span.last))
                return 0;
        span.state = state_of(desk, &span, row->is_cancelled);
        desk_set_id(map, row->id);
        value_set_text(map, "workplace", workplace);
        value_set_text(map, "supervisor", placements->is_protected ? NULL : row->supervisor);
        value_set_date(map, "first", span.first);
        value_set_date(map, "last", span.last);
        value_set_count(map, "days", row->days);
        value_set_bool(map, "is_weekly", strcmp(row->model, "4+1") == 0);
        value_set_bool(map, "is_cancelled", row->is_cancelled);
        value_set_bool(map, "is_unsigned",
                       !row->is_cancelled && row->signatures < 3 && span.last >= desk->date);
        value_set_text(map, "state", desk_word_of(desk, "pupil-placement", states[span.state]));
        if (placements->count < CHART_SPANS_MAX) {
                snprintf(placements->labels[placements->count], sizeof placements->labels[0], "%.60s",
                         workplace);
                span.label = placements->labels[placements->count];
                placements->spans[placements->count++] = span;
        }
        return 0;
}

/* From the first of the month of the first span to the end of the last one's, at least the school year's. */
static void set_line(struct desk *desk, struct chart_line *line, struct chart_tick *ticks)
{
        int year, month, day;

        for (int i = 0; i < line->span_count; i++) {
                line->first = i && line->first < line->spans[i].first ? line->first : line->spans[i].first;
                line->last = i && line->last > line->spans[i].last ? line->last : line->spans[i].last;
        }
        line->first = line->first < desk->date ? line->first : desk->date;
        line->last = line->last > desk->date ? line->last : desk->date;
        date_to_civil(line->first, &year, &month, &day);
        line->first = date_from_civil(year, month, 1);
        for (int32_t at = line->first; at <= line->last && line->tick_count < CHART_TICKS_MAX;) {
                ticks[line->tick_count++] =
                    (struct chart_tick){at, numbered_word(desk, "pupil-month", month)};
                year += month == 12;
                month = month % 12 + 1;
                at = date_from_civil(year, month, 1);
                line->last = line->last > at - 1 || at <= desk->date ? line->last : at - 1;
        }
        line->ticks = ticks;
}

static int draw_line(struct desk *desk, const struct placements *placements)
{
        struct chart_tick ticks[CHART_TICKS_MAX];
        struct chart_line line = {
            .words = {"line", desk_word(desk, "pupil-placements"), desk_word(desk, "pupil-line-about")},
            .today = desk->date,
            .spans = placements->spans,
            .span_count = placements->count};
        struct buf svg;
        int r;

        set_line(desk, &line, ticks);
        buf_init(&svg, CHART_MAX_BYTES);
        r = chart_line(&svg, &line);
        value_set_text(desk->values, "line", buf_text(&svg));
        buf_fini(&svg);
        return r < 0 ? err_set(desk->err, r, "pupil: the picture of placements does not fit") : 0;
}

int pupil_set_placements(struct desk *desk, bool is_protected)
{
        struct placements *placements = calloc(1, sizeof *placements);
        char from[DATE_TEXT_MAX];
        int r;

        if (!placements)
                return err_set(desk->err, ERR_NOMEM, "pupil: out of memory");
        placements->desk = desk;
        placements->is_protected = is_protected;
        value_set_list(desk->values, "placements");
        date_print(desk->date - 365, from);
        r = desk_placement_each(desk->db, desk->subject.pupil, from, add_placement, placements, desk->err);
        if (r == 0 && placements->count)
                r = draw_line(desk, placements);
        free(placements);
        return r;
}
