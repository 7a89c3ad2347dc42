/* feed: calendar links and the placement days that stand behind each.
 *
 * A link is told apart by the SHA-256 of its token; the token itself is never stored. What an owner may see
 * is settled here, in the queries: a restricted guardian, an ended role or another supervisor gets no row at
 * all. Knows no iCalendar. */
#ifndef STORE_FEED_H
#define STORE_FEED_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

#define FEED_HASH_BYTES 32
#define FEED_ID_MAX 33 /* bytes with the NUL */
#define FEED_KIND_MAX 16
#define FEED_OWNER_MAX 256
#define FEED_LANGUAGES_MAX 64
#define FEED_ZONE_MAX 64
#define FEED_PHONE_MAX 32
#define FEED_STOPPED_DAYS 7  /* a link that nobody fetched for so long has lost its subscriber */
#define FEED_NEVER INT64_MIN /* a time that never was */

struct feed {
        char id[FEED_ID_MAX], kind[FEED_KIND_MAX], owner[FEED_OWNER_MAX];
        int64_t created, revoked, last_fetch; /* FEED_NEVER: not yet */
        int last_status, fetches;             /* 200 or 304; 0 before the first */
        bool has_shown;                       /* the two that follow are known */
        uint8_t shown_hash[FEED_HASH_BYTES];  /* SHA-256 of the calendar last given out */
        int64_t shown_changed;                /* and the Last-Modified that it had */
};

/* ERR_NOT_FOUND without a text in ERR. */
int feed_find(struct db *db, const char *id, struct feed *ret_feed, struct err *err);
int feed_find_token(struct db *db, const uint8_t hash[static FEED_HASH_BYTES], struct feed *ret_feed,
                    struct err *err);

/* The kind of what ID names: person, workplace, group, school, municipality or network; WANTED (NULL: any) is
 * the only one that counts. ERR_NOT_FOUND when nothing that has not ended bears it, ERR_CONFLICT when several
 * do. */
int feed_kind_of(struct db *db, const char *id, const char *wanted, const char *today,
                 char ret_kind[static FEED_KIND_MAX], struct err *err);

/* The rest writes: in the caller's transaction. ERR_CONFLICT when the id or the hash stands already. */
int feed_add(struct db *db, const char *id, const char *owner, const char *kind,
             const uint8_t hash[static FEED_HASH_BYTES], int64_t now_utc, struct err *err);

/* Revoking twice is no error. ERR_NOT_FOUND. */
int feed_revoke(struct db *db, const char *id, int64_t now_utc, struct err *err);

/* Somebody fetched: STATUS 200 or 304 with the calendar of HASH, Last-Modified CHANGED. */
int feed_fetched(struct db *db, const char *id, int64_t now_utc, int status,
                 const uint8_t hash[static FEED_HASH_BYTES], int64_t changed, struct err *err);

/* 1 when a calendar of the person, or of a workplace that they supervise, was fetched at SINCE or later. */
int feed_fetched_since(struct db *db, const char *person, int64_t since_utc, struct err *err);

/* Every feed by owner, kind and creation. EACH returns 0, or a negative code that ends the list. */
int feed_list(struct db *db, int (*each)(void *context, const struct feed *feed), void *context,
              struct err *err);

enum feed_use {
        FEED_USE_NEVER,   /* nobody has subscribed yet */
        FEED_USE_LIVE,    /* fetched in the last FEED_STOPPED_DAYS */
        FEED_USE_STOPPED, /* not any more */
        FEED_USE_REVOKED,
};

enum feed_use feed_use_of(const struct feed *feed, int64_t now_utc);
const char *feed_use_name(enum feed_use use); /* "never", "live", "stopped", "revoked" */

enum feed_standing {
        FEED_OPEN,
        FEED_PAUSED, /* staff hold everything to this person: it may open again */
        FEED_CLOSED, /* revoked; the owner ended, or has no right to any calendar */
};

struct feed_owner {
        enum feed_standing standing;
        char *name;                            /* of a workplace or an organisation; NULL for a person */
        char own_language[FEED_LANGUAGES_MAX]; /* the person's; "" when none is known */
        char languages[FEED_LANGUAGES_MAX];    /* of the organisation: "fi,sv" */
        char zone[FEED_ZONE_MAX];
        char phone[FEED_PHONE_MAX]; /* of the nearest organisation that has one; "" when none has */
};

int feed_owner_read(struct db *db, const struct feed *feed, int64_t now_utc, const char *today,
                    struct feed_owner *ret_owner, struct err *err);
void feed_owner_fini(struct feed_owner *owner);

/* What the owner is to the pupil of a day, by how much it may show; the lowest that holds is given. */
enum feed_view {
        FEED_VIEW_PUPIL = 1,
        FEED_VIEW_GUARDIAN, /* carers too */
        FEED_VIEW_STAFF,    /* group and school, teachers, coaches and their substitutes */
        FEED_VIEW_WORK,     /* supervisor and workplace */
        FEED_VIEW_PUBLIC,   /* municipality, network, host: no name */
};

struct feed_day {
        const char *uid; /* "pl-PLACEMENT-ORIGINALDAY": without the host */
        const char *placement;
        int64_t starts, ends; /* UTC */
        int64_t changed;      /* when anything that is shown of it last changed, as far as rows say */
        int sequence;
        bool is_school; /* a school day inside a block */
        bool is_cancelled, is_signed, is_protected;
        bool has_passed; /* its day is before today */
        enum feed_view view;
        const char *given;               /* the pupil's first name */
        const char *workplace, *address; /* address may be NULL */
        const char *host; /* the workplace's municipality, when it is not the pupil's; or NULL */
        const char *call_name, *call_phone; /* whom a supervisor calls; either may be NULL */
        const char *school_phone;           /* may be NULL */
        const char *page; /* a supervisor's page, where to tell who has come: an address, or NULL */
};

/* The days FIRST_DAY..LAST_DAY (of the school's calendar) that FEED's owner may see, by start and uid. Texts
 * live until EACH returns; EACH returns 0, or a negative code that ends the list. */
int feed_days(struct db *db, const struct feed *feed, const char *today, const char *first_day,
              const char *last_day, int (*each)(void *context, const struct feed_day *day), void *context,
              struct err *err);

#endif
