/* memo: texts that one rendering has made, by what they were made from: the days of a placement say the same.
 * For feed.c alone. */
#ifndef CALENDAR_MEMO_H
#define CALENDAR_MEMO_H

#include "base/buf.h"
#include "base/err.h"

#define MEMO_KEY_MAX 2048     /* bytes */
#define MEMO_TEXTS_MAX 100000 /* kept; what comes after them pushes all of them out */

struct memo;

struct memo_text {
        struct memo_text *next;
        size_t key_length, length;
        const char *text;
        char bytes[]; /* the text, then its key */
};

int memo_new(struct memo **ret_memo, struct err *err);
struct memo *memo_free(struct memo *memo); /* takes NULL, returns NULL */

/* NULL when KEY is not known. */
const struct memo_text *memo_find(const struct memo *memo, const char *key, size_t key_length);

/* Copies TEXT; *ret_text lives until the next memo_add or memo_free. */
int memo_add(struct memo *memo, const char *key, size_t key_length, const struct buf *text,
             const struct memo_text **ret_text, struct err *err);

#endif
