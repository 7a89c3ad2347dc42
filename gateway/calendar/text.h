/* text: what a calendar says, from templates/LANGUAGE/calendar/: each file is a title and a description of
 * one kind of entry. Knows no rows: whoever has them builds the values (text_table in text.c names them, for
 * `kapula check`). */
#ifndef CALENDAR_TEXT_H
#define CALENDAR_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "compose/catalogue.h"

#include <stdbool.h>
#include <stddef.h>

#define TEXT_TITLE_MAX_BYTES 16384
#define TEXT_DESCRIPTION_MAX_BYTES 32768
#define TEXT_VALUE_MAX_BYTES 4096 /* read of one value: longer ones are cut between characters */

/* Whose words: the person's own language, then the organisation's ("fi,sv"), then Finnish. */
struct text_reader {
        const struct catalogue *catalogue;
        const char *own, *languages;
};

/* The template NAME for the reader; ERR_NOT_FOUND when no language has it. */
int text_find(const struct text_reader *reader, const char *name, const struct catalogue_entry **ret_entry,
              struct err *err);

/* Adds title and description (either buf may be NULL). The description has no line end at its end. */
int text_print(const struct text_reader *reader, const char *name, const struct value *values,
               struct buf *title, struct buf *description, struct err *err);

/* Sets a text in which bad UTF-8 is made good and which is cut to TEXT_VALUE_MAX_BYTES; nothing when TEXT is
 * NULL or empty. */
void text_set(struct value *values, const char *key, const char *text);

/* Sets `kind.CODE`, or `kind.other` when no template says anything of its own about the code. NAME: "meeting"
 * or "visit". */
void text_set_code(struct value *values, const char *name, const char *code);

/* For `kapula check`: the templates, the value names of each, and values for them. */
size_t text_count(void);
const char *text_name(size_t index);
/* EVERYTHING: also what may be missing. NULL when out of memory. */
struct value *text_sample(size_t index, bool everything);

#endif
