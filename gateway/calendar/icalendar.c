#include "calendar/icalendar.h"
#include "base/date.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define DAY_SECONDS 86400

void ics_init(struct ics_writer *writer, struct buf *buf)
{
        *writer = (struct ics_writer){.buf = buf};
}

/* One piece that no fold may split: a character, or an escape of two. */
static void put(struct ics_writer *writer, const char *piece, size_t length)
{
        if (writer->column + (int)length > ICS_LINE_MAX) {
                buf_add(writer->buf, "\r\n ", 3);
                writer->column = 1;
        }
        buf_add(writer->buf, piece, length);
        writer->column += (int)length;
}

/* Names and their parameters are short, and our own. */
static void put_name(struct ics_writer *writer, const char *name)
{
        put(writer, name, strlen(name));
        put(writer, ":", 1);
}

static void end_line(struct ics_writer *writer)
{
        buf_add(writer->buf, "\r\n", 2);
        writer->column = 0;
}

/* The length of the UTF-8 character at TEXT, 0 when it is none (RFC 3629: no overlong forms, no
 * surrogates). TEXT ends with a NUL, which is no continuation byte. */
static size_t character_length(const unsigned char *text)
{
        unsigned char low = 0x80, high = 0xbf;
        size_t length;

        if (text[0] < 0x80)
                return 1;
        if (text[0] < 0xc2 || text[0] > 0xf4)
                return 0;
        length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
        if (text[0] == 0xe0)
                low = 0xa0;
        else if (text[0] == 0xed)
                high = 0x9f;
        else if (text[0] == 0xf0)
                low = 0x90;
        else if (text[0] == 0xf4)
                high = 0x8f;
        if (text[1] < low || text[1] > high)
                return 0;
        for (size_t i = 2; i < length; i++)
                if (text[i] < 0x80 || text[i] > 0xbf)
                        return 0;
        return length;
}

/* C0 and C1 controls, and the marks that turn the direction of what follows, also on other lines. */
static bool is_control(const unsigned char *text, size_t length)
{
        if (length == 1)
                return text[0] < 0x20 || text[0] == 0x7f;
        if (length == 2)
                return text[0] == 0xc2 && text[1] < 0xa0;
        if (length == 3 && text[0] == 0xe2)
                return (text[1] == 0x80 && text[2] >= 0xa8 && text[2] <= 0xae) ||
                       (text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9);
        return false;
}

/* Puts the character at TEXT; how many bytes of TEXT that took. */
static size_t put_character(struct ics_writer *writer, const unsigned char *text, bool escapes)
{
        size_t length = character_length(text);
        char escaped[2] = {'\\', (char)text[0]};

        if (text[0] == '\r' || text[0] == '\n') {
                put(writer, escapes ? "\\n" : " ", escapes ? 2 : 1);
                return text[0] == '\r' && text[1] == '\n' ? 2 : 1;
        }
        if (text[0] == '\t')
                put(writer, " ", 1);
        else if (length == 0 || is_control(text, length))
                put(writer, REPLACEMENT, 3);
        else if (escapes && (text[0] == '\\' || text[0] == ';' || text[0] == ','))
                put(writer, escaped, 2);
        else
                put(writer, (const char *)text, length);
        return length ? length : 1;
}

static bool is_plain(unsigned char byte, bool escapes)
{
        return byte >= 0x20 && byte < 0x7f && !(escapes && (byte == '\\' || byte == ';' || byte == ','));
}

static void put_value(struct ics_writer *writer, const char *value, bool escapes)
{
        const unsigned char *at = (const unsigned char *)value, *end = at + strnlen(value, ICS_VALUE_MAX);
        size_t run;

        while (at < end) {
                /* What fits on the line and needs no care goes in one piece. */
                for (run = 0;
                     at + run < end && writer->column + (int)run < ICS_LINE_MAX && is_plain(at[run], escapes);
                     run++)
                        ;
                if (run)
                        put(writer, (const char *)at, run);
                else
                        run = put_character(writer, at, escapes);
                at += run;
        }
}

void ics_begin(struct ics_writer *writer, const char *component)
{
        ics_plain(writer, "BEGIN", component);
}

void ics_end(struct ics_writer *writer, const char *component)
{
        ics_plain(writer, "END", component);
}

void ics_text(struct ics_writer *writer, const char *name, const char *value)
{
        put_name(writer, name);
        put_value(writer, value, true);
        end_line(writer);
}

void ics_plain(struct ics_writer *writer, const char *name, const char *value)
{
        put_name(writer, name);
        put_value(writer, value, false);
        end_line(writer);
}

/* The digits of VALUE, at least MIN of them, at TO; how many. */
static size_t put_digits(char *to, uint64_t value, size_t min)
{
        char reversed[24];
        size_t length = 0;

        do {
                reversed[length++] = (char)('0' + value % 10);
                value /= 10;
        } while (value || length < min);
        for (size_t i = 0; i < length; i++)
                to[i] = reversed[length - 1 - i];
        return length;
}

void ics_int(struct ics_writer *writer, const char *name, int64_t value)
{
        char text[24] = "-";
        size_t sign = value < 0, length;

        length = sign + put_digits(text + sign, sign ? -(uint64_t)value : (uint64_t)value, 1);
        text[length] = '\0';
        ics_plain(writer, name, text);
}

/* "20261123"; years of more digits than four are not written. */
static size_t put_date(char *to, int32_t date)
{
        int year, month, day;

        date_to_civil(date, &year, &month, &day);
        put_digits(to, (unsigned)year % 10000, 4);
        put_digits(to + 4, (unsigned)month, 2);
        put_digits(to + 6, (unsigned)day, 2);
        return 8;
}

static void put_time(struct ics_writer *writer, const char *name, int32_t date, int seconds, const char *end)
{
        char text[24];
        size_t length = put_date(text, date);

        text[length++] = 'T';
        length += put_digits(text + length, (unsigned)seconds / 3600 % 24, 2);
        length += put_digits(text + length, (unsigned)seconds / 60 % 60, 2);
        length += put_digits(text + length, (unsigned)seconds % 60, 2);
        memcpy(text + length, end, strlen(end) + 1);
        ics_plain(writer, name, text);
}

void ics_date(struct ics_writer *writer, const char *name, int32_t date)
{
        char text[9];

        text[put_date(text, date)] = '\0';
        ics_plain(writer, name, text);
}

void ics_utc(struct ics_writer *writer, const char *name, int64_t utc)
{
        int64_t seconds = utc % DAY_SECONDS;

        if (seconds < 0)
                seconds += DAY_SECONDS;
        put_time(writer, name, (int32_t)((utc - seconds) / DAY_SECONDS), (int)seconds, "Z");
}

void ics_local(struct ics_writer *writer, const char *name, int32_t date, int seconds)
{
        put_time(writer, name, date, seconds, "");
}

void ics_lines(struct ics_writer *writer, const char *lines, size_t length)
{
        buf_add(writer->buf, lines, length);
}

void ics_clean(const char *text, size_t max_bytes, struct buf *buf)
{
        const unsigned char *at = (const unsigned char *)text, *end = at + strnlen(text, max_bytes);
        size_t length;

        for (; at < end; at += length) {
                length = character_length(at);
                if (length && at + length > end)
                        return;
                if (*at == '\r' || *at == '\n') {
                        buf_addc(buf, '\n');
                        length = at[0] == '\r' && at[1] == '\n' ? 2 : 1;
                } else if (*at == '\t') {
                        buf_addc(buf, ' ');
                } else if (length == 0 || is_control(at, length)) {
                        buf_adds(buf, REPLACEMENT);
                        length = length ? length : 1;
                } else {
                        buf_add(buf, at, length);
                }
        }
}
