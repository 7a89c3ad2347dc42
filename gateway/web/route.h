/* route: which handler answers which path. A table of struct route, kept in alphabetical order of its
 * patterns; a pattern may hold one '*', which stands for one non-empty segment or the part of one before a
 * suffix
 * (".ics"). */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "web/request.h"

struct web;

enum route_kind {
        /* Answers at once, on the I/O thread, from memory or by a quick read of its connection. When it
         * leaves the response empty it is called once more on the reader thread, with request->is_slow set,
         * and answers there. */
        ROUTE_FAST,
        /* Answers on the reader thread: pages that take milliseconds. */
        ROUTE_SLOW,
        /* On the reader thread too, and ends by request_finish, as ROUTE_LATER: what is written after it was
         * read. */
        ROUTE_SLOW_LATER,
        /* Begins on the I/O thread and ends by request_finish, from any thread: writes, work of others. */
        ROUTE_LATER,
};

struct route {
        enum method method; /* a GET route answers HEAD too */
        const char *pattern;
        enum route_kind kind;
        /* DB is the calling thread's own read connection. */
        void (*handle)(struct web *web, struct request *request, struct db *db);
        const char *scope;              /* that the Bearer token must have; NULL: no token is asked for */
        const char *const *media_types; /* accepted Content-Types, ending with NULL; NULL: any */
        const char *produces;           /* 406 when Accept does not take it; NULL: Accept is not looked at */
        bool (*is_enabled)(const struct web *web); /* NULL: always */
};

/* The route for METHOD and PATH, its wildcard copied; NULL when there is none: *ret_allow then has a bit (1
 * << method) for each method that the path does know. */
const struct route *route_find(const struct route *table, size_t count, const struct web *web,
                               enum method method, const char *path,
                               char ret_wildcard[static REQUEST_WILDCARD_MAX], unsigned *ret_allow);

#endif
