/* recipient: who a word of a rule means ("guardians", "teacher", …), and how each of them is reached.
 *
 * A staff word means the role in the nearest organisation that has it, then the municipality's duty phone,
 * then its principals. Restricted, emergency-only and not-to-be-notified guardians are never among the
 * guardians. */
#ifndef STORE_RECIPIENT_H
#define STORE_RECIPIENT_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

#define RECIPIENT_MAX 64 /* people that one word may mean */
/* A role that more people hold in one organisation is nobody's in particular (all teachers of a large
 * school): the next organisation up is asked, and in the end no more than these of a municipality are told.
 */
#define RECIPIENT_CROWD 20
#define RECIPIENT_ID_MAX 256

struct recipient {
        char person[RECIPIENT_ID_MAX];
        int rank;      /* of a guardian, 0 for others: lower ones are told first */
        bool is_staff; /* may know that a pupil is protected, and confirms messages */
};

struct recipient_list {
        struct recipient items[RECIPIENT_MAX];
        int count;
};

/* What a word is read against; any may be NULL or 0. */
struct recipient_scope {
        const char *pupil, *organisation, *supervisor, *workplace;
        const char *recipient; /* somebody of the pupil's home whom the row names */
        const char *day;       /* today, in the organisation's calendar: roles are held from–to */
        int64_t told_of;       /* match whose recipients "told" means */
        int64_t match;         /* the match itself: "markers" made its marks */
        const char *case_id;   /* whose owner "owner" means */
        bool urgent;           /* guardians who do not exist are replaced by the duty phone */
};

bool recipient_is_word(const char *word);

int recipient_find(struct db *db, const char *word, const struct recipient_scope *scope,
                   struct recipient_list *ret_list, struct err *err);

/* Holders of a role in the nearest organisation that has it; nobody stands in for them. */
int recipient_find_role(struct db *db, const char *role, const struct recipient_scope *scope,
                        struct recipient_list *ret_list, struct err *err);

/* What a message may be sent to. */
struct contact_wish {
        bool safe_only; /* only what is marked safe */
        bool urgent;    /* also what wants no other messages (store/reply.h, contact_stop_set) */
};

/* The address of a person on a channel: the first good one. 1: there is one (free() *ret_address), 0: none.
 */
int contact_find(struct db *db, const char *person, const char *channel, const struct contact_wish *wish,
                 char **ret_address, struct err *err);

/* 1 when the person has a good address that wants urgent messages alone. */
int contact_is_stopped(struct db *db, const char *person, struct err *err);

/* What is known of a person for telling them. Free with recipient_person_fini. */
struct recipient_person {
        char *given, *language, *timezone; /* language, timezone: NULL when they have none of their own */
        bool is_protected, is_held, has_ended;
};
/* 0, or ERR_NOT_FOUND. Held: staff stopped all messages to the person at NOW. */
int recipient_person_get(struct db *db, const char *person, int64_t now_utc,
                         struct recipient_person *ret_person, struct err *err);
void recipient_person_fini(struct recipient_person *person);

/* Notes a person's choice; the others stay. */
int person_choose(struct db *db, const char *person, const char *choice, struct err *err);

/* 1 when the person is a curator on DAY and teaches nobody: another controller of personal data than the
 * school, so that no name of a pupil may reach them. */
int person_is_curator(struct db *db, const char *person, const char *day, struct err *err);

/* 1 when the person made the choice. */
int person_has_choice(struct db *db, const char *person, const char *choice, struct err *err);

/* 1 when staff hold messages about the pupil, or about the group, at NOW. */
int pupil_is_held(struct db *db, const char *pupil, const char *group, int64_t now_utc, struct err *err);

#endif
