/* The parts `receipts` and `replies` of a provider's file. */
#include "deliver/provider_p.h"

#include <string.h>

#define TOLERANCE_DEFAULT_SECONDS 300

void webhook_fini(struct webhook *webhook)
{
        struct signature *signature = &webhook->signature;

        free(signature->secret);
        free(signature->header);
        free(signature->prefix);
        free(signature->timestamp_header);
        free(signature->user);
        free(signature->password);
        free(webhook->list);
        free(webhook->id);
        free(webhook->reference);
        free(webhook->detail);
        free(webhook->at);
        free(webhook->status);
        free(webhook->from);
        free(webhook->text);
        for (size_t i = 0; i < ARRAY_SIZE(webhook->words); i++)
                for (char **word = webhook->words[i]; *word; word++)
                        free(*word);
        *webhook = (struct webhook){0};
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

static int read_hmac(struct provider_reader *reader, const struct yaml_node *node,
                     struct signature *signature)
{
        static const char *const keys[] = {"secret",    "header",    "prefix", "encoding",
                                           "timestamp", "tolerance", NULL};
        _cleanup_(free_ptr) char *encoding = NULL;
        int r = yaml_only_keys(node, keys, reader->err);

        signature->kind =
            strcmp(yaml_key(node), "hmac-sha256") == 0 ? SIGNATURE_HMAC_SHA256 : SIGNATURE_HMAC_SHA1;
        signature->tolerance = TOLERANCE_DEFAULT_SECONDS;
        if (r == 0)
                r = need_text(reader, node, "secret", &signature->secret);
        if (r == 0)
                r = need_text(reader, node, "header", &signature->header);
        if (r == 0)
                r = provider_read_key(reader, node, "prefix", &signature->prefix);
        if (r == 0)
                r = provider_read_key(reader, node, "timestamp", &signature->timestamp_header);
        if (r == 0 && yaml_get(node, "tolerance"))
                r = yaml_duration(yaml_get(node, "tolerance"), &signature->tolerance, reader->err);
        if (r == 0)
                r = provider_read_key(reader, node, "encoding", &encoding);
        if (r == 0 && encoding && strcmp(encoding, "hex") && strcmp(encoding, "base64"))
                r = yaml_refuse(yaml_get(node, "encoding"), reader->err, "is no encoding: use hex or base64");
        signature->is_base64 = encoding && strcmp(encoding, "base64") == 0;
        return r;
}

static int read_signature(struct provider_reader *reader, const struct yaml_node *node,
                          struct signature *signature)
{
        static const char *const keys[] = {"basic", "hmac-sha256", "hmac-sha1", NULL};
        const char *text;
        int r;

        if (yaml_kind(node) == YAML_KIND_SCALAR) {
                r = yaml_text(node, &text, reader->err);
                if (r == 0 && strcmp(text, "none"))
                        r = yaml_refuse(node, reader->err,
                                        "\"%.20s\" is no check: use basic, hmac-sha256, hmac-sha1 or none",
                                        text);
                return r;
        }
        r = yaml_only_keys(node, keys, reader->err);
        if (r == 0 && yaml_count(node) != 1)
                r = yaml_refuse(node, reader->err, "give one way of checking");
        if (r < 0)
                return r;
        if (yaml_get(node, "basic"))
                return read_basic(reader, yaml_get(node, "basic"), signature);
        return read_hmac(reader, yaml_at(node, 0), signature);
}

static int read_format(struct provider_reader *reader, const struct yaml_node *node, struct webhook *webhook)
{
        _cleanup_(free_ptr) char *format = NULL;
        int r = provider_read_key(reader, node, "format", &format);

        if (r == 0 && format && strcmp(format, "json") && strcmp(format, "form"))
                r = yaml_refuse(yaml_get(node, "format"), reader->err, "is no format: use json or form");
        webhook->is_form = format && strcmp(format, "form") == 0;
        return r;
}

static int read_words(struct provider_reader *reader, const struct yaml_node *node, struct webhook *webhook)
{
        static const char *const keys[] = {
            [RECEIPT_DELIVERED] = "delivered",
            [RECEIPT_FAILED] = "failed",
            [RECEIPT_TEMPORARY] = "temporary",
        };
        int r = 0, count;

        for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++)
                if (yaml_get(node, keys[i]))
                        r = provider_read_words(reader, yaml_get(node, keys[i]), webhook->words[i],
                                                STATUS_WORD_MAX, &count);
        if (r == 0 && !webhook->words[RECEIPT_DELIVERED][0])
                r = yaml_refuse(node, reader->err, "delivered is missing: give the words that mean it");
        return r;
}

static int read_receipts(struct provider_reader *reader, const struct yaml_node *node,
                         struct webhook *webhook)
{
        static const char *const keys[] = {"signature", "format",    "list",      "id",
                                           "reference", "status",    "delivered", "failed",
                                           "detail",    "temporary", "at",        NULL};
        int r = yaml_only_keys(node, keys, reader->err);

        if (r == 0)
                r = provider_read_pointer(reader, node, "reference", &webhook->reference);
        if (r == 0)
                r = provider_read_pointer(reader, node, "detail", &webhook->detail);
        if (r == 0)
                r = provider_read_pointer(reader, node, "status", &webhook->status);
        if (r == 0 && !webhook->status)
                r = yaml_refuse(node, reader->err, "status is missing: say where it stands");
        if (r == 0 && !webhook->reference && !yaml_get(node, "id"))
                r = yaml_refuse(node, reader->err, "id is missing: say where it stands (or reference)");
        if (r == 0)
                r = read_words(reader, node, webhook);
        return r;
}

static int read_replies(struct provider_reader *reader, const struct yaml_node *node, struct webhook *webhook)
{
        static const char *const keys[] = {"signature", "format", "list", "from", "text", "id", "at", NULL};
        int r = yaml_only_keys(node, keys, reader->err);

        if (r == 0)
                r = provider_read_pointer(reader, node, "from", &webhook->from);
        if (r == 0)
                r = provider_read_pointer(reader, node, "text", &webhook->text);
        if (r == 0 && (!webhook->from || !webhook->text))
                r = yaml_refuse(node, reader->err, "from or text is missing: say where they stand");
        return r;
}

int webhook_read(struct provider_reader *reader, const struct yaml_node *node, bool is_receipts,
                 struct webhook *webhook)
{
        const struct yaml_node *signature;
        int r;

        if (!node)
                return 0;
        webhook->exists = true;
        r = is_receipts ? read_receipts(reader, node, webhook) : read_replies(reader, node, webhook);
        if (r == 0)
                r = yaml_need(node, "signature", &signature, reader->err);
        if (r == 0)
                r = read_signature(reader, signature, &webhook->signature);
        if (r == 0)
                r = read_format(reader, node, webhook);
        if (r == 0)
                r = provider_read_pointer(reader, node, "list", &webhook->list);
        if (r == 0)
                r = provider_read_pointer(reader, node, "id", &webhook->id);
        if (r == 0)
                r = provider_read_pointer(reader, node, "at", &webhook->at);
        return r;
}
