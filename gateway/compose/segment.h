/* segment: how many SMS a text is, exactly, after 3GPP TS 23.038 (alphabet) and 23.040 (concatenation with an
 * 8-bit reference). A text whose characters are all in the GSM 7-bit basic table or its extension is sent so;
 * any other as UCS-2. National language tables are not used: what a phone shows must not hang on its maker.
 * Pure; any thread. */
#ifndef COMPOSE_SEGMENT_H
#define COMPOSE_SEGMENT_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

enum segment_encoding { SEGMENT_GSM7, SEGMENT_UCS2 };

struct segment_size {
        enum segment_encoding encoding;
        size_t units;    /* septets, of which an extension character takes two; or 16-bit units */
        size_t segments; /* an empty text is one */
};

/* One segment holds 160 septets or 70 units; each of several holds 153 or 67, and neither an escape pair nor
 * a surrogate pair is split between two. ERR_INVALID when TEXT is not UTF-8. */
int segment_count(const char *text, struct segment_size *ret_size, struct err *err);

const char *segment_encoding_name(enum segment_encoding encoding); /* "gsm7", "ucs2" */

/* Adds TEXT to BUF with typographic characters replaced by plain ones and letters that the GSM alphabet lacks
 * by their nearest, when all of the text then fits the alphabet; else unchanged, since a text in Cyrillic
 * gains nothing. Ä, ö, å, é and the others that the alphabet has stay. ERR_INVALID, ERR_NOMEM, the errors of
 * buf. */
int segment_transliterate(const char *text, struct buf *buf, struct err *err);

#endif
