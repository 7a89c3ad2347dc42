/* What a pupil has and needs on the way: plans, cards, consents, packages, applications, study places,
 * transfers. */
#include "intake/apply.h"
#include "store/meeting.h"
#include "store/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int apply_plan_made(struct apply *apply)
{
        static const char *const kinds[] = {"learning", "support", "further-study", NULL};
        struct plan_made row = {.at_utc = apply->time_utc, .event = apply->seq};
        struct apply_subject pupil;
        int r;

        r = apply_pupil(apply, &pupil);
        if (r < 0)
                return r;
        row.pupil = pupil.id;
        row.kind = fields_choice(&apply->data, "kind", kinds, kinds[0]);
        row.until = fields_day(&apply->data, "until", OPTIONAL);
        row.by = apply_by(apply);
        return apply->data.error ? apply->data.error : plan_add(apply->db, &row, apply->err);
}

int apply_card_given(struct apply *apply)
{
        struct card_given row = {.at_utc = apply->time_utc, .event = apply->seq};
        struct apply_subject pupil;
        int r;

        r = apply_pupil(apply, &pupil);
        if (r < 0)
                return r;
        row.pupil = pupil.id;
        row.card = fields_id(&apply->data, "card", REQUIRED);
        row.expires = fields_day(&apply->data, "expires", OPTIONAL);
        return apply->data.error ? apply->data.error : card_put(apply->db, &row, apply->err);
}

/* ---- consents */

typedef int find_pupil(struct db *db, const char *id, char ret_pupil[static ID_SIZE], struct err *err);

/* The pupil of what is named by data.NAME: as it stands, else as data.pupil says. BUFFER holds the id. */
static int read_owned(struct apply *apply, const char *name, find_pupil *find, char buffer[static ID_SIZE],
                      const char **ret_id, struct apply_subject *ret_pupil)
{
        const char *given = fields_id(&apply->data, "pupil", OPTIONAL);
        const char *id = apply_id(apply, name);
        int r;

        if (!id)
                return apply->data.error;
        *ret_id = id;
        r = find(apply->db, id, buffer, apply->err);
        if (r < 0)
                return r;
        if (r == 0 && !given)
                return apply_refuse(apply, name, "no such %s %s: give its pupil", name, id);
        if (r > 0 && given && strcmp(given, buffer) != 0)
                return apply_refuse(apply, "pupil", "%s %s is another pupil's: correct it", name, id);
        if (r == 0)
                memcpy(buffer, given, strlen(given) + 1);
        return apply_pupil_named(apply, "pupil", buffer, ret_pupil);
}

/* Of a trip that is over nothing can be asked or answered any more; 0 when there is no such meeting. */
static int check_trip(struct apply *apply, const char *meeting)
{
        int64_t starts = 0, ends = 0;
        int r = meeting_hours(apply->db, meeting, &starts, &ends, apply->err);

        if (r > 0 && apply->time_utc >= ends)
                return apply_refuse(apply, "meeting", "%s is over: a consent comes too late", meeting);
        return r;
}

static int put_consent(struct apply *apply, const char *state)
{
        struct consent row = {.state = state, .at_utc = apply->time_utc, .event = apply->seq};
        char pupil_id[ID_SIZE], meeting[ID_SIZE] = "";
        struct apply_subject pupil;
        int r;

        r = read_owned(apply, "consent", consent_pupil, pupil_id, &row.id, &pupil);
        if (r < 0)
                return r;
        row.pupil = pupil.id;
        row.by = apply_by(apply);
        row.meeting = fields_id(&apply->data, "meeting", OPTIONAL);
        if (!row.meeting && !apply->data.error)
                r = consent_meeting(apply->db, row.id, meeting, apply->err);
        if ((row.meeting || meeting[0]) && !apply->data.error && r >= 0) {
                r = check_trip(apply, row.meeting ? row.meeting : meeting);
                if (r == 0 && row.meeting)
                        return apply_refuse(apply, "meeting",
                                            "no such meeting %s: send meeting.planned first", row.meeting);
        }
        if (apply->data.error || r < 0)
                return apply->data.error ? apply->data.error : r;
        return consent_put(apply->db, &row, apply->err);
}

int apply_consent_asked(struct apply *apply)
{
        return put_consent(apply, "asked");
}

int apply_consent_given(struct apply *apply)
{
        return put_consent(apply, "given");
}

int apply_consent_refused(struct apply *apply)
{
        return put_consent(apply, "refused");
}

/* ---- packages */

int apply_package_due(struct apply *apply)
{
        struct package row = {.event = apply->seq};
        struct apply_subject pupil;
        char pupil_id[ID_SIZE];
        int r;

        r = read_owned(apply, "package", package_pupil, pupil_id, &row.id, &pupil);
        if (r < 0)
                return r;
        row.pupil = pupil.id;
        row.subject_name = fields_text(&apply->data, "subject_name", OPTIONAL);
        row.due = fields_day(&apply->data, "due", OPTIONAL);
        return apply->data.error ? apply->data.error : package_put(apply->db, &row, apply->err);
}

int apply_package_done(struct apply *apply)
{
        struct package row = {.event = apply->seq};
        struct apply_subject pupil;
        char pupil_id[ID_SIZE];
        int r;

        r = read_owned(apply, "package", package_pupil, pupil_id, &row.id, &pupil);
        if (r < 0)
                return r;
        row.pupil = pupil.id;
        r = package_pupil(apply->db, row.id, pupil_id, apply->err);
        if (r == 0) /* done before anybody said that it was due */
                r = package_put(apply->db, &row, apply->err);
        return r < 0 ? r : package_done(apply->db, row.id, apply->time_utc, apply->err);
}

/* ---- applications */

int apply_application_received(struct apply *apply)
{
        struct application row = {.at_utc = apply->time_utc, .event = apply->seq};
        struct apply_subject organisation;
        int r;

        row.id = apply_id(apply, "application");
        r = apply_person(apply, "pupil", REQUIRED, &row.pupil);
        if (r == 0)
                r = apply_person(apply, "applicant", OPTIONAL, &row.applicant);
        row.organisation = fields_id(&apply->data, "organisation", REQUIRED);
        if (r < 0 || apply->data.error)
                return r < 0 ? r : apply->data.error;
        r = apply_organisation_named(apply, "organisation", row.organisation, &organisation);
        if (r < 0)
                return r;
        if (!row.applicant)
                row.applicant = row.pupil;
        return application_put(apply->db, &row, apply->err);
}

#define CRITERIA_MAX 16
#define CRITERIA_TEXT_MAX (CRITERIA_MAX * (FIELD_CODE_MAX + 1))

static int compare_codes(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The codes by which an application was judged, in alphabetical order with a blank between; "": not said. */
static int read_criteria(struct apply *apply, char ret_criteria[static CRITERIA_TEXT_MAX])
{
        const json_t *list = fields_array(&apply->data, "criteria"), *each;
        const char *codes[CRITERIA_MAX];
        size_t count = json_array_size(list), index, length = 0;

        ret_criteria[0] = '\0';
        if (count > CRITERIA_MAX)
                return apply_refuse(apply, "criteria", "more than %d: name fewer", CRITERIA_MAX);
        json_array_foreach((json_t *)list, index, each)
        {
                codes[index] = json_string_value(each);
                if (!codes[index] || !field_is_code(codes[index]))
                        return apply_refuse(apply, "criteria",
                                            "no list of codes: write letters, digits and -, no free text");
        }
        if (count)
                qsort(codes, count, sizeof *codes, compare_codes);
        for (size_t i = 0; i < count; i++)
                if (i == 0 || strcmp(codes[i - 1], codes[i]) != 0)
                        length += (size_t)snprintf(ret_criteria + length, CRITERIA_TEXT_MAX - length, "%s%s",
                                                   i ? " " : "", codes[i]);
        return 0;
}

int apply_application_decided(struct apply *apply)
{
        static const char *const decisions[] = {"accepted", "refused", NULL};
        char criteria[CRITERIA_TEXT_MAX];
        const char *id = apply_id(apply, "application");
        struct apply_subject pupil;
        char pupil_id[ID_SIZE];
        const char *decision;
        int r;

        decision = fields_need_choice(&apply->data, "decision", decisions);
        r = read_criteria(apply, criteria);
        if (r < 0 || apply->data.error)
                return r < 0 ? r : apply->data.error;
        r = application_pupil(apply->db, id, pupil_id, apply->err);
        if (r == 0)
                return apply_refuse(apply, "application",
                                    "no such application %s: send application.received first", id);
        if (r > 0 && apply->scope && apply->scope->organisation && *apply->scope->organisation)
                r = apply_pupil_named(apply, "application", pupil_id, &pupil);
        return r < 0 ? r
                     : application_decide(apply->db, id, decision, criteria[0] ? criteria : NULL,
                                          apply->time_utc, apply->err);
}

/* ---- transitions */

int apply_study_place_decided(struct apply *apply)
{
        static const char *const states[] = {"none", "offered", "confirmed", NULL};
        struct apply_subject pupil;
        const char *state;
        int r;

        r = apply_pupil(apply, &pupil);
        if (r < 0)
                return r;
        state = fields_need_choice(&apply->data, "state", states);
        return apply->data.error
                   ? apply->data.error
                   : study_place_put(apply->db, pupil.id, state, apply->time_utc, apply->seq, apply->err);
}

static int put_permission(struct apply *apply, const char *state)
{
        struct apply_subject pupil;
        const char *by;
        int r;

        r = apply_pupil(apply, &pupil);
        if (r < 0)
                return r;
        by = apply_by(apply);
        return apply->data.error ? apply->data.error
                                 : transfer_permission_put(apply->db, pupil.id, state, by, apply->time_utc,
                                                           apply->seq, apply->err);
}

int apply_transfer_permitted(struct apply *apply)
{
        return put_permission(apply, "permitted");
}

int apply_transfer_refused(struct apply *apply)
{
        return put_permission(apply, "refused");
}
