/* The form of a placement's plan. */
#include "desk/plan.h"
#include "store/placement.h"

#include <stdio.h>
#include <string.h>

#define PAST_DAYS_MAX 400
#define AHEAD_DAYS_MAX 730

static bool read_id(const struct form *form, const char *name, char ret_id[static ID_SIZE])
{
        return snprintf(ret_id, ID_SIZE, "%s", form_value(form, name)) < ID_SIZE;
}

/* Several fields of one name. */
static unsigned read_weekdays(const struct form *form)
{
        unsigned weekdays = 0;

        for (int i = 0; i < form->count; i++) {
                const char *value = form->values[i];

                if (strcmp(form->names[i], "weekday") == 0 && value[0] >= '1' && value[0] <= '7' && !value[1])
                        weekdays |= 1u << (value[0] - '0');
        }
        return weekdays;
}

static const char *read_dates(const struct desk *desk, const struct form *form, struct plan_input *input)
{
        if (!date_parse(form_value(form, "from"), &input->first_day) ||
            !date_parse(form_value(form, "until"), &input->last_day) || input->last_day < input->first_day)
                return "plan-dates-wrong";
        date_print(input->first_day, input->from);
        date_print(input->last_day, input->until);
        if (input->first_day < desk->date - PAST_DAYS_MAX || input->last_day > desk->date + AHEAD_DAYS_MAX ||
            input->last_day - input->first_day >= PLACEMENT_DAYS_MAX)
                return "plan-dates-far";
        return NULL;
}

const char *plan_read_input(const struct desk *desk, const struct form *form, struct plan_input *ret_input)
{
        struct plan_input input = {.is_block = strcmp(form_value(form, "model"), "block") == 0,
                                   .weekdays = read_weekdays(form),
                                   .starts = PLACEMENT_STARTS,
                                   .ends = PLACEMENT_ENDS};
        const char *wrong = read_dates(desk, form, &input);
        bool has_ids = read_id(form, "pupil", input.pupil) && read_id(form, "workplace", input.workplace) &&
                       read_id(form, "supervisor", input.supervisor);
        bool has_hours = plan_read_time(form_value(form, "starts"), &input.starts) &&
                         plan_read_time(form_value(form, "ends"), &input.ends);

        *ret_input = input;
        if (!has_ids || !input.workplace[0])
                return "plan-no-workplace";
        if (!input.weekdays)
                return "plan-no-weekday";
        if (wrong)
                return wrong;
        return !has_hours || input.ends <= input.starts ? "plan-hours-wrong" : NULL;
}

void plan_set_input(struct desk *desk, const struct plan_input *input)
{
        struct value *map = value_set_map(desk->values, "plan"), *list = value_set_list(map, "weekdays");
        int32_t monday = desk->date - date_weekday(desk->date) + 1;
        char text[6];

        value_set_text(map, "pupil", input->pupil);
        value_set_text(map, "workplace", input->workplace);
        value_set_text(map, "supervisor", input->supervisor);
        value_set_bool(map, "is_block", input->is_block);
        value_set_text(map, "model", input->is_block ? "block" : "4+1");
        value_set_text(map, "from", input->from);
        value_set_text(map, "until", input->until);
        plan_print_time(input->starts, text);
        value_set_text(map, "starts", text);
        plan_print_time(input->ends, text);
        value_set_text(map, "ends", text);
        for (int weekday = 1; weekday <= 5; weekday++) {
                struct value *each = value_append_map(list);

                value_set_count(each, "number", weekday);
                value_set_date(each, "day", monday + weekday - 1);
                value_set_bool(each, "is_chosen", input->weekdays & 1u << weekday);
        }
}

json_t *plan_input_data(const struct plan_input *input, const char *placement)
{
        char starts[6], ends[6];
        json_t *weekdays = json_array(), *data;

        for (int weekday = 1; weekday <= 7; weekday++)
                if (input->weekdays & 1u << weekday)
                        json_array_append_new(weekdays, json_integer(weekday));
        plan_print_time(input->starts, starts);
        plan_print_time(input->ends, ends);
        data =
            json_pack("{s:s,s:s,s:s,s:s,s:o,s:s,s:s,s:s,s:s}", "placement", placement, "pupil", input->pupil,
                      "workplace", input->workplace, "model", input->is_block ? "block" : "4+1", "weekdays",
                      weekdays, "from", input->from, "until", input->until, "starts", starts, "ends", ends);
        if (data && input->supervisor[0])
                json_object_set_new(data, "supervisor", json_string(input->supervisor));
        return data;
}
