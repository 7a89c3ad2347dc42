#include "store/desk_access.h"
#include "store/organisation.h"
#include "store/page_case.h"
#include "store/role.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Keep in alphabetical order. Whoever may come to own a case has DESK_CASE. */
static const struct {
        const char *role;
        unsigned rights;
} right_table[] = {
    {"coach", DESK_DAY | DESK_PUPIL | DESK_CASE | DESK_PLAN},
    {"coordinator", DESK_CASE | DESK_PLAN | DESK_NETWORK | DESK_SETTINGS | DESK_ADMIN},
    {"curator", DESK_PUPIL | DESK_CASE},
    {"duty-phone", DESK_DAY | DESK_CASE},
    {"principal", DESK_DAY | DESK_PUPIL | DESK_CASE | DESK_CASE_LIST | DESK_PLAN | DESK_NETWORK | DESK_LOG |
                      DESK_SETTINGS | DESK_ADMIN},
    {"secretary", DESK_DAY | DESK_PUPIL | DESK_PLAN | DESK_LOG | DESK_SETTINGS | DESK_ADMIN},
    {"substitute", DESK_DAY | DESK_PUPIL | DESK_CASE},
    {"teacher", DESK_DAY | DESK_PUPIL | DESK_CASE | DESK_PLAN | DESK_LOG},
};

/* Curators work for the wellbeing county, unless their role says otherwise. */
static bool is_foreign(const char *role, const char *controller)
{
        return *controller ? strcmp(controller, "municipality") != 0 : strcmp(role, "curator") == 0;
}

unsigned desk_role_rights(const char *role, const char *controller)
{
        for (size_t i = 0; i < ARRAY_SIZE(right_table); i++)
                if (strcmp(right_table[i].role, role) == 0)
                        return is_foreign(role, controller) ? right_table[i].rights & DESK_CASE
                                                            : right_table[i].rights;
        return 0;
}

int desk_access_read(struct db *db, const char *person, const char *today, struct desk_access *ret_access,
                     struct err *err)
{
        struct query q;
        int r;

        *ret_access = (struct desk_access){0};
        snprintf(ret_access->person, sizeof ret_access->person, "%s", person);
        snprintf(ret_access->today, sizeof ret_access->today, "%s", today);
        query_start(&q, db,
                    "SELECT r.role, r.organisation, coalesce(r.controller, '') FROM role r JOIN person p ON "
                    "p.id = r.person"
                    "  JOIN organisation o ON o.id = r.organisation"
                    " WHERE r.person = ?1 AND r.first_day <= ?2 AND (r.last_day IS NULL OR r.last_day >= ?2)"
                    "   AND (p.ended IS NULL OR p.ended > ?2) AND (o.ended IS NULL OR o.ended > ?2)"
                    " ORDER BY r.id LIMIT ?3",
                    err);
        query_text(&q, person);
        query_text(&q, today);
        query_int(&q, DESK_ROLES_MAX);
        while ((r = query_row(&q)) > 0) {
                struct desk_role *role = &ret_access->roles[ret_access->count];

                role->rights = desk_role_rights(column_text(&q, 0), column_text(&q, 2));
                if (!role->rights)
                        continue;
                snprintf(role->role, sizeof role->role, "%s", column_text(&q, 0));
                snprintf(role->organisation, sizeof role->organisation, "%s", column_text(&q, 1));
                ret_access->rights |= role->rights;
                ret_access->count++;
        }
        query_end(&q);
        return r < 0 ? r : ret_access->rights != 0;
}

int desk_access_covers(struct db *db, const struct desk_access *access, unsigned rights,
                       const char *organisation, const char **ret_granted, struct err *err)
{
        for (int i = 0; i < access->count; i++) {
                const struct desk_role *role = &access->roles[i];
                int r = role->rights & rights
                            ? organisation_is_under(db, organisation, role->organisation, err)
                            : 0;

                if (r > 0 && ret_granted)
                        *ret_granted = role->organisation;
                if (r != 0)
                        return r;
        }
        return 0;
}

int desk_access_scope(const struct desk_access *access, unsigned rights, struct buf *json)
{
        json_t *list = json_array();
        char *text;

        for (int i = 0; i < access->count; i++)
                if (access->roles[i].rights & rights)
                        json_array_append_new(list, json_string(access->roles[i].organisation));
        text = json_dumps(list, JSON_COMPACT);
        json_decref(list);
        if (!text)
                return ERR_NOMEM;
        buf_adds(json, text);
        free(text);
        return buf_error(json);
}

/* ---- what a page is about */

static const char *const name_table[] = {"",          "case",  "meeting",  "organisation",
                                         "placement", "pupil", "workplace"};

const char *desk_subject_name(enum desk_subject_kind kind)
{
        return name_table[kind];
}

/* SQL reads an id's organisation and pupil; either may be NULL. */
static int read_row(struct db *db, const char *sql, struct desk_subject *subject, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, sql, err);
        query_text(&q, subject->id);
        r = query_row(&q);
        if (r > 0) {
                const char *organisation = column_text(&q, 0), *pupil = column_text(&q, 1);

                snprintf(subject->organisation, sizeof subject->organisation, "%s",
                         organisation ? organisation : "");
                snprintf(subject->pupil, sizeof subject->pupil, "%s", pupil ? pupil : "");
        }
        query_end(&q);
        return r;
}

/* Where the pupil belongs today, or did last. */
static int place_pupil(struct db *db, const char *today, struct desk_subject *subject, struct err *err)
{
        struct role_place place;
        int r = role_of_pupil(db, subject->pupil, today, &place, err);

        if (r > 0)
                snprintf(subject->organisation, sizeof subject->organisation, "%s", place.organisation);
        return r;
}

int desk_subject_find(struct db *db, enum desk_subject_kind kind, const char *id, const char *today,
                      struct desk_subject *ret_subject, struct err *err)
{
        static const char *const sql_table[] = {
            NULL,
            "SELECT organisation, pupil FROM case_file WHERE id = ?",
            "SELECT organisation, pupil FROM meeting WHERE id = ?",
            "SELECT id, NULL FROM organisation WHERE id = ?",
            "SELECT NULL, pupil FROM placement WHERE id = ?",
            "SELECT NULL, id FROM person WHERE id = ?",
            "SELECT organisation, NULL FROM workplace WHERE id = ?",
        };
        struct desk_subject subject = {.kind = kind};
        int r;

        if (kind == DESK_SUBJECT_NONE ||
            snprintf(subject.id, sizeof subject.id, "%s", id) >= (int)sizeof subject.id)
                return 0;
        r = read_row(db, sql_table[kind], &subject, err);
        if (r > 0 && !subject.organisation[0])
                r = place_pupil(db, today, &subject, err);
        if (r > 0)
                *ret_subject = subject;
        return r;
}

static int works_below(struct db *db, const struct desk_access *access, unsigned rights,
                       const struct desk_subject *subject, const char **ret_granted, struct err *err)
{
        for (int i = 0; i < access->count; i++) {
                const struct desk_role *role = &access->roles[i];
                int r = role->rights & rights
                            ? organisation_is_under(db, role->organisation, subject->organisation, err)
                            : 0;

                if (r > 0 && ret_granted)
                        *ret_granted = role->organisation;
                if (r != 0)
                        return r;
        }
        return 0;
}

static int is_own_case(struct db *db, const struct desk_access *access, const struct desk_subject *subject,
                       const char **ret_granted, struct err *err)
{
        struct page_case found;
        int r = page_case_get(db, subject->id, access->person, access->today, &found, err);

        if (r > 0 && ret_granted)
                *ret_granted = subject->organisation;
        return r;
}

int desk_subject_is_open(struct db *db, const struct desk_access *access, unsigned rights,
                         const struct desk_subject *subject, const char **ret_granted, struct err *err)
{
        int r;

        if (subject->kind == DESK_SUBJECT_CASE)
                return access->rights & rights ? is_own_case(db, access, subject, ret_granted, err) : 0;
        r = desk_access_covers(db, access, rights, subject->organisation, ret_granted, err);

        if (r == 0 && subject->kind == DESK_SUBJECT_WORKPLACE)
                r = works_below(db, access, rights, subject, ret_granted, err);
        return r;
}
