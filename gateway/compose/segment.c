#include "compose/segment.h"
#include "base/err.h"

#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#define GSM7_SINGLE 160
#define GSM7_PART 153
#define UCS2_SINGLE 70
#define UCS2_PART 67

/* The basic table's characters outside ASCII, and those of ASCII that it lacks are the extension's or no
 * one's. */
static const UChar basic_table[] = {
    0x00a1, 0x00a3, 0x00a4, 0x00a5, 0x00a7, 0x00bf, 0x00c4, 0x00c5, 0x00c6, 0x00c7, 0x00c9, 0x00d1, 0x00d6,
    0x00d8, 0x00dc, 0x00df, 0x00e0, 0x00e4, 0x00e5, 0x00e6, 0x00e8, 0x00e9, 0x00ec, 0x00f1, 0x00f2, 0x00f6,
    0x00f8, 0x00f9, 0x00fc, 0x0393, 0x0394, 0x0398, 0x039b, 0x039e, 0x03a0, 0x03a3, 0x03a6, 0x03a8, 0x03a9};

/* Septets of a character: 1, 2 (with the escape) or 0 when the alphabet lacks it. */
static unsigned septets(UChar32 c)
{
        if (c < 0x80) {
                if (c == '\n' || c == '\r')
                        return 1;
                if (c == '\f' || (c >= 0x20 && strchr("^{}\\[~]|", (int)c)))
                        return 2;
                return c >= 0x20 && c < 0x7f && c != '`';
        }
        if (c == 0x20ac)
                return 2;
        for (size_t i = 0; i < ARRAY_SIZE(basic_table); i++)
                if (basic_table[i] == c)
                        return 1;
        return 0;
}

static unsigned ucs2_units(UChar32 c)
{
        return c > 0xffff ? 2 : 1;
}

/* Fills segments of PART units one by one: a character that does not fit in what is left begins the next. */
static void count(const char *text, struct segment_size *size, size_t single, size_t part)
{
        size_t used = 0, units = 0, segments = 1;
        int32_t i = 0, length = (int32_t)strlen(text);
        UChar32 c;

        while (i < length) {
                unsigned width;

                U8_NEXT_UNSAFE(text, i, c);
                width = size->encoding == SEGMENT_GSM7 ? septets(c) : ucs2_units(c);
                units += width;
                if (used + width > part) {
                        segments++;
                        used = 0;
                }
                used += width;
        }
        size->units = units;
        size->segments = units <= single ? 1 : segments;
}

int segment_count(const char *text, struct segment_size *ret_size, struct err *err)
{
        struct segment_size size = {.encoding = SEGMENT_GSM7};
        size_t length = strlen(text);
        int32_t i = 0;
        UChar32 c;

        if (length > INT32_MAX)
                return err_set(err, ERR_LIMIT, "text: %zu bytes: send less", length);
        while (i < (int32_t)length) {
                int32_t at = i;

                U8_NEXT(text, i, (int32_t)length, c);
                if (c < 0)
                        return err_set(err, ERR_INVALID, "text: byte %d: not UTF-8: mend its encoding",
                                       (int)at + 1);
                if (septets(c) == 0)
                        size.encoding = SEGMENT_UCS2;
        }
        if (size.encoding == SEGMENT_GSM7)
                count(text, &size, GSM7_SINGLE, GSM7_PART);
        else
                count(text, &size, UCS2_SINGLE, UCS2_PART);
        *ret_size = size;
        return 0;
}

const char *segment_encoding_name(enum segment_encoding encoding)
{
        return encoding == SEGMENT_GSM7 ? "gsm7" : "ucs2";
}

/* What has no decomposition to a letter of the alphabet; in order of code points. */
static const struct {
        UChar32 from;
        const char *to;
} plain_table[] = {
    {'\t', " "},    {'`', "'"},     {0x00a0, " "},  {0x00a8, "\""}, {0x00ab, "\""}, {0x00ad, ""},
    {0x00b4, "'"},  {0x00b7, "."},  {0x00bb, "\""}, {0x00d0, "D"},  {0x00d7, "x"},  {0x00de, "TH"},
    {0x00f0, "d"},  {0x00fe, "th"}, {0x0110, "D"},  {0x0111, "d"},  {0x0126, "H"},  {0x0127, "h"},
    {0x0131, "i"},  {0x0141, "L"},  {0x0142, "l"},  {0x014a, "N"},  {0x014b, "n"},  {0x0152, "OE"},
    {0x0153, "oe"}, {0x0166, "T"},  {0x0167, "t"},  {0x02bc, "'"},  {0x2002, " "},  {0x2003, " "},
    {0x2009, " "},  {0x200b, ""},   {0x2010, "-"},  {0x2011, "-"},  {0x2012, "-"},  {0x2013, "-"},
    {0x2014, "-"},  {0x2015, "-"},  {0x2018, "'"},  {0x2019, "'"},  {0x201a, "'"},  {0x201b, "'"},
    {0x201c, "\""}, {0x201d, "\""}, {0x201e, "\""}, {0x201f, "\""}, {0x2022, "-"},  {0x2026, "..."},
    {0x202f, " "},  {0x2032, "'"},  {0x2033, "\""}, {0x2039, "'"},  {0x203a, "'"},  {0x2060, ""},
    {0x2212, "-"},  {0xfeff, ""}};

static int add_code_point(struct buf *buf, UChar32 c)
{
        char utf8[4];
        int32_t length = 0;

        U8_APPEND_UNSAFE(utf8, length, c);
        return buf_add(buf, utf8, (size_t)length);
}

/* Adds what stands for C in the alphabet; false when nothing does. */
static bool add_plain(struct buf *buf, const UNormalizer2 *nfd, UChar32 c)
{
        UErrorCode status = U_ZERO_ERROR;
        UChar decomposed[32];
        int32_t i = 0, length;
        bool added = false;

        if (septets(c))
                return add_code_point(buf, c), true;
        for (size_t k = 0; k < ARRAY_SIZE(plain_table); k++)
                if (plain_table[k].from == c)
                        return buf_adds(buf, plain_table[k].to), true;
        length = unorm2_getDecomposition(nfd, c, decomposed, ARRAY_SIZE(decomposed), &status);
        if (U_FAILURE(status) || length < 0)
                return false;
        while (i < length) {
                U16_NEXT(decomposed, i, length, c);
                if (u_getCombiningClass(c))
                        continue;
                if (!septets(c))
                        return false;
                add_code_point(buf, c);
                added = true;
        }
        return added;
}

/* TEXT composed (a letter and its mark as one character), as UTF-16; free() it. NULL when it is no UTF-8 or
 * memory runs out, with the code in *ret_error. */
static UChar *compose(const char *text, int32_t *ret_length, int *ret_error)
{
        UErrorCode status = U_ZERO_ERROR;
        size_t room = strlen(text) * 3 + 1; /* composition may lengthen, never more than threefold */
        UChar *composed = NULL, *wide = NULL;
        int32_t length;

        *ret_error = ERR_LIMIT;
        if (room > INT32_MAX / 2)
                return NULL;
        *ret_error = ERR_NOMEM;
        wide = malloc(room * sizeof *wide);
        composed = malloc(room * sizeof *composed);
        if (wide && composed) {
                u_strFromUTF8(wide, (int32_t)room, &length, text, -1, &status);
                *ret_length = unorm2_normalize(unorm2_getNFCInstance(&status), wide, length, composed,
                                               (int32_t)room, &status);
                *ret_error = U_FAILURE(status) ? ERR_INVALID : 0;
        }
        free(wide);
        if (*ret_error)
                free(TAKE(composed));
        return composed;
}

int segment_transliterate(const char *text, struct buf *buf, struct err *err)
{
        UErrorCode status = U_ZERO_ERROR;
        const UNormalizer2 *nfd = unorm2_getNFDInstance(&status);
        _cleanup_(free_ptr) UChar *wide = NULL;
        int32_t i = 0, length = 0;
        size_t start = buf->length;
        int error;
        UChar32 c;

        wide = compose(text, &length, &error);
        if (!wide)
                return err_set(err, error, "text: not UTF-8, or too long: mend its encoding");
        while (i < length) {
                U16_NEXT(wide, i, length, c);
                if (!add_plain(buf, nfd, c)) {
                        buf_cut(buf, start);
                        buf_adds(buf, text);
                        break;
                }
        }
        if (buf_error(buf))
                return err_set(err, buf_error(buf), "text: too long: send less");
        return 0;
}
