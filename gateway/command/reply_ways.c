#include "command/reply_ways.h"
#include "deliver/reply.h"

#include <stdlib.h>
#include <string.h>

const char *reply_ways_sender(const struct config_provider *config, const struct sms_way *way)
{
        for (int i = 0; *way->organisation && i < config->sender_count; i++)
                if (strcmp(config->senders[i].name, way->organisation) == 0)
                        return config->senders[i].value;
        for (int i = 0; i < config->setting_count; i++)
                if (strcmp(config->settings[i].name, "SENDER") == 0)
                        return config->settings[i].value;
        return NULL;
}

static int add(const struct config_provider *config, const struct provider *provider,
               const struct sms_way *like, struct sms_way **ways, int *count, struct err *err)
{
        struct sms_way *grown = reallocarray(*ways, (size_t)*count + 1, sizeof *grown);
        const char *sender = reply_ways_sender(config, like);

        if (!grown)
                return err_set(err, ERR_NOMEM, "providers: out of memory");
        *ways = grown;
        grown[*count] = *like;
        grown[(*count)++].two_way = provider_has_replies(provider) && sender && reply_reaches(sender);
        return 0;
}

int reply_ways_add(const struct config_provider *config, const struct provider *provider, int position,
                   struct sms_way **ways, int *count, struct err *err)
{
        int prefixes = config->prefix_count ? config->prefix_count : 1, r = 0;

        if (!provider_takes(provider, "sms"))
                return 0;
        for (int i = 0; i < prefixes && r == 0; i++) {
                struct sms_way way = {.position = position,
                                      .prefix = config->prefix_count ? config->prefixes[i] : "",
                                      .organisation = "",
                                      .provider = provider_name(provider)};

                r = add(config, provider, &way, ways, count, err);
                for (int k = 0; k < config->sender_count && r == 0; k++) {
                        way.organisation = config->senders[k].name;
                        r = add(config, provider, &way, ways, count, err);
                }
        }
        return r;
}

int reply_ways_write(struct db *db, const struct config *config, struct provider *const *providers,
                     struct err *err)
{
        struct sms_way *ways = NULL;
        int count = 0, r = 0;

        for (int i = 0; i < config->provider_count && r == 0; i++)
                r = reply_ways_add(&config->providers[i], providers[i], i, &ways, &count, err);
        if (r == 0)
                r = sms_way_replace(db, ways, count, err);
        free(ways);
        return r;
}
