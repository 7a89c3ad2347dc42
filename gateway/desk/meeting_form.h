/* meeting_form: what the forms of meetings share: the fields, and who may be invited. For desk/ alone. */
#ifndef DESK_MEETING_FORM_H
#define DESK_MEETING_FORM_H

#include "desk/plan.h"
#include "store/desk_meeting.h"

/* As typed; borrowed from the form. */
struct meeting_input {
        const char *kind, *title, *place, *link, *chair, *audience;
        char starts[24], ends[24]; /* "2026-11-25T13:00", local */
        char repeats[64];          /* an RRULE; "": does not repeat */
        int32_t date;
};

/* NULL, or the word that says what is wrong. */
const char *meeting_form_read(const struct desk *desk, const struct form *form,
                              struct meeting_input *ret_input);

/* Sets `kinds`, `repeat_choices` and what stands in the fields; MEETING may be NULL: a new one. */
void meeting_form_set(struct desk *desk, const struct desk_meeting *meeting);

/* Sets `people`, those who can be invited, and marks who is: by the form that is being answered, else the
 * participants of MEETING (NULL: the reader alone). */
int meeting_form_set_people(struct desk *desk, const struct desk_invitation *invitation, const char *meeting);

/* The people of FORM as a list for `participants`: NULL when one of them may not be invited (*ret_r 0), or it
 * failed (*ret_r negative). Who takes part in MEETING already (NULL: a new one) may stay. */
json_t *meeting_form_people(struct desk *desk, const struct form *form,
                            const struct desk_invitation *invitation, const char *meeting, int *ret_r);

#endif
