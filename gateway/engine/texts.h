/* texts: the texts of messages that organisations have set in place of the files, parsed and laid over the
 * catalogue: an organisation's over those of the organisations above it, those over the files. Read anew when
 * the database says that one has changed, so that a text holds from the next message on. Used by one thread
 * at a time. */
#ifndef ENGINE_TEXTS_H
#define ENGINE_TEXTS_H

#include "base/err.h"

#include <stddef.h>

struct catalogue;
struct db;
struct texts;

#define TEXTS_OWNER_MAX 2048 /* organisations with texts of their own; the files speak for any more */

struct texts *texts_new(void);                 /* NULL when out of memory */
struct texts *texts_free(struct texts *texts); /* takes NULL, returns NULL */
void texts_forget(struct texts *texts);        /* the next refresh reads all anew */

/* Reads the texts when they have changed since; FILES is borrowed until the next refresh or texts_forget. A
 * text that cannot be read is logged and passed over. */
int texts_refresh(struct texts *texts, struct db *db, const struct catalogue *files, struct err *err);

/* The templates of ORGANISATION; FILES where neither it nor one above it has texts. Good until the next
 * refresh. */
int texts_of(const struct texts *texts, struct db *db, const char *organisation,
             const struct catalogue *files, const struct catalogue **ret_catalogue, struct err *err);

/* All owners, those above before those below. */
size_t texts_count(const struct texts *texts);
const struct catalogue *texts_at(const struct texts *texts, size_t index, const char **ret_organisation);

/* Each text that cannot be parsed is told instead of logged: for checks. */
void texts_on_fault(struct texts *texts,
                    void (*fault)(void *context, const char *organisation, const struct err *fault),
                    void *context);

#endif
