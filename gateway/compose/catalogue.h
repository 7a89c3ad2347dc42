/* catalogue: the templates of a gateway, in every language. Read from folders
 *
 *   LANGUAGE/NAME.sms.txt        an SMS
 *   LANGUAGE/NAME.email.txt      "Subject: …", an empty line, the text
 *   LANGUAGE/calendar/NAME.txt   an entry of a calendar: "Subject: " its title, an empty line, its
 * description LANGUAGE/partials/NAME.txt   a piece that {{>NAME}} sets in any template of the language
 *
 * and from what staff have edited (catalogue_add). What comes later stands in place of what came earlier,
 * file by file. The line end at the end of a file is no part of the text. Files that do not end in .txt, and
 * the folder web/, are not the catalogue's. Filled by one thread, then read by any number. Knows no store. */
#ifndef COMPOSE_CATALOGUE_H
#define COMPOSE_CATALOGUE_H

#include "compose/mustache.h"

#define CATALOGUE_ENTRIES_MAX 8192
#define CATALOGUE_NAME_MAX_BYTES 64 /* absence-alert; partials too */

/* The first line of an SMS whose letters outside the GSM alphabet are replaced by their nearest, so that it
 * is not twice as dear (õ becomes o, š becomes s). To Mustache it is a comment. */
#define CATALOGUE_TRANSLITERATE "{{! transliterate }}\n"

enum catalogue_kind { CATALOGUE_SMS, CATALOGUE_EMAIL, CATALOGUE_PARTIAL, CATALOGUE_CALENDAR };

struct catalogue;

struct catalogue_entry {
        enum catalogue_kind kind;
        char language[LOCALE_LANGUAGE_MAX_BYTES];
        char name[CATALOGUE_NAME_MAX_BYTES];
        struct template *subject; /* of an e-mail and a calendar's entry, else NULL */
        struct template *text;
        bool transliterates; /* of an SMS: see CATALOGUE_TRANSLITERATE */
};

struct catalogue *catalogue_new(void);                         /* NULL when out of memory */
struct catalogue *catalogue_free(struct catalogue *catalogue); /* when nobody else holds it */
/* One that is laid over another, which it borrows: what it has stands in place of what is below. NULL when
 * out of memory. */
struct catalogue *catalogue_over(const struct catalogue *below);
/* Another holder of the same catalogue, who frees it as well; it is read from now on, and added to no more.
 */
struct catalogue *catalogue_ref(struct catalogue *catalogue);

/* Reads a folder of languages. ERR_NOT_FOUND when there is none; ERR_INVALID for a template that cannot be
 * parsed, a name that is no template's and a folder that is no language's; ERR_LIMIT, ERR_IO, ERR_NOMEM. What
 * was read before the fault stays: give the catalogue up. */
int catalogue_add_folder(struct catalogue *catalogue, const char *path, struct err *err);

/* Adds one template's text as a file would hold it; ORIGIN is what errors call it. */
int catalogue_add(struct catalogue *catalogue, const char *language, const char *name,
                  enum catalogue_kind kind, const char *text, const char *origin, struct err *err);

/* That every partial which a template names is there, in its language. */
int catalogue_check(const struct catalogue *catalogue, struct err *err);

/* NULL when there is none. A language with a region falls back to the language: "sv-FI" finds sv. */
const struct catalogue_entry *catalogue_find(const struct catalogue *catalogue, const char *language,
                                             const char *name, enum catalogue_kind kind);

/* Adds the entry's text as a file would hold it. ERR_NOMEM, ERR_LIMIT. */
int catalogue_source(const struct catalogue_entry *entry, struct buf *buf);

/* All entries of its own, ordered by language, kind and name. */
size_t catalogue_count(const struct catalogue *catalogue);
const struct catalogue_entry *catalogue_at(const struct catalogue *catalogue, size_t index);

/* template_partial_fn for the partials of one language. */
struct catalogue_partials {
        const struct catalogue *catalogue;
        const char *language;
};
const struct template *catalogue_partial(void *partials, const char *name);

/* Whether the language has any SMS or e-mail template. */
bool catalogue_has_language(const struct catalogue *catalogue, const char *language);

#endif
