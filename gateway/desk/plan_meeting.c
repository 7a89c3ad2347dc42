/* Planning a meeting: of an organisation, or about a pupil. ?of= is one of them. */
#include "desk/meeting_form.h"
#include "desk/pages.h"

#include <stdio.h>
#include <string.h>

struct about {
        char organisation[PAGE_ID_SIZE], pupil[PAGE_ID_SIZE];
        struct desk_subject subject;
        struct desk_invitation invitation;
};

/* 1: found; 0: none that the reader may plan for. */
static int find_about(struct desk *desk, struct about *about)
{
        const char *of = desk->of;
        int r;

        *about = (struct about){0};
        for (int i = 0; i < desk->access.count && !*of; i++)
                if (desk->access.roles[i].rights & DESK_PLAN)
                        of = desk->access.roles[i].organisation;
        r = desk_opens(desk, DESK_PLAN, DESK_SUBJECT_PUPIL, of, &about->subject);
        if (r > 0)
                snprintf(about->pupil, sizeof about->pupil, "%s", of);
        else if (r == 0)
                r = desk_opens(desk, DESK_PLAN, DESK_SUBJECT_ORGANISATION, of, &about->subject);
        if (r <= 0)
                return r;
        snprintf(about->organisation, sizeof about->organisation, "%s", about->subject.organisation);
        about->invitation = (struct desk_invitation){.organisation = about->organisation,
                                                     .pupil = about->pupil[0] ? about->pupil : NULL,
                                                     .reader = desk->session.person,
                                                     .today = desk->today};
        return 1;
}

static int set_choices(struct desk *desk, const char *scope, struct about *about)
{
        struct plan_choices organisations = {.list = value_set_list(desk->values, "organisations"),
                                             .chosen = about->organisation};
        struct plan_choices pupils = {.list = value_set_list(desk->values, "pupils"), .chosen = about->pupil};
        struct plan_choices audiences = {.list = value_set_list(desk->values, "audiences"),
                                         .chosen = plan_typed(desk, "audience", "")};
        int r = desk_choose_organisations(desk->db, scope, NULL, desk->today, plan_add_choice, &organisations,
                                          desk->err);

        if (r == 0)
                r = desk_choose_pupils(desk->db, about->organisation, desk->today, plan_add_choice, &pupils,
                                       desk->err);
        if (r == 0)
                r = desk_choose_audiences(desk->db, scope, plan_add_choice, &audiences, desk->err);
        value_set_bool(desk->values, "has_pupils", pupils.first[0]);
        value_set_bool(desk->values, "has_audiences", audiences.first[0]);
        value_set_bool(desk->values, "is_about_pupil", about->pupil[0]);
        return r;
}

static int show(struct desk *desk, const char *scope)
{
        struct about about;
        int r = find_about(desk, &about);

        if (r <= 0)
                return r < 0 ? r : 404;
        meeting_form_set(desk, NULL);
        r = set_choices(desk, scope, &about);
        return r < 0 ? r : meeting_form_set_people(desk, &about.invitation, NULL);
}

int plan_meeting_show(struct desk *desk)
{
        _cleanup_(buf_fini) struct buf scope;
        int r = desk_scope(desk, DESK_PLAN, &scope);

        return r < 0 ? r : show(desk, buf_text(&scope));
}

/* ---- the form */

/* 1: the audience and the chair are ones that can be chosen. */
static int may_name(struct desk *desk, const struct meeting_input *input, const struct about *about)
{
        _cleanup_(buf_fini) struct buf scope;
        struct plan_looked audience = {.id = input->audience, .is_found = !*input->audience};
        struct plan_looked chair = {.id = input->chair, .is_found = !*input->chair};
        int r = desk_scope(desk, DESK_PLAN, &scope);

        if (r == 0 && !audience.is_found)
                r = desk_choose_audiences(desk->db, buf_text(&scope), plan_look, &audience, desk->err);
        if (r == 0 && !chair.is_found)
                r = desk_choose_people(desk->db, &about->invitation, plan_look, &chair, desk->err);
        return r < 0 ? r : audience.is_found && chair.is_found;
}

/* What is known of a pupil is handed on when nobody has refused it. */
static const char *check_transfer(struct desk *desk, const struct meeting_input *input,
                                  const struct about *about, int *ret_r)
{
        *ret_r = 0;
        if (strcmp(input->kind, "transfer") != 0)
                return NULL;
        if (!about->pupil[0])
                return "meeting-transfer-pupil";
        *ret_r = desk_transfer_is_refused(desk->db, about->pupil, desk->err);
        return *ret_r > 0 ? "meeting-transfer-refused" : NULL;
}

static void set_text(json_t *data, const char *name, const char *text)
{
        if (*text)
                json_object_set_new(data, name, json_string(text));
}

/* PEOPLE is given away. */
static json_t *make_data(const struct meeting_input *input, const struct about *about, const char *id,
                         json_t *people)
{
        json_t *data = json_pack("{s:s,s:s,s:s,s:s,s:s}", "meeting", id, "kind", input->kind, "organisation",
                                 about->organisation, "starts", input->starts, "ends", input->ends);

        if (!data) {
                json_decref(people);
                return NULL;
        }
        set_text(data, "title", input->title);
        set_text(data, "place", input->place);
        set_text(data, "link", input->link);
        set_text(data, "chair", input->chair);
        set_text(data, "pupil", about->pupil);
        set_text(data, "repeats", input->repeats);
        set_text(data, "audience", input->audience);
        if (*input->audience)
                json_decref(people);
        else
                json_object_set_new(data, "participants", people);
        return data;
}

static int save(struct desk *desk, const struct form *form, const struct meeting_input *input,
                const struct about *about)
{
        char id[PLAN_ID_SIZE];
        json_t *people;
        int r;

        people = meeting_form_people(desk, form, &about->invitation, NULL, &r);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 422, "meeting-people-wrong");
        if (!*input->audience && json_array_size(people) == 0 && strcmp(input->kind, "consultation") != 0) {
                json_decref(people);
                return desk_refuse(desk, 422, "meeting-nobody");
        }
        r = plan_new_id(desk, form, "me", id);
        if (r < 0) {
                json_decref(people);
                return r;
        }
        r = desk_event(desk, form, "meeting.planned", id, make_data(input, about, id, people));
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 422, "meeting-refused");
        return desk_done(desk, "meeting", id, "done-meeting-planned");
}

int plan_meeting_act(struct desk *desk, const struct form *form)
{
        struct meeting_input input;
        const char *wrong = meeting_form_read(desk, form, &input);
        struct about about;
        int r = find_about(desk, &about);

        if (r <= 0)
                return r < 0 ? r : 404;
        desk->subject = about.subject; /* for the record */
        if (!wrong && !input.kind)
                wrong = "meeting-kind-wrong";
        if (!wrong)
                wrong = check_transfer(desk, &input, &about, &r);
        if (r < 0)
                return r;
        if (wrong)
                return desk_refuse(desk, 422, wrong);
        r = may_name(desk, &input, &about);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 422, "meeting-people-wrong");
        return save(desk, form, &input, &about);
}
