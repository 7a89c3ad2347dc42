#include "command/config_desk.h"
#include "command/config.h"

#include <string.h>

#define NAME_MAX_BYTES 80
#define TEXT_MAX_BYTES 256 /* of the other keys */

/* Texts that go into addresses and headers. */
static int read_text(const struct yaml_node *mapping, const char *key, const char *otherwise, char **ret_text,
                     struct err *err)
{
        int r = yaml_copy_text(mapping, key, ret_text, err);

        if (r == 0 && !*ret_text && otherwise) {
                *ret_text = strdup(otherwise);
                r = *ret_text ? 0 : err_set(err, ERR_NOMEM, "configuration: out of memory");
        }
        if (r < 0 || !*ret_text)
                return r;
        if (!**ret_text || strlen(*ret_text) > TEXT_MAX_BYTES)
                return yaml_refuse(yaml_get(mapping, key), err, "empty or over %d bytes: write one that fits",
                                   TEXT_MAX_BYTES);
        for (const char *at = *ret_text; *at; at++)
                if (*at < ' ' || *at > '~')
                        return yaml_refuse(yaml_get(mapping, key), err,
                                           "has characters beyond ASCII: leave them out");
        return 0;
}

static bool has_word(const char *words, const char *word)
{
        size_t length = strlen(word);

        for (; *words; words += strcspn(words, " "), words += strspn(words, " "))
                if (strncmp(words, word, length) == 0 && strchr(" ", words[length]))
                        return true;
        return false;
}

static int read_issuer(const struct yaml_node *node, bool has_base_url, struct config_openid *openid,
                       struct err *err)
{
        const struct yaml_node *issuer = NULL;
        int r = yaml_need(node, "issuer", &issuer, err);

        if (r == 0)
                r = read_text(node, "issuer", NULL, &openid->issuer, err);
        if (r == 0 && (!openid_url_is_good(openid->issuer) || strchr(openid->issuer, '?')))
                r = yaml_refuse(issuer, err,
                                "no issuer: write its https address, exactly as the provider does");
        if (r == 0 && !has_base_url && strncmp(openid->issuer, "https:", 6) == 0)
                r = yaml_refuse(issuer, err,
                                "`base_url` is missing: write the address that staff open; the provider "
                                "sends them back there");
        return r;
}

/* What the button says: the provider's host, when there is no name. */
static int read_name(const struct yaml_node *node, struct config_openid *openid, struct err *err)
{
        const char *host = strstr(openid->issuer, "://") + 3;
        int r = yaml_copy_text(node, "name", &openid->name, err);

        if (r == 0 && openid->name && (!*openid->name || strlen(openid->name) > NAME_MAX_BYTES))
                r = yaml_refuse(yaml_get(node, "name"), err, "empty or over %d bytes: write a short one",
                                NAME_MAX_BYTES);
        if (r == 0 && !openid->name) {
                openid->name = strndup(host, strcspn(host, "/"));
                r = openid->name ? 0 : err_set(err, ERR_NOMEM, "configuration: out of memory");
        }
        return r;
}

/* Nobody may sign in by an address that they have only claimed to have: `verified: none` must be written. */
static int read_claim(const struct yaml_node *node, struct config_openid *openid, struct err *err)
{
        char *match = NULL;
        int r = read_text(node, "claim", "email", &openid->claim, err);

        if (r == 0)
                r = read_text(node, "match", "email", &match, err);
        if (r == 0 && strcmp(match, "email") != 0 && strcmp(match, "person") != 0)
                r = yaml_refuse(yaml_get(node, "match"), err, "no such thing: write email or person");
        if (r == 0) {
                openid->is_person = strcmp(match, "person") == 0;
                r = read_text(node, "verified", openid->is_person ? "none" : "email_verified",
                              &openid->verified, err);
        }
        if (r == 0 && strcmp(openid->verified, "none") == 0)
                free(TAKE(openid->verified));
        free(match);
        return r;
}

static int read_prompt(const struct yaml_node *node, struct config_openid *openid, struct err *err)
{
        int r = read_text(node, "prompt", NULL, &openid->prompt, err);

        if (r == 0 && openid->prompt && strcmp(openid->prompt, "login") != 0 &&
            strcmp(openid->prompt, "select_account") != 0)
                r = yaml_refuse(yaml_get(node, "prompt"), err,
                                "no such thing: write login or select_account");
        return r;
}

static int read_openid(const struct yaml_node *node, bool has_base_url, struct config_openid *openid,
                       struct err *err)
{
        static const char *const keys[] = {"ca_file", "claim",    "client_id", "client_secret_file",
                                           "issuer",  "match",    "name",      "prompt",
                                           "scopes",  "verified", NULL};
        const struct yaml_node *needed, *secret = yaml_get(node, "client_secret_file");
        int r = yaml_only_keys(node, keys, err);

        if (r == 0)
                r = read_issuer(node, has_base_url, openid, err);
        if (r == 0)
                r = yaml_need(node, "client_id", &needed, err);
        if (r == 0)
                r = read_text(node, "client_id", NULL, &openid->client_id, err);
        if (r == 0 && secret)
                r = config_read_secret(secret, &openid->client_secret, err);
        if (r == 0 && secret && !*openid->client_secret)
                r = yaml_refuse(secret, err, "the file is empty: write the secret in it");
        if (r == 0)
                r = read_text(node, "scopes", "openid email", &openid->scopes, err);
        if (r == 0 && !has_word(openid->scopes, "openid"))
                r = yaml_refuse(yaml_get(node, "scopes"), err, "lacks openid: write openid email");
        if (r == 0)
                r = read_claim(node, openid, err);
        if (r == 0)
                r = read_prompt(node, openid, err);
        if (r == 0)
                r = read_name(node, openid, err);
        return r < 0 ? r : yaml_copy_text(node, "ca_file", &openid->ca_file, err);
}

int config_desk_read(const struct yaml_node *desk, bool has_base_url, struct config_desk *config,
                     struct err *err)
{
        static const char *const keys[] = {"openid", NULL};
        const struct yaml_node *openid = yaml_get(desk, "openid");
        int r = desk ? yaml_only_keys(desk, keys, err) : 0;

        return r == 0 && openid ? read_openid(openid, has_base_url, &config->openid, err) : r;
}

void config_desk_fini(struct config_desk *config)
{
        struct config_openid *openid = &config->openid;

        free(openid->issuer);
        free(openid->client_id);
        free(openid->client_secret);
        free(openid->scopes);
        free(openid->claim);
        free(openid->verified);
        free(openid->prompt);
        free(openid->ca_file);
        free(openid->name);
        *config = (struct config_desk){0};
}

struct openid_options config_openid_options(const struct config_openid *config)
{
        return (struct openid_options){.issuer = config->issuer,
                                       .client_id = config->client_id,
                                       .client_secret = config->client_secret,
                                       .scopes = config->scopes,
                                       .claim = config->claim,
                                       .verified = config->verified,
                                       .prompt = config->prompt,
                                       .ca_file = config->ca_file};
}
