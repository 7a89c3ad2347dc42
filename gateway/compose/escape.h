/* escape: a value's text made safe for the place it is printed in. In every place a control character that no
 * reader needs becomes a space: a name from a register must not be able to add a header, an escape sequence
 * or a second line to a record. Text is UTF-8. */
#ifndef COMPOSE_ESCAPE_H
#define COMPOSE_ESCAPE_H

#include "base/buf.h"

enum compose_escape {
        ESCAPE_PLAIN, /* SMS, e-mail text: only '\n' is left of the control characters */
        ESCAPE_HTML,  /* element content and quoted attributes: & < > " ' */
        ESCAPE_JSON,  /* between the quotes of a JSON string */
        ESCAPE_URL,   /* a query or form value: percent-encoding of all but the unreserved of RFC 3986 */
};

int escape_add(struct buf *buf, const char *text, enum compose_escape escape);

#endif
