#include "web/form.h"
#include "base/yaml.h"

#include <string.h>

static int hex(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes in place up to END; NULL when it holds what is no text. */
static char *decode(char *at, const char *end)
{
        char *to = at, *start = at;

        while (at < end) {
                unsigned char c = (unsigned char)*at++;

                if (c == '+') {
                        c = ' ';
                } else if (c == '%') {
                        int high = end - at >= 2 ? hex(at[0]) : -1, low = high >= 0 ? hex(at[1]) : -1;

                        if (low < 0)
                                return NULL;
                        c = (unsigned char)(high << 4 | low);
                        at += 2;
                }
                if (c == '\r')
                        continue;
                if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
                        return NULL;
                *to++ = (char)c;
        }
        *to = '\0';
        return start;
}

/* Unicode table 3-7. */
static int is_utf8(const char *text)
{
        const unsigned char *at = (const unsigned char *)text;

        while (*at) {
                unsigned char low = 0x80, high = 0xbf;
                int more = *at < 0x80   ? 0
                           : *at < 0xc2 ? -1
                           : *at < 0xe0 ? 1
                           : *at < 0xf0 ? 2
                           : *at < 0xf5 ? 3
                                        : -1;

                if (more < 0)
                        return 0;
                if (*at == 0xe0)
                        low = 0xa0;
                else if (*at == 0xed)
                        high = 0x9f;
                else if (*at == 0xf0)
                        low = 0x90;
                else if (*at == 0xf4)
                        high = 0x8f;
                for (at++; more > 0; more--, at++) {
                        if (*at < low || *at > high)
                                return 0;
                        low = 0x80;
                        high = 0xbf;
                }
        }
        return 1;
}

static int add_field(struct form *form, char *at, char *end, struct err *err)
{
        char *equals = memchr(at, '=', (size_t)(end - at)), *name, *value;

        if (at == end)
                return 0;
        if (form->count == FORM_FIELDS_MAX)
                return err_set(err, ERR_LIMIT, "form: more than %d fields", FORM_FIELDS_MAX);
        /* The byte behind the name is its '=', behind the value its '&' or the final NUL: decoding never
         * grows. */
        name = decode(at, equals ? equals : end);
        value = equals ? decode(equals + 1, end) : end;
        if (!name || !value || !is_utf8(name) || !is_utf8(value))
                return err_set(err, ERR_INVALID, "form: a field is no text");
        form->names[form->count] = name;
        form->values[form->count++] = equals ? value : "";
        return 0;
}

int form_read(const char *body, size_t length, struct form *ret_form, struct err *err)
{
        struct form form = {0};
        char *at, *end;
        int r = 0;

        if (length > FORM_BODY_MAX)
                return err_set(err, ERR_LIMIT, "form: over %d bytes: write less", FORM_BODY_MAX);
        form.bytes = strndup(body, length);
        if (!form.bytes)
                return err_set(err, ERR_NOMEM, "form: out of memory");
        if (strlen(form.bytes) != length)
                r = err_set(err, ERR_INVALID, "form: a field is no text");
        for (at = form.bytes; r == 0 && *at; at = end) {
                bool is_last;

                end = strchrnul(at, '&');
                is_last = *end == '\0';
                *end = '\0';
                r = add_field(&form, at, end, err);
                end += is_last ? 0 : 1;
        }
        if (r < 0) {
                form_fini(&form);
                return r;
        }
        *ret_form = form;
        return 0;
}

void form_fini(struct form *form)
{
        free(form->bytes);
        *form = (struct form){0};
}

const char *form_value(const struct form *form, const char *name)
{
        for (int i = 0; i < form->count; i++)
                if (strcmp(form->names[i], name) == 0)
                        return form->values[i];
        return "";
}

int64_t form_number(const struct form *form, const char *name)
{
        int64_t number;

        return yaml_read_int(form_value(form, name), &number) && number >= 0 ? number : -1;
}

bool form_is_text(const char *text)
{
        for (const char *at = text; *at; at++)
                if ((unsigned char)*at < 0x20 || *at == 0x7f)
                        return false;
        return is_utf8(text);
}
