/* place: what templates and time need to know of an organisation: its school, its zone, its languages, its
 * tenant. */
#ifndef STORE_PLACE_H
#define STORE_PLACE_H

#include "base/err.h"

struct db;

struct place {
        char *organisation, *unit; /* id and name of the organisation itself */
        char *school,
            *phone; /* name of the nearest school or, without one, of itself; the nearest phone, "" */
        char *tenant, *timezone;
        char *language; /* the first */
};

/* ERR_NOT_FOUND when there is no such organisation. Free with place_fini. */
int place_get(struct db *db, const char *organisation, struct place *ret_place, struct err *err);
void place_fini(struct place *place);

/* The zone of the organisation at the top (of several, the first by id); "Europe/Helsinki" when there is
 * none. free() it. */
int place_top_timezone(struct db *db, char **ret_timezone, struct err *err);

/* Name of a workplace; 1 when it exists. free() it. */
int workplace_name(struct db *db, const char *workplace, char **ret_name, struct err *err);

#endif
