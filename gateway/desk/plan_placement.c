/* Planning a placement: the fields, what stands against the plan, and only then the plan itself. ?of= is a
 * pupil or a group. */
#include "desk/pages.h"
#include "desk/plan.h"
#include "store/placement.h"

#include <stdio.h>
#include <string.h>

/* Whom the page is about: the group whose pupils can be chosen, and who is chosen. */
struct whom {
        char group[PAGE_ID_SIZE], pupil[PAGE_ID_SIZE];
};

/* 1: found; 0: nobody that the reader may plan for. */
static int find_whom(struct desk *desk, struct whom *whom)
{
        const char *typed = plan_typed(desk, "pupil", "");
        struct desk_subject subject;
        int r = 1;

        *whom = (struct whom){0};
        if (desk->of[0]) {
                r = desk_opens(desk, DESK_PLAN, DESK_SUBJECT_PUPIL, desk->of, &subject);
                if (r > 0)
                        snprintf(whom->pupil, sizeof whom->pupil, "%s", desk->of);
                else if (r == 0)
                        r = desk_opens(desk, DESK_PLAN, DESK_SUBJECT_ORGANISATION, desk->of, &subject);
                if (r > 0)
                        snprintf(whom->group, sizeof whom->group, "%s", subject.organisation);
        }
        if (r > 0 && *typed)
                snprintf(whom->pupil, sizeof whom->pupil, "%s", typed);
        return r;
}

static int set_choices(struct desk *desk, const char *scope, struct whom *whom, const char *workplace,
                       const char *supervisor)
{
        struct plan_choices groups = {.list = value_set_list(desk->values, "groups"), .chosen = whom->group};
        struct plan_choices pupils = {.list = value_set_list(desk->values, "pupils"), .chosen = whom->pupil};
        struct plan_choices places = {.list = value_set_list(desk->values, "workplaces"),
                                      .chosen = workplace};
        struct plan_choices people = {.list = value_set_list(desk->values, "supervisors"),
                                      .chosen = supervisor};
        int r = desk_choose_organisations(desk->db, scope, "group", desk->today, plan_add_choice, &groups,
                                          desk->err);

        if (r == 0 && !whom->group[0])
                snprintf(whom->group, sizeof whom->group, "%s", groups.first);
        if (r == 0)
                r = desk_choose_pupils(desk->db, whom->group, desk->today, plan_add_choice, &pupils,
                                       desk->err);
        if (r == 0)
                r = desk_choose_workplaces(desk->db, scope, plan_add_choice, &places, desk->err);
        if (r == 0 && *workplace)
                r = desk_choose_supervisors(desk->db, workplace, plan_add_choice, &people, desk->err);
        value_set_bool(desk->values, "has_groups", groups.list && groups.list->first);
        value_set_bool(desk->values, "has_supervisors", people.list && people.list->first);
        value_set_bool(desk->values, "hides_place", false);
        return r;
}

static void begin_input(const struct desk *desk, struct plan_input *input)
{
        int year, month, day;

        *input = (struct plan_input){.starts = PLACEMENT_STARTS, .ends = PLACEMENT_ENDS};
        input->first_day = desk->date + 8 - date_weekday(desk->date);
        date_to_civil(input->first_day, &year, &month, &day);
        input->last_day = date_school_year_end(month >= 8 ? year + 1 : year);
        if (input->last_day < input->first_day)
                input->last_day = input->first_day;
        date_print(input->first_day, input->from);
        date_print(input->last_day, input->until);
}

static int show(struct desk *desk, const char *scope)
{
        struct plan_input input;
        struct whom whom;
        int r = find_whom(desk, &whom);

        if (r <= 0)
                return r < 0 ? r : 404;
        if (desk->form)
                plan_read_input(desk, desk->form, &input);
        else
                begin_input(desk, &input);
        value_set_bool(desk->values, "is_tried", false);
        plan_set_input(desk, &input);
        return set_choices(desk, scope, &whom, input.workplace, input.supervisor);
}

int plan_placement_show(struct desk *desk)
{
        _cleanup_(buf_fini) struct buf scope;
        int r = desk_scope(desk, DESK_PLAN, &scope);

        return r < 0 ? r : show(desk, buf_text(&scope));
}

/* ---- the form */

/* 1: the plan may name them. */
static int may_name(struct desk *desk, const struct plan_input *input)
{
        _cleanup_(buf_fini) struct buf scope;
        _cleanup_(free_ptr) char *name = NULL;
        struct plan_looked looked = {.id = input->supervisor, .is_found = !input->supervisor[0]};
        struct desk_subject subject;
        int r = desk_scope(desk, DESK_PLAN, &scope);

        if (r == 0)
                r = desk_opens(desk, DESK_PLAN, DESK_SUBJECT_PUPIL, input->pupil, &subject);
        if (r > 0)
                r = desk_workplace_name(desk->db, buf_text(&scope), input->workplace, &name, desk->err);
        if (r > 0) {
                r = desk_choose_supervisors(desk->db, input->workplace, plan_look, &looked, desk->err);
                r = r < 0 ? r : looked.is_found;
        }
        if (r > 0) {
                value_set_text(desk->values, "workplace_name", name);
                desk->subject = subject; /* for the record */
        }
        return r;
}

static int try_plan(struct desk *desk, const struct form *form, const struct plan_input *input,
                    const char *id)
{
        int r = plan_placement_show(desk);

        if (r != 0)
                return r;
        r = plan_try(desk, form, "placement.planned", id, input->pupil, plan_input_data(input, id));
        if (r < 0)
                return r;
        value_set_bool(desk->values, "is_tried", r > 0);
        return r ? 200 : desk_refuse(desk, 422, "plan-refused");
}

int plan_placement_act(struct desk *desk, const struct form *form)
{
        struct plan_input input;
        const char *wrong = plan_read_input(desk, form, &input);
        char id[PLAN_ID_SIZE];
        int r;

        if (!input.pupil[0])
                return desk_refuse(desk, 422, "plan-no-pupil");
        if (wrong)
                return desk_refuse(desk, 422, wrong);
        r = may_name(desk, &input);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 422, "plan-foreign");
        r = plan_new_id(desk, form, "pl", id);
        if (r < 0)
                return r;
        if (strcmp(form_value(form, "act"), "save") != 0)
                return try_plan(desk, form, &input, id);
        r = desk_event(desk, form, "placement.planned", id, plan_input_data(&input, id));
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 422, "plan-refused");
        return desk_done(desk, "placement", id, "done-placement-planned");
}
