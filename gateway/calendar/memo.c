#include "calendar/memo.h"

#include <stdint.h>
#include <string.h>

#define BUCKETS 2048

struct memo {
        struct memo_text *buckets[BUCKETS];
        int count;
};

int memo_new(struct memo **ret_memo, struct err *err)
{
        *ret_memo = calloc(1, sizeof **ret_memo);
        return *ret_memo ? 0 : err_set(err, ERR_NOMEM, "calendar: out of memory");
}

static void clear(struct memo *memo)
{
        for (size_t i = 0; i < BUCKETS; i++)
                while (memo->buckets[i]) {
                        struct memo_text *text = memo->buckets[i];

                        memo->buckets[i] = text->next;
                        free(text);
                }
        memo->count = 0;
}

struct memo *memo_free(struct memo *memo)
{
        if (memo)
                clear(memo);
        free(memo);
        return NULL;
}

static size_t bucket_of(const char *key, size_t length)
{
        uint32_t hash = 2166136261u; /* FNV-1a */

        for (size_t i = 0; i < length; i++)
                hash = (hash ^ (unsigned char)key[i]) * 16777619u;
        return hash % BUCKETS;
}

const struct memo_text *memo_find(const struct memo *memo, const char *key, size_t key_length)
{
        const struct memo_text *text = memo->buckets[bucket_of(key, key_length)];

        while (text &&
               (text->key_length != key_length || memcmp(text->text + text->length, key, key_length) != 0))
                text = text->next;
        return text;
}

int memo_add(struct memo *memo, const char *key, size_t key_length, const struct buf *text,
             const struct memo_text **ret_text, struct err *err)
{
        struct memo_text *made, **bucket = &memo->buckets[bucket_of(key, key_length)];

        if (buf_error(text))
                return err_set(err, buf_error(text), "calendar: an entry's words are too long: shorten them");
        if (memo->count == MEMO_TEXTS_MAX)
                clear(memo);
        made = malloc(sizeof *made + text->length + key_length);
        if (!made)
                return err_set(err, ERR_NOMEM, "calendar: out of memory");
        *made = (struct memo_text){
            .next = *bucket, .key_length = key_length, .length = text->length, .text = made->bytes};
        memcpy(made->bytes, buf_text(text), text->length);
        memcpy(made->bytes + text->length, key, key_length);
        *bucket = made;
        memo->count++;
        *ret_text = made;
        return 0;
}
