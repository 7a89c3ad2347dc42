#include "base/buf.h"
#include "store/db.h"
#include "store/select_private.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

struct view {
        char *name;
        char *columns; /* "(a, b, c)" */
        bool has_kind, has_subject;
        unsigned reads; /* FACTS_… */
};

struct select_sandbox {
        sqlite3 *handle;
        struct view views[SELECT_VIEW_MAX];
        int count;
        bool used[SELECT_VIEW_MAX]; /* by the statement that is being prepared */
        char refused[128];          /* what the authorizer denied last */
};

/* ---- the sandbox */

static int note_view(struct select_sandbox *sandbox, struct query *q, struct err *err)
{
        struct view *view = &sandbox->views[sandbox->count];

        if (sandbox->count == SELECT_VIEW_MAX)
                return err_set(err, ERR_LIMIT, "fact views: more than %d", SELECT_VIEW_MAX);
        sandbox->count++;
        view->name = strdup(column_text(q, 0));
        view->columns = strdup(column_text(q, 1));
        view->has_kind = strstr(view->columns, "\"kind\"") != NULL;
        view->has_subject = strstr(view->columns, "\"subject\"") != NULL;
        return view->name && view->columns ? 0 : err_set(err, ERR_NOMEM, "fact views: out of memory");
}

/* The tables stand in a schema of their own, so that "main.absence" is not found. */
static int make_table(struct select_sandbox *sandbox, const struct view *view, struct err *err)
{
        _cleanup_(free_ptr) char *sql = NULL;

        if (asprintf(&sql, "CREATE TABLE facts.\"%s\"(%s)", view->name, view->columns) < 0)
                return err_set(err, ERR_NOMEM, "fact views: out of memory");
        if (sqlite3_exec(sandbox->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
                return err_set(err, ERR_IO, "fact view %s: %s", view->name, sqlite3_errmsg(sandbox->handle));
        return 0;
}

static int find_view(const struct select_sandbox *sandbox, const char *name)
{
        for (int i = 0; i < sandbox->count; i++)
                if (sqlite3_stricmp(sandbox->views[i].name, name) == 0)
                        return i;
        return -1;
}

static bool function_is_allowed(const char *name)
{
        static const char *const allowed[] = {
            "abs",    "avg",   "coalesce", "count",      "dense_rank", "first_value", "group_concat",
            "ifnull", "iif",   "lag",      "last_value", "lead",       "length",      "lower",
            "max",    "min",   "nullif",   "rank",       "round",      "row_number",  "substr",
            "sum",    "total", "trim",     "upper",
        };

        for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
                if (sqlite3_stricmp(allowed[i], name) == 0)
                        return true;
        return false;
}

static int authorize(void *context, int action, const char *first, const char *second, const char *schema,
                     const char *accessor)
{
        struct select_sandbox *sandbox = context;
        int view;

        (void)accessor;
        switch (action) {
        case SQLITE_SELECT:
                return SQLITE_OK;
        case SQLITE_READ:
                if (!schema) /* a CTE's or subquery's own column */
                        return SQLITE_OK;
                view = find_view(sandbox, first);
                if (view < 0)
                        break;
                sandbox->used[view] = true;
                return SQLITE_OK;
        case SQLITE_FUNCTION:
                if (function_is_allowed(second))
                        return SQLITE_OK;
                first = second;
                break;
        case SQLITE_RECURSIVE:
                first = "a recursive CTE";
                break;
        default:
                break;
        }
        snprintf(sandbox->refused, sizeof sandbox->refused, "%.100s", first ? first : "this statement");
        return SQLITE_DENY;
}

static unsigned facts_of(const char *table)
{
        static const char *const attendance[] = {"absence_day", "absence_lesson", "attendance_mark"};
        static const char *const told[] = {
            "attempt", "case_file",      "case_match", "fuse",        "match_event", "match_mark", "message",
            "notice",  "message_notice", "receipt",    "publication", "rule_match",  "suppression"};

        for (size_t i = 0; i < ARRAY_SIZE(attendance); i++)
                if (strcmp(attendance[i], table) == 0)
                        return FACTS_ATTENDANCE;
        for (size_t i = 0; i < ARRAY_SIZE(told); i++)
                if (strcmp(told[i], table) == 0)
                        return FACTS_TOLD;
        return FACTS_OTHER;
}

static int note_table(void *context, int action, const char *first, const char *second, const char *schema,
                      const char *accessor)
{
        (void)second;
        (void)schema;
        (void)accessor;
        if (action == SQLITE_READ && first)
                *(unsigned *)context |= facts_of(first);
        return SQLITE_OK;
}

/* The tables behind a view, through other views too. */
static int read_view(struct db *db, struct view *view, struct err *err)
{
        _cleanup_(free_ptr) char *sql = NULL;
        sqlite3_stmt *statement = NULL;
        int code;

        if (asprintf(&sql, "SELECT * FROM main.\"%s\"", view->name) < 0)
                return err_set(err, ERR_NOMEM, "fact views: out of memory");
        sqlite3_set_authorizer(db_handle(db), note_table, &view->reads);
        code = sqlite3_prepare_v2(db_handle(db), sql, -1, &statement, NULL);
        sqlite3_set_authorizer(db_handle(db), NULL, NULL);
        sqlite3_finalize(statement);
        return code == SQLITE_OK
                   ? 0
                   : err_set(err, ERR_IO, "fact view %s: %s", view->name, sqlite3_errmsg(db_handle(db)));
}

int select_sandbox_open(struct db *db, struct select_sandbox **ret_sandbox, struct err *err)
{
        struct select_sandbox *sandbox = calloc(1, sizeof *sandbox);
        struct query q;
        int r;

        if (!sandbox)
                return err_set(err, ERR_NOMEM, "sandbox: out of memory");
        if (sqlite3_open_v2(":memory:", &sandbox->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                            NULL) != SQLITE_OK ||
            sqlite3_exec(sandbox->handle, "ATTACH ':memory:' AS facts", NULL, NULL, NULL) != SQLITE_OK) {
                select_sandbox_close(sandbox);
                return err_set(err, ERR_IO, "sandbox: cannot open a database in memory");
        }
        query_start(
            &q, db,
            "SELECT s.name, group_concat('\"' || c.name || '\"', ', ')"
            "  FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type = 'view' GROUP BY s.name",
            err);
        while ((r = query_row(&q)) > 0) {
                r = note_view(sandbox, &q, err);
                if (r == 0)
                        r = make_table(sandbox, &sandbox->views[sandbox->count - 1], err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        for (int i = 0; i < sandbox->count && r == 0; i++)
                r = read_view(db, &sandbox->views[i], err);
        if (r < 0) {
                select_sandbox_close(sandbox);
                return r;
        }
        sqlite3_limit(sandbox->handle, SQLITE_LIMIT_COMPOUND_SELECT, 16);
        sqlite3_limit(sandbox->handle, SQLITE_LIMIT_EXPR_DEPTH, 100);
        sqlite3_set_authorizer(sandbox->handle, authorize, sandbox);
        *ret_sandbox = sandbox;
        return 0;
}

struct select_sandbox *select_sandbox_close(struct select_sandbox *sandbox)
{
        if (!sandbox)
                return NULL;
        for (int i = 0; i < sandbox->count; i++) {
                free(sandbox->views[i].name);
                free(sandbox->views[i].columns);
        }
        sqlite3_close(sandbox->handle);
        free(sandbox);
        return NULL;
}

/* ---- a select */

static int refuse(struct select_sandbox *sandbox, const char *sql, struct err *err)
{
        int offset = sqlite3_error_offset(sandbox->handle), line = 1;

        for (int i = 0; i < offset && sql[i]; i++)
                line += sql[i] == '\n';
        if (sandbox->refused[0])
                return err_set(
                    err, ERR_INVALID,
                    "select: %s: is not for rules: read the fact views and call plain functions only",
                    sandbox->refused);
        return err_set(err, ERR_INVALID, "select: line %d: %s: see the fact views in rules/README.md", line,
                       sqlite3_errmsg(sandbox->handle));
}

static bool is_blank(const char *text)
{
        return text[strspn(text, " \t\r\n;")] == '\0';
}

static int copy_names(struct select *select, sqlite3_stmt *statement, struct err *err)
{
        const char *name;

        select->column_count = sqlite3_column_count(statement);
        select->parameter_count = sqlite3_bind_parameter_count(statement);
        if (select->column_count > SELECT_COLUMN_MAX || select->parameter_count > SELECT_COLUMN_MAX)
                return err_set(err, ERR_INVALID, "select: more than %d columns or parameters: use fewer",
                               SELECT_COLUMN_MAX);
        for (int i = 0; i < select->column_count; i++) {
                select->columns[i] = strdup(sqlite3_column_name(statement, i));
                if (!select->columns[i])
                        return err_set(err, ERR_NOMEM, "select: out of memory");
        }
        for (int i = 0; i < select->parameter_count; i++) {
                name = sqlite3_bind_parameter_name(statement, i + 1);
                if (!name || name[0] != ':')
                        return err_set(err, ERR_INVALID, "select: a parameter has no name: write :name");
                select->parameters[i] = strdup(name + 1);
                if (!select->parameters[i])
                        return err_set(err, ERR_NOMEM, "select: out of memory");
        }
        return 0;
}

/* One line of the WITH that cuts the views down to the subject. Names come from the schema and the kinds of
 * rules. */
static int scope_view(struct buf *sql, const struct view *view, const char *kind, struct err *err)
{
        char column[64];

        /* Read by their keys; a CTE would be filled with every day there is. */
        if (strcmp(view->name, "day") == 0 || strcmp(view->name, "school_day") == 0)
                return 0;
        snprintf(column, sizeof column, "\"%.60s\"", kind);
        buf_addf(sql, "%s\"%s\" AS NOT MATERIALIZED (SELECT * FROM main.\"%s\"", sql->length ? ", " : "WITH ",
                 view->name, view->name);
        if (strstr(view->columns, column))
                buf_addf(sql, " WHERE \"%s\" = :subject)", kind);
        else if (view->has_kind && view->has_subject)
                buf_addf(sql, " WHERE \"kind\" = '%s' AND \"subject\" = :subject)", kind);
        else
                return err_set(err, ERR_INVALID,
                               "select: %s: has no column %s: a rule about a %s cannot read it", view->name,
                               kind, kind);
        return 0;
}

static int compose_sql(struct select *select, struct select_sandbox *sandbox, const char *kind,
                       const char *text, struct err *err)
{
        struct buf sql;
        int r = 0;

        buf_init(&sql, SELECT_TEXT_MAX * 2);
        for (int i = 0; i < sandbox->count && r == 0; i++) {
                if (!sandbox->used[i])
                        continue;
                r = scope_view(&sql, &sandbox->views[i], kind, err);
                select->reads |= sandbox->views[i].reads;
                select->views[select->view_count] = strdup(sandbox->views[i].name);
                if (!select->views[select->view_count++])
                        r = err_set(err, ERR_NOMEM, "select: out of memory");
        }
        if (r == 0) {
                buf_addf(&sql, " SELECT * FROM (%s\n)", text);
                select->sql = buf_take(&sql);
                if (!select->sql)
                        r = err_set(err, ERR_NOMEM, "select: out of memory");
        }
        buf_fini(&sql);
        return r;
}

/* The text without what may follow its end, so that it can stand in parentheses. */
static char *trim_end(const char *sql)
{
        size_t length = strlen(sql);

        while (length && strchr(" \t\r\n;", sql[length - 1]))
                length--;
        return strndup(sql, length);
}

static int check(struct select *select, struct select_sandbox *sandbox, const char *kind, const char *sql,
                 struct err *err)
{
        _cleanup_(free_ptr) char *text = trim_end(sql);
        sqlite3_stmt *statement = NULL;
        const char *tail;
        int r;

        if (!text)
                return err_set(err, ERR_NOMEM, "select: out of memory");
        memset(sandbox->used, 0, sizeof sandbox->used);
        sandbox->refused[0] = '\0';
        if (sqlite3_prepare_v2(sandbox->handle, text, -1, &statement, &tail) != SQLITE_OK)
                return refuse(sandbox, text, err);
        if (!statement || !is_blank(tail) || !sqlite3_stmt_readonly(statement))
                r = err_set(err, ERR_INVALID, "select: must be one SELECT: write no more and no less");
        else
                r = copy_names(select, statement, err);
        sqlite3_finalize(statement);
        return r < 0 ? r : compose_sql(select, sandbox, kind, text, err);
}

int select_new(struct select_sandbox *sandbox, const char *name, const char *kind, const char *sql,
               struct select **ret_select, struct err *err)
{
        struct select *select;
        int r;

        if (strlen(sql) > SELECT_TEXT_MAX)
                return err_set(err, ERR_INVALID, "select: longer than %d bytes: shorten it", SELECT_TEXT_MAX);
        select = calloc(1, sizeof *select);
        if (!select || !(select->name = strdup(name))) {
                free(select);
                return err_set(err, ERR_NOMEM, "select: out of memory");
        }
        r = check(select, sandbox, kind, sql, err);
        if (r < 0) {
                select_free(select);
                return r;
        }
        *ret_select = select;
        return 0;
}

struct select *select_free(struct select *select)
{
        if (!select)
                return NULL;
        for (int i = 0; i < SELECT_COLUMN_MAX; i++) {
                free(select->columns[i]);
                free(select->parameters[i]);
        }
        for (int i = 0; i < select->view_count; i++)
                free(select->views[i]);
        db_forget(&select->kept);
        free(select->name);
        free(select->sql);
        free(select);
        return NULL;
}

int select_column_count(const struct select *select)
{
        return select->column_count;
}

const char *select_column(const struct select *select, int column)
{
        return select->columns[column];
}

int select_find_column(const struct select *select, const char *name)
{
        for (int i = 0; i < select->column_count; i++)
                if (strcmp(select->columns[i], name) == 0)
                        return i;
        return -1;
}

int select_parameter_count(const struct select *select)
{
        return select->parameter_count;
}

const char *select_parameter(const struct select *select, int parameter)
{
        return select->parameters[parameter];
}

unsigned select_reads(const struct select *select)
{
        return select->reads;
}

int select_view_count(const struct select *select)
{
        return select->view_count;
}

const char *select_view(const struct select *select, int view)
{
        return select->views[view];
}

/* ---- runs */

static int count_steps(void *context)
{
        struct select_run *run = context;

        return ++run->thousand_steps > SELECT_STEP_MAX;
}

static void fail(struct select_run *run)
{
        sqlite3 *handle = db_handle(run->db);

        if (sqlite3_errcode(handle) == SQLITE_INTERRUPT)
                run->error = err_set(run->err, ERR_LIMIT,
                                     "%s: reads too much for one subject: make the select narrower",
                                     run->select->name);
        else if (sqlite3_errcode(handle) == SQLITE_TOOBIG)
                run->error = err_set(run->err, ERR_LIMIT,
                                     "%s: puts together a value of more than %d bytes: shorten it",
                                     run->select->name, SELECT_BYTES_MAX);
        else
                run->error = err_set(run->err, ERR_IO, "%s: %s", run->select->name, sqlite3_errmsg(handle));
}

void select_start(struct select_run *run, struct select *select, struct db *db, struct err *err)
{
        *run = (struct select_run){.select = select, .db = db, .err = err};
        if (select->kept.db != db)
                run->error = db_keep(db, select->sql, &select->kept, err);
        if (run->error && err)
                err_prefix(err, "%s", select->name);
}

/* The scope adds :subject, so numbers are found by name. */
static int number_of(struct select_run *run, int parameter)
{
        char name[72];

        snprintf(name, sizeof name, ":%.64s", parameter < 0 ? "subject" : run->select->parameters[parameter]);
        return sqlite3_bind_parameter_index(run->select->kept.statement, name);
}

void select_bind_text(struct select_run *run, int parameter, const char *text)
{
        if (!run->error && sqlite3_bind_text(run->select->kept.statement, number_of(run, parameter), text, -1,
                                             SQLITE_STATIC) != SQLITE_OK)
                fail(run);
}

void select_bind_int(struct select_run *run, int parameter, int64_t value)
{
        if (!run->error &&
            sqlite3_bind_int64(run->select->kept.statement, number_of(run, parameter), value) != SQLITE_OK)
                fail(run);
}

void select_bind_subject(struct select_run *run, const char *subject)
{
        int number;

        if (run->error)
                return;
        number = number_of(run, -1);
        if (number &&
            sqlite3_bind_text(run->select->kept.statement, number, subject, -1, SQLITE_STATIC) != SQLITE_OK)
                fail(run);
}

int select_row(struct select_run *run)
{
        int code, bytes_max;

        if (run->error)
                return run->error;
        bytes_max = sqlite3_limit(db_handle(run->db), SQLITE_LIMIT_LENGTH, SELECT_BYTES_MAX);
        sqlite3_progress_handler(db_handle(run->db), 1000, count_steps, run);
        code = sqlite3_step(run->select->kept.statement);
        sqlite3_progress_handler(db_handle(run->db), 0, NULL, NULL);
        sqlite3_limit(db_handle(run->db), SQLITE_LIMIT_LENGTH, bytes_max);
        if (code == SQLITE_DONE)
                return 0;
        if (code != SQLITE_ROW) {
                fail(run);
                return run->error;
        }
        if (++run->rows > SELECT_ROW_MAX)
                return run->error = err_set(run->err, ERR_LIMIT,
                                            "%s: more than %d rows for one subject: narrow the select",
                                            run->select->name, SELECT_ROW_MAX);
        return 1;
}

void select_end(struct select_run *run)
{
        if (!run->select->kept.statement)
                return;
        sqlite3_reset(run->select->kept.statement);
        sqlite3_clear_bindings(run->select->kept.statement);
}

enum select_type select_type(struct select_run *run, int column)
{
        switch (sqlite3_column_type(run->select->kept.statement, column)) {
        case SQLITE_NULL:
                return SELECT_NULL;
        case SQLITE_INTEGER:
                return SELECT_INTEGER;
        case SQLITE_FLOAT:
                return SELECT_REAL;
        default:
                return SELECT_TEXT;
        }
}

int64_t select_int(struct select_run *run, int column)
{
        return sqlite3_column_int64(run->select->kept.statement, column);
}

double select_real(struct select_run *run, int column)
{
        return sqlite3_column_double(run->select->kept.statement, column);
}

const char *select_text(struct select_run *run, int column)
{
        return (const char *)sqlite3_column_text(run->select->kept.statement, column);
}
