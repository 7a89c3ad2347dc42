/* network: surveys, visits, evaluations, certificates and what people did with cases. */
#ifndef STORE_NETWORK_H
#define STORE_NETWORK_H

#include "store/put.h"

#include <stdbool.h>

struct survey {
        const char *id, *organisation, *audience; /* audience NULL: none */
        int64_t opened, closes;                   /* closes 0: not said */
        int64_t event;
};

int survey_put(struct db *db, const struct survey *row, struct err *err);
int survey_exists(struct db *db, const char *id, char ret_organisation[static ID_SIZE], struct err *err);
/* 1: it was the person's first answer. */
int survey_answer_put(struct db *db, const char *survey, const char *person, int64_t at_utc, struct err *err);
int survey_tally_add(struct db *db, const char *survey, const char *question, const char *choice,
                     struct err *err);
int survey_close(struct db *db, const char *survey, int64_t at_utc, struct err *err);

#define SURVEY_LEAST 5 /* answers: what fewer gave is never shown */

/* How a survey stands. ANSWERED counts people, -1 while they are fewer than SURVEY_LEAST. */
struct survey_state {
        const char *id, *organisation;
        int64_t opened, closes; /* closes 0: not said */
        bool is_closed;
        int asked, answered;
};

/* Every survey, or the one named ID (NULL: all), the latest first; 0 or what EACH returns when negative. */
int survey_list(struct db *db, const char *id, int (*each)(void *context, const struct survey_state *state),
                void *context, struct err *err);

/* What the answers of a survey sum up to (view survey_total), by question and choice. */
int survey_totals(struct db *db, const char *id,
                  int (*each)(void *context, const char *question, const char *choice, int answers),
                  void *context, struct err *err);

struct visit_party {
        const char *side, *kind, *party; /* side: host, guest; kind: person, organisation */
};

struct visit {
        const char *id, *kind, *place; /* place NULL: none */
        int64_t starts, ends;
        int64_t event;
};

/* Planning one again changes it and replaces its parties. */
int visit_put(struct db *db, int64_t now_utc, const struct visit *row, const struct visit_party *parties,
              size_t count, struct err *err);
int visit_exists(struct db *db, const char *id, struct err *err);
/* 0: there is none in force that had begun by then. */
int visit_miss(struct db *db, const char *id, int64_t at_utc, struct err *err);
int visit_cancel(struct db *db, int64_t now_utc, const char *id, int64_t event, struct err *err);

int evaluation_put(struct db *db, const char *placement, const char *part, const char *by, int64_t at_utc,
                   int64_t event, struct err *err);
int certificate_put(struct db *db, const char *placement, const char *by, int64_t at_utc, int64_t event,
                    struct err *err);

struct case_act {
        const char *case_id, *act;
        const char *person, *sees, *outcome, *by; /* NULL: none */
        const char *next_contact;                 /* day; NULL: as the rule says */
        int64_t at_utc, event;
};

/* Moves the case on too; one of an unknown case is only kept. */
int case_act_add(struct db *db, const struct case_act *row, struct err *err);

/* PERSON takes part no more, and sees nothing of it. 0: they did not. */
int case_leave(struct db *db, const char *case_id, const char *person, struct err *err);

#endif
