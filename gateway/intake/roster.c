#include "intake/roster.h"
#include "compose/json_text.h"
#include "intake/roster_row.h"
#include "intake/split.h"
#include "store/seen.h"

#include <stdio.h>
#include <string.h>

#define WHERE_MAX 64 /* "organisations[123456789]" */

/* One array of the file. In the order in which they are loaded, so that what rows refer to stands already. */
struct section {
        const char *name;
        enum load_kind kind;
        int (*read)(struct load *load, const json_t *row, const struct roster_place *place, struct err *err);
        int passes;
        const char
            *owner; /* key of the person whose other rows stay when one of theirs is refused; NULL: none */
};

static const struct section section_table[] = {
    {"organisations", LOAD_ORGANISATIONS, roster_row_organisation, ROSTER_ORGANISATION_PASSES, NULL},
    {"people", LOAD_PEOPLE, roster_row_person, 1, NULL},
    {"roles", LOAD_ROLES, roster_row_role, 1, "person"},
    {"guardians", LOAD_GUARDIANS, roster_row_guardian, 1, "pupil"},
    {"carers", LOAD_CARERS, roster_row_carer, 1, "pupil"},
    {"workplaces", LOAD_WORKPLACES, roster_row_workplace, 1, NULL},
    {"audiences", LOAD_AUDIENCES, roster_row_audience, 1, NULL},
    {"lessons", LOAD_LESSONS, roster_row_lesson, 1, NULL},
    {"calendar", LOAD_CALENDAR, roster_row_calendar, 1, NULL},
};

#define SECTION_COUNT ARRAY_SIZE(section_table)

struct file {
        struct span spans[SECTION_COUNT]; /* data NULL: not in the file */
};

static int read_json(struct span span, size_t flags, json_t **ret_value, struct err *err)
{
        json_error_t error;
        json_t *value;
        int r;

        if (span.length > ROSTER_ROW_BYTES_MAX)
                return err_set(err, ERR_INVALID, "longer than %u bytes: shorten it", ROSTER_ROW_BYTES_MAX);
        r = json_text_read(span.data, span.length, JSON_REJECT_DUPLICATES | flags, &value, &error);
        if (r == ERR_NOMEM)
                return err_set(err, ERR_NOMEM, "roster: out of memory");
        if (r < 0)
                return err_set(err, ERR_INVALID, "no valid JSON (%.100s): correct it",
                               json_error_code(&error) == json_error_invalid_utf8 ? "bad UTF-8" : error.text);
        *ret_value = value;
        return 0;
}

/* A row that is refused may be a slip in one that stands: nothing of its owner's kind ends. */
static int refuse_row(struct load *load, const struct section *section, const json_t *row,
                      const struct roster_place *place, const struct err *err)
{
        const char *owner = section->owner ? json_string_value(json_object_get(row, section->owner)) : NULL;
        int r = load_refuse(load, load->file, place->line, place->where, err);

        if (r == 0 && owner)
                r = seen_keep(load->db, section->name, owner, NULL);
        return r;
}

static int read_row(struct load *load, const struct section *section, struct span span, size_t index,
                    int pass)
{
        char where[WHERE_MAX];
        struct roster_place place = {.where = where, .line = span.line, .pass = pass};
        struct err err = {0};
        json_t *row = NULL;
        int r;

        snprintf(where, sizeof where, "%s[%zu]", section->name, index);
        r = read_json(span, 0, &row, &err);
        if (r < 0) {
                load->is_open[section->kind] = true;
                err_prefix(&err, "%s", where);
                if (pass > 0 && r != ERR_NOMEM)
                        return 0; /* told in the first pass */
        } else {
                r = section->read(load, row, &place, &err);
        }
        if (r < 0)
                r = refuse_row(load, section, row, &place, &err);
        json_decref(row);
        return r;
}

static int read_section(struct load *load, const struct section *section, struct span span, int pass,
                        struct err *err)
{
        struct split split;
        struct span row;
        size_t index = 0;
        int r;

        r = split_init(&split, span, '[', err);
        if (r < 0)
                return err_prefix(err, "%s", section->name);
        while ((r = split_next(&split, NULL, &row, err)) > 0) {
                r = read_row(load, section, row, index++, pass);
                if (r < 0)
                        return err_set(err, r, "%s: cannot load line %d (disk or memory): try again",
                                       section->name, row.line);
        }
        return r < 0 ? err_prefix(err, "%s", section->name) : 0;
}

static const struct section *find(const char *name)
{
        for (size_t i = 0; i < SECTION_COUNT; i++)
                if (strcmp(section_table[i].name, name) == 0)
                        return &section_table[i];
        return NULL;
}

static int take_section(struct load *load, struct file *file, const char *name, struct span value,
                        struct err *err)
{
        const struct section *section = find(name);
        struct err unknown = {0};
        size_t index;

        if (!section) {
                if (strncmp(name, "x-", 2) == 0)
                        return 0;
                err_set(&unknown, ERR_INVALID, "%.60s: unknown key: leave it out or begin it with x-", name);
                return load_refuse(load, load->file, value.line, name, &unknown);
        }
        index = (size_t)(section - section_table);
        if (file->spans[index].data)
                return err_set(err, ERR_INVALID, "line %d: %s stands twice in the file: join the lists",
                               value.line, name);
        file->spans[index] = value;
        return 0;
}

/* Walks the whole file once, so that a file that is cut is refused before anything is written. */
static int find_sections(struct load *load, struct file *file, const char *json, size_t length,
                         struct err *err)
{
        struct span key, value;
        struct split split;
        int r;

        r = split_init(&split, span_of(json, length), '{', err);
        while (r >= 0 && (r = split_next(&split, &key, &value, err)) > 0) {
                json_t *name = NULL;

                r = read_json(key, JSON_DECODE_ANY, &name, err);
                if (r < 0)
                        return err_prefix(err, "line %d", key.line);
                if (split_kind(value) != 'n') /* null is absent */
                        r = take_section(load, file, json_string_value(name), value, err);
                json_decref(name);
        }
        return r;
}

static int load_sections(struct load *load, const struct file *file, struct err *err)
{
        int r = 0;

        for (size_t i = 0; i < SECTION_COUNT; i++) {
                const struct section *section = &section_table[i];

                load->is_silent[section->kind] = !file->spans[i].data;
                for (int pass = 0; pass < section->passes && file->spans[i].data && r == 0; pass++)
                        r = read_section(load, section, file->spans[i], pass, err);
        }
        return r;
}

int roster_import(struct db *db, int64_t now_utc, const char *json, size_t length,
                  const struct roster_options *options, struct roster_report *report, struct err *err)
{
        struct file file = {0};
        struct load load;
        int r;

        if (length > ROSTER_BYTES_MAX)
                return err_set(err, ERR_LIMIT, "roster: larger than %u MB: split it", ROSTER_BYTES_MAX >> 20);
        r = load_begin(&load, db, now_utc, options, report, err);
        if (r == 0)
                r = find_sections(&load, &file, json, length, err);
        if (r == 0)
                r = load_sections(&load, &file, err);
        return r < 0 ? r : load_finish(&load, err);
}
