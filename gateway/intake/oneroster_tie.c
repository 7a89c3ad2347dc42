/* The rows that bind: enrollments, roles, agents. */
#include "intake/oneroster_read.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FLAG_PLACES (USER_PUPIL | USER_STAFF)

static const struct oneroster_role role_table[] = {
    {"administrator", "principal", USER_STAFF},
    {"aide", "coach", USER_STAFF},
    {"counselor", NULL, USER_STAFF},
    {"districtAdministrator", NULL, USER_STAFF},
    {"guardian", NULL, USER_ADULT},
    {"parent", NULL, USER_ADULT},
    {"principal", "principal", USER_STAFF},
    {"proctor", NULL, USER_STAFF},
    {"relative", NULL, USER_RELATIVE},
    {"siteAdministrator", NULL, USER_STAFF},
    {"student", "pupil", USER_PUPIL},
    {"systemAdministrator", NULL, USER_STAFF},
    {"teacher", "teacher", USER_STAFF},
};

/* School Data Sync has a long list that a tenant may lengthen; what is not named here gives no role. */
static const struct oneroster_role other_role = {"", NULL, USER_STAFF};
static const struct oneroster_role sds_role_table[] = {
    {"paraprofessional", "coach", USER_STAFF},
    {"staff", NULL, USER_STAFF},
    {"substitute", "substitute", USER_STAFF},
    {"teacherAssistant", "coach", USER_STAFF},
};

const struct oneroster_role *oneroster_role_find(const struct oneroster *in, const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(role_table); i++)
                if (strcasecmp(role_table[i].name, name) == 0)
                        return &role_table[i];
        for (size_t i = 0; i < ARRAY_SIZE(sds_role_table) && in->is_sds; i++)
                if (strcasecmp(sds_role_table[i].name, name) == 0)
                        return &sds_role_table[i];
        return in->is_sds || strncmp(name, "ext:", 4) == 0 ? &other_role : NULL;
}

static int refuse_role(struct oneroster *in, int column, struct err *err)
{
        return table_refuse(in->table, column, err,
                            "is no role of OneRoster: write student, guardian, parent, teacher, aide or"
                            " another of its list");
}

/* 1: the user is there; 0: the export leaves users out and we know no such person; ERR_INVALID: there is no
 * such user. */
static int find_user(struct oneroster *in, int column, const char *id, struct index_entry **ret_user,
                     struct err *err)
{
        int r;

        *ret_user = index_find(&in->users, id);
        if (*ret_user)
                return (*ret_user)->flags & USER_REFUSED ? 0 : 1;
        r = in->is_present[FILE_USERS] && !in->is_delta[FILE_USERS]
                ? person_stays(in->load.db, id, in->load.source, err)
                : person_exists(in->load.db, id, err);
        if (r != 0)
                return r;
        if (!in->is_present[FILE_USERS])
                return 0;
        return table_refuse(in->table, column, err,
                            "is no user of this export: add the user or leave it out");
}

/* ---- roles */

static int put_role(struct oneroster *in, const struct role *row, struct err *err)
{
        int r = load_note(&in->load, LOAD_ROLES,
                          (const char *[]){row->person, row->role, row->organisation,
                                           row->first_day ? row->first_day : "1900-01-01", NULL},
                          err);

        return r < 0 ? r : load_role(&in->load, row, "role", err);
}

/* The organisation that stands for one of the export, a department's being its school: 1, or 0 when neither
 * the export nor we have it. */
static int find_place(struct oneroster *in, const char *id, const char **ret_id, struct err *err)
{
        struct index_entry *org = index_find(&in->orgs, id);
        char kind[16];

        for (int i = 0; i < 16 && org && org->kind == INDEX_SKIPPED && org->parent; i++)
                org = index_find(&in->orgs, org->parent);
        *ret_id = org ? org->id : id;
        return organisation_kind(in->load.db, *ret_id, kind, err);
}

/* One role of a user at an organisation above the groups. */
static int put_place(struct oneroster *in, int column, const struct index_entry *user, const char *org,
                     struct role *row, struct err *err)
{
        int r;

        if (strcmp(row->role, "pupil") == 0 && user && user->flags & USER_IN_GROUP)
                return 0; /* a group says it more closely */
        r = find_place(in, org, &row->organisation, err);
        if (r == 0 && in->is_present[FILE_ORGS] && !in->is_delta[FILE_ORGS])
                return table_refuse(in->table, column, err,
                                    "names an organisation that is not in orgs.csv: add it there");
        if (r <= 0)
                return r;
        row->grade = user && strcmp(row->role, "pupil") == 0 ? user->grade : 0;
        return put_role(in, row, err);
}

int oneroster_role_flags(struct oneroster *in, struct err *err)
{
        const char *id = table_value(in->table, ROLE_USER), *name = table_value(in->table, ROLE_ROLE);
        const char *grade = table_value(in->table, ROLE_GRADE);
        const struct oneroster_role *role = name ? oneroster_role_find(in, name) : NULL;
        struct index_entry *user = id ? index_find(&in->users, id) : NULL;
        int number = 0;

        if (!user || !role || oneroster_status(in, ROLE_STATUS, err) <= 0)
                return 0; /* what is wrong is told in the second pass */
        user->flags |= (uint8_t)role->flags;
        if (grade && sscanf(grade, "%2d", &number) == 1 && number >= 1 && number <= 10)
                user->grade = (int8_t)number;
        return 0;
}

static int read_role(struct oneroster *in, struct role *row, const struct oneroster_role **ret_role,
                     const char **ret_org, struct err *err)
{
        const char *name;
        int r = table_need(in->table, ROLE_USER, &row->person, err);

        if (r == 0)
                r = table_need(in->table, ROLE_ORG, ret_org, err);
        if (r == 0)
                r = table_need(in->table, ROLE_ROLE, &name, err);
        if (r < 0)
                return r;
        *ret_role = oneroster_role_find(in, name);
        return *ret_role ? 0 : refuse_role(in, ROLE_ROLE, err);
}

/* What a faulty row would have said is not known: what stands for the person stays. */
static int keep_roles(struct oneroster *in, const char *person, int code)
{
        if (person)
                load_keep(&in->load, person);
        else
                in->load.is_open[LOAD_ROLES] = true;
        return code;
}

int oneroster_role(struct oneroster *in, struct err *err)
{
        char first[DATE_TEXT_MAX], last[DATE_TEXT_MAX];
        const struct oneroster_role *role;
        struct index_entry *user;
        struct role row = {0};
        const char *org;
        int r, status;

        r = read_role(in, &row, &role, &org, err);
        if (r == 0)
                r = oneroster_day(in, ROLE_BEGIN, first, &row.first_day, err);
        if (r == 0)
                r = oneroster_day(in, ROLE_END, last, &row.last_day, err);
        status = r == 0 ? oneroster_status(in, ROLE_STATUS, err) : r;
        if (status > 0)
                status = find_user(in, ROLE_USER, row.person, &user, err);
        if (status < 0)
                return keep_roles(in, row.person, status);
        if (!role->role)
                return 0;
        row.role = role->role;
        if (status == 0)
                return in->is_delta[FILE_ROLES] ? load_end_role(&in->load, &row, org, err) : 0;
        return put_place(in, ROLE_ORG, user, org, &row, err);
}

/* ---- enrollments */

static bool is_over(const struct oneroster *in, const struct role *row)
{
        return row->last_day && strcmp(row->last_day, in->today) < 0;
}

static int put_enrollment(struct oneroster *in, const char *class_id, struct role *row, struct err *err)
{
        struct index_entry *class = index_find(&in->classes, class_id), *user;
        char group[ID_SIZE], kind[16];
        int r;

        r = find_user(in, ENROLLMENT_USER, row->person, &user, err);
        if (r <= 0)
                return r;
        if (class && !class->is_told)
                return 0; /* a subject's class */
        if (!class && in->is_present[FILE_CLASSES] && !in->is_delta[FILE_CLASSES])
                return table_refuse(in->table, ENROLLMENT_CLASS, err,
                                    "is no class of this export: add the class or leave the row out");
        r = oneroster_group_id(in, class_id, group, err);
        if (r == 0)
                r = organisation_kind(in->load.db, group, kind, err);
        if (r <= 0)
                return r;
        row->organisation = group;
        if (strcmp(row->role, "pupil") == 0 && user) {
                row->grade = user->grade;
                user->flags |= (uint8_t)(USER_PUPIL | (is_over(in, row) ? 0 : USER_IN_GROUP));
        }
        return put_role(in, row, err);
}

int oneroster_enrollment(struct oneroster *in, struct err *err)
{
        char first[DATE_TEXT_MAX], last[DATE_TEXT_MAX], group[ID_SIZE];
        const struct oneroster_role *role = NULL;
        const char *class_id, *name;
        struct role row = {0};
        int r;

        r = table_need(in->table, ENROLLMENT_USER, &row.person, err);
        if (r == 0)
                r = table_need(in->table, ENROLLMENT_CLASS, &class_id, err);
        if (r == 0)
                r = table_need(in->table, ENROLLMENT_ROLE, &name, err);
        if (r == 0 && !(role = oneroster_role_find(in, name)))
                r = refuse_role(in, ENROLLMENT_ROLE, err);
        if (r == 0)
                r = oneroster_day(in, ENROLLMENT_BEGIN, first, &row.first_day, err);
        if (r == 0)
                r = oneroster_day(in, ENROLLMENT_END, last, &row.last_day, err);
        if (r == 0 && row.first_day && row.last_day && strcmp(row.last_day, row.first_day) < 0)
                r = table_refuse(in->table, ENROLLMENT_END, err, "lies before the begin: exchange them");
        if (r == 0)
                r = oneroster_status(in, ENROLLMENT_STATUS, err);
        if (r < 0)
                return keep_roles(in, row.person, r);
        if (!role->role || !(role->flags & FLAG_PLACES) || strcmp(role->role, "principal") == 0)
                return 0;
        row.role = role->role;
        if (r > 0) {
                r = put_enrollment(in, class_id, &row, err);
                return r == ERR_INVALID ? keep_roles(in, row.person, r) : r;
        }
        r = in->is_delta[FILE_ENROLLMENTS] ? oneroster_group_id(in, class_id, group, err) : 0;
        return r < 0 || !in->is_delta[FILE_ENROLLMENTS] ? r : load_end_role(&in->load, &row, group, err);
}

/* ---- guardians */

static int put_guardian(struct oneroster *in, const char *pupil, const char *agent, bool is_relative,
                        struct err *err)
{
        const struct guardian row = {
            .pupil = pupil,
            .guardian = agent,
            .rank = 1,
            .notify = true,
            .emergency_only = is_relative,
            .says_little = true,
        };
        int r = load_note(&in->load, LOAD_GUARDIANS, (const char *[]){pupil, agent, NULL}, err);

        if (r == 0) /* told from the other side already */
                return 0;
        return r < 0 ? r : load_guardian(&in->load, &row, "agentSourcedIds", err);
}

/* USER names AGENT, or the other way round: the one who is a pupil has the other for a guardian. */
static int tie(struct oneroster *in, int column, const struct index_entry *user, const char *agent_id,
               struct err *err)
{
        struct index_entry *agent;
        int r = find_user(in, column, agent_id, &agent, err);

        if (r <= 0)
                return r;
        if (user->flags & USER_PUPIL && !(agent && agent->flags & USER_PUPIL))
                return put_guardian(in, user->id, agent_id,
                                    agent && agent->flags & USER_RELATIVE && !(agent->flags & USER_ADULT),
                                    err);
        if (user->flags & (USER_ADULT | USER_RELATIVE) && !(user->flags & USER_PUPIL))
                return put_guardian(in, agent_id, user->id, !(user->flags & USER_ADULT), err);
        return 0;
}

/* Without the spaces around it; false when nothing is left, or more than an id may be. */
static bool copy_id(const char *text, size_t length, char id[static ID_SIZE])
{
        while (length > 0 && *text == ' ') {
                text++;
                length--;
        }
        while (length > 0 && text[length - 1] == ' ')
                length--;
        snprintf(id, ID_SIZE, "%.*s", length < ID_SIZE ? (int)length : 0, text);
        return *id != '\0';
}

/* Calls EACH with every id of a list such as "G1,G2"; faults of one are told and the others go on. */
static int each_id(struct oneroster *in, int column, const char *list,
                   int (*each)(struct oneroster *in, int column, const struct index_entry *user,
                               const char *id, struct err *err),
                   const struct index_entry *user, struct err *err)
{
        char id[ID_SIZE];
        size_t length;
        int r = 0;

        for (; list && *list && r >= 0; list += length + (list[length] == ',')) {
                struct err fault = {0};

                length = strcspn(list, ",");
                if (!copy_id(list, length, id))
                        continue;
                r = each(in, column, user, id, &fault);
                if (r == ERR_INVALID)
                        load_keep(&in->load, user->id);
                if (r < 0)
                        r = load_refuse(&in->load, in->table->name, (int)in->table->row.line, "", &fault);
                if (r < 0)
                        *err = fault;
        }
        return r < 0 ? r : 0;
}

static int put_user_place(struct oneroster *in, int column, const struct index_entry *user, const char *org,
                          struct err *err)
{
        const struct oneroster_role *role = oneroster_role_find(in, table_value(in->table, USER_ROLE));
        struct role row = {.person = user->id, .role = role->role};

        return put_place(in, column, user, org, &row, err);
}

int oneroster_user_ties(struct oneroster *in, struct err *err)
{
        const char *id = table_value(in->table, USER_ID), *name = table_value(in->table, USER_ROLE);
        const struct oneroster_role *role = name ? oneroster_role_find(in, name) : NULL;
        const struct index_entry *user = id ? index_find(&in->users, id) : NULL;
        int r = 0;

        if (!user || user->flags & USER_REFUSED || oneroster_status(in, USER_STATUS, err) <= 0)
                return 0; /* told in the first pass */
        if (role && role->role)
                r = each_id(in, USER_ORGS, table_value(in->table, USER_ORGS), put_user_place, user, err);
        return r < 0 ? r : each_id(in, USER_AGENTS, table_value(in->table, USER_AGENTS), tie, user, err);
}

int oneroster_relationship(struct oneroster *in, struct err *err)
{
        struct index_entry *user, *agent;
        const char *pupil, *other, *name;
        bool is_adult;
        int r = table_need(in->table, RELATION_USER, &pupil, err);

        if (r == 0)
                r = table_need(in->table, RELATION_AGENT, &other, err);
        if (r == 0)
                r = table_need(in->table, RELATION_ROLE, &name, err);
        if (r < 0) {
                in->load.is_open[LOAD_GUARDIANS] = true;
                return r;
        }
        r = find_user(in, RELATION_USER, pupil, &user, err);
        if (r > 0)
                r = find_user(in, RELATION_AGENT, other, &agent, err);
        if (r <= 0)
                return r;
        is_adult = strcasecmp(name, "guardian") == 0 || strcasecmp(name, "parent") == 0;
        if (user && agent && agent->flags & USER_PUPIL && !(user->flags & USER_PUPIL))
                return put_guardian(in, other, pupil, !is_adult, err);
        return put_guardian(in, pupil, other, !is_adult, err);
}
