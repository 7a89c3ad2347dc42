/* The rows that stand for themselves: organisations, classes, users, sessions. */
#include "intake/check.h"
#include "intake/fields.h"
#include "intake/oneroster_read.h"
#include "intake/phone.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define GROUP_PREFIX "class:"
#define CONTACTS_MAX 2

/* ---- what files share */

int oneroster_status(struct oneroster *in, int column, struct err *err)
{
        const char *status = table_value(in->table, column);

        if (!status || strcasecmp(status, "active") == 0)
                return 1;
        if (strcasecmp(status, "tobedeleted") == 0 || strcasecmp(status, "inactive") == 0)
                return 0;
        return table_refuse(in->table, column, err, "is no status: write active or tobedeleted");
}

int oneroster_day(struct oneroster *in, int column, char text[static DATE_TEXT_MAX], const char **ret_day,
                  struct err *err)
{
        const char *value = table_value(in->table, column);
        int32_t date;

        *ret_day = NULL;
        if (!value)
                return 0;
        snprintf(text, DATE_TEXT_MAX, "%s", value);
        if (!date_parse(text, &date) || (value[DATE_TEXT_MAX - 1] && value[DATE_TEXT_MAX - 1] != 'T'))
                return table_refuse(in->table, column, err, "is no date: write it as 2026-08-11");
        *ret_day = text;
        return 0;
}

static int need_id(struct oneroster *in, int column, const char **ret_id, struct err *err)
{
        int r = table_need(in->table, column, ret_id, err);

        if (r == 0 && !field_is_id(*ret_id))
                r = table_refuse(in->table, column, err, "is longer than %d bytes: use a shorter id",
                                 FIELD_ID_MAX);
        return r;
}

/* The id of the row; nothing of KIND ends when it cannot be read. 1: the row stands and has been named; 0: it
 * is to be deleted. */
static int begin_row(struct oneroster *in, int id_column, int status_column, enum load_kind kind,
                     const char **ret_id, struct err *err)
{
        int r = need_id(in, id_column, ret_id, err);

        if (r < 0) {
                in->load.is_open[kind] = true;
                return r;
        }
        r = oneroster_status(in, status_column, err);
        if (r == 0)
                return 0;
        if (kind == LOAD_ORGANISATIONS) /* named when it is written, under the id it then has */
                return r;
        return load_see(&in->load, kind, (const char *[]){*ret_id, NULL}, err) < 0 || r < 0 ? err->code : 1;
}

static int check_text(struct oneroster *in, int column, const char *text, struct err *err)
{
        if (strlen(text) > FIELD_TEXT_MAX)
                return table_refuse(in->table, column, err, "is longer than %d bytes: shorten it",
                                    FIELD_TEXT_MAX);
        for (; *text; text++)
                if ((unsigned char)*text < ' ' || *text == 0x7f)
                        return table_refuse(in->table, column, err, "holds a control character: take it out");
        return 0;
}

static int need_text(struct oneroster *in, int column, const char **ret_text, struct err *err)
{
        int r = table_need(in->table, column, ret_text, err);

        return r < 0 ? r : check_text(in, column, *ret_text, err);
}

/* ---- organisations */

static int kind_of_org(const struct oneroster *in, const char *type)
{
        static const struct {
                const char *type;
                int kind;
                bool is_sds; /* known to School Data Sync alone */
        } types[] = {
            {"county", INDEX_MUNICIPALITY, true},    {"department", INDEX_SKIPPED, false},
            {"district", INDEX_MUNICIPALITY, false}, {"lea", INDEX_MUNICIPALITY, true},
            {"local", INDEX_MUNICIPALITY, false},    {"municipality", INDEX_MUNICIPALITY, true},
            {"national", INDEX_NETWORK, false},      {"region", INDEX_NETWORK, true},
            {"school", INDEX_SCHOOL, false},         {"state", INDEX_NETWORK, false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (strcasecmp(types[i].type, type) == 0 && (in->is_sds || !types[i].is_sds))
                        return types[i].kind;
        return in->is_sds || strncmp(type, "ext:", 4) == 0 ? INDEX_SKIPPED : -1;
}

int oneroster_org(struct oneroster *in, struct err *err)
{
        const char *id, *name, *type, *parent = table_value(in->table, ORG_PARENT);
        struct index_entry *entry;
        int r, kind;

        r = begin_row(in, ORG_ID, ORG_STATUS, LOAD_ORGANISATIONS, &id, err);
        if (r == 0)
                return in->is_delta[FILE_ORGS] ? load_end(&in->load, LOAD_ORGANISATIONS, id, err) : 0;
        if (r > 0)
                r = need_text(in, ORG_NAME, &name, err);
        if (r == 0)
                r = table_need(in->table, ORG_TYPE, &type, err);
        if (r < 0) {
                in->load.is_open[LOAD_ORGANISATIONS] = true;
                return r;
        }
        kind = kind_of_org(in, type);
        if (kind < 0) {
                in->load.is_open[LOAD_ORGANISATIONS] = true;
                return table_refuse(in->table, ORG_TYPE, err,
                                    "is no type of organisation: write department, school, district, local,"
                                    " state or national");
        }
        for (size_t i = 0; i < in->orgs.count; i++) /* few, and not sorted yet */
                if (strcmp(in->orgs.items[i].id, id) == 0)
                        return table_refuse(in->table, ORG_ID, err,
                                            "stands earlier in the file: leave one out");
        r = index_add(&in->orgs, id, name, parent, &entry, err);
        if (r < 0)
                return r;
        entry->kind = (uint8_t)kind;
        entry->line = (int)in->table->row.line;
        return 0;
}

/* The nearest organisation above ENTRY that is of the kind above it; NULL: it stands at the top. */
static const char *find_parent(struct oneroster *in, const struct index_entry *entry)
{
        const struct index_entry *up = entry;

        for (int i = 0; i < 16 && up && up->parent; i++) {
                up = index_find(&in->orgs, up->parent);
                if (up && up->kind + 1 == entry->kind)
                        return up->id;
        }
        return NULL;
}

static int put_org(struct oneroster *in, struct index_entry *entry, struct err *err)
{
        static const char *const kinds[] = {
            [INDEX_NETWORK] = "network", [INDEX_MUNICIPALITY] = "municipality", [INDEX_SCHOOL] = "school"};
        const struct organisation row = {
            .id = entry->id,
            .kind = kinds[entry->kind],
            .name = entry->name,
            .parent = find_parent(in, entry),
            .says_little = true,
        };
        int r;

        /* A delta may name a parent that an earlier import brought. */
        r = load_see(&in->load, LOAD_ORGANISATIONS, (const char *[]){entry->id, NULL}, err);
        return r < 0 ? r : load_organisation(&in->load, &row, NULL, 0, "parentSourcedId", err);
}

int oneroster_put_orgs(struct oneroster *in, struct err *err)
{
        index_find(&in->orgs, ""); /* sorts: entries stand still from here on */
        for (int kind = INDEX_NETWORK; kind <= INDEX_SCHOOL; kind++)
                for (size_t i = 0; i < in->orgs.count; i++) {
                        struct err fault = {0};

                        if (in->orgs.items[i].kind != kind || put_org(in, &in->orgs.items[i], &fault) == 0)
                                continue;
                        if (load_refuse(&in->load, "orgs.csv", in->orgs.items[i].line, "", &fault) < 0) {
                                *err = fault;
                                return err->code;
                        }
                }
        return 0;
}

/* ---- classes */

int oneroster_class(struct oneroster *in, struct err *err)
{
        const char *id, *title, *school, *type = table_value(in->table, CLASS_TYPE);
        char group[ID_SIZE];
        struct index_entry *entry;
        int r;

        r = begin_row(in, CLASS_ID, CLASS_STATUS, LOAD_ORGANISATIONS, &id, err);
        if (r == 0 && in->is_delta[FILE_CLASSES]) {
                r = oneroster_group_id(in, id, group, err);
                return r < 0 ? r : load_end(&in->load, LOAD_ORGANISATIONS, group, err);
        }
        if (r == 0)
                return 0;
        if (r > 0)
                r = need_text(in, CLASS_TITLE, &title, err);
        if (r == 0)
                r = table_need(in->table, CLASS_SCHOOL, &school, err);
        if (r == 0 && type && strcasecmp(type, "homeroom") != 0 && strcasecmp(type, "scheduled") != 0 &&
            strncmp(type, "ext:", 4) != 0)
                r = table_refuse(in->table, CLASS_TYPE, err, "is no type: write homeroom or scheduled");
        if (r < 0) {
                in->load.is_open[LOAD_ORGANISATIONS] = true;
                return r;
        }
        r = index_add(&in->classes, id, title, school, &entry, err);
        if (r < 0)
                return r;
        entry->is_homeroom = type && strcasecmp(type, "homeroom") == 0;
        entry->line = (int)in->table->row.line;
        return 0;
}

int oneroster_group_id(struct oneroster *in, const char *class, char ret_id[static ID_SIZE], struct err *err)
{
        bool is_taken = index_find(&in->orgs, class) != NULL;
        char kind[16];
        int r = 0;

        if (!is_taken) {
                r = organisation_kind(in->load.db, class, kind, err);
                is_taken = r > 0 && strcmp(kind, "group") != 0;
        }
        if (r >= 0)
                snprintf(ret_id, ID_SIZE, "%s%s", is_taken ? GROUP_PREFIX : "", class);
        return r < 0 ? r : 0;
}

/* The school of a class; a class of a department belongs to the school above. NULL: not in this export. */
static struct index_entry *school_of(struct oneroster *in, const struct index_entry *class)
{
        struct index_entry *org = index_find(&in->orgs, class->parent);

        for (int i = 0; i < 16 && org && org->kind != INDEX_SCHOOL && org->parent; i++)
                org = index_find(&in->orgs, org->parent);
        return org && org->kind == INDEX_SCHOOL ? org : NULL;
}

static int put_group(struct oneroster *in, struct index_entry *class, struct err *err)
{
        const struct index_entry *school = school_of(in, class);
        struct organisation row = {.kind = "group", .name = class->name, .says_little = true};
        char id[ID_SIZE], kind[16];
        int r;

        if (school && school->is_homeroom && !class->is_homeroom)
                return 0; /* a subject's class in a school with homerooms is no group */
        row.parent = school ? school->id : class->parent;
        if (!school && !in->is_present[FILE_ORGS]) {
                r = organisation_kind(in->load.db, class->parent, kind, err);
                if (r <= 0)
                        return r; /* its school is not known: the export leaves that out */
        }
        r = oneroster_group_id(in, class->id, id, err);
        if (r == 0)
                r = load_see(&in->load, LOAD_ORGANISATIONS, (const char *[]){id, NULL}, err);
        row.id = id;
        if (r == 0)
                r = load_organisation(&in->load, &row, NULL, 0, "schoolSourcedId", err);
        class->is_told = r == 0;
        return r;
}

int oneroster_put_groups(struct oneroster *in, struct err *err)
{
        struct index_entry *school;

        index_find(&in->orgs, ""); /* as above */
        index_find(&in->classes, "");
        for (size_t i = 0; i < in->classes.count; i++)
                if (in->classes.items[i].is_homeroom && (school = school_of(in, &in->classes.items[i])))
                        school->is_homeroom = true;
        for (size_t i = 0; i < in->classes.count; i++) {
                struct err fault = {0};

                if (put_group(in, &in->classes.items[i], &fault) >= 0)
                        continue;
                if (load_refuse(&in->load, "classes.csv", in->classes.items[i].line, "", &fault) < 0) {
                        *err = fault;
                        return err->code;
                }
        }
        return 0;
}

/* ---- users */

static int8_t grade_of(const char *grades)
{
        int grade = 0, last = 0;

        /* "07", "7" or "07,08": the last one that is a grade; kindergarten and others are none. */
        for (; grades && *grades; grades++) {
                if (*grades >= '0' && *grades <= '9')
                        grade = grade < 100 ? grade * 10 + (*grades - '0') : grade;
                else if (*grades == ',')
                        grade = 0;
                else
                        grade = 100;
                if (grade >= 1 && grade <= 10)
                        last = grade;
        }
        return (int8_t)last;
}

static int refuse_contact(struct oneroster *in, const struct err *fault)
{
        return load_refuse(&in->load, in->table->name, (int)in->table->row.line, "", fault);
}

/* A contact that cannot be used is refused alone: the person goes in. */
static int read_contacts(struct oneroster *in, char phone[static PHONE_SIZE], struct contact *contacts,
                         size_t *ret_count, struct err *err)
{
        int column = table_value(in->table, USER_SMS) ? USER_SMS : USER_PHONE;
        const char *number = table_value(in->table, column), *mail = table_value(in->table, USER_EMAIL);
        struct err fault = {0};
        int r = 0;

        *ret_count = 0;
        in->load.refused_count = 0;
        if (number && phone_to_e164(number, in->country, phone)) {
                contacts[(*ret_count)++] = (struct contact){.channel = "sms", .value = phone};
        } else if (number) {
                table_refuse(in->table, column, &fault,
                             "is no phone number: write it with + and the country code, as in +358400000010");
                load_refuse_contact(&in->load, "sms", number, in->table->row.line);
                r = refuse_contact(in, &fault);
        }
        if (mail && check_mail(mail)) {
                contacts[(*ret_count)++] = (struct contact){.channel = "email", .value = mail};
        } else if (mail && r == 0) {
                table_refuse(in->table, USER_EMAIL, &fault,
                             "is no e-mail address: write it as name@example.org");
                load_refuse_contact(&in->load, "email", mail, in->table->row.line);
                r = refuse_contact(in, &fault);
        }
        return r < 0 ? err_set(err, r, "%s", fault.text) : 0;
}

static int read_flag(struct oneroster *in, int column, bool *ret_flag, struct err *err)
{
        const char *value = table_value(in->table, column);

        *ret_flag = value && (strcasecmp(value, "true") == 0 || strcmp(value, "1") == 0);
        if (!value || *ret_flag || strcasecmp(value, "false") == 0 || strcmp(value, "0") == 0)
                return 0;
        return table_refuse(in->table, column, err, "is neither true nor false: write one of them");
}

static int read_person(struct oneroster *in, struct person *person, struct err *err)
{
        const char *preferred = table_value(in->table, USER_PREFERRED);
        struct zone *zone;
        bool is_enabled;
        int r;

        r = need_text(in, USER_GIVEN, &person->given, err);
        if (r == 0 && preferred)
                r = check_text(in, USER_PREFERRED, person->given = preferred, err);
        if (r == 0)
                r = need_text(in, USER_FAMILY, &person->family, err);
        if (r == 0)
                r = read_flag(in, USER_ENABLED, &is_enabled,
                              err); /* an account's state: looked at, not used */
        if (r == 0)
                r = read_flag(in, USER_PROTECTED, &person->is_protected, err);
        person->language = table_value(in->table, USER_LANGUAGE);
        person->timezone = table_value(in->table, USER_TIMEZONE);
        if (r == 0 && person->language && !check_language(person->language))
                r = table_refuse(in->table, USER_LANGUAGE, err,
                                 "is no language tag: write fi, sv or zh-Hant");
        if (r == 0 && person->timezone && zone_keep(person->timezone, &zone, NULL) < 0)
                r = table_refuse(in->table, USER_TIMEZONE, err, "is no time zone: write Europe/Helsinki");
        return r;
}

static int add_user(struct oneroster *in, const char *id, struct index_entry **ret_entry, struct err *err)
{
        const char *name = table_value(in->table, USER_ROLE);
        const struct oneroster_role *role = name ? oneroster_role_find(in, name) : NULL;
        int r = index_add(&in->users, id, NULL, NULL, ret_entry, err);

        if (r < 0)
                return r;
        (*ret_entry)->grade = grade_of(table_value(in->table, USER_GRADES));
        (*ret_entry)->flags = role ? (uint8_t)role->flags : 0;
        if (name && !role)
                r = table_refuse(in->table, USER_ROLE, err,
                                 "is no role of OneRoster: write student, guardian,"
                                 " parent, teacher, aide or another of its list");
        return r;
}

int oneroster_user(struct oneroster *in, struct err *err)
{
        struct contact contacts[CONTACTS_MAX];
        struct person person = {.says_little = true};
        struct index_entry *entry = NULL;
        char phone[PHONE_SIZE];
        size_t contact_count;
        int r;

        r = begin_row(in, USER_ID, USER_STATUS, LOAD_PEOPLE, &person.id, err);
        if (r == 0)
                return in->is_delta[FILE_USERS] ? load_end(&in->load, LOAD_PEOPLE, person.id, err) : 0;
        if (r > 0)
                r = add_user(in, person.id, &entry, err);
        if (r == 0)
                r = read_person(in, &person, err);
        if (r < 0) { /* their roles and guardians are not read, and so not ended */
                if (entry)
                        entry->flags |= USER_REFUSED;
                if (person.id)
                        load_keep(&in->load, person.id);
                return r;
        }
        r = read_contacts(in, phone, contacts, &contact_count, err);
        return r < 0 ? r : load_person(&in->load, &person, contacts, contact_count, err);
}

int oneroster_demographics(struct oneroster *in, struct err *err)
{
        char text[DATE_TEXT_MAX];
        const char *id, *born;
        int r = table_need(in->table, DEMOGRAPHICS_ID, &id, err);

        if (r == 0)
                r = oneroster_day(in, DEMOGRAPHICS_BORN, text, &born, err);
        if (r == 0)
                r = oneroster_status(in, DEMOGRAPHICS_STATUS, err);
        if (r <= 0 || !born)
                return r < 0 ? r : 0;
        if (in->is_present[FILE_USERS] && !in->is_delta[FILE_USERS] && !index_find(&in->users, id))
                return table_refuse(in->table, DEMOGRAPHICS_ID, err,
                                    "is no user of this export: add the user or leave the row out");
        return load_born(&in->load, id, born, err);
}

/* ---- sessions */

static bool is_term(const char *type)
{
        return strcasecmp(type, "term") == 0 || strcasecmp(type, "semester") == 0;
}

int oneroster_find_terms(struct oneroster *in, struct err *err)
{
        const char *type = table_value(in->table, SESSION_TYPE);

        (void)err;
        in->has_terms = in->has_terms || (type && is_term(type));
        return 0;
}

static int put_session(struct oneroster *in, struct calendar_entry *row, struct err *err)
{
        int kind = INDEX_SCHOOL, r = 0;

        for (size_t i = 0; i < in->orgs.count; i++)
                if (in->orgs.items[i].kind == INDEX_MUNICIPALITY)
                        kind = INDEX_MUNICIPALITY;
        for (size_t i = 0; i < in->orgs.count && r == 0; i++) {
                if (in->orgs.items[i].kind != kind)
                        continue;
                row->organisation = in->orgs.items[i].id;
                r = load_note(
                    &in->load, LOAD_CALENDAR,
                    (const char *[]){row->organisation, row->first_day, row->last_day, row->kind, NULL}, err);
                if (r >= 0)
                        r = load_calendar_entry(&in->load, row, "academicSessions", err);
        }
        return r;
}

int oneroster_session(struct oneroster *in, struct err *err)
{
        struct calendar_entry row = {.kind = "term", .name = table_value(in->table, SESSION_TITLE)};
        char first[DATE_TEXT_MAX], last[DATE_TEXT_MAX];
        const char *type;
        int r = table_need(in->table, SESSION_TYPE, &type, err);

        if (r == 0 && !is_term(type) && strcasecmp(type, "schoolYear") != 0 &&
            strcasecmp(type, "gradingPeriod") != 0 && strncmp(type, "ext:", 4) != 0 && !in->is_sds)
                r = table_refuse(in->table, SESSION_TYPE, err,
                                 "is no type: write gradingPeriod, semester, schoolYear or term");
        if (r == 0)
                r = oneroster_day(in, SESSION_START, first, &row.first_day, err);
        if (r == 0)
                r = oneroster_day(in, SESSION_END, last, &row.last_day, err);
        if (r == 0 && (!row.first_day || !row.last_day))
                r = table_refuse(in->table, row.first_day ? SESSION_END : SESSION_START, err,
                                 "is empty: fill it in");
        if (r == 0 && strcmp(row.last_day, row.first_day) < 0)
                r = table_refuse(in->table, SESSION_END, err, "lies before the start: exchange them");
        if (r < 0) {
                in->load.is_open[LOAD_CALENDAR] = true;
                return r;
        }
        r = oneroster_status(in, SESSION_STATUS, err);
        if (r <= 0 || !(in->has_terms ? is_term(type) : strcasecmp(type, "schoolYear") == 0))
                return r < 0 ? r : 0;
        return put_session(in, &row, err);
}
