/* oneroster_read: for oneroster.c and its rows alone: the state of one import and the files it reads. */
#ifndef INTAKE_ONEROSTER_READ_H
#define INTAKE_ONEROSTER_READ_H

#include "base/date.h"
#include "intake/load.h"
#include "intake/oneroster_index.h"
#include "intake/table.h"

/* In alphabetical order, as in file_table of oneroster.c. */
enum oneroster_file {
        FILE_CLASSES,
        FILE_DEMOGRAPHICS,
        FILE_ENROLLMENTS,
        FILE_ORGS,
        FILE_RELATIONSHIPS,
        FILE_ROLES,
        FILE_SESSIONS,
        FILE_USERS,
        FILE_COUNT,
};

struct oneroster {
        struct load load;
        struct bundle *bundle;
        const struct roster_options *options;
        bool is_present[FILE_COUNT], is_delta[FILE_COUNT];
        bool has_user_roles, has_agents, has_terms, is_sds;
        struct index orgs, classes, users;
        char country[8]; /* calling code */
        char today[DATE_TEXT_MAX];
        struct table *table; /* being read */
        enum oneroster_file file;
        bool is_again; /* the faults of this file's form have been told */
};

/* Columns, in the order of oneroster.c's tables. */
enum { ORG_ID, ORG_STATUS, ORG_NAME, ORG_TYPE, ORG_PARENT };
enum { CLASS_ID, CLASS_STATUS, CLASS_TITLE, CLASS_TYPE, CLASS_SCHOOL };
enum {
        ENROLLMENT_STATUS,
        ENROLLMENT_CLASS,
        ENROLLMENT_USER,
        ENROLLMENT_ROLE,
        ENROLLMENT_BEGIN,
        ENROLLMENT_END
};
enum { ROLE_STATUS, ROLE_USER, ROLE_ORG, ROLE_ROLE, ROLE_BEGIN, ROLE_END, ROLE_GRADE };
enum { RELATION_USER, RELATION_AGENT, RELATION_ROLE };
enum { SESSION_ID, SESSION_STATUS, SESSION_TITLE, SESSION_TYPE, SESSION_START, SESSION_END };
enum { DEMOGRAPHICS_ID, DEMOGRAPHICS_STATUS, DEMOGRAPHICS_BORN };
enum {
        USER_ID,
        USER_STATUS,
        USER_ENABLED,
        USER_ORGS,
        USER_ROLE,
        USER_GIVEN,
        USER_FAMILY,
        USER_PREFERRED,
        USER_EMAIL,
        USER_SMS,
        USER_PHONE,
        USER_AGENTS,
        USER_GRADES,
        USER_LANGUAGE,
        USER_PROTECTED,
        USER_TIMEZONE,
};

/* What a role in an export is with us. */
struct oneroster_role {
        const char *name;
        const char *role; /* of ours; NULL: none */
        int flags;        /* USER_… */
};

/* NULL when NAME is no role of the export's format. */
const struct oneroster_role *oneroster_role_find(const struct oneroster *in, const char *name);

/* 1: the row stands; 0: it is to be deleted; ERR_INVALID. */
int oneroster_status(struct oneroster *in, int column, struct err *err);

/* The day in COLUMN (a date, or a time of which the date is taken); NULL when empty. TEXT holds it. */
int oneroster_day(struct oneroster *in, int column, char text[static DATE_TEXT_MAX], const char **ret_day,
                  struct err *err);

/* The id under which a class stands among our organisations. */
int oneroster_group_id(struct oneroster *in, const char *class, char ret_id[static ID_SIZE], struct err *err);

/* One row of the file named; each returns 0 or a negative code (see load.h). */
int oneroster_org(struct oneroster *in, struct err *err);
int oneroster_class(struct oneroster *in, struct err *err);
int oneroster_user(struct oneroster *in, struct err *err);
int oneroster_demographics(struct oneroster *in, struct err *err);
int oneroster_session(struct oneroster *in, struct err *err);
int oneroster_find_terms(struct oneroster *in, struct err *err);
int oneroster_enrollment(struct oneroster *in, struct err *err);
int oneroster_role_flags(struct oneroster *in, struct err *err); /* roles, first pass */
int oneroster_role(struct oneroster *in, struct err *err);       /* roles, second pass */
int oneroster_user_ties(struct oneroster *in, struct err *err);  /* users, second pass: roles and agents */
int oneroster_relationship(struct oneroster *in, struct err *err);

/* Writes what the index holds, once the whole file has been read. */
int oneroster_put_orgs(struct oneroster *in, struct err *err);
int oneroster_put_groups(struct oneroster *in, struct err *err);

#endif
