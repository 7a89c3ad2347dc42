#include "deliver/provider_p.h"
#include "base/buf.h"

#include <ctype.h>
#include <string.h>

#define TEXT_MAX_BYTES 8192 /* one text of a file with its settings filled in */
#define BURST_MAX 10000

/* ---- texts */

/* The NAME of a ${NAME} at TEXT; its length in the text, or 0. */
static size_t setting_at(const char *text, char ret_name[static 64])
{
        size_t length = 0;

        if (strncmp(text, "${", 2) != 0)
                return 0;
        while (length < 63 && (isupper((unsigned char)text[2 + length]) ||
                               isdigit((unsigned char)text[2 + length]) || text[2 + length] == '_')) {
                ret_name[length] = text[2 + length];
                length++;
        }
        ret_name[length] = '\0';
        return length && text[2 + length] == '}' ? length + 3 : 0;
}

/* Keeps a setting for the templates, where it is the variable settings.NAME. */
static int keep_setting(struct provider_reader *reader, const struct yaml_node *node, const char *name,
                        const char *value)
{
        struct provider *provider = reader->provider;
        int i = 0;

        while (i < provider->setting_count && strcmp(provider->settings[i].name, name))
                i++;
        if (i < provider->setting_count)
                return 0;
        if (i == SETTING_MAX)
                return yaml_refuse(node, reader->err, "more than %d settings: use fewer", SETTING_MAX);
        provider->setting_count++;
        provider->settings[i].name = strdup(name);
        provider->settings[i].value = strdup(value);
        if (!provider->settings[i].name || !provider->settings[i].value)
                return err_set(reader->err, ERR_NOMEM, "provider: out of memory");
        return 0;
}

static int fill(struct provider_reader *reader, const struct yaml_node *node, const char *text,
                bool for_template, struct buf *buf)
{
        const char *value;
        char name[64];
        size_t length;
        int r = 0;

        while (*text && r == 0) {
                length = setting_at(text, name);
                value = length ? reader->setting(reader->context, name) : NULL;
                if (length && !value)
                        return yaml_refuse(node, reader->err, "${%s} is not set: set it in the configuration",
                                           name);
                if (length && for_template) {
                        r = keep_setting(reader, node, name, value);
                        buf_addf(buf, "{{settings.%s}}", name);
                } else if (length) {
                        buf_adds(buf, value);
                } else {
                        buf_addc(buf, *text);
                }
                text += length ? length : 1;
        }
        return r;
}

static int read_filled(struct provider_reader *reader, const struct yaml_node *node, bool for_template,
                       char **ret_text)
{
        char *filled;
        const char *text;
        struct buf buf;
        int r = yaml_text(node, &text, reader->err);

        if (r < 0)
                return r;
        buf_init(&buf, TEXT_MAX_BYTES);
        r = fill(reader, node, text, for_template, &buf);
        if (r == 0 && buf_error(&buf) == ERR_LIMIT)
                r = yaml_refuse(node, reader->err, "longer than %d bytes: shorten it", TEXT_MAX_BYTES);
        filled = r == 0 ? buf_take(&buf) : NULL;
        buf_fini(&buf);
        if (r == 0 && !filled)
                r = err_set(reader->err, ERR_NOMEM, "provider: out of memory");
        if (r == 0) {
                free(*ret_text);
                *ret_text = filled;
        }
        return r;
}

int provider_read_text(struct provider_reader *reader, const struct yaml_node *node, char **ret_text)
{
        return read_filled(reader, node, false, ret_text);
}

int provider_read_template(struct provider_reader *reader, const struct yaml_node *node,
                           struct template **ret_template)
{
        _cleanup_(free_ptr) char *text = NULL;
        size_t length;
        int r = read_filled(reader, node, true, &text);

        if (r < 0)
                return r;
        for (length = strlen(text); length && text[length - 1] == '\n'; length--)
                text[length - 1] = '\0';
        return template_parse(text, yaml_file(node), yaml_line(node), ret_template, reader->err);
}

int provider_read_key(struct provider_reader *reader, const struct yaml_node *node, const char *key,
                      char **ret_text)
{
        const struct yaml_node *value = yaml_get(node, key);

        return value ? provider_read_text(reader, value, ret_text) : 0;
}

int provider_read_pointer(struct provider_reader *reader, const struct yaml_node *node, const char *key,
                          char **ret_text)
{
        const struct yaml_node *value = yaml_get(node, key);
        int r = provider_read_key(reader, node, key, ret_text);

        if (r == 0 && value && **ret_text != '/')
                return yaml_refuse(value, reader->err, "is no JSON pointer: write one such as /data/id");
        return r;
}

int provider_read_words(struct provider_reader *reader, const struct yaml_node *node, char **table, int max,
                        int *ret_count)
{
        bool is_list = yaml_kind(node) == YAML_KIND_SEQUENCE;
        int count = is_list ? yaml_count(node) : 1, r = 0;

        if (count > max)
                return yaml_refuse(node, reader->err, "more than %d values: give fewer", max);
        for (int i = 0; i < count && r == 0; i++)
                r = provider_read_text(reader, is_list ? yaml_at(node, i) : node, &table[i]);
        if (r == 0)
                *ret_count = count;
        return r;
}

/* ---- the file */

static int read_name(struct provider_reader *reader, const struct yaml_node *root)
{
        const struct yaml_node *node;
        int r = yaml_need(root, "provider", &node, reader->err);
        char *name;

        if (r == 0)
                r = provider_read_text(reader, node, &reader->provider->name);
        if (r < 0)
                return r;
        name = reader->provider->name;
        if (!*name || strlen(name) >= MESSAGE_PROVIDER_MAX ||
            strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name))
                return yaml_refuse(node, reader->err, "is no name: use up to %d of a-z, 0-9 and -",
                                   MESSAGE_PROVIDER_MAX - 1);
        return 0;
}

static int read_channels(struct provider_reader *reader, const struct yaml_node *root)
{
        const struct yaml_node *node;
        const char *channel;
        int r = yaml_need(root, "channels", &node, reader->err);

        if (r == 0)
                r = yaml_want(node, YAML_KIND_SEQUENCE, reader->err);
        if (r == 0 && !yaml_count(node))
                r = yaml_refuse(node, reader->err, "is empty: name sms, email or both");
        for (int i = 0; r == 0 && i < yaml_count(node); i++) {
                r = yaml_text(yaml_at(node, i), &channel, reader->err);
                if (r < 0)
                        return r;
                if (strcmp(channel, "sms") == 0)
                        reader->provider->takes_sms = true;
                else if (strcmp(channel, "email") == 0)
                        reader->provider->takes_email = true;
                else
                        r = yaml_refuse(yaml_at(node, i), reader->err,
                                        "\"%.20s\" is no channel: use sms or email", channel);
        }
        return r;
}

static int read_rate(struct provider_reader *reader, const struct yaml_node *root)
{
        static const char *const keys[] = {"per_second", "burst", NULL};
        const struct yaml_node *node = yaml_get(root, "rate"), *value;
        int64_t per_second = 0, burst = 0;
        int r;

        if (!node)
                return 0;
        r = yaml_only_keys(node, keys, reader->err);
        if (r == 0)
                r = yaml_need(node, "per_second", &value, reader->err);
        if (r == 0)
                r = yaml_int(value, 1, BURST_MAX, &per_second, reader->err);
        burst = per_second;
        value = yaml_get(node, "burst");
        if (r == 0 && value)
                r = yaml_int(value, 1, BURST_MAX, &burst, reader->err);
        reader->provider->per_second = (double)per_second;
        reader->provider->burst = (double)burst;
        return r;
}

static int read_plain_keys(struct provider_reader *reader, const struct yaml_node *root)
{
        const struct yaml_node *node = yaml_get(root, "connections");
        int64_t connections = PROVIDER_CONNECTION_MAX;
        int r = 0;

        if (node)
                r = yaml_int(node, 1, PROVIDER_CONNECTION_MAX, &connections, reader->err);
        reader->provider->connections = (int)connections;
        node = yaml_get(root, "insecure");
        if (r == 0 && node)
                r = yaml_bool(node, &reader->provider->is_insecure, reader->err);
        if (r == 0)
                r = provider_read_key(reader, root, "idempotency", &reader->provider->idempotency_header);
        if (r == 0)
                r = read_rate(reader, root);
        return r;
}

/* Renders a message of the channel, so that a template that cannot work is found now. */
static int check_sample(struct provider_reader *reader, const struct yaml_node *root, bool is_sms)
{
        char sms[] = "sms", email[] = "email", number[] = "+358400000010", mailbox[] = "aino@example.org",
             language[] = "fi", title[] = "Otsikko", text[] = "\"Hyv\xc3\xa4\xc3\xa4 huomenta\"\n";
        struct message sample = {.id = 1,
                                 .channel = is_sms ? sms : email,
                                 .address = is_sms ? number : mailbox,
                                 .language = language,
                                 .title = is_sms ? NULL : title,
                                 .text = text};
        struct provider_request request;
        int r = provider_request(reader->provider, &sample, "0000000000000000", &request, reader->err);

        if (r < 0)
                return r;
        r = provider_check_body(reader->provider, &request, reader->err);
        if (r < 0)
                err_prefix(reader->err, "%s", yaml_file(root));
        provider_request_fini(&request);
        return r;
}

static int read_all(struct provider_reader *reader, const struct yaml_node *root)
{
        static const char *const keys[] = {"provider",    "about",    "channels", "request",
                                           "idempotency", "answers",  "rate",     "connections",
                                           "insecure",    "receipts", "replies",  NULL};
        const struct yaml_node *request = NULL, *answers = NULL;
        int r = yaml_only_keys(root, keys, reader->err);

        if (r == 0)
                r = read_name(reader, root);
        if (r == 0)
                r = read_channels(reader, root);
        if (r == 0)
                r = read_plain_keys(reader, root);
        if (r == 0)
                r = yaml_need(root, "request", &request, reader->err);
        if (r == 0)
                r = provider_read_request(reader, request);
        if (r == 0)
                r = yaml_need(root, "answers", &answers, reader->err);
        if (r == 0)
                r = provider_read_answers(reader, answers);
        if (r == 0)
                r = webhook_read(reader, yaml_get(root, "receipts"), true, &reader->provider->receipts);
        if (r == 0)
                r = webhook_read(reader, yaml_get(root, "replies"), false, &reader->provider->replies);
        if (r == 0 && reader->provider->takes_sms)
                r = check_sample(reader, root, true);
        if (r == 0 && reader->provider->takes_email)
                r = check_sample(reader, root, false);
        return r;
}

static int read_document(const struct yaml *yaml, provider_setting_fn setting, void *context,
                         struct provider **ret_provider, struct err *err)
{
        struct provider_reader reader = {.setting = setting, .context = context, .err = err};
        int r;

        reader.provider = calloc(1, sizeof *reader.provider);
        if (!reader.provider)
                return err_set(err, ERR_NOMEM, "provider: out of memory");
        r = read_all(&reader, yaml_root(yaml));
        if (r < 0)
                provider_free(reader.provider);
        else
                *ret_provider = reader.provider;
        return r;
}

int provider_load(const char *path, provider_setting_fn setting, void *context,
                  struct provider **ret_provider, struct err *err)
{
        _cleanup_(yaml_freep) struct yaml *yaml = NULL;
        int r = yaml_load(path, &yaml, err);

        return r < 0 ? r : read_document(yaml, setting, context, ret_provider, err);
}

int provider_parse(const char *name, const char *bytes, size_t length, provider_setting_fn setting,
                   void *context, struct provider **ret_provider, struct err *err)
{
        _cleanup_(yaml_freep) struct yaml *yaml = NULL;
        int r = yaml_parse(name, bytes, length, &yaml, err);

        return r < 0 ? r : read_document(yaml, setting, context, ret_provider, err);
}

struct provider *provider_free(struct provider *provider)
{
        if (!provider)
                return NULL;
        free(provider->name);
        free(provider->idempotency_header);
        provider_request_part_fini(provider);
        for (int i = 0; i < ANSWER_RULE_MAX; i++)
                answer_rule_fini(&provider->answers[i]);
        webhook_fini(&provider->receipts);
        webhook_fini(&provider->replies);
        free(provider);
        return NULL;
}

/* ---- what it says of itself */

const char *provider_name(const struct provider *provider)
{
        return provider->name;
}

bool provider_takes(const struct provider *provider, const char *channel)
{
        return strcmp(channel, "sms") == 0 ? provider->takes_sms : provider->takes_email;
}

bool provider_is_idempotent(const struct provider *provider)
{
        return provider->idempotency_header != NULL;
}

bool provider_has_receipts(const struct provider *provider)
{
        return provider->receipts.exists;
}

int provider_connections(const struct provider *provider)
{
        return provider->connections;
}

void provider_rate(const struct provider *provider, double *ret_per_second, double *ret_burst)
{
        *ret_per_second = provider->per_second;
        *ret_burst = provider->burst;
}
