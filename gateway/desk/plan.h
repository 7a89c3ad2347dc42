/* plan: what the pages share on which something is planned: ids of new things, months, lists to choose from.
 * For desk/ alone. */
#ifndef DESK_PLAN_H
#define DESK_PLAN_H

#include "base/date.h"
#include "desk/desk.h"
#include "store/desk_placement.h"

#define PLAN_ID_SIZE 24
#define PLAN_LIST_MAX 100 /* rows of one list, then "more" */

/* The id of what FORM makes: the same form sent twice makes the same thing. PREFIX: two letters. */
int plan_new_id(struct desk *desk, const struct form *form, const char *prefix,
                char ret_id[static PLAN_ID_SIZE]);

/* A month: of ?month=, else the one of today. */
struct plan_month {
        int year, month;
        int32_t first, last;
        char first_text[DATE_TEXT_MAX], last_text[DATE_TEXT_MAX];
};
void plan_month_read(const struct desk *desk, struct plan_month *ret_month);
/* Sets `month_name`, `year_text`; `month`, `previous`, `next` ("2026-10"). */
void plan_month_set(struct desk *desk, const struct plan_month *month);

/* How many of a list to leave out: ?start=. */
int plan_start(const struct desk *desk);

/* For desk_choose_…: adds maps with id, name, of and is_chosen to a list. */
struct plan_choices {
        struct value *list;
        const char *chosen; /* id; "": none */
        bool is_found;      /* the chosen one was among them */
        char first[PAGE_ID_SIZE];
};
int plan_add_choice(void *context, const struct desk_choice *choice, struct err *err);

/* For the same: whether the one that a form names can be chosen. */
struct plan_looked {
        const char *id;
        bool is_found;
};
int plan_look(void *context, const struct desk_choice *choice, struct err *err);

/* Whole minutes: "09:00" as seconds from noon; false when it is no time. */
bool plan_read_time(const char *text, int *ret_seconds);
void plan_print_time(int seconds_from_noon, char ret_text[static 6]);

/* The value of the form's NAME while one is answered, else OTHERWISE: what stands in a field. */
const char *plan_typed(const struct desk *desk, const char *name, const char *otherwise);

/* Whether the form that is being answered says that ACT: then what holds it stands open. */
bool plan_is_act(const struct desk *desk, const char *act);

/* ---- the plan of a placement, as a form says it */

struct plan_input {
        char pupil[ID_SIZE], workplace[ID_SIZE],
            supervisor[ID_SIZE]; /* supervisor "": the workplace's first */
        char from[DATE_TEXT_MAX], until[DATE_TEXT_MAX];
        int32_t first_day, last_day;
        int starts, ends;  /* seconds from noon */
        unsigned weekdays; /* bit 1 Monday … bit 7 Sunday */
        bool is_block;
};

/* NULL, or the word that says what is wrong with it. Whether ids may be used is not looked at. */
const char *plan_read_input(const struct desk *desk, const struct form *form, struct plan_input *ret_input);

/* Sets `plan`: what stands in the fields. */
void plan_set_input(struct desk *desk, const struct plan_input *input);

/* The data of placement.planned (or .changed) for PLACEMENT; NULL when out of memory. */
json_t *plan_input_data(const struct plan_input *input, const char *placement);

/* Takes the event in, looks at what rules, calendar and others would say to the plan, and takes it back:
 * nothing is left of it. DATA is given away. Sets `warnings`, `free_days`, `work_days`. 0: it was refused. */
int plan_try(struct desk *desk, const struct form *form, const char *type, const char *placement,
             const char *pupil, json_t *data);

/* Sets `standing`: what the rules say of PLACEMENT of PUPIL as it stands, and `has_standing`. */
int plan_set_standing(struct desk *desk, const char *placement, const char *pupil);

#endif
