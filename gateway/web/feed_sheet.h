/* feed_sheet: the page that a teacher prints and hands over: how to get a calendar, its QR code and its
 * address, on one A4. */
#ifndef WEB_FEED_SHEET_H
#define WEB_FEED_SHEET_H

#include "base/buf.h"
#include "base/err.h"
#include "store/feed.h"

struct catalogue;

#define FEED_SHEET_BYTES_MAX (1 << 20)

/* "webcal://…" of an address that begins with http:// or https://; free() it. NULL when out of memory. */
char *feed_sheet_webcal(const char *url);

/* An HTML page that needs nothing else, in the owner's language. */
int feed_sheet(const struct catalogue *catalogue, const struct feed_owner *owner, const char *url,
               struct buf *buf, struct err *err);

#endif
