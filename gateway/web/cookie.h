/* cookie: the value of one cookie in a Cookie header (RFC 6265). */
#ifndef WEB_COOKIE_H
#define WEB_COOKIE_H

#include <stddef.h>

/* The last value of NAME that is SIZE - 1 bytes long, as those of sessions are; *ret_value stays as it was
 * when there is none. HEADER may be NULL. */
void cookie_read(const char *header, const char *name, size_t size, char *ret_value);

#endif
