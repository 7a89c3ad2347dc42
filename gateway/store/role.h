/* role: who is what in which organisation, from a day until a day. */
#ifndef STORE_ROLE_H
#define STORE_ROLE_H

#include "base/zone_keep.h"
#include "store/put.h"

struct role {
        const char *person, *role, *organisation;
        const char *first_day;  /* NULL: since ever */
        const char *last_day;   /* NULL: for now */
        int grade;              /* 0: none */
        const char *controller; /* of the personal data: municipality, county; NULL: as the role has it */
};

int role_put(struct db *db, const char *source, const struct role *row, struct err *err);

/* The last day of PERSON's role in ORGANISATION becomes the one before TODAY, when SOURCE owns it: how many
 * rows that ended. */
int role_end(struct db *db, const char *source, const char *person, const char *role,
             const char *organisation, const char *today, struct err *err);

/* Where a pupil belongs on a day. */
struct role_place {
        char organisation[ID_SIZE];
        char zone[ZONE_NAME_MAX];
};

/* The organisation in which PERSON is a pupil on DAY, else the one in which they were last. 0: never was a
 * pupil. */
int role_of_pupil(struct db *db, const char *person, const char *day, struct role_place *ret_place,
                  struct err *err);

/* 1: PERSON has or had a role in ORGANISATION or below it. */
int role_is_under(struct db *db, const char *person, const char *organisation, struct err *err);

#endif
