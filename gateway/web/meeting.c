/* An invitation to a meeting, and the consent to a trip: each answered by one button. */
#include "store/page_home.h"
#include "web/guardian.h"

#include <string.h>

int guardian_show_meeting(struct linked *linked)
{
        struct home_meeting meeting = {0};
        struct value *values = linked->values;
        bool is_over;
        int r = 0;

        linked->page = "meeting";
        if (strcmp(linked->link.subject_kind, "meeting") == 0)
                r = home_meeting_get(linked->db, linked->link.subject, linked->link.person, &meeting,
                                     linked->err);
        if (r <= 0)
                return r < 0 ? r : 404;
        is_over = meeting.is_cancelled || meeting.starts <= linked->now;
        value_set_text(values, "meeting_title", meeting.title);
        value_set_text(values, "meeting_place", meeting.place);
        value_set_text(values, "meeting_link", meeting.link);
        value_set_time(values, "starts", meeting.starts);
        value_set_time(values, "ends", meeting.ends);
        value_set_bool(values, "is_cancelled", meeting.is_cancelled);
        value_set_bool(values, "is_over", is_over && !meeting.is_cancelled);
        value_set_bool(values, "is_open", !is_over);
        value_set_bool(values, "said_yes", strcmp(meeting.answer, "yes") == 0);
        value_set_bool(values, "said_no", strcmp(meeting.answer, "no") == 0);
        value_set_bool(values, "said_maybe", strcmp(meeting.answer, "maybe") == 0);
        home_meeting_fini(&meeting);
        return 0;
}

int guardian_act_meeting(struct linked *linked, const struct form *form)
{
        const char *answer = form_value(form, "answer");
        struct home_meeting meeting = {0};
        json_t *data;
        bool is_open;
        int r = 0;

        if (strcmp(answer, "yes") != 0 && strcmp(answer, "no") != 0 && strcmp(answer, "maybe") != 0)
                return linked_refuse(linked, 400, "form-wrong");
        if (strcmp(linked->link.subject_kind, "meeting") == 0)
                r = home_meeting_get(linked->db, linked->link.subject, linked->link.person, &meeting,
                                     linked->err);
        is_open = r > 0 && !meeting.is_cancelled && meeting.starts > linked->now;
        home_meeting_fini(&meeting);
        if (r < 0)
                return r;
        if (!is_open)
                return linked_refuse(linked, 409, "stale");
        data = json_pack("{s:s,s:s,s:s}", "meeting", linked->link.subject, "participant", linked->link.person,
                         "answer", answer);
        r = linked_event(linked, form, "meeting.answered", linked->link.subject, data, linked->err);
        if (r < 0)
                return r;
        return r ? linked_done(linked, "meeting", "done-answered") : linked_refuse(linked, 409, "stale");
}

/* ---- consent */

static int find_consent(struct linked *linked, struct home_consent *ret_consent)
{
        *ret_consent = (struct home_consent){0};
        if (strcmp(linked->link.subject_kind, "meeting") != 0)
                return 0;
        return home_consent_get(linked->db, linked->link.pupil, linked->link.subject, ret_consent,
                                linked->err);
}

static bool consent_is_open(const struct linked *linked, const struct home_consent *consent)
{
        return !consent->starts || consent->starts > linked->now;
}

int guardian_show_consent(struct linked *linked)
{
        struct home_consent consent;
        int r = find_consent(linked, &consent);

        linked->page = "consent";
        if (r <= 0)
                return r < 0 ? r : 404;
        value_set_text(linked->values, "meeting_title", consent.title);
        if (consent.starts)
                value_set_time(linked->values, "starts", consent.starts);
        value_set_bool(linked->values, "is_given", strcmp(consent.state, "given") == 0);
        value_set_bool(linked->values, "is_refused", strcmp(consent.state, "refused") == 0);
        value_set_bool(linked->values, "is_open", consent_is_open(linked, &consent));
        value_set_bool(linked->values, "is_over", !consent_is_open(linked, &consent));
        return 0;
}

int guardian_act_consent(struct linked *linked, const struct form *form)
{
        const char *answer = form_value(form, "answer");
        bool is_given = strcmp(answer, "given") == 0;
        struct home_consent consent;
        json_t *data;
        int r;

        if (!is_given && strcmp(answer, "refused") != 0)
                return linked_refuse(linked, 400, "form-wrong");
        r = find_consent(linked, &consent);
        if (r < 0)
                return r;
        if (r == 0 || !consent_is_open(linked, &consent))
                return linked_refuse(linked, 409, "stale");
        data = json_pack("{s:s,s:s,s:s,s:s}", "consent", consent.id, "meeting", linked->link.subject, "pupil",
                         linked->link.pupil, "by", linked->link.person);
        r = linked_event(linked, form, is_given ? "consent.given" : "consent.refused", consent.id, data,
                         linked->err);
        if (r < 0)
                return r;
        return r ? linked_done(linked, "consent", "done-answered") : linked_refuse(linked, 409, "stale");
}
