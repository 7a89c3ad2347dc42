/* reply_ways: which SMS of the configuration's providers can be answered: store/sms_way.h. */
#ifndef COMMAND_REPLY_WAYS_H
#define COMMAND_REPLY_WAYS_H

#include "command/config.h"
#include "deliver/provider.h"
#include "store/sms_way.h"

/* The ways of PROVIDER, the one at POSITION of the configuration, appended to *WAYS (free() it), whose texts
 * are the configuration's and the provider's. */
int reply_ways_add(const struct config_provider *config, const struct provider *provider, int position,
                   struct sms_way **ways, int *count, struct err *err);

/* Writes those of all PROVIDERS, which are in the order of the configuration. */
int reply_ways_write(struct db *db, const struct config *config, struct provider *const *providers,
                     struct err *err);

/* The sender behind a way: the organisation's or the provider's; NULL: none is set. */
const char *reply_ways_sender(const struct config_provider *config, const struct sms_way *way);

#endif
