#include "desk/meeting_form.h"
#include "intake/check.h"

#include <stdio.h>
#include <string.h>

#define AHEAD_DAYS_MAX 366
#define TITLE_MAX 200 /* bytes */
#define NOON (12 * 3600)

/* In the order in which they are offered; "meeting": of no kind of its own. */
static const char *const kind_table[] = {"plan-talk", "jopo",     "support-group", "field-group",  "transfer",
                                         "forum",     "trip",     "camp",          "training",     "seminar",
                                         "coffee",    "steering", "interview",     "consultation", "meeting"};
static const char *const repeat_table[] = {"none", "weekly", "monthly"};

static const char *find(const char *const *table, size_t count, const char *code)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(table[i], code) == 0)
                        return table[i];
        return NULL;
}

/* ---- what was typed */

static void print_repeats(const char *code, int32_t date, int32_t until, char ret_text[static 64])
{
        static const char *const days[] = {"", "MO", "TU", "WE", "TH", "FR", "SA", "SU"};
        int year, month, day, end_year, end_month, end_day;

        date_to_civil(date, &year, &month, &day);
        date_to_civil(until, &end_year, &end_month, &end_day);
        if (strcmp(code, "weekly") == 0)
                snprintf(ret_text, 64, "FREQ=WEEKLY;UNTIL=%04d%02d%02dT235959Z", end_year, end_month,
                         end_day);
        else if (strcmp(code, "monthly") == 0)
                snprintf(ret_text, 64, "FREQ=MONTHLY;BYDAY=%d%s;UNTIL=%04d%02d%02dT235959Z",
                         day > 28 ? -1 : (day + 6) / 7, days[date_weekday(date)], end_year, end_month,
                         end_day);
        else
                ret_text[0] = '\0';
}

static const char *read_repeats(const struct desk *desk, const struct form *form, struct meeting_input *input)
{
        const char *code = form_value(form, "repeats");
        int32_t until = input->date;

        if (*code && !find(repeat_table, ARRAY_SIZE(repeat_table), code))
                return "meeting-repeats-wrong";
        if (*code && strcmp(code, "none") != 0 &&
            (!date_parse(form_value(form, "last"), &until) || until < input->date ||
             until > desk->date + 2 * AHEAD_DAYS_MAX))
                return "meeting-repeats-wrong";
        print_repeats(code, input->date, until, input->repeats);
        return NULL;
}

static const char *read_when(const struct desk *desk, const struct form *form, struct meeting_input *input)
{
        char day[DATE_TEXT_MAX], text[6];
        int starts, ends;

        if (!date_parse(form_value(form, "date"), &input->date) || input->date < desk->date ||
            input->date > desk->date + AHEAD_DAYS_MAX)
                return "meeting-date-wrong";
        if (!plan_read_time(form_value(form, "starts"), &starts) ||
            !plan_read_time(form_value(form, "ends"), &ends) || ends <= starts)
                return "plan-hours-wrong";
        date_print(input->date, day);
        plan_print_time(starts, text);
        snprintf(input->starts, sizeof input->starts, "%sT%s", day, text);
        plan_print_time(ends, text);
        snprintf(input->ends, sizeof input->ends, "%sT%s", day, text);
        return NULL;
}

/* One line. */
static bool is_line(const char *text)
{
        return strlen(text) <= TITLE_MAX && !strpbrk(text, "\r\n");
}

const char *meeting_form_read(const struct desk *desk, const struct form *form,
                              struct meeting_input *ret_input)
{
        struct meeting_input input = {
            .kind = find(kind_table, ARRAY_SIZE(kind_table), form_value(form, "kind")),
            .title = form_value(form, "title"),
            .place = form_value(form, "place"),
            .link = form_value(form, "link"),
            .chair = form_value(form, "chair"),
            .audience = form_value(form, "audience"),
        };
        const char *wrong = read_when(desk, form, &input);

        if (!wrong)
                wrong = read_repeats(desk, form, &input);
        if (!wrong && (!is_line(input.title) || !is_line(input.place)))
                wrong = "meeting-text-wrong";
        if (!wrong && *input.link && (!is_line(input.link) || !check_url(input.link)))
                wrong = "meeting-link-wrong";
        *ret_input = input;
        return wrong;
}

/* ---- what stands in the fields */

static void set_codes(struct desk *desk, const char *list_name, const char *prefix, const char *const *table,
                      size_t count, const char *chosen)
{
        struct value *list = value_set_list(desk->values, list_name);

        for (size_t i = 0; i < count; i++) {
                struct value *map = value_append_map(list);

                value_set_text(map, "code", table[i]);
                value_set_text(map, "text", desk_word_of(desk, prefix, table[i]));
                value_set_bool(map, "is_chosen", strcmp(table[i], chosen) == 0);
        }
}

static void set_when(struct desk *desk, struct value *map, const struct desk_meeting *meeting)
{
        int32_t date = desk->date + 7, last;
        int starts = 14 * 3600, ends = 15 * 3600, year, month, day;
        char text[DATE_TEXT_MAX], time[6];
        int32_t ignored;

        if (meeting) {
                zone_to_local(desk->zone, meeting->starts, &date, &starts);
                zone_to_local(desk->zone, meeting->ends, &ignored, &ends);
        }
        date_print(date, text);
        value_set_text(map, "date", plan_typed(desk, "date", text));
        plan_print_time(starts - NOON, time);
        value_set_text(map, "starts", plan_typed(desk, "starts", time));
        plan_print_time(ends - NOON, time);
        value_set_text(map, "ends", plan_typed(desk, "ends", time));
        date_to_civil(desk->date, &year, &month, &day);
        last = date_school_year_end(month >= 7 ? year + 1 : year);
        date_print(last, text);
        value_set_text(map, "last", plan_typed(desk, "last", text));
}

void meeting_form_set(struct desk *desk, const struct desk_meeting *meeting)
{
        struct value *map = value_set_map(desk->values, "field");

        set_codes(desk, "kinds", "meeting-kind", kind_table, ARRAY_SIZE(kind_table),
                  plan_typed(desk, "kind", meeting ? meeting->kind : kind_table[0]));
        set_codes(desk, "repeat_choices", "meeting-repeats", repeat_table, ARRAY_SIZE(repeat_table),
                  plan_typed(desk, "repeats", "none"));
        value_set_text(map, "title",
                       plan_typed(desk, "title", meeting && meeting->title ? meeting->title : ""));
        value_set_text(map, "place",
                       plan_typed(desk, "place", meeting && meeting->place ? meeting->place : ""));
        value_set_text(map, "link", plan_typed(desk, "link", meeting && meeting->link ? meeting->link : ""));
        set_when(desk, map, meeting);
}

/* ---- who is invited */

struct people {
        struct desk *desk;
        struct value *list;
        char ids[DESK_PEOPLE_MAX][ID_SIZE];
        int count;
};

static int note_party(void *context, const struct desk_party *party, struct err *err)
{
        struct people *people = context;

        (void)err;
        if (people->count < DESK_PEOPLE_MAX)
                snprintf(people->ids[people->count++], ID_SIZE, "%s", party->person);
        return 0;
}

static bool has(const struct people *people, const char *id)
{
        for (int i = 0; i < people->count; i++)
                if (strcmp(people->ids[i], id) == 0)
                        return true;
        return false;
}

static bool is_in_form(const struct form *form, const char *id)
{
        for (int i = 0; i < form->count; i++)
                if (strcmp(form->names[i], "person") == 0 && strcmp(form->values[i], id) == 0)
                        return true;
        return false;
}

/* Whether the form that is being answered is one that chooses people. */
static bool is_choosing(const struct desk *desk)
{
        const char *act = desk->form ? form_value(desk->form, "act") : "";

        return strcmp(act, "save") == 0 || strcmp(act, "people") == 0;
}

static int add_person(void *context, const struct desk_choice *choice, struct err *err)
{
        struct people *people = context;
        struct desk *desk = people->desk;
        struct value *map = value_append_map(people->list);

        (void)err;
        value_set_text(map, "id", choice->id);
        value_set_text(map, "name", choice->name);
        value_set_text(map, "role", desk_word_of(desk, "role", choice->of));
        value_set_bool(map, "is_chosen",
                       is_choosing(desk) ? is_in_form(desk->form, choice->id) : has(people, choice->id));
        value_set_bool(map, "is_chair",
                       strcmp(choice->id, plan_typed(desk, "chair", desk->session.person)) == 0);
        return 0;
}

int meeting_form_set_people(struct desk *desk, const struct desk_invitation *invitation, const char *meeting)
{
        struct people people = {.desk = desk, .list = value_set_list(desk->values, "people")};
        int r = 0;

        if (meeting)
                r = desk_meeting_parties(desk->db, meeting, note_party, &people, desk->err);
        else
                snprintf(people.ids[people.count++], ID_SIZE, "%.200s", desk->session.person);
        if (!meeting && invitation->pupil)
                snprintf(people.ids[people.count++], ID_SIZE, "%s", invitation->pupil);
        return r < 0 ? r : desk_choose_people(desk->db, invitation, add_person, &people, desk->err);
}

static int note_choice(void *context, const struct desk_choice *choice, struct err *err)
{
        struct people *people = context;

        (void)err;
        if (people->count < DESK_PEOPLE_MAX)
                snprintf(people->ids[people->count++], ID_SIZE, "%s", choice->id);
        return 0;
}

json_t *meeting_form_people(struct desk *desk, const struct form *form,
                            const struct desk_invitation *invitation, const char *meeting, int *ret_r)
{
        struct people may = {.desk = desk}, are = {.desk = desk};
        json_t *list = json_array();
        int r = desk_choose_people(desk->db, invitation, note_choice, &may, desk->err);

        if (r == 0 && meeting)
                r = desk_meeting_parties(desk->db, meeting, note_party, &are, desk->err);
        *ret_r = r < 0 ? r : 1;
        for (int i = 0; i<form->count && * ret_r> 0; i++) {
                if (strcmp(form->names[i], "person") != 0)
                        continue;
                if (has(&may, form->values[i]) || has(&are, form->values[i]))
                        json_array_append_new(list, json_string(form->values[i]));
                else
                        *ret_r = 0;
        }
        if (*ret_r > 0)
                return list;
        json_decref(list);
        return NULL;
}
