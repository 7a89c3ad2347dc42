#include "deliver/reply.h"
#include "base/yaml.h"

#include <ctype.h>
#include <string.h>

struct word {
        char *text; /* folded */
        enum reply_answer answer;
        bool is_polite;
};

struct reply_words {
        struct word words[REPLY_WORDS_MAX];
        int count;
};

static const char *const answer_names[] = {
    [REPLY_UNCLEAR] = "unclear", [REPLY_CALL_ME] = "call-me", [REPLY_DID_NOT_KNOW] = "did-not-know",
    [REPLY_KNEW] = "knew",       [REPLY_START] = "start",     [REPLY_STOP] = "stop",
};

const char *reply_answer_name(enum reply_answer answer)
{
        return answer_names[answer];
}

/* ---- the file */

static const struct word *find(const struct reply_words *words, const char *text, size_t length)
{
        for (int i = 0; i < words->count; i++)
                if (strlen(words->words[i].text) == length && memcmp(words->words[i].text, text, length) == 0)
                        return &words->words[i];
        return NULL;
}

static int add_word(struct reply_words *words, const struct yaml_node *node, const struct word *like,
                    struct err *err)
{
        char folded[WORDS_MAX_BYTES];
        const struct word *known;
        const char *text;
        int r = yaml_text(node, &text, err);

        if (r < 0)
                return r;
        words_fold(text, folded);
        if (!*folded)
                return yaml_refuse(node, err, "has no letter or digit: write a word");
        known = find(words, folded, strlen(folded));
        if (known && (known->answer != like->answer || known->is_polite != like->is_polite))
                return yaml_refuse(node, err, "\"%s\" means two things: take it out of one list", folded);
        if (known)
                return 0;
        if (words->count == REPLY_WORDS_MAX)
                return yaml_refuse(node, err, "more than %d words: use fewer", REPLY_WORDS_MAX);
        words->words[words->count] = *like;
        words->words[words->count].text = strdup(folded);
        if (!words->words[words->count].text)
                return err_set(err, ERR_NOMEM, "replies: out of memory");
        words->count++;
        return 0;
}

static int add_words(struct reply_words *words, const struct yaml_node *list, const struct word *like,
                     struct err *err)
{
        int r = list ? yaml_want(list, YAML_KIND_SEQUENCE, err) : 0;

        for (int i = 0; r == 0 && list && i < yaml_count(list); i++)
                r = add_word(words, yaml_at(list, i), like, err);
        return r;
}

static int add_language(struct reply_words *words, const struct yaml_node *language, struct err *err)
{
        static const char *const keys[] = {"call-me", "did-not-know", "knew", "start", "stop", NULL};
        int r = yaml_only_keys(language, keys, err);

        for (int i = REPLY_UNCLEAR + 1; i <= REPLY_STOP && r == 0; i++) {
                const struct word like = {.answer = (enum reply_answer)i};

                r = add_words(words, yaml_get(language, answer_names[i]), &like, err);
        }
        return r;
}

static int read_file(struct reply_words *words, const struct yaml_node *root, struct err *err)
{
        static const char *const keys[] = {"polite", "words", NULL};
        const struct word polite = {.is_polite = true};
        const struct yaml_node *languages = NULL;
        int r = yaml_only_keys(root, keys, err);

        if (r == 0)
                r = yaml_need(root, "words", &languages, err);
        if (r == 0)
                r = yaml_want(languages, YAML_KIND_MAPPING, err);
        for (int i = 0; r == 0 && i < yaml_count(languages); i++)
                r = add_language(words, yaml_at(languages, i), err);
        return r < 0 ? r : add_words(words, yaml_get(root, "polite"), &polite, err);
}

int reply_words_load(const char *path, struct reply_words **ret_words, struct err *err)
{
        _cleanup_(yaml_freep) struct yaml *yaml = NULL;
        struct reply_words *words = calloc(1, sizeof *words);
        int r = words ? yaml_load(path, &yaml, err) : err_set(err, ERR_NOMEM, "replies: out of memory");

        if (r == 0)
                r = read_file(words, yaml_root(yaml), err);
        if (r < 0) {
                reply_words_free(words);
                return r;
        }
        *ret_words = words;
        return 0;
}

struct reply_words *reply_words_free(struct reply_words *words)
{
        if (!words)
                return NULL;
        while (words->count)
                free(words->words[--words->count].text);
        free(words);
        return NULL;
}

/* ---- a reply */

/* Takes polite words out, wherever they stand. */
static void drop_polite(const struct reply_words *words, char *text)
{
        char *out = text;

        for (const char *word = text; *word;) {
                size_t length = strcspn(word, " ");
                const struct word *known = find(words, word, length);
                const char *next = word + length + (word[length] == ' ');

                if (!known || !known->is_polite) {
                        if (out > text)
                                *out++ = ' ';
                        memmove(out, word, length);
                        out += length;
                }
                word = next;
        }
        *out = '\0';
}

/* The longest answer that TEXT begins with, whole words only; *ret_length is its length. */
static const struct word *find_prefix(const struct reply_words *words, const char *text, size_t *ret_length)
{
        for (size_t length = strlen(text); length > 0; length--) {
                const struct word *known;

                if (text[length] && text[length] != ' ')
                        continue;
                known = find(words, text, length);
                if (known && !known->is_polite) {
                        *ret_length = length;
                        return known;
                }
        }
        return NULL;
}

enum reply_answer reply_read(const struct reply_words *words, const char *text,
                             char ret_child[static WORDS_MAX_BYTES])
{
        char folded[WORDS_MAX_BYTES];
        const struct word *known;
        size_t length;

        ret_child[0] = '\0';
        words_fold(text, folded);
        drop_polite(words, folded);
        known = find_prefix(words, folded, &length);
        if (!known)
                return REPLY_UNCLEAR;
        if (folded[length])
                memcpy(ret_child, folded + length + 1, strlen(folded + length + 1) + 1);
        /* Only an answer about a child may be followed by something. */
        if (*ret_child && (known->answer == REPLY_STOP || known->answer == REPLY_START))
                return REPLY_UNCLEAR;
        return known->answer;
}

static bool is_capital(const char *word, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (word[i] < 'A' || word[i] > 'Z')
                        return false;
        return true;
}

/* The answer that WORD of a text asks for as it stands there; *ret_shown is what is shown of it. */
static enum reply_answer asks_with(const struct reply_words *words, const char *word, size_t length,
                                   size_t *ret_shown)
{
        bool is_figure = strspn(word, "0123456789") >= length;
        size_t blanks = strspn(word + length, " ");
        char folded[WORDS_MAX_BYTES], plain[REPLY_ASKED_MAX];
        const struct word *known;

        if (length + blanks + 2 > sizeof plain)
                return REPLY_UNCLEAR;
        memcpy(plain, word, length);
        plain[length] = '\0';
        words_fold(plain, folded);
        known = find(words, folded, strlen(folded));
        if (!known || known->is_polite)
                return REPLY_UNCLEAR;
        if (is_figure ? word[length + blanks] != '='
                      : known->answer == REPLY_CALL_ME || !is_capital(word, length))
                return REPLY_UNCLEAR;
        *ret_shown = is_figure ? length + blanks + 1 : length;
        return known->answer;
}

enum reply_answer reply_asked(const struct reply_words *words, const char *text,
                              char ret_asked[static REPLY_ASKED_MAX])
{
        enum reply_answer answer;
        size_t length, shown;

        for (; *text; text += length ? length : 1) {
                for (length = 0; isalnum((unsigned char)text[length]) || text[length] & 0x80; length++)
                        ;
                answer = length ? asks_with(words, text, length, &shown) : REPLY_UNCLEAR;
                if (answer == REPLY_UNCLEAR)
                        continue;
                memcpy(ret_asked, text, shown);
                ret_asked[shown] = '\0';
                return answer;
        }
        return REPLY_UNCLEAR;
}

bool reply_reaches(const char *sender)
{
        const char *digits = sender + (*sender == '+');

        return *digits && digits[strspn(digits, "0123456789")] == '\0';
}

bool reply_number(const char *from, char ret_number[static REPLY_NUMBER_MAX])
{
        char number[REPLY_NUMBER_MAX + 2]; /* with 00 */
        size_t length = 0;
        const char *digits = number;

        for (; *from; from++) {
                if (strchr(" -()./", *from) || (*from == '+' && length == 0))
                        continue;
                if (!isdigit((unsigned char)*from) || length == sizeof number - 1)
                        return false;
                number[length++] = *from;
        }
        number[length] = '\0';
        if (strncmp(digits, "00", 2) == 0)
                digits += 2;
        length = strlen(digits);
        if (length < 7 || length > REPLY_NUMBER_MAX - 2 || *digits == '0')
                return false;
        ret_number[0] = '+';
        memcpy(ret_number + 1, digits, length + 1);
        return true;
}
