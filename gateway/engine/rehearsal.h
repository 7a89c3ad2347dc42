/* rehearsal: what rules would say of a subject as the rows stand on a connection, though nobody is told,
 * nothing is written and it may not be due for long: for pages that show it before it is so. With a rulebook
 * of its own for each connection, read when it is first needed. Any thread may ask, on a connection that no
 * other one asks on. */
#ifndef ENGINE_REHEARSAL_H
#define ENGINE_REHEARSAL_H

#include "base/err.h"

#include <stdint.h>

struct catalogue;
struct db;
struct rehearsal;
struct rulebook;
struct value;

/* LOAD reads the rules when they are needed, in any thread: the book is the rehearsal's. Holds CATALOGUE.
 * NULL when out of memory. */
struct rehearsal *rehearsal_new(int (*load)(void *context, struct rulebook **ret_book, struct err *err),
                                void *context, struct catalogue *catalogue);
struct rehearsal *rehearsal_free(struct rehearsal *rehearsal); /* takes NULL, returns NULL */

/* Other templates from now on, and the rules are read anew. */
void rehearsal_use(struct rehearsal *rehearsal, struct catalogue *catalogue);

struct rehearsal_question {
        const char *kind, *subject;
        const char *const *rules; /* their names; NULL at the end */
        const char *language;     /* the reader's; the organisation's first where a template lacks it */
        const char *first_name;   /* the reader's */
        int64_t now;
};

/* Borrowed until the callback returns. */
struct rehearsal_said {
        const char *rule, *key;
        const char *facts; /* JSON: two that are equal say the same */
        const char *text;  /* as the SMS would be; NULL: only a message can be made of it, not a sentence */
        const struct value *values; /* the columns of the row */
        int64_t due, expires;
};

/* EACH is given, rule by rule, what is not suppressed, also what it is too late to tell (`expires`). A rule
 * that fails is logged and says nothing. */
int rehearsal_ask(struct rehearsal *rehearsal, struct db *db, const struct rehearsal_question *question,
                  int (*each)(void *context, const struct rehearsal_said *said, struct err *err),
                  void *context, struct err *err);

#endif
