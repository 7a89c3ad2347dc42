/* gateway: all loops of `kapula serve`, opened and closed in order. */
#ifndef COMMAND_GATEWAY_H
#define COMMAND_GATEWAY_H

#include "base/err.h"
#include "command/config.h"

#include <stdint.h>

struct gateway;

struct gateway_options {
        const struct config *config; /* borrowed until gateway_close */
        const char *config_path;     /* of CONFIG, read anew by gateway_reload; NULL: it has no file */
        const char *database;
        int port;          /* 0: any free one; -1: the configuration's */
        int64_t start_utc; /* of a virtual clock; 0: the real one */
        const char *version;
};

/* ERR_BUSY when another gateway serves from the database. */
int gateway_open(const struct gateway_options *options, struct gateway **ret_gateway, struct err *err);

/* Reads rules, templates, providers, and of the configuration prices and budgets anew; when one does not
 * check, all stay as they were. */
int gateway_reload(struct gateway *gateway, struct err *err);

const char *gateway_base_url(const struct gateway *gateway);

/* Stops taking requests, lets what is under way end, closes. Takes NULL, returns NULL. */
struct gateway *gateway_close(struct gateway *gateway);

#endif
