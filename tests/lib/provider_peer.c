#include "lib/provider_peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTION_MAX 128
#define REQUEST_MAX_BYTES 65536
#define HUGE_BYTES (1 << 20)

struct connection {
        char data[REQUEST_MAX_BYTES + 1];
        size_t length;
};

struct peer {
        int listener, port, stop[2];
        pthread_t thread;
        pthread_mutex_t mutex; /* guards what follows */
        enum peer_behaviour behaviour;
        int connections, requests;
        char keys[PEER_REQUEST_MAX][PEER_KEY_MAX];
        char last[PEER_TEXT_MAX];
        /* the thread's own */
        struct pollfd polls[CONNECTION_MAX + 2];
        struct connection *states[CONNECTION_MAX + 2];
        int count;
};

static void drop(struct peer *peer, int at)
{
        close(peer->polls[at].fd);
        free(peer->states[at]);
        peer->count--;
        peer->polls[at] = peer->polls[peer->count];
        peer->states[at] = peer->states[peer->count];
}

static void send_all(int fd, const char *data, size_t length)
{
        while (length) {
                ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);

                if (sent <= 0)
                        return;
                data += sent;
                length -= (size_t)sent;
        }
}

static void answer(int fd, int status, const char *header, const char *body)
{
        char text[512];
        int length =
            snprintf(text, sizeof text,
                     "HTTP/1.1 %d X\r\n%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                     status, header, strlen(body), body);

        send_all(fd, text, (size_t)length);
}

static void answer_huge(int fd)
{
        char *body = malloc(HUGE_BYTES);
        char head[128];
        int length = snprintf(head, sizeof head, "HTTP/1.1 201 X\r\nContent-Length: %d\r\n\r\n", HUGE_BYTES);

        memset(body, ' ', HUGE_BYTES);
        send_all(fd, head, (size_t)length);
        send_all(fd, body, HUGE_BYTES);
        free(body);
}

static void remember(struct peer *peer, const char *request)
{
        const char *key = strcasestr(request, "\r\nIdempotency-Key: ");

        if (peer->requests < PEER_REQUEST_MAX && key)
                snprintf(peer->keys[peer->requests], PEER_KEY_MAX, "%.*s", (int)strcspn(key + 19, "\r"),
                         key + 19);
        snprintf(peer->last, sizeof peer->last, "%.*s", PEER_TEXT_MAX - 1, request);
        peer->requests++;
}

/* Bytes of the first whole request in the connection, or 0. */
static size_t whole_request(const struct connection *connection)
{
        const char *end = strstr(connection->data, "\r\n\r\n"),
                   *length = strcasestr(connection->data, "\r\nContent-Length: ");
        size_t total;

        if (!end)
                return 0;
        total = (size_t)(end + 4 - connection->data) +
                (length && length < end ? strtoul(length + 18, NULL, 10) : 0);
        return connection->length >= total ? total : 0;
}

/* False when the connection is to be closed. */
static bool serve(struct peer *peer, int fd, struct connection *connection)
{
        enum peer_behaviour behaviour;
        size_t length = whole_request(connection);
        char id[64];

        if (!length)
                return true;
        pthread_mutex_lock(&peer->mutex);
        remember(peer, connection->data);
        behaviour = peer->behaviour;
        snprintf(id, sizeof id, "{\"id\":\"p-%d\"}", peer->requests);
        pthread_mutex_unlock(&peer->mutex);
        memmove(connection->data, connection->data + length, connection->length - length + 1);
        connection->length -= length;
        switch (behaviour) {
        case PEER_ACCEPT:
                answer(fd, 201, "", id);
                return true;
        case PEER_REJECT:
                answer(fd, 400, "", "{\"error\":\"bad-number\"}");
                return true;
        case PEER_BUSY:
                answer(fd, 429, "Retry-After: 7\r\n", "{}");
                return true;
        case PEER_ERROR:
                answer(fd, 500, "", "{}");
                return true;
        case PEER_GARBAGE:
                answer(fd, 201, "", "<html>{{{");
                return true;
        case PEER_HUGE:
                answer_huge(fd);
                return false;
        case PEER_SILENT:
                return true;
        case PEER_CLOSE_BEFORE:
        case PEER_CLOSE_AFTER:
                break;
        }
        return false;
}

static void take_connection(struct peer *peer)
{
        int fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
        bool closes;

        if (fd < 0)
                return;
        pthread_mutex_lock(&peer->mutex);
        peer->connections++;
        closes = peer->behaviour == PEER_CLOSE_BEFORE;
        pthread_mutex_unlock(&peer->mutex);
        if (closes || peer->count == CONNECTION_MAX + 2) {
                close(fd);
                return;
        }
        peer->states[peer->count] = calloc(1, sizeof *peer->states[0]);
        peer->polls[peer->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void read_connection(struct peer *peer, int at)
{
        struct connection *connection = peer->states[at];
        ssize_t got = read(peer->polls[at].fd, connection->data + connection->length,
                           REQUEST_MAX_BYTES - connection->length);

        if (got > 0) {
                connection->length += (size_t)got;
                connection->data[connection->length] = '\0';
        }
        if (got <= 0 || !serve(peer, peer->polls[at].fd, connection))
                drop(peer, at);
}

static void *run(void *context)
{
        struct peer *peer = context;

        peer->polls[0] = (struct pollfd){.fd = peer->stop[0], .events = POLLIN};
        peer->polls[1] = (struct pollfd){.fd = peer->listener, .events = POLLIN};
        peer->count = 2;
        while (poll(peer->polls, (nfds_t)peer->count, -1) > 0 && !peer->polls[0].revents) {
                for (int i = peer->count - 1; i >= 2; i--)
                        if (peer->polls[i].revents)
                                read_connection(peer, i);
                if (peer->polls[1].revents)
                        take_connection(peer);
        }
        while (peer->count > 2)
                drop(peer, 2);
        return NULL;
}

struct peer *peer_start(void)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof address;
        struct peer *peer = calloc(1, sizeof *peer);

        if (!peer || pipe(peer->stop) < 0)
                abort();
        peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (peer->listener < 0 || bind(peer->listener, (struct sockaddr *)&address, length) < 0 ||
            listen(peer->listener, 128) < 0 ||
            getsockname(peer->listener, (struct sockaddr *)&address, &length) < 0)
                abort();
        peer->port = ntohs(address.sin_port);
        pthread_mutex_init(&peer->mutex, NULL);
        if (pthread_create(&peer->thread, NULL, run, peer) != 0)
                abort();
        pthread_setname_np(peer->thread, "provider");
        return peer;
}

struct peer *peer_stop(struct peer *peer)
{
        if (!peer)
                return NULL;
        close(peer->stop[1]);
        pthread_join(peer->thread, NULL);
        close(peer->stop[0]);
        close(peer->listener);
        pthread_mutex_destroy(&peer->mutex);
        free(peer);
        return NULL;
}

int peer_port(const struct peer *peer)
{
        return peer->port;
}

void peer_behave(struct peer *peer, enum peer_behaviour behaviour)
{
        pthread_mutex_lock(&peer->mutex);
        peer->behaviour = behaviour;
        pthread_mutex_unlock(&peer->mutex);
}

int peer_connections(struct peer *peer)
{
        int count;

        pthread_mutex_lock(&peer->mutex);
        count = peer->connections;
        pthread_mutex_unlock(&peer->mutex);
        return count;
}

int peer_requests(struct peer *peer)
{
        int count;

        pthread_mutex_lock(&peer->mutex);
        count = peer->requests;
        pthread_mutex_unlock(&peer->mutex);
        return count;
}

int peer_requests_with(struct peer *peer, const char *key)
{
        int count = 0;

        pthread_mutex_lock(&peer->mutex);
        for (int i = 0; i < peer->requests && i < PEER_REQUEST_MAX; i++)
                count += strcmp(peer->keys[i], key) == 0;
        pthread_mutex_unlock(&peer->mutex);
        return count;
}

const char *peer_last(struct peer *peer)
{
        return peer->last;
}
