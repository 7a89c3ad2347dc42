/* desk_day: what the desk's page of the day shows: who is missing, who was told and answered, what comes
 * next, what waits for staff, what did not arrive, whom staff hold. Everything is read for the organisations
 * of a scope. Texts live until EACH returns; EACH may ask the other functions. Reads alone. */
#ifndef STORE_DESK_DAY_H
#define STORE_DESK_DAY_H

#include "store/put.h"

#define DESK_DAY_LIST_MAX 50 /* rows of a list */

struct desk_day {
        const char *scope;    /* JSON array of organisations: they and what stands below them */
        const char *day;      /* "2026-11-23" */
        int64_t day_no;       /* the same, days since 1970-01-01 */
        int64_t starts, ends; /* UTC of its midnights */
        int64_t now;
};

/* ---- pupils */

/* A pupil with unexplained lessons of the day of whom nobody has said where they are. */
struct desk_missing {
        const char *pupil, *given, *family, *organisation, *group;
        bool is_protected;
        bool at_work;   /* has not come to the workplace; no lessons then */
        int64_t starts; /* of the first such lesson */
        int first;      /* its number; 0: the whole day */
};
/* At most LIMIT, the earliest first. */
int desk_day_missing(struct db *db, const struct desk_day *day, int limit,
                     int (*each)(void *context, const struct desk_missing *missing, struct err *err),
                     void *context, struct err *err);

/* A pupil of one organisation and how the day stands with them. */
struct desk_pupil {
        const char *pupil, *given, *family;
        bool is_protected, is_placed; /* placed: works on this day */
        const char *held;             /* the reason of a hold, "" without one; NULL: is not held */
        bool is_absent, is_open;      /* absent lessons in force; and nobody has said why */
        const char *class;            /* of an absence that is explained or announced; NULL: none */
        const char *located;          /* at-home, …; NULL: nobody said */
        bool has_arrived;
        const char *mark; /* the latest of the day: absent, late, present; NULL: none */
};
int desk_day_pupils(struct db *db, const struct desk_day *day, const char *organisation,
                    int (*each)(void *context, const struct desk_pupil *pupil, struct err *err),
                    void *context, struct err *err);

/* 1: the pupil has an absence on the day that a word of staff may concern. */
int desk_day_is_absent(struct db *db, const struct desk_day *day, const char *pupil, struct err *err);
/* 1: somebody was told of it. */
int desk_day_is_told(struct db *db, const struct desk_day *day, const char *pupil, struct err *err);

/* ---- the ladder of one pupil */

struct desk_told {
        const char *rule, *given, *family, *channel, *state, *reason; /* reason: NULL or why it is held */
        int64_t at;
        bool is_home; /* else a member of staff */
};
int desk_day_told(struct db *db, const struct desk_day *day, const char *pupil,
                  int (*each)(void *context, const struct desk_told *told, struct err *err), void *context,
                  struct err *err);

struct desk_answer {
        const char *given, *family, *answer; /* knew, did-not-know, call-me, taken */
        int64_t at;
};
int desk_day_answers(struct db *db, const struct desk_day *day, const char *pupil,
                     int (*each)(void *context, const struct desk_answer *answer, struct err *err),
                     void *context, struct err *err);

/* What happens next unless somebody says where the pupil is. */
struct desk_next {
        char step[16];      /* alert, sms, email, staff, principal, duty-phone, unlocated */
        char name[ID_SIZE]; /* of sms and email: whom */
        int64_t at;
        bool is_stale; /* it waits for the register */
};
/* 1: something does; IS_TAKEN: a member of staff has taken it, so that no more of them are called. */
int desk_day_next(struct db *db, const struct desk_day *day, const char *pupil, bool is_taken,
                  struct desk_next *ret_next, struct err *err);

/* Whom staff may call about a pupil. Who is barred from the pupil is not among them, and of protected people
 * only what is marked safe. */
struct desk_home {
        const char *given, *family, *phone; /* phone: NULL without one */
        bool is_emergency;
};
int desk_day_home(struct db *db, const char *pupil,
                  int (*each)(void *context, const struct desk_home *home, struct err *err), void *context,
                  struct err *err);

/* ---- what waits for staff */

/* A message about a protected pupil that staff must confirm; those of one match follow one another. */
struct desk_unconfirmed {
        int64_t match, created, deadline;
        const char *pupil, *given, *family, *organisation, *rule;
        const char *to_given, *to_family, *channel, *text;
};
int desk_day_unconfirmed(struct db *db, const struct desk_day *day,
                         int (*each)(void *context, const struct desk_unconfirmed *message, struct err *err),
                         void *context, struct err *err);
/* 1: a message of RULE about PUPIL waits so. */
int desk_day_waits(struct db *db, const char *pupil, const char *rule, struct err *err);

/* Somebody whom a message of the day did not reach by any channel (`reason` NULL), or whose contact does not
 * work (its reason). */
struct desk_unreached {
        const char *person, *given, *family, *pupil, *pupil_given, *rule, *channel, *reason;
        const char *phone; /* NULL: none that may be shown */
        int64_t at;
};
int desk_day_unreached(struct db *db, const struct desk_day *day,
                       int (*each)(void *context, const struct desk_unreached *who, struct err *err),
                       void *context, struct err *err);
int desk_day_bad_contacts(struct db *db, const struct desk_day *day,
                          int (*each)(void *context, const struct desk_unreached *who, struct err *err),
                          void *context, struct err *err);

/* A reply that nobody has looked at. */
struct desk_reply {
        int64_t id, at;
        const char *address;                        /* NULL: a protected person's */
        const char *given, *family, *text, *reason; /* names NULL: of nobody known */
};
int desk_day_replies(struct db *db, const struct desk_day *day,
                     int (*each)(void *context, const struct desk_reply *reply, struct err *err),
                     void *context, struct err *err);
/* 1: the reply waits, in or below SCOPE. */
int desk_day_reply_waits(struct db *db, const char *scope, int64_t id, struct err *err);

/* A hold in force, of a pupil or an organisation in the scope, or of one above it. */
struct desk_hold {
        const char *kind, *subject, *name, *reason; /* reason: "" when none was given */
        const char *by;                             /* a given name; NULL: not known */
        int64_t ends;                               /* INT64_MAX: until it is ended */
        bool is_above;                              /* of an organisation above the scope */
};
int desk_day_holds(struct db *db, const struct desk_day *day,
                   int (*each)(void *context, const struct desk_hold *hold, struct err *err), void *context,
                   struct err *err);
/* 1: staff hold it at NOW. */
int desk_day_is_held(struct db *db, const char *kind, const char *subject, int64_t now_utc, struct err *err);

/* Registers in or above the scope that have not been read for too long, as the rule register-stale says. */
struct desk_stale {
        const char *name;
        int64_t read_up_to;
};
int desk_day_stale(struct db *db, const struct desk_day *day,
                   int (*each)(void *context, const struct desk_stale *stale, struct err *err), void *context,
                   struct err *err);

/* ---- groups */

struct desk_group {
        const char *id, *name, *school;
        int pupils, missing;
        bool is_held;
};
/* Organisations that have pupils of their own, by name; at most LIMIT from the START-th on. */
int desk_day_groups(struct db *db, const struct desk_day *day, int start, int limit,
                    int (*each)(void *context, const struct desk_group *group, struct err *err),
                    void *context, struct err *err);

/* How many cases that are not closed PERSON owns. */
int desk_day_cases(struct db *db, const char *person, int64_t *ret_count, struct err *err);

#endif
