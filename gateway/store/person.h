/* person: people, their contacts and what they chose. */
#ifndef STORE_PERSON_H
#define STORE_PERSON_H

#include "store/put.h"

struct person {
        const char *id, *given, *family;
        const char *born, *language, *timezone; /* NULL: none */
        bool is_protected;
        bool says_little; /* NULL and false say nothing: what is known already stays */
};

/* Also brings back one who had ended. */
int person_put(struct db *db, const char *source, const struct person *row, struct err *err);

/* Of a person whom SOURCE owns; an enum put. */
int person_put_born(struct db *db, const char *source, const char *person, const char *born, struct err *err);

/* 1: there is such a person and they have not ended. */
int person_exists(struct db *db, const char *id, struct err *err);

/* 1: there is such a person, or was. */
int person_is_known(struct db *db, const char *id, struct err *err);

/* 1: PERSON worked somewhere, but does no more on DAY, and never was a pupil, a guardian or a carer. */
int person_has_left(struct db *db, const char *id, const char *day, struct err *err);

/* 1: as person_exists, and when SOURCE owns the row it was marked as seen (store/seen.h) in this import. */
int person_stays(struct db *db, const char *id, const char *source, struct err *err);

struct contact {
        const char *channel, *value;
        bool safe;
};

struct contact_counts {
        int added, updated, ended;
};

/* Replaces the contacts of PERSON that SOURCE owns by these, in the order in which they are tried; a contact
 * that stays keeps its state, and one that its owner replaced on a page does not come back
 * (store/contact_replaced.h). Adds to *COUNTS. */
int person_put_contacts(struct db *db, const char *source, const char *person, const struct contact *contacts,
                        size_t count, struct contact_counts *counts, struct err *err);

/* Replaces what PERSON chose. */
int person_put_choices(struct db *db, const char *person, const char *const *choices, size_t count,
                       struct err *err);

/* Each language that somebody who has not ended speaks, in order. */
int person_languages(struct db *db, int (*each)(void *context, const char *language, struct err *err),
                     void *context, struct err *err);

#endif
