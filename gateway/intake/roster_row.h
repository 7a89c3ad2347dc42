/* roster_row: reads one row of each array of our roster JSON; for roster.c. Each returns 0, or a negative
 * code with what is wrong with the row. */
#ifndef INTAKE_ROSTER_ROW_H
#define INTAKE_ROSTER_ROW_H

#include "intake/load.h"

struct roster_place {
        const char *where; /* "people[3]" */
        int line, pass;
};

/* Organisations are read once for each kind, from the network down, so that parents stand before children. */
#define ROSTER_ORGANISATION_PASSES 4

int roster_row_audience(struct load *load, const json_t *row, const struct roster_place *place,
                        struct err *err);
int roster_row_calendar(struct load *load, const json_t *row, const struct roster_place *place,
                        struct err *err);
int roster_row_carer(struct load *load, const json_t *row, const struct roster_place *place, struct err *err);
int roster_row_guardian(struct load *load, const json_t *row, const struct roster_place *place,
                        struct err *err);
int roster_row_lesson(struct load *load, const json_t *row, const struct roster_place *place,
                      struct err *err);
int roster_row_organisation(struct load *load, const json_t *row, const struct roster_place *place,
                            struct err *err);
int roster_row_person(struct load *load, const json_t *row, const struct roster_place *place,
                      struct err *err);
int roster_row_role(struct load *load, const json_t *row, const struct roster_place *place, struct err *err);
int roster_row_workplace(struct load *load, const json_t *row, const struct roster_place *place,
                         struct err *err);

#endif
