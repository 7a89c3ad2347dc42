/* pupil: what the files of the pupil's page share. For them alone. */
#ifndef DESK_PUPIL_H
#define DESK_PUPIL_H

#include "desk/desk.h"
#include "store/desk_setting.h"

#define PUPIL_RULE "absence-hours" /* whose numbers a pupil's plan may set here */
#define PUPIL_STEPS 4

/* Its parameters, rising. */
extern const char *const pupil_steps[PUPIL_STEPS];

/* The number of a rule's parameter that counts for the pupil of the page today; false: there is none. */
int pupil_number(struct desk *desk, const char *rule, const char *name, int64_t *ret_value);

/* Under which it is set for the pupil alone. */
struct setting_key pupil_key(const struct desk *desk, int step);

/* Sets the charts, the hours, the share and the table of the school year, and what waits for a word. */
int pupil_set_year(struct desk *desk, const char *organisation);

/* Sets the placements and their line of time. */
int pupil_set_placements(struct desk *desk, bool is_protected);

#endif
