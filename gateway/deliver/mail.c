#include "deliver/mail.h"
#include "base/buf.h"
#include "compose/value.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 76 /* of quoted-printable, RFC 2045 */
#define WORD_MAX_BYTES 45 /* of text in one encoded word: 60 characters of base64, 75 with its frame */
#define METHOD_MAX_BYTES 32
#define MAILBOX_MAX_BYTES 2048

static const char *text_of(const struct value *values, const char *name)
{
        const struct value *value = value_find(values, name);

        return value && value->kind == VALUE_TEXT ? value->text : NULL;
}

/* ---- headers */

static bool is_plain(const char *text)
{
        for (; *text; text++)
                if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
                        return false;
        return true;
}

/* Bytes of the next encoded word: at most WORD_MAX_BYTES, and no character cut in two. */
static size_t word_length(const char *text)
{
        size_t length = strnlen(text, WORD_MAX_BYTES);

        while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
                length--;
        return length;
}

static void add_words(struct buf *buf, const char *text, const char *between)
{
        unsigned char base64[WORD_MAX_BYTES * 4 / 3 + 5];

        while (*text) {
                size_t length = word_length(text);

                if (!length)
                        length = 1; /* no UTF-8: cannot be, values are checked */
                EVP_EncodeBlock(base64, (const unsigned char *)text, (int)length);
                text += length;
                buf_addf(buf, "=?UTF-8?B?%s?=%s", base64, *text ? between : "");
        }
}

static void add_quoted(struct buf *buf, const char *text)
{
        buf_addc(buf, '"');
        for (; *text; text++) {
                if (*text == '"' || *text == '\\')
                        buf_addc(buf, '\\');
                buf_addc(buf, *text);
        }
        buf_addc(buf, '"');
}

/* Text as RFC 2047 wants it: as it is when it is ASCII (and, in a phrase, quoted), else encoded words. */
static void add_encoded(struct buf *buf, const char *text, bool is_phrase)
{
        if (!is_plain(text) || strlen(text) >= LINE_MAX_BYTES - 20 || strstr(text, "=?"))
                add_words(buf, text, "\r\n ");
        else if (is_phrase)
                add_quoted(buf, text);
        else
                buf_adds(buf, text);
}

/* Control characters would end a header: they become spaces. */
static char *one_line(const char *text)
{
        char *copy = strdup(text);

        for (char *at = copy; at && *at; at++)
                if ((unsigned char)*at < ' ' || *at == 127)
                        *at = ' ';
        return copy;
}

static int add_text_header(struct buf *buf, const char *name, const char *text, struct err *err)
{
        _cleanup_(free_ptr) char *line = one_line(text);

        if (!line)
                return err_set(err, ERR_NOMEM, "mail: out of memory");
        buf_addf(buf, "%s: ", name);
        add_encoded(buf, line, false);
        buf_adds(buf, "\r\n");
        return 0;
}

/* A mailbox that may stand in a header and in an SMTP command. */
static bool mailbox_is_good(const char *mailbox)
{
        const char *at = strrchr(mailbox, '@');

        return at && at != mailbox && at[1] && strlen(mailbox) <= 254 && is_plain(mailbox) &&
               !strpbrk(mailbox, " <>()[],;:\\\"");
}

static int add_address(struct buf *buf, const char *header, const char *name, const char *mailbox,
                       struct err *err)
{
        _cleanup_(free_ptr) char *line = NULL;

        if (!mailbox || !mailbox_is_good(mailbox))
                return err_set(err, ERR_INVALID, "mail: %s: is no mailbox that can be written to: check it",
                               header);
        buf_addf(buf, "%s: ", header);
        if (name) {
                line = one_line(name);
                if (!line)
                        return err_set(err, ERR_NOMEM, "mail: out of memory");
                add_encoded(buf, line, true);
                buf_adds(buf, is_plain(line) ? " " : "\r\n ");
        }
        buf_addf(buf, name ? "<%s>\r\n" : "%s\r\n", mailbox);
        return 0;
}

/* Words of RFC 5322 that need no quotes. */
static bool is_phrase(const char *text)
{
        for (; *text; text++)
                if (!isalnum((unsigned char)*text) && !strchr("!#$%&'*+-/=?^_`{|}~ ", *text))
                        return false;
        return true;
}

int mail_mailbox(const char *name, const char *mailbox, char **ret_text, struct err *err)
{
        _cleanup_(free_ptr) char *line = one_line(name ? name : "");
        struct buf buf;
        int r;

        if (!line)
                return err_set(err, ERR_NOMEM, "mail: out of memory");
        buf_init(&buf, MAILBOX_MAX_BYTES);
        if (!is_plain(line) || strstr(line, "=?"))
                add_words(&buf, line, " ");
        else if (is_phrase(line))
                buf_adds(&buf, line);
        else
                add_quoted(&buf, line);
        buf_addf(&buf, line[0] ? " <%s>" : "%s", mailbox);
        r = buf_error(&buf) ? err_set(err, buf_error(&buf), "mail: the sender's name is too long: shorten it")
                            : 0;
        if (r == 0) {
                *ret_text = strdup(buf_text(&buf));
                r = *ret_text ? 0 : err_set(err, ERR_NOMEM, "mail: out of memory");
        }
        buf_fini(&buf);
        return r;
}

static void add_unsubscribe(struct buf *buf, const char *url)
{
        if (!url || !is_plain(url) || strpbrk(url, " <>"))
                return;
        buf_addf(buf, "List-Unsubscribe: <%s>\r\n", url);
        buf_adds(buf, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
}

static int add_headers(struct buf *buf, const struct value *values, struct err *err)
{
        const char *reply_to = text_of(values, "reply_to"), *title = text_of(values, "title");
        const char *language = text_of(values, "language");
        int r = add_address(buf, "From", text_of(values, "from_name"), text_of(values, "from"), err);

        if (r == 0)
                r = add_address(buf, "To", NULL, text_of(values, "recipient"), err);
        if (r == 0 && reply_to)
                r = add_address(buf, "Reply-To", NULL, reply_to, err);
        if (r == 0)
                r = add_text_header(buf, "Subject", title ? title : "", err);
        if (r < 0)
                return r;
        buf_addf(buf, "Date: %s\r\nMessage-ID: %s\r\n", text_of(values, "date"),
                 text_of(values, "message_id"));
        buf_adds(buf, "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n");
        if (language && is_plain(language))
                buf_addf(buf, "Content-Language: %s\r\n", language);
        add_unsubscribe(buf, text_of(values, "unsubscribe"));
        return 0;
}

/* ---- bodies */

/* Room for COUNT more characters on the line; breaks it softly where there is none. */
static void make_room(struct buf *buf, size_t *column, size_t count)
{
        if (*column + count < LINE_MAX_BYTES) {
                *column += count;
                return;
        }
        buf_adds(buf, "=\r\n");
        *column = count;
}

static void add_quoted_printable(struct buf *buf, const char *text)
{
        size_t column = 0;

        for (; *text; text++) {
                unsigned char byte = (unsigned char)*text;

                if (byte == '\n' || (byte == '\r' && text[1] == '\n')) {
                        buf_adds(buf, "\r\n");
                        column = 0;
                        text += byte == '\r';
                        continue;
                }
                /* A space at the end of a line would be lost, a dot at its beginning means something in SMTP.
                 */
                if (byte > '~' || byte < ' ' || byte == '=' || (byte == '.' && column == 0) ||
                    (byte == ' ' && (text[1] == '\n' || text[1] == '\r' || !text[1]))) {
                        make_room(buf, &column, 3);
                        buf_addf(buf, "=%02X", byte);
                } else {
                        make_room(buf, &column, 1);
                        buf_addc(buf, (char)byte);
                }
        }
        if (column)
                buf_adds(buf, "\r\n");
}

static void add_part(struct buf *buf, const char *boundary, const char *type, const char *text)
{
        buf_addf(buf, "--%s\r\nContent-Type: %s; charset=utf-8\r\n", boundary, type);
        buf_adds(buf, "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
        add_quoted_printable(buf, text);
}

/* The METHOD of an iTIP object must stand in the header too (RFC 6047). */
static void add_calendar(struct buf *buf, const char *boundary, const char *calendar)
{
        const char *method = strstr(calendar, "\nMETHOD:");
        char type[METHOD_MAX_BYTES + 32];
        size_t length = method ? strspn(method + 8, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") : 0;

        if (length > METHOD_MAX_BYTES)
                length = 0;
        snprintf(type, sizeof type, "text/calendar; method=%.*s", length ? (int)length : 7,
                 length ? method + 8 : "PUBLISH");
        add_part(buf, boundary, type, calendar);
}

static void add_body(struct buf *buf, const struct value *values)
{
        const char *html = text_of(values, "html"), *calendar = text_of(values, "calendar");
        const char *text = text_of(values, "text"), *key = text_of(values, "key");
        char boundary[128];

        snprintf(boundary, sizeof boundary, "=_%s", key); /* "=_" cannot stand in quoted-printable */
        buf_addf(buf, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n", boundary);
        add_part(buf, boundary, "text/plain", text);
        if (html)
                add_part(buf, boundary, "text/html", html);
        if (calendar)
                add_calendar(buf, boundary, calendar);
        buf_addf(buf, "--%s--\r\n", boundary);
}

int mail_print(const struct value *values, size_t max_bytes, char **ret_bytes, size_t *ret_length,
               struct err *err)
{
        struct buf buf;
        int r;

        buf_init(&buf, max_bytes);
        r = add_headers(&buf, values, err);
        if (r == 0)
                add_body(&buf, values);
        if (r == 0 && buf_error(&buf))
                r = err_set(err, buf_error(&buf), "mail: is over %zu bytes: shorten the message", max_bytes);
        if (r == 0) {
                *ret_length = buf.length;
                *ret_bytes = buf_take(&buf);
                r = *ret_bytes ? 0 : err_set(err, ERR_NOMEM, "mail: out of memory");
        }
        buf_fini(&buf);
        return r;
}
