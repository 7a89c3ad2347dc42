/* contact_replaced: a contact that its owner changed on a page stands for as long as the roster brings what
 * it replaced. Once the roster brings another contact of the channel and no more that one, the roster wins.
 * Runs inside the caller's transaction. */
#ifndef STORE_CONTACT_REPLACED_H
#define STORE_CONTACT_REPLACED_H

#include "store/person.h"

#define SOURCE_PAGE "page" /* `source` of contacts that their owners gave on a page */

/* PERSON puts VALUE in place of OLD: before the rows of contact change. */
int contact_replaced_note(struct db *db, const char *person, const char *channel, const char *old,
                          const char *value, struct err *err);

/* 1: PERSON replaced CONTACT, which SOURCE brings. */
int contact_is_replaced(struct db *db, const char *source, const char *person, const struct contact *contact,
                        struct err *err);

/* Ends what PERSON gave on a page where SOURCE, which brings CONTACTS now, has moved on. Adds to *COUNTS. */
int contact_replaced_drop(struct db *db, const char *source, const char *person,
                          const struct contact *contacts, size_t count, struct contact_counts *counts,
                          struct err *err);

#endif
