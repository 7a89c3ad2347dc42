/* providers: the providers that a configuration names, loaded and set up. */
#ifndef COMMAND_PROVIDERS_H
#define COMMAND_PROVIDERS_H

#include "command/config.h"
#include "deliver/provider.h"

/* BASE_URL is what others see of the gateway, LOOPBACK_URL where this machine reaches it. ERR_INVALID with
 * file and line. */
int provider_open(const struct config_provider *config, const char *base_url, const char *loopback_url,
                  struct provider **ret_provider, struct err *err);

#endif
