/* qr: an address as a QR code, for a terminal and for a page. */
#ifndef WEB_QR_H
#define WEB_QR_H

#include "compose/value.h"

#define QR_PATH_MAX_BYTES 65536
#define QR_MARGIN 4 /* modules of quiet around the code (ISO/IEC 18004) */

/* Block characters on standard output, for terminals, which are dark. ERR_LIMIT when TEXT does not fit. */
int qr_draw(const char *text, struct err *err);

/* An SVG element that scales. */
int qr_svg(const char *text, struct buf *buf, struct err *err);

/* Sets `qr`, the d of a path in a viewBox without margin, and `qr_size`, the side of it. */
int qr_set(struct value *values, const char *text, struct err *err);

#endif
