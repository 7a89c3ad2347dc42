#include "web/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 511

static int bound_port(int fd)
{
        struct sockaddr_storage address;
        socklen_t size = sizeof address;

        if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
                return -1;
        if (address.ss_family == AF_INET6)
                return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
        return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

int listen_open(const char *address, int port, int *ret_socket, int *ret_port, struct err *err)
{
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found;
        const int on = 1;
        char service[8];
        int fd, r;

        if (!address)
                address = "127.0.0.1";
        if (port < 0 || port > 65535)
                return err_set(err, ERR_USAGE, "--port: %d: is no port: give 0 to 65535", port);
        snprintf(service, sizeof service, "%d", port);
        r = getaddrinfo(address, service, &hints, &found);
        if (r != 0)
                return err_set(err, ERR_IO, "listen: %.80s: %s: give an address of this machine", address,
                               gai_strerror(r));
        fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
            bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0 || bound_port(fd) < 0)
                r = err_set(err, ERR_IO, "listen: %.80s port %d: %s: choose another port or address", address,
                            port, strerror(errno));
        freeaddrinfo(found);
        if (r < 0) {
                if (fd >= 0)
                        close(fd);
                return r;
        }
        *ret_socket = fd;
        *ret_port = bound_port(fd);
        return 0;
}
