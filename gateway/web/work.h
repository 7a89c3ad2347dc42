/* work: what the pages of supervisors, pupils and guardians share about placements. For web/ alone. */
#ifndef WEB_WORK_H
#define WEB_WORK_H

#include "store/page_work.h"
#include "web/linked.h"

/* Sets the values of a placement in MAP: dates, hours, who has signed. Names of places of a protected pupil
 * stay out. */
void work_set_placement(struct linked *linked, struct value *map, const struct work_placement *placement);

/* For work_placements, with the struct linked as CONTEXT: adds a placement to the list `placements`. */
int work_add_placement(void *context, const struct work_placement *placement, struct err *err);

/* The placement linked->of (or, when that is empty, the link's, or the reader's only one) as `placement`,
 * copied; 404 when it is none of the reader's. What is needed of it afterwards: */
struct work_found {
        char id[PAGE_ID_SIZE], last_day[11], first_day[11];
        int64_t signed_guardian, signed_workplace, signed_school, evaluated, evaluated_by_pupil, certified;
        bool is_found;
};
int work_find(struct linked *linked, struct work_found *ret_found, struct err *err);

int work_show_sign(struct linked *linked);
int work_act_sign(struct linked *linked, const struct form *form);
int work_show_evaluate(struct linked *linked);
int work_act_evaluate(struct linked *linked, const struct form *form);
int work_show_certificate(struct linked *linked);
int work_show_sheet(struct linked *linked);
int work_show_calendar(struct linked *linked);
int work_act_calendar(struct linked *linked, const struct form *form);

#endif
