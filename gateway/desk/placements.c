/* The month of a group, or of a workplace: who works when, and whether it is agreed. */
#include "desk/pages.h"
#include "desk/plan.h"

#include <stdio.h>
#include <string.h>

#define PUPILS_MAX 40 /* of one page */

enum cell { CELL_NONE, CELL_CANCELLED, CELL_MOVED, CELL_SCHOOL, CELL_TENTATIVE, CELL_WORK };
static const char *const cell_names[] = {NULL,        "is_cancelled", "is_moved",
                                         "is_school", "is_tentative", "is_work"};

struct month_view {
        struct desk *desk;
        struct plan_month month;
        struct value *pupils;
        struct value *pupil, *placements, *days; /* that are being filled */
        char pupil_id[PAGE_ID_SIZE], placement_id[PAGE_ID_SIZE];
        enum cell cells[31];
        bool is_off[31], is_shown[31];
        int start, seen; /* pupils left out before, and met so far */
};

/* ---- days of the month */

static int note_date(void *context, const struct desk_date *date, struct err *err)
{
        struct month_view *view = context;
        int32_t day;

        (void)err;
        if (!date_parse(date->day, &day) || day < view->month.first || day > view->month.last)
                return 0;
        view->is_off[day - view->month.first] = strcmp(date->kind, "school") != 0;
        view->is_shown[day - view->month.first] = strcmp(date->kind, "weekend") != 0;
        return 0;
}

static void set_days(struct month_view *view)
{
        struct value *list = value_set_list(view->desk->values, "days");
        int year, month, number;

        for (int32_t day = view->month.first; day <= view->month.last; day++) {
                struct value *map;

                if (!view->is_shown[day - view->month.first])
                        continue;
                map = value_append_map(list);
                value_set_date(map, "day", day);
                date_to_civil(day, &year, &month, &number);
                value_set_count(map, "day_number", number);
                value_set_bool(map, "is_off", view->is_off[day - view->month.first]);
                value_set_bool(map, "is_today", day == view->desk->date);
        }
}

/* ---- pupils and their placements */

static void end_pupil(struct month_view *view)
{
        struct value *list;

        if (!view->pupil)
                return;
        list = value_set_list(view->pupil, "cells");
        for (int i = 0; i <= view->month.last - view->month.first; i++) {
                struct value *map;

                if (!view->is_shown[i])
                        continue;
                map = value_append_map(list);
                value_set_bool(map, "is_off", view->is_off[i]);
                value_set_bool(map, "is_today", view->month.first + i == view->desk->date);
                for (size_t cell = CELL_CANCELLED; cell < ARRAY_SIZE(cell_names); cell++)
                        value_set_bool(map, cell_names[cell], view->cells[i] == cell);
        }
        view->pupil = NULL;
}

static void begin_pupil(struct month_view *view, const struct desk_month_day *day)
{
        char name[256];

        end_pupil(view);
        snprintf(view->pupil_id, sizeof view->pupil_id, "%s", day->pupil);
        view->placement_id[0] = '\0';
        memset(view->cells, 0, sizeof view->cells);
        if (view->seen++ < view->start || view->seen > view->start + PUPILS_MAX)
                return;
        view->pupil = value_append_map(view->pupils);
        snprintf(name, sizeof name, "%s %s", day->given, day->family);
        desk_set_id(view->pupil, day->pupil);
        value_set_text(view->pupil, "name", name);
        value_set_bool(view->pupil, "has_placements", day->placement != NULL);
        view->placements = value_set_list(view->pupil, "placements");
}

/* Who has not signed. */
static void set_lacks(struct desk *desk, struct value *map, unsigned signatures)
{
        static const struct {
                unsigned bit;
                const char *party;
        } table[] = {{DESK_SIGNED_GUARDIAN, "guardian"},
                     {DESK_SIGNED_WORKPLACE, "workplace"},
                     {DESK_SIGNED_SCHOOL, "school"}};
        struct value *list = value_set_list(map, "lacks");

        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (!(signatures & table[i].bit))
                        value_set_text(value_append_map(list), "party",
                                       desk_word_of(desk, "party", table[i].party));
}

static void begin_placement(struct month_view *view, const struct desk_month_day *day)
{
        struct value *map = value_append_map(view->placements);

        snprintf(view->placement_id, sizeof view->placement_id, "%s", day->placement);
        desk_set_id(map, day->placement);
        value_set_text(map, "workplace", day->is_protected ? NULL : day->workplace);
        value_set_bool(map, "is_protected", day->is_protected);
        desk_set_day(map, "from", day->first_day);
        desk_set_day(map, "until", day->last_day);
        value_set_bool(map, "is_block", day->is_block);
        value_set_bool(map, "is_off", day->is_cancelled);
        value_set_bool(map, "is_signed", day->signatures == DESK_SIGNED_ALL);
        value_set_bool(map, "is_drafted", day->signatures == 0);
        set_lacks(view->desk, map, day->signatures);
        view->days = value_set_list(map, "days");
}

static enum cell cell_of(const struct desk_month_day *day)
{
        if (strcmp(day->state, "cancelled") == 0)
                return CELL_CANCELLED;
        if (strcmp(day->kind, "school") == 0)
                return CELL_SCHOOL;
        return day->signatures == DESK_SIGNED_ALL ? CELL_WORK : CELL_TENTATIVE;
}

static void raise_cell(struct month_view *view, int32_t day, enum cell cell)
{
        int at = day - view->month.first;

        if (day < view->month.first || day > view->month.last)
                return;
        if (cell > view->cells[at])
                view->cells[at] = cell;
        view->is_shown[at] = true;
}

static void add_day(struct month_view *view, const struct desk_month_day *day)
{
        enum cell cell = cell_of(day);
        int32_t date, original;
        struct value *map;

        if (!date_parse(day->day, &date) || !date_parse(day->original_day, &original))
                return;
        raise_cell(view, date, cell);
        if (original != date)
                raise_cell(view, original, CELL_MOVED);
        if (cell == CELL_SCHOOL)
                return;
        map = value_append_map(view->days);
        value_set_date(map, "day", date);
        value_set_time(map, "starts", day->starts);
        value_set_time(map, "ends", day->ends);
        value_set_bool(map, "is_cancelled", cell == CELL_CANCELLED);
        value_set_bool(map, "is_moved", original != date && cell != CELL_CANCELLED);
        value_set_date(map, "original", original);
        value_set_bool(map, "is_today", date == view->desk->date);
}

static int add_row(void *context, const struct desk_month_day *day, struct err *err)
{
        struct month_view *view = context;

        (void)err;
        if (strcmp(view->pupil_id, day->pupil) != 0)
                begin_pupil(view, day);
        if (!view->pupil || !day->placement)
                return 0;
        if (strcmp(view->placement_id, day->placement) != 0)
                begin_placement(view, day);
        if (day->day)
                add_day(view, day);
        return 0;
}

/* ---- which group or workplace */

struct chosen {
        char id[PAGE_ID_SIZE];
        bool is_workplace;
};

/* The lists to choose from; without a choice the first group is it. */
static int set_choices(struct desk *desk, const char *scope, struct chosen *chosen)
{
        struct plan_choices groups = {.list = value_set_list(desk->values, "groups"),
                                      .chosen = chosen->is_workplace ? "" : chosen->id},
                            workplaces = {.list = value_set_list(desk->values, "workplaces"),
                                          .chosen = chosen->is_workplace ? chosen->id : ""};
        int r = desk_choose_organisations(desk->db, scope, "group", desk->today, plan_add_choice, &groups,
                                          desk->err);

        if (r == 0)
                r = desk_choose_workplaces(desk->db, scope, plan_add_choice, &workplaces, desk->err);
        if (r == 0 && !chosen->id[0])
                snprintf(chosen->id, sizeof chosen->id, "%s", groups.first);
        return r;
}

static int set_title(struct desk *desk, const char *scope, const struct chosen *chosen)
{
        _cleanup_(free_ptr) char *name = NULL;
        struct place place = {0};
        int r;

        if (chosen->is_workplace) {
                r = desk_workplace_name(desk->db, scope, chosen->id, &name, desk->err);
                if (r > 0)
                        value_set_text(desk->values, "name", name);
        } else {
                r = place_get(desk->db, chosen->id, &place, desk->err);
                if (r == 0)
                        value_set_text(desk->values, "name", place.unit);
                place_fini(&place);
                r = r < 0 ? r : 1;
        }
        return r;
}

/* 1: it may be shown. */
static int may_show(struct desk *desk, const char *scope, const struct chosen *chosen)
{
        struct desk_subject subject;
        int r = chosen->is_workplace
                    ? 1
                    : desk_opens(desk, DESK_PLAN, DESK_SUBJECT_ORGANISATION, chosen->id, &subject);

        return r > 0 ? set_title(desk, scope, chosen) : r;
}

static int show_month(struct desk *desk, const char *scope, const struct chosen *chosen)
{
        struct month_view view = {
            .desk = desk, .pupils = value_set_list(desk->values, "pupils"), .start = plan_start(desk)};
        int r;

        plan_month_read(desk, &view.month);
        plan_month_set(desk, &view.month);
        r = desk_calendar(desk->db, chosen->is_workplace ? desk->place.organisation : chosen->id,
                          view.month.first_text, view.month.last_text, note_date, &view, desk->err);
        if (r == 0)
                r = chosen->is_workplace
                        ? desk_month_of_workplace(desk->db, chosen->id, scope, view.month.first_text,
                                                  view.month.last_text, add_row, &view, desk->err)
                        : desk_month_of_group(desk->db, chosen->id, view.month.first_text,
                                              view.month.last_text, add_row, &view, desk->err);
        end_pupil(&view);
        set_days(&view);
        value_set_bool(desk->values, "has_pupils", view.seen > 0);
        value_set_bool(desk->values, "has_more", view.seen > view.start + PUPILS_MAX);
        value_set_count(desk->values, "more", view.start + PUPILS_MAX);
        return r;
}

static int show(struct desk *desk, const char *scope)
{
        struct chosen chosen = {.is_workplace = strcmp(desk_query(desk, DESK_Q_KIND), "workplace") == 0};
        int r;

        snprintf(chosen.id, sizeof chosen.id, "%s", desk->of);
        value_set_bool(desk->values, "is_workplace", chosen.is_workplace);
        r = set_choices(desk, scope, &chosen);
        value_set_bool(desk->values, "is_chosen", chosen.id[0]);
        value_set_bool(desk->values, "is_group", chosen.id[0] && !chosen.is_workplace);
        if (r < 0 || !chosen.id[0])
                return r;
        desk_set_id(desk->values, chosen.id);
        r = may_show(desk, scope, &chosen);
        if (r <= 0)
                return r < 0 ? r : 404;
        return show_month(desk, scope, &chosen);
}

int placements_show(struct desk *desk)
{
        _cleanup_(buf_fini) struct buf scope;
        int r = desk_scope(desk, DESK_PLAN, &scope);

        return r < 0 ? r : show(desk, buf_text(&scope));
}
