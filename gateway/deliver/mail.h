/* mail: an e-mail as RFC 5322 wants it: headers, and the text beside its HTML page (and beside a calendar
 * object) as multipart/alternative in quoted-printable. Pure: the same values give the same bytes, so that a
 * message that is sent again is the same message. Knows no server. */
#ifndef DELIVER_MAIL_H
#define DELIVER_MAIL_H

#include "base/err.h"

#include <stddef.h>

struct value;

/* VALUES are a provider's (provider_values): from, recipient, title, text, html, language, key, date,
 * message_id, and where they are set from_name, reply_to, unsubscribe, calendar. Lines end with CR LF.
 * *ret_bytes is the caller's to free. ERR_INVALID: a value is missing or an address has characters that a
 * header cannot hold; ERR_LIMIT past MAX_BYTES; ERR_NOMEM. */
int mail_print(const struct value *values, size_t max_bytes, char **ret_bytes, size_t *ret_length,
               struct err *err);

/* NAME and MAILBOX as one line of ASCII that stands where a mailbox may, in a header or in a field of a
 * provider that takes one: `Koulu <a@example.org>`, `"Koulu, A" <…>`, `=?UTF-8?B?…?= <…>`; the mailbox alone
 * when NAME is NULL or "". *ret_text is the caller's to free. */
int mail_mailbox(const char *name, const char *mailbox, char **ret_text, struct err *err);

#endif
