#include "base/buf.h"
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *buf, size_t max_bytes)
{
        *buf = (struct buf){.max_bytes = max_bytes};
}

void buf_fini(struct buf *buf)
{
        free(buf->data);
        *buf = (struct buf){0};
}

/* Room for EXTRA more bytes and the NUL. */
static int grow(struct buf *buf, size_t extra)
{
        size_t need, size;
        char *data;

        if (buf->error)
                return buf->error;
        if (extra > buf->max_bytes || buf->length > buf->max_bytes - extra)
                return buf->error = ERR_LIMIT;
        need = buf->length + extra + 1;
        if (need <= buf->allocated)
                return 0;
        size = buf->allocated ? buf->allocated * 2 : 64;
        if (size < need)
                size = need;
        data = realloc(buf->data, size);
        if (!data)
                return buf->error = ERR_NOMEM;
        buf->data = data;
        buf->allocated = size;
        return 0;
}

int buf_add(struct buf *buf, const void *data, size_t length)
{
        int r = grow(buf, length);

        if (r < 0)
                return r;
        if (length)
                memcpy(buf->data + buf->length, data, length);
        buf->length += length;
        buf->data[buf->length] = '\0';
        return 0;
}

int buf_adds(struct buf *buf, const char *text)
{
        return buf_add(buf, text, strlen(text));
}

int buf_addc(struct buf *buf, char byte)
{
        return buf_add(buf, &byte, 1);
}

int buf_addf(struct buf *buf, const char *format, ...)
{
        va_list arguments;
        int length, r;

        va_start(arguments, format);
        length = vsnprintf(NULL, 0, format, arguments);
        va_end(arguments);
        if (length < 0)
                return buf->error = ERR_NOMEM;
        r = grow(buf, (size_t)length);
        if (r < 0)
                return r;
        va_start(arguments, format);
        vsnprintf(buf->data + buf->length, (size_t)length + 1, format, arguments);
        va_end(arguments);
        buf->length += (size_t)length;
        return 0;
}

void buf_cut(struct buf *buf, size_t length)
{
        buf->error = 0;
        if (length >= buf->length)
                return;
        buf->length = length;
        buf->data[length] = '\0';
}

const char *buf_text(const struct buf *buf)
{
        return buf->data ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
        char *data;

        if (grow(buf, 0) < 0)
                return NULL;
        buf->data[buf->length] = '\0';
        data = TAKE(buf->data);
        buf->length = buf->allocated = 0;
        return data;
}
