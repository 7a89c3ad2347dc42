/* meeting_invitation: what an iTIP invitation says of a meeting, and who wants one. */
#ifndef STORE_MEETING_INVITATION_H
#define STORE_MEETING_INVITATION_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

#define MEETING_INVITATION_FEED_DAYS 30 /* a feed fetched in these stands for invitations */

struct meeting_invitation {
        char *code, *organisation, *zone, *languages; /* organisation: its name */
        char *title, *place, *link, *repeats;         /* NULL: none, or not for the reader */
        char *language;                               /* the reader's own; NULL: none known */
        int64_t starts, ends, changed;
        int sequence;
        bool is_cancelled;
        bool is_protected; /* say nothing but that the time is taken */
};

/* The meeting as PERSON may know it; ERR_NOT_FOUND. */
int meeting_invitation_read(struct db *db, const char *meeting, const char *person,
                            struct meeting_invitation *ret, struct err *err);
void meeting_invitation_fini(struct meeting_invitation *invitation);

/* The days of a meeting that repeats which were cancelled or moved alone, by their first time. */
struct meeting_exception {
        const char *original_day; /* of the organisation's calendar */
        int64_t starts, ends;
        bool is_cancelled;
};
int meeting_exceptions(struct db *db, const char *meeting,
                       int (*each)(void *context, const struct meeting_exception *exception), void *context,
                       struct err *err);

/* 1: PERSON gets meetings by feed and so no invitation: a personal feed of theirs was fetched in the last
 * MEETING_INVITATION_FEED_DAYS and they have not chosen 'meetings-invitation' (person_choice). */
int meeting_by_feed(struct db *db, const char *person, int64_t now_utc, struct err *err);

int message_set_calendar(struct db *db, int64_t message, const char *calendar, struct err *err);

#endif
