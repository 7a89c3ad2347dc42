/* contact: a number or an address that turned out not to work: the provider blocks it, a mail bounced for
 * good, its owner complained. It is bad from then on, for everybody who has it; a new value in the roster is
 * good. A failure that may pass is none of these. Runs inside the caller's transaction. */
#ifndef STORE_CONTACT_H
#define STORE_CONTACT_H

#include "store/put.h"

/* REASON is a code (blocked, bounced, complained, unknown-address). 1 when that was news. */
int contact_mark_bad(struct db *db, const char *channel, const char *value, const char *reason,
                     int64_t now_utc, struct err *err);

/* The same of the address that MESSAGE went to. */
int contact_mark_message(struct db *db, int64_t message, const char *reason, int64_t now_utc,
                         struct err *err);

/* The same of the newest message that was sent to PERSON on CHANNEL: for simulations. */
int contact_mark_person(struct db *db, const char *person, const char *channel, const char *reason,
                        int64_t now_utc, struct err *err);

/* A contact that does not work; texts live during the call. */
struct bad_contact {
        const char *person, *channel, *reason;
        int64_t since_utc;
};

int contact_each_bad(struct db *db,
                     int (*each)(void *context, const struct bad_contact *contact, struct err *err),
                     void *context, struct err *err);

#endif
