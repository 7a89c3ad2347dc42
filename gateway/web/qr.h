/* qr: an address as a QR code, for a terminal and for a page. */
#ifndef WEB_QR_H
#define WEB_QR_H

#include "base/buf.h"
#include "base/err.h"

#define QR_MARGIN 4 /* modules of quiet around the code (ISO/IEC 18004) */

/* Block characters on standard output, for terminals, which are dark. ERR_LIMIT when TEXT does not fit. */
int qr_draw(const char *text, struct err *err);

/* An SVG element that scales. */
int qr_svg(const char *text, struct buf *buf, struct err *err);

#endif
