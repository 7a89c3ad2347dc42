#include "compose/message.h"
#include "compose/segment.h"

#include <string.h>

static int print(const struct template *template, const struct template_render *render, size_t max_bytes,
                 char **ret_text, struct err *err)
{
        struct buf buf;
        int r;

        buf_init(&buf, max_bytes);
        r = template_render(template, render, &buf, err);
        if (r == 0) {
                *ret_text = buf_take(&buf);
                if (!*ret_text)
                        r = err_set(err, ERR_NOMEM, "%s: out of memory", template_name(template));
        }
        buf_fini(&buf);
        return r;
}

/* A line end in a value must not begin another header. */
static void join_lines(char *subject)
{
        for (; *subject; subject++)
                if (*subject == '\n')
                        *subject = ' ';
}

/* A section that ends a text leaves its line end behind. */
static void cut_line_ends(char *text)
{
        size_t length = strlen(text);

        while (length && text[length - 1] == '\n')
                text[--length] = '\0';
}

static int transliterate(char **text, struct err *err)
{
        struct buf buf;
        char *plain;
        int r;

        buf_init(&buf, COMPOSE_SMS_MAX_BYTES);
        r = segment_transliterate(*text, &buf, err);
        plain = r == 0 ? buf_take(&buf) : NULL;
        buf_fini(&buf);
        if (r == 0 && !plain)
                r = err_set(err, ERR_NOMEM, "templates: out of memory");
        if (r < 0)
                return r;
        free(*text);
        *text = plain;
        return 0;
}

int compose_message(const struct catalogue *catalogue, struct locale *locale, const char *name,
                    enum catalogue_kind kind, const struct value *values, char **ret_subject, char **ret_text,
                    struct err *err)
{
        const struct catalogue_entry *entry = catalogue_find(catalogue, locale_language(locale), name, kind);
        struct catalogue_partials partials = {catalogue, locale_language(locale)};
        struct template_render render = {.values = values,
                                         .locale = locale,
                                         .escape = ESCAPE_PLAIN,
                                         .partial = catalogue_partial,
                                         .userdata = &partials};
        _cleanup_(free_ptr) char *subject = NULL;
        char *text;
        int r = 0;

        if (!entry)
                return err_set(err, ERR_NOT_FOUND, "%.60s: no %s template in %s: add it to the templates",
                               name, kind == CATALOGUE_SMS ? "SMS" : "e-mail", locale_language(locale));
        if (entry->subject)
                r = print(entry->subject, &render, COMPOSE_SUBJECT_MAX_BYTES, &subject, err);
        if (r == 0)
                r = print(entry->text, &render,
                          kind == CATALOGUE_SMS ? COMPOSE_SMS_MAX_BYTES : COMPOSE_EMAIL_MAX_BYTES, &text,
                          err);
        if (r < 0)
                return r;
        if (subject)
                join_lines(subject);
        cut_line_ends(text);
        r = entry->transliterates ? transliterate(&text, err) : 0;
        if (r < 0) {
                free(text);
                return r;
        }
        *ret_subject = TAKE(subject);
        *ret_text = text;
        return 0;
}
