#include "web/feed_sheet.h"
#include "calendar/text.h"
#include "web/qr.h"
#include "compose/escape.h"

#include <stdio.h>
#include <string.h>

/* One page of A4 with margins that every printer can do; on a screen a sheet of paper. */
static const char head[] =
    "<style>"
    "@page{size:A4;margin:18mm 20mm}"
    "body{font:12pt/1.4 system-ui,sans-serif;color:#000;background:#fff;margin:0 "
    "auto;max-width:170mm;padding:8mm}"
    "h1{font-size:21pt;line-height:1.2;margin:0 0 4mm;text-wrap:balance}"
    "p{margin:0 0 3mm}"
    "figure{margin:4mm 0 6mm;text-align:center;break-inside:avoid}"
    "svg{width:75mm;height:75mm;display:block;margin:0 auto}"
    "address{font-style:normal;border-top:0.3mm solid #888;padding-top:3mm;break-inside:avoid}"
    "code{font:11pt/1.4 monospace;overflow-wrap:anywhere;direction:ltr;unicode-bidi:isolate}"
    "@media print{body{padding:0;max-width:none}}"
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

static int add_figure(struct buf *buf, const char *webcal, struct err *err)
{
        int r;

        buf_adds(buf, "<figure>");
        r = qr_svg(webcal, buf, err);
        buf_adds(buf, "</figure>\n");
        return r;
}

/* Below the text, which says so; to be typed, so the one that every program takes comes first. */
static void add_addresses(struct buf *buf, const char *url, const char *webcal)
{
        buf_adds(buf, "<address><p><code>");
        add_escaped(buf, url);
        buf_adds(buf, "</code></p><p><code>");
        add_escaped(buf, webcal);
        buf_adds(buf, "</code></p></address>\n");
}

int feed_sheet(const struct catalogue *catalogue, const struct feed_owner *owner, const char *url,
               struct buf *buf, struct err *err)
{
        const struct text_reader reader = {catalogue, owner->own_language, owner->languages};
        const struct catalogue_entry *entry = NULL;
        struct value *values = value_map_new();
        _cleanup_(free_ptr) char *body = NULL, *webcal = feed_sheet_webcal(url);
        struct buf title, text;
        int r = values && webcal ? text_find(&reader, "sheet", &entry, err) : ERR_NOMEM;

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
                r = add_figure(buf, webcal, err);
        }
        if (r == 0 && body)
                add_paragraphs(buf, body);
        if (r == 0)
                add_addresses(buf, url, webcal);
        buf_adds(buf, "</body></html>\n");
        buf_fini(&title);
        buf_fini(&text);
        value_free(values);
        if (r == 0 && buf_error(buf))
                r = ERR_NOMEM;
        return r == ERR_NOMEM ? err_set(err, r, "sheet: out of memory") : r;
}
