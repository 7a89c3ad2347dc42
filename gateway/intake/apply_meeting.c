/* Meetings, trips and trainings. */
#include "intake/apply.h"
#include "intake/check.h"
#include "store/audience.h"
#include "store/committee.h"
#include "store/meeting.h"
#include "store/meeting_day.h"
#include "store/person.h"

#include <string.h>

#define MEETING_SECONDS 3600 /* how long it takes when nobody says */
#define AGENDA_MAX 50        /* items of one agenda */

/* What is read besides the row itself. */
struct details {
        struct recurrence recurrence;
        bool repeats;
        const char *people[FIELD_LIST_MAX], *agenda[AGENDA_MAX];
        size_t people_count, agenda_count;
        const char *only_pupil;             /* the pupil among the people, when there is just one */
        char chair[ID_SIZE], kind[ID_SIZE]; /* of the committee */
};

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

/* The rule that is given, or that stands. */
static int read_rule(struct apply *apply, struct meeting *meeting, bool is_new, struct details *details)
{
        struct meeting_facts facts = {0};
        struct err fault = {0};
        int r = 0;

        meeting->repeats = fields_text(&apply->data, "repeats", OPTIONAL);
        if (apply->data.error)
                return apply->data.error;
        if (meeting->repeats && strncmp(meeting->repeats, "RRULE:", 6) == 0)
                meeting->repeats += 6;
        if (!meeting->repeats && !is_new)
                r = meeting_read(apply->db, meeting->id, &facts, apply->err);
        if (r < 0 || (!meeting->repeats && !facts.repeats[0]))
                return r < 0 ? r : 0;
        r = recurrence_parse(meeting->repeats ? meeting->repeats : facts.repeats, &details->recurrence,
                             &fault);
        if (r < 0)
                return apply_refuse(apply, "repeats", "no RFC 5545 rule that repeats by days: %s",
                                    fault.text);
        details->repeats = true;
        return 0;
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
        meeting->audience = fields_id(&apply->data, "audience", OPTIONAL);
        if (apply->data.error || !meeting->audience)
                return apply->data.error;
        r = audience_exists(apply->db, meeting->audience, organisation, apply->err);
        if (r == 0)
                return apply_refuse(apply, "audience", "no such mailing group %s: import the roster first",
                                    meeting->audience);
        return r < 0 ? r : 0;
}

static int check_participant(struct apply *apply, const char *id)
{
        char day[DATE_TEXT_MAX];
        int r = person_exists(apply->db, id, apply->err);

        date_print((int32_t)(apply->now_utc / DAY_SECONDS), day);
        if (r > 0)
                r = person_has_left(apply->db, id, day, apply->err) ? 2 : 1;
        if (r == 0 && person_is_known(apply->db, id, apply->err) > 0)
                r = 2;
        if (r == 0)
                return apply_refuse(apply, "participants", "no such person %s: import the roster first", id);
        if (r == 2)
                return apply_refuse(apply, "participants", "%s has left: invite somebody who works there now",
                                    id);
        return r < 0 ? r : 0;
}

/* The ids of data.participants. */
static int read_participants(struct apply *apply, struct details *details)
{
        const json_t *list = fields_array(&apply->data, "participants");
        struct role_place place;
        char day[DATE_TEXT_MAX];
        int pupils = 0, r;
        size_t index;
        json_t *value;

        date_print((int32_t)(apply->time_utc / DAY_SECONDS), day);
        if (json_array_size(list) > FIELD_LIST_MAX)
                return apply_refuse(apply, "participants", "more than %d: use an audience", FIELD_LIST_MAX);
        json_array_foreach((json_t *)list, index, value)
        {
                const char *id = json_string_value(value);

                if (!id || !field_is_id(id))
                        return apply_refuse(apply, "participants", "no list of ids: write [\"P1\"]");
                r = check_participant(apply, id);
                if (r == 0)
                        r = role_of_pupil(apply->db, id, day, &place, apply->err);
                if (r < 0)
                        return r;
                if (r > 0 && pupils++ == 0)
                        details->only_pupil = id;
                details->people[details->people_count++] = id;
        }
        if (pupils != 1)
                details->only_pupil = NULL;
        return apply->data.error;
}

static int read_agenda(struct apply *apply, struct details *details)
{
        const json_t *list = fields_array(&apply->data, "agenda");
        size_t index;
        json_t *value;

        json_array_foreach((json_t *)list, index, value)
        {
                const char *title = json_string_value(value);

                if (!title || !field_is_id(title) || details->agenda_count == AGENDA_MAX)
                        return apply_refuse(apply, "agenda", "no list of at most %d short texts", AGENDA_MAX);
                details->agenda[details->agenda_count++] = title;
        }
        return apply->data.error;
}

/* A standing group leads and attends the meeting when nobody else is named. */
static int read_committee(struct apply *apply, struct meeting *meeting, struct details *details)
{
        char organisation[ID_SIZE];
        int r;

        meeting->committee = fields_id(&apply->data, "committee", OPTIONAL);
        if (apply->data.error || !meeting->committee)
                return apply->data.error;
        r = committee_read(apply->db, meeting->committee, organisation, details->kind, details->chair,
                           apply->err);
        if (r == 0)
                return apply_refuse(apply, "committee", "no such group %s: send committee.named first",
                                    meeting->committee);
        if (!meeting->chair && details->chair[0])
                meeting->chair = details->chair;
        if (!fields_has(&apply->data, "kind"))
                meeting->kind = details->kind;
        return r < 0 ? r : 0;
}

static int read_project(struct apply *apply, const struct apply_subject *subject, struct meeting *meeting)
{
        char first[DATE_TEXT_MAX], last[DATE_TEXT_MAX], day[DATE_TEXT_MAX];
        int seconds, r;
        int32_t date;

        meeting->project = fields_id(&apply->data, "project", OPTIONAL);
        if (apply->data.error || !meeting->project)
                return apply->data.error;
        r = project_days(apply->db, meeting->project, first, last, apply->err);
        if (r == 0)
                return apply_refuse(apply, "project", "no such project %s: send project.set first",
                                    meeting->project);
        if (r < 0)
                return r;
        zone_to_local(subject->zone, meeting->starts, &date, &seconds);
        date_print(date, day);
        if (strcmp(day, first) < 0 || strcmp(day, last) > 0)
                return apply_refuse(apply, "starts", "outside the days of project %s: correct it",
                                    meeting->project);
        return 0;
}

static int write_meeting(struct apply *apply, const struct apply_subject *subject,
                         const struct meeting *meeting, bool is_new, const struct details *details)
{
        int r = meeting_put(apply->db, apply->now_utc, meeting, apply->err);

        if (r == 0)
                r = meeting_days_plan(apply->db, apply->now_utc, meeting->id,
                                      details->repeats ? &details->recurrence : NULL, subject->zone,
                                      apply->seq, apply->err);
        if (r == 0 && fields_has(&apply->data, "participants"))
                r = meeting_put_participants(apply->db, apply->now_utc, meeting->id, details->people,
                                             details->people_count, apply->err);
        else if (r == 0 && is_new && meeting->committee)
                r = committee_invite(apply->db, apply->now_utc, meeting->committee, meeting->id, apply->err);
        if (r == 0 && fields_has(&apply->data, "agenda"))
                r = meeting_put_agenda(apply->db, meeting->id, details->agenda, details->agenda_count,
                                       apply->err);
        return r;
}

static int put(struct apply *apply, bool may_be_new)
{
        struct meeting meeting = {.event = apply->seq};
        struct details details = {0};
        struct apply_subject subject;
        bool is_new = false;
        int r;

        r = may_be_new ? read_subject(apply, &meeting.id, &is_new, &subject)
                       : read_existing(apply, &meeting.id, &subject);
        if (r == 0)
                r = read_hours(apply, &subject, &meeting, is_new);
        if (r == 0)
                r = read_texts(apply, &meeting, is_new);
        if (r == 0)
                r = read_rule(apply, &meeting, is_new, &details);
        if (r == 0)
                r = apply_person(apply, "chair", OPTIONAL, &meeting.chair);
        if (r == 0)
                r = apply_person(apply, "pupil", OPTIONAL, &meeting.pupil);
        if (r == 0)
                r = read_participants(apply, &details);
        if (r == 0)
                r = read_agenda(apply, &details);
        if (r == 0)
                r = read_committee(apply, &meeting, &details);
        if (r == 0)
                r = read_project(apply, &subject, &meeting);
        if (r < 0)
                return r;
        meeting.organisation = subject.organisation;
        if (!meeting.pupil)
                meeting.pupil = details.only_pupil;
        return write_meeting(apply, &subject, &meeting, is_new, &details);
}

/* ---- one day of a meeting that repeats */

static int move_day(struct apply *apply, const struct apply_subject *subject, const char *id, const char *day,
                    const char *moved_to)
{
        int64_t old_starts, old_ends, starts, ends;
        int32_t date;
        int seconds, r;

        r = meeting_day_hours(apply->db, id, day, &old_starts, &old_ends, apply->err);
        if (r <= 0)
                return r;
        zone_to_local(subject->zone, old_starts, &date, &seconds);
        if (moved_to)
                date_parse(moved_to, &date);
        starts = apply_moment(apply, "starts", subject, date);
        if (starts == NO_TIME)
                starts = zone_to_utc(subject->zone, date, seconds);
        ends = apply_moment(apply, "ends", subject, date);
        if (ends == NO_TIME)
                ends = starts + (old_ends - old_starts);
        if (apply_check_day(apply, "moved_to", subject, date) < 0)
                return apply->data.error;
        if (ends <= starts)
                return apply_refuse(apply, "ends", "not after starts: correct it");
        return meeting_day_move(apply->db, apply->now_utc, id, day, starts, ends, apply->seq, apply->err);
}

static int change_day(struct apply *apply)
{
        const char *day = fields_day(&apply->data, "day", REQUIRED), *id;
        const char *moved_to = fields_day(&apply->data, "moved_to", OPTIONAL);
        bool cancelled = fields_flag(&apply->data, "cancelled", false);
        struct apply_subject subject;
        int r;

        r = read_existing(apply, &id, &subject);
        if (r < 0 || apply->data.error)
                return r < 0 ? r : apply->data.error;
        r = cancelled ? meeting_day_cancel(apply->db, apply->now_utc, id, day, apply->seq, apply->err)
                      : move_day(apply, &subject, id, day, moved_to);
        if (r == 0)
                return apply_refuse(apply, "day",
                                    "meeting %s has no such day: name the day it was first planned for", id);
        return r < 0 ? r : 0;
}

int apply_meeting_planned(struct apply *apply)
{
        return put(apply, true);
}

int apply_meeting_changed(struct apply *apply)
{
        return fields_has(&apply->data, "day") ? change_day(apply) : put(apply, false);
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

/* Somebody takes a consultation that is offered. */
int apply_meeting_booked(struct apply *apply)
{
        struct meeting_facts facts = {0};
        struct apply_subject subject;
        int64_t starts = 0, ends = 0;
        const char *id, *by;
        int r;

        r = read_existing(apply, &id, &subject);
        if (r == 0)
                r = apply_person(apply, "by", REQUIRED, &by);
        if (r == 0)
                r = meeting_read(apply->db, id, &facts, apply->err);
        if (r >= 0)
                r = meeting_hours(apply->db, id, &starts, &ends, apply->err);
        if (r < 0)
                return r;
        if (strcmp(facts.kind, "consultation") != 0 || facts.is_cancelled || facts.has_audience)
                return apply_refuse(apply, "meeting", "%s is no consultation that is offered: choose another",
                                    id);
        if (starts <= apply->now_utc)
                return apply_refuse(apply, "meeting", "%s is past: choose another time", id);
        r = meeting_book(apply->db, apply->now_utc, id, by, apply->err);
        if (r == 0)
                return apply_refuse(apply, "meeting", "%s is taken: choose another time", id);
        return r < 0 ? r : 0;
}

int apply_meeting_interpreter_booked(struct apply *apply)
{
        const char *id, *language, *by;
        struct apply_subject subject;
        int r;

        r = read_existing(apply, &id, &subject);
        if (r < 0)
                return r;
        language = fields_id(&apply->data, "language", OPTIONAL);
        by = apply_by(apply);
        return apply->data.error ? apply->data.error
                                 : meeting_interpreter_put(apply->db, id, language ? language : "", by,
                                                           apply->time_utc, apply->seq, apply->err);
}
