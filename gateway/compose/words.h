/* words: what somebody typed, made comparable: compatibility forms and case folded (NFKC), everything that is
 * neither a letter nor a digit taken for a space, spaces joined. "  En  TIENNYT! " becomes "en tiennyt", a
 * keycap 1 becomes "1". Pure; any thread. */
#ifndef COMPOSE_WORDS_H
#define COMPOSE_WORDS_H

#include <stddef.h>

#define WORDS_MAX_BYTES 256 /* with the final NUL; more than any answer that is understood */

/* Always gives a text: what is not UTF-8, or too long, becomes "". */
void words_fold(const char *text, char ret_words[static WORDS_MAX_BYTES]);

#endif
