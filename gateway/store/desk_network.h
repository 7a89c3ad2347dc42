/* desk_network: visits, and surveys as totals. Lists as in store/desk_placement.h. */
#ifndef STORE_DESK_NETWORK_H
#define STORE_DESK_NETWORK_H

#include "store/desk_placement.h"
#include "store/network.h"

#define DESK_NETWORK_MAX 50 /* visits, surveys of one page */

struct desk_visit {
        const char *id, *kind;
        const char *place; /* NULL: not said, or it would tell where somebody protected is */
        const char *hosts,
            *guests; /* names of organisations and of staff, joined by ", "; NULL: none of them */
        int64_t starts, ends;
        int others; /* who come and are no staff: pupils, families */
        bool is_off, is_missed;
};
/* Visits in which somebody of SCOPE takes part, that end after FROM_UTC. */
int desk_visits(struct db *db, const char *scope, int64_t from_utc,
                int (*each)(void *context, const struct desk_visit *visit, struct err *err), void *context,
                struct err *err);
/* 1: there is such a visit, and somebody of SCOPE takes part. */
int desk_visit_is_open(struct db *db, const char *scope, const char *visit, struct err *err);

/* Schools and what stands above them in the whole network that SCOPE belongs to; `of` is what a school stands
 * under. */
int desk_choose_network(struct db *db, const char *scope, desk_choice_each *each, void *context,
                        struct err *err);

/* Surveys of SCOPE, the open ones and then the latest first. `answered` is -1 while fewer than SURVEY_LEAST
 * have. NAME is the organisation's. */
int desk_surveys(struct db *db, const char *scope,
                 int (*each)(void *context, const struct survey_state *state, const char *name,
                             const char *audience, struct err *err),
                 void *context, struct err *err);

#endif
