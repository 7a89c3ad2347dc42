#include "compose/json_text.h"
#include "deliver/json_pointer.h"
#include "deliver/provider_p.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_TEXT_MAX_BYTES 1024 /* of an answer in plain text that are read */

void answer_rule_fini(struct answer_rule *rule)
{
        free(rule->field);
        for (int i = 0; i < ANSWER_EQUALS_MAX; i++)
                free(rule->equals[i]);
        free(rule->id);
        free(rule->id_header);
        free(rule->detail);
        *rule = (struct answer_rule){0};
}

/* ---- reading the file */

static int read_status(struct provider_reader *reader, const struct yaml_node *node, struct answer_rule *rule)
{
        bool is_list = yaml_kind(node) == YAML_KIND_SEQUENCE;
        int count = is_list ? yaml_count(node) : 1, from, to, end;
        const struct yaml_node *item;
        const char *text;
        int r;

        if (count > ANSWER_EQUALS_MAX)
                return yaml_refuse(node, reader->err, "more than %d values: give fewer", ANSWER_EQUALS_MAX);
        for (int i = 0; i < count; i++) {
                item = is_list ? yaml_at(node, i) : node;
                r = yaml_text(item, &text, reader->err);
                if (r < 0)
                        return r;
                end = 0;
                if (sscanf(text, "%3d-%3d%n", &from, &to, &end) != 2 || text[end]) {
                        if (sscanf(text, "%3d%n", &from, &end) != 1 || text[end])
                                from = 0;
                        to = from;
                }
                if (from < 100 || to > 599 || to < from)
                        return yaml_refuse(item, reader->err,
                                           "\"%.20s\" is no HTTP status: write one such as 201 or 500-599",
                                           text);
                rule->status[i].from = from;
                rule->status[i].to = to;
        }
        rule->status_count = count;
        return 0;
}

static int read_outcome(struct provider_reader *reader, const struct yaml_node *node,
                        struct answer_rule *rule)
{
        const struct yaml_node *value;
        const char *text;
        int r = yaml_need(node, "outcome", &value, reader->err);

        if (r == 0)
                r = yaml_text(value, &text, reader->err);
        if (r < 0)
                return r;
        for (int outcome = ATTEMPT_ACCEPTED; outcome <= ATTEMPT_UNKNOWN; outcome++) {
                if (strcmp(text, attempt_outcome_name((enum attempt_outcome)outcome)))
                        continue;
                rule->outcome = (enum attempt_outcome)outcome;
                return 0;
        }
        return yaml_refuse(value, reader->err,
                           "\"%.20s\" is no outcome: use accepted, rejected, retry or unknown", text);
}

static int read_rule(struct provider_reader *reader, const struct yaml_node *node, struct answer_rule *rule)
{
        static const char *const keys[] = {"status",    "field",  "equals",      "outcome", "id",
                                           "id_header", "detail", "bad_address", NULL};
        int r = yaml_only_keys(node, keys, reader->err);

        if (r == 0 && yaml_get(node, "status"))
                r = read_status(reader, yaml_get(node, "status"), rule);
        if (r == 0)
                r = read_outcome(reader, node, rule);
        if (r == 0)
                r = provider_read_pointer(reader, node, "field", &rule->field);
        if (r == 0)
                r = provider_read_pointer(reader, node, "id", &rule->id);
        if (r == 0)
                r = provider_read_key(reader, node, "id_header", &rule->id_header);
        if (r == 0 && rule->id && rule->id_header)
                r = yaml_refuse(node, reader->err, "stands in one place: give either id or id_header");
        if (r == 0)
                r = provider_read_pointer(reader, node, "detail", &rule->detail);
        if (r == 0 && yaml_get(node, "bad_address"))
                r = yaml_bool(yaml_get(node, "bad_address"), &rule->is_bad_address, reader->err);
        if (r == 0 && rule->is_bad_address && rule->outcome != ATTEMPT_REJECTED)
                r = yaml_refuse(yaml_get(node, "bad_address"), reader->err,
                                "only what is rejected says so of its address: remove it");
        if (r == 0 && yaml_get(node, "equals"))
                r = provider_read_words(reader, yaml_get(node, "equals"), rule->equals, ANSWER_EQUALS_MAX,
                                        &rule->equals_count);
        if (r == 0 && rule->equals_count && !rule->field)
                r = yaml_refuse(node, reader->err, "equals without field: say which field");
        if (r == 0 && !rule->status_count && !rule->field)
                r = yaml_refuse(node, reader->err, "fits every answer: give a status or a field");
        return r;
}

int provider_read_answers(struct provider_reader *reader, const struct yaml_node *node)
{
        struct provider *provider = reader->provider;
        bool accepts = false;
        int r = yaml_want(node, YAML_KIND_SEQUENCE, reader->err);

        if (r == 0 && yaml_count(node) > ANSWER_RULE_MAX)
                r = yaml_refuse(node, reader->err, "more than %d answers: give fewer", ANSWER_RULE_MAX);
        for (int i = 0; r == 0 && i < yaml_count(node); i++) {
                r = read_rule(reader, yaml_at(node, i), &provider->answers[i]);
                provider->answer_count = i + 1;
                accepts = accepts || provider->answers[i].outcome == ATTEMPT_ACCEPTED;
        }
        if (r == 0 && !accepts)
                r = yaml_refuse(node, reader->err, "no answer means accepted: add one");
        return r;
}

/* ---- reading an answer */

static bool status_fits(const struct answer_rule *rule, int status)
{
        for (int i = 0; i < rule->status_count; i++)
                if (status >= rule->status[i].from && status <= rule->status[i].to)
                        return true;
        return rule->status_count == 0;
}

static bool field_fits(const struct answer_rule *rule, const json_t *body)
{
        char text[MESSAGE_PROVIDER_ID_MAX];

        if (!rule->field)
                return true;
        if (!rule->equals_count)
                return json_pointer_at(body, rule->field) != NULL;
        if (!json_pointer_text(body, rule->field, text, sizeof text))
                return false;
        for (int i = 0; i < rule->equals_count; i++)
                if (strcmp(text, rule->equals[i]) == 0)
                        return true;
        return false;
}

static enum attempt_outcome outcome_of_smtp(int status)
{
        if (status >= 200 && status < 300)
                return ATTEMPT_ACCEPTED;
        if (status >= 400 && status < 500)
                return ATTEMPT_RETRY;
        return status >= 500 && status < 600 ? ATTEMPT_REJECTED : ATTEMPT_UNKNOWN;
}

static enum attempt_outcome outcome_of_status(int status)
{
        switch (status) {
        case 401:
        case 403:
        case 404:
        case 405:
        case 408:
        case 425:
        case 429:
        case 503:
                return ATTEMPT_RETRY;
        default:
                if (status >= 300 && status < 400)
                        return ATTEMPT_RETRY;
                return status >= 400 && status < 500 ? ATTEMPT_REJECTED : ATTEMPT_UNKNOWN;
        }
}

/* An answer in plain text as JSON: {"text": the whole, "words": what spaces, ':', '=', ';' and ',' part}. */
static json_t *text_as_json(const char *body, size_t length)
{
        char text[ANSWER_TEXT_MAX_BYTES], *rest = text, *word;
        json_t *json = json_object(), *words = json_array();

        snprintf(text, sizeof text, "%.*s", (int)(length < sizeof text ? length : sizeof text - 1), body);
        json_object_set_new(json, "text", json_string(text));
        while ((word = strtok_r(rest, " \t\r\n:=;,", &rest)))
                json_array_append_new(words, json_string(word));
        json_object_set_new(json, "words", words);
        return json;
}

static json_t *read_body(const struct provider *provider, const char *body, size_t length)
{
        json_error_t error;
        json_t *json;

        if (!length)
                return NULL;
        if (provider->is_text_answer)
                return text_as_json(body, length);
        return json_text_read(body, length, JSON_DECODE_ANY, &json, &error) == 0 ? json : NULL;
}

/* The provider's id where the rule says; false when it must be there and is not. */
static bool find_id(const struct answer_rule *rule, const json_t *json, const char *header,
                    char ret_id[static MESSAGE_PROVIDER_ID_MAX])
{
        ret_id[0] = '\0';
        if (rule->id_header) {
                if (header && strlen(header) < MESSAGE_PROVIDER_ID_MAX)
                        snprintf(ret_id, MESSAGE_PROVIDER_ID_MAX, "%s", header);
                return ret_id[0] != '\0';
        }
        if (!rule->id)
                return true;
        if (!json_pointer_text(json, rule->id, ret_id, MESSAGE_PROVIDER_ID_MAX))
                ret_id[0] = '\0';
        return ret_id[0] != '\0';
}

const char *provider_id_header(const struct provider *provider)
{
        for (int i = 0; i < provider->answer_count; i++)
                if (provider->answers[i].id_header)
                        return provider->answers[i].id_header;
        return NULL;
}

void provider_keep_code(char *text)
{
        size_t digits = 0;

        for (char *at = text; *at; at++) {
                bool is_digit = *at >= '0' && *at <= '9';

                digits = is_digit ? digits + 1 : 0;
                if (digits > 6 || at - text > 60 ||
                    (!is_digit && !(*at >= 'A' && *at <= 'Z') && !(*at >= 'a' && *at <= 'z') &&
                     !strchr("._:-", *at)))
                        text[0] = '\0';
                if (!text[0])
                        return;
        }
}

void provider_answer(const struct provider *provider, int status, const char *body, size_t length,
                     const char *id, struct provider_answer *ret_answer)
{
        json_t *json = read_body(provider, body, length);
        const char *protocol = provider->is_smtp ? "SMTP" : "HTTP";
        struct provider_answer answer = {.outcome = provider->is_smtp ? outcome_of_smtp(status)
                                                                      : outcome_of_status(status)};
        char code[MESSAGE_DETAIL_MAX] = "";
        int i;

        for (i = 0; i < provider->answer_count; i++) {
                const struct answer_rule *rule = &provider->answers[i];

                if (!status_fits(rule, status) || !field_fits(rule, json) ||
                    !find_id(rule, json, id, answer.id))
                        continue;
                answer.outcome = rule->outcome;
                answer.is_bad_address = rule->is_bad_address;
                if (rule->detail && json_pointer_text(json, rule->detail, code, sizeof code))
                        provider_keep_code(code);
                else
                        code[0] = '\0';
                snprintf(answer.detail, sizeof answer.detail, "%s %d%s%.120s", protocol, status,
                         code[0] ? ", " : "", code);
                break;
        }
        if (i == provider->answer_count)
                snprintf(answer.detail, sizeof answer.detail, "%s %d%s", protocol, status,
                         status >= 200 && status < 300 && !provider->is_smtp
                             ? ", an answer that its file does not know"
                             : "");
        json_decref(json);
        *ret_answer = answer;
}
