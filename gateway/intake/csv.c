#include "intake/csv.h"
#include "base/buf.h"

#include <string.h>
#include <unicode/utf8.h>

#define READ_BYTES 65536u
#define MARK_BYTES 3  /* of a byte order mark in UTF-8 */
#define TEXT_FACTOR 3 /* a byte of Windows-1252 becomes at most so many of UTF-8 */

/* ---- the shape */

struct scan {
        struct csv_shape shape;
        int64_t counts[3];                       /* of each delimiter in the first line */
        int continuation;                        /* bytes of a UTF-8 letter still to come */
        unsigned char second_least, second_most; /* what the next of them may be */
        bool in_quotes, past_header;
        bool has_letters, has_bad; /* UTF-8 beyond ASCII, bytes that are none */
};

static const char delimiters[3] = {',', ';', '\t'};

static void scan_header(struct scan *scan, unsigned char byte)
{
        if (byte == '"')
                scan->in_quotes = !scan->in_quotes;
        else if ((byte == '\n' || byte == '\r') && !scan->in_quotes)
                scan->past_header = true;
        for (size_t i = 0; i < ARRAY_SIZE(delimiters) && !scan->in_quotes; i++)
                scan->counts[i] += byte == (unsigned char)delimiters[i];
}

static void begin_letter(struct scan *scan, unsigned char byte)
{
        scan->second_least = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
        scan->second_most = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
        if (byte >= 0xc2 && byte <= 0xdf)
                scan->continuation = 1;
        else if (byte >= 0xe0 && byte <= 0xef)
                scan->continuation = 2;
        else if (byte >= 0xf0 && byte <= 0xf4)
                scan->continuation = 3;
        else
                scan->has_bad = true;
}

static void scan_letter(struct scan *scan, unsigned char byte)
{
        if (scan->continuation) {
                if (byte >= scan->second_least && byte <= scan->second_most) {
                        scan->second_least = 0x80;
                        scan->second_most = 0xbf;
                        if (--scan->continuation == 0)
                                scan->has_letters = true;
                        return;
                }
                scan->continuation = 0;
                scan->has_bad = true;
        }
        if (byte >= 0x80)
                begin_letter(scan, byte);
}

static int scan_block(struct scan *scan, const unsigned char *data, size_t length, struct err *err)
{
        if (scan->shape.bytes == 0 && length >= 2 &&
            ((data[0] == 0xff && data[1] == 0xfe) || (data[0] == 0xfe && data[1] == 0xff)))
                return err_set(err, ERR_INVALID, "is UTF-16: save it as CSV in UTF-8");
        if (memchr(data, 0, length))
                return err_set(err, ERR_INVALID,
                               "holds NUL bytes, so it is no text: save it as CSV in UTF-8");
        for (size_t i = 0; i < length; i++) {
                if (!scan->past_header)
                        scan_header(scan, data[i]);
                if (data[i] >= 0x80 || scan->continuation)
                        scan_letter(scan, data[i]);
        }
        scan->shape.bytes += (int64_t)length;
        return 0;
}

static bool begins_with_mark(const unsigned char *data, size_t length)
{
        return length >= MARK_BYTES && memcmp(data, "\xef\xbb\xbf", MARK_BYTES) == 0;
}

/* At least enough to see a byte order mark, unless the source ends before. */
static ssize_t read_block(const struct csv_source *source, unsigned char *block, struct err *err)
{
        ssize_t length = 0, more;

        do {
                more = source->read(source->context, block + length, READ_BYTES - (size_t)length, err);
                if (more < 0)
                        return more;
                length += more;
        } while (more > 0 && length < MARK_BYTES);
        return length;
}

int csv_scan(const struct csv_source *source, struct csv_shape *ret_shape, struct err *err)
{
        _cleanup_(free_ptr) unsigned char *block = malloc(READ_BYTES);
        struct scan scan = {0};
        size_t best = 0, skip;
        ssize_t length;
        int r;

        if (!block)
                return err_set(err, ERR_NOMEM, "out of memory");
        while ((length = read_block(source, block, err)) > 0) {
                skip = scan.shape.bytes == 0 && begins_with_mark(block, (size_t)length) ? MARK_BYTES : 0;
                scan.shape.bytes += (int64_t)skip;
                r = scan_block(&scan, block + skip, (size_t)length - skip, err);
                if (r < 0)
                        return r;
        }
        if (length < 0)
                return (int)length;
        for (size_t i = 1; i < ARRAY_SIZE(delimiters); i++)
                if (scan.counts[i] > scan.counts[best])
                        best = i;
        scan.shape.delimiter = delimiters[best];
        scan.has_bad = scan.has_bad || scan.continuation;
        scan.shape.encoding = scan.has_bad && !scan.has_letters ? CSV_WINDOWS_1252 : CSV_UTF8;
        *ret_shape = scan.shape;
        return 0;
}

/* ---- rows */

struct csv {
        struct csv_source source;
        struct csv_shape shape;
        char *bytes; /* what was read; the unread part is at … end */
        size_t at, end, allocated;
        bool is_over, is_begun;
        int64_t line;
        struct buf text; /* the fields of the row, each with its NUL */
        size_t starts[CSV_FIELDS_MAX];
        int count;
};

int csv_open(const struct csv_source *source, const struct csv_shape *shape, struct csv **ret_csv,
             struct err *err)
{
        struct csv *csv = calloc(1, sizeof *csv);

        if (!csv)
                return err_set(err, ERR_NOMEM, "out of memory");
        csv->source = *source;
        csv->shape = *shape;
        csv->line = 1;
        buf_init(&csv->text, TEXT_FACTOR * CSV_ROW_BYTES_MAX + CSV_FIELDS_MAX + 1);
        *ret_csv = csv;
        return 0;
}

struct csv *csv_close(struct csv *csv)
{
        if (csv) {
                buf_fini(&csv->text);
                free(csv->bytes);
                free(csv);
        }
        return NULL;
}

/* Reads more behind what stands there; is_over when there is no more. */
static int fill(struct csv *csv, struct err *err)
{
        ssize_t length;
        size_t wanted;
        char *grown;

        if (csv->at > 0) {
                memmove(csv->bytes, csv->bytes + csv->at, csv->end - csv->at);
                csv->end -= csv->at;
                csv->at = 0;
        }
        wanted = csv->end + READ_BYTES;
        if (wanted > csv->allocated) {
                grown = realloc(csv->bytes, wanted);
                if (!grown)
                        return err_set(err, ERR_NOMEM, "out of memory");
                csv->bytes = grown;
                csv->allocated = wanted;
        }
        length = csv->source.read(csv->source.context, csv->bytes + csv->end, READ_BYTES, err);
        if (length < 0)
                return (int)length;
        csv->is_over = length == 0;
        csv->end += (size_t)length;
        return 0;
}

/* Where the row that begins at csv->at ends. */
struct extent {
        size_t length, next; /* without its line end; where the following row begins */
        int lines;
        bool is_open; /* a quote is open at the end of the file, or the row is too long */
};

/* Walks quotes as take_fields does: one opens a field only at its beginning. False: more bytes are needed. */
static bool find_end(const struct csv *csv, struct extent *extent)
{
        const char *bytes = csv->bytes + csv->at;
        size_t length = csv->end - csv->at;
        bool in_quotes = false, at_start = true;

        *extent = (struct extent){.lines = 1};
        for (size_t i = 0; i < length; i++) {
                char byte = bytes[i];

                if (in_quotes && byte == '"' && i + 1 < length && bytes[i + 1] == '"') {
                        i++;
                        continue;
                }
                if (in_quotes && byte == '"' && i + 1 == length && !csv->is_over)
                        return false;
                if (in_quotes) {
                        in_quotes = byte != '"';
                        extent->lines +=
                            byte == '\n' || (byte == '\r' && i + 1 < length && bytes[i + 1] != '\n');
                        continue;
                }
                if (byte == '"' && at_start) {
                        in_quotes = true;
                } else if (byte == '\n' || byte == '\r') {
                        if (byte == '\r' && i + 1 == length && !csv->is_over)
                                return false;
                        extent->length = i;
                        extent->next = i + 1 + (byte == '\r' && i + 1 < length && bytes[i + 1] == '\n');
                        return true;
                }
                at_start = byte == csv->shape.delimiter;
        }
        extent->length = extent->next = length;
        extent->is_open = in_quotes;
        return csv->is_over;
}

/* A row that cannot be taken whole: only its first line is passed over, so that the rows behind an open quote
 * are read. */
static int skip_line(struct csv *csv, struct err *err)
{
        size_t i;
        int r;

        for (;;) {
                for (i = csv->at; i < csv->end && csv->bytes[i] != '\n'; i++)
                        ;
                csv->at = i < csv->end ? i + 1 : csv->end;
                if (i < csv->end || csv->is_over)
                        break;
                r = fill(csv, err);
                if (r < 0)
                        return r;
        }
        csv->line++;
        return 0;
}

static int add_byte(struct csv *csv, unsigned char byte)
{
        /* What Windows-1252 has between 0x80 and 0x9f; 0: nothing. Source: Unicode's CP1252.TXT. */
        static const uint16_t upper[32] = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                           0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                           0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                           0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};
        uint16_t letter = byte;
        char text[4];
        int32_t length = 0;

        if (byte < 0x80 || csv->shape.encoding == CSV_UTF8)
                return buf_addc(&csv->text, (char)byte);
        if (byte < 0xa0)
                letter = upper[byte - 0x80] ? upper[byte - 0x80] : 0xfffd;
        U8_APPEND_UNSAFE(text, length, letter);
        return buf_add(&csv->text, text, (size_t)length);
}

static void add_bytes(struct csv *csv, const char *bytes, size_t length)
{
        if (csv->shape.encoding == CSV_UTF8) {
                buf_add(&csv->text, bytes, length);
                return;
        }
        for (size_t i = 0; i < length; i++)
                add_byte(csv, (unsigned char)bytes[i]);
}

/* One field that begins at *AT; *AT is then its delimiter or LENGTH. */
static void take_field(struct csv *csv, const char *bytes, size_t length, size_t *at)
{
        size_t i = *at, start = i;

        if (i < length && bytes[i] == '"') {
                for (start = ++i; i < length; i++) {
                        if (bytes[i] != '"')
                                continue;
                        add_bytes(csv, bytes + start, i - start);
                        start = i + 1;
                        if (i + 1 >= length || bytes[i + 1] != '"')
                                break;
                        i++; /* of two quotes the second stays */
                }
                i = start < length ? start : length;
                start = i;
        }
        while (i < length && bytes[i] != csv->shape.delimiter)
                i++;
        add_bytes(csv, bytes + start, i - start);
        buf_addc(&csv->text, '\0');
        *at = i;
}

static int take_fields(struct csv *csv, const char *bytes, size_t length, struct err *err)
{
        size_t at = 0;

        csv->count = 0;
        buf_cut(&csv->text, 0);
        for (;;) {
                if (csv->count == CSV_FIELDS_MAX)
                        return err_set(err, ERR_INVALID, "more than %d fields: leave some out",
                                       CSV_FIELDS_MAX);
                csv->starts[csv->count++] = csv->text.length;
                take_field(csv, bytes, length, &at);
                if (at >= length)
                        break;
                at++;
        }
        return buf_error(&csv->text) ? err_set(err, buf_error(&csv->text), "out of memory") : 0;
}

static bool is_utf8(const char *text, size_t length)
{
        int32_t at = 0;
        UChar32 letter;

        while (at < (int32_t)length) {
                U8_NEXT(text, at, (int32_t)length, letter);
                if (letter < 0)
                        return false;
        }
        return true;
}

/* The bytes of the next row, read to its end; 0 when there is none. */
static int find_row(struct csv *csv, struct extent *extent, struct err *err)
{
        int r;

        if (!csv->is_begun) {
                csv->is_begun = true;
                do
                        r = fill(csv, err);
                while (r == 0 && !csv->is_over && csv->end < MARK_BYTES);
                if (r < 0)
                        return r;
                if (begins_with_mark((const unsigned char *)csv->bytes, csv->end))
                        csv->at = MARK_BYTES;
        }
        for (;;) {
                if (find_end(csv, extent)) {
                        if (extent->length > 0 || !extent->next)
                                return csv->at < csv->end;
                        csv->at += extent->next; /* an empty line */
                        csv->line++;
                } else if (csv->end - csv->at > CSV_ROW_BYTES_MAX) {
                        extent->is_open = true;
                        return 1;
                } else {
                        r = fill(csv, err);
                        if (r < 0)
                                return r;
                }
        }
}

int csv_next(struct csv *csv, struct csv_row *ret_row, struct err *err)
{
        struct extent extent;
        const char *bytes;
        int r;

        r = find_row(csv, &extent, err);
        if (r <= 0)
                return r;
        ret_row->line = csv->line;
        ret_row->count = 0;
        if (extent.is_open || extent.length > CSV_ROW_BYTES_MAX) {
                r = skip_line(csv, err);
                if (r < 0)
                        return r;
                return err_set(err, ERR_INVALID,
                               "a quote is not closed, or the row is longer than %u bytes: correct the row",
                               CSV_ROW_BYTES_MAX);
        }
        bytes = csv->bytes + csv->at;
        csv->at += extent.next;
        csv->line += extent.lines;
        if (csv->shape.encoding == CSV_UTF8 && !is_utf8(bytes, extent.length))
                return err_set(err, ERR_INVALID, "holds bytes that are no UTF-8: save the file as UTF-8");
        r = take_fields(csv, bytes, extent.length, err);
        if (r < 0)
                return r;
        ret_row->count = csv->count;
        for (int i = 0; i < csv->count; i++)
                ret_row->fields[i] = csv->text.data + csv->starts[i];
        return 1;
}
