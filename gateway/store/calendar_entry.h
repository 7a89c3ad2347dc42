/* calendar_entry: terms, breaks, holidays and working Saturdays of an organisation; calendar_day.h makes days
 * of them. */
#ifndef STORE_CALENDAR_ENTRY_H
#define STORE_CALENDAR_ENTRY_H

#include "store/put.h"

struct calendar_entry {
        const char *organisation, *first_day, *last_day, *kind;
        const char *name; /* NULL: none */
};

int calendar_entry_put(struct db *db, const char *source, const struct calendar_entry *row, struct err *err);

#endif
