#include "command/simulation.h"
#include "base/buf.h"
#include "base/zone.h"
#include "command/resources.h"
#include "compose/catalogue.h"
#include "deliver/simulated.h"
#include "engine/engine.h"
#include "engine/rule.h"
#include "intake/intake.h"
#include "intake/roster.h"
#include "store/calendar_day.h"
#include "store/db.h"
#include "store/notice.h"
#include "store/place.h"
#include "store/receipt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STEP_SUBJECTS 64
#define ROUND_MAX 100000 /* engine steps at one moment: more is a rule that feeds itself */
#define RECEIPT_TYPE "kapula.message.receipt"

/* One line of the events file. */
struct played {
        int64_t time;
        int line;
        const char *text; /* in the file's bytes */
        size_t length;
        json_t *receipt; /* its data, when it is one; NULL */
};

struct simulation {
        const struct simulation_options *options;
        struct db *db;
        struct rulebook *book;
        struct catalogue *catalogue;
        struct engine *engine;
        struct zone *zone;
        struct buf roster, events;
        struct played *played;
        int count, next;
        int64_t from, until, now;
        bool any_refused;
        struct err failure; /* of a callback that cannot return it */
};

/* ---- input */

static int read_file(const char *path, struct buf *buf, struct err *err)
{
        FILE *file = fopen(path, "re");
        char block[65536];
        size_t length;
        int r = 0;

        if (!file)
                return err_set(err, ERR_IO, "%s: cannot open (%s): name a file that can be read", path,
                               strerror(errno));
        while ((length = fread(block, 1, sizeof block, file)) > 0 && buf_add(buf, block, length) == 0)
                ;
        if (ferror(file))
                r = err_set(err, ERR_IO, "%s: cannot read", path);
        else if (buf_error(buf))
                r = err_set(err, buf_error(buf), "%s: larger than %zu MB: split it", path,
                            buf->max_bytes >> 20);
        fclose(file);
        return r;
}

static void refuse(struct simulation *simulation, const char *file, int line, const char *error)
{
        char text[ERR_TEXT_MAX + 300];

        snprintf(text, sizeof text, "%s:%d: %s", file, line, error);
        simulation->any_refused = true;
        if (simulation->options->refused)
                simulation->options->refused(simulation->options->context, text);
}

/* Only what playing needs; intake checks the rest when the time comes. */
static void peek(struct simulation *simulation, struct played *played)
{
        json_t *event = json_loadb(played->text, played->length, 0, NULL);
        const char *time = json_string_value(json_object_get(event, "time"));
        const char *type = json_string_value(json_object_get(event, "type"));

        if (!time || !zone_parse(simulation->zone, time, &played->time))
                played->time = simulation->from;
        if (type && strcmp(type, RECEIPT_TYPE) == 0)
                played->receipt = json_incref(json_object_get(event, "data"));
        json_decref(event);
}

static int by_time(const void *a, const void *b)
{
        const struct played *first = a, *second = b;

        if (first->time != second->time)
                return first->time < second->time ? -1 : 1;
        return first->line - second->line;
}

static bool is_blank(const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (!strchr(" \t\r", text[i]))
                        return false;
        return true;
}

static int split_events(struct simulation *simulation, struct err *err)
{
        const char *at = buf_text(&simulation->events), *end = at + simulation->events.length;
        int room = 0, line = 0;

        for (; at < end; at++) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                size_t length = (size_t)((newline ? newline : end) - at);

                line++;
                if (!is_blank(at, length)) {
                        if (simulation->count == room) {
                                struct played *grown;

                                room = room ? room * 2 : 256;
                                grown = reallocarray(simulation->played, (size_t)room, sizeof *grown);
                                if (!grown)
                                        return err_set(err, ERR_NOMEM, "simulate: out of memory");
                                simulation->played = grown;
                        }
                        simulation->played[simulation->count] =
                            (struct played){.line = line, .text = at, .length = length};
                        peek(simulation, &simulation->played[simulation->count++]);
                }
                at += length;
        }
        if (simulation->count)
                qsort(simulation->played, (size_t)simulation->count, sizeof simulation->played[0], by_time);
        return 0;
}

static int load_roster(struct simulation *simulation, int64_t now, struct err *err)
{
        struct roster_options options = {.file = simulation->options->roster};
        struct roster_report report = {0};
        int r = db_begin(simulation->db, err);

        if (r == 0)
                r = roster_import(simulation->db, now, buf_text(&simulation->roster),
                                  simulation->roster.length, &options, &report, err);
        if (r == 0)
                r = db_commit(simulation->db, err);
        for (size_t i = 0; i < report.rejected_listed; i++)
                refuse(simulation, report.rejected[i].file, report.rejected[i].line,
                       report.rejected[i].error);
        roster_report_fini(&report);
        return r;
}

/* The zone of the times in the options is the roster's, so the roster is read once to learn it. */
static int learn_zone(struct simulation *simulation, struct err *err)
{
        _cleanup_(free_ptr) char *timezone = NULL;
        struct roster_options options = {.file = simulation->options->roster};
        struct roster_report report = {0};
        int r = db_begin(simulation->db, err);

        if (r == 0)
                r = roster_import(simulation->db, 0, buf_text(&simulation->roster), simulation->roster.length,
                                  &options, &report, err);
        if (r == 0)
                r = place_top_timezone(simulation->db, &timezone, err);
        db_rollback(simulation->db);
        roster_report_fini(&report);
        return r < 0 ? r : zone_open(timezone, &simulation->zone, err);
}

static int read_times(struct simulation *simulation, struct err *err)
{
        if (!zone_parse(simulation->zone, simulation->options->from, &simulation->from))
                return err_set(err, ERR_USAGE, "--from: `%.40s` is no time: write it as 2026-11-23T08:00",
                               simulation->options->from);
        if (!zone_parse(simulation->zone, simulation->options->until, &simulation->until))
                return err_set(err, ERR_USAGE, "--until: `%.40s` is no time: write it as 2026-11-23T20:00",
                               simulation->options->until);
        return 0;
}

/* ---- output */

static int give(struct simulation *simulation, json_t *effect, struct err *err)
{
        int r = 0;

        if (!effect)
                return err_set(err, ERR_NOMEM, "simulate: out of memory");
        if (simulation->now >= simulation->from)
                r = simulation->options->effect(simulation->options->context, effect, err);
        json_decref(effect);
        return r;
}

static json_t *new_effect(struct simulation *simulation, const char *name)
{
        char time[ZONE_STAMP_MAX];

        zone_stamp(simulation->zone, simulation->now, time);
        return json_pack("{s:s, s:s}", "time", time, "effect", name);
}

static void set_text(json_t *effect, const char *key, const char *text)
{
        if (text)
                json_object_set_new(effect, key, json_string(text));
}

static void engine_effect(void *context, const struct effect *effect)
{
        static const char *const names[] = {[EFFECT_SUPPRESSED] = "suppressed",
                                            [EFFECT_HELD] = "held",
                                            [EFFECT_RESOLVED] = "resolved",
                                            [EFFECT_EVENT] = "event"};
        struct simulation *simulation = context;
        char type[128];
        json_t *json;

        if (effect->kind == EFFECT_FIRED)
                return; /* its messages tell it */
        json = new_effect(simulation, names[effect->kind]);
        if (effect->kind == EFFECT_EVENT) {
                snprintf(type, sizeof type, "kapula.%s", effect->type);
                set_text(json, "type", type);
        }
        set_text(json, "rule", effect->rule);
        set_text(json, "subject", effect->subject);
        set_text(json, "key", effect->key);
        set_text(json, "recipient", effect->recipient);
        set_text(json, "channel", effect->channel);
        set_text(json, "reason", effect->reason);
        if (give(simulation, json, &simulation->failure) < 0)
                return; /* looked at after the step */
}

/* A digest is given once for each of its notices. */
struct message_effect {
        struct simulation *simulation;
        const struct message *message;
        const char *name;
};

static int origin_effect(void *context, const struct message_origin *origin, struct err *err)
{
        struct message_effect *effect = context;
        const struct message *message = effect->message;
        json_t *json = new_effect(effect->simulation, effect->name);

        set_text(json, "rule", origin->rule);
        set_text(json, "subject", origin->subject);
        set_text(json, "key", origin->key);
        set_text(json, "recipient", message->person);
        set_text(json, "channel", message->channel);
        set_text(json, "language", message->language);
        if (strcmp(effect->name, "message") == 0) {
                set_text(json, "title", message->title);
                set_text(json, "text", message->text);
        }
        if (json)
                json_object_set_new(json, "urgent", json_boolean(message->urgent));
        return give(effect->simulation, json, err);
}

static int message_effect(struct simulation *simulation, const struct message *message, const char *name,
                          struct err *err)
{
        struct message_effect effect = {simulation, message, name};

        return notice_origins(simulation->db, message->id, origin_effect, &effect, err);
}

static int on_sent(void *context, const struct message *message, struct err *err)
{
        return message_effect(context, message, "message", err);
}

static int on_expired(void *context, const struct message *message, struct err *err)
{
        return message_effect(context, message, "expired", err);
}

/* Whether receipts for this person and channel are played, before or after now. */
static bool awaits_receipt(void *context, const char *person, const char *channel)
{
        struct simulation *simulation = context;

        for (int i = 0; i < simulation->count; i++) {
                json_t *data = simulation->played[i].receipt;
                const char *recipient = json_string_value(json_object_get(data, "recipient"));
                const char *its_channel = json_string_value(json_object_get(data, "channel"));

                if (recipient && strcmp(recipient, person) == 0 &&
                    (!its_channel || strcmp(its_channel, channel) == 0))
                        return true;
        }
        return false;
}

/* ---- playing */

static int play_receipt(struct simulation *simulation, const struct played *played, struct err *err)
{
        const char *recipient = json_string_value(json_object_get(played->receipt, "recipient"));
        const char *channel = json_string_value(json_object_get(played->receipt, "channel"));
        const char *name = json_string_value(json_object_get(played->receipt, "status"));
        enum receipt_status status;
        int r;

        if (!recipient || !name || !receipt_status_parse(name, &status))
                return 0; /* intake has refused it */
        r = receipt_note_recipient(simulation->db, recipient, channel ? channel : "sms", status, played->time,
                                   err);
        if (r != ERR_NOT_FOUND)
                return r < 0 ? r : 0;
        refuse(simulation, simulation->options->events, played->line,
               "data.recipient: no message was sent to them yet");
        return 0;
}

static int play_event(struct simulation *simulation, const struct played *played, struct err *err)
{
        struct intake_report report = {0};
        int r = intake_events(simulation->db, simulation->now, played->text, played->length, INTAKE_NDJSON,
                              NULL, &report, err);

        if (r == ERR_INVALID || r == ERR_LIMIT) {
                refuse(simulation, simulation->options->events, played->line, err->text);
                r = 0;
        }
        for (size_t i = 0; i < report.rejected_listed; i++)
                refuse(simulation, simulation->options->events, played->line, report.rejected[i].error);
        if (r == 0 && played->receipt && report.accepted)
                r = play_receipt(simulation, played, err);
        intake_report_fini(&report);
        return r;
}

/* Everything that follows from the rows at this moment. */
static int settle(struct simulation *simulation, struct err *err)
{
        const struct simulated_hooks hooks = {awaits_receipt, on_sent, on_expired, simulation};
        int64_t moved;
        int done, r;

        for (int round = 0; round < ROUND_MAX; round++) {
                r = engine_step(simulation->engine, simulation->db, simulation->now, STEP_SUBJECTS, &done,
                                err);
                if (r == 0)
                        r = deliver_simulated(simulation->db, simulation->now, &hooks, &moved, err);
                if (r == 0 && simulation->failure.code) {
                        *err = simulation->failure;
                        r = err->code;
                }
                if (r < 0 || (done == 0 && moved == 0))
                        return r;
        }
        return err_set(err, ERR_LIMIT,
                       "simulate: the rules do not come to rest: look for one that feeds itself");
}

static int play_moment(struct simulation *simulation, struct err *err)
{
        int r = db_begin(simulation->db, err);

        if (r == 0)
                r = calendar_refresh(simulation->db, simulation->now, err);
        while (r == 0 && simulation->next < simulation->count &&
               simulation->played[simulation->next].time <= simulation->now)
                r = play_event(simulation, &simulation->played[simulation->next++], err);
        if (r == 0)
                r = settle(simulation, err);
        if (r == 0)
                return db_commit(simulation->db, err);
        db_rollback(simulation->db);
        return r;
}

static int next_moment(struct simulation *simulation, int64_t *ret_time, struct err *err)
{
        int64_t engine, message;
        int r = engine_next_time(simulation->db, &engine, err);

        if (r == 0)
                r = message_next_time(simulation->db, &message, err);
        if (r < 0)
                return r;
        *ret_time = engine < message ? engine : message;
        if (simulation->next < simulation->count && simulation->played[simulation->next].time < *ret_time)
                *ret_time = simulation->played[simulation->next].time;
        return 0;
}

static int play(struct simulation *simulation, struct err *err)
{
        int64_t next;
        int r;

        simulation->now = simulation->from;
        if (simulation->count && simulation->played[0].time < simulation->from)
                simulation->now = simulation->played[0].time;
        r = load_roster(simulation, simulation->now, err);
        while (r == 0 && simulation->now <= simulation->until) {
                r = play_moment(simulation, err);
                if (r == 0)
                        r = next_moment(simulation, &next, err);
                if (r == 0)
                        simulation->now = next > simulation->now ? next : simulation->now + 1;
        }
        return r;
}

/* ---- the whole */

static int prepare(struct simulation *simulation, struct err *err)
{
        const struct simulation_options *options = simulation->options;
        int r;

        r = read_file(options->roster, &simulation->roster, err);
        if (r == 0)
                r = read_file(options->events, &simulation->events, err);
        if (r == 0)
                r = db_open(":memory:", DB_PRIVATE, &simulation->db, err);
        if (r == 0)
                r = resource_rules(simulation->db, options->rules, NULL, true, &simulation->book, err);
        if (r == 0)
                r = resource_templates(options->templates, NULL, &simulation->catalogue, err);
        if (r == 0)
                r = engine_open(simulation->book, simulation->catalogue, &simulation->engine, err);
        if (r == 0)
                r = learn_zone(simulation, err);
        if (r == 0)
                r = read_times(simulation, err);
        if (r < 0)
                return r;
        engine_on_effect(simulation->engine, engine_effect, simulation);
        return split_events(simulation, err);
}

static void fini(struct simulation *simulation)
{
        for (int i = 0; i < simulation->count; i++)
                json_decref(simulation->played[i].receipt);
        free(simulation->played);
        zone_close(simulation->zone);
        engine_close(simulation->engine);
        rulebook_free(simulation->book);
        catalogue_free(simulation->catalogue);
        db_close(simulation->db);
        buf_fini(&simulation->roster);
        buf_fini(&simulation->events);
}

int simulation_run(const struct simulation_options *options, struct err *err)
{
        struct simulation simulation = {.options = options};
        int r;

        buf_init(&simulation.roster, ROSTER_BYTES_MAX);
        buf_init(&simulation.events, SIMULATION_EVENTS_MAX_BYTES);
        r = prepare(&simulation, err);
        if (r == 0)
                r = play(&simulation, err);
        if (r == 0 && simulation.any_refused) {
                r = ERR_INVALID;
                err->text[0] = '\0';
        }
        fini(&simulation);
        return r;
}
