/* page_settings: what people choose for themselves, and their contacts as they see them. */
#ifndef STORE_PAGE_SETTINGS_H
#define STORE_PAGE_SETTINGS_H

#include "store/put.h"

int person_set_language(struct db *db, const char *person, const char *language, struct err *err);
int person_set_choice(struct db *db, const char *person, const char *choice, bool is_chosen, struct err *err);

/* The first good contact of the channel; 1: there is one. */
int person_contact(struct db *db, const char *person, const char *channel, char ret_value[static 321],
                   struct err *err);

/* VALUE in place of the first contact of the channel, in its place and no safer than it was; OLD is what it
 * was. A roster that still brings OLD does not undo it (person_put_contacts). */
int person_contact_replace(struct db *db, const char *person, const char *channel, const char *old,
                           const char *value, struct err *err);

#endif
