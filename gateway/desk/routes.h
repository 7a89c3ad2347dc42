/* routes: what web_open must know of the desk. */
#ifndef DESK_ROUTES_H
#define DESK_ROUTES_H

#include "web/route.h"

extern const struct route desk_routes[];
extern const size_t desk_route_count;

/* live.c */
void live_get(struct web *web, struct request *request, struct db *db);

#endif
