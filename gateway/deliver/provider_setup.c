/* What the configuration adds to a provider's file. */
#include "deliver/provider_p.h"

#include <stdio.h>
#include <string.h>

#define PREFIX_MAX_BYTES 16

/* One more text in a JSON array that is kept as text. Both kinds of text that come here need no escaping. */
static int append(char **array, const char *text, struct err *err)
{
        char *grown = NULL;
        int n;

        if (*array)
                n = asprintf(&grown, "%.*s,\"%s\"]", (int)strlen(*array) - 1, *array, text);
        else
                n = asprintf(&grown, "[\"%s\"]", text);
        if (n < 0)
                return err_set(err, ERR_NOMEM, "provider: out of memory");
        free(*array);
        *array = grown;
        return 0;
}

int provider_add_prefix(struct provider *provider, const char *prefix, struct err *err)
{
        if (prefix[0] != '+' || !prefix[1] || strlen(prefix) > PREFIX_MAX_BYTES ||
            strspn(prefix + 1, "0123456789") != strlen(prefix + 1))
                return err_set(err, ERR_INVALID,
                               "%s: prefixes: \"%.20s\" begins no number: write one such as +358",
                               provider->name, prefix);
        if (provider->prefix_count == PROVIDER_PREFIX_MAX)
                return err_set(err, ERR_LIMIT, "%s: prefixes: more than %d: give fewer", provider->name,
                               PROVIDER_PREFIX_MAX);
        provider->prefix_count++;
        return append(&provider->prefixes, prefix, err);
}

int provider_add_sender(struct provider *provider, const char *organisation, const char *sender,
                        struct err *err)
{
        struct sender *entry = &provider->senders[provider->sender_count];

        if (provider->sender_count == PROVIDER_SENDER_MAX)
                return err_set(err, ERR_LIMIT, "%s: senders: more than %d: give fewer", provider->name,
                               PROVIDER_SENDER_MAX);
        for (const char *at = organisation; *at; at++)
                if ((unsigned char)*at < ' ' || *at == '"' || *at == '\\')
                        return err_set(err, ERR_INVALID, "%s: senders: a name is no organisation: check it",
                                       provider->name);
        if (!*sender)
                return err_set(err, ERR_INVALID, "%s: senders: the sender of %s is empty: give one",
                               provider->name, organisation);
        entry->organisation = strdup(organisation);
        entry->sender = strdup(sender);
        provider->sender_count++;
        if (!entry->organisation || !entry->sender)
                return err_set(err, ERR_NOMEM, "provider: out of memory");
        return append(&provider->senders_json, organisation, err);
}

int provider_set_ca_file(struct provider *provider, const char *path, struct err *err)
{
        free(provider->ca_file);
        provider->ca_file = strdup(path);
        return provider->ca_file ? 0 : err_set(err, ERR_NOMEM, "provider: out of memory");
}
