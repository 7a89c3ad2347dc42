#include "web/exchange.h"
#include "base/clock.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

void httpd_unref(struct httpd *httpd)
{
        if (atomic_fetch_sub(&httpd->references, 1) > 1)
                return;
        if (httpd->options.released)
                httpd->options.released(httpd->options.web);
        pthread_cond_destroy(&httpd->settled);
        pthread_mutex_destroy(&httpd->mutex);
        pthread_mutex_destroy(&httpd->db_mutex);
        free(httpd);
}

void exchange_unref(struct exchange *exchange)
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

struct exchange *exchange_new(struct httpd *httpd, struct MHD_Connection *connection)
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

/* ---- the parts of a body */

#define PARTS_BUFFER_BYTES 32768

struct parts {
        bool (*each)(void *context, const char *name, const char *filename, const char *data, size_t offset,
                     size_t length);
        void *context;
};

static enum MHD_Result give_part(void *told, enum MHD_ValueKind kind, const char *name, const char *filename,
                                 const char *content_type, const char *encoding, const char *data,
                                 uint64_t offset, size_t length)
{
        const struct parts *parts = told;

        (void)kind;
        (void)content_type;
        (void)encoding;
        return parts->each(parts->context, name, filename, data, offset, length) ? MHD_YES : MHD_NO;
}

bool request_parts(struct request *request,
                   bool (*each)(void *context, const char *name, const char *filename, const char *data,
                                size_t offset, size_t length),
                   void *context)
{
        struct parts parts = {each, context};
        struct MHD_PostProcessor *processor = MHD_create_post_processor(
            exchange_of(request)->connection, PARTS_BUFFER_BYTES, give_part, &parts);
        bool is_good;

        if (!processor)
                return false;
        is_good = MHD_post_process(processor, buf_text(&request->body), request->body.length) == MHD_YES;
        return MHD_destroy_post_processor(processor) == MHD_YES && is_good;
}

/* ---- waiting */

bool exchange_suspend(struct exchange *exchange)
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

void exchange_resume(struct exchange *exchange, enum exchange_state state)
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
                exchange_resume(exchange, ANSWERED);
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

void response_keep(struct response *response, void **ret_ready)
{
        response->keep = ret_ready;
}

void response_ready(struct response *response, int status, void *ready)
{
        response->status = status;
        response->ready = ready;
}

void *response_ready_free(void *ready)
{
        if (ready)
                MHD_destroy_response(ready); /* once nobody sends it any more */
        return NULL;
}

static enum MHD_Result queue(struct exchange *exchange, struct response *response)
{
        struct MHD_Response *out;
        enum MHD_Result result;

        if (response->ready)
                return MHD_queue_response(exchange->connection, (unsigned)response->status, response->ready);
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
        if (response->keep && !response->is_close && !*response->keep)
                *response->keep = out;
        else
                MHD_destroy_response(out);
        return result;
}

enum MHD_Result exchange_send(struct exchange *exchange)
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
