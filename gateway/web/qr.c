#include "web/qr.h"

#include <qrencode.h>
#include <stdbool.h>
#include <stdio.h>

static int encode(const char *text, QRcode **ret_code, struct err *err)
{
        *ret_code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
        return *ret_code
                   ? 0
                   : err_set(err, ERR_LIMIT, "QR code: the address is too long: give a shorter --base-url");
}

static bool is_dark(const QRcode *code, int x, int y)
{
        return x >= 0 && y >= 0 && x < code->width && y < code->width && code->data[y * code->width + x] & 1;
}

/* Two rows of modules a line. Light modules are drawn, since terminals are dark. */
int qr_draw(const char *text, struct err *err)
{
        static const char *const blocks[] = {"█", "▀", "▄", " "}; /* by dark: none, lower, upper, both */
        QRcode *code;
        int r = encode(text, &code, err);

        if (r < 0)
                return r;
        for (int y = -QR_MARGIN; y < code->width + QR_MARGIN; y += 2) {
                for (int x = -QR_MARGIN; x < code->width + QR_MARGIN; x++)
                        fputs(blocks[is_dark(code, x, y) * 2 + is_dark(code, x, y + 1)], stdout);
                putchar('\n');
        }
        QRcode_free(code);
        return 0;
}

/* Runs of dark modules, row by row. */
static void add_path(const QRcode *code, int margin, struct buf *buf)
{
        for (int y = 0; y < code->width; y++)
                for (int x = 0; x < code->width; x++) {
                        int run = 0;

                        while (is_dark(code, x + run, y))
                                run++;
                        if (run)
                                buf_addf(buf, "M%d %dh%dv1h-%dz", x + margin, y + margin, run, run);
                        x += run;
                }
}

int qr_svg(const char *text, struct buf *buf, struct err *err)
{
        QRcode *code;
        int r = encode(text, &code, err), size;

        if (r < 0)
                return r;
        size = code->width + 2 * QR_MARGIN;
        buf_addf(buf,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
                 "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
                 size, size, size, size);
        add_path(code, QR_MARGIN, buf);
        buf_adds(buf, "\"/></svg>");
        QRcode_free(code);
        return buf_error(buf) ? err_set(err, buf_error(buf), "QR code: out of memory") : 0;
}

int qr_set(struct value *values, const char *text, struct err *err)
{
        QRcode *code;
        struct buf path;
        int r = encode(text, &code, err);

        if (r < 0)
                return r;
        buf_init(&path, QR_PATH_MAX_BYTES);
        add_path(code, 0, &path);
        value_set_text(values, "qr", buf_text(&path));
        value_set_count(values, "qr_size", code->width);
        QRcode_free(code);
        buf_fini(&path);
        return value_error(values, err);
}
