/* application/x-www-form-urlencoded, as JSON. */
#include "base/buf.h"
#include "deliver/provider_p.h"

#include <jansson.h>
#include <stdio.h>

#define NAME_MAX_BYTES 256
#define VALUE_MAX_BYTES 8192

/* One percent-encoded part of a form, up to '=' or '&'; NULL when it is cut or too long. */
static const char *read_part(const char *at, const char *end, struct buf *part)
{
        unsigned int byte;

        buf_cut(part, 0);
        for (; at < end && *at != '&' && *at != '='; at++) {
                if (*at == '%') {
                        if (end - at < 3 || sscanf(at + 1, "%2x", &byte) != 1 || !byte)
                                return NULL;
                        buf_addc(part, (char)byte);
                        at += 2;
                } else {
                        buf_addc(part, *at == '+' ? ' ' : *at);
                }
        }
        return buf_error(part) ? NULL : at;
}

json_t *form_parse(const char *body, size_t length)
{
        const char *at = body, *end = body + length;
        json_t *form = json_object();
        struct buf name, value;

        buf_init(&name, NAME_MAX_BYTES);
        buf_init(&value, VALUE_MAX_BYTES);
        while (form && at && at < end) {
                at = read_part(at, end, &name);
                buf_cut(&value, 0);
                if (at && at < end && *at == '=')
                        at = read_part(at + 1, end, &value);
                if (at && name.length)
                        json_object_set_new(form, buf_text(&name), json_string(buf_text(&value)));
                if (at && at < end)
                        at++;
        }
        buf_fini(&name);
        buf_fini(&value);
        if (!at) {
                json_decref(form);
                form = NULL;
        }
        return form;
}
