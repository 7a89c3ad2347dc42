/* A pupil's pages: the days ahead and what is to be handed in; and what hangs on the workplace's wall, by
 * which the pupil checks in. */
#include "base/date.h"
#include "web/code.h"
#include "web/work.h"

#include <stdio.h>
#include <string.h>

#define AHEAD_DAYS 21
#define SHOWN_AFTER_DAYS 60
#define EARLY_S 3600 /* how long before the day's start a check-in is taken */
#define LATE_S 600   /* later than this after the start it is late */

static struct work_reader reader_of(const struct linked *linked)
{
        return (struct work_reader){linked->link.pupil, true};
}

static int add_day(void *context, const struct work_day *day, struct err *err)
{
        struct linked *linked = context;
        struct value *map;
        int32_t date;

        (void)err;
        if (!date_parse(day->day, &date))
                return 0;
        map = value_append_map((struct value *)value_find(linked->values, "days"));
        value_set_date(map, "day", date);
        value_set_time(map, "starts", day->starts);
        value_set_time(map, "ends", day->ends);
        value_set_text(map, "workplace", linked->pupil_is_protected ? NULL : day->workplace);
        value_set_bool(map, "is_signed", day->is_signed);
        value_set_bool(map, "is_excused", day->is_excused);
        value_set_bool(map, "is_here", day->mark && strcmp(day->mark, "absent") != 0);
        return 0;
}

static int add_package(void *context, const char *name, const char *due, struct err *err)
{
        struct linked *linked = context;
        struct value *map;
        int32_t date;

        (void)err;
        if (!date_parse(due, &date))
                return 0;
        map = value_append_map((struct value *)value_find(linked->values, "packages"));
        value_set_text(map, "name", name);
        value_set_date(map, "due", date);
        value_set_bool(map, "is_over", date < linked->date);
        return 0;
}

static int show_home(struct linked *linked)
{
        const struct work_reader reader = reader_of(linked);
        char until[DATE_TEXT_MAX], since[DATE_TEXT_MAX];
        int r;

        linked->page = "pupil";
        value_set_list(linked->values, "days");
        value_set_list(linked->values, "packages");
        value_set_list(linked->values, "placements");
        date_print(linked->date + AHEAD_DAYS, until);
        date_print(linked->date - SHOWN_AFTER_DAYS, since);
        r = work_days(linked->db, &reader, linked->today, until, linked->now, add_day, linked, linked->err);
        if (r == 0)
                r = work_packages(linked->db, linked->link.pupil, add_package, linked, linked->err);
        return r < 0 ? r
                     : work_placements(linked->db, &reader, NULL, since, work_add_placement, linked,
                                       linked->err);
}

/* ---- the wall */

struct today {
        const char *placement;
        int64_t starts, ends;
        bool is_there, is_signed, is_excused, is_here;
};

static int look(void *context, const struct work_day *day, struct err *err)
{
        struct today *today = context;

        (void)err;
        if (strcmp(day->placement, today->placement) != 0)
                return 0;
        today->is_there = true;
        today->starts = day->starts;
        today->ends = day->ends;
        today->is_signed = day->is_signed;
        today->is_excused = day->is_excused;
        today->is_here = day->mark && strcmp(day->mark, "absent") != 0;
        return 0;
}

static int find_today(struct linked *linked, struct today *today)
{
        const struct work_reader reader = reader_of(linked);

        *today = (struct today){.placement = linked->link.subject};
        return work_days(linked->db, &reader, linked->today, linked->today, linked->now, look, today,
                         linked->err);
}

static bool is_open(const struct linked *linked, const struct today *today)
{
        return today->is_there && today->is_signed && !today->is_here &&
               linked->now >= today->starts - EARLY_S && linked->now < today->ends;
}

static int show_wall(struct linked *linked)
{
        struct today today;
        int r = find_today(linked, &today);

        linked->page = "wall";
        if (r < 0)
                return r;
        value_set_date(linked->values, "today", linked->date);
        if (today.is_there) {
                value_set_time(linked->values, "starts", today.starts);
                value_set_time(linked->values, "ends", today.ends);
        }
        value_set_bool(linked->values, "is_here", today.is_here);
        value_set_bool(linked->values, "is_open", is_open(linked, &today));
        value_set_bool(linked->values, "is_none", !today.is_there || !today.is_signed);
        value_set_bool(linked->values, "is_early",
                       today.is_there && today.is_signed && !today.is_here &&
                           linked->now < today.starts - EARLY_S);
        value_set_bool(linked->values, "is_over",
                       today.is_there && today.is_signed && !today.is_here && linked->now >= today.ends);
        return 0;
}

static int act_wall(struct linked *linked, const struct form *form)
{
        struct today today;
        json_t *data;
        int r = find_today(linked, &today);

        if (r < 0)
                return r;
        if (today.is_here)
                return linked_done(linked, "here", NULL);
        if (!is_open(linked, &today))
                return linked_refuse(linked, 409, "stale");
        data = json_pack("{s:s,s:s,s:s,s:s}", "placement", linked->link.subject, "day", linked->today, "mark",
                         linked->now > today.starts + LATE_S ? "late" : "here", "by", linked->link.pupil);
        r = linked_event(linked, form, "workplace.checkin", linked->link.subject, data, linked->err);
        if (r < 0)
                return r;
        return r ? linked_done(linked, "here", NULL) : linked_refuse(linked, 409, "stale");
}

/* ---- the tables */

static const char *first_of_pupil(const struct linked *linked)
{
        if (strcmp(linked->link.rule, "placement-evaluation") == 0)
                return "evaluate";
        return strcmp(linked->link.rule, "placement-certificate") == 0 ? "certificate" : "home";
}

static const char *first_of_wall(const struct linked *linked)
{
        (void)linked;
        return "here";
}

/* Keep in alphabetical order. */
static const struct linked_sub pupil_table[] = {
    {"calendar", work_show_calendar, work_act_calendar},
    {"certificate", work_show_certificate, NULL},
    {"code", code_show, code_act},
    {"evaluate", work_show_evaluate, work_act_evaluate},
    {"home", show_home, NULL},
    {NULL, NULL, NULL},
};

static const struct linked_sub wall_table[] = {
    {"here", show_wall, act_wall},
    {NULL, NULL, NULL},
};

const struct linked_kind linked_pupil = {
    .kind = "pupil", .path = 'p', .subs = pupil_table, .first = first_of_pupil};
const struct linked_kind linked_wall = {
    .kind = "wall", .path = 'p', .subs = wall_table, .first = first_of_wall};
