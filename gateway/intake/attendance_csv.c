#include "intake/attendance_csv.h"
#include "base/date.h"
#include "base/zone_keep.h"
#include "intake/apply.h"
#include "intake/attendance_map.h"
#include "intake/hours.h"
#include "store/attendance.h"
#include "store/calendar_day.h"
#include "store/event.h"
#include "store/organisation.h"

#include <stdio.h>
#include <string.h>

#define PUPIL_CACHE 4096    /* pupils whose place is remembered */
#define TIMETABLE_CACHE 256 /* weekdays of organisations whose lessons are */

struct known_pupil {
        char pupil[ID_SIZE];
        int32_t day;
        struct role_place place;
};

struct known_lessons {
        char organisation[ID_SIZE];
        int weekday;
        struct timetable timetable;
};

struct attendance_csv {
        struct db *db;
        int64_t now_utc, event;
        const struct attendance_map *map;
        const struct attendance_options *options;
        struct attendance_report *report;
        struct table table;
        struct known_pupil *pupils;
        struct known_lessons *lessons;
};

/* ---- where a pupil belongs, and the lessons there */

static size_t hash(const char *text, int number)
{
        uint64_t value = 1469598103934665603u ^ (uint64_t)number; /* FNV-1a */

        for (; *text; text++)
                value = (value ^ (unsigned char)*text) * 1099511628211u;
        return (size_t)(value >> 20);
}

static int find_pupil(struct attendance_csv *in, const char *id, int32_t date, struct role_place **ret_place,
                      struct err *err)
{
        struct known_pupil *known = &in->pupils[hash(id, date) % PUPIL_CACHE];
        char day[DATE_TEXT_MAX];
        int r;

        *ret_place = &known->place;
        if (known->day == date && strcmp(known->pupil, id) == 0)
                return 0;
        if (strlen(id) >= sizeof known->pupil)
                return table_refuse(&in->table, ATTENDANCE_PUPIL, err, "is longer than %d bytes: correct it",
                                    ID_MAX);
        known->day = INT32_MIN;
        date_print(date, day);
        r = role_of_pupil(in->db, id, day, &known->place, err);
        if (r == 0)
                return table_refuse(&in->table, ATTENDANCE_PUPIL, err,
                                    "is no pupil: import the roster first, or correct the id");
        if (r < 0)
                return r;
        memcpy(known->pupil, id, strlen(id) + 1);
        known->day = date;
        return 0;
}

static int find_lessons(struct attendance_csv *in, const char *organisation, int32_t date,
                        const struct timetable **ret_timetable, struct err *err)
{
        int weekday = date_weekday(date), r;
        struct known_lessons *known = &in->lessons[hash(organisation, weekday) % TIMETABLE_CACHE];

        *ret_timetable = attendance_map_lessons(in->map);
        if (*ret_timetable)
                return 0;
        *ret_timetable = &known->timetable;
        if (known->weekday == weekday && strcmp(known->organisation, organisation) == 0)
                return 0;
        known->weekday = 0;
        r = timetable_read(in->db, organisation, weekday, &known->timetable, err);
        if (r < 0)
                return r;
        snprintf(known->organisation, sizeof known->organisation, "%s", organisation);
        known->weekday = weekday;
        return 0;
}

/* ---- the values of a row */

static int read_day(struct attendance_csv *in, int32_t *ret_day, struct err *err)
{
        int32_t today = (int32_t)(in->now_utc / DAY_SECONDS);
        const char *text;
        int r = table_need(&in->table, ATTENDANCE_DAY, &text, err);

        if (r < 0)
                return r;
        if (!attendance_map_day(in->map, text, ret_day))
                return table_refuse(&in->table, ATTENDANCE_DAY, err,
                                    "is no date: write it as 2026-11-23, or give its form in the map");
        if (*ret_day < today - APPLY_PAST_DAYS_MAX || *ret_day > today + APPLY_AHEAD_DAYS_MAX)
                return table_refuse(&in->table, ATTENDANCE_DAY, err,
                                    "is more than two years ago or a year ahead: correct the date");
        return 0;
}

static int read_moment(struct attendance_csv *in, int column, struct zone *zone, int32_t day,
                       int64_t *ret_utc, struct err *err)
{
        const char *text = table_value(&in->table, column);
        int seconds;

        *ret_utc = HOURS_UNKNOWN;
        if (!text)
                return 0;
        if (attendance_map_time(in->map, text, &seconds))
                *ret_utc = zone_to_utc(zone, day, seconds);
        else if (!zone_parse(zone, text, ret_utc))
                return table_refuse(&in->table, column, err,
                                    "is no time: write it as 08:15, or give its form in the map");
        return 0;
}

static int read_lesson(struct attendance_csv *in, int *ret_lesson, struct err *err)
{
        const char *text = table_value(&in->table, ATTENDANCE_LESSON);
        char *end;
        long number;

        *ret_lesson = -1;
        if (!text)
                return 0;
        number = strtol(text, &end, 10);
        if (*end == '.' && end[1] == '\0') /* "3." */
                end++;
        if (end == text || *end || number < 0 || number > LESSON_NO_MAX)
                return table_refuse(&in->table, ATTENDANCE_LESSON, err,
                                    "is no lesson: write its number, 1 to %d, or 0 for the whole day",
                                    LESSON_NO_MAX);
        *ret_lesson = (int)number;
        return 0;
}

static const char *choose(const char *text, const char *const *choices)
{
        for (; *choices; choices++)
                if (strcmp(*choices, text) == 0)
                        return *choices;
        return NULL;
}

static int read_mark(struct attendance_csv *in, struct attendance_mark *row, struct err *err)
{
        static const char *const marks[] = {"absent", "late", "present", NULL};
        static const char *const classes[] = {"unexplained", "health", "leave", "other", NULL};
        const char *mark, *class = table_value(&in->table, ATTENDANCE_CLASS);
        int r = table_need(&in->table, ATTENDANCE_MARK, &mark, err);

        if (r < 0)
                return r;
        row->mark = choose(mark, marks);
        if (!row->mark)
                return table_refuse(&in->table, ATTENDANCE_MARK, err,
                                    "is no mark: write absent, late or present");
        row->class = class ? choose(class, classes) : row->mark == marks[0] ? classes[0] : NULL;
        if (class && !row->class)
                return table_refuse(&in->table, ATTENDANCE_CLASS, err,
                                    "is no class: write unexplained, health, leave or other");
        if (row->mark == marks[2])
                row->class = NULL;
        return 0;
}

/* 1: the row says something of attendance; 0: it does not. */
static int read_meaning(struct attendance_csv *in, struct attendance_mark *row, struct err *err)
{
        const char *text = table_value(&in->table, ATTENDANCE_CODE);
        struct attendance_code code;
        int r;

        if (!table_has(&in->table, ATTENDANCE_CODE)) {
                r = read_mark(in, row, err);
                return r < 0 ? r : 1;
        }
        if (!attendance_map_code(in->map, text, &code))
                return table_refuse(&in->table, ATTENDANCE_CODE, err,
                                    "is a code that the map does not know: add it to codes");
        row->mark = code.mark;
        row->class = code.class;
        return code.mark != NULL;
}

static int read_place(struct attendance_csv *in, const char **ret_place, struct err *err)
{
        static const char *const places[] = {"school", "workplace", NULL};
        const char *text = table_value(&in->table, ATTENDANCE_PLACE);

        *ret_place = text ? choose(text, places) : places[0];
        return *ret_place ? 0
                          : table_refuse(&in->table, ATTENDANCE_PLACE, err,
                                         "is no place: write school or workplace");
}

static int read_hours(struct attendance_csv *in, const struct role_place *place, int32_t date,
                      struct attendance_mark *row, struct err *err)
{
        struct hours_place where = {.db = in->db,
                                    .pupil = row->pupil,
                                    .organisation = place->organisation,
                                    .at_workplace = strcmp(row->place, "workplace") == 0};
        const struct timetable *timetable;
        enum hours_fault fault;
        struct hours hours;
        int r;

        r = zone_keep(place->zone, &where.zone, err);
        if (r == 0)
                r = read_lesson(in, &hours.lesson, err);
        if (r == 0)
                r = read_moment(in, ATTENDANCE_STARTS, where.zone, date, &hours.starts, err);
        if (r == 0)
                r = read_moment(in, ATTENDANCE_ENDS, where.zone, date, &hours.ends, err);
        if (r == 0)
                r = find_lessons(in, place->organisation, date, &timetable, err);
        if (r == 0)
                r = hours_complete_by(&where, timetable, date, &hours, err);
        if (r < 0)
                return r;
        fault = hours_check(&where, date, &hours);
        if (fault == HOURS_OTHER_DAY)
                return table_refuse(&in->table, ATTENDANCE_STARTS, err, "lies on another day: correct it");
        if (fault == HOURS_ENDS)
                return table_refuse(&in->table, ATTENDANCE_ENDS, err, "is not after the start: correct it");
        row->lesson = hours.lesson;
        row->starts = hours.starts;
        row->ends = hours.ends;
        return 0;
}

/* ---- rows */

static int take_row(struct attendance_csv *in, struct err *err)
{
        struct attendance_mark row = {.event = in->event, .received = in->now_utc};
        char day[DATE_TEXT_MAX];
        struct role_place *place;
        int32_t date;
        int r;

        r = table_need(&in->table, ATTENDANCE_PUPIL, &row.pupil, err);
        if (r == 0)
                r = read_day(in, &date, err);
        if (r == 0)
                r = read_meaning(in, &row, err);
        if (r == 0)
                in->report->skipped++;
        if (r <= 0)
                return r;
        r = find_pupil(in, row.pupil, date, &place, err);
        if (r == 0)
                r = read_place(in, &row.place, err);
        if (r == 0)
                r = read_hours(in, place, date, &row, err);
        if (r < 0)
                return r;
        date_print(date, day);
        row.day = day;
        row.by = table_value(&in->table, ATTENDANCE_BY);
        r = attendance_mark_add(in->db, &row, err);
        if (r < 0)
                return r;
        if (db_changes(in->db) > 0)
                in->report->added++;
        else
                in->report->same++;
        return 0;
}

/* At most ATTENDANCE_CHUNK_ROWS of them; 1: there are more. */
static int take_rows(struct attendance_csv *in, struct err *err)
{
        int r;

        for (int i = 0; i < ATTENDANCE_CHUNK_ROWS; i++) {
                struct err fault = {0};

                r = table_next(&in->table, &fault);
                if (r == 0)
                        return 0;
                if (r > 0)
                        r = take_row(in, &fault);
                if (r < 0)
                        r = rejections_add(&in->report->rejected, in->table.name, in->table.row.line, "",
                                           &fault);
                if (r < 0) {
                        *err = fault;
                        return err_prefix(err, "%s:%lld", in->table.name, (long long)in->table.row.line);
                }
        }
        return 1;
}

/* The event to which the marks of this file belong. */
static int add_event(struct attendance_csv *in, struct err *err)
{
        _cleanup_(free_ptr) char *id = NULL, *data = NULL;
        struct event row = {
            .source = in->options->source ? in->options->source : "attendance",
            .type = "attendance.imported",
            .subject = in->options->organisation,
            .time_utc = in->now_utc,
            .received_utc = in->now_utc,
        };
        json_t *json = json_pack("{s:s}", "file", in->table.name);
        int r;

        data = json_dumps(json, JSON_COMPACT);
        json_decref(json);
        if (!data)
                return err_set(err, ERR_NOMEM, "import: out of memory");
        row.data = data;
        for (int i = 0;; i++) { /* the same file may be taken twice in one second */
                free(id);
                if (asprintf(&id, "%s@%lld.%d", in->table.name, (long long)in->now_utc, i) < 0)
                        return err_set(err, ERR_NOMEM, "import: out of memory");
                row.id = id;
                r = event_add(in->db, &row, &in->event, err);
                if (r != PUT_SAME)
                        return r < 0 ? r : 0;
        }
}

static int end_chunk(struct attendance_csv *in, int code, struct err *err)
{
        if (code < 0) {
                db_rollback(in->db);
                return code;
        }
        return in->options->dry_run ? 0 : db_commit(in->db, err);
}

static int take_chunk(struct attendance_csv *in, struct err *err)
{
        int more, r = 0;

        if (!in->options->dry_run || !in->event)
                r = db_begin(in->db, err);
        if (r < 0)
                return r;
        if (!in->event) {
                r = calendar_refresh(in->db, in->now_utc, err);
                if (r == 0)
                        r = add_event(in, err);
        }
        more = r < 0 ? r : take_rows(in, err);
        r = end_chunk(in, more, err);
        return r < 0 ? r : more;
}

static int finish(struct attendance_csv *in, struct bundle *bundle, struct err *err)
{
        const char *organisation =
            in->options->organisation ? in->options->organisation : attendance_map_organisation(in->map);
        int r = bundle_check(bundle, err);

        if (r == 0 && organisation && !in->options->dry_run) {
                r = db_begin(in->db, err);
                if (r == 0)
                        r = end_chunk(in, register_synced(in->db, organisation, in->now_utc, err), err);
        }
        if (in->options->dry_run && in->event)
                db_rollback(in->db);
        return r;
}

static int check_organisation(struct attendance_csv *in, struct err *err)
{
        const char *organisation =
            in->options->organisation ? in->options->organisation : attendance_map_organisation(in->map);
        char kind[16];
        int r = organisation ? organisation_kind(in->db, organisation, kind, err) : 1;

        return r == 0 ? err_set(err, ERR_INVALID, "no such organisation %.100s: import the roster first",
                                organisation)
                      : r;
}

int attendance_csv_import(struct db *db, int64_t now_utc, struct bundle *bundle,
                          const struct attendance_map *map, const struct attendance_options *options,
                          struct attendance_report *report, struct err *err)
{
        struct attendance_csv in = {
            .db = db, .now_utc = now_utc, .map = map, .options = options, .report = report};
        const char *name = bundle_only(bundle);
        int r;

        if (!name)
                return err_set(err, ERR_INVALID, "more than one file: name the file with the attendance");
        in.pupils = calloc(PUPIL_CACHE, sizeof *in.pupils);
        in.lessons = calloc(TIMETABLE_CACHE, sizeof *in.lessons);
        r = in.pupils && in.lessons ? check_organisation(&in, err)
                                    : err_set(err, ERR_NOMEM, "import: out of memory");
        if (r >= 0)
                r = table_open(&in.table, bundle, name, attendance_map_columns(map), ATTENDANCE_FIELD_COUNT,
                               err);
        while (r >= 0 && (r = take_chunk(&in, err)) > 0)
                if (options->progress)
                        options->progress(options->progress_context, name,
                                          report->added + report->same + report->skipped);
        if (r == 0)
                r = finish(&in, bundle, err);
        table_close(&in.table);
        free(in.pupils);
        free(in.lessons);
        return r;
}

json_t *attendance_report_to_json(const struct attendance_report *report)
{
        return json_pack("{s:{s:I}, s:{}, s:{}, s:I, s:I, s:o}", "added", "marks", (json_int_t)report->added,
                         "updated", "ended", "same", (json_int_t)report->same, "skipped",
                         (json_int_t)report->skipped, "rejected", rejections_to_json(&report->rejected));
}
