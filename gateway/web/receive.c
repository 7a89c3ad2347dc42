/* A request as it comes in: what is refused, who answers the rest. */
#include "base/clock.h"
#include "web/exchange.h"
#include "web/reader.h"

#include <string.h>
#include <strings.h>

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
static bool admit(struct exchange *exchange)
{
        struct httpd *httpd = exchange->httpd;
        bool is_admitted;

        pthread_mutex_lock(&httpd->db_mutex);
        is_admitted = httpd->options.admit(httpd->options.web, &exchange->request, httpd->db);
        pthread_mutex_unlock(&httpd->db_mutex);
        return is_admitted;
}

/* A handler that runs on the I/O thread. */
static void handle(struct exchange *exchange)
{
        struct httpd *httpd = exchange->httpd;

        pthread_mutex_lock(&httpd->db_mutex);
        exchange->request.route->handle(httpd->options.web, &exchange->request, httpd->db);
        pthread_mutex_unlock(&httpd->db_mutex);
}

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
        else if (admit(exchange) && content_length(exchange) > REQUEST_BODY_MAX)
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

void *receive_url(void *context, const char *url, struct MHD_Connection *connection)
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
                return exchange_send(exchange);
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

        if (!exchange_suspend(exchange)) {
                exchange->state = ABANDONED;
                return exchange_send(exchange);
        }
        if (request->route->kind == ROUTE_LATER) {
                handle(exchange);
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

        owe(exchange);
        if (request->route->kind == ROUTE_FAST)
                handle(exchange);
        if (!request->response.status)
                return hand_over(exchange);
        exchange->state = ANSWERED;
        return exchange_send(exchange);
}

enum MHD_Result receive_request(void *context, struct MHD_Connection *connection, const char *url,
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
        return exchange->state == RECEIVING ? dispatch(exchange) : exchange_send(exchange);
}

void receive_completed(void *context, struct MHD_Connection *connection, void **state,
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
