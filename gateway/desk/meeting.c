/* One meeting: its days, who comes, and everything that may change about it. */
#include "desk/meeting_form.h"
#include "desk/pages.h"

#include <stdio.h>
#include <string.h>

/* ---- what is shown */

static void set_meeting(struct desk *desk, const struct desk_meeting *meeting)
{
        struct value *values = desk->values;
        const char *kind = desk_word_of(desk, "meeting-kind", meeting->kind);

        desk_set_id(values, desk->subject.id);
        value_set_text(values, "title", meeting->title ? meeting->title : kind);
        value_set_text(values, "kind", meeting->title && strcmp(meeting->title, kind) != 0 ? kind : NULL);
        value_set_text(values, "organisation", meeting->organisation_name);
        value_set_text(values, "place", meeting->place);
        value_set_text(values, "link", meeting->link);
        value_set_text(values, "chair", meeting->chair_name);
        value_set_text(values, "pupil", meeting->pupil_name);
        value_set_text(values, "audience", meeting->audience);
        value_set_time(values, "starts", meeting->starts);
        value_set_time(values, "ends", meeting->ends);
        value_set_bool(values, "is_off", meeting->is_off);
        value_set_bool(values, "is_series", meeting->repeats != NULL);
        value_set_bool(values, "hides_place", meeting->is_protected);
        value_set_bool(values, "has_parties", meeting->audience == NULL);
}

struct days {
        struct desk *desk;
        struct value *list, *movable;
};

static int add_day(void *context, const struct desk_meeting_day *day, struct err *err)
{
        struct days *days = context;
        struct value *map = value_append_map(days->list);

        (void)err;
        value_set_time(map, "starts", day->starts);
        value_set_time(map, "ends", day->ends);
        value_set_bool(map, "is_off", day->is_off);
        if (day->is_off || day->starts <= days->desk->now || !day->original_day[0])
                return 0;
        map = value_append_map(days->movable);
        value_set_text(map, "value", day->original_day);
        value_set_time(map, "starts", day->starts);
        value_set_time(map, "ends", day->ends);
        return 0;
}

struct parties {
        struct desk *desk;
        struct value *list, *languages;
        int invited, yes;
};

/* Each language once. */
static void add_language(struct parties *parties, const char *language)
{
        struct value *map;

        for (const struct value *each = parties->languages->first; each; each = each->next)
                if (strcmp(value_find(each, "code")->text, language) == 0)
                        return;
        map = value_append_map(parties->languages);
        value_set_text(map, "code", language);
}

static int add_party(void *context, const struct desk_party *party, struct err *err)
{
        struct parties *parties = context;
        struct value *map = value_append_map(parties->list);

        (void)err;
        value_set_text(map, "id", party->person);
        value_set_text(map, "name", party->name);
        value_set_bool(map, "is_chair", party->is_chair);
        value_set_bool(map, "is_barred", party->is_barred);
        value_set_bool(map, "is_yes", party->answer && strcmp(party->answer, "yes") == 0);
        value_set_bool(map, "is_no", party->answer && strcmp(party->answer, "no") == 0);
        value_set_bool(map, "is_maybe", party->answer && strcmp(party->answer, "maybe") == 0);
        value_set_bool(map, "is_open", !party->answer);
        value_set_bool(map, "wants_interpreter", party->language && !party->is_barred);
        if (party->language && !party->is_barred && parties->languages)
                add_language(parties, party->language);
        parties->invited++;
        parties->yes += party->answer && strcmp(party->answer, "yes") == 0;
        return 0;
}

static int add_booked(void *context, const char *language, struct err *err)
{
        struct desk *desk = context;

        (void)err;
        value_set_text(value_append_map((struct value *)value_find(desk->values, "booked")), "code",
                       language);
        value_set_bool(desk->values, "is_booked", true);
        return 0;
}

static int set_parties(struct desk *desk)
{
        struct parties parties = {.desk = desk,
                                  .list = value_set_list(desk->values, "parties"),
                                  .languages = value_set_list(desk->values, "languages_needed")};
        int r = desk_meeting_parties(desk->db, desk->subject.id, add_party, &parties, desk->err);

        value_set_count(desk->values, "invited", parties.invited);
        value_set_count(desk->values, "yes", parties.yes);
        value_set_bool(desk->values, "needs_interpreter", parties.languages && parties.languages->first);
        value_set_bool(desk->values, "is_booked", false);
        value_set_list(desk->values, "booked");
        return r < 0 ? r : desk_meeting_interpreters(desk->db, desk->subject.id, add_booked, desk, desk->err);
}

static struct desk_invitation invitation_of(const struct desk *desk, const struct desk_meeting *meeting)
{
        return (struct desk_invitation){.organisation = meeting->organisation,
                                        .pupil = meeting->pupil,
                                        .reader = desk->session.person,
                                        .today = desk->today};
}

static int show(struct desk *desk, const struct desk_meeting *meeting)
{
        const struct desk_invitation invitation = invitation_of(desk, meeting);
        struct days days = {.desk = desk,
                            .list = value_set_list(desk->values, "days"),
                            .movable = value_set_list(desk->values, "movable")};
        int r;

        value_set_bool(desk->values, "is_changing", plan_is_act(desk, "change"));
        value_set_bool(desk->values, "is_inviting", plan_is_act(desk, "people"));
        set_meeting(desk, meeting);
        meeting_form_set(desk, meeting);
        r = desk_meeting_each_day(desk->db, desk->subject.id, zone_to_utc(desk->zone, desk->date, 0), add_day,
                                  &days, desk->err);
        value_set_bool(desk->values, "is_movable", days.movable && days.movable->first);
        value_set_bool(desk->values, "has_days", days.list && days.list->first);
        value_set_bool(desk->values, "is_past", !meeting->repeats && meeting->ends <= desk->now);
        if (r == 0)
                r = set_parties(desk);
        return r < 0 ? r : meeting_form_set_people(desk, &invitation, desk->subject.id);
}

int meeting_show(struct desk *desk)
{
        _cleanup_(desk_meeting_fini) struct desk_meeting meeting = {0};
        int r = desk_meeting_read(desk->db, desk->subject.id, &meeting, desk->err);

        if (r <= 0)
                return r < 0 ? r : 404;
        return show(desk, &meeting);
}

/* ---- what is done */

static int take(struct desk *desk, const struct form *form, const char *type, json_t *data, const char *done)
{
        int r = desk_event(desk, form, type, desk->subject.id, data);

        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 409, "meeting-refused");
        return desk_done(desk, NULL, NULL, done);
}

static int change(struct desk *desk, const struct form *form, const struct desk_meeting *meeting)
{
        struct meeting_input input;
        const char *wrong = meeting_form_read(desk, form, &input);
        json_t *data;

        if (wrong)
                return desk_refuse(desk, 422, wrong);
        data = json_pack("{s:s,s:s,s:s}", "meeting", desk->subject.id, "starts", input.starts, "ends",
                         input.ends);
        if (*input.title)
                json_object_set_new(data, "title", json_string(input.title));
        if (*input.place && !meeting->is_protected)
                json_object_set_new(data, "place", json_string(input.place));
        if (*input.link)
                json_object_set_new(data, "link", json_string(input.link));
        return take(desk, form, "meeting.changed", data, "done-meeting-changed");
}

static int change_people(struct desk *desk, const struct form *form, const struct desk_meeting *meeting)
{
        const struct desk_invitation invitation = invitation_of(desk, meeting);
        json_t *people, *data;
        int r;

        if (meeting->audience)
                return desk_refuse(desk, 409, "meeting-refused");
        people = meeting_form_people(desk, form, &invitation, desk->subject.id, &r);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 422, "meeting-people-wrong");
        if (json_array_size(people) == 0) {
                json_decref(people);
                return desk_refuse(desk, 422, "meeting-nobody");
        }
        data = json_pack("{s:s,s:o}", "meeting", desk->subject.id, "participants", people);
        return take(desk, form, "meeting.changed", data, "done-meeting-people");
}

static int change_day(struct desk *desk, const struct form *form, bool is_cancelled)
{
        const char *day = form_value(form, "day"), *to = form_value(form, "to");
        json_t *data;
        int32_t date;

        if (!date_parse(day, &date))
                return desk_refuse(desk, 422, "placement-choose-day");
        data = json_pack("{s:s,s:s}", "meeting", desk->subject.id, "day", day);
        if (is_cancelled) {
                json_object_set_new(data, "cancelled", json_true());
        } else if (!date_parse(to, &date) || date < desk->date) {
                json_decref(data);
                return desk_refuse(desk, 422, "placement-to-wrong");
        } else {
                json_object_set_new(data, "moved_to", json_string(to));
        }
        return take(desk, form, "meeting.changed", data,
                    is_cancelled ? "done-meeting-day-cancelled" : "done-meeting-moved");
}

static int move_day(struct desk *desk, const struct form *form, const struct desk_meeting *meeting)
{
        (void)meeting;
        return change_day(desk, form, false);
}

static int cancel_day(struct desk *desk, const struct form *form, const struct desk_meeting *meeting)
{
        (void)meeting;
        return change_day(desk, form, true);
}

static int cancel(struct desk *desk, const struct form *form, const struct desk_meeting *meeting)
{
        (void)meeting;
        return take(desk, form, "meeting.cancelled", json_pack("{s:s}", "meeting", desk->subject.id),
                    "done-meeting-cancelled");
}

/* What somebody has said by telephone or in the corridor. */
static int answer(struct desk *desk, const struct form *form, const struct desk_meeting *meeting)
{
        const char *person = form_value(form, "person"), *said = form_value(form, "answer");

        (void)meeting;
        if (strcmp(said, "yes") != 0 && strcmp(said, "no") != 0 && strcmp(said, "maybe") != 0)
                return desk_refuse(desk, 422, "meeting-answer-wrong");
        if (!*person)
                return desk_refuse(desk, 422, "meeting-answer-wrong");
        return take(
            desk, form, "meeting.answered",
            json_pack("{s:s,s:s,s:s}", "meeting", desk->subject.id, "participant", person, "answer", said),
            "done-meeting-answered");
}

static int book(struct desk *desk, const struct form *form, const struct desk_meeting *meeting)
{
        const char *language = form_value(form, "language");
        json_t *data = json_pack("{s:s}", "meeting", desk->subject.id);

        (void)meeting;
        if (strlen(language) > 16 ||
            strspn(language, "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(language)) {
                json_decref(data);
                return desk_refuse(desk, 422, "form-wrong");
        }
        if (*language)
                json_object_set_new(data, "language", json_string(language));
        return take(desk, form, "meeting.interpreter.booked", data, "done-meeting-interpreter");
}

/* Keep in alphabetical order. */
static const struct {
        const char *act;
        int (*run)(struct desk *desk, const struct form *form, const struct desk_meeting *meeting);
} act_table[] = {
    {"answer", answer},    {"cancel", cancel}, {"cancel-day", cancel_day}, {"change", change},
    {"interpreter", book}, {"move", move_day}, {"people", change_people},
};

int meeting_act(struct desk *desk, const struct form *form)
{
        _cleanup_(desk_meeting_fini) struct desk_meeting meeting = {0};
        int r = desk_meeting_read(desk->db, desk->subject.id, &meeting, desk->err);

        if (r <= 0)
                return r < 0 ? r : 404;
        if (meeting.is_off && strcmp(form_value(form, "act"), "cancel") != 0)
                return desk_refuse(desk, 409, "meeting-refused");
        for (size_t i = 0; i < ARRAY_SIZE(act_table); i++)
                if (strcmp(act_table[i].act, form_value(form, "act")) == 0)
                        return act_table[i].run(desk, form, &meeting);
        return desk_refuse(desk, 422, "form-wrong");
}
