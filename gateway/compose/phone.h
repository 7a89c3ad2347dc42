/* phone: a number as people read it, in the groups of its country: "+358 40 000 0110". Pure. */
#ifndef COMPOSE_PHONE_H
#define COMPOSE_PHONE_H

#include <stddef.h>

#define PHONE_TEXT_MAX_BYTES 64 /* what is printed, with its end */

/* E164 ("+" and up to 15 digits) in groups with spaces that no line is broken at; anything else as it is,
 * cut to the size. */
void phone_print(const char *e164, char ret_text[static PHONE_TEXT_MAX_BYTES]);

#endif
