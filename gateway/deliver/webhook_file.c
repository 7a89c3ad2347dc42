/* The parts `receipts` and `replies` of a provider's file. */
#include "deliver/json_pointer.h"
#include "deliver/provider_p.h"

#include <string.h>

void webhook_fini(struct webhook *webhook)
{
        signature_fini(&webhook->signature);
        status_words_fini(&webhook->status);
        free(webhook->inside);
        free(webhook->list);
        free(webhook->only_field);
        free(webhook->only_equals);
        free(webhook->id);
        free(webhook->reference);
        free(webhook->reference_query);
        free(webhook->detail);
        free(webhook->at);
        free(webhook->from);
        free(webhook->text);
        *webhook = (struct webhook){0};
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

static int read_only(struct provider_reader *reader, const struct yaml_node *node, struct webhook *webhook)
{
        static const char *const keys[] = {"field", "equals", NULL};
        const struct yaml_node *equals;
        int r;

        if (!node)
                return 0;
        r = yaml_only_keys(node, keys, reader->err);
        if (r == 0)
                r = provider_read_pointer(reader, node, "field", &webhook->only_field);
        if (r == 0)
                r = yaml_need(node, "equals", &equals, reader->err);
        if (r == 0)
                r = provider_read_text(reader, equals, &webhook->only_equals);
        if (r == 0 && !webhook->only_field)
                r = yaml_refuse(node, reader->err, "field is missing: say which one");
        return r;
}

static int read_receipts(struct provider_reader *reader, const struct yaml_node *node,
                         struct webhook *webhook)
{
        static const char *const keys[] = {"signature",   "format",    "inside",    "list",
                                           "only",        "id",        "reference", "reference_query",
                                           "status",      "delivered", "failed",    "temporary",
                                           "bad_address", "detail",    "at",        NULL};
        int r = yaml_only_keys(node, keys, reader->err);

        if (r == 0)
                r = provider_read_pointer(reader, node, "reference", &webhook->reference);
        if (r == 0)
                r = provider_read_key(reader, node, "reference_query", &webhook->reference_query);
        if (r == 0)
                r = provider_read_pointer(reader, node, "detail", &webhook->detail);
        if (r == 0 && !webhook->reference && !webhook->reference_query && !yaml_get(node, "id"))
                r = yaml_refuse(node, reader->err, "id is missing: say where it stands (or reference)");
        return r < 0 ? r : provider_read_status(reader, node, false, &webhook->status);
}

static int read_replies(struct provider_reader *reader, const struct yaml_node *node, struct webhook *webhook)
{
        static const char *const keys[] = {"signature", "format", "inside", "list", "only",
                                           "from",      "text",   "id",     "at",   NULL};
        int r = yaml_only_keys(node, keys, reader->err);

        if (r == 0)
                r = provider_read_pointer(reader, node, "from", &webhook->from);
        if (r == 0)
                r = provider_read_pointer(reader, node, "text", &webhook->text);
        if (r == 0 && (!webhook->from || !webhook->text))
                r = yaml_refuse(node, reader->err, "from or text is missing: say where they stand");
        return r;
}

/* "" stands for the body itself. */
static int read_list(struct provider_reader *reader, const struct yaml_node *node, struct webhook *webhook)
{
        int r = provider_read_key(reader, node, "list", &webhook->list);

        if (r == 0 && webhook->list && *webhook->list && !json_pointer_valid(webhook->list))
                r = yaml_refuse(
                    yaml_get(node, "list"), reader->err,
                    "is no JSON pointer: write one such as /results, or \"\" for the body itself");
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
                r = signature_read(reader, signature, &webhook->signature);
        if (r == 0)
                r = read_format(reader, node, webhook);
        if (r == 0)
                r = provider_read_pointer(reader, node, "inside", &webhook->inside);
        if (r == 0)
                r = read_list(reader, node, webhook);
        if (r == 0)
                r = read_only(reader, yaml_get(node, "only"), webhook);
        if (r == 0)
                r = provider_read_pointer(reader, node, "id", &webhook->id);
        if (r == 0)
                r = provider_read_pointer(reader, node, "at", &webhook->at);
        return r;
}
