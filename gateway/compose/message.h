/* message: the text of one message to one person: a template of the catalogue with the values, in the
 * person's language. Plain text for both channels; an SMS that asks for it keeps to the GSM alphabet where it
 * can (CATALOGUE_TRANSLITERATE). */
#ifndef COMPOSE_MESSAGE_H
#define COMPOSE_MESSAGE_H

#include "compose/catalogue.h"
#include "compose/locale.h"

#define COMPOSE_SMS_MAX_BYTES 3072 /* about ten segments in UCS-2 */
#define COMPOSE_EMAIL_MAX_BYTES 65536
#define COMPOSE_SUBJECT_MAX_BYTES 512

/* KIND is CATALOGUE_SMS or CATALOGUE_EMAIL; VALUES a map. The texts are the caller's to free; the subject is
 * one line, and NULL for an SMS. ERR_NOT_FOUND when the language has no such template; ERR_INVALID when a
 * value that it needs is missing; ERR_LIMIT, ERR_NOMEM. */
int compose_message(const struct catalogue *catalogue, struct locale *locale, const char *name,
                    enum catalogue_kind kind, const struct value *values, char **ret_subject, char **ret_text,
                    struct err *err);

#endif
