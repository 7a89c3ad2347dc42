/* html: the text of an e-mail as an HTML page beside it, for readers that show one. The same words:
 * paragraphs at empty lines, lines that begin with "- " as a list, links and telephone numbers that can be
 * tapped, a link alone on its line as a button. Nothing is loaded from anywhere; light and dark; every word
 * is escaped.
 *
 * Directions: the page has the language's; a paragraph that begins in the other direction has its own; a name
 * of the other direction inside a line is isolated. Bidirectional controls in the text are left out, since
 * elements do their work. Pure; any thread. */
#ifndef COMPOSE_HTML_H
#define COMPOSE_HTML_H

#include "base/buf.h"
#include "base/err.h"

#define HTML_TEXT_MAX_BYTES 65536        /* a text that is longer is refused */
#define HTML_TITLE_MAX_BYTES 1024        /* so is a title */
#define HTML_LINKS_MAX 100               /* links and numbers past them stay plain text */
#define HTML_MAX_BYTES ((size_t)1 << 20) /* of a page; what the maxima above allow stays below it */

enum html_direction { HTML_LTR, HTML_RTL };

/* As CLDR writes LANGUAGE ("ar" from right to left); unknown and NULL are left to right. */
enum html_direction html_direction(const char *language);
const char *html_direction_name(enum html_direction direction); /* "ltr", "rtl": the attribute dir */

/* TITLE (may be NULL) and TEXT are UTF-8; LANGUAGE is a BCP 47 tag. *ret_html is the caller's to free.
 * ERR_LIMIT past a maximum, ERR_INVALID for text that is not UTF-8, ERR_NOMEM. */
int html_email(const char *title, const char *text, const char *language, enum html_direction direction,
               char **ret_html, struct err *err);

#endif
