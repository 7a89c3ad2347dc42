/* invitation: a meeting as an iTIP REQUEST or CANCEL to one person (RFC 5546), to go with an e-mail (RFC
 * 6047). The same rows give the same bytes. Nobody but the reader stands in it as an attendee. */
#ifndef CALENDAR_INVITATION_H
#define CALENDAR_INVITATION_H

#include "base/buf.h"
#include "base/err.h"
#include "base/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INVITATION_BYTES_MAX (256 << 10)
#define INVITATION_EXCEPTIONS_MAX 400

struct catalogue;
struct db;

/* A day of a meeting that repeats which is not as the rule says. */
struct invitation_exception {
        int64_t original; /* its start by the rule */
        int64_t starts, ends;
        bool is_cancelled;
};

/* Times UTC; texts that may be NULL are left out. */
struct invitation {
        bool is_cancelled;
        const char *uid, *uid_host; /* "me-M1" and the host behind it */
        int sequence;
        int64_t stamp, starts, ends;
        const char *rule; /* RRULE without its name; NULL: once */
        const char *summary;
        const char *description, *location, *url; /* may be NULL */
        const char *organizer, *organizer_name;   /* address; name */
        bool takes_replies;                       /* somebody reads what is sent to the organizer */
        const char *attendee;                     /* address */
        const struct invitation_exception *exceptions;
        size_t exception_count;
};

/* Pure. ZONE is the zone TZID, in which the meeting keeps its hours. */
int invitation_print(const struct invitation *invitation, struct zone *zone, const char *tzid,
                     struct buf *buf, struct err *err);

/* What an e-mail to PERSON at ADDRESS about MEETING carries; *ret_text is NULL when they get meetings by feed
 * (store/meeting_invitation.h). IS_CANCELLED: also without that the meeting is, unless it repeats. free() it.
 */
int invitation_make(struct db *db, const struct catalogue *catalogue, int64_t now_utc, const char *meeting,
                    const char *person, const char *address, bool is_cancelled, char **ret_text,
                    struct err *err);

#endif
