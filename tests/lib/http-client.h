/* http-client: a plain HTTP/1.1 client for tests, one socket at a time, so that a test says each byte it
 * sends. Fails the test when the server does not answer in 20 seconds. Include after cmocka.h. */
#ifndef TESTS_HTTP_CLIENT_H
#define TESTS_HTTP_CLIENT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define HTTP_HEAD_MAX 16384

struct reply {
        int status;
        char head[HTTP_HEAD_MAX]; /* status line and headers */
        char *body;               /* NUL-terminated */
        size_t length;
};

static inline int http_connect(int port)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
        const struct timeval patience = {.tv_sec = 20};
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        assert_true(fd >= 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
        return fd;
}

/* False when the server has closed. */
static inline bool http_send_bytes(int fd, const char *data, size_t length)
{
        while (length) {
                ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

                if (n <= 0)
                        return false;
                data += n;
                length -= (size_t)n;
        }
        return true;
}

static inline void http_send(int fd, const char *text)
{
        assert_true(http_send_bytes(fd, text, strlen(text)));
}

/* The value of a header, cut at its line's end, in a buffer that the next call reuses; NULL when there is
 * none. */
static inline const char *http_header(const struct reply *reply, const char *name)
{
        static char value[1024];
        char search[128];
        const char *at;

        snprintf(search, sizeof search, "\r\n%s: ", name);
        at = strcasestr(reply->head, search);
        if (!at)
                return NULL;
        at += strlen(search);
        snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
        return value;
}

/* Reads one response of FD; false when the server closes first. */
static inline bool http_read(int fd, bool is_head, struct reply *ret_reply)
{
        struct reply *reply = ret_reply;
        const char *length;
        size_t n = 0;

        *reply = (struct reply){0};
        while (!strstr(reply->head, "\r\n\r\n")) {
                assert_true(n < sizeof reply->head - 1);
                if (recv(fd, reply->head + n, 1, 0) != 1)
                        return false;
                n++;
        }
        assert_int_equal(sscanf(reply->head, "HTTP/1.1 %d", &reply->status), 1);
        length = http_header(reply, "Content-Length");
        reply->length = length && !is_head && reply->status != 304 ? strtoul(length, NULL, 10) : 0;
        reply->body = calloc(1, reply->length + 1);
        assert_non_null(reply->body);
        for (n = 0; n < reply->length;) {
                ssize_t got = recv(fd, reply->body + n, reply->length - n, 0);

                assert_true(got > 0);
                n += (size_t)got;
        }
        return true;
}

static inline void reply_fini(struct reply *reply)
{
        free(reply->body);
        reply->body = NULL;
}

/* Whether the server has closed FD (or closes it while we wait). */
static inline bool http_is_closed(int fd)
{
        char byte;

        return recv(fd, &byte, 1, 0) <= 0;
}

/* One request on a connection of its own: "GET /healthz", with header lines that each end in CR LF (or ""),
 * and a body (NULL: none). Answers its status; free the rest with reply_fini. */
static inline int http_ask(int port, const char *request, const char *headers, const char *body,
                           struct reply *ret_reply)
{
        int fd = http_connect(port);
        char *text = NULL;
        int n;

        if (body)
                n = asprintf(&text, "%s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s", request,
                             headers, strlen(body), body);
        else
                n = asprintf(&text, "%s HTTP/1.1\r\nHost: x\r\n%s\r\n", request, headers);
        assert_true(n > 0);
        http_send_bytes(fd, text, (size_t)n);
        free(text);
        assert_true(http_read(fd, strncmp(request, "HEAD", 4) == 0, ret_reply));
        close(fd);
        return ret_reply->status;
}

/* The same for its status alone. */
static inline int http_status(int port, const char *request, const char *headers, const char *body)
{
        struct reply reply;
        int status = http_ask(port, request, headers, body, &reply);

        reply_fini(&reply);
        return status;
}

#endif
