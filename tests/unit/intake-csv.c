/* csv, phone: rows as registers write them, numbers as people do. */
#include "intake/csv.h"
#include "intake/phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct text {
        const char *data;
        size_t length, at, step; /* step: bytes a read gives */
};

static ssize_t read_text(void *context, void *data, size_t size, struct err *err)
{
        struct text *text = context;
        size_t length = text->length - text->at;

        (void)err;
        length = length > text->step ? text->step : length;
        length = length > size ? size : length;
        memcpy(data, text->data + text->at, length);
        text->at += length;
        return (ssize_t)length;
}

/* Prints what csv gives: fields in [], rows by their line, faults as !. */
static void print(const char *data, size_t length, size_t step, char *out, size_t size)
{
        struct text text = {data, length, 0, step};
        const struct csv_source source = {read_text, &text};
        struct csv_shape shape;
        struct csv_row row;
        struct csv *csv;
        size_t at = 0;
        int r;

        assert_int_equal(csv_scan(&source, &shape, NULL), 0);
        text.at = 0;
        assert_int_equal(csv_open(&source, &shape, &csv, NULL), 0);
        while ((r = csv_next(csv, &row, NULL)) != 0) {
                at += (size_t)snprintf(out + at, size - at, "%lld%s", (long long)row.line, r < 0 ? "!" : "");
                for (int i = 0; i < row.count; i++)
                        at += (size_t)snprintf(out + at, size - at, "[%s]", row.fields[i]);
                assert_true(at < size);
        }
        out[at] = '\0';
        csv_close(csv);
}

static const struct {
        const char *text, *rows;
} csv_table[] = {
    {"a,b\nc,d\n", "1[a][b]2[c][d]"},
    {"a,b\r\nc,d", "1[a][b]2[c][d]"},
    {"a,b\rc,d\r", "1[a][b]2[c][d]"},
    {"\xef\xbb\xbf"
     "a;b\n\nc;,\n",
     "1[a][b]3[c][,]"},
    {"a\tb\n1,2\t3\n", "1[a][b]2[1,2][3]"},
    {"a,b\n\"x,\"\"y\"\"\",\"two\nlines\"\nlast,1\n", "1[a][b]2[x,\"y\"][two\nlines]4[last][1]"},
    {"a,b\n\"\",\n", "1[a][b]2[][]"},
    {"a,b\nO\"Neill,\"b\"c\n", "1[a][b]2[O\"Neill][bc]"},
    {"a,b\n\"open,1\nnext,2\n", "1[a][b]2!3[next][2]"},
    {"a,b\n\xc4ij\xe4,\x80\n", "1[a][b]2[Äijä][€]"},
    {"a,b\nÄ,1\n\xc4,2\nÖ,3\n", "1[a][b]2[Ä][1]3!4[Ö][3]"},
    {"", ""},
    {"\n\n", ""},
};

static void test_rows(void **state)
{
        char rows[4096];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(csv_table); i++)
                for (size_t step = 1; step < 40; step += 7) { /* wherever a read happens to end */
                        print(csv_table[i].text, strlen(csv_table[i].text), step, rows, sizeof rows);
                        if (strcmp(rows, csv_table[i].rows) != 0)
                                fail_msg("row %zu by %zu bytes: %s", i, step, rows);
                }
}

static void test_long_row(void **state)
{
        const size_t length = 3 * CSV_ROW_BYTES_MAX;
        char *text = malloc(length + 16), rows[64];

        (void)state;
        assert_non_null(text);
        memset(text, 'x', length);
        memcpy(text, "a\n", 2);
        memcpy(text + length, "\nb\n", 3);
        print(text, length + 3, 65536, rows, sizeof rows);
        assert_string_equal(rows, "1[a]2!3[b]");
        free(text);
}

static const struct {
        const char *text, *country, *number; /* number NULL: refused */
} phone_table[] = {
    {"+358 40 000 0001", "358", "+358400000001"},
    {"040-000 0001", "358", "+358400000001"},
    {"00358400000001", "358", "+358400000001"},
    {"358400000001", "358", "+358400000001"},
    {"+358 (0)40 000 0001", "358", "+358400000001"},
    {"070-000 00 01", "46", "+46700000001"},
    {"+46700000001", "358", "+46700000001"},
    {"5000001", "372", "+3725000001"},
    {"400000001", "358", NULL},
    {"040 0", "358", NULL},
    {"kotona", "358", NULL},
    {"040 000 0001 (isä)", "358", NULL},
    {"+0400000001", "358", NULL},
    {"", "358", NULL},
    {"0400000001040000000104000", "358", NULL},
};

static void test_phones(void **state)
{
        char number[PHONE_SIZE];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(phone_table); i++) {
                bool is_good = phone_to_e164(phone_table[i].text, phone_table[i].country, number);

                if (is_good != (phone_table[i].number != NULL) ||
                    (is_good && strcmp(number, phone_table[i].number) != 0))
                        fail_msg("%s: %s", phone_table[i].text, is_good ? number : "refused");
        }
        assert_string_equal(phone_country("Europe/Stockholm"), "46");
        assert_string_equal(phone_country("Europe/Helsinki"), "358");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_rows),
            cmocka_unit_test(test_long_row),
            cmocka_unit_test(test_phones),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
