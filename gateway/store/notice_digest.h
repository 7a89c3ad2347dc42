/* notice_digest: several notices to one member of staff in one message. Each keeps its own part of the text,
 * so that one of them can be taken out again (schema/0009-told.sql, silence_hold). Knows not how parts are
 * joined. */
#ifndef STORE_NOTICE_DIGEST_H
#define STORE_NOTICE_DIGEST_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db;
struct new_message;

#define DIGEST_MAX 64 /* notices that are gathered into one message */

/* A message that another to the same person can join: by the same channel and in the same language, written
 * or released at NOW and not yet sent, its text shorter than MAX_BYTES. 1: there is one. */
int notice_digest_find(struct db *db, const struct new_message *message, int64_t now_utc, int max_bytes,
                       int64_t *ret_message, struct err *err);

/* Lets NOTICE, which would be told by MESSAGE, be told by INTO. */
int notice_digest_add(struct db *db, int64_t into, int64_t notice, const struct new_message *message,
                      struct err *err);

/* Makes one message of two and more to the same person whose quiet hours are over at NOW. The others end as
 * cancelled, `digest`. 1: *ret_message is new such one, whose text is to be written; there may be more; 0:
 * there is none. */
int notice_digest_gather(struct db *db, int64_t now_utc, int sms_max_bytes, int email_max_bytes,
                         int64_t *ret_message, bool *ret_is_sms, struct err *err);

/* Its parts in order; title NULL: none. Texts live until EACH returns. */
int notice_digest_parts(struct db *db, int64_t message,
                        int (*each)(void *context, const char *title, const char *text, struct err *err),
                        void *context, struct err *err);

/* Gives it a text for all its parts. */
int notice_digest_write(struct db *db, int64_t message, const char *title, const char *text, int segments,
                        struct err *err);

#endif
