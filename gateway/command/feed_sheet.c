#include "command/feed_sheet.h"
#include "calendar/text.h"
#include "command/qr.h"
#include "compose/escape.h"

#include <stdio.h>
#include <string.h>

/* A4 with margins that every printer can do; on a screen a sheet of paper. */
static const char head[] = "<style>"
                           "@page{size:A4;margin:20mm}"
                           "body{font:13pt/1.45 system-ui,sans-serif;color:#000;background:#fff;margin:0 "
                           "auto;max-width:170mm;padding:8mm}"
                           "h1{font-size:22pt;line-height:1.2;margin:0 0 6mm}"
                           "figure{margin:8mm 0;text-align:center;break-inside:avoid}"
                           "svg{width:80mm;height:80mm}"
                           "code{font:10.5pt/1.5 monospace;overflow-wrap:anywhere}"
                           "@media print{body{padding:0;max-width:none}a{color:inherit;text-decoration:none}}"
                           "</style>";

char *feed_sheet_webcal(const char *url)
{
        const char *rest = strstr(url, "://");
        char *webcal;

        return asprintf(&webcal, "webcal%s", rest ? rest : url) < 0 ? NULL : webcal;
}

static void add_escaped(struct buf *buf, const char *text)
{
        escape_add(buf, text, ESCAPE_HTML);
}

/* A line of the template is a paragraph. */
static void add_paragraphs(struct buf *buf, char *text)
{
        for (char *line = text, *next; line && *line; line = next) {
                next = strchr(line, '\n');
                if (next)
                        *next++ = '\0';
                if (!*line)
                        continue;
                buf_adds(buf, "<p>");
                add_escaped(buf, line);
                buf_adds(buf, "</p>\n");
        }
}

static int add_figure(struct buf *buf, const char *url, struct err *err)
{
        _cleanup_(free_ptr) char *webcal = feed_sheet_webcal(url);
        int r;

        if (!webcal)
                return err_set(err, ERR_NOMEM, "sheet: out of memory");
        buf_adds(buf, "<figure>");
        r = qr_svg(webcal, buf, err);
        buf_adds(buf, "<figcaption><p><code>");
        add_escaped(buf, webcal);
        buf_adds(buf, "</code></p><p><code>");
        add_escaped(buf, url);
        buf_adds(buf, "</code></p></figcaption></figure>\n");
        return r;
}

int feed_sheet(const struct catalogue *catalogue, const struct feed_owner *owner, const char *url,
               struct buf *buf, struct err *err)
{
        const struct text_reader reader = {catalogue, owner->own_language, owner->languages};
        const struct catalogue_entry *entry = NULL;
        struct value *values = value_map_new();
        _cleanup_(free_ptr) char *body = NULL;
        struct buf title, text;
        int r = values ? text_find(&reader, "sheet", &entry, err) : ERR_NOMEM;

        buf_init(&title, TEXT_TITLE_MAX_BYTES);
        buf_init(&text, TEXT_DESCRIPTION_MAX_BYTES);
        if (r == 0) {
                text_set(values, "owner", owner->name);
                text_set(values, "phone", owner->phone);
                r = text_print(&reader, "sheet", values, &title, &text, err);
        }
        body = r == 0 ? buf_take(&text) : NULL;
        if (r == 0) {
                buf_addf(buf,
                         "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
                         "<meta name=\"viewport\" content=\"width=device-width\">"
                         "<meta name=\"robots\" content=\"noindex\"><title>",
                         entry->language);
                add_escaped(buf, buf_text(&title));
                buf_addf(buf, "</title>%s</head><body>\n<h1>", head);
                add_escaped(buf, buf_text(&title));
                buf_adds(buf, "</h1>\n");
                r = add_figure(buf, url, err);
        }
        if (r == 0 && body)
                add_paragraphs(buf, body);
        buf_adds(buf, "</body></html>\n");
        buf_fini(&title);
        buf_fini(&text);
        value_free(values);
        if (r == 0 && buf_error(buf))
                r = ERR_NOMEM;
        return r == ERR_NOMEM ? err_set(err, r, "sheet: out of memory") : r;
}
