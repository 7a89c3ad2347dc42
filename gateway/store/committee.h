/* committee: standing groups with members and a chair, fixed-term projects that span organisations, and pairs
 * of a mentor school and the one it helps. */
#ifndef STORE_COMMITTEE_H
#define STORE_COMMITTEE_H

#include "store/put.h"

struct committee {
        const char *id, *kind, *organisation, *chair; /* chair NULL: none */
        int64_t event;
};

/* Replaces the members. */
int committee_put(struct db *db, const struct committee *row, const char *const *members, size_t count,
                  struct err *err);

/* 1: there is such a group; *ret_chair is "" when it has none. */
int committee_read(struct db *db, const char *id, char ret_organisation[static ID_SIZE],
                   char ret_kind[static ID_SIZE], char ret_chair[static ID_SIZE], struct err *err);

/* Its members take part in MEETING; who does already stays as they are. */
int committee_invite(struct db *db, int64_t now_utc, const char *committee, const char *meeting,
                     struct err *err);

struct project {
        const char *id, *name, *organisation, *first_day, *last_day; /* NULL name, days: as they stand */
        int64_t event;
};

/* Replaces the organisations that take part. ERR_CONFLICT when it would end before it begins. */
int project_put(struct db *db, const struct project *row, const char *const *organisations, size_t count,
                struct err *err);

/* 1: there is such a project, and these are its days. */
int project_days(struct db *db, const char *id, char ret_first[static 11], char ret_last[static 11],
                 struct err *err);

struct mentor_pair {
        const char *mentor, *mentee, *until; /* until NULL: for now */
        int64_t since, event;
};

int mentor_pair_put(struct db *db, const struct mentor_pair *row, struct err *err);

#endif
