/* pages: the web pages as Mustache, and their words in every language. Read from a folder (web/, desk/) of
 * templates
 *
 *   NAME.html    a page, or a piece that {{>NAME}} sets in another
 *   frame.html   what stands round every page with an example that does not begin with <!doctype:
 * {{>content}} is the page, {{>title}} its word NAME-title. May be absent NAME.json    made-up values of a
 * page: `kapula check` renders it with them, and it may ask for no others; common.json: what every page has.
 * A file without one is a piece of others LANG.yaml    the words of a language, `name: text`; {{>name}} sets
 * one in a page; it may hold values style.css    the stylesheet of every page; script.js what makes them
 * live, may be absent
 *
 * A folder that is read later stands in place of an earlier one: pages file by file, words one by one. Words
 * are plain text: what HTML would take for markup is escaped when they are read. A page is shown in a
 * language that has all words that it names. Filled by one thread, then read by any number. Knows no store.
 */
#ifndef COMPOSE_PAGES_H
#define COMPOSE_PAGES_H

#include "compose/mustache.h"

#define PAGES_FILE_MAX_BYTES 131072
#define PAGES_MAX 128
#define PAGES_LANGUAGES_MAX 24
#define PAGES_WORDS_MAX 2048 /* of one language */
#define PAGES_NAME_MAX_BYTES 64
#define PAGES_OUTPUT_MAX_BYTES ((size_t)512 << 10)

struct pages;

/* FOLDER, a literal, is the one of templates that holds the pages. NULL when out of memory. */
struct pages *pages_new(const char *folder);
struct pages *pages_free(struct pages *pages);

/* PATH is a folder of templates; its own folder of pages may be absent. ERR_INVALID with file and line,
 * ERR_LIMIT, ERR_IO, ERR_NOMEM. */
int pages_add_folder(struct pages *pages, const char *path, struct err *err);

/* To be called when all is read: that each piece named is a page or a word of the first language, and which
 * page can be shown in which language. */
int pages_finish(struct pages *pages, struct err *err);

/* Everything that is wrong, each given to TELL: a page that lacks words in one of the languages NEEDED (ends
 * with NULL), a page that asks for a value that its example lacks. */
int pages_check(const struct pages *pages, const char *const *needed,
                int (*tell)(void *context, const char *fault, struct err *err), void *context,
                struct err *err);

/* WANTED, else FALLBACK, else the first language, whichever has all words of the page. */
const char *pages_language(const struct pages *pages, const char *page, const char *wanted,
                           const char *fallback);

/* The languages in which PAGE can be shown, in order; NULL at the end. */
const char *pages_language_at(const struct pages *pages, const char *page, size_t index);

/* Adds the page to BUF; the language is the locale's. The errors of template_render; ERR_NOT_FOUND. */
int page_render(const struct pages *pages, const char *page, struct locale *locale,
                const struct value *values, struct buf *buf, struct err *err);

/* Adds the word, with its values, as plain text: for a message that a page sends. */
int page_text(const struct pages *pages, const char *name, struct locale *locale, const struct value *values,
              struct buf *buf, struct err *err);

/* The word as plain text; NULL when the language has none. */
const char *page_word(const struct pages *pages, const char *language, const char *name);

const char *pages_style(const struct pages *pages);  /* "" when there is none */
const char *pages_script(const struct pages *pages); /* the same */

#endif
