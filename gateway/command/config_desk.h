/* config_desk: the part of the configuration that is the desk's: signing in by OpenID Connect. */
#ifndef COMMAND_CONFIG_DESK_H
#define COMMAND_CONFIG_DESK_H

#include "base/yaml.h"
#include "desk/openid.h"

#include <stdbool.h>

struct config_openid {
        char *issuer; /* NULL: nobody signs in this way */
        char *client_id, *client_secret, *scopes, *claim, *verified, *prompt, *ca_file;
        char *name;     /* on the button */
        bool is_person; /* the claim is a person's id in the roster, not an e-mail address */
};

struct config_desk {
        struct config_openid openid;
};

/* DESK is the value of `desk`; NULL: there is none. HAS_BASE_URL: whether the file says at which address the
 * gateway is reached, without which a provider elsewhere cannot send anybody back. */
int config_desk_read(const struct yaml_node *desk, bool has_base_url, struct config_desk *config,
                     struct err *err);
void config_desk_fini(struct config_desk *config);

/* Borrows from CONFIG, which has an issuer. */
struct openid_options config_openid_options(const struct config_openid *config);

#endif
