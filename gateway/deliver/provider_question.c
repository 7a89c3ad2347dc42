/* The part `query` of a provider's file: asking what became of a message. */
#include "compose/json_text.h"
#include "deliver/json_pointer.h"
#include "deliver/provider_p.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define WAIT_DEFAULT_SECONDS 30
#define UNTIL_DEFAULT_SECONDS (2 * 86400)
#define EVERY_MIN_SECONDS 10

void question_fini(struct question *question)
{
        template_free(question->url);
        free(question->item);
        free(question->id);
        free(question->detail);
        status_words_fini(&question->status);
        *question = (struct question){0};
}

static int read_missing(struct provider_reader *reader, const struct yaml_node *node,
                        struct question *question)
{
        bool is_list = node && yaml_kind(node) == YAML_KIND_SEQUENCE;
        int count = is_list ? yaml_count(node) : node != NULL, r = 0;
        int64_t status;

        if (count > ANSWER_EQUALS_MAX)
                return yaml_refuse(node, reader->err, "more than %d values: give fewer", ANSWER_EQUALS_MAX);
        for (int i = 0; i < count && r == 0; i++) {
                r = yaml_int(is_list ? yaml_at(node, i) : node, 100, 599, &status, reader->err);
                question->missing[i] = (int)status;
        }
        question->missing_count = count;
        return r;
}

static int read_times(struct provider_reader *reader, const struct yaml_node *node, struct question *question)
{
        const struct yaml_node *wait = yaml_get(node, "wait"), *every = yaml_get(node, "every"),
                               *until = yaml_get(node, "until");
        int r = 0;

        question->wait = WAIT_DEFAULT_SECONDS;
        question->until = UNTIL_DEFAULT_SECONDS;
        if (wait)
                r = yaml_duration(wait, &question->wait, reader->err);
        if (r == 0 && every)
                r = yaml_duration(every, &question->every, reader->err);
        if (r == 0 && every && question->every < EVERY_MIN_SECONDS)
                r = yaml_refuse(every, reader->err, "is under %d s: ask less often", EVERY_MIN_SECONDS);
        if (r == 0 && until)
                r = yaml_duration(until, &question->until, reader->err);
        return r;
}

/* The path below the host of the request. */
static int read_url(struct provider_reader *reader, const struct yaml_node *node, struct question *question)
{
        const struct yaml_node *url;
        const char *text;
        int r = yaml_need(node, "path", &url, reader->err);

        if (r == 0)
                r = yaml_text(url, &text, reader->err);
        if (r == 0 && *text != '/')
                r = yaml_refuse(url, reader->err, "is no path: begin it with /, the host is the request's");
        return r < 0 ? r : provider_read_template(reader, url, &question->url);
}

int provider_read_question(struct provider_reader *reader, const struct yaml_node *node)
{
        static const char *const keys[] = {
            "by",      "path",   "wait",  "every",     "until",  "item",      "id",          "detail",
            "missing", "status", "taken", "delivered", "failed", "temporary", "bad_address", NULL};
        struct question *question = &reader->provider->question;
        _cleanup_(free_ptr) char *by = NULL;
        int r;

        if (!node)
                return 0;
        question->exists = true;
        r = yaml_only_keys(node, keys, reader->err);
        if (r == 0)
                r = provider_read_key(reader, node, "by", &by);
        if (r == 0 && (!by || (strcmp(by, "key") && strcmp(by, "id"))))
                r = yaml_refuse(node, reader->err, "by is missing: say key (ours) or id (the provider's)");
        question->by_key = r == 0 && strcmp(by, "key") == 0;
        if (r == 0)
                r = read_url(reader, node, question);
        if (r == 0)
                r = read_times(reader, node, question);
        if (r == 0)
                r = read_missing(reader, yaml_get(node, "missing"), question);
        if (r == 0)
                r = provider_read_pointer(reader, node, "item", &question->item);
        if (r == 0)
                r = provider_read_pointer(reader, node, "id", &question->id);
        if (r == 0)
                r = provider_read_pointer(reader, node, "detail", &question->detail);
        return r < 0 ? r : provider_read_status(reader, node, true, &question->status);
}

bool provider_can_ask(const struct provider *provider, int64_t *ret_wait_seconds)
{
        *ret_wait_seconds = provider->question.wait;
        return provider->question.exists && provider->question.by_key;
}

int64_t provider_poll_seconds(const struct provider *provider, int64_t *ret_until_seconds)
{
        *ret_until_seconds = provider->question.until;
        return provider->question.exists ? provider->question.every : 0;
}

/* ---- the answer */

static bool is_missing(const struct question *question, int status)
{
        for (int i = 0; i < question->missing_count; i++)
                if (question->missing[i] == status)
                        return true;
        return false;
}

static enum provider_standing standing_of(int kind)
{
        switch (kind) {
        case WORD_DELIVERED:
                return STANDING_DELIVERED;
        case WORD_FAILED:
        case WORD_BAD_ADDRESS:
                return STANDING_FAILED;
        case WORD_TEMPORARY:
                return STANDING_TEMPORARY;
        default:
                return STANDING_TAKEN; /* it is there, whatever it calls that */
        }
}

static void read_item(const struct question *question, const json_t *json, struct provider_told *told)
{
        const int kind = status_words_find(&question->status, json);

        told->standing = standing_of(kind);
        told->is_bad_address = kind == WORD_BAD_ADDRESS;
        if (question->id && !json_pointer_text(json, question->id, told->id, sizeof told->id))
                told->id[0] = '\0';
        if (question->detail && json_pointer_text(json, question->detail, told->detail, sizeof told->detail))
                provider_keep_code(told->detail);
}

void provider_told(const struct provider *provider, int status, const char *body, size_t length,
                   struct provider_told *ret_told)
{
        const struct question *question = &provider->question;
        json_error_t error;
        json_t *json = NULL;
        const json_t *item;
        struct provider_told told = {.standing = STANDING_UNCLEAR};

        if (length)
                json_text_read(body, length, 0, &json, &error);
        item = json;
        if (is_missing(question, status)) {
                told.standing = STANDING_MISSING;
        } else if (status >= 200 && status < 300 && json) {
                if (question->item)
                        item = json_pointer_at(json, question->item);
                if (item)
                        read_item(question, item, &told);
                else
                        told.standing = STANDING_MISSING; /* an empty list */
        }
        json_decref(json);
        *ret_told = told;
}
