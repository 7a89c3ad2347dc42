/* desk_admin: what the desk lists of calendar links, providers, and who saw and did what. SCOPE is the JSON
 * array of desk_access_scope: nothing outside it is listed. EACH returns 0, or a negative code that ends the
 * list; texts live until it returns. */
#ifndef STORE_DESK_ADMIN_H
#define STORE_DESK_ADMIN_H

#include "store/feed.h"
#include "store/put.h"

#define DESK_ADMIN_ROWS 50              /* of a list at a time */
#define DESK_PROVIDER_MESSAGES_MAX 5000 /* the last messages that tell how a provider does */

struct desk_feed {
        struct feed feed;
        const char *name; /* of whose it is */
};

/* Links in force, the newest first, from the START-th; LIKE ("": all) begins the owner's id or stands in the
 * name. One row more than DESK_ADMIN_ROWS is given when there are more. */
int desk_feed_each(struct db *db, const char *scope, const char *like, int64_t start,
                   int (*each)(void *context, const struct desk_feed *feed, struct err *err), void *context,
                   struct err *err);

/* 1 when the owner of a link (a person, a workplace, an organisation) stands in SCOPE on TODAY. */
int desk_feed_is_open(struct db *db, const char *scope, const char *owner, const char *today,
                      struct err *err);

#define DESK_OWNERS_MAX 20         /* found by a name */
#define DESK_ORGANISATIONS_MAX 500 /* to choose from */

/* People (with a role, guardians, supervisors), workplaces and organisations in SCOPE whose id is LIKE or in
 * whose name it stands. KIND: person, workplace, or an organisation's. */
int desk_owner_each(struct db *db, const char *scope, const char *like, const char *today,
                    int (*each)(void *context, const char *id, const char *kind, const char *name,
                                struct err *err),
                    void *context, struct err *err);

/* The organisations in SCOPE, those above first. */
int desk_organisation_each(struct db *db, const char *scope, const char *today,
                           int (*each)(void *context, const char *id, const char *kind, const char *name,
                                       struct err *err),
                           void *context, struct err *err);

struct desk_provider {
        const char *name, *channel;
        int64_t accepted, rejected, retried, unknown; /* attempts of the last messages */
        int64_t last_accepted, last_other;            /* UTC; 0: never */
        const char *detail;                           /* of the last that was not accepted; NULL: none */
};

int desk_provider_each(struct db *db,
                       int (*each)(void *context, const struct desk_provider *provider, struct err *err),
                       void *context, struct err *err);

struct desk_seen {
        int64_t id, at;
        const char *person, *name, *page, *act, *kind, *subject;
        int status;
};

/* The newest first, before the row BEFORE (0: from the newest); ABOUT ("": all) is whom it is about or who
 * did it. Rows of people who hold a role in SCOPE. */
int desk_audit_each(struct db *db, const char *scope, const char *about, int64_t before,
                    int (*each)(void *context, const struct desk_seen *seen, struct err *err), void *context,
                    struct err *err);

#endif
