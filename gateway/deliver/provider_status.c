/* The words that a provider has for what became of a message, in receipts and in answers to questions. */
#include "deliver/json_pointer.h"
#include "deliver/provider_p.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX_BYTES 256

static const char *const word_keys[WORD_KINDS] = {
    [WORD_DELIVERED] = "delivered",     [WORD_FAILED] = "failed", [WORD_TEMPORARY] = "temporary",
    [WORD_BAD_ADDRESS] = "bad_address", [WORD_TAKEN] = "taken",
};

void status_words_fini(struct status_words *words)
{
        for (int i = 0; i < STATUS_POINTER_MAX; i++)
                free(words->pointers[i]);
        for (int kind = 0; kind < WORD_KINDS; kind++) {
                for (char **word = words->words[kind]; word && *word; word++)
                        free(*word);
                free(words->words[kind]);
        }
        *words = (struct status_words){0};
}

static int read_pointers(struct provider_reader *reader, const struct yaml_node *node,
                         struct status_words *words)
{
        const struct yaml_node *status = yaml_get(node, "status");
        int count, r;

        if (!status)
                return yaml_refuse(node, reader->err, "status is missing: say where it stands");
        r = provider_read_words(reader, status, words->pointers, STATUS_POINTER_MAX, &count);
        for (int i = 0; r == 0 && words->pointers[i]; i++)
                if (*words->pointers[i] != '/' || !json_pointer_valid(words->pointers[i]))
                        r = yaml_refuse(status, reader->err,
                                        "is no JSON pointer: write one such as /data/status");
        return r;
}

static int read_kind(struct provider_reader *reader, const struct yaml_node *node, struct status_words *words,
                     int kind)
{
        const struct yaml_node *list = yaml_get(node, word_keys[kind]);
        int count;

        if (!list)
                return 0;
        words->words[kind] = calloc(STATUS_WORD_MAX + 1, sizeof(char *));
        if (!words->words[kind])
                return err_set(reader->err, ERR_NOMEM, "provider: out of memory");
        return provider_read_words(reader, list, words->words[kind], STATUS_WORD_MAX, &count);
}

int provider_read_status(struct provider_reader *reader, const struct yaml_node *node, bool takes,
                         struct status_words *words)
{
        int r = read_pointers(reader, node, words);

        for (int kind = 0; kind < WORD_KINDS && r == 0; kind++)
                if (kind != WORD_TAKEN || takes)
                        r = read_kind(reader, node, words, kind);
        if (r == 0 && !words->words[WORD_DELIVERED])
                r = yaml_refuse(node, reader->err, "delivered is missing: give the words that mean it");
        return r;
}

/* The texts at the pointers, those that are there, joined by '/'; false when there is none. */
static bool join(const struct status_words *words, const json_t *json, char *ret_word, size_t size)
{
        char part[WORD_MAX_BYTES];
        size_t length = 0;

        for (char *const *pointer = words->pointers; *pointer; pointer++) {
                if (!json_pointer_text(json, *pointer, part, sizeof part))
                        continue;
                if (length + strlen(part) + 2 > size)
                        return false;
                length += (size_t)snprintf(ret_word + length, size - length, "%s%s", length ? "/" : "", part);
        }
        return length > 0;
}

static bool fits(const char *pattern, const char *word, bool with_star)
{
        size_t length = strlen(pattern);

        if (!with_star || !length || pattern[length - 1] != '*')
                return !with_star && strcmp(pattern, word) == 0;
        return strncmp(pattern, word, length - 1) == 0;
}

/* A word as it is stands before one with a star. */
int status_words_find(const struct status_words *words, const json_t *json)
{
        char word[WORD_MAX_BYTES];

        if (!join(words, json, word, sizeof word))
                return -2;
        for (int with_star = 0; with_star <= 1; with_star++)
                for (int kind = 0; kind < WORD_KINDS; kind++)
                        for (char **each = words->words[kind]; each && *each; each++)
                                if (fits(*each, word, with_star))
                                        return kind;
        return -1;
}
