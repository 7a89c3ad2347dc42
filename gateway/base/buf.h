/* buf: a growing byte buffer that is given its maximum at birth.
 *
 * Invariants: data is NULL or NUL-terminated at data[length]; length <= max_bytes. An append that fails (no
 * memory, or past the maximum) leaves the content as it was and makes the error stick: later appends do
 * nothing and return it too, so a run of appends may be checked once, at its end, with buf_error. Content may
 * hold NUL bytes. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
        char *data;
        size_t length, allocated, max_bytes;
        int error; /* 0, ERR_NOMEM or ERR_LIMIT */
};

void buf_init(struct buf *buf, size_t max_bytes);
void buf_fini(struct buf *buf); /* frees; the buf may be used again after buf_init */

int buf_add(struct buf *buf, const void *data, size_t length);
int buf_adds(struct buf *buf, const char *text);
int buf_addc(struct buf *buf, char byte);
int buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Shortens to LENGTH bytes (no effect when it is shorter already) and forgets the error. */
void buf_cut(struct buf *buf, size_t length);

/* The content as a NUL-terminated string, never NULL; valid until the next append. */
const char *buf_text(const struct buf *buf);

/* Gives the content away (free() it) and leaves the buf empty; NULL when an append had failed or memory ran
 * out. */
char *buf_take(struct buf *buf);

static inline int buf_error(const struct buf *buf)
{
        return buf->error;
}

#endif
