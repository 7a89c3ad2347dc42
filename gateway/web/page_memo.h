/* page_memo: the last pages shown, each for a second and for as long as no row changes, so that a page that
 * is asked for all the time costs little. Any thread. */
#ifndef WEB_PAGE_MEMO_H
#define WEB_PAGE_MEMO_H

#include "base/buf.h"

#include <stdint.h>

struct page_memo;

/* Ready bytes that several may hold. */
struct page_bytes {
        size_t length;
        char data[];
};
void page_bytes_unref(void *bytes);

struct page_memo *page_memo_new(void);
struct page_memo *page_memo_free(struct page_memo *memo);

/* The page of KEY as it stood in VERSION at NOW, held for the caller; NULL when it is not known. */
struct page_bytes *page_memo_find(struct page_memo *memo, const char *key, int64_t version, int64_t now);

/* Keeps what was made of rows that were VERSION or newer. *ret_bytes is held for the caller; NULL when memory
 * ran out. */
struct page_bytes *page_memo_keep(struct page_memo *memo, const char *key, int64_t version, int64_t now,
                                  const struct buf *body);

void page_memo_forget(struct page_memo *memo);

#endif
