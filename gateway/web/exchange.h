/* exchange: one request and its response on a connection, between the library that speaks HTTP and the
 * handlers. For httpd.c, exchange.c and receive.c alone. */
#ifndef WEB_EXCHANGE_H
#define WEB_EXCHANGE_H

#include "web/httpd.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum exchange_state {
        RECEIVING, /* the body comes in */
        REFUSED,   /* the response is ready, the rest of the body is thrown away */
        WAITING,   /* suspended: somebody works on it */
        ANSWERED,  /* the response is ready */
        ABANDONED, /* the gateway stops: 503, and what its worker still writes is not looked at */
};

/* One request and its response on a connection. Two may hold it: the connection, until the response is out,
 * and who works on it, until request_finish. */
struct exchange {
        struct request request;
        struct httpd *httpd;
        struct MHD_Connection *connection;
        atomic_int references;
        enum exchange_state state;        /* guarded by httpd->mutex while WAITING, else the I/O thread's */
        struct exchange *previous, *next; /* in httpd->waiting, guarded likewise */
        bool is_owed;
        size_t held_bytes, discarded; /* of the body */
        int64_t began_ms;
};

struct httpd {
        struct httpd_options options;
        struct MHD_Daemon *daemon;
        struct db *db; /* the I/O thread's, under db_mutex: the reader thread lets it rest */
        pthread_mutex_t db_mutex;
        struct reader *reader;
        int port;
        size_t upload_bytes; /* the I/O thread's */
        atomic_int references;
        atomic_bool draining;  /* new requests are refused */
        pthread_mutex_t mutex; /* guards what follows */
        pthread_cond_t settled;
        struct exchange *waiting;
        int owed;     /* requests that are in whole and whose answer is not out yet */
        bool stopped; /* nothing may be suspended any more */
};

struct exchange *exchange_new(struct httpd *httpd, struct MHD_Connection *connection);
void exchange_unref(struct exchange *exchange);

/* Suspends the connection and gives its worker a hold on the exchange; false when the gateway stops. */
bool exchange_suspend(struct exchange *exchange);

/* With the mutex held, so that httpd_close never stops the daemon under it. */
void exchange_resume(struct exchange *exchange, enum exchange_state state);

/* Queues the response. */
enum MHD_Result exchange_send(struct exchange *exchange);

void httpd_unref(struct httpd *httpd);

/* receive.c: what the library calls, on the I/O thread, with the httpd as its context. */
void *receive_url(void *context, const char *url, struct MHD_Connection *connection);
enum MHD_Result receive_request(void *context, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *data, size_t *length,
                                void **state);
void receive_completed(void *context, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode code);

#endif
