#include "command/providers.h"

#include <string.h>

struct lookup {
        const struct config_provider *config;
        const char *base_url, *loopback_url;
};

static const char *setting_of(void *context, const char *name)
{
        const struct lookup *lookup = context;

        if (strcmp(name, "base_url") == 0)
                return lookup->base_url;
        if (strcmp(name, "loopback_url") == 0)
                return lookup->loopback_url;
        for (int i = 0; i < lookup->config->setting_count; i++)
                if (strcmp(lookup->config->settings[i].name, name) == 0)
                        return lookup->config->settings[i].value;
        return NULL;
}

static int set_up(struct provider *provider, const struct config_provider *config, struct err *err)
{
        int r = config->ca_file ? provider_set_ca_file(provider, config->ca_file, err) : 0;

        for (int i = 0; i < config->prefix_count && r == 0; i++)
                r = provider_add_prefix(provider, config->prefixes[i], err);
        for (int i = 0; i < config->sender_count && r == 0; i++)
                r = provider_add_sender(provider, config->senders[i].name, config->senders[i].value, err);
        return r;
}

int provider_open(const struct config_provider *config, const char *base_url, const char *loopback_url,
                  struct provider **ret_provider, struct err *err)
{
        struct lookup lookup = {config, base_url, loopback_url};
        struct provider *provider;
        int r = provider_load(config->file, setting_of, &lookup, &provider, err);

        if (r < 0)
                return r;
        r = set_up(provider, config, err);
        if (r < 0)
                provider_free(provider);
        else
                *ret_provider = provider;
        return r;
}
