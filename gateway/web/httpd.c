#include "web/httpd.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/db.h"
#include "web/listen.h"
#include "web/reader.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define CONNECTION_MAX 512
#define PER_ADDRESS_MAX 256
#define TIMEOUT_S 30
#define DRAIN_MS 5000
#define CONNECTION_BYTES \
        (2 * HTTPD_HEADER_MAX) /* past this the library refuses the head itself, in its own words */
#define ABANDON_MS 1000        /* for the 503 of what was not answered while draining to go out */

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
        struct db *db; /* the I/O thread's */
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

static void httpd_unref(struct httpd *httpd)
{
        if (atomic_fetch_sub(&httpd->references, 1) > 1)
                return;
        pthread_cond_destroy(&httpd->settled);
        pthread_mutex_destroy(&httpd->mutex);
        free(httpd);
}

static void exchange_unref(struct exchange *exchange)
{
        struct request *request = &exchange->request;

        if (atomic_fetch_sub(&exchange->references, 1) > 1)
                return;
        if (request->state && request->free_state)
                request->free_state(request->state);
        response_fini(&request->response);
        buf_fini(&request->body);
        httpd_unref(exchange->httpd);
        free(exchange);
}

static struct exchange *exchange_new(struct httpd *httpd, struct MHD_Connection *connection)
{
        struct exchange *exchange = calloc(1, sizeof *exchange);

        if (!exchange)
                return NULL;
        exchange->httpd = httpd;
        exchange->connection = connection;
        exchange->references = 1;
        exchange->began_ms = clock_monotonic_ms();
        buf_init(&exchange->request.body, REQUEST_BODY_MAX);
        atomic_fetch_add(&httpd->references, 1);
        return exchange;
}

static struct exchange *exchange_of(struct request *request)
{
        return (struct exchange *)((char *)request - offsetof(struct exchange, request));
}

const char *request_header(struct request *request, const char *name)
{
        return MHD_lookup_connection_value(exchange_of(request)->connection, MHD_HEADER_KIND, name);
}

const char *request_query(struct request *request, const char *name)
{
        const char *value = NULL;
        size_t length = 0;

        if (MHD_lookup_connection_value_n(exchange_of(request)->connection, MHD_GET_ARGUMENT_KIND, name,
                                          strlen(name), &value, &length) != MHD_YES ||
            !value || strlen(value) != length)
                return NULL;
        return value;
}

/* ---- waiting */

/* Suspends the connection and gives its worker a hold on the exchange; false when the gateway stops. */
static bool suspend(struct exchange *exchange)
{
        struct httpd *httpd = exchange->httpd;
        bool may;

        pthread_mutex_lock(&httpd->mutex);
        may = !httpd->stopped;
        if (may) {
                exchange->state = WAITING;
                atomic_fetch_add(&exchange->references, 1);
                exchange->next = httpd->waiting;
                if (httpd->waiting)
                        httpd->waiting->previous = exchange;
                httpd->waiting = exchange;
                MHD_suspend_connection(exchange->connection);
        }
        pthread_mutex_unlock(&httpd->mutex);
        return may;
}

/* With the mutex held, so that httpd_close never stops the daemon under it. */
static void resume(struct exchange *exchange, enum exchange_state state)
{
        if (exchange->previous)
                exchange->previous->next = exchange->next;
        else
                exchange->httpd->waiting = exchange->next;
        if (exchange->next)
                exchange->next->previous = exchange->previous;
        exchange->previous = exchange->next = NULL;
        exchange->state = state;
        MHD_resume_connection(exchange->connection);
}

void request_finish(struct request *request)
{
        struct exchange *exchange = exchange_of(request);
        struct httpd *httpd = exchange->httpd;

        pthread_mutex_lock(&httpd->mutex);
        if (exchange->state == WAITING)
                resume(exchange, ANSWERED);
        pthread_mutex_unlock(&httpd->mutex);
        exchange_unref(exchange);
}

/* ---- responses */

static void add_header(struct MHD_Response *out, const struct response *response, const char *name,
                       const char *value)
{
        for (int i = 0; i < response->header_count; i++)
                if (strcasecmp(response->headers[i].name, name) == 0)
                        return; /* the handler's own word stands */
        MHD_add_response_header(out, name, value);
}

static void add_headers(struct MHD_Response *out, const struct response *response)
{
        for (int i = 0; i < response->header_count; i++)
                MHD_add_response_header(out, response->headers[i].name, response->headers[i].value);
        if (response->content_type)
                add_header(out, response, "Content-Type", response->content_type);
        if (response->content_type && strncmp(response->content_type, "text/html", 9) == 0)
                add_header(out, response, "Content-Security-Policy",
                           "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
                           "base-uri 'none'; frame-ancestors 'none'");
        add_header(out, response, "Cache-Control", response->cache ? response->cache : "no-store");
        add_header(out, response, "X-Content-Type-Options", "nosniff");
        add_header(out, response, "Referrer-Policy", "no-referrer");
        if (response->is_close)
                add_header(out, response, "Connection", "close");
}

static enum MHD_Result queue(struct exchange *exchange, struct response *response)
{
        struct MHD_Response *out;
        enum MHD_Result result;

        if (response->release)
                out = MHD_create_response_from_buffer_with_free_callback_cls(
                    response->length, response->data, response->release, response->owner);
        else
                out = MHD_create_response_from_buffer(
                    response->length, response->data ? response->data : (void *)"", MHD_RESPMEM_PERSISTENT);
        if (!out)
                return MHD_NO;
        response->release = NULL; /* the library's now */
        response->data = response->owner = NULL;
        add_headers(out, response);
        result = MHD_queue_response(exchange->connection, (unsigned)response->status, out);
        MHD_destroy_response(out);
        return result;
}

static enum MHD_Result send_response(struct exchange *exchange)
{
        static const char text[] = "{\"error\":\"gateway: stopping: try again later\"}\n";
        struct response stopping = {.status = 503, .is_close = true};
        enum MHD_Result result;

        if (exchange->state != ABANDONED) {
                if (exchange->httpd->draining)
                        exchange->request.response.is_close = true;
                return queue(exchange, &exchange->request.response);
        }
        response_literal(&stopping, 503, TYPE_JSON, text);
        response_header(&stopping, "Retry-After", "5");
        result = queue(exchange, &stopping);
        response_fini(&stopping);
        return result;
}

/* ---- requests */

static void refuse_stopping(struct exchange *exchange)
{
        struct response *response = &exchange->request.response;

        response_error(response, 503, "gateway: stopping: try again later");
        response_header(response, "Retry-After", "5");
        response->is_close = true;
}

static void refuse_method(struct exchange *exchange, unsigned allow)
{
        struct response *response = &exchange->request.response;
        const char *text = allow == (1u << METHOD_GET)    ? "GET, HEAD"
                           : allow == (1u << METHOD_POST) ? "POST"
                                                          : "GET, HEAD, POST";

        response_error(response, 405, "method: is not for this address: use %s", text);
        response_header(response, "Allow", text);
}

static enum method read_method(const char *method)
{
        if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
                return METHOD_GET;
        return strcmp(method, "POST") == 0 ? METHOD_POST : METHOD_OTHER;
}

static uint64_t content_length(struct exchange *exchange)
{
        const char *text = request_header(&exchange->request, "Content-Length");

        return text ? strtoull(text, NULL, 10) : 0; /* the library has checked the digits */
}

static void refuse_size(struct exchange *exchange)
{
        response_error(&exchange->request.response, 413, "body: is over %zu bytes: send it in parts",
                       REQUEST_BODY_MAX);
}

/* Looks at the headers: leaves a response when the request is refused. */
static void check(struct exchange *exchange, const char *path)
{
        const struct httpd_options *options = &exchange->httpd->options;
        struct request *request = &exchange->request;
        unsigned allow;

        request->route = route_find(options->table, options->count, options->web, request->method, path,
                                    request->wildcard, &allow);
        if (!request->route && allow)
                refuse_method(exchange, allow);
        else if (!request->route)
                options->missing(options->web, request);
        else if (options->admit(options->web, request, exchange->httpd->db) &&
                 content_length(exchange) > REQUEST_BODY_MAX)
                refuse_size(exchange);
}

struct framing {
        int lengths, encodings;
};

static enum MHD_Result count_framing(void *context, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
        struct framing *framing = context;

        (void)kind;
        (void)value;
        framing->lengths += strcasecmp(name, "Content-Length") == 0;
        framing->encodings += strcasecmp(name, "Transfer-Encoding") == 0;
        return MHD_YES;
}

/* Two words on where the body ends: a proxy in front may have believed the other one. */
static bool is_ambiguous(struct exchange *exchange)
{
        struct framing framing = {0};

        MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, count_framing, &framing);
        return framing.lengths + framing.encodings > 1;
}

static bool is_head_too_large(struct exchange *exchange)
{
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

        return info && info->header_size > HTTPD_HEADER_MAX;
}

static const char url_too_long;

static void *on_url(void *context, const char *url, struct MHD_Connection *connection)
{
        (void)context;
        (void)connection;
        return strlen(url) > REQUEST_URL_MAX ? (void *)(uintptr_t)&url_too_long : NULL;
}

/* Leaves a response when the request is refused for its form. */
static void check_form(struct exchange *exchange, bool is_too_long)
{
        struct response *response = &exchange->request.response;

        if (exchange->httpd->draining)
                refuse_stopping(exchange);
        else if (is_head_too_large(exchange))
                response_error(response, 431, "headers: are over %zu bytes: send fewer", HTTPD_HEADER_MAX);
        else if (is_too_long)
                response_error(response, 414, "address: is over %d bytes: shorten it", REQUEST_URL_MAX);
        else if (is_ambiguous(exchange))
                response_error(response, 400,
                               "body: its length is told twice: send one Content-Length or chunks");
        response->is_close = response->status != 0;
}

/* The headers are in. A client that waits for leave to send its body, or that would send very much, is
 * refused at once; others would lose the answer if they could not send their body first. */
static enum MHD_Result begin(struct exchange *exchange, const char *method, const char *path,
                             bool is_too_long)
{
        struct request *request = &exchange->request;

        request->method = read_method(method);
        request->is_head = strcmp(method, "HEAD") == 0;
        check_form(exchange, is_too_long);
        if (!request->response.status)
                check(exchange, path);
        if (!request->response.status)
                return MHD_YES;
        exchange->state = REFUSED;
        if (request->response.is_close || request_header(request, "Expect") ||
            content_length(exchange) > HTTPD_DISCARD_MAX) {
                request->response.is_close = true;
                return send_response(exchange);
        }
        return MHD_YES;
}

static enum MHD_Result receive(struct exchange *exchange, const char *data, size_t length)
{
        struct request *request = &exchange->request;
        struct httpd *httpd = exchange->httpd;

        if (clock_monotonic_ms() - exchange->began_ms > HTTPD_BODY_TIME_MAX_MS)
                return MHD_NO;
        if (exchange->state == REFUSED) {
                exchange->discarded += length;
                return exchange->discarded <= HTTPD_DISCARD_MAX ? MHD_YES : MHD_NO;
        }
        if (httpd->upload_bytes + length <= HTTPD_UPLOAD_MAX && buf_add(&request->body, data, length) == 0) {
                httpd->upload_bytes += length;
                exchange->held_bytes += length;
                return MHD_YES;
        }
        exchange->state = REFUSED;
        if (buf_error(&request->body) == ERR_LIMIT) {
                refuse_size(exchange);
        } else {
                response_error(&request->response, 503, "gateway: too many uploads at once: try again later");
                response_header(&request->response, "Retry-After", "1");
        }
        httpd->upload_bytes -= exchange->held_bytes;
        exchange->held_bytes = 0;
        buf_fini(&request->body);
        return MHD_YES;
}

static void owe(struct exchange *exchange)
{
        pthread_mutex_lock(&exchange->httpd->mutex);
        exchange->is_owed = true;
        exchange->httpd->owed++;
        pthread_mutex_unlock(&exchange->httpd->mutex);
}

static enum MHD_Result hand_over(struct exchange *exchange)
{
        struct request *request = &exchange->request;
        struct httpd *httpd = exchange->httpd;

        if (!suspend(exchange)) {
                exchange->state = ABANDONED;
                return send_response(exchange);
        }
        if (request->route->kind == ROUTE_LATER) {
                request->route->handle(httpd->options.web, request, httpd->db);
        } else if (reader_submit(httpd->reader, request) < 0) {
                response_error(&request->response, 503, "gateway: too many pages wait: try again later");
                response_header(&request->response, "Retry-After", "1");
                request_finish(request);
        }
        return MHD_YES;
}

/* The request is in whole. */
static enum MHD_Result dispatch(struct exchange *exchange)
{
        struct request *request = &exchange->request;
        struct httpd *httpd = exchange->httpd;

        owe(exchange);
        if (request->route->kind == ROUTE_FAST)
                request->route->handle(httpd->options.web, request, httpd->db);
        if (!request->response.status)
                return hand_over(exchange);
        exchange->state = ANSWERED;
        return send_response(exchange);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data, size_t *length,
                                  void **state)
{
        struct exchange *exchange = *state;
        enum MHD_Result result;
        bool is_too_long;

        (void)version;
        if (!exchange || *state == (void *)(uintptr_t)&url_too_long) {
                is_too_long = exchange;
                *state = exchange = exchange_new(context, connection);
                return exchange ? begin(exchange, method, url, is_too_long) : MHD_NO;
        }
        if (*length) {
                result = receive(exchange, data, *length);
                *length = 0;
                return result;
        }
        return exchange->state == RECEIVING ? dispatch(exchange) : send_response(exchange);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
        struct exchange *exchange = *state;
        struct httpd *httpd = context;

        (void)connection;
        (void)code;
        *state = NULL;
        if (!exchange || (void *)exchange == (void *)(uintptr_t)&url_too_long)
                return;
        httpd->upload_bytes -= exchange->held_bytes;
        httpd->options.ended(httpd->options.web, &exchange->request);
        if (exchange->is_owed) {
                pthread_mutex_lock(&httpd->mutex);
                httpd->owed--;
                pthread_cond_signal(&httpd->settled);
                pthread_mutex_unlock(&httpd->mutex);
        }
        exchange_unref(exchange);
}

/* ---- start and stop */

static int start(struct httpd *httpd, int socket, struct err *err)
{
        const struct httpd_options *options = &httpd->options;

        httpd->daemon = MHD_start_daemon(
            MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, httpd,
            MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_NOTIFY_COMPLETED, on_completed, httpd,
            MHD_OPTION_URI_LOG_CALLBACK, on_url, httpd, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES,
            MHD_OPTION_CONNECTION_LIMIT, options->connection_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
            options->per_address_max, MHD_OPTION_CONNECTION_TIMEOUT, options->timeout_s,
            MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
        if (!httpd->daemon)
                return err_set(err, ERR_IO, "web: the server does not start: check the limit of open files");
        return 0;
}

static struct httpd *make(const struct httpd_options *options)
{
        struct httpd *httpd = calloc(1, sizeof *httpd);
        pthread_condattr_t attributes;

        if (!httpd)
                return NULL;
        httpd->options = *options;
        httpd->references = 1;
        pthread_mutex_init(&httpd->mutex, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&httpd->settled, &attributes);
        pthread_condattr_destroy(&attributes);
        if (!options->connection_max)
                httpd->options.connection_max = CONNECTION_MAX;
        if (!options->per_address_max)
                httpd->options.per_address_max = PER_ADDRESS_MAX;
        if (!options->timeout_s)
                httpd->options.timeout_s = TIMEOUT_S;
        if (!options->drain_ms)
                httpd->options.drain_ms = DRAIN_MS;
        return httpd;
}

int httpd_open(const struct httpd_options *options, struct httpd **ret_httpd, struct err *err)
{
        struct httpd *httpd = make(options);
        int socket = -1, r;

        if (!httpd)
                return err_set(err, ERR_NOMEM, "web: out of memory");
        r = listen_open(options->listen, options->port, &socket, &httpd->port, err);
        if (r == 0)
                r = db_open(options->db_path, DB_READER, &httpd->db, err);
        if (r == 0)
                r = reader_open(options->db_path, options->web, &httpd->reader, err);
        if (r == 0)
                r = start(httpd, socket, err);
        if (r < 0) {
                reader_close(httpd->reader);
                db_close(httpd->db);
                if (socket >= 0)
                        close(socket);
                httpd_unref(httpd);
                return r;
        }
        *ret_httpd = httpd;
        return 0;
}

int httpd_port(const struct httpd *httpd)
{
        return httpd->port;
}

/* Waits, with the mutex held, until nothing is owed, at most for TIME_MS. */
static void settle(struct httpd *httpd, int64_t time_ms)
{
        int64_t until_ms = clock_monotonic_ms() + time_ms;
        struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};

        while (httpd->owed)
                if (pthread_cond_timedwait(&httpd->settled, &httpd->mutex, &until) != 0)
                        return;
}

struct httpd *httpd_close(struct httpd *httpd)
{
        int socket, abandoned = 0;

        if (!httpd)
                return NULL;
        httpd->draining = true;
        socket = MHD_quiesce_daemon(httpd->daemon);
        if (socket >= 0)
                close(socket);
        reader_stop(httpd->reader);
        pthread_mutex_lock(&httpd->mutex);
        settle(httpd, httpd->options.drain_ms);
        httpd->stopped = true;
        for (; httpd->waiting; abandoned++)
                resume(httpd->waiting, ABANDONED);
        settle(httpd, ABANDON_MS);
        pthread_mutex_unlock(&httpd->mutex);
        if (abandoned)
                log_warning("web", "%d requests were not answered in %u ms and were told to try again",
                            abandoned, httpd->options.drain_ms);
        MHD_stop_daemon(httpd->daemon);
        reader_close(httpd->reader);
        db_close(httpd->db);
        httpd_unref(httpd);
        return NULL;
}
