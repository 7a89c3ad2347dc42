#include "compose/html.h"
#include "compose/escape.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/uloc.h>
#include <unicode/utf8.h>

#define PHONE_DIGITS_MIN 6
#define PHONE_DIGITS_MAX 15 /* E.164 */

#define LINK_STYLE "color:#0b57a4"
#define BUTTON_STYLE                                                                                 \
        "display:inline-block;background:#0b57a4;color:#ffffff;padding:12px 24px;border-radius:6px;" \
        "text-decoration:none;font-weight:bold"

/* What a button says; in alphabetical order. An answer's link leads to a page under /r/. */
static const struct {
        const char *language, *answer, *open;
} label_table[] = {
    {"ar", "الرد", "فتح الصفحة"},   {"en", "Answer", "Open the page"}, {"et", "Vasta", "Ava leht"},
    {"fi", "Vastaa", "Avaa sivu"},  {"ru", "Ответить", "Открыть"},     {"so", "Ka jawaab", "Fur bogga"},
    {"sv", "Svara", "Öppna sidan"}, {"uk", "Відповісти", "Відкрити"},
};

enum block { BLOCK_NONE, BLOCK_PARAGRAPH, BLOCK_LIST };

struct page {
        struct buf *buf;
        const char *language;
        enum html_direction base, here; /* of the page, of the block that is open */
        enum block block;
        int links;
};

/* A piece of a line. */
struct span {
        const char *at;
        size_t length;
};

enum html_direction html_direction(const char *language)
{
        return language && uloc_isRightToLeft(language) ? HTML_RTL : HTML_LTR;
}

const char *html_direction_name(enum html_direction direction)
{
        return direction == HTML_RTL ? "rtl" : "ltr";
}

static const char *label(const struct page *page, bool is_answer)
{
        size_t found = 1; /* English */

        for (size_t i = 0; i < ARRAY_SIZE(label_table); i++)
                if (strncmp(page->language, label_table[i].language, 2) == 0)
                        found = i;
        return is_answer ? label_table[found].answer : label_table[found].open;
}

/* ---- characters */

static bool is_control(UChar32 c)
{
        return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
               (c >= 0x2066 && c <= 0x2069);
}

/* -1: no direction of its own. */
static int strong(UChar32 c)
{
        if (is_control(c))
                return -1;
        switch (u_charDirection(c)) {
        case U_LEFT_TO_RIGHT:
                return HTML_LTR;
        case U_RIGHT_TO_LEFT:
        case U_RIGHT_TO_LEFT_ARABIC:
                return HTML_RTL;
        default:
                return -1;
        }
}

static int first_strong(const char *text, size_t length)
{
        int direction = -1;
        size_t i = 0;
        UChar32 c;

        while (i < length && direction < 0) {
                U8_NEXT_UNSAFE(text, i, c);
                direction = strong(c);
        }
        return direction;
}

static int add_escaped(struct buf *buf, const char *text, size_t length)
{
        char piece[5];
        size_t i = 0;
        UChar32 c;

        while (i < length) {
                size_t from = i;

                U8_NEXT_UNSAFE(text, i, c);
                if (is_control(c))
                        continue;
                memcpy(piece, text + from, i - from);
                piece[i - from] = '\0';
                escape_add(buf, piece, ESCAPE_HTML);
        }
        return buf_error(buf);
}

/* ---- words and names */

/* How much of TEXT from its first character, which is strong, belongs to a run of DIRECTION: up to its last
 * strong character, whatever neutral ones and digits stand between. */
static size_t run_length(const char *text, size_t length, int direction)
{
        size_t i = 0, end = 0;
        UChar32 c;

        while (i < length) {
                int own;

                U8_NEXT_UNSAFE(text, i, c);
                own = strong(c);
                if (own >= 0 && own != direction)
                        break;
                if (own == direction)
                        end = i;
        }
        return end;
}

/* Text without links; what runs against the block's direction is isolated. */
static void add_words(struct page *page, const char *text, size_t length)
{
        const enum html_direction other = page->here == HTML_RTL ? HTML_LTR : HTML_RTL;
        size_t i = 0, plain = 0;
        UChar32 c;

        while (i < length) {
                size_t from = i, run;

                U8_NEXT_UNSAFE(text, i, c);
                if (strong(c) != (int)other)
                        continue;
                add_escaped(page->buf, text + plain, from - plain);
                run = run_length(text + from, length - from, other);
                buf_adds(page->buf, "<bdi>");
                add_escaped(page->buf, text + from, run);
                buf_adds(page->buf, "</bdi>");
                i = plain = from + run;
        }
        add_escaped(page->buf, text + plain, length - plain);
}

/* ---- links */

/* The bytes of a link at TEXT, 0 when there is none. What ends a sentence is no part of it. */
static size_t url_length(const char *text, size_t length)
{
        size_t scheme = strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;
        size_t end = scheme;

        if (!scheme || scheme >= length)
                return 0;
        while (end < length && (unsigned char)text[end] > ' ' && (unsigned char)text[end] < 0x7f &&
               !strchr("<>\"", text[end]))
                end++;
        while (end > scheme && strchr(".,;:!?)'", text[end - 1]))
                end--;
        return end > scheme ? end : 0;
}

static size_t phone_length(const char *text, size_t length)
{
        size_t end = 1;

        if (*text != '+')
                return 0;
        while (end < length && isdigit((unsigned char)text[end]))
                end++;
        return end > PHONE_DIGITS_MIN && end <= PHONE_DIGITS_MAX + 1 ? end : 0;
}

static void add_link(struct page *page, const char *scheme, const struct span *link)
{
        buf_addf(page->buf, "<a href=\"%s", scheme);
        add_escaped(page->buf, link->at, link->length);
        buf_adds(page->buf, "\" style=\"" LINK_STYLE "\"><bdi dir=\"ltr\">");
        add_escaped(page->buf, link->at, link->length);
        buf_adds(page->buf, "</bdi></a>");
        page->links++;
}

/* The first link or number in TEXT; false when there is none. */
static bool find_link(const char *text, size_t length, struct span *ret_link, const char **ret_scheme)
{
        for (size_t i = 0; i < length; i++) {
                const bool starts = i == 0 || !isalnum((unsigned char)text[i - 1]);
                size_t found = starts ? url_length(text + i, length - i) : 0;

                *ret_scheme = "";
                if (!found && starts) {
                        found = phone_length(text + i, length - i);
                        *ret_scheme = "tel:";
                }
                if (found) {
                        *ret_link = (struct span){text + i, found};
                        return true;
                }
        }
        return false;
}

static void add_line(struct page *page, const char *text, size_t length)
{
        const char *end = text + length, *scheme;
        struct span link;

        while (page->links < HTML_LINKS_MAX && find_link(text, (size_t)(end - text), &link, &scheme)) {
                add_words(page, text, (size_t)(link.at - text));
                add_link(page, scheme, &link);
                text = link.at + link.length;
        }
        add_words(page, text, (size_t)(end - text));
}

/* ---- blocks */

static void close_block(struct page *page)
{
        if (page->block == BLOCK_LIST)
                buf_adds(page->buf, "</ul>\n");
        else if (page->block == BLOCK_PARAGRAPH)
                buf_adds(page->buf, "</p>\n");
        page->block = BLOCK_NONE;
}

/* LINE is the block's first: it says the direction. A block in the page's direction keeps it though it begins
 * with a foreign name; one that has nothing of it turns. */
static void open_block(struct page *page, enum block block, const char *line, size_t length)
{
        const char *tag = block == BLOCK_LIST ? "ul" : "p";

        page->here = page->base;
        if (page->base == HTML_LTR && first_strong(line, length) == HTML_RTL)
                page->here = HTML_RTL;
        buf_addf(page->buf, "<%s", tag);
        if (page->here != page->base)
                buf_addf(page->buf, " dir=\"%s\"", html_direction_name(page->here));
        buf_adds(page->buf, block == BLOCK_LIST ? ">\n" : ">");
        page->block = block;
}

static void add_button(struct page *page, const struct span *link)
{
        close_block(page);
        buf_adds(page->buf, "<p><a class=\"button\" href=\"");
        add_escaped(page->buf, link->at, link->length);
        buf_addf(page->buf, "\" style=\"" BUTTON_STYLE "\">%s</a></p>\n<p class=\"address\">",
                 label(page, memmem(link->at, link->length, "/r/", 3) != NULL));
        add_link(page, "", link);
        buf_adds(page->buf, "</p>\n");
}

static void add_text_line(struct page *page, const char *line, size_t length)
{
        const struct span link = {line, url_length(line, length)};
        const bool is_item = length > 2 && line[0] == '-' && line[1] == ' ';
        const enum block block = is_item ? BLOCK_LIST : BLOCK_PARAGRAPH;

        if (length == 0) {
                close_block(page);
                return;
        }
        if (link.length == length && page->links < HTML_LINKS_MAX) {
                add_button(page, &link);
                return;
        }
        if (page->block != BLOCK_NONE && page->block != block)
                close_block(page);
        if (page->block == BLOCK_PARAGRAPH)
                buf_adds(page->buf, "<br>\n");
        else if (page->block == BLOCK_NONE)
                open_block(page, block, line, length);
        if (is_item)
                buf_adds(page->buf, "<li>");
        add_line(page, is_item ? line + 2 : line, is_item ? length - 2 : length);
        if (is_item)
                buf_adds(page->buf, "</li>\n");
}

static void add_text(struct page *page, const char *text)
{
        while (*text) {
                size_t whole = strcspn(text, "\n"), length = whole;

                while (length > 0 && strchr(" \t\r", text[length - 1]))
                        length--;
                add_text_line(page, text, length);
                text += whole + (text[whole] == '\n');
        }
        close_block(page);
}

/* ---- the page */

static bool is_utf8(const char *text)
{
        int32_t i = 0, length = (int32_t)strlen(text);
        UChar32 c = 0;

        while (i < length && c >= 0)
                U8_NEXT(text, i, length, c);
        return c >= 0;
}

static void add_head(struct page *page, const char *title)
{
        const char *dir = html_direction_name(page->base);

        buf_adds(page->buf, "<!doctype html>\n<html lang=\"");
        escape_add(page->buf, page->language, ESCAPE_HTML);
        buf_addf(page->buf,
                 "\" dir=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width\">\n"
                 "<meta name=\"color-scheme\" content=\"light dark\">\n"
                 "<meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>",
                 dir);
        add_escaped(page->buf, title, strlen(title));
        buf_adds(page->buf,
                 "</title>\n<style>\n"
                 ":root { color-scheme: light dark; supported-color-schemes: light dark; }\n"
                 ".address { font-size: 13px; overflow-wrap: anywhere; }\n"
                 "@media (prefers-color-scheme: dark) {\n"
                 "  body, .sheet { background: #16181c !important; color: #f0f0f0 !important; }\n"
                 "  a { color: #9ccaff !important; }\n"
                 "  a.button { background: #9ccaff !important; color: #10202f !important; }\n"
                 "}\n</style>\n</head>\n"
                 "<body style=\"margin:0;background:#ffffff;color:#1c1c1c\">\n<div class=\"sheet\" lang=\"");
        escape_add(page->buf, page->language, ESCAPE_HTML);
        /* Again here: a reader of mail in a browser takes the body's content alone. */
        buf_addf(
            page->buf,
            "\" dir=\"%s\" style=\"max-width:36em;margin:0 auto;padding:24px;font-family:system-ui,"
            "-apple-system,'Segoe UI',Roboto,'Noto Sans',Arial,sans-serif;font-size:16px;line-height:1.5;"
            "background:#ffffff;color:#1c1c1c\">\n",
            dir);
}

int html_email(const char *title, const char *text, const char *language, enum html_direction direction,
               char **ret_html, struct err *err)
{
        struct buf buf;
        struct page page = {.buf = &buf, .language = language, .base = direction, .here = direction};

        title = title ? title : "";
        if (strlen(text) > HTML_TEXT_MAX_BYTES || strlen(title) > HTML_TITLE_MAX_BYTES)
                return err_set(err, ERR_LIMIT, "html: the text is over %d bytes: shorten it",
                               HTML_TEXT_MAX_BYTES);
        if (!is_utf8(title) || !is_utf8(text) || !is_utf8(language))
                return err_set(err, ERR_INVALID, "html: the text is not UTF-8: mend its encoding");
        buf_init(&buf, HTML_MAX_BYTES);
        add_head(&page, title);
        add_text(&page, text);
        buf_adds(&buf, "</div>\n</body>\n</html>\n");
        if (buf_error(&buf)) {
                int code = buf_error(&buf);

                buf_fini(&buf);
                return err_set(err, code, "html: %s",
                               code == ERR_LIMIT ? "too long: shorten the text" : "out of memory");
        }
        *ret_html = buf_take(&buf);
        return 0;
}
