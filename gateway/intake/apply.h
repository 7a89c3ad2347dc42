/* apply: what each type of event does to the fact tables. One function a type, in files by topic; apply.c
 * holds their table in alphabetical order and what they share. An apply function returns 0, or a negative
 * code with what is wrong; the caller then undoes whatever it wrote. */
#ifndef INTAKE_APPLY_H
#define INTAKE_APPLY_H

#include "base/date.h"
#include "base/zone_keep.h"
#include "intake/cloudevent.h"
#include "intake/fields.h"
#include "intake/intake.h"
#include "store/placement.h"
#include "store/put.h"
#include "store/role.h"

#define APPLY_PAST_DAYS_MAX 731  /* older facts are refused */
#define APPLY_AHEAD_DAYS_MAX 366 /* facts further in the future are refused */

#define NO_TIME INT64_MIN
#define NO_DAY INT32_MIN

#define DAY_SECONDS 86400
#define NOON_SECONDS (12 * 3600)

/* One event while it is applied. */
struct apply {
        struct db *db;
        int64_t now_utc;
        const struct intake_scope *scope; /* may be NULL */
        const struct cloudevent *event;
        int64_t time_utc; /* of the event */
        int64_t seq;      /* event.seq */
        struct fields data;
        struct err *err;
};

struct apply_type {
        const char *name; /* "attendance.marked" */
        int (*apply)(struct apply *apply);
};

/* NULL when there is no such type. */
const struct apply_type *apply_find(const char *name);

/* Whom or what a fact is about, and its local time. */
struct apply_subject {
        const char *id;
        char organisation[ID_SIZE];
        struct zone *zone;
        int32_t day;   /* local day of the event's time */
        int32_t today; /* local day of now */
};

/* The pupil of data.pupil, else of the event's subject. Refused: nobody imported, no pupil, outside the
 * sender's scope. */
int apply_pupil(struct apply *apply, struct apply_subject *ret_subject);

/* The organisation of data.organisation, else of the event's subject. */
int apply_organisation(struct apply *apply, struct apply_subject *ret_subject);

/* The placement of data.placement, else of the event's subject, and its pupil. */
int apply_placement(struct apply *apply, struct placement *ret_placement, struct apply_subject *ret_subject);

/* As apply_pupil for the pupil ID, named NAME in errors. */
int apply_pupil_named(struct apply *apply, const char *name, const char *id,
                      struct apply_subject *ret_subject);

/* 0 when ORGANISATION lies in the sender's scope. */
int apply_check_scope(struct apply *apply, const char *organisation);

/* data.NAME, else the event's subject; refused when neither is given. */
const char *apply_id(struct apply *apply, const char *name);

/* The organisation ID, named NAME in errors. */
int apply_organisation_named(struct apply *apply, const char *name, const char *id,
                             struct apply_subject *ret_subject);

/* data.NAME, the id of a person; 0 with *ret_id NULL when absent. */
int apply_person(struct apply *apply, const char *name, enum need need, const char **ret_id);

/* data.by, else NULL. */
const char *apply_by(struct apply *apply);

/* data.NAME as UTC: a full time, or "HH:MM" on the local DAY; NO_TIME when absent. */
int64_t apply_moment(struct apply *apply, const char *name, const struct apply_subject *subject, int32_t day);

/* data.from and data.until, dates (inclusive) or times; without them the event's day, or the rest of from's
 * day. */
int apply_span(struct apply *apply, const struct apply_subject *subject, int64_t *ret_starts,
               int64_t *ret_ends);

/* Refuses a day that is too old or too far ahead. */
int apply_check_day(struct apply *apply, const char *name, const struct apply_subject *subject, int32_t day);

struct answer;
/* What an answer to a notice leaves: the answer itself, and of "knew" about a pupil an explanation of the day
 * that was asked about. Refused when the recipient was never asked. */
int apply_answer(struct apply *apply, const struct answer *answer);

/* Refuses with "data.NAME: …"; returns the code. */
#define apply_refuse(apply, name, ...) fields_refuse(&(apply)->data, name, __VA_ARGS__)

/* ---- the types; keep in alphabetical order */

int apply_absence_authorised(struct apply *apply);
int apply_absence_explained(struct apply *apply);
int apply_agreement_signed(struct apply *apply);
int apply_application_decided(struct apply *apply);
int apply_application_received(struct apply *apply);
int apply_attendance_marked(struct apply *apply);
int apply_card_given(struct apply *apply);
int apply_case_acknowledged(struct apply *apply);
int apply_case_closed(struct apply *apply);
int apply_case_contacted(struct apply *apply);
int apply_case_handed_over(struct apply *apply);
int apply_case_joined(struct apply *apply);
int apply_case_left(struct apply *apply);
int apply_certificate_issued(struct apply *apply);
int apply_committee_named(struct apply *apply);
int apply_consent_asked(struct apply *apply);
int apply_consent_given(struct apply *apply);
int apply_consent_refused(struct apply *apply);
int apply_contact_changed(struct apply *apply);
int apply_evaluation_given(struct apply *apply);
int apply_meeting_answered(struct apply *apply);
int apply_meeting_booked(struct apply *apply);
int apply_meeting_cancelled(struct apply *apply);
int apply_meeting_changed(struct apply *apply);
int apply_meeting_interpreter_booked(struct apply *apply);
int apply_meeting_planned(struct apply *apply);
int apply_mentoring_paired(struct apply *apply);
int apply_message_confirmed(struct apply *apply);
int apply_notice_answered(struct apply *apply);
int apply_notice_taken(struct apply *apply);
int apply_package_done(struct apply *apply);
int apply_package_due(struct apply *apply);
int apply_person_chose(struct apply *apply);
int apply_placement_cancelled(struct apply *apply);
int apply_placement_changed(struct apply *apply);
int apply_placement_planned(struct apply *apply);
int apply_plan_made(struct apply *apply);
int apply_project_set(struct apply *apply);
int apply_pupil_held(struct apply *apply);
int apply_pupil_located(struct apply *apply);
int apply_pupil_released(struct apply *apply);
int apply_register_synced(struct apply *apply);
int apply_reply_received(struct apply *apply);
int apply_study_place_decided(struct apply *apply);
int apply_survey_answered(struct apply *apply);
int apply_survey_closed(struct apply *apply);
int apply_survey_opened(struct apply *apply);
int apply_transfer_permitted(struct apply *apply);
int apply_transfer_refused(struct apply *apply);
int apply_visit_cancelled(struct apply *apply);
int apply_visit_missed(struct apply *apply);
int apply_visit_planned(struct apply *apply);
int apply_workplace_checkin(struct apply *apply);

#endif
