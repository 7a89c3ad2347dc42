#include "intake/apply.h"
#include "store/organisation.h"
#include "store/person.h"

#include <string.h>

/* Kept without a fact of its own: a simulation reads it, where messages go nowhere. */
static int apply_message_receipt(struct apply *apply)
{
        static const char *const channels[] = {"sms", "email", NULL};
        static const char *const states[] = {"delivered", "failed", "temporary", NULL};

        fields_id(&apply->data, "recipient", REQUIRED);
        fields_choice(&apply->data, "channel", channels, NULL);
        fields_need_choice(&apply->data, "status", states);
        return apply->data.error;
}

/* Keep in alphabetical order. */
static const struct apply_type type_table[] = {
    {"absence.authorised", apply_absence_authorised},
    {"absence.explained", apply_absence_explained},
    {"agreement.signed", apply_agreement_signed},
    {"application.decided", apply_application_decided},
    {"application.received", apply_application_received},
    {"attendance.marked", apply_attendance_marked},
    {"attendance.register.synced", apply_register_synced},
    {"card.given", apply_card_given},
    {"case.acknowledged", apply_case_acknowledged},
    {"case.closed", apply_case_closed},
    {"case.contacted", apply_case_contacted},
    {"case.handed.over", apply_case_handed_over},
    {"case.joined", apply_case_joined},
    {"case.left", apply_case_left},
    {"certificate.issued", apply_certificate_issued},
    {"committee.named", apply_committee_named},
    {"consent.asked", apply_consent_asked},
    {"consent.given", apply_consent_given},
    {"consent.refused", apply_consent_refused},
    {"contact.changed", apply_contact_changed},
    {"evaluation.given", apply_evaluation_given},
    {"meeting.answered", apply_meeting_answered},
    {"meeting.booked", apply_meeting_booked},
    {"meeting.cancelled", apply_meeting_cancelled},
    {"meeting.changed", apply_meeting_changed},
    {"meeting.interpreter.booked", apply_meeting_interpreter_booked},
    {"meeting.planned", apply_meeting_planned},
    {"mentoring.paired", apply_mentoring_paired},
    {"message.confirmed", apply_message_confirmed},
    {"message.receipt", apply_message_receipt},
    {"notice.answered", apply_notice_answered},
    {"notice.taken", apply_notice_taken},
    {"package.done", apply_package_done},
    {"package.due", apply_package_due},
    {"person.chose", apply_person_chose},
    {"placement.cancelled", apply_placement_cancelled},
    {"placement.changed", apply_placement_changed},
    {"placement.planned", apply_placement_planned},
    {"plan.made", apply_plan_made},
    {"project.set", apply_project_set},
    {"pupil.held", apply_pupil_held},
    {"pupil.located", apply_pupil_located},
    {"pupil.released", apply_pupil_released},
    {"reply.received", apply_reply_received},
    {"study.place.decided", apply_study_place_decided},
    {"survey.answered", apply_survey_answered},
    {"survey.closed", apply_survey_closed},
    {"survey.opened", apply_survey_opened},
    {"transfer.permitted", apply_transfer_permitted},
    {"transfer.refused", apply_transfer_refused},
    {"visit.cancelled", apply_visit_cancelled},
    {"visit.missed", apply_visit_missed},
    {"visit.planned", apply_visit_planned},
    {"workplace.checkin", apply_workplace_checkin},
};

const struct apply_type *apply_find(const char *name)
{
        size_t low = 0, high = ARRAY_SIZE(type_table);

        while (low < high) {
                size_t middle = (low + high) / 2;
                int order = strcmp(name, type_table[middle].name);

                if (order == 0)
                        return &type_table[middle];
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}

const char *apply_id(struct apply *apply, const char *name)
{
        const char *id = fields_id(&apply->data, name, OPTIONAL);

        if (!id)
                id = apply->event->subject;
        if (!id)
                apply_refuse(apply, name, "missing: give it, or the event's subject");
        return apply->data.error ? NULL : id;
}

const char *apply_by(struct apply *apply)
{
        return fields_text(&apply->data, "by", OPTIONAL);
}

int apply_check_scope(struct apply *apply, const char *organisation)
{
        const struct intake_scope *scope = apply->scope;
        int r;

        if (!scope || !scope->organisation || !*scope->organisation)
                return 0;
        r = organisation_is_under(apply->db, organisation, scope->organisation, apply->err);
        if (r < 0)
                return apply->data.error = r;
        if (r == 0)
                return apply->data.error =
                           err_set(apply->err, ERR_INVALID,
                                   "subject: belongs to %s, outside the sender's organisation %s: use a"
                                   " token of that organisation",
                                   organisation, scope->organisation);
        return 0;
}

static int set_local(struct apply *apply, const char *zone_name, struct apply_subject *subject)
{
        int seconds, r;

        r = zone_keep(zone_name, &subject->zone, apply->err);
        if (r < 0)
                return apply->data.error = r;
        zone_to_local(subject->zone, apply->time_utc, &subject->day, &seconds);
        zone_to_local(subject->zone, apply->now_utc, &subject->today, &seconds);
        return 0;
}

/* In which day's group the pupil is looked for: that of the fact. */
static void day_of_fact(const struct apply *apply, char ret_day[static DATE_TEXT_MAX])
{
        const char *text = json_string_value(json_object_get(apply->data.object, "day"));
        int32_t date;

        if (!text || !date_parse(text, &date))
                date = (int32_t)(apply->time_utc / DAY_SECONDS);
        date_print(date, ret_day);
}

int apply_pupil_named(struct apply *apply, const char *name, const char *id,
                      struct apply_subject *ret_subject)
{
        char day[DATE_TEXT_MAX];
        struct role_place place;
        int r;

        if (apply->data.error)
                return apply->data.error;
        day_of_fact(apply, day);
        r = role_of_pupil(apply->db, id, day, &place, apply->err);
        if (r == 0)
                r = person_exists(apply->db, id, apply->err) > 0
                        ? apply_refuse(apply, name, "%s is no pupil: give the person the role in the roster",
                                       id)
                        : apply_refuse(apply, name, "no such pupil %s: import the roster first", id);
        if (r < 0)
                return apply->data.error = r;
        ret_subject->id = id;
        memcpy(ret_subject->organisation, place.organisation, sizeof place.organisation);
        r = apply_check_scope(apply, place.organisation);
        return r < 0 ? r : set_local(apply, place.zone, ret_subject);
}

int apply_pupil(struct apply *apply, struct apply_subject *ret_subject)
{
        const char *id = apply_id(apply, "pupil");

        return id ? apply_pupil_named(apply, "pupil", id, ret_subject) : apply->data.error;
}

int apply_organisation_named(struct apply *apply, const char *name, const char *id,
                             struct apply_subject *ret_subject)
{
        char zone[ZONE_NAME_MAX];
        int r;

        if (apply->data.error)
                return apply->data.error;
        r = organisation_zone(apply->db, id, zone, apply->err);
        if (r == 0)
                r = apply_refuse(apply, name, "no such organisation %s: import the roster first", id);
        if (r < 0)
                return apply->data.error = r;
        ret_subject->id = id;
        memcpy(ret_subject->organisation, id, strlen(id) + 1); /* there is one, so the id is short enough */
        r = apply_check_scope(apply, id);
        return r < 0 ? r : set_local(apply, zone, ret_subject);
}

int apply_organisation(struct apply *apply, struct apply_subject *ret_subject)
{
        const char *id = apply_id(apply, "organisation");

        return id ? apply_organisation_named(apply, "organisation", id, ret_subject) : apply->data.error;
}

int apply_person(struct apply *apply, const char *name, enum need need, const char **ret_id)
{
        const char *id = fields_id(&apply->data, name, need);
        int r;

        *ret_id = id;
        if (!id)
                return apply->data.error;
        r = person_exists(apply->db, id, apply->err);
        if (r == 0)
                return apply_refuse(apply, name, "no such person %s: import the roster first", id);
        return r < 0 ? r : 0;
}

int apply_placement(struct apply *apply, struct placement *ret_placement, struct apply_subject *ret_subject)
{
        const char *id = apply_id(apply, "placement");
        int r;

        if (!id)
                return apply->data.error;
        r = placement_read(apply->db, id, ret_placement, apply->err);
        if (r == 0)
                r = apply_refuse(apply, "placement", "no such placement %s: send placement.planned first",
                                 id);
        if (r < 0)
                return apply->data.error = r;
        return apply_pupil_named(apply, "placement", ret_placement->pupil, ret_subject);
}

int64_t apply_moment(struct apply *apply, const char *name, const struct apply_subject *subject, int32_t day)
{
        const char *text = fields_id(&apply->data, name, OPTIONAL);
        int64_t utc;
        int seconds;

        if (!text)
                return NO_TIME;
        if (zone_parse_time(text, &seconds))
                return zone_to_utc(subject->zone, day, seconds);
        if (zone_parse(subject->zone, text, &utc))
                return utc;
        apply_refuse(apply, name, "no time: write HH:MM or YYYY-MM-DDTHH:MM, with an offset or without");
        return NO_TIME;
}

int apply_check_day(struct apply *apply, const char *name, const struct apply_subject *subject, int32_t day)
{
        if (apply->data.error)
                return apply->data.error;
        if (day < subject->today - APPLY_PAST_DAYS_MAX)
                return apply_refuse(apply, name, "more than two years ago: such facts are not taken");
        if (day > subject->today + APPLY_AHEAD_DAYS_MAX)
                return apply_refuse(apply, name, "more than a year ahead: correct the date");
        return 0;
}

/* The UTC of data.NAME; a bare date means its beginning, or for until the beginning of the next day. */
static int64_t edge(struct apply *apply, const char *name, const struct apply_subject *subject, int32_t day,
                    bool is_until)
{
        const char *text = fields_id(&apply->data, name, OPTIONAL);
        int32_t date;

        if (text && date_parse(text, &date))
                return zone_to_utc(subject->zone, date + is_until, 0);
        return apply_moment(apply, name, subject, day);
}

int apply_span(struct apply *apply, const struct apply_subject *subject, int64_t *ret_starts,
               int64_t *ret_ends)
{
        int64_t starts, ends;
        int32_t first, last;
        int seconds;

        starts = edge(apply, "from", subject, subject->day, false);
        if (starts == NO_TIME)
                starts = zone_to_utc(subject->zone, subject->day, 0);
        zone_to_local(subject->zone, starts, &first, &seconds);
        ends = edge(apply, "until", subject, first, true);
        if (ends == NO_TIME)
                ends = zone_to_utc(subject->zone, first + 1, 0);
        zone_to_local(subject->zone, ends - 1, &last, &seconds);
        if (apply_check_day(apply, "from", subject, first) < 0 ||
            apply_check_day(apply, "until", subject, last) < 0)
                return apply->data.error;
        if (ends <= starts)
                return apply_refuse(apply, "until", "not after from: exchange them");
        *ret_starts = starts;
        *ret_ends = ends;
        return 0;
}
