/* Surveys, visits, evaluations and certificates. */
#include "intake/apply.h"
#include "store/audience.h"
#include "store/evaluation.h"
#include "store/network.h"
#include "store/organisation.h"
#include "store/person.h"

#include <string.h>

#define VISIT_SECONDS 3600 /* how long it takes when nobody says */
#define PARTIES_MAX 200    /* hosts and guests of a visit */
#define ANSWERS_MAX 200    /* of one person in one survey */

/* ---- surveys */

int apply_survey_opened(struct apply *apply)
{
        struct survey row = {.opened = apply->time_utc, .event = apply->seq};
        const char *closes = fields_id(&apply->data, "closes", OPTIONAL);
        struct apply_subject organisation;
        char owner[ID_SIZE];
        int32_t date;
        int r = 0;

        row.id = apply_id(apply, "survey");
        row.organisation = fields_id(&apply->data, "organisation", REQUIRED);
        row.audience = fields_id(&apply->data, "audience", OPTIONAL);
        if (apply->data.error)
                return apply->data.error;
        r = apply_organisation_named(apply, "organisation", row.organisation, &organisation);
        if (r < 0)
                return r;
        if (closes && date_parse(closes, &date))
                row.closes = zone_to_utc(organisation.zone, date + 1, 0); /* that day too */
        else if (closes)
                row.closes = apply_moment(apply, "closes", &organisation, organisation.day);
        if (row.audience)
                r = audience_exists(apply->db, row.audience, owner, apply->err);
        if (row.audience && r == 0)
                return apply_refuse(apply, "audience", "no such mailing group %s: import the roster first",
                                    row.audience);
        if (row.audience && r > 0)
                r = audience_size(apply->db, row.audience, apply->err);
        if (row.audience && r == 0)
                return apply_refuse(apply, "audience", "mailing group %s is empty: nobody would be asked",
                                    row.audience);
        if (apply->data.error || r < 0)
                return apply->data.error ? apply->data.error : r;
        if (row.closes && row.closes <= row.opened)
                return apply_refuse(apply, "closes", "not after it opens: correct it");
        return survey_put(apply->db, &row, apply->err);
}

static int read_survey(struct apply *apply, const char **ret_id)
{
        const char *id = apply_id(apply, "survey");
        char organisation[ID_SIZE];
        int r;

        if (!id)
                return apply->data.error;
        *ret_id = id;
        r = survey_exists(apply->db, id, organisation, apply->err);
        if (r == 0)
                return apply_refuse(apply, "survey", "no such survey %s: send survey.opened first", id);
        return r < 0 ? r : apply_check_scope(apply, organisation);
}

/* Codes alone, counted without who gave them: {"q1":"yes"}. */
static int count_answers(struct apply *apply, const char *survey)
{
        json_t *answers = json_object_get(apply->data.object, "answers"), *value;
        const char *question;
        int r;

        if (json_object_size(answers) > ANSWERS_MAX ||
            (answers && !json_is_object(answers) && !json_is_null(answers)))
                return apply_refuse(apply, "answers", "no object of at most %d answers", ANSWERS_MAX);
        json_object_foreach(answers, question, value)
        {
                const char *choice = json_string_value(value);

                if (!choice || !field_is_code(choice) || !field_is_code(question))
                        return apply_refuse(apply, "answers",
                                            "not codes: write {\"q1\":\"yes\"}, no free text");
                r = survey_tally_add(apply->db, survey, question, choice, apply->err);
                if (r < 0)
                        return r;
        }
        return 0;
}

int apply_survey_answered(struct apply *apply)
{
        const char *id, *by;
        int r = read_survey(apply, &id);

        if (r == 0)
                r = apply_person(apply, "by", REQUIRED, &by);
        if (r == 0)
                r = survey_answer_put(apply->db, id, by, apply->time_utc, apply->err);
        return r <= 0 ? r : count_answers(apply, id); /* a second answer is not counted */
}

int apply_survey_closed(struct apply *apply)
{
        const char *id;
        int r = read_survey(apply, &id);

        return r < 0 ? r : survey_close(apply->db, id, apply->time_utc, apply->err);
}

/* ---- visits */

struct parties {
        struct visit_party table[PARTIES_MAX];
        size_t count;
        bool in_scope; /* one of them is the sender's */
};

static int add_party(struct apply *apply, struct parties *parties, const char *name, const char *side,
                     const char *id)
{
        const char *bound = apply->scope && apply->scope->organisation ? apply->scope->organisation : "";
        struct visit_party *party = &parties->table[parties->count];
        char kind[16];
        int r;

        if (!id || !field_is_id(id) || parties->count == PARTIES_MAX)
                return apply_refuse(apply, name, "no list of at most %d ids: write [\"T1\"]", PARTIES_MAX);
        *party = (struct visit_party){side, "person", id};
        r = person_exists(apply->db, id, apply->err);
        if (r == 0) {
                party->kind = "organisation";
                r = organisation_kind(apply->db, id, kind, apply->err);
        }
        if (r == 0)
                return apply_refuse(apply, name, "no such person or organisation %s: import the roster first",
                                    id);
        if (r > 0 && *bound)
                r = party->kind[0] == 'p' ? role_is_under(apply->db, id, bound, apply->err)
                                          : organisation_is_under(apply->db, id, bound, apply->err);
        if (r < 0)
                return r;
        parties->in_scope = parties->in_scope || r > 0;
        parties->count++;
        return 0;
}

static int read_parties(struct apply *apply, struct parties *parties, const char *name, const char *side)
{
        const json_t *value = json_object_get(apply->data.object, name);
        size_t index;
        json_t *each;
        int r = 0;

        if (json_is_string(value))
                return add_party(apply, parties, name, side, json_string_value(value));
        value = fields_array(&apply->data, name);
        json_array_foreach((json_t *)value, index, each)
        {
                r = add_party(apply, parties, name, side, json_string_value(each));
                if (r < 0)
                        return r;
        }
        return apply->data.error;
}

static int set_top_zone(struct apply *apply, struct apply_subject *subject)
{
        char name[ZONE_NAME_MAX];
        int seconds, r;

        r = organisation_top_zone(apply->db, name, apply->err);
        if (r == 0)
                r = zone_keep(name, &subject->zone, apply->err);
        if (r < 0)
                return r;
        zone_to_local(subject->zone, apply->time_utc, &subject->day, &seconds);
        zone_to_local(subject->zone, apply->now_utc, &subject->today, &seconds);
        return 0;
}

static int read_visit(struct apply *apply, struct visit *visit)
{
        struct apply_subject local;
        int32_t day;
        int seconds, r;

        r = set_top_zone(apply, &local);
        if (r < 0)
                return r;
        visit->id = apply_id(apply, "visit");
        visit->kind = fields_id(&apply->data, "kind", OPTIONAL);
        if (!visit->kind)
                visit->kind = "visit";
        visit->place = fields_text(&apply->data, "place", OPTIONAL);
        visit->starts = apply_moment(apply, "starts", &local, local.day);
        if (visit->starts == NO_TIME)
                return apply_refuse(apply, "starts", "missing: say when it is");
        zone_to_local(local.zone, visit->starts, &day, &seconds);
        visit->ends = apply_moment(apply, "ends", &local, day);
        if (visit->ends == NO_TIME)
                visit->ends = visit->starts + VISIT_SECONDS;
        if (visit->ends <= visit->starts)
                return apply_refuse(apply, "ends", "not after starts: correct it");
        return apply_check_day(apply, "starts", &local, day);
}

int apply_visit_planned(struct apply *apply)
{
        struct visit visit = {.event = apply->seq};
        struct parties parties = {0};
        int r;

        r = read_visit(apply, &visit);
        if (r == 0)
                r = read_parties(apply, &parties, "hosts", "host");
        if (r == 0)
                r = read_parties(apply, &parties, "guests", "guest");
        if (r == 0 && !parties.in_scope)
                r = apply_check_scope(apply, ""); /* nobody of the sender's takes part */
        return r < 0 ? r
                     : visit_put(apply->db, apply->now_utc, &visit, parties.table, parties.count, apply->err);
}

int apply_visit_cancelled(struct apply *apply)
{
        const char *id = apply_id(apply, "visit");
        int r;

        if (!id)
                return apply->data.error;
        r = visit_exists(apply->db, id, apply->err);
        if (r == 0)
                return apply_refuse(apply, "visit", "no such visit %s: send visit.planned first", id);
        return r < 0 ? r : visit_cancel(apply->db, apply->now_utc, id, apply->seq, apply->err);
}

/* The guests did not come: a code of its own, since silence says nothing. */
int apply_visit_missed(struct apply *apply)
{
        const char *id = apply_id(apply, "visit");
        int r;

        if (!id)
                return apply->data.error;
        r = visit_miss(apply->db, id, apply->time_utc, apply->err);
        if (r == 0)
                return apply_refuse(apply, "visit",
                                    "no such visit %s that has begun: send visit.planned first", id);
        return r < 0 ? r : 0;
}

/* ---- after a placement */

/* data.marks: {"criterion": 1 … 5}; data.word. What PART said before is forgotten. */
static int put_evaluation(struct apply *apply, const char *placement, const char *part)
{
        const json_t *marks = json_object_get(apply->data.object, "marks");
        const char *word = fields_text(&apply->data, "word", OPTIONAL), *criterion;
        json_t *mark;
        int r;

        if (apply->data.error || (!marks && !word))
                return apply->data.error;
        if (marks && (!json_is_object(marks) || json_object_size(marks) > EVALUATION_CRITERIA_MAX))
                return apply_refuse(apply, "marks", "no marks: write {\"punctuality\": 4, …}");
        r = evaluation_clear(apply->db, placement, part, apply->err);
        json_object_foreach((json_t *)marks, criterion, mark)
        {
                if (r == 0 &&
                    (!field_is_id(criterion) || !json_is_integer(mark) || json_integer_value(mark) < 1 ||
                     json_integer_value(mark) > EVALUATION_MARK_MAX))
                        return apply_refuse(apply, "marks", "no mark from 1 to %d: correct it",
                                            EVALUATION_MARK_MAX);
                if (r == 0)
                        r = evaluation_add_mark(apply->db, placement, part, criterion,
                                                (int)json_integer_value(mark), apply->err);
        }
        if (r == 0 && word && *word)
                r = evaluation_add_word(apply->db, placement, part, word, apply->err);
        return r;
}

int apply_evaluation_given(struct apply *apply)
{
        static const char *const parts[] = {"supervisor", "teacher", "pupil", NULL};
        struct placement placement;
        struct apply_subject pupil;
        const char *part, *by;
        int r;

        r = apply_placement(apply, &placement, &pupil);
        if (r < 0)
                return r;
        part = fields_choice(&apply->data, "part", parts, parts[0]);
        by = apply_by(apply);
        if (apply->data.error)
                return apply->data.error;
        r = evaluation_put(apply->db, placement.id, part, by, apply->time_utc, apply->seq, apply->err);
        return r < 0 ? r : put_evaluation(apply, placement.id, part);
}

int apply_certificate_issued(struct apply *apply)
{
        struct placement placement;
        struct apply_subject pupil;
        const char *by;
        int r;

        r = apply_placement(apply, &placement, &pupil);
        if (r < 0)
                return r;
        by = apply_by(apply);
        return apply->data.error
                   ? apply->data.error
                   : certificate_put(apply->db, placement.id, by, apply->time_utc, apply->seq, apply->err);
}
