/* request: what a handler sees of HTTP: a request that is complete, and the response it fills in. Knows
 * nothing of the library that speaks HTTP.
 *
 * A handler fills request->response by the response_ functions. Which thread runs it, and whether it may
 * leave the answer for later, is told by its route (web/route.h). */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include "base/buf.h"
#include "base/err.h"
#include "store/token.h"
#include "store/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_BODY_MAX ((size_t)4 << 20) /* bytes */
#define REQUEST_URL_MAX 8192               /* bytes, as sent; codes of OpenID providers are long */
#define REQUEST_WILDCARD_MAX 256           /* bytes with the NUL, decoded */
#define RESPONSE_BODY_MAX ((size_t)64 << 20)
#define RESPONSE_HEADER_MAX 8

enum method { METHOD_OTHER, METHOD_GET, METHOD_POST };

struct route;
struct usage;
struct db;
struct json_t;

struct header {
        const char *name; /* a literal */
        char *value;      /* owned */
};

struct response {
        int status;               /* 0: not answered yet */
        const char *content_type; /* a literal; NULL: no body */
        const char *cache;        /* Cache-Control, a literal; NULL: no-store */
        void *data;
        size_t length;
        void (*release)(void *owner); /* of data; NULL: data is a literal or none */
        void *owner;
        struct header headers[RESPONSE_HEADER_MAX];
        int header_count;
        bool is_close; /* the connection ends with this response */
        void *ready;   /* response_ready's, borrowed; NULL: none */
        void **keep;   /* where response_keep wants it; NULL: nowhere */
};

struct request {
        enum method method; /* HEAD is GET */
        bool is_head;
        const struct route *route;
        char wildcard[REQUEST_WILDCARD_MAX]; /* what stood for the * of the route's pattern */
        struct buf body;                     /* of POST; any bytes */
        struct token token;                  /* whose request it is; id "" when the route asks for none */
        struct usage *usage;                 /* admit's count of that token's requests */
        struct response response;

        bool is_slow;         /* runs on the reader thread */
        struct request *next; /* the reader's */

        void *state; /* the handler's own; given to free_state with the request's end */
        void (*free_state)(void *state);

        /* request_write's */
        struct writer_job job;
        int (*run)(struct request *request, struct db *db, int64_t now_utc, struct err *err);
        void (*answer)(struct request *request, int result, const struct err *err);
};

/* Header and query values, NULL when there is none; borrowed until the handler returns, and not to be asked
 * for later. A query value holds no NUL byte. */
const char *request_header(struct request *request, const char *name);
const char *request_query(struct request *request, const char *name);

/* The parts of a multipart/form-data body (RFC 7578), in pieces: NAME's bytes from OFFSET on; FILENAME is
 * NULL for what is no file. EACH returns false to stop. On the I/O thread, before the handler leaves it.
 * False: the body is none, or EACH stopped. */
bool request_parts(struct request *request,
                   bool (*each)(void *context, const char *name, const char *filename, const char *data,
                                size_t offset, size_t length),
                   void *context);

/* Ends what a ROUTE_LATER handler began: the response goes out. Once, from any thread; the request must not
 * be touched afterwards. */
void request_finish(struct request *request);

/* Hands RUN to the writer as a job, and after the commit (or its failure) has ANSWER fill the response in, in
 * the writer's thread; then finishes the request. A full queue is answered 503. For ROUTE_LATER handlers, as
 * their last act. */
void request_write(struct request *request, struct writer *writer,
                   int (*run)(struct request *request, struct db *db, int64_t now_utc, struct err *err),
                   void (*answer)(struct request *request, int result, const struct err *err));

/* Whether the Accept header (NULL: anything) takes CONTENT_TYPE, parameters left aside. */
bool accept_takes(const char *accept, const char *content_type);

/* Whether HEADER, a Content-Type, names TYPE; parameters (charset) and case do not matter. */
bool content_type_is(const char *header, const char *type);

/* ---- responses. Out of memory becomes an empty 500. */

#define TYPE_JSON "application/json"
#define TYPE_TEXT "text/plain; charset=utf-8"
#define TYPE_HTML "text/html; charset=utf-8"

/* Takes the content of BODY, which is left empty. */
void response_buf(struct response *response, int status, const char *content_type, struct buf *body);
/* Takes JSON (jansson's) and prints it in one line; NULL is out of memory. */
void response_json(struct response *response, int status, struct json_t *json);
/* TEXT is a literal. */
void response_literal(struct response *response, int status, const char *content_type, const char *text);
/* DATA is borrowed until RELEASE(OWNER) is called, from any thread. */
void response_shared(struct response *response, int status, const char *content_type, const void *data,
                     size_t length, void (*release)(void *owner), void *owner);
/* NAME is a literal; VALUE is copied. A value with a control character is left out. */
void response_header(struct response *response, const char *name, const char *value);
/* {"error":"…"} in one line. */
void response_error(struct response *response, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The status for an enum err_code and ERR's text; 503 with Retry-After when the store cannot. */
void response_err(struct response *response, int code, const struct err *err);
/* For what is sent again and again, on the I/O thread alone (ROUTE_FAST). response_keep: what the response
 * has become for the library is kept at *RET_READY, which stands until the handler's thread has sent it;
 * response_ready sends that once more, with nothing else to be filled in. */
void response_keep(struct response *response, void **ret_ready);
void response_ready(struct response *response, int status, void *ready);
void *response_ready_free(void *ready); /* takes NULL, returns NULL */
void response_fini(struct response *response);

/* TEXT as a JSON string with its quotes; what is no UTF-8 becomes U+FFFD. */
int json_add(struct buf *buf, const char *text);
/* TEXT escaped for HTML content and quoted attributes; control characters but newline and tab are left out.
 */
int html_add(struct buf *buf, const char *text);

#endif
