#include "web/request.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define RETRY_AFTER_S                                                                        \
        "5" /* when the store cannot write: long enough for a full disk to be seen to be one \
             */

static void writer_answers(struct writer_job *job, int result, const struct err *err)
{
        struct request *request = (struct request *)((char *)job - offsetof(struct request, job));

        request->answer(request, result, err);
        request_finish(request);
}

static int writer_runs(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        struct request *request = (struct request *)((char *)job - offsetof(struct request, job));

        return request->run(request, db, now_utc, err);
}

void request_write(struct request *request, struct writer *writer,
                   int (*run)(struct request *request, struct db *db, int64_t now_utc, struct err *err),
                   void (*answer)(struct request *request, int result, const struct err *err))
{
        request->run = run;
        request->answer = answer;
        request->job = (struct writer_job){.run = writer_runs, .done = writer_answers};
        if (writer_submit(writer, &request->job) < 0) {
                response_error(&request->response, 503, "database: too many writes wait: try again later");
                response_header(&request->response, "Retry-After", "1");
                request_finish(request);
        }
}

/* ---- media types */

static size_t type_length(const char *text)
{
        size_t length = strcspn(text, ";,");

        while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
                length--;
        return length;
}

bool content_type_is(const char *header, const char *type)
{
        if (!header)
                return false;
        header += strspn(header, " \t");
        return type_length(header) == strlen(type) && strncasecmp(header, type, strlen(type)) == 0;
}

static bool range_takes(const char *range, size_t length, const char *type, size_t size)
{
        if (length == 3 && memcmp(range, "*/*", 3) == 0)
                return true;
        if (length > 2 && memcmp(range + length - 2, "/*", 2) == 0)
                return length - 1 <= size && strncasecmp(range, type, length - 1) == 0;
        return length == size && strncasecmp(range, type, size) == 0;
}

/* Whether the parameters of an Accept range, up to its comma, hold a q of zero. */
static bool is_refused(const char *parameters)
{
        size_t length = strcspn(parameters, ",");

        for (const char *at = parameters; at < parameters + length; at++)
                if (*at == ';') {
                        at += 1 + strspn(at + 1, " \t");
                        if (strncasecmp(at, "q=0", 3) == 0)
                                return strspn(at + 3, ".0") == strcspn(at + 3, ",; \t");
                        at--;
                }
        return false;
}

bool accept_takes(const char *accept, const char *content_type)
{
        size_t size = type_length(content_type), length;

        if (!accept || !accept[strspn(accept, " \t")])
                return true;
        for (;; accept += strcspn(accept, ",") + 1) {
                accept += strspn(accept, " \t");
                length = type_length(accept);
                if (range_takes(accept, length, content_type, size) && !is_refused(accept + length))
                        return true;
                if (!accept[strcspn(accept, ",")])
                        return false;
        }
}

/* ---- responses */

/* Forgets what the response was, but not the headers of its making. */
static void empty(struct response *response)
{
        if (response->release)
                response->release(response->owner);
        response->release = NULL;
        response->owner = response->data = NULL;
        response->length = 0;
        response->content_type = NULL;
}

void response_buf(struct response *response, int status, const char *content_type, struct buf *body)
{
        size_t length = body->length;
        char *data = buf_take(body);

        empty(response);
        buf_fini(body);
        response->status = data ? status : 500;
        if (!data)
                return;
        response->content_type = content_type;
        response->data = response->owner = data;
        response->length = length;
        response->release = free;
}

void response_json(struct response *response, int status, struct json_t *json)
{
        char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
        struct buf body;

        buf_init(&body, RESPONSE_BODY_MAX);
        if (text)
                buf_adds(&body, text);
        buf_addc(&body, '\n');
        free(text);
        json_decref(json);
        response_buf(response, text ? status : 500, TYPE_JSON, &body);
}

void response_literal(struct response *response, int status, const char *content_type, const char *text)
{
        empty(response);
        response->status = status;
        response->content_type = content_type;
        response->data = (void *)(uintptr_t)text;
        response->length = strlen(text);
}

void response_shared(struct response *response, int status, const char *content_type, const void *data,
                     size_t length, void (*release)(void *owner), void *owner)
{
        empty(response);
        response->status = status;
        response->content_type = content_type;
        response->data = (void *)(uintptr_t)data;
        response->length = length;
        response->release = release;
        response->owner = owner;
}

void response_header(struct response *response, const char *name, const char *value)
{
        char *copy;

        for (const unsigned char *c = (const unsigned char *)value; *c; c++)
                if (*c < 0x20 || *c == 0x7f)
                        return;
        copy = response->header_count < RESPONSE_HEADER_MAX ? strdup(value) : NULL;
        if (!copy) {
                empty(response);
                response->status = 500;
                return;
        }
        response->headers[response->header_count++] = (struct header){name, copy};
}

void response_error(struct response *response, int status, const char *format, ...)
{
        char text[ERR_TEXT_MAX];
        va_list arguments;
        struct buf body;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        buf_init(&body, 8 * ERR_TEXT_MAX);
        buf_adds(&body, "{\"error\":");
        json_add(&body, text);
        buf_adds(&body, "}\n");
        response_buf(response, status, TYPE_JSON, &body);
}

void response_err(struct response *response, int code, const struct err *err)
{
        static const struct {
                int code, status;
        } table[] = {{ERR_INVALID, 400},
                     {ERR_USAGE, 400},
                     {ERR_NOT_FOUND, 404},
                     {ERR_CONFLICT, 409},
                     {ERR_LIMIT, 413}};

        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (table[i].code == code) {
                        response_error(response, table[i].status, "%s", err->text);
                        return;
                }
        response_error(response, 503, "database: cannot write now: try again later");
        response_header(response, "Retry-After", RETRY_AFTER_S);
}

void response_fini(struct response *response)
{
        empty(response);
        while (response->header_count)
                free(response->headers[--response->header_count].value);
        *response = (struct response){0};
}

/* ---- text */

/* Bytes of the well-formed UTF-8 character at TEXT (Unicode table 3-7), 0 when it is none. */
static size_t utf8_length(const unsigned char *text)
{
        unsigned char low = 0x80, high = 0xbf;
        size_t length = *text < 0x80   ? 1
                        : *text < 0xc2 ? 0
                        : *text < 0xe0 ? 2
                        : *text < 0xf0 ? 3
                        : *text < 0xf5 ? 4
                                       : 0;

        if (*text == 0xe0)
                low = 0xa0;
        else if (*text == 0xed)
                high = 0x9f;
        else if (*text == 0xf0)
                low = 0x90;
        else if (*text == 0xf4)
                high = 0x8f;
        for (size_t i = 1; i < length; i++) {
                if (text[i] < low || text[i] > high)
                        return 0;
                low = 0x80;
                high = 0xbf;
        }
        return length;
}

int json_add(struct buf *buf, const char *text)
{
        const unsigned char *at = (const unsigned char *)text;
        size_t length;

        buf_addc(buf, '"');
        while (*at) {
                length = utf8_length(at);
                if (length == 0) {
                        buf_adds(buf, "\\ufffd");
                        length = 1;
                } else if (*at == '"' || *at == '\\') {
                        buf_addc(buf, '\\');
                        buf_addc(buf, (char)*at);
                } else if (*at < 0x20 || *at == 0x7f) {
                        buf_addf(buf, "\\u%04x", *at);
                } else {
                        buf_add(buf, at, length);
                }
                at += length;
        }
        buf_addc(buf, '"');
        return buf_error(buf);
}

int html_add(struct buf *buf, const char *text)
{
        const unsigned char *at = (const unsigned char *)text;
        size_t length;

        while (*at) {
                length = utf8_length(at);
                switch (*at) {
                case '<':
                        buf_adds(buf, "&lt;");
                        break;
                case '>':
                        buf_adds(buf, "&gt;");
                        break;
                case '&':
                        buf_adds(buf, "&amp;");
                        break;
                case '"':
                        buf_adds(buf, "&quot;");
                        break;
                case '\'':
                        buf_adds(buf, "&#39;");
                        break;
                default:
                        if (length == 0)
                                buf_adds(buf, "\xef\xbf\xbd");
                        else if (*at == '\n' || *at == '\t' || (*at >= 0x20 && *at != 0x7f))
                                buf_add(buf, at, length);
                }
                at += length ? length : 1;
        }
        return buf_error(buf);
}
