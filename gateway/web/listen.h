/* listen: the socket that the server accepts on. */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include "base/err.h"

/* Listens on ADDRESS (NULL: 127.0.0.1) and PORT (0: any free one). ERR_IO when it is taken or not ours. */
int listen_open(const char *address, int port, int *ret_socket, int *ret_port, struct err *err);

#endif
