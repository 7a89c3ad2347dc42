/* Meetings, trips and trainings. */
#include "intake/apply.h"
#include "intake/check.h"
#include "store/audience.h"
#include "store/meeting.h"
#include "store/person.h"

#include <string.h>

#define MEETING_SECONDS 3600 /* how long it takes when nobody says */
#define RULE_START "FREQ="

/* The meeting and whose it is; a new one is given its organisation by the data. */
static int read_subject(struct apply *apply, const char **ret_id, bool *ret_is_new,
                        struct apply_subject *ret_subject)
{
        const char *id = apply_id(apply, "meeting");
        char organisation[ID_SIZE];
        int r;

        if (!id)
                return apply->data.error;
        *ret_id = id;
        r = meeting_exists(apply->db, id, organisation, apply->err);
        if (r < 0)
                return r;
        *ret_is_new = r == 0;
        if (r > 0)
                return apply_organisation_named(apply, "meeting", organisation, ret_subject);
        if (!fields_has(&apply->data, "organisation"))
                return apply_refuse(apply, "organisation", "missing: say whose meeting it is");
        return apply_organisation(apply, ret_subject);
}

static int read_existing(struct apply *apply, const char **ret_id, struct apply_subject *ret_subject)
{
        bool is_new = false;
        const char *id = apply_id(apply, "meeting");
        char organisation[ID_SIZE];
        int r;

        if (!id)
                return apply->data.error;
        r = meeting_exists(apply->db, id, organisation, apply->err);
        if (r == 0)
                return apply_refuse(apply, "meeting", "no such meeting %s: send meeting.planned first", id);
        return r < 0 ? r : read_subject(apply, ret_id, &is_new, ret_subject);
}

static int read_hours(struct apply *apply, const struct apply_subject *subject, struct meeting *meeting,
                      bool is_new)
{
        int64_t old_starts = 0, old_ends = MEETING_SECONDS, starts, ends;
        int32_t day = subject->day;
        int seconds, r;

        r = is_new ? 0 : meeting_hours(apply->db, meeting->id, &old_starts, &old_ends, apply->err);
        if (r < 0)
                return r;
        starts = apply_moment(apply, "starts", subject, day);
        if (starts == NO_TIME && is_new)
                return apply_refuse(apply, "starts", "missing: say when it is");
        if (starts == NO_TIME)
                starts = old_starts;
        zone_to_local(subject->zone, starts, &day, &seconds);
        ends = apply_moment(apply, "ends", subject, day);
        if (ends == NO_TIME)
                ends = starts + (old_ends - old_starts);
        if (apply_check_day(apply, "starts", subject, day) < 0)
                return apply->data.error;
        if (ends <= starts)
                return apply_refuse(apply, "ends", "not after starts: correct it");
        meeting->starts = starts;
        meeting->ends = ends;
        return 0;
}

static const char *read_rule(struct apply *apply)
{
        const char *text = fields_text(&apply->data, "repeats", OPTIONAL);

        if (!text)
                return NULL;
        if (strncmp(text, "RRULE:", 6) == 0)
                text += 6;
        if (!strstr(text, RULE_START) || text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=;,+-")])
                apply_refuse(apply, "repeats", "no RFC 5545 rule: write it as FREQ=WEEKLY;COUNT=10");
        return text;
}

static int read_texts(struct apply *apply, struct meeting *meeting, bool is_new)
{
        char organisation[ID_SIZE];
        int r;

        meeting->kind = fields_id(&apply->data, "kind", OPTIONAL);
        if (!meeting->kind && is_new)
                meeting->kind = "meeting";
        meeting->title = fields_text(&apply->data, "title", OPTIONAL);
        meeting->place = fields_text(&apply->data, "place", OPTIONAL);
        meeting->link = fields_text(&apply->data, "link", OPTIONAL);
        if (meeting->link && !check_url(meeting->link))
                apply_refuse(apply, "link", "no web address: begin it with https://");
        meeting->repeats = read_rule(apply);
        meeting->audience = fields_id(&apply->data, "audience", OPTIONAL);
        if (apply->data.error || !meeting->audience)
                return apply->data.error;
        r = audience_exists(apply->db, meeting->audience, organisation, apply->err);
        if (r == 0)
                return apply_refuse(apply, "audience", "no such mailing group %s: import the roster first",
                                    meeting->audience);
        return r < 0 ? r : 0;
}

/* The ids of data.participants; *ret_pupil is the pupil among them, when there is just one. */
static int read_participants(struct apply *apply, const char **people, size_t *ret_count,
                             const char **ret_pupil)
{
        const json_t *list = fields_array(&apply->data, "participants");
        struct role_place place;
        char day[DATE_TEXT_MAX];
        int pupils = 0, r;
        size_t index;
        json_t *value;

        date_print((int32_t)(apply->time_utc / DAY_SECONDS), day);
        *ret_count = 0;
        json_array_foreach((json_t *)list, index, value)
        {
                const char *id = json_string_value(value);

                if (!id || !field_is_id(id))
                        return apply_refuse(apply, "participants", "no list of ids: write [\"P1\"]");
                r = person_exists(apply->db, id, apply->err);
                if (r == 0)
                        return apply_refuse(apply, "participants",
                                            "no such person %s: import the roster first", id);
                if (r > 0)
                        r = role_of_pupil(apply->db, id, day, &place, apply->err);
                if (r < 0)
                        return r;
                if (r > 0 && pupils++ == 0)
                        *ret_pupil = id;
                people[(*ret_count)++] = id;
        }
        if (pupils != 1)
                *ret_pupil = NULL;
        return apply->data.error;
}

static int put(struct apply *apply, bool may_be_new)
{
        const char *people[FIELD_LIST_MAX], *pupil = NULL;
        struct meeting meeting = {.event = apply->seq};
        struct apply_subject subject;
        bool is_new = false;
        size_t count = 0;
        int r;

        r = may_be_new ? read_subject(apply, &meeting.id, &is_new, &subject)
                       : read_existing(apply, &meeting.id, &subject);
        if (r == 0)
                r = read_hours(apply, &subject, &meeting, is_new);
        if (r == 0)
                r = read_texts(apply, &meeting, is_new);
        if (r == 0)
                r = apply_person(apply, "chair", OPTIONAL, &meeting.chair);
        if (r == 0)
                r = apply_person(apply, "pupil", OPTIONAL, &meeting.pupil);
        if (r == 0)
                r = read_participants(apply, people, &count, &pupil);
        if (r < 0)
                return r;
        meeting.organisation = subject.organisation;
        if (!meeting.pupil)
                meeting.pupil = pupil;
        r = meeting_put(apply->db, apply->now_utc, &meeting, apply->err);
        if (r < 0 || !fields_has(&apply->data, "participants"))
                return r;
        return meeting_put_participants(apply->db, apply->now_utc, meeting.id, people, count, apply->err);
}

int apply_meeting_planned(struct apply *apply)
{
        return put(apply, true);
}

int apply_meeting_changed(struct apply *apply)
{
        return put(apply, false);
}

int apply_meeting_cancelled(struct apply *apply)
{
        struct apply_subject subject;
        const char *id;
        int r = read_existing(apply, &id, &subject);

        return r < 0 ? r : meeting_cancel(apply->db, apply->now_utc, id, apply->seq, apply->err);
}

int apply_meeting_answered(struct apply *apply)
{
        static const char *const answers[] = {"yes", "no", "maybe", NULL};
        const char *id, *participant, *answer;
        struct apply_subject subject;
        int r;

        r = read_existing(apply, &id, &subject);
        if (r == 0)
                r = apply_person(apply, "participant", REQUIRED, &participant);
        answer = fields_need_choice(&apply->data, "answer", answers);
        if (r < 0 || apply->data.error)
                return r < 0 ? r : apply->data.error;
        r = meeting_answer(apply->db, id, participant, answer, apply->time_utc, apply->err);
        if (r == 0)
                return apply_refuse(apply, "participant", "%s takes no part in meeting %s: invite them first",
                                    participant, id);
        return r < 0 ? r : 0;
}
