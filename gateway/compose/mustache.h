/* mustache: templates after the public Mustache specification: interpolation, sections, inverted sections,
 * comments, set delimiters, partials, the rules on standalone lines. No lambdas, no inheritance. A template
 * is parsed once and may then be rendered by many threads at a time. Knows no file and no store.
 *
 * Where it differs from the specification, on purpose:
 * - A value that is missing or null is an error, never a blank, save as the name of a section or an inverted
 *   section. With ESCAPE_PLAIN (messages) so is an empty text. A partial that is missing is an error too.
 * - A list or map cannot be printed: error.
 * - False in a section: missing, null, false, an empty list, an empty text. A count of 0 is true (lesson 0 is
 * a lesson): ask for its category instead.
 * - Typed values have properties, {{day.weekday}}, {{lessons.one}}: see compose/locale.h.
 * - Inside a section over a list, {{#-first}} and {{#-last}} tell the place in the list, as in "1, 2, 3":
 *   {{number}}{{^-last}}, {{/-last}}.
 * - Escaping follows the place the text goes to (compose/escape.h); {{{x}}} and {{&x}} leave out HTML's
 * alone. In other places they are the same as {{x}}. */
#ifndef COMPOSE_MUSTACHE_H
#define COMPOSE_MUSTACHE_H

#include "base/buf.h"
#include "base/err.h"
#include "compose/escape.h"
#include "compose/locale.h"
#include "compose/value.h"

#define TEMPLATE_MAX_BYTES 65536    /* source of one template */
#define TEMPLATE_NAME_MAX_BYTES 128 /* the name that errors show */
#define TEMPLATE_PATH_MAX_BYTES 128 /* a variable's dotted name, a partial's name */
#define TEMPLATE_DEPTH_MAX 32       /* sections and partials inside one another */
#define TEMPLATE_STEPS_MAX 200000   /* pieces printed or skipped in one rendering */

struct template;

/* Finds a parsed partial; NULL when there is none. It must outlive the rendering. */
typedef const struct template *(*template_partial_fn)(void *userdata, const char *name);

/* NAME is copied; errors are "NAME:LINE: WHAT: what to do". FIRST_LINE is the number of TEXT's first line in
 * its file. ERR_INVALID, ERR_LIMIT, ERR_NOMEM. */
int template_parse(const char *text, const char *name, int first_line, struct template **ret_template,
                   struct err *err);
struct template *template_free(struct template *template);

const char *template_name(const struct template *template);
const char *template_source(const struct template *template); /* as it was given to template_parse */
/* The line of its file on which PIECE first stands; 0: nowhere. */
int template_line_of(const struct template *template, const char *piece);

struct template_render {
        const struct value *values; /* a map */
        struct locale *locale;      /* NULL: for machines (compose/locale.h) */
        enum compose_escape escape;
        template_partial_fn partial; /* NULL: no partials */
        void *userdata;              /* for PARTIAL */
};

/* Adds the text to BUF. On an error BUF is as it was. ERR_INVALID (a value or partial is missing or cannot be
 * printed), ERR_LIMIT, ERR_NOMEM. */
int template_render(const struct template *template, const struct template_render *render, struct buf *buf,
                    struct err *err);

enum template_use_kind {
        TEMPLATE_USE_VALUE,
        TEMPLATE_USE_SECTION,
        TEMPLATE_USE_INVERTED,
        TEMPLATE_USE_PARTIAL
};

struct template_use {
        enum template_use_kind kind;
        const char *path;          /* "day.weekday"; a partial's name */
        const char *template_name; /* where it stands */
        int line;
        const struct template_use *within; /* the section around it, NULL at the top */
};

/* Tells each use in order, those of partials after the use of the partial itself. A partial that is inside
 * itself is told once. USE is valid during the call. Stops at the first non-zero answer and returns it. */
int template_variables(const struct template *template, template_partial_fn partial, void *userdata,
                       int (*tell)(const struct template_use *use, void *told), void *told);

#endif
