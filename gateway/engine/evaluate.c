#include "engine/evaluate.h"
#include "base/date.h"

#include <inttypes.h>
#include <string.h>

#define DAY 86400
#define RECENT_DAYS 8 /* rules of the day look no farther back: facts older than 7 days message nobody */
#define FACTS_MAX_BYTES 65536

void row_fini(struct row *row)
{
        free(row->key);
        free(row->suppressed);
        free(row->pupil);
        free(row->organisation);
        free(row->supervisor);
        free(row->workplace);
        free(row->recipient);
        value_free(row->facts);
        free(row->facts_json);
}

void row_list_fini(struct row_list *rows)
{
        for (int i = 0; i < rows->count; i++)
                row_fini(&rows->items[i]);
        free(rows->items);
        *rows = (struct row_list){0};
}

bool row_is_true(const struct row *row, const char *column)
{
        const struct value *value = value_find(row->facts, column);

        if (!value)
                return false;
        switch (value->kind) {
        case VALUE_NULL:
                return false;
        case VALUE_BOOL:
                return value->boolean;
        case VALUE_COUNT:
                return value->count != 0;
        default:
                return true;
        }
}

/* ---- parameters */

static void bind_value(struct select_run *run, int parameter, const struct value *value,
                       char date_text[DATE_TEXT_MAX])
{
        if (!value)
                return;
        switch (value->kind) {
        case VALUE_TEXT:
                select_bind_text(run, parameter, value->text);
                break;
        case VALUE_DATE:
                date_print(value->date, date_text);
                select_bind_text(run, parameter, date_text);
                break;
        case VALUE_COUNT:
        case VALUE_TIME:
                select_bind_int(run, parameter, value->count);
                break;
        case VALUE_BOOL:
                select_bind_int(run, parameter, value->boolean);
                break;
        default:
                break; /* NULL stays unbound */
        }
}

static bool bind_own(struct select_run *run, int number, const struct rule *rule,
                     const struct parameter_values *parameters)
{
        const char *name = select_parameter(run->select, number);

        for (int i = 0; i < rule->parameter_count; i++)
                if (strcmp(rule->parameters[i].name, name) == 0) {
                        select_bind_int(run, number,
                                        parameters ? parameters->values[i] : rule->parameters[i].value);
                        return true;
                }
        return false;
}

/* What bound texts live in until the run ends. */
struct binding {
        char recent[DATE_TEXT_MAX];
        char dates[SELECT_COLUMN_MAX][DATE_TEXT_MAX];
};

static void bind_all(struct select_run *run, const struct rule *rule, const char *subject,
                     const struct parameter_values *parameters, const struct row *row, int64_t now_utc,
                     struct binding *binding)
{
        date_print((int32_t)(now_utc / DAY) - RECENT_DAYS, binding->recent);
        select_bind_subject(run, subject);
        for (int i = 0; i < select_parameter_count(run->select); i++) {
                const char *name = select_parameter(run->select, i);

                if (strcmp(name, "subject") == 0)
                        continue;
                if (strcmp(name, "now") == 0)
                        select_bind_int(run, i, now_utc);
                else if (strcmp(name, "recent") == 0)
                        select_bind_text(run, i, binding->recent);
                else if (row && strcmp(name, "key") == 0)
                        select_bind_text(run, i, row->key);
                else if (!bind_own(run, i, rule, parameters) && row)
                        bind_value(run, i, value_find(row->facts, name), binding->dates[i]);
        }
}

/* ---- columns */

static enum rule_type type_of(const struct rule_select *select, const char *column, enum rule_type otherwise)
{
        for (int i = 0; i < select->value_count; i++)
                if (strcmp(select->values[i].name, column) == 0)
                        return select->values[i].type;
        return otherwise;
}

static int set_value(struct value *map, const struct rule_select *select, struct select_run *run, int column,
                     struct err *err)
{
        enum select_type stored = select_type(run, column);
        const char *name = select_column(run->select, column);
        int32_t date;

        if (stored == SELECT_NULL) {
                value_set_null(map, name);
                return 0;
        }
        switch (type_of(select, name, stored == SELECT_TEXT ? RULE_TEXT : RULE_COUNT)) {
        case RULE_DATE:
                if (!date_parse(select_text(run, column), &date))
                        return err_set(err, ERR_INVALID,
                                       "select: column %s: is no date: give it as 2026-11-23", name);
                value_set_date(map, name, date);
                break;
        case RULE_TIME:
                value_set_time(map, name, select_int(run, column));
                break;
        case RULE_BOOL:
                value_set_bool(map, name, select_int(run, column) != 0);
                break;
        case RULE_COUNT:
                if (stored == SELECT_REAL)
                        value_set_number(map, name, select_real(run, column));
                else
                        value_set_count(map, name, select_int(run, column));
                break;
        default:
                value_set_text(map, name, select_text(run, column));
                break;
        }
        return 0;
}

/* Columns that are fields of struct row. Kept: also among the facts. */
enum field { FIELD_NONE, FIELD_TEXT, FIELD_INT, FIELD_SUBJECT };

struct column_meaning {
        const char *name;
        enum field field;
        size_t offset;
        bool kept;
};

static const struct column_meaning meaning_table[] = {
    {"dated", FIELD_INT, offsetof(struct row, dated), false},
    {"due", FIELD_INT, offsetof(struct row, due), false},
    {"event", FIELD_INT, offsetof(struct row, event), false},
    {"expires", FIELD_INT, offsetof(struct row, expires), false},
    {"key", FIELD_TEXT, offsetof(struct row, key), false},
    {"organisation", FIELD_TEXT, offsetof(struct row, organisation), true},
    {"pupil", FIELD_TEXT, offsetof(struct row, pupil), true},
    {"recipient", FIELD_TEXT, offsetof(struct row, recipient), true},
    {"subject", FIELD_SUBJECT, 0, false},
    {"supervisor", FIELD_TEXT, offsetof(struct row, supervisor), true},
    {"suppressed", FIELD_TEXT, offsetof(struct row, suppressed), false},
    {"told_of", FIELD_INT, offsetof(struct row, told_of), true},
    {"workplace", FIELD_TEXT, offsetof(struct row, workplace), true},
};

static const struct column_meaning *meaning_of(const char *column)
{
        for (size_t i = 0; i < ARRAY_SIZE(meaning_table); i++)
                if (strcmp(meaning_table[i].name, column) == 0)
                        return &meaning_table[i];
        return NULL;
}

static int read_field(struct row *row, const struct column_meaning *meaning, struct select_run *run,
                      int column, const char *subject, struct err *err)
{
        char *at = (char *)row + meaning->offset;
        const char *text;

        if (select_type(run, column) == SELECT_NULL)
                return 0;
        if (meaning->field == FIELD_INT) {
                *(int64_t *)at = select_int(run, column);
                return 0;
        }
        text = select_text(run, column);
        if (meaning->field == FIELD_SUBJECT)
                return strcmp(text, subject) == 0
                           ? 0
                           : err_set(err, ERR_INVALID, "select: gave a row of another subject");
        *(char **)at = strdup(text);
        return *(char **)at ? 0 : err_set(err, ERR_NOMEM, "rules: out of memory");
}

static int copy_field(struct row *row, const struct column_meaning *meaning, const struct value *value,
                      struct err *err)
{
        char *at = (char *)row + meaning->offset;

        if (meaning->field == FIELD_INT && value->kind == VALUE_COUNT)
                *(int64_t *)at = value->count;
        if (meaning->field != FIELD_TEXT || value->kind != VALUE_TEXT)
                return 0;
        *(char **)at = strdup(value->text);
        return *(char **)at ? 0 : err_set(err, ERR_NOMEM, "rules: out of memory");
}

int row_of_facts(const char *key, const char *facts, struct row *ret_row, struct err *err)
{
        struct row row = {.key = strdup(key)};
        int r = row.key ? value_parse(facts, strlen(facts), &row.facts, err)
                        : err_set(err, ERR_NOMEM, "rules: out of memory");

        for (size_t i = 0; i < ARRAY_SIZE(meaning_table) && r == 0; i++) {
                const struct value *value =
                    meaning_table[i].kept ? value_find(row.facts, meaning_table[i].name) : NULL;

                if (value)
                        r = copy_field(&row, &meaning_table[i], value, err);
        }
        if (r < 0) {
                row_fini(&row);
                return r;
        }
        *ret_row = row;
        return 0;
}

static int read_columns(struct rule *rule, struct row *row, struct select_run *run, const char *subject,
                        struct err *err)
{
        int r;

        for (int i = 0; i < select_column_count(run->select); i++) {
                const struct column_meaning *meaning = meaning_of(select_column(run->select, i));

                r = meaning ? read_field(row, meaning, run, i, subject, err) : 0;
                if (r == 0 && (!meaning || meaning->kept))
                        r = set_value(row->facts, &rule->main, run, i, err);
                if (r < 0)
                        return r;
        }
        if (!row->key || row->due == MATCH_NEVER)
                return err_set(err, ERR_INVALID, "select: gave a row without key or due");
        if (row->dated == MATCH_NEVER)
                row->dated = row->due;
        return value_error(row->facts, err);
}

/* A value as it would stand in the rule's file. */
static void add_parameter(struct buf *buf, const struct rule_parameter *parameter, int64_t value)
{
        int64_t from_midnight = value + DAY / 2;

        buf_addf(buf, "%s%s = ", buf->length ? ", " : "", parameter->name);
        if (parameter->kind == RULE_PARAMETER_TIME)
                buf_addf(buf, "%02" PRId64 ":%02" PRId64, from_midnight / 3600, from_midnight / 60 % 60);
        else if (parameter->kind == RULE_PARAMETER_INTEGER)
                buf_addf(buf, "%" PRId64, value);
        else if (value % DAY == 0)
                buf_addf(buf, "%" PRId64 " d", value / DAY);
        else if (value % 3600 == 0)
                buf_addf(buf, "%" PRId64 " h", value / 3600);
        else
                buf_addf(buf, "%" PRId64 " min", value / 60);
}

/* A match remembers the version of its rule, and in its facts what somebody had set in place of the file's.
 */
static int note_parameters(const struct rule *rule, const struct parameter_values *parameters,
                           struct value *facts, struct err *err)
{
        _cleanup_(free_ptr) char *text = NULL;
        struct buf buf;

        buf_init(&buf, FACTS_MAX_BYTES);
        for (int i = 0; parameters && i < rule->parameter_count; i++)
                if (parameters->values[i] != rule->parameters[i].value)
                        add_parameter(&buf, &rule->parameters[i], parameters->values[i]);
        if (buf.length) {
                text = buf_take(&buf);
                if (!text)
                        return err_set(err, ERR_NOMEM, "rules: out of memory");
                value_set_text(facts, "parameters", text);
        }
        buf_fini(&buf);
        return value_error(facts, err);
}

static int print_facts(struct row *row, struct err *err)
{
        struct buf buf;
        int r;

        buf_init(&buf, FACTS_MAX_BYTES);
        r = value_print(row->facts, &buf);
        row->facts_json = r == 0 ? buf_take(&buf) : NULL;
        buf_fini(&buf);
        return row->facts_json ? 0 : err_set(err, ERR_NOMEM, "rules: out of memory");
}

static int append(struct rule *rule, struct row_list *rows, struct select_run *run, const char *subject,
                  const struct parameter_values *parameters, struct err *err)
{
        struct row *row;
        int r;

        if (rows->count == rows->room) {
                int room = rows->room ? rows->room * 2 : 8;
                struct row *items = reallocarray(rows->items, (size_t)room, sizeof *items);

                if (!items)
                        return err_set(err, ERR_NOMEM, "rules: out of memory");
                rows->items = items;
                rows->room = room;
        }
        row = &rows->items[rows->count++];
        *row = (struct row){
            .expires = MATCH_NEVER, .dated = MATCH_NEVER, .due = MATCH_NEVER, .facts = value_map_new()};
        if (!row->facts)
                return err_set(err, ERR_NOMEM, "rules: out of memory");
        r = read_columns(rule, row, run, subject, err);
        if (r == 0)
                r = note_parameters(rule, parameters, row->facts, err);
        return r < 0 ? r : print_facts(row, err);
}

int evaluate(struct rule *rule, struct db *db, const char *subject, const struct parameter_values *parameters,
             int64_t now_utc, struct row_list *ret_rows, struct err *err)
{
        struct row_list rows = {0};
        struct binding binding;
        struct select_run run;
        int r;

        select_start(&run, rule->main.select, db, err);
        bind_all(&run, rule, subject, parameters, NULL, now_utc, &binding);
        while ((r = select_row(&run)) > 0) {
                r = append(rule, &rows, &run, subject, parameters, err);
                if (r < 0)
                        break;
        }
        select_end(&run);
        if (r < 0) {
                row_list_fini(&rows);
                return r;
        }
        *ret_rows = rows;
        return 0;
}

int evaluate_list(struct rule *rule, const struct rule_select *list, struct db *db, const char *subject,
                  const struct parameter_values *parameters, const struct row *row, int64_t now_utc,
                  struct value *into, struct err *err)
{
        struct binding binding;
        struct select_run run;
        int r;

        if (!into)
                return err_set(err, ERR_NOMEM, "%s: out of memory", list->name);
        select_start(&run, list->select, db, err);
        bind_all(&run, rule, subject, parameters, row, now_utc, &binding);
        while ((r = select_row(&run)) > 0) {
                struct value *map = value_append_map(into);

                for (int i = 0; i < select_column_count(list->select) && r >= 0; i++)
                        r = set_value(map, list, &run, i, err);
                if (r < 0)
                        break;
        }
        select_end(&run);
        return r < 0 ? r : value_error(into, err);
}

int evaluate_marks(struct rule *rule, struct db *db, const char *subject,
                   const struct parameter_values *parameters, const struct row *row, int64_t now_utc,
                   int (*each)(void *context, int64_t mark, struct err *err), void *context, struct err *err)
{
        struct binding binding;
        struct select_run run;
        int column, r;

        if (!rule->marks)
                return 0;
        column = select_find_column(rule->marks, "mark");
        select_start(&run, rule->marks, db, err);
        bind_all(&run, rule, subject, parameters, row, now_utc, &binding);
        while ((r = select_row(&run)) > 0) {
                r = each(context, select_int(&run, column), err);
                if (r < 0)
                        break;
        }
        select_end(&run);
        return r < 0 ? r : 0;
}
