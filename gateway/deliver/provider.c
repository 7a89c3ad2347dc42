#include "deliver/provider_p.h"
#include "base/buf.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX_BYTES 8192 /* one text of a file with its settings filled in */
#define BURST_MAX 10000

/* ---- texts */

/* A ${NAME} or ${NAME:-default} in a text. */
struct place {
        char name[64];
        const char *otherwise; /* NULL: none */
        size_t otherwise_length, length;
};

static bool find_place(const char *text, struct place *ret_place)
{
        struct place place = {0};
        size_t at = 2;

        if (strncmp(text, "${", 2) != 0)
                return false;
        while (at - 2 < sizeof place.name - 1 &&
               (isupper((unsigned char)text[at]) || isdigit((unsigned char)text[at]) || text[at] == '_')) {
                place.name[at - 2] = text[at];
                at++;
        }
        if (at > 2 && text[at] == ':' && text[at + 1] == '-') {
                place.otherwise = text + at + 2;
                place.otherwise_length = strcspn(place.otherwise, "}");
                at += 2 + place.otherwise_length;
        }
        place.length = at + 1;
        *ret_place = place;
        return at > 2 && text[at] == '}';
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

static int fill_place(struct provider_reader *reader, const struct yaml_node *node, const struct place *place,
                      bool for_template, struct buf *buf)
{
        const char *value = reader->setting(reader->context, place->name);
        char otherwise[256];

        if (!value && place->otherwise && place->otherwise_length < sizeof otherwise) {
                snprintf(otherwise, sizeof otherwise, "%.*s", (int)place->otherwise_length, place->otherwise);
                value = otherwise;
        }
        if (!value)
                return yaml_refuse(node, reader->err, "${%s} is not set: set it in the configuration",
                                   place->name);
        if (!for_template) {
                buf_adds(buf, value);
                return 0;
        }
        buf_addf(buf, "{{settings.%s}}", place->name);
        return keep_setting(reader, node, place->name, value);
}

static int fill(struct provider_reader *reader, const struct yaml_node *node, const char *text,
                bool for_template, struct buf *buf)
{
        struct place place;
        int r = 0;

        while (*text && r == 0) {
                if (find_place(text, &place)) {
                        r = fill_place(reader, node, &place, for_template, buf);
                        text += place.length;
                } else {
                        buf_addc(buf, *text++);
                }
        }
        return r;
}

int provider_fill(struct provider_reader *reader, const struct yaml_node *node, const char *text,
                  bool for_template, char **ret_text)
{
        char *filled;
        struct buf buf;
        int r;

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

static int read_filled(struct provider_reader *reader, const struct yaml_node *node, bool for_template,
                       char **ret_text)
{
        const char *text;
        int r = yaml_text(node, &text, reader->err);

        return r < 0 ? r : provider_fill(reader, node, text, for_template, ret_text);
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

static int read_recipient_rate(struct provider_reader *reader, const struct yaml_node *node)
{
        const struct yaml_node *count = yaml_get(node, "per_recipient"), *within = yaml_get(node, "within");
        struct provider_limits *limits = &reader->provider->limits;
        int64_t per_recipient = 0;
        int r = 0;

        if (!count != !within)
                return yaml_refuse(node, reader->err, "per_recipient and within go together: give both");
        if (!count)
                return 0;
        r = yaml_int(count, 1, BURST_MAX, &per_recipient, reader->err);
        limits->per_recipient = (int)per_recipient;
        if (r == 0)
                r = yaml_duration(within, &limits->within, reader->err);
        if (r == 0 && (limits->within < 1 || limits->within > 86400))
                r = yaml_refuse(within, reader->err, "is out of range: use 1 s to 1 d");
        return r;
}

static int read_rate(struct provider_reader *reader, const struct yaml_node *root)
{
        static const char *const keys[] = {"per_second", "burst", "per_recipient", "within", NULL};
        const struct yaml_node *node = yaml_get(root, "rate"), *value;
        int64_t per_second = 0, burst = 0;
        int r;

        if (!node)
                return 0;
        r = yaml_only_keys(node, keys, reader->err);
        value = yaml_get(node, "per_second");
        if (r == 0 && value)
                r = yaml_int(value, 1, BURST_MAX, &per_second, reader->err);
        burst = per_second;
        value = yaml_get(node, "burst");
        if (r == 0 && value)
                r = yaml_int(value, 1, BURST_MAX, &burst, reader->err);
        if (r == 0 && value && !per_second)
                r = yaml_refuse(node, reader->err, "burst without per_second: give both");
        reader->provider->limits.per_second = (double)per_second;
        reader->provider->limits.burst = (double)burst;
        return r < 0 ? r : read_recipient_rate(reader, node);
}

/* The name of a header that takes our key, or {in: body, for: 15 min}: the template carries it. */
static int read_idempotency(struct provider_reader *reader, const struct yaml_node *root)
{
        static const char *const keys[] = {"header", "in", "for", NULL};
        const struct yaml_node *node = yaml_get(root, "idempotency"), *seconds;
        struct provider *provider = reader->provider;
        _cleanup_(free_ptr) char *in = NULL;
        int r;

        provider->idempotent_seconds = INT64_MAX;
        if (!node)
                return 0;
        provider->is_idempotent = true;
        if (yaml_kind(node) == YAML_KIND_SCALAR)
                return provider_read_text(reader, node, &provider->idempotency_header);
        r = yaml_only_keys(node, keys, reader->err);
        if (r == 0)
                r = provider_read_key(reader, node, "header", &provider->idempotency_header);
        if (r == 0)
                r = provider_read_key(reader, node, "in", &in);
        if (r == 0 &&
            (in ? strcmp(in, "body") || provider->idempotency_header : !provider->idempotency_header))
                r = yaml_refuse(node, reader->err, "give either header: NAME or in: body");
        seconds = yaml_get(node, "for");
        if (r == 0 && seconds)
                r = yaml_duration(seconds, &provider->idempotent_seconds, reader->err);
        return r;
}

static int read_answer_format(struct provider_reader *reader, const struct yaml_node *root)
{
        _cleanup_(free_ptr) char *format = NULL;
        int r = provider_read_key(reader, root, "answer_format", &format);

        if (r == 0 && format && strcmp(format, "json") && strcmp(format, "text"))
                r = yaml_refuse(yaml_get(root, "answer_format"), reader->err,
                                "is no format: use json or text");
        reader->provider->is_text_answer = format && strcmp(format, "text") == 0;
        return r;
}

/* Settings that have a meaning of their own, and where we can be reached. */
static int read_own_settings(struct provider_reader *reader)
{
        struct provider *provider = reader->provider;
        const struct {
                const char *name;
                char **place;
        } table[] = {{"SENDER", &provider->sender},
                     {"SENDER_NAME", &provider->sender_name},
                     {"REPLY_TO", &provider->reply_to},
                     {"base_url", &provider->public_url}};

        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                const char *value = reader->setting(reader->context, table[i].name);

                *table[i].place = value ? strdup(value) : NULL;
                if (value && !*table[i].place)
                        return err_set(reader->err, ERR_NOMEM, "provider: out of memory");
        }
        return 0;
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
                r = read_idempotency(reader, root);
        if (r == 0)
                r = read_answer_format(reader, root);
        if (r == 0)
                r = read_own_settings(reader);
        if (r == 0)
                r = read_rate(reader, root);
        return r;
}

/* The longest and the barest message of a channel. */
static struct message sample_message(bool is_sms, bool is_bare)
{
        static char sms[] = "sms", email[] = "email", number[] = "+358400000010",
                    mailbox[] = "aino@example.org", language[] = "fi", title[] = "Otsikko",
                    text[] = "\"Hyv\xc3\xa4\xc3\xa4 huomenta\"\n", calendar[] = "BEGIN:VCALENDAR\r\n",
                    unsubscribe[] = "https://kapula.example.org/u/x", unicode[] = "\xd0\x94\xd0\xb0";

        return (struct message){.id = 1,
                                .channel = is_sms ? sms : email,
                                .address = is_sms ? number : mailbox,
                                .language = language,
                                .title = is_sms ? NULL : title,
                                .text = is_sms && !is_bare ? unicode : text,
                                .urgent = is_bare,
                                .unsubscribe = is_bare ? NULL : unsubscribe,
                                .calendar = is_bare ? NULL : calendar};
}

/* Renders messages of the channel, so that a template that cannot work is found now. */
static int check_sample(struct provider_reader *reader, const struct yaml_node *root, bool is_sms)
{
        struct provider_request request;
        int r = 0;

        for (int is_bare = 0; is_bare <= 1 && r == 0; is_bare++) {
                struct message sample = sample_message(is_sms, is_bare);

                r = provider_request(reader->provider, &sample, "0000000000000000", &request, reader->err);
                if (r < 0)
                        return r;
                r = provider_check_body(reader->provider, &request, reader->err);
                if (r < 0)
                        err_prefix(reader->err, "%s", yaml_file(root));
                provider_request_fini(&request);
                if (r == 0 && reader->provider->question.exists) {
                        r = provider_question(reader->provider, &sample, "0000000000000000",
                                              reader->provider->question.by_key ? NULL : "x", &request,
                                              reader->err);
                        if (r == 0)
                                provider_request_fini(&request);
                }
        }
        return r;
}

static int read_all(struct provider_reader *reader, const struct yaml_node *root)
{
        static const char *const keys[] = {"provider", "about",       "source",   "channels",
                                           "request",  "idempotency", "answers",  "answer_format",
                                           "rate",     "connections", "insecure", "query",
                                           "receipts", "replies",     NULL};
        const struct yaml_node *request = NULL, *answers = NULL;
        struct provider *provider = reader->provider;
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
        if (r == 0 && (!provider->is_smtp || yaml_get(root, "answers")))
                r = yaml_need(root, "answers", &answers, reader->err);
        if (r == 0 && answers)
                r = provider_read_answers(reader, answers);
        if (r == 0)
                r = provider_read_question(reader, yaml_get(root, "query"));
        if (r == 0)
                r = webhook_read(reader, yaml_get(root, "receipts"), true, &provider->receipts);
        provider->uses = r == 0 ? provider_uses(provider) : 0;
        if (r == 0)
                r = webhook_read(reader, yaml_get(root, "replies"), false, &provider->replies);
        if (r == 0 && provider->takes_sms)
                r = check_sample(reader, root, true);
        if (r == 0 && provider->takes_email)
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
        question_fini(&provider->question);
        free(provider->sender);
        free(provider->sender_name);
        free(provider->reply_to);
        free(provider->ca_file);
        free(provider->prefixes);
        free(provider->senders_json);
        for (int i = 0; i < provider->sender_count; i++) {
                free(provider->senders[i].organisation);
                free(provider->senders[i].sender);
        }
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

bool provider_is_idempotent(const struct provider *provider, int64_t *ret_seconds)
{
        *ret_seconds = provider->idempotent_seconds;
        return provider->is_idempotent;
}

bool provider_is_insecure(const struct provider *provider)
{
        return provider->is_insecure;
}

bool provider_is_smtp(const struct provider *provider)
{
        return provider->is_smtp;
}

bool provider_has_receipts(const struct provider *provider)
{
        return provider->receipts.exists;
}

bool provider_has_replies(const struct provider *provider)
{
        return provider->replies.exists;
}

int provider_connections(const struct provider *provider)
{
        return provider->connections;
}

struct provider_limits provider_limits(const struct provider *provider)
{
        return provider->limits;
}

const char *provider_ca_file(const struct provider *provider)
{
        return provider->ca_file;
}

const char *provider_prefixes(const struct provider *provider)
{
        return provider->prefixes;
}

const char *provider_senders(const struct provider *provider)
{
        return provider->senders_json;
}
