/* What people do with cases. */
#include "intake/apply.h"
#include "store/case_file.h"
#include "store/network.h"

#include <string.h>

/* What stands in a case are codes: whoever has something to tell tells it to a person. */
static int check_code(struct apply *apply, const char *name, const char *text)
{
        if (text && !field_is_code(text))
                return apply_refuse(apply, name, "no code: write letters, digits and -, no free text");
        return 0;
}

/* A case belongs to its pupil's organisation. Nobody's case may be handed on before the transfer of what is
 * known is permitted. */
static int check_case(struct apply *apply, const struct case_act *act)
{
        struct case_pupil pupil;
        int r;

        if (apply->data.error)
                return apply->data.error;
        r = case_pupil(apply->db, act->case_id, &pupil, apply->err);
        if (r == 0)
                return apply_refuse(apply, "case", "no such case %s: correct its number", act->case_id);
        if (r < 0)
                return r;
        if (strcmp(act->act, "handed-over") == 0 && !pupil.may_hand_over)
                return apply_refuse(apply, "case",
                                    "the transfer is not permitted: send transfer.permitted first");
        return apply_check_scope(apply, pupil.organisation);
}

static int add_act(struct apply *apply, const char *act, const char *person_name)
{
        struct case_act row = {.act = act, .at_utc = apply->time_utc, .event = apply->seq};
        int r = 0;

        row.case_id = apply_id(apply, "case");
        row.outcome = fields_id(&apply->data, "outcome", OPTIONAL);
        row.sees = fields_id(&apply->data, "sees", OPTIONAL);
        row.next_contact = fields_day(&apply->data, "next", OPTIONAL);
        row.by = apply_by(apply);
        if (check_code(apply, "outcome", row.outcome) < 0 || check_code(apply, "sees", row.sees) < 0)
                return apply->data.error;
        if (person_name)
                r = apply_person(apply, person_name, REQUIRED, &row.person);
        if (r == 0)
                r = check_case(apply, &row);
        return r < 0 ? r : case_act_add(apply->db, &row, apply->err);
}

int apply_case_acknowledged(struct apply *apply)
{
        return add_act(apply, "acknowledged", NULL);
}

int apply_case_closed(struct apply *apply)
{
        return add_act(apply, "closed", NULL);
}

int apply_case_contacted(struct apply *apply)
{
        return add_act(apply, "contacted", NULL);
}

int apply_case_handed_over(struct apply *apply)
{
        return add_act(apply, "handed-over", "to");
}

int apply_case_joined(struct apply *apply)
{
        return add_act(apply, "joined", "person");
}

int apply_case_left(struct apply *apply)
{
        struct case_act row = {.act = "left", .at_utc = apply->time_utc, .event = apply->seq};
        int r = apply_person(apply, "person", REQUIRED, &row.person);

        row.case_id = apply_id(apply, "case");
        if (r == 0)
                r = check_case(apply, &row);
        if (r < 0)
                return r;
        r = case_leave(apply->db, row.case_id, row.person, apply->err);
        if (r == 0)
                return apply_refuse(apply, "person", "takes no part in the case: nothing to end");
        return r < 0 ? r : 0;
}
