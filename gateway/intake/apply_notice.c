/* Answers to notices, and holds. */
#include "intake/apply.h"
#include "store/answer.h"
#include "store/attendance.h"
#include "store/case_file.h"
#include "store/hold.h"
#include "store/organisation.h"
#include "store/person.h"

#include <string.h>

/* What a notice was about: a pupil in most rules, but also a placement, a meeting, a case. Scope can be told
 * for pupils, placements and organisations; a sender with a scope may write about nothing else. */
static int check_subject(struct apply *apply, const char *id, bool *ret_is_pupil,
                         struct apply_subject *ret_pupil)
{
        char day[DATE_TEXT_MAX], kind[16];
        struct case_pupil in_case;
        struct placement placement;
        struct role_place place;
        int r;

        *ret_is_pupil = false;
        date_print((int32_t)(apply->time_utc / DAY_SECONDS), day);
        r = role_of_pupil(apply->db, id, day, &place, apply->err);
        if (r < 0)
                return r;
        if (r > 0) {
                *ret_is_pupil = true;
                return apply_pupil_named(apply, "subject", id, ret_pupil);
        }
        r = placement_read(apply->db, id, &placement, apply->err);
        if (r > 0)
                return apply_pupil_named(apply, "subject", placement.pupil, ret_pupil);
        if (r == 0)
                r = case_pupil(apply->db, id, &in_case, apply->err);
        if (r > 0)
                return apply_check_scope(apply, in_case.organisation);
        if (r == 0)
                r = organisation_kind(apply->db, id, kind, apply->err);
        if (r > 0)
                return apply_check_scope(apply, id);
        return r < 0 ? r : apply_check_scope(apply, "no organisation");
}

/* "I knew" is an explanation of the day that was asked about. */
static int explain_day(struct apply *apply, const struct apply_subject *pupil, const char *asked_day,
                       const struct answer *answer)
{
        struct absence_word word = {
            .pupil = pupil->id,
            .class = answer->class ? answer->class : "other",
            .by = answer->by ? answer->by : answer->recipient,
            .event = apply->seq,
            .received = apply->now_utc,
        };
        int32_t day = pupil->day;

        if (asked_day[0])
                date_parse(asked_day, &day);
        word.starts = zone_to_utc(pupil->zone, day, 0);
        word.ends = zone_to_utc(pupil->zone, day + 1, 0);
        return explanation_add(apply->db, &word, apply->err);
}

static int check_asked(struct apply *apply, const struct answer *answer, char ret_day[static ANSWER_DAY_SIZE])
{
        int r;

        ret_day[0] = '\0';
        r = answer_asked(apply->db, answer->recipient, answer->subject, answer->rule, ret_day, apply->err);
        if (r == ANSWER_NEVER_ASKED)
                return apply_refuse(apply, "recipient",
                                    "%s was never asked by %s about %s: answer a notice that was sent",
                                    answer->recipient, answer->rule, answer->subject);
        return r < 0 ? r : 0;
}

int apply_answer(struct apply *apply, const struct answer *answer)
{
        char asked_day[ANSWER_DAY_SIZE];
        struct apply_subject pupil;
        bool is_pupil;
        int r;

        r = check_subject(apply, answer->subject, &is_pupil, &pupil);
        if (r == 0)
                r = check_asked(apply, answer, asked_day);
        if (r == 0)
                r = answer_add(apply->db, answer, apply->err);
        if (r == 0 && is_pupil && strcmp(answer->answer, "knew") == 0)
                r = explain_day(apply, &pupil, asked_day, answer);
        return r;
}

int apply_notice_answered(struct apply *apply)
{
        static const char *const answers[] = {"knew", "did-not-know", "call-me", NULL};
        static const char *const classes[] = {"health", "leave", "other", NULL};
        struct answer row = {.event = apply->seq, .at_utc = apply->time_utc};

        row.recipient = fields_id(&apply->data, "recipient", REQUIRED);
        row.subject = apply_id(apply, "subject");
        row.rule = fields_id(&apply->data, "rule", REQUIRED);
        row.answer = fields_need_choice(&apply->data, "answer", answers);
        row.class = fields_choice(&apply->data, "class", classes, NULL);
        row.by = apply_by(apply);
        return apply->data.error ? apply->data.error : apply_answer(apply, &row);
}

/* Staff's word on a notice: whoever takes it on, or confirms a held message. */
static int add_staff_answer(struct apply *apply, struct answer *row)
{
        struct apply_subject pupil;
        char kind[16];
        bool is_pupil;
        int r;

        row->event = apply->seq;
        row->at_utc = apply->time_utc;
        if (apply->data.error)
                return apply->data.error;
        r = check_subject(apply, row->subject, &is_pupil, &pupil);
        if (r == 0)
                r = organisation_kind(apply->db, row->subject, kind, apply->err);
        if (r == 0) /* a fuse is an organisation's: its messages are about others */
                r = answer_told(apply->db, row->subject, row->rule, apply->err);
        if (r == ANSWER_NEVER_ASKED)
                return apply_refuse(apply, "subject",
                                    "nobody was told anything about %s: name what a notice was about",
                                    row->subject);
        return r < 0 ? r : answer_add(apply->db, row, apply->err);
}

int apply_notice_taken(struct apply *apply)
{
        struct answer row = {.answer = "taken"};

        row.subject = apply_id(apply, "subject");
        row.by = apply_by(apply);
        row.recipient = fields_id(&apply->data, "recipient", OPTIONAL);
        if (!row.recipient)
                row.recipient = row.by;
        if (!row.recipient)
                apply_refuse(apply, "recipient", "missing: say who takes it");
        row.rule = fields_id(&apply->data, "rule", OPTIONAL);
        if (!row.rule)
                row.rule = "";
        return add_staff_answer(apply, &row);
}

int apply_message_confirmed(struct apply *apply)
{
        struct answer row = {.answer = "confirmed"};

        row.subject = apply_id(apply, "subject");
        row.by = apply_by(apply);
        row.recipient = fields_id(&apply->data, "recipient", OPTIONAL);
        row.rule = fields_id(&apply->data, "rule", OPTIONAL);
        if (!row.recipient && !row.rule)
                apply_refuse(apply, "recipient", "missing: say whose message, or of which rule");
        if (!row.recipient)
                row.recipient = "";
        if (!row.rule)
                row.rule = "";
        return add_staff_answer(apply, &row);
}

/* ---- holds */

static int hold_pupil(struct apply *apply, const char *id, struct hold *hold, struct apply_subject *subject)
{
        hold->kind = "pupil";
        hold->subject = id;
        return apply_pupil_named(apply, "pupil", id, subject);
}

static int hold_group(struct apply *apply, const char *id, struct hold *hold, struct apply_subject *subject)
{
        hold->kind = "group";
        hold->subject = id;
        return apply_organisation_named(apply, "group", id, subject);
}

/* data.pupil or data.group; else the event's subject, which may be either. */
static int read_held(struct apply *apply, struct hold *hold, struct apply_subject *subject)
{
        const char *pupil = fields_id(&apply->data, "pupil", OPTIONAL);
        const char *group = fields_id(&apply->data, "group", OPTIONAL);
        char kind[16];
        int r;

        if (apply->data.error)
                return apply->data.error;
        if (pupil && group)
                return apply_refuse(apply, "group", "given beside pupil: send two events");
        if (pupil)
                return hold_pupil(apply, pupil, hold, subject);
        if (group)
                return hold_group(apply, group, hold, subject);
        if (!apply->event->subject)
                return apply_refuse(apply, "pupil", "missing: give pupil or group");
        r = organisation_kind(apply->db, apply->event->subject, kind, apply->err);
        if (r < 0)
                return r;
        return r ? hold_group(apply, apply->event->subject, hold, subject)
                 : hold_pupil(apply, apply->event->subject, hold, subject);
}

int apply_pupil_held(struct apply *apply)
{
        struct hold hold = {.starts = apply->time_utc, .ends = INT64_MAX, .event = apply->seq};
        const char *until = fields_id(&apply->data, "until", OPTIONAL);
        struct apply_subject subject;
        int32_t date;
        int r;

        hold.reason = fields_text(&apply->data, "reason", OPTIONAL);
        hold.by = apply_by(apply);
        r = read_held(apply, &hold, &subject);
        if (r < 0)
                return r;
        if (until && date_parse(until, &date))
                hold.ends = zone_to_utc(subject.zone, date + 1, 0); /* that day too */
        else if (until)
                hold.ends = apply_moment(apply, "until", &subject, subject.day);
        if (apply->data.error)
                return apply->data.error;
        if (hold.ends <= hold.starts)
                return apply_refuse(apply, "until", "not after the event's time: correct it");
        return hold_add(apply->db, &hold, apply->err);
}

int apply_pupil_released(struct apply *apply)
{
        struct apply_subject subject;
        struct hold hold = {0};
        int r = read_held(apply, &hold, &subject);

        return r < 0 ? r : hold_release(apply->db, hold.kind, hold.subject, apply->time_utc, apply->err);
}
