#include "intake/intake.h"
#include "compose/json_text.h"
#include "intake/apply.h"
#include "intake/split.h"
#include "store/calendar_day.h"
#include "store/event.h"
#include "store/organisation.h"

#include <string.h>

enum outcome { EVENT_ACCEPTED, EVENT_DUPLICATE }; /* negative: refused, or failed */

/* ---- the report */

void intake_report_fini(struct intake_report *report)
{
        for (size_t i = 0; i < report->rejected_listed; i++) {
                free(report->rejected[i].id);
                free(report->rejected[i].error);
        }
        free(report->rejected);
        *report = (struct intake_report){0};
}

json_t *intake_report_to_json(const struct intake_report *report)
{
        json_t *rejected = json_array();

        for (size_t i = 0; i < report->rejected_listed; i++) {
                const struct intake_rejection *each = &report->rejected[i];

                if (json_array_append_new(rejected,
                                          json_pack("{s:I, s:s, s:s}", "index", (json_int_t)each->index, "id",
                                                    each->id, "error", each->error)) < 0) {
                        json_decref(rejected);
                        return NULL;
                }
        }
        return json_pack("{s:I, s:I, s:o}", "accepted", (json_int_t)report->accepted, "duplicates",
                         (json_int_t)report->duplicates, "rejected", rejected);
}

static int list_rejection(struct intake_report *report, int line, const char *id, const char *error)
{
        struct intake_rejection *rejection, *grown;
        size_t size = report->rejected_allocated;

        report->rejected_count++;
        if (report->rejected_listed == INTAKE_LISTED_MAX)
                return 0;
        if (report->rejected_listed == size) {
                size = size ? size * 2 : 16;
                grown = reallocarray(report->rejected, size, sizeof *grown);
                if (!grown)
                        return ERR_NOMEM;
                report->rejected = grown;
                report->rejected_allocated = size;
        }
        rejection = &report->rejected[report->rejected_listed++];
        *rejection =
            (struct intake_rejection){report->events, report->lines + line, strdup(id), strdup(error)};
        return rejection->id && rejection->error ? 0 : ERR_NOMEM;
}

/* ---- one event */

static bool has_offset(const char *text)
{
        return strlen(text) > 10 && strpbrk(text + 10, "Zz+-") != NULL;
}

/* The zone of what the event is about; the top's when that cannot be told. */
static int guess_zone(struct apply *apply, char ret_zone[static ZONE_NAME_MAX])
{
        static const char *const names[] = {"pupil", "organisation", "group", "placement"};
        char day[DATE_TEXT_MAX];
        struct placement placement;
        struct role_place place;
        int r = 0;

        date_print((int32_t)(apply->now_utc / DAY_SECONDS), day);
        for (size_t i = 0; i <= ARRAY_SIZE(names) && r == 0; i++) {
                const char *id = i < ARRAY_SIZE(names)
                                     ? json_string_value(json_object_get(apply->data.object, names[i]))
                                     : apply->event->subject;

                if (!id)
                        continue;
                r = placement_read(apply->db, id, &placement, apply->err);
                if (r >= 0)
                        r = role_of_pupil(apply->db, r ? placement.pupil : id, day, &place, apply->err);
                if (r > 0)
                        memcpy(ret_zone, place.zone, sizeof place.zone);
                else if (r == 0)
                        r = organisation_zone(apply->db, id, ret_zone, apply->err);
        }
        return r != 0 ? r : organisation_top_zone(apply->db, ret_zone, apply->err);
}

static int read_time(struct apply *apply)
{
        char name[ZONE_NAME_MAX] = "Europe/Helsinki";
        const char *text = apply->event->time;
        struct zone *zone;
        int r = 0;

        apply->time_utc = apply->now_utc;
        if (!text)
                return 0;
        if (!has_offset(text))
                r = guess_zone(apply, name);
        if (r >= 0)
                r = zone_keep(name, &zone, apply->err);
        if (r < 0)
                return r;
        if (!zone_parse(zone, text, &apply->time_utc))
                return err_set(apply->err, ERR_INVALID,
                               "time: no time: write it as 2026-11-23T08:15:00+02:00");
        if (apply->time_utc > apply->now_utc + (int64_t)APPLY_AHEAD_DAYS_MAX * DAY_SECONDS)
                return err_set(apply->err, ERR_INVALID,
                               "time: more than a year ahead of this clock: correct it");
        if (apply->time_utc < apply->now_utc - (int64_t)APPLY_PAST_DAYS_MAX * DAY_SECONDS)
                return err_set(apply->err, ERR_INVALID,
                               "time: more than two years ago: such facts are not taken");
        return 0;
}

static int check_source(const struct apply *apply)
{
        const char *prefix = apply->scope ? apply->scope->source_prefix : NULL;

        if (!prefix || strncmp(apply->event->source, prefix, strlen(prefix)) == 0)
                return 0;
        return err_set(apply->err, ERR_INVALID,
                       "source: does not begin with %s, which the sender's token asks for", prefix);
}

static int store_event(struct apply *apply)
{
        _cleanup_(free_ptr) char *data = json_dumps(apply->data.object, JSON_COMPACT);
        struct event row = {
            .source = apply->event->source,
            .id = apply->event->id,
            .type = apply->event->type,
            .subject = apply->event->subject,
            .data = data,
            .time_utc = apply->time_utc,
            .received_utc = apply->now_utc,
        };

        if (!data)
                return err_set(apply->err, ERR_NOMEM, "event: out of memory");
        return event_add(apply->db, &row, &apply->seq, apply->err);
}

static int apply_event(struct apply *apply, const struct apply_type *type)
{
        int r;

        r = db_savepoint(apply->db, apply->err);
        if (r < 0)
                return r;
        r = store_event(apply);
        if (r == PUT_SAME)
                r = EVENT_DUPLICATE;
        else if (r == PUT_ADDED)
                r = type->apply(apply) < 0 ? apply->err->code : EVENT_ACCEPTED;
        if (r == EVENT_ACCEPTED) {
                fields_check_spelling(&apply->data);
                if (apply->data.error)
                        r = apply->data.error;
        }
        if (r < 0) {
                db_savepoint_rollback(apply->db);
                return r;
        }
        return db_savepoint_release(apply->db, apply->err) < 0 ? apply->err->code : r;
}

static int take_event(struct db *db, int64_t now_utc, const struct intake_scope *scope, const json_t *json,
                      const json_t *no_data, struct err *err)
{
        struct apply apply = {.db = db, .now_utc = now_utc, .scope = scope, .err = err};
        const struct apply_type *type;
        struct cloudevent event;
        int r;

        r = cloudevent_read(json, &event, err);
        if (r < 0)
                return r;
        apply.event = &event;
        fields_init(&apply.data, event.data ? event.data : no_data, "data", err);
        type = apply_find(event.type);
        if (!type)
                return err_set(err, ERR_INVALID, "type: kapula.%.100s is not known: see the table of types",
                               event.type);
        r = check_source(&apply);
        if (r == 0)
                r = read_time(&apply);
        return r < 0 ? r : apply_event(&apply, type);
}

/* ---- many */

struct batch {
        struct db *db;
        int64_t now_utc;
        const struct intake_scope *scope;
        struct intake_report *report;
        json_t *no_data;
        int count;
        struct err *err;
};

static int read_json(struct span span, json_t **ret_json, struct err *err)
{
        json_error_t error;

        if (span.length > INTAKE_EVENT_BYTES_MAX)
                return err_set(err, ERR_INVALID, "event: larger than %u bytes: send less data",
                               INTAKE_EVENT_BYTES_MAX);
        if (json_text_read(span.data, span.length, JSON_REJECT_DUPLICATES, ret_json, &error) == 0)
                return 0;
        if (json_error_code(&error) == json_error_out_of_memory)
                return err_set(err, ERR_NOMEM, "event: out of memory");
        return err_set(err, ERR_INVALID, "event: no valid JSON (%.100s): correct it",
                       json_error_code(&error) == json_error_invalid_utf8 ? "bad UTF-8" : error.text);
}

static bool is_fault_of_event(int code)
{
        return code == ERR_INVALID || code == ERR_CONFLICT || code == ERR_NOT_FOUND;
}

static int take_span(struct batch *batch, struct span span)
{
        struct err err = {0};
        json_t *json = NULL;
        const char *id;
        int r;

        if (++batch->count > INTAKE_EVENTS_MAX)
                return err_set(batch->err, ERR_LIMIT, "events: more than %d at once: send them in parts",
                               INTAKE_EVENTS_MAX);
        r = read_json(span, &json, &err);
        if (r == 0)
                r = take_event(batch->db, batch->now_utc, batch->scope, json, batch->no_data, &err);
        if (r >= 0) {
                batch->report->accepted += r == EVENT_ACCEPTED;
                batch->report->duplicates += r == EVENT_DUPLICATE;
        } else if (is_fault_of_event(r)) {
                id = json_string_value(json_object_get(json, "id"));
                batch->report->unreadable += !json && span.length <= INTAKE_EVENT_BYTES_MAX;
                r = list_rejection(batch->report, span.line, id && field_is_id(id) ? id : "", err.text);
                if (r < 0)
                        err_set(batch->err, r, "events: out of memory");
        } else if (batch->err) {
                *batch->err = err;
        }
        batch->report->events++;
        json_decref(json);
        return r < 0 ? r : 0;
}

static int take_array(struct batch *batch, struct span span)
{
        struct split split;
        struct span each;
        int r;

        /* Once to the end first: a text that is cut leaves nothing. */
        r = split_init(&split, span, '[', batch->err);
        while (r >= 0 && (r = split_next(&split, NULL, &each, batch->err)) > 0)
                ;
        if (r < 0)
                return r;
        r = split_init(&split, span, '[', batch->err);
        while (r >= 0 && (r = split_next(&split, NULL, &each, batch->err)) > 0)
                r = take_span(batch, each);
        return r;
}

static bool is_blank(struct span span)
{
        return split_kind(span) == 0;
}

static int take_lines(struct batch *batch, struct span span)
{
        const char *at = span.data, *end = span.data + span.length, *newline;
        int line = span.line, r = 0;

        while (at < end && r == 0) {
                struct span each;

                newline = memchr(at, '\n', (size_t)(end - at));
                each = (struct span){at, (size_t)((newline ? newline : end) - at), line};
                if (!is_blank(each))
                        r = take_span(batch, each);
                at = newline ? newline + 1 : end;
                line++;
        }
        batch->report->lines += line - span.line;
        return r;
}

static int take_object(struct batch *batch, struct span span)
{
        json_t *json = NULL;
        int r;

        if (span.length <=
            INTAKE_EVENT_BYTES_MAX) { /* what is no JSON object at all is no event to be refused */
                r = read_json(span, &json, batch->err);
                if (r == 0 && !json_is_object(json))
                        r = err_set(batch->err, ERR_INVALID, "event: no object: send one CloudEvent");
                json_decref(json);
                if (r < 0)
                        return r;
        }
        return take_span(batch, span);
}

int intake_events(struct db *db, int64_t now_utc, const char *data, size_t length, enum intake_format format,
                  const struct intake_scope *scope, struct intake_report *report, struct err *err)
{
        struct batch batch = {.db = db, .now_utc = now_utc, .scope = scope, .report = report, .err = err};
        struct span span = span_of(data, length);
        int r;

        if (length > INTAKE_BYTES_MAX)
                return err_set(err, ERR_LIMIT, "events: larger than %u bytes: send them in parts",
                               INTAKE_BYTES_MAX);
        r = calendar_refresh(db, now_utc, err); /* the window may have moved on, or somebody wrote directly */
        if (r < 0)
                return r;
        batch.no_data = json_object();
        if (!batch.no_data)
                return err_set(err, ERR_NOMEM, "events: out of memory");
        r = format == INTAKE_EVENT   ? take_object(&batch, span)
            : format == INTAKE_BATCH ? take_array(&batch, span)
                                     : take_lines(&batch, span);
        json_decref(batch.no_data);
        return r;
}
