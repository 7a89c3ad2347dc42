/* httpd: HTTP/1.1 on one I/O thread (libmicrohttpd, poll, suspend and resume) and one reader thread,
 * answering by a table of routes. Knows no page and no row; struct web is only handed on.
 *
 * Limits: bodies REQUEST_BODY_MAX (413) and HTTPD_UPLOAD_MAX together (503), request line and headers
 * HTTPD_HEADER_MAX (431), URL REQUEST_URL_MAX (414), connections and connections of one address as the
 * options say (refused by closing), silence for timeout_s (closed), HTTPD_BODY_TIME_MAX_MS for a body
 * (closed). */
#ifndef WEB_HTTPD_H
#define WEB_HTTPD_H

#include "web/route.h"

#define HTTPD_HEADER_MAX ((size_t)16 << 10)  /* bytes; a connection has twice as much, cleared each time */
#define HTTPD_UPLOAD_MAX ((size_t)256 << 20) /* bytes of all bodies being held */
#define HTTPD_BODY_TIME_MAX_MS 120000
#define HTTPD_DISCARD_MAX \
        ((size_t)16 << 20) /* bytes of a refused body that are read so that its answer is too */

struct httpd;

struct httpd_options {
        const char *listen; /* address or name; NULL: 127.0.0.1 */
        int port;           /* 0: any free one */
        const char *db_path;
        const struct route *table;
        size_t count;
        struct web *web;
        /* On the I/O thread, when the headers are in and a route is found: false refuses, with the response
         * filled. */
        bool (*admit)(struct web *web, struct request *request, struct db *db);
        /* On the I/O thread, when an admitted or refused request has ended, whatever became of it. */
        void (*ended)(struct web *web, struct request *request);
        /* Once, when nothing of the httpd uses WEB any more: that may be after httpd_close, on the thread
         * that ends the last request, and also when httpd_open failed. NULL: nobody asks. */
        void (*released)(struct web *web);
        /* Fills the 404. */
        void (*missing)(struct web *web, struct request *request);
        unsigned connection_max;  /* 0: 512 */
        unsigned per_address_max; /* 0: 128, on loopback connection_max */
        unsigned timeout_s;       /* 0: 30 */
        unsigned drain_ms;        /* how long httpd_close waits for answers that are owed; 0: 5000 */
};

/* Listens and serves from here on. ERR_IO when the address cannot be had. */
int httpd_open(const struct httpd_options *options, struct httpd **ret_httpd, struct err *err);

int httpd_port(const struct httpd *httpd);

/* Accepts nothing new, waits for what is owed (at most drain_ms, then 503), and stops. The writer must still
 * run. A ROUTE_LATER request that is not finished by then may be finished later: that has no effect any more.
 * Takes NULL, returns NULL. */
struct httpd *httpd_close(struct httpd *httpd);

#endif
