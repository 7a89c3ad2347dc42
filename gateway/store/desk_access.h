/* desk_access: what a member of staff may do at the desk, and about whom. A right comes from a role and holds
 * in the role's organisation and below it; what no role gives is denied. */
#ifndef STORE_DESK_ACCESS_H
#define STORE_DESK_ACCESS_H

#include "base/buf.h"
#include "store/page_link.h"

#define DESK_ROLES_MAX 64 /* of one person; those above are not looked at, and so give nothing */
#define DESK_ROLE_SIZE 16
#define DESK_SCOPE_MAX ((size_t)64 << 10) /* bytes of desk_access_scope */

enum desk_right {
        DESK_DAY = 1,   /* the day and the roll: marks, who is located, holds, what waits for confirmation */
        DESK_PUPIL = 2, /* a pupil's page */
        DESK_CASE = 4,  /* cases: each of them only as its owner, stand-in or participant */
        DESK_PLAN = 8,  /* placements and meetings */
        DESK_NETWORK = 16,    /* events of a network, bookings, surveys */
        DESK_LOG = 32,        /* messages */
        DESK_SETTINGS = 64,   /* rules and templates */
        DESK_ADMIN = 128,     /* feeds, tokens, imports, providers, who saw and did what */
        DESK_CASE_LIST = 256, /* of all cases of the school's pupils number, step, state and owner */
};

struct desk_role {
        char role[DESK_ROLE_SIZE];
        char organisation[ID_SIZE];
        unsigned rights; /* enum desk_right */
};

struct desk_access {
        char person[PAGE_ID_SIZE];
        char today[PAGE_DAY_SIZE];
        struct desk_role roles[DESK_ROLES_MAX];
        int count;
        unsigned rights; /* of any role */
};

/* The rights that a role gives; 0 for one that has no place at the desk. CONTROLLER of the personal data is
 * the role's own: "municipality", "county", or "", which is the county for a curator and the municipality for
 * everybody else. Who works for another controller than the school's sees cases alone. */
unsigned desk_role_rights(const char *role, const char *controller);

/* What PERSON may do on TODAY. 0: nothing at all. */
int desk_access_read(struct db *db, const char *person, const char *today, struct desk_access *ret_access,
                     struct err *err);

/* 1 when a role that gives one of RIGHTS holds in ORGANISATION; *ret_granted (may be NULL) is the
 * organisation of that role, in *ACCESS. */
int desk_access_covers(struct db *db, const struct desk_access *access, unsigned rights,
                       const char *organisation, const char **ret_granted, struct err *err);

/* Adds the organisations where one of RIGHTS is held, as a JSON array for json_each(?): a list joins it with
 * organisation_tree's ancestor. */
int desk_access_scope(const struct desk_access *access, unsigned rights, struct buf *json);

/* What a page is about. */
enum desk_subject_kind {
        DESK_SUBJECT_NONE,
        DESK_SUBJECT_CASE,
        DESK_SUBJECT_MEETING,
        DESK_SUBJECT_ORGANISATION, /* of any kind: a group, a school, … */
        DESK_SUBJECT_PLACEMENT,
        DESK_SUBJECT_PUPIL,
        DESK_SUBJECT_WORKPLACE,
};

struct desk_subject {
        enum desk_subject_kind kind;
        char id[PAGE_ID_SIZE];
        char organisation[ID_SIZE]; /* that rights on it are asked of */
        char pupil[PAGE_ID_SIZE];   /* of a case, a pupil, a placement, a meeting about one; "" */
};

const char *desk_subject_name(enum desk_subject_kind kind); /* "pupil"; "" for none */

/* 0: there is none. */
int desk_subject_find(struct db *db, enum desk_subject_kind kind, const char *id, const char *today,
                      struct desk_subject *ret_subject, struct err *err);

/* 1 when the subject stands where ACCESS gives one of RIGHTS. A workplace is known to all below its own
 * organisation too. A case opens to its owner, who stands in, and who takes part, wherever their roles are,
 * and to nobody else; *ret_granted is then its own organisation, in *SUBJECT. */
int desk_subject_is_open(struct db *db, const struct desk_access *access, unsigned rights,
                         const struct desk_subject *subject, const char **ret_granted, struct err *err);

#endif
