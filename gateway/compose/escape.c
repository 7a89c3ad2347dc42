#include "compose/escape.h"

#include <string.h>

/* The control characters: C0, DEL, and C1 (in UTF-8 C2 80 … C2 9F). The length of one at TEXT, or 0. CR
 * before LF is told as two bytes, so that a line end of Windows stays one line end. */
static size_t control_length(const unsigned char *text)
{
        if (text[0] == '\r' && text[1] == '\n')
                return 2;
        if (text[0] < 0x20 || text[0] == 0x7f)
                return 1;
        return text[0] == 0xc2 && text[1] >= 0x80 && text[1] <= 0x9f ? 2 : 0;
}

static const char *html(char c)
{
        switch (c) {
        case '&':
                return "&amp;";
        case '<':
                return "&lt;";
        case '>':
                return "&gt;";
        case '"':
                return "&quot;";
        case '\'':
                return "&#39;";
        default:
                return NULL;
        }
}

static const char *json(char c)
{
        switch (c) {
        case '"':
                return "\\\"";
        case '\\':
                return "\\\\";
        case '\n':
                return "\\n";
        default:
                return NULL;
        }
}

static bool is_unreserved(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.' || c == '_' || c == '~';
}

static int add_byte(struct buf *buf, char c, enum compose_escape escape)
{
        const char *replacement = NULL;

        if (escape == ESCAPE_HTML)
                replacement = html(c);
        else if (escape == ESCAPE_JSON)
                replacement = json(c);
        else if (escape == ESCAPE_URL && !is_unreserved(c))
                return buf_addf(buf, "%%%02X", (unsigned)(unsigned char)c);
        return replacement ? buf_adds(buf, replacement) : buf_addc(buf, c);
}

int escape_add(struct buf *buf, const char *text, enum compose_escape escape)
{
        size_t length;

        for (; *text; text += length) {
                length = control_length((const unsigned char *)text);
                if (length == 0) {
                        add_byte(buf, *text, escape);
                        length = 1;
                } else {
                        add_byte(buf, text[length - 1] == '\n' ? '\n' : ' ', escape);
                }
        }
        return buf_error(buf);
}
