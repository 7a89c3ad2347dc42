/* A supervisor's pages: who is here today, the week in one go. */
#include "base/date.h"
#include "web/code.h"
#include "web/work.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_AFTER_DAYS 30 /* how long a placement that has ended is still shown */
#define WEEK_MARKS_MAX 64   /* days of one week's form */

static struct work_reader reader_of(const struct linked *linked)
{
        return (struct work_reader){linked->link.person, false};
}

static void set_hours(struct linked *linked, struct value *map, const struct work_day *day)
{
        int32_t date = linked->date;

        date_parse(day->day, &date);
        value_set_text(map, "placement", day->placement);
        value_set_text(map, "name", day->given);
        value_set_date(map, "day", date);
        value_set_time(map, "starts", day->starts);
        value_set_time(map, "ends", day->ends);
        value_set_bool(map, "is_signed", day->is_signed);
        value_set_bool(map, "is_excused", day->is_excused);
        value_set_bool(map, "is_marked", day->mark != NULL);
        value_set_bool(map, "is_here", day->mark && strcmp(day->mark, "here") == 0);
        value_set_bool(map, "is_late", day->mark && strcmp(day->mark, "late") == 0);
        value_set_bool(map, "is_absent", day->mark && strcmp(day->mark, "absent") == 0);
        value_set_bool(map, "is_marked_by_pupil", day->is_marked_by_pupil);
        value_set_bool(map, "is_open", day->is_signed && !day->is_excused);
}

/* ---- today */

static int add_today(void *context, const struct work_day *day, struct err *err)
{
        struct linked *linked = context;

        (void)err;
        set_hours(linked, value_append_map((struct value *)value_find(linked->values, "pupils")), day);
        return 0;
}

struct next {
        struct linked *linked;
        bool is_set;
};

static int set_next(void *context, const struct work_day *day, struct err *err)
{
        struct next *next = context;

        (void)err;
        if (!next->is_set)
                set_hours(next->linked, value_set_map(next->linked->values, "next"), day);
        next->is_set = true;
        return 0;
}

static int set_placements(struct linked *linked)
{
        const struct work_reader reader = reader_of(linked);
        char since[DATE_TEXT_MAX];

        value_set_list(linked->values, "placements");
        date_print(linked->date - SHOWN_AFTER_DAYS, since);
        return work_placements(linked->db, &reader, NULL, since, work_add_placement, linked, linked->err);
}

static int show_today(struct linked *linked)
{
        const struct work_reader reader = reader_of(linked);
        struct next next = {.linked = linked};
        char from[DATE_TEXT_MAX], until[DATE_TEXT_MAX];
        int r;

        linked->page = "work";
        value_set_list(linked->values, "pupils");
        value_set_date(linked->values, "today", linked->date);
        r = work_days(linked->db, &reader, linked->today, linked->today, linked->now, add_today, linked,
                      linked->err);
        if (r == 0 && !value_find(linked->values, "pupils")->first) {
                date_print(linked->date + 1, from);
                date_print(linked->date + 60, until);
                r = work_days(linked->db, &reader, from, until, linked->now, set_next, &next, linked->err);
        }
        return r < 0 ? r : set_placements(linked);
}

/* ---- one mark */

struct looked {
        const char *placement;
        bool is_found;
};

static int look(void *context, const struct work_day *day, struct err *err)
{
        struct looked *looked = context;

        (void)err;
        if (strcmp(day->placement, looked->placement) == 0 && day->is_signed)
                looked->is_found = true;
        return 0;
}

/* 1: PLACEMENT is the supervisor's and has that day. */
static int is_own_day(struct linked *linked, const char *placement, const char *day)
{
        const struct work_reader reader = reader_of(linked);
        struct looked looked = {.placement = placement};
        int r = work_days(linked->db, &reader, day, day, linked->now, look, &looked, linked->err);

        return r < 0 ? r : looked.is_found;
}

static bool is_mark(const char *mark)
{
        return strcmp(mark, "here") == 0 || strcmp(mark, "late") == 0 || strcmp(mark, "absent") == 0;
}

static int check_in(struct linked *linked, const struct form *form, const char *placement, const char *day,
                    const char *mark)
{
        json_t *data = json_pack("{s:s,s:s,s:s,s:s}", "placement", placement, "day", day, "mark", mark, "by",
                                 linked->link.person);

        return linked_event(linked, form, "workplace.checkin", placement, data, linked->err);
}

static int act_today(struct linked *linked, const struct form *form)
{
        const char *placement = form_value(form, "placement"), *day = form_value(form, "day");
        const char *mark = form_value(form, "mark");
        int32_t date;
        int r;

        if (!date_parse(day, &date) || !is_mark(mark))
                return linked_refuse(linked, 400, "form-wrong");
        if (date != linked->date)
                return linked_refuse(linked, 409, "stale");
        r = is_own_day(linked, placement, day);
        if (r == 0)
                return linked_refuse(linked, 409, "stale");
        if (r > 0)
                r = check_in(linked, form, placement, day, mark);
        if (r < 0)
                return r;
        return r ? linked_done(linked, "today", NULL) : linked_refuse(linked, 409, "stale");
}

/* ---- the week */

static int add_week_day(void *context, const struct work_day *day, struct err *err)
{
        struct linked *linked = context;
        struct value *list = (struct value *)value_find(linked->values, "days"), *map;
        char name[24];

        (void)err;
        map = value_append_map(list);
        set_hours(linked, map, day);
        snprintf(name, sizeof name, "m%d", (int)value_find(linked->values, "day_count")->count);
        value_set_count(linked->values, "day_count", value_find(linked->values, "day_count")->count + 1);
        value_set_text(map, "field", name);
        value_set_bool(map, "is_ahead", day->starts > linked->now);
        if (day->is_signed && !day->is_excused && day->starts <= linked->now)
                value_set_bool(linked->values, "has_open", true);
        return 0;
}

static int show_week(struct linked *linked)
{
        const struct work_reader reader = reader_of(linked);
        int32_t monday = linked->date - date_weekday(linked->date) + 1;
        char from[DATE_TEXT_MAX], until[DATE_TEXT_MAX];
        int r;

        linked->page = "week";
        value_set_list(linked->values, "days");
        value_set_count(linked->values, "day_count", 0);
        date_print(monday, from);
        date_print(monday + 6, until);
        r = work_days(linked->db, &reader, from, until, linked->now, add_week_day, linked, linked->err);
        return r < 0 ? r : set_placements(linked);
}

/* Fields of one day: mN the mark, mN-placement, mN-day. All or none. */
static int act_week(struct linked *linked, const struct form *form)
{
        int count = 0, r = 1;

        for (int i = 0; i < WEEK_MARKS_MAX && r > 0; i++) {
                char mark_name[16], placement_name[24], day_name[24];
                const char *mark, *placement, *day;
                int32_t date;

                snprintf(mark_name, sizeof mark_name, "m%d", i);
                snprintf(placement_name, sizeof placement_name, "m%d-placement", i);
                snprintf(day_name, sizeof day_name, "m%d-day", i);
                mark = form_value(form, mark_name);
                placement = form_value(form, placement_name);
                day = form_value(form, day_name);
                if (!*mark)
                        continue;
                if (!is_mark(mark) || !date_parse(day, &date))
                        return linked_refuse(linked, 400, "form-wrong");
                if (date > linked->date || date < linked->date - date_weekday(linked->date) + 1)
                        return linked_refuse(linked, 409, "stale");
                r = is_own_day(linked, placement, day);
                count++;
        }
        if (r > 0 && count == 0)
                return linked_refuse(linked, 422, "week-choose");
        for (int i = 0; i < WEEK_MARKS_MAX && r > 0; i++) {
                char name[24];
                const char *mark, *placement;

                snprintf(name, sizeof name, "m%d", i);
                mark = form_value(form, name);
                snprintf(name, sizeof name, "m%d-placement", i);
                placement = form_value(form, name);
                snprintf(name, sizeof name, "m%d-day", i);
                if (*mark)
                        r = check_in(linked, form, placement, form_value(form, name), mark);
        }
        if (r < 0)
                return r;
        return r ? linked_done(linked, "week", "done-week") : linked_refuse(linked, 409, "stale");
}

/* ---- the table */

/* Where a link leads that names no page: to what its message is about. */
static const char *first(const struct linked *linked)
{
        if (strcmp(linked->link.rule, "placement-agreement") == 0 ||
            strcmp(linked->link.rule, "placement-blocked") == 0)
                return "sign";
        return strcmp(linked->link.rule, "placement-evaluation") == 0 ? "evaluate" : "today";
}

/* Keep in alphabetical order. */
static const struct linked_sub sub_table[] = {
    {"calendar", work_show_calendar, work_act_calendar},
    {"code", code_show, code_act},
    {"evaluate", work_show_evaluate, work_act_evaluate},
    {"sheet", work_show_sheet, NULL},
    {"sign", work_show_sign, work_act_sign},
    {"today", show_today, act_today},
    {"week", show_week, act_week},
    {NULL, NULL, NULL},
};

const struct linked_kind linked_supervisor = {
    .kind = "supervisor", .path = 'w', .subs = sub_table, .first = first};
