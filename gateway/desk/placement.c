/* One placement: what is agreed, its days, and everything that may change about it. */
#include "desk/pages.h"
#include "desk/plan.h"
#include "store/organisation.h"
#include "store/placement.h"

#include <stdio.h>
#include <string.h>

/* Why a day or a placement is cancelled: codes, since no free text is kept of people. Keep in alphabetical
 * order. */
static const char *const reason_table[] = {"ill", "other", "pupil", "school", "workplace"};

static bool is_reason(const char *code)
{
        for (size_t i = 0; i < ARRAY_SIZE(reason_table); i++)
                if (strcmp(reason_table[i], code) == 0)
                        return true;
        return false;
}

static void set_reasons(struct desk *desk)
{
        struct value *list = value_set_list(desk->values, "reasons");

        for (size_t i = 0; i < ARRAY_SIZE(reason_table); i++) {
                struct value *map = value_append_map(list);

                value_set_text(map, "code", reason_table[i]);
                value_set_text(map, "text", desk_word_of(desk, "reason", reason_table[i]));
        }
}

/* ---- what is shown */

static void set_signature(struct value *map, const char *key, const struct desk_signature *signature)
{
        struct value *each = value_set_map(map, key);

        value_set_bool(each, "is_signed", signature->at != 0);
        if (signature->at)
                value_set_time(each, "at", signature->at);
        value_set_text(each, "by", signature->by);
}

/* 1: the reader signs for the school of this pupil. */
static int is_principal(struct desk *desk)
{
        for (int i = 0; i < desk->access.count; i++) {
                const struct desk_role *role = &desk->access.roles[i];
                int r = strcmp(role->role, "principal") == 0
                            ? organisation_is_under(desk->db, desk->subject.organisation, role->organisation,
                                                    desk->err)
                            : 0;

                if (r != 0)
                        return r;
        }
        return 0;
}

static void set_placement(struct desk *desk, const struct desk_placement *placement)
{
        struct value *values = desk->values;
        bool is_signed = placement->guardian.at && placement->supervised.at && placement->school.at;

        desk_set_id(values, placement->id);
        value_set_text(values, "pupil.name", placement->pupil_name);
        desk_set_url(values, "pupil.id_query", placement->pupil);
        value_set_bool(values, "is_protected", placement->is_protected);
        value_set_text(values, "workplace", placement->is_protected ? NULL : placement->workplace_name);
        value_set_text(values, "supervisor", placement->is_protected ? NULL : placement->supervisor_name);
        value_set_bool(values, "is_cancelled", placement->is_cancelled);
        value_set_bool(values, "is_block", placement->is_block);
        desk_set_day(values, "from", placement->first_day);
        desk_set_day(values, "until", placement->last_day);
        value_set_clock(values, "starts", placement->starts + 43200);
        value_set_clock(values, "ends", placement->ends + 43200);
        value_set_bool(values, "is_signed", is_signed);
        value_set_bool(values, "is_drafted",
                       !placement->guardian.at && !placement->supervised.at && !placement->school.at);
        set_signature(values, "guardian", &placement->guardian);
        set_signature(values, "at_work", &placement->supervised);
        if (placement->is_protected) /* whose supervisor it is says where the pupil works */
                value_set_text((struct value *)value_find(values, "at_work"), "by", NULL);
        set_signature(values, "for_school", &placement->school);
}

struct days {
        struct desk *desk;
        struct value *coming, *past, *movable, *restorable;
};

static void set_day(struct days *days, struct value *map, const struct desk_placement_day *day)
{
        struct desk *desk = days->desk;
        int32_t date = 0, original = 0;

        date_parse(day->day, &date);
        date_parse(day->original_day, &original);
        value_set_date(map, "day", date);
        value_set_text(map, "value", day->original_day);
        value_set_time(map, "starts", day->starts);
        value_set_time(map, "ends", day->ends);
        value_set_bool(map, "is_today", date == desk->date);
        value_set_bool(map, "is_school", strcmp(day->kind, "school") == 0);
        value_set_bool(map, "is_cancelled", day->is_cancelled);
        value_set_bool(map, "is_moved", !day->is_cancelled && date != original);
        value_set_date(map, "original", original);
        value_set_text(map, "reason",
                       day->is_cancelled && day->reason ? desk_word_of(desk, "reason", day->reason) : NULL);
        value_set_text(map, "mark", day->mark ? desk_word_of(desk, "mark", day->mark) : NULL);
}

static int add_day(void *context, const struct desk_placement_day *day, struct err *err)
{
        struct days *days = context;
        bool is_past = strcmp(day->day, days->desk->today) < 0;

        (void)err;
        if (is_past && strcmp(day->kind, "school") == 0)
                return 0;
        set_day(days, value_append_map(is_past ? days->past : days->coming), day);
        if (!is_past && !day->is_cancelled && strcmp(day->kind, "work") == 0)
                set_day(days, value_append_map(days->movable), day);
        if (!is_past && day->is_cancelled && day->is_by_hand)
                set_day(days, value_append_map(days->restorable), day);
        return 0;
}

static int set_days(struct desk *desk, const char *placement)
{
        struct days days = {.desk = desk,
                            .coming = value_set_list(desk->values, "coming"),
                            .past = value_set_list(desk->values, "past"),
                            .movable = value_set_list(desk->values, "movable"),
                            .restorable = value_set_list(desk->values, "restorable")};
        int r = desk_placement_days(desk->db, placement, add_day, &days, desk->err);

        value_set_bool(desk->values, "has_coming", days.coming->first);
        value_set_bool(desk->values, "has_past", days.past->first);
        value_set_bool(desk->values, "is_movable", days.movable->first);
        value_set_bool(desk->values, "is_restorable", days.restorable->first);
        return r;
}

/* ---- the plan, to be changed */

static void input_of(const struct desk_placement *placement, struct plan_input *ret_input)
{
        struct plan_input input = {
            .is_block = placement->is_block, .starts = placement->starts, .ends = placement->ends};

        memcpy(input.pupil, placement->pupil, sizeof input.pupil);
        memcpy(input.workplace, placement->workplace, sizeof input.workplace);
        memcpy(input.supervisor, placement->supervisor, sizeof input.supervisor);
        memcpy(input.from, placement->first_day, sizeof input.from);
        memcpy(input.until, placement->last_day, sizeof input.until);
        for (const char *each = placement->weekdays; *each; each++)
                if (*each >= '1' && *each <= '7')
                        input.weekdays |= 1u << (*each - '0');
        *ret_input = input;
}

/* Where somebody protected is does not even stand in a field. */
static int set_plan(struct desk *desk, const struct desk_placement *placement)
{
        _cleanup_(buf_fini) struct buf scope;
        struct plan_input input;
        struct plan_choices places = {.list = value_set_list(desk->values, "workplaces")};
        struct plan_choices people = {.list = value_set_list(desk->values, "supervisors")};
        int r = desk_scope(desk, DESK_PLAN, &scope);

        input_of(placement, &input);
        if (desk->form && *form_value(desk->form, "from"))
                plan_read_input(desk, desk->form, &input);
        plan_set_input(desk, &input);
        value_set_bool(desk->values, "hides_place", placement->is_protected);
        if (r < 0 || placement->is_protected)
                return r;
        places.chosen = input.workplace;
        people.chosen = input.supervisor;
        r = desk_choose_workplaces(desk->db, buf_text(&scope), plan_add_choice, &places, desk->err);
        if (r == 0)
                r = desk_choose_supervisors(desk->db, input.workplace, plan_add_choice, &people, desk->err);
        value_set_bool(desk->values, "has_supervisors", people.list && people.list->first);
        return r;
}

static int show(struct desk *desk, const struct desk_placement *placement)
{
        int r;

        set_placement(desk, placement);
        set_reasons(desk);
        value_set_bool(desk->values, "is_tried", false);
        value_set_bool(desk->values, "is_changing", desk->form && *form_value(desk->form, "from"));
        r = set_days(desk, placement->id);
        if (r == 0)
                r = set_plan(desk, placement);
        if (r == 0)
                r = plan_set_standing(desk, placement->id, placement->pupil);
        if (r == 0)
                r = is_principal(desk);
        if (r >= 0)
                value_set_bool(desk->values, "may_sign",
                               r && !placement->school.at && !placement->is_cancelled);
        return r < 0 ? r : 0;
}

int placement_show(struct desk *desk)
{
        _cleanup_(desk_placement_fini) struct desk_placement placement = {0};
        int r = desk_placement_read(desk->db, desk->subject.id, &placement, desk->err);

        if (r <= 0)
                return r < 0 ? r : 404;
        r = desk_covers(desk, DESK_PUPIL, desk->subject.organisation);
        value_set_bool(desk->values, "may_see_pupil", r > 0);
        return r < 0 ? r : show(desk, &placement);
}

/* ---- what is done */

static int take(struct desk *desk, const struct form *form, const char *type, json_t *data, const char *done)
{
        int r = desk_event(desk, form, type, desk->subject.id, data);

        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 409, "placement-refused");
        return desk_done(desk, NULL, NULL, done);
}

static int sign(struct desk *desk, const struct form *form)
{
        int r = is_principal(desk);

        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 403, "placement-sign-principal");
        return take(desk, form, "agreement.signed",
                    json_pack("{s:s,s:s}", "placement", desk->subject.id, "party", "school"),
                    "done-placement-signed");
}

/* A day that has begun is history. */
static bool read_day(const struct desk *desk, const struct form *form, const char *name, const char **ret_day)
{
        int32_t day;

        *ret_day = form_value(form, name);
        return date_parse(*ret_day, &day) && day >= desk->date - 400;
}

static int move_day(struct desk *desk, const struct form *form)
{
        const char *day, *to, *starts = form_value(form, "starts"), *ends = form_value(form, "ends");
        int32_t date;
        int from, until;
        json_t *data;

        if (!read_day(desk, form, "day", &day))
                return desk_refuse(desk, 422, "placement-choose-day");
        if (!read_day(desk, form, "to", &to) || !date_parse(to, &date) || date < desk->date)
                return desk_refuse(desk, 422, "placement-to-wrong");
        if ((*starts && !plan_read_time(starts, &from)) || (*ends && !plan_read_time(ends, &until)) ||
            (*starts && *ends && until <= from))
                return desk_refuse(desk, 422, "plan-hours-wrong");
        data = json_pack("{s:s,s:s,s:s}", "placement", desk->subject.id, "day", day, "moved_to", to);
        if (*starts)
                json_object_set_new(data, "starts", json_string(starts));
        if (*ends)
                json_object_set_new(data, "ends", json_string(ends));
        return take(desk, form, "placement.changed", data, "done-placement-moved");
}

static int cancel_day(struct desk *desk, const struct form *form)
{
        const char *day, *reason = form_value(form, "reason");

        if (!read_day(desk, form, "day", &day))
                return desk_refuse(desk, 422, "placement-choose-day");
        if (!is_reason(reason))
                return desk_refuse(desk, 422, "placement-choose-reason");
        return take(desk, form, "placement.changed",
                    json_pack("{s:s,s:s,s:b,s:s}", "placement", desk->subject.id, "day", day, "cancelled", 1,
                              "reason", reason),
                    "done-placement-day-cancelled");
}

static int restore_day(struct desk *desk, const struct form *form)
{
        const char *day;

        if (!read_day(desk, form, "day", &day))
                return desk_refuse(desk, 422, "placement-choose-day");
        return take(desk, form, "placement.changed",
                    json_pack("{s:s,s:s,s:b}", "placement", desk->subject.id, "day", day, "cancelled", 0),
                    "done-placement-restored");
}

static int cancel_all(struct desk *desk, const struct form *form)
{
        const char *reason = form_value(form, "reason");

        if (!is_reason(reason))
                return desk_refuse(desk, 422, "placement-choose-reason");
        return take(desk, form, "placement.cancelled",
                    json_pack("{s:s,s:s}", "placement", desk->subject.id, "reason", reason),
                    "done-placement-cancelled");
}

/* ---- the plan changed */

struct first {
        const char *wanted;
        char id[ID_SIZE];
        bool is_found;
};

static int note_first(void *context, const struct desk_choice *choice, struct err *err)
{
        struct first *first = context;

        (void)err;
        if (!first->id[0])
                snprintf(first->id, sizeof first->id, "%s", choice->id);
        first->is_found |= strcmp(choice->id, first->wanted) == 0;
        return 0;
}

/* 1: the plan may name its workplace and supervisor. With the workplace its supervisor changes too, to the
 * first there when nobody is named. */
static int settle(struct desk *desk, const struct desk_placement *placement, struct plan_input *input)
{
        _cleanup_(buf_fini) struct buf scope;
        _cleanup_(free_ptr) char *name = NULL;
        struct first first = {.wanted = input->supervisor};
        bool is_same = strcmp(input->workplace, placement->workplace) == 0;
        int r = desk_scope(desk, DESK_PLAN, &scope);

        if (r == 0)
                r = is_same
                        ? 1
                        : desk_workplace_name(desk->db, buf_text(&scope), input->workplace, &name, desk->err);
        if (r > 0) {
                r = desk_choose_supervisors(desk->db, input->workplace, note_first, &first, desk->err);
                r = r < 0 ? r : 1;
        }
        if (r <= 0)
                return r;
        if (first.is_found || (is_same && !input->supervisor[0]))
                return 1;
        if (is_same)
                return 0;
        memcpy(input->supervisor, first.id, sizeof first.id);
        return 1;
}

static int try_change(struct desk *desk, const struct form *form, const struct plan_input *input,
                      const struct desk_placement *placement)
{
        int r = show(desk, placement);

        if (r == 0)
                plan_set_input(desk, input);
        if (r == 0)
                r = plan_try(desk, form, "placement.changed", placement->id, placement->pupil,
                             plan_input_data(input, placement->id));
        if (r < 0)
                return r;
        value_set_bool(desk->values, "is_tried", true);
        return r ? 200 : desk_refuse(desk, 422, "plan-refused");
}

static int change(struct desk *desk, const struct form *form, bool is_final)
{
        _cleanup_(desk_placement_fini) struct desk_placement placement = {0};
        struct plan_input input;
        const char *wrong = plan_read_input(desk, form, &input);
        int r = desk_placement_read(desk->db, desk->subject.id, &placement, desk->err);

        if (r <= 0)
                return r < 0 ? r : 404;
        memcpy(input.pupil, placement.pupil, sizeof input.pupil);
        if (placement.is_protected) { /* the form has no such fields */
                memcpy(input.workplace, placement.workplace, sizeof input.workplace);
                memcpy(input.supervisor, placement.supervisor, sizeof input.supervisor);
                if (wrong && strcmp(wrong, "plan-no-workplace") == 0)
                        wrong = NULL;
        }
        if (placement.is_cancelled)
                return desk_refuse(desk, 409, "placement-refused");
        if (wrong)
                return desk_refuse(desk, 422, wrong);
        r = settle(desk, &placement, &input);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 422, "plan-foreign");
        if (!is_final)
                return try_change(desk, form, &input, &placement);
        return take(desk, form, "placement.changed", plan_input_data(&input, placement.id),
                    "done-placement-changed");
}

static int change_final(struct desk *desk, const struct form *form)
{
        return change(desk, form, true);
}

static int change_try(struct desk *desk, const struct form *form)
{
        return change(desk, form, false);
}

/* Keep in alphabetical order. */
static const struct {
        const char *act;
        int (*run)(struct desk *desk, const struct form *form);
} act_table[] = {
    {"cancel", cancel_all},   {"cancel-day", cancel_day},     {"change", change_final}, {"move", move_day},
    {"restore", restore_day}, {"sheet", placement_sheet_act}, {"sign", sign},           {"try", change_try},
};

int placement_act(struct desk *desk, const struct form *form)
{
        for (size_t i = 0; i < ARRAY_SIZE(act_table); i++)
                if (strcmp(act_table[i].act, form_value(form, "act")) == 0)
                        return act_table[i].run(desk, form);
        return desk_refuse(desk, 422, "form-wrong");
}
