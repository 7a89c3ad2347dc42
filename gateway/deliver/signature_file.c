/* The key `signature` of a provider's file. */
#include "deliver/provider_p.h"

#include <string.h>

#define TOLERANCE_DEFAULT_SECONDS 300
#define TOLERANCE_MAX_SECONDS 86400
#define TOKEN_MIN_BYTES 16 /* of a shared token */

void signature_fini(struct signature *signature)
{
        free(signature->secret);
        free(signature->header);
        free(signature->prefix);
        free(signature->field);
        free(signature->query);
        free(signature->timestamp);
        free(signature->user);
        free(signature->password);
        for (int i = 0; i < SIGNED_PART_MAX; i++)
                free(signature->fields[i]);
        *signature = (struct signature){0};
}

/* A text that must be there. */
static int need_text(struct provider_reader *reader, const struct yaml_node *node, const char *key,
                     char **ret_text)
{
        const struct yaml_node *value;
        int r = yaml_need(node, key, &value, reader->err);

        if (r == 0)
                r = provider_read_text(reader, value, ret_text);
        if (r == 0 && !**ret_text)
                r = yaml_refuse(value, reader->err, "is empty: give it a value");
        return r;
}

static int read_basic(struct provider_reader *reader, const struct yaml_node *node,
                      struct signature *signature)
{
        static const char *const keys[] = {"user", "password", NULL};
        int r = yaml_only_keys(node, keys, reader->err);

        signature->kind = SIGNATURE_BASIC;
        if (r == 0)
                r = need_text(reader, node, "user", &signature->user);
        if (r == 0)
                r = need_text(reader, node, "password", &signature->password);
        return r;
}

/* Where the signature or token stands: exactly one of header, field, query. */
static int read_place(struct provider_reader *reader, const struct yaml_node *node,
                      struct signature *signature)
{
        int places = (yaml_get(node, "header") != NULL) + (yaml_get(node, "field") != NULL) +
                     (yaml_get(node, "query") != NULL);
        int r = 0;

        if (places != 1)
                return yaml_refuse(node, reader->err,
                                   places ? "stands in one place: give either header, field or query"
                                          : "header is missing: say where the signature stands");
        r = provider_read_key(reader, node, "header", &signature->header);
        if (r == 0)
                r = provider_read_pointer(reader, node, "field", &signature->field);
        if (r == 0)
                r = provider_read_key(reader, node, "query", &signature->query);
        if (r == 0)
                r = provider_read_key(reader, node, "prefix", &signature->prefix);
        return r;
}

static int read_part(struct provider_reader *reader, const struct yaml_node *node,
                     struct signature *signature, int at)
{
        static const struct {
                const char *name;
                enum signed_part part;
        } table[] = {{"body", SIGNED_BODY},
                     {"dot", SIGNED_DOT},
                     {"parameters", SIGNED_PARAMETERS},
                     {"timestamp", SIGNED_TIMESTAMP},
                     {"url", SIGNED_URL}};
        const char *text;
        int r = yaml_text(node, &text, reader->err);

        if (r < 0)
                return r;
        if (*text == '/') {
                signature->parts[at] = SIGNED_FIELD;
                return provider_read_text(reader, node, &signature->fields[at]);
        }
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (strcmp(text, table[i].name) == 0)
                        signature->parts[at] = table[i].part;
        if (signature->parts[at] == SIGNED_TIMESTAMP && !signature->timestamp)
                return yaml_refuse(node, reader->err, "timestamp is missing: say where it stands");
        return signature->parts[at] != SIGNED_END
                   ? 0
                   : yaml_refuse(node, reader->err,
                                 "\"%.20s\" cannot be signed: use body, dot, parameters, timestamp, url or a "
                                 "JSON pointer",
                                 text);
}

static int read_parts(struct provider_reader *reader, const struct yaml_node *node,
                      struct signature *signature)
{
        int r = yaml_want(node, YAML_KIND_SEQUENCE, reader->err);

        if (r == 0 && (!yaml_count(node) || yaml_count(node) > SIGNED_PART_MAX))
                r = yaml_refuse(node, reader->err, "give one to %d parts", SIGNED_PART_MAX);
        for (int i = 0; r == 0 && i < yaml_count(node); i++)
                r = read_part(reader, yaml_at(node, i), signature, i);
        return r;
}

/* Without `signs`: the body, or timestamp, dot and body. */
static void default_parts(struct signature *signature)
{
        int at = 0;

        if (signature->timestamp) {
                signature->parts[at++] = SIGNED_TIMESTAMP;
                if (signature->kind != SIGNATURE_ECDSA)
                        signature->parts[at++] = SIGNED_DOT;
        }
        signature->parts[at] = SIGNED_BODY;
}

static int read_encoding(struct provider_reader *reader, const struct yaml_node *node,
                         struct signature *signature)
{
        _cleanup_(free_ptr) char *encoding = NULL;
        int r = provider_read_key(reader, node, "encoding", &encoding);

        if (r == 0 && encoding && strcmp(encoding, "hex") && strcmp(encoding, "base64"))
                r = yaml_refuse(yaml_get(node, "encoding"), reader->err, "is no encoding: use hex or base64");
        signature->is_base64 = encoding && strcmp(encoding, "base64") == 0;
        return r;
}

static int read_signed(struct provider_reader *reader, const struct yaml_node *node,
                       struct signature *signature)
{
        const struct yaml_node *tolerance = yaml_get(node, "tolerance");
        int r;

        signature->tolerance = TOLERANCE_DEFAULT_SECONDS;
        r = need_text(reader, node, signature->kind == SIGNATURE_ECDSA ? "key" : "secret",
                      &signature->secret);
        if (r == 0)
                r = read_place(reader, node, signature);
        if (r == 0)
                r = provider_read_key(reader, node, "timestamp", &signature->timestamp);
        if (r == 0 && tolerance)
                r = yaml_duration(tolerance, &signature->tolerance, reader->err);
        if (r == 0 && signature->tolerance > TOLERANCE_MAX_SECONDS)
                r = yaml_refuse(tolerance, reader->err, "is over a day: make it shorter");
        if (r == 0)
                r = read_encoding(reader, node, signature);
        if (r == 0 && yaml_get(node, "signs"))
                r = read_parts(reader, yaml_get(node, "signs"), signature);
        else
                default_parts(signature);
        return r;
}

static int read_hmac(struct provider_reader *reader, const struct yaml_node *node,
                     struct signature *signature)
{
        static const char *const keys[] = {"secret",   "header",    "field",     "query", "prefix",
                                           "encoding", "timestamp", "tolerance", "signs", NULL};
        int r = yaml_only_keys(node, keys, reader->err);

        signature->kind =
            strcmp(yaml_key(node), "hmac-sha256") == 0 ? SIGNATURE_HMAC_SHA256 : SIGNATURE_HMAC_SHA1;
        return r < 0 ? r : read_signed(reader, node, signature);
}

static int read_ecdsa(struct provider_reader *reader, const struct yaml_node *node,
                      struct signature *signature)
{
        static const char *const keys[] = {"key",       "header",    "field", "query", "prefix",
                                           "timestamp", "tolerance", "signs", NULL};
        int r = yaml_only_keys(node, keys, reader->err);

        signature->kind = SIGNATURE_ECDSA;
        if (r == 0)
                r = read_signed(reader, node, signature);
        if (r == 0 && !signature_key_is_good(signature->secret))
                r = yaml_refuse(yaml_get(node, "key"), reader->err,
                                "is no public key: give the base64 text that the provider shows");
        return r;
}

static int read_token(struct provider_reader *reader, const struct yaml_node *node,
                      struct signature *signature)
{
        static const char *const keys[] = {"secret", "header", "field", "query", "prefix", NULL};
        int r = yaml_only_keys(node, keys, reader->err);

        signature->kind = SIGNATURE_TOKEN;
        if (r == 0)
                r = need_text(reader, node, "secret", &signature->secret);
        if (r == 0 && strlen(signature->secret) < TOKEN_MIN_BYTES)
                r = yaml_refuse(yaml_get(node, "secret"), reader->err,
                                "is shorter than %d characters: draw a longer one at random",
                                TOKEN_MIN_BYTES);
        if (r == 0 &&
            strspn(signature->secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~") !=
                strlen(signature->secret))
                r = yaml_refuse(yaml_get(node, "secret"), reader->err,
                                "has characters that an address cannot hold: use letters, digits, - and _");
        return r < 0 ? r : read_place(reader, node, signature);
}

int signature_read(struct provider_reader *reader, const struct yaml_node *node, struct signature *signature)
{
        static const char *const keys[] = {"basic", "ecdsa-p256", "hmac-sha1", "hmac-sha256", "token", NULL};
        const struct yaml_node *kind;
        const char *text;
        int r;

        if (yaml_kind(node) == YAML_KIND_SCALAR) {
                r = yaml_text(node, &text, reader->err);
                if (r == 0 && strcmp(text, "none"))
                        r = yaml_refuse(node, reader->err,
                                        "\"%.20s\" is no check: use basic, ecdsa-p256, hmac-sha1, "
                                        "hmac-sha256, token or none",
                                        text);
                return r;
        }
        r = yaml_only_keys(node, keys, reader->err);
        if (r == 0 && yaml_count(node) != 1)
                r = yaml_refuse(node, reader->err, "give one way of checking");
        if (r < 0)
                return r;
        kind = yaml_at(node, 0);
        if (strcmp(yaml_key(kind), "basic") == 0)
                return read_basic(reader, kind, signature);
        if (strcmp(yaml_key(kind), "ecdsa-p256") == 0)
                return read_ecdsa(reader, kind, signature);
        if (strcmp(yaml_key(kind), "token") == 0)
                return read_token(reader, kind, signature);
        return read_hmac(reader, kind, signature);
}
