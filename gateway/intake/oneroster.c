#include "intake/oneroster.h"
#include "intake/oneroster_read.h"
#include "intake/phone.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PROGRESS_ROWS 1000

static const struct table_column class_columns[] = {
    [CLASS_ID] = {"sourcedId", NULL, true},
    [CLASS_STATUS] = {"status", NULL, false},
    [CLASS_TITLE] = {"title", NULL, true},
    [CLASS_TYPE] = {"classType", NULL, false},
    [CLASS_SCHOOL] = {"schoolSourcedId", "orgSourcedId", true},
};

static const struct table_column demographics_columns[] = {
    [DEMOGRAPHICS_ID] = {"sourcedId", "userSourcedId", true},
    [DEMOGRAPHICS_STATUS] = {"status", NULL, false},
    [DEMOGRAPHICS_BORN] = {"birthDate", NULL, false},
};

static const struct table_column enrollment_columns[] = {
    [ENROLLMENT_STATUS] = {"status", NULL, false},
    [ENROLLMENT_CLASS] = {"classSourcedId", NULL, true},
    [ENROLLMENT_USER] = {"userSourcedId", NULL, true},
    [ENROLLMENT_ROLE] = {"role", NULL, true},
    [ENROLLMENT_BEGIN] = {"beginDate", "startDate", false},
    [ENROLLMENT_END] = {"endDate", NULL, false},
};

static const struct table_column org_columns[] = {
    [ORG_ID] = {"sourcedId", NULL, true},
    [ORG_STATUS] = {"status", NULL, false},
    [ORG_NAME] = {"name", NULL, true},
    [ORG_TYPE] = {"type", NULL, true},
    [ORG_PARENT] = {"parentSourcedId", NULL, false},
};

static const struct table_column relationship_columns[] = {
    [RELATION_USER] = {"userSourcedId", NULL, true},
    [RELATION_AGENT] = {"relationshipUserSourcedId", NULL, true},
    [RELATION_ROLE] = {"relationshipRole", NULL, true},
};

static const struct table_column role_columns[] = {
    [ROLE_STATUS] = {"status", NULL, false},
    [ROLE_USER] = {"userSourcedId", NULL, true},
    [ROLE_ORG] = {"orgSourcedId", NULL, true},
    [ROLE_ROLE] = {"role", NULL, true},
    [ROLE_BEGIN] = {"beginDate", "roleStartDate", false},
    [ROLE_END] = {"endDate", "roleEndDate", false},
    [ROLE_GRADE] = {"grade", NULL, false},
};

static const struct table_column session_columns[] = {
    [SESSION_ID] = {"sourcedId", NULL, true},    [SESSION_STATUS] = {"status", NULL, false},
    [SESSION_TITLE] = {"title", NULL, false},    [SESSION_TYPE] = {"type", NULL, true},
    [SESSION_START] = {"startDate", NULL, true}, [SESSION_END] = {"endDate", NULL, true},
};

static const struct table_column user_columns[] = {
    [USER_ID] = {"sourcedId", NULL, true},
    [USER_STATUS] = {"status", NULL, false},
    [USER_ENABLED] = {"enabledUser", NULL, false},
    [USER_ORGS] = {"orgSourcedIds", NULL, false},
    [USER_ROLE] = {"role", NULL, false},
    [USER_GIVEN] = {"givenName", NULL, true},
    [USER_FAMILY] = {"familyName", NULL, true},
    [USER_PREFERRED] = {"preferredGivenName", NULL, false},
    [USER_EMAIL] = {"email", NULL, false},
    [USER_SMS] = {"sms", NULL, false},
    [USER_PHONE] = {"phone", NULL, false},
    [USER_AGENTS] = {"agentSourcedIds", NULL, false},
    [USER_GRADES] = {"grades", NULL, false},
    [USER_LANGUAGE] = {"metadata.language", NULL, false},
    [USER_PROTECTED] = {"metadata.protected", NULL, false},
    [USER_TIMEZONE] = {"metadata.timezone", NULL, false},
};

static const struct file_kind {
        const char *name, *property; /* in the manifest */
        const struct table_column *columns;
        size_t column_count;
        enum load_kind kind; /* that may lack a row when one of the file cannot be read */
} file_table[FILE_COUNT] = {
    [FILE_CLASSES] = {"classes.csv", "file.classes", class_columns, ARRAY_SIZE(class_columns),
                      LOAD_ORGANISATIONS},
    [FILE_DEMOGRAPHICS] = {"demographics.csv", "file.demographics", demographics_columns,
                           ARRAY_SIZE(demographics_columns), LOAD_KIND_COUNT},
    [FILE_ENROLLMENTS] = {"enrollments.csv", "file.enrollments", enrollment_columns,
                          ARRAY_SIZE(enrollment_columns), LOAD_ROLES},
    [FILE_ORGS] = {"orgs.csv", "file.orgs", org_columns, ARRAY_SIZE(org_columns), LOAD_ORGANISATIONS},
    [FILE_RELATIONSHIPS] = {"relationships.csv", "file.relationships", relationship_columns,
                            ARRAY_SIZE(relationship_columns), LOAD_GUARDIANS},
    [FILE_ROLES] = {"roles.csv", "file.roles", role_columns, ARRAY_SIZE(role_columns), LOAD_ROLES},
    [FILE_SESSIONS] = {"academicSessions.csv", "file.academicSessions", session_columns,
                       ARRAY_SIZE(session_columns), LOAD_CALENDAR},
    [FILE_USERS] = {"users.csv", "file.users", user_columns, ARRAY_SIZE(user_columns), LOAD_PEOPLE},
};

/* ---- reading a file */

static int refuse_row(struct oneroster *in, const struct table *table, const struct err *fault)
{
        return load_refuse(&in->load, table->name, (int)table->row.line, "", fault);
}

/* A row whose form is broken may be any row: nothing of its kind ends. */
static int refuse_form(struct oneroster *in, const struct table *table, const struct err *fault)
{
        enum load_kind kind = file_table[in->file].kind;

        if (kind != LOAD_KIND_COUNT)
                in->load.is_open[kind] = true;
        if (in->file == FILE_USERS) /* its roles and guardians are unknown too */
                in->load.is_open[LOAD_ROLES] = in->load.is_open[LOAD_GUARDIANS] = true;
        return in->is_again ? 0 : refuse_row(in, table, fault);
}

static void tell_progress(struct oneroster *in, const struct table *table, int64_t rows)
{
        if (in->options && in->options->progress && rows % PROGRESS_ROWS == 0)
                in->options->progress(in->options->progress_context, table->name, rows);
}

static int read_rows(struct oneroster *in, struct table *table,
                     int (*row)(struct oneroster *in, struct err *err), struct err *err)
{
        int64_t rows = 0;
        int r;

        for (;;) {
                struct err fault = {0};

                r = table_next(table, &fault);
                if (r == 0)
                        return 0;
                if (r == ERR_INVALID) {
                        r = refuse_form(in, table, &fault);
                } else if (r > 0) {
                        tell_progress(in, table, ++rows);
                        r = row(in, &fault);
                        if (r < 0)
                                r = refuse_row(in, table, &fault);
                }
                if (r < 0) {
                        *err = fault;
                        return err_prefix(err, "%s:%lld", table->name, (long long)table->row.line);
                }
        }
}

/* Every row of FILE, when there is such a file. */
static int read_file(struct oneroster *in, enum oneroster_file file, bool is_again,
                     int (*row)(struct oneroster *in, struct err *err), struct err *err)
{
        const struct file_kind *kind = &file_table[file];
        struct table table;
        int r;

        if (!in->is_present[file])
                return 0;
        r = table_open(&table, in->bundle, kind->name, kind->columns, kind->column_count, err);
        in->table = &table;
        in->file = file;
        in->is_again = is_again;
        if (r == 0 && file == FILE_USERS) {
                in->has_user_roles = table_has(&table, USER_ROLE);
                in->has_agents = table_has(&table, USER_AGENTS);
        }
        if (r == 0 && table.shape.encoding == CSV_WINDOWS_1252 && !is_again && in->options &&
            in->options->tell)
                in->options->tell(in->options->progress_context, table.name, "is read as Windows-1252");
        if (r == 0)
                r = read_rows(in, &table, row, err);
        table_close(&table);
        in->table = NULL;
        return r;
}

/* ---- the manifest */

enum { MANIFEST_NAME, MANIFEST_VALUE };

static const struct table_column manifest_columns[] = {
    [MANIFEST_NAME] = {"propertyName", NULL, true},
    [MANIFEST_VALUE] = {"value", NULL, true},
};

static int take_property(struct oneroster *in, struct table *table, struct err *err)
{
        const char *name = table_value(table, MANIFEST_NAME), *value = table_value(table, MANIFEST_VALUE);

        for (int i = 0; i < FILE_COUNT && name && value; i++) {
                if (strcasecmp(file_table[i].property, name) != 0)
                        continue;
                if (strcasecmp(value, "delta") == 0)
                        in->is_delta[i] = true;
                else if (strcasecmp(value, "absent") == 0)
                        in->is_present[i] = false;
                else if (strcasecmp(value, "bulk") != 0)
                        return table_refuse(table, MANIFEST_VALUE, err,
                                            "is no mode: write bulk, delta or absent");
        }
        return 0;
}

static int read_manifest(struct oneroster *in, struct err *err)
{
        struct table table;
        int r;

        if (!bundle_has(in->bundle, "manifest.csv"))
                return 0;
        r = table_open(&table, in->bundle, "manifest.csv", manifest_columns, ARRAY_SIZE(manifest_columns),
                       err);
        while (r == 0 && (r = table_next(&table, err)) > 0)
                r = take_property(in, &table, err);
        if (r < 0 && table.csv)
                err_prefix(err, "manifest.csv:%lld", (long long)table.row.line);
        table_close(&table);
        return r;
}

static int find_files(struct oneroster *in, struct err *err)
{
        bool has_any = false;

        for (int i = 0; i < FILE_COUNT; i++) {
                in->is_present[i] = bundle_has(in->bundle, file_table[i].name);
                has_any = has_any || in->is_present[i];
        }
        if (!has_any)
                return err_set(err, ERR_INVALID,
                               "holds no file of a roster: name the folder or zip with users.csv in it");
        in->is_sds = !bundle_has(in->bundle, "manifest.csv");
        return read_manifest(in, err);
}

/* ---- which format, and what it leaves unsaid */

enum { PROBE_STATUS, PROBE_ROLE, PROBE_MASTER, PROBE_ENABLED };

/* The users of School Data Sync have neither a status nor a role; OneRoster 1.1 has both, 1.2 the first. */
static int find_format(struct oneroster *in, const char **ret_format, struct err *err)
{
        static const struct table_column probes[] = {
            [PROBE_STATUS] = {"status", NULL, false},
            [PROBE_ROLE] = {"role", NULL, false},
            [PROBE_MASTER] = {"userMasterIdentifier", NULL, false},
            [PROBE_ENABLED] = {"enabledUser", NULL, false},
        };
        struct table table;
        int r;

        *ret_format = "OneRoster 1.2";
        if (!in->is_present[FILE_USERS]) {
                in->is_sds = in->is_present[FILE_RELATIONSHIPS];
                return 0;
        }
        r = table_open(&table, in->bundle, "users.csv", probes, ARRAY_SIZE(probes), err);
        if (r == 0) {
                in->is_sds = in->is_sds && !table_has(&table, PROBE_STATUS) &&
                             !table_has(&table, PROBE_ENABLED) && !table_has(&table, PROBE_MASTER) &&
                             !table_has(&table, PROBE_ROLE);
                *ret_format = in->is_sds                      ? "School Data Sync 2.1"
                              : table_has(&table, PROBE_ROLE) ? "OneRoster 1.1"
                                                              : "OneRoster 1.2";
        }
        table_close(&table);
        return r;
}

static bool is_full(const struct oneroster *in, enum oneroster_file file)
{
        return in->is_present[file] && !in->is_delta[file];
}

/* A kind of rows ends what it does not name only when every file that names such rows is there in full. */
static void set_silence(struct oneroster *in)
{
        bool *silent = in->load.is_silent;

        for (int i = 0; i < LOAD_KIND_COUNT; i++)
                silent[i] = true;
        silent[LOAD_PEOPLE] = !is_full(in, FILE_USERS); /* these two also tell what rows may refer to */
        silent[LOAD_ORGANISATIONS] = !is_full(in, FILE_ORGS) || !is_full(in, FILE_CLASSES);
        silent[LOAD_ROLES] = !is_full(in, FILE_ENROLLMENTS) || !is_full(in, FILE_USERS) ||
                             (!in->has_user_roles && !is_full(in, FILE_ROLES));
        silent[LOAD_GUARDIANS] =
            !is_full(in, FILE_USERS) || (!in->has_agents && !is_full(in, FILE_RELATIONSHIPS));
        silent[LOAD_CALENDAR] = !is_full(in, FILE_SESSIONS);
}

/* ---- the whole */

static int read_all(struct oneroster *in, struct err *err)
{
        int r = read_file(in, FILE_ORGS, false, oneroster_org, err);

        if (r == 0)
                r = oneroster_put_orgs(in, err);
        if (r == 0)
                r = read_file(in, FILE_USERS, false, oneroster_user, err);
        if (r == 0)
                r = read_file(in, FILE_DEMOGRAPHICS, false, oneroster_demographics, err);
        if (r == 0)
                r = read_file(in, FILE_CLASSES, false, oneroster_class, err);
        if (r == 0)
                r = oneroster_put_groups(in, err);
        if (r == 0)
                r = read_file(in, FILE_ROLES, true, oneroster_role_flags, err);
        if (r == 0)
                r = read_file(in, FILE_ENROLLMENTS, false, oneroster_enrollment, err);
        if (r == 0)
                r = read_file(in, FILE_USERS, true, oneroster_user_ties, err);
        if (r == 0)
                r = read_file(in, FILE_ROLES, false, oneroster_role, err);
        if (r == 0)
                r = read_file(in, FILE_RELATIONSHIPS, false, oneroster_relationship, err);
        if (r == 0)
                r = read_file(in, FILE_SESSIONS, true, oneroster_find_terms, err);
        return r < 0 ? r : read_file(in, FILE_SESSIONS, false, oneroster_session, err);
}

static int set_country(struct oneroster *in, struct err *err)
{
        char zone[ZONE_NAME_MAX];
        int r = organisation_top_zone(in->load.db, zone, err);

        if (r < 0)
                return r;
        snprintf(in->country, sizeof in->country, "%s",
                 in->options && in->options->country ? in->options->country : phone_country(zone));
        return load_today(&in->load, in->today, err);
}

int oneroster_import(struct db *db, int64_t now_utc, struct bundle *bundle,
                     const struct roster_options *options, struct roster_report *report,
                     const char **ret_format, struct err *err)
{
        struct oneroster in = {.bundle = bundle, .options = options};
        int r;

        r = load_begin(&in.load, db, now_utc, options, report, err);
        in.load.is_partial = true;
        if (r == 0 && (!options || !options->source))
                in.load.source = "oneroster";
        if (r == 0)
                r = find_files(&in, err);
        if (r == 0)
                r = find_format(&in, ret_format, err);
        if (r == 0)
                r = set_country(&in, err);
        set_silence(&in);
        if (r == 0)
                r = read_all(&in, err);
        if (r == 0)
                r = bundle_check(bundle, err);
        if (r == 0) {
                set_silence(&in);
                r = load_finish(&in.load, err);
        }
        index_fini(&in.orgs);
        index_fini(&in.classes);
        index_fini(&in.users);
        return r;
}
