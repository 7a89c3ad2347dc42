/* Standing groups, projects and mentor schools. */
#include "intake/apply.h"
#include "store/committee.h"
#include "store/organisation.h"
#include "store/person.h"

#include <string.h>

/* The ids of data.NAME, each of which EXISTS finds. */
static int read_ids(struct apply *apply, const char *name, bool are_people, const char **ids,
                    size_t *ret_count)
{
        const json_t *list = fields_array(&apply->data, name);
        char kind[16];
        size_t index;
        json_t *value;
        int r;

        *ret_count = 0;
        if (json_array_size(list) > FIELD_LIST_MAX)
                return apply_refuse(apply, name, "more than %d: name fewer", FIELD_LIST_MAX);
        json_array_foreach((json_t *)list, index, value)
        {
                const char *id = json_string_value(value);

                if (!id || !field_is_id(id))
                        return apply_refuse(apply, name, "no list of ids: write [\"T1\"]");
                r = are_people ? person_exists(apply->db, id, apply->err)
                               : organisation_kind(apply->db, id, kind, apply->err);
                if (r == 0)
                        return apply_refuse(apply, name, "no such %s %s: import the roster first",
                                            are_people ? "person" : "organisation", id);
                if (r < 0)
                        return r;
                ids[(*ret_count)++] = id;
        }
        return apply->data.error;
}

int apply_committee_named(struct apply *apply)
{
        const char *members[FIELD_LIST_MAX];
        struct committee row = {.event = apply->seq};
        struct apply_subject organisation;
        size_t count;
        int r;

        row.id = apply_id(apply, "committee");
        row.kind = fields_id(&apply->data, "kind", REQUIRED);
        row.organisation = fields_id(&apply->data, "organisation", REQUIRED);
        if (apply->data.error)
                return apply->data.error;
        r = apply_organisation_named(apply, "organisation", row.organisation, &organisation);
        if (r == 0)
                r = apply_person(apply, "chair", OPTIONAL, &row.chair);
        if (r == 0)
                r = read_ids(apply, "members", true, members, &count);
        return r < 0 ? r : committee_put(apply->db, &row, members, count, apply->err);
}

int apply_project_set(struct apply *apply)
{
        const char *organisations[FIELD_LIST_MAX];
        struct project row = {.event = apply->seq};
        struct apply_subject organisation;
        size_t count;
        int r;

        row.id = apply_id(apply, "project");
        row.name = fields_text(&apply->data, "name", REQUIRED);
        row.organisation = fields_id(&apply->data, "organisation", REQUIRED);
        row.first_day = fields_day(&apply->data, "from", REQUIRED);
        row.last_day = fields_day(&apply->data, "until", REQUIRED);
        if (apply->data.error)
                return apply->data.error;
        if (strcmp(row.last_day, row.first_day) < 0)
                return apply_refuse(apply, "until", "before from: exchange them");
        r = apply_organisation_named(apply, "organisation", row.organisation, &organisation);
        if (r == 0)
                r = read_ids(apply, "organisations", false, organisations, &count);
        return r < 0 ? r : project_put(apply->db, &row, organisations, count, apply->err);
}

int apply_mentoring_paired(struct apply *apply)
{
        struct mentor_pair row = {.since = apply->time_utc, .event = apply->seq};
        struct apply_subject mentor, mentee;
        int r;

        row.mentor = apply_id(apply, "mentor");
        row.mentee = fields_id(&apply->data, "mentee", REQUIRED);
        row.until = fields_day(&apply->data, "until", OPTIONAL);
        if (apply->data.error)
                return apply->data.error;
        if (strcmp(row.mentor, row.mentee) == 0)
                return apply_refuse(apply, "mentee", "is the mentor itself: name another school");
        r = apply_organisation_named(apply, "mentor", row.mentor, &mentor);
        if (r == 0) { /* the other side may lie outside the sender's scope */
                const struct intake_scope *scope = TAKE(apply->scope);

                r = apply_organisation_named(apply, "mentee", row.mentee, &mentee);
                apply->scope = scope;
        }
        return r < 0 ? r : mentor_pair_put(apply->db, &row, apply->err);
}
