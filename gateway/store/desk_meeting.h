/* desk_meeting: meetings as staff plan them: a month, one with its days, participants and answers, and who
 * can be invited. Lists as in store/desk_placement.h. */
#ifndef STORE_DESK_MEETING_H
#define STORE_DESK_MEETING_H

#include "store/desk_placement.h"

#define DESK_MEETINGS_MAX 100 /* days of meetings on one page */
#define DESK_PEOPLE_MAX 45    /* who can be chosen for one meeting */
#define DESK_MEETING_DAYS_MAX 60

/* One day of a meeting. */
struct desk_meeting_row {
        const char *id, *kind, *organisation;
        const char *title, *pupil; /* the pupil's name; NULL: none */
        int64_t starts, ends;
        int invited, yes, no, maybe; /* invited 0: an audience, or nobody */
        bool is_off, is_series, has_audience;
        bool is_open; /* in SCOPE; else the reader only takes part */
};
/* The days of meetings in SCOPE, and of those in which PERSON takes part, that begin between; from the
 * START-th on, one more than DESK_MEETINGS_MAX. NETWORK: only those with an audience and those without a
 * pupil of kinds that a network has. */
int desk_meeting_days(struct db *db, const char *scope, const char *person, int64_t from_utc,
                      int64_t until_utc, bool network, int start,
                      int (*each)(void *context, const struct desk_meeting_row *row, struct err *err),
                      void *context, struct err *err);

/* One meeting. The place is NULL where it would tell where somebody protected is. */
struct desk_meeting {
        char *kind, *organisation, *organisation_name, *title, *place, *link, *chair, *chair_name, *pupil,
            *pupil_name, *audience, *repeats; /* any but the first three may be NULL */
        int64_t starts, ends;
        bool is_off, is_protected;
};
/* 0: there is none. Free with desk_meeting_fini. */
int desk_meeting_read(struct db *db, const char *id, struct desk_meeting *ret_meeting, struct err *err);
void desk_meeting_fini(struct desk_meeting *meeting);

struct desk_meeting_day {
        const char *original_day; /* "": of a meeting that does not repeat */
        int64_t starts, ends;
        bool is_off, is_by_hand;
};
/* The first DESK_MEETING_DAYS_MAX from FROM_UTC on. */
int desk_meeting_each_day(struct db *db, const char *id, int64_t from_utc,
                          int (*each)(void *context, const struct desk_meeting_day *day, struct err *err),
                          void *context, struct err *err);

struct desk_party {
        const char *person, *name, *answer; /* answer NULL: not yet */
        const char *language;               /* that needs an interpreter; NULL: none */
        bool is_chair, is_barred;
};
int desk_meeting_parties(struct db *db, const char *id,
                         int (*each)(void *context, const struct desk_party *party, struct err *err),
                         void *context, struct err *err);
/* The languages for which an interpreter is booked; "" for whoever needs one. */
int desk_meeting_interpreters(struct db *db, const char *id,
                              int (*each)(void *context, const char *language, struct err *err),
                              void *context, struct err *err);

/* Who can be invited to a meeting of ORGANISATION: its staff, those above up to the municipality and those
 * below; its pupils, when it is a group; of PUPIL (NULL: about nobody) who belongs to the home and is not
 * restricted, and who takes part in a case that READER takes part in. `of` is a code: a role, "pupil",
 * "guardian", "carer", "support". */
struct desk_invitation {
        const char *organisation, *pupil, *reader, *today;
};
int desk_choose_people(struct db *db, const struct desk_invitation *invitation, desk_choice_each *each,
                       void *context, struct err *err);

/* Mailing groups of SCOPE; `of` is NULL. */
int desk_choose_audiences(struct db *db, const char *scope, desk_choice_each *each, void *context,
                          struct err *err);

/* 1 when somebody has refused that what is known of PUPIL is handed on. */
int desk_transfer_is_refused(struct db *db, const char *pupil, struct err *err);

#endif
