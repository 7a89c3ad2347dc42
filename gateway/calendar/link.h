/* link: the token in a calendar's address. Whoever knows it may read the calendar; the store knows its
 * SHA-256 alone. */
#ifndef CALENDAR_LINK_H
#define CALENDAR_LINK_H

#include "base/err.h"
#include "store/feed.h"

#include <stdbool.h>
#include <stdint.h>

#define LINK_RANDOM_BYTES 32
#define LINK_TOKEN_MAX 44 /* base64url of those without padding, and NUL */

int link_new(char ret_token[static LINK_TOKEN_MAX], uint8_t ret_hash[static FEED_HASH_BYTES],
             struct err *err);

/* False when TOKEN cannot be one of ours by its form. */
bool link_hash(const char *token, uint8_t ret_hash[static FEED_HASH_BYTES]);

/* "BASE/calendar/TOKEN.ics"; free() it. NULL when out of memory. A slash that ends BASE is left out. */
char *link_url(const char *base_url, const char *token);

#endif
