#include "command/simulation.h"
#include "base/date.h"
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
#include "store/due.h"
#include "store/notice.h"
#include "store/place.h"
#include "store/contact.h"
#include "store/receipt.h"
#include "store/seen.h"

#include <stdio.h>
#include <string.h>

#define STEP_SUBJECTS 64
#define ROUND_MAX 100000 /* engine steps at one moment: more is a rule that feeds itself */
#define ZONE_USUAL "Europe/Helsinki"
#define RECEIPT_TYPE "kapula.message.receipt"

/* An event and what playing it needs to know. */
struct played {
        const struct simulation_event *event;
        int64_t time;
        int number;      /* in the order of the input */
        json_t *receipt; /* its data, when it is one; NULL */
};

struct simulation {
        struct db *db; /* one transaction: a roster, on it one play */
        bool owns_db;
        struct rulebook *book;
        struct catalogue *catalogue;
        struct engine *engine;
        char *roster; /* what the transaction holds; NULL: nothing */
        size_t roster_length;
        int roster_year;
        char *timezone;

        /* of one play */
        const struct simulation_play *input;
        struct zone *zone;
        struct played *played;
        int next;
        int64_t from, until, now;
        bool any_refused;
        struct err failure; /* of a callback that cannot return it */
};

/* ---- input */

static void refuse(struct simulation *simulation, const char *file, int line, const char *error)
{
        char text[ERR_TEXT_MAX + 300];

        snprintf(text, sizeof text, "%s:%d: %s", file, line, error);
        simulation->any_refused = true;
        if (simulation->input->refused)
                simulation->input->refused(simulation->input->context, text);
}

/* Only what playing needs; intake checks the rest when the time comes. */
static void peek(struct simulation *simulation, struct played *played)
{
        const char *time, *type;
        json_t *event;

        if (!played->event->text) {
                played->time = played->event->time_utc;
                return;
        }
        event = json_loadb(played->event->text, played->event->length, 0, NULL);
        time = json_string_value(json_object_get(event, "time"));
        type = json_string_value(json_object_get(event, "type"));
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
        return first->number - second->number;
}

static int read_times(struct simulation *simulation, struct err *err)
{
        if (!zone_parse(simulation->zone, simulation->input->from, &simulation->from))
                return err_set(err, ERR_USAGE, "--from: `%.40s` is no time: write it as 2026-11-23T08:00",
                               simulation->input->from);
        if (!zone_parse(simulation->zone, simulation->input->until, &simulation->until))
                return err_set(err, ERR_USAGE, "--until: `%.40s` is no time: write it as 2026-11-23T20:00",
                               simulation->input->until);
        if (simulation->until < simulation->from)
                return err_set(err, ERR_USAGE, "--until: is before --from: give a later time");
        return 0;
}

static void forget_events(struct simulation *simulation)
{
        for (int i = 0; simulation->played && i < simulation->input->event_count; i++)
                json_decref(simulation->played[i].receipt);
        free(simulation->played);
        simulation->played = NULL;
        simulation->next = 0;
}

static int order_events(struct simulation *simulation, struct err *err)
{
        int count = simulation->input->event_count;

        simulation->played = calloc((size_t)count + 1, sizeof *simulation->played);
        if (!simulation->played)
                return err_set(err, ERR_NOMEM, "simulate: out of memory");
        for (int i = 0; i < count; i++) {
                simulation->played[i].event = &simulation->input->events[i];
                simulation->played[i].number = i;
                peek(simulation, &simulation->played[i]);
        }
        qsort(simulation->played, (size_t)count, sizeof simulation->played[0], by_time);
        return 0;
}

static int64_t start_of(const struct simulation *simulation)
{
        if (simulation->input->event_count && simulation->played[0].time < simulation->from)
                return simulation->played[0].time;
        return simulation->from;
}

/* Reads the times in ZONE and puts the events in order. */
static int read_input(struct simulation *simulation, const char *zone, struct err *err)
{
        int r;

        zone_close(simulation->zone);
        simulation->zone = NULL;
        forget_events(simulation);
        r = zone_open(zone, &simulation->zone, err);
        if (r == 0)
                r = read_times(simulation, err);
        return r < 0 ? r : order_events(simulation, err);
}

/* ---- the roster */

static int import(struct simulation *simulation, int64_t now, struct err *err)
{
        struct roster_options options = {.file = simulation->input->roster_name};
        struct roster_report report = {0};
        int r = roster_import(simulation->db, now, simulation->input->roster,
                              simulation->input->roster_length, &options, &report, err);

        for (size_t i = 0; i < report.rejected.listed; i++)
                refuse(simulation, report.rejected.items[i].file, (int)report.rejected.items[i].line,
                       report.rejected.items[i].error);
        roster_report_fini(&report);
        return r;
}

static void forget_roster(struct simulation *simulation)
{
        if (simulation->roster)
                db_rollback(simulation->db);
        free(simulation->roster);
        free(simulation->timezone);
        simulation->roster = simulation->timezone = NULL;
}

static int school_year(int64_t utc)
{
        int year, month, day;

        date_to_civil((int32_t)(utc / 86400), &year, &month, &day);
        return month >= 8 ? year : year - 1;
}

/* The roster stands in an open transaction and is used again as long as it and the years of its calendar are
 * the same. */
static int load_roster(struct simulation *simulation, int64_t now, struct err *err)
{
        const struct simulation_play *input = simulation->input;
        int r;

        if (simulation->roster && simulation->roster_year == school_year(now) &&
            simulation->roster_length == input->roster_length &&
            memcmp(simulation->roster, input->roster, input->roster_length) == 0)
                return 0;
        forget_roster(simulation);
        r = db_begin(simulation->db, err);
        if (r < 0)
                return r;
        simulation->roster = malloc(input->roster_length + 1);
        if (!simulation->roster) {
                db_rollback(simulation->db);
                return err_set(err, ERR_NOMEM, "simulate: out of memory");
        }
        memcpy(simulation->roster, input->roster, input->roster_length);
        simulation->roster_length = input->roster_length;
        simulation->roster_year = school_year(now);
        r = import(simulation, now, err);
        return r < 0 ? r : place_top_timezone(simulation->db, &simulation->timezone, err);
}

/* ---- output */

static int give(struct simulation *simulation, json_t *effect, struct err *err)
{
        int r = 0;

        if (!effect)
                return err_set(err, ERR_NOMEM, "simulate: out of memory");
        if (simulation->input->effect && simulation->now >= simulation->from)
                r = simulation->input->effect(simulation->input->context, effect, err);
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
                                            [EFFECT_EVENT] = "event",
                                            [EFFECT_CASE] = "case"};
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
        set_text(json, "step", effect->step);
        set_text(json, "case", effect->case_id);
        set_text(json, "rule", effect->rule);
        set_text(json, "state", effect->case_state);
        set_text(json, "owner", effect->owner);
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
                set_text(json, "title", origin->text ? origin->title : message->title);
                set_text(json, "text", origin->text ? origin->text : message->text);
                if (json && origin->text)
                        json_object_set_new(json, "digest", json_integer((json_int_t)message->id));
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

        for (int i = 0; i < simulation->input->event_count; i++) {
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
        if (r >= 0 && status == RECEIPT_FAILED &&
            json_is_true(json_object_get(played->receipt, "bad_address")))
                r = contact_mark_person(simulation->db, recipient, channel ? channel : "sms", "blocked",
                                        played->time, err);
        if (r != ERR_NOT_FOUND)
                return r < 0 ? r : 0;
        refuse(simulation, simulation->input->events_name, played->event->line,
               "data.recipient: no message was sent to them yet");
        return 0;
}

static int take_event(struct simulation *simulation, const struct played *played, const char *text,
                      size_t length, struct err *err)
{
        struct intake_report report = {0};
        int r =
            intake_events(simulation->db, simulation->now, text, length, INTAKE_NDJSON, NULL, &report, err);

        if (r == ERR_INVALID || r == ERR_LIMIT) {
                refuse(simulation, simulation->input->events_name, played->event->line, err->text);
                r = 0;
        }
        for (size_t i = 0; i < report.rejected_listed; i++)
                refuse(simulation, simulation->input->events_name, played->event->line,
                       report.rejected[i].error);
        if (r == 0 && played->receipt && report.accepted)
                r = play_receipt(simulation, played, err);
        intake_report_fini(&report);
        return r;
}

static int play_event(struct simulation *simulation, const struct played *played, struct err *err)
{
        _cleanup_(free_ptr) char *text = NULL;
        int r;

        if (played->event->text)
                return take_event(simulation, played, played->event->text, played->event->length, err);
        r = simulation->input->fetch(simulation->input->context, simulation->db, played->number, &text, err);
        return r < 0 || !text ? r : take_event(simulation, played, text, strlen(text), err);
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
                if (r == 0 && done)
                        continue; /* a digest leaves when all that is due now is in it */
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
        int r = simulation->input->once ? db_begin(simulation->db, err) : 0;

        if (r == 0)
                r = calendar_refresh(simulation->db, simulation->now, err);

        while (r == 0 && simulation->next < simulation->input->event_count &&
               simulation->played[simulation->next].time <= simulation->now)
                r = play_event(simulation, &simulation->played[simulation->next++], err);
        if (r == 0)
                r = settle(simulation, err);
        return r == 0 && simulation->input->once ? db_commit(simulation->db, err) : r;
}

static int next_moment(struct simulation *simulation, int64_t *ret_time, struct err *err)
{
        int64_t engine, message;
        int r = due_next(simulation->db, &engine, err);

        if (r == 0)
                r = message_next_time(simulation->db, &message, err);
        if (r < 0)
                return r;
        *ret_time = engine < message ? engine : message;
        if (simulation->next < simulation->input->event_count &&
            simulation->played[simulation->next].time < *ret_time)
                *ret_time = simulation->played[simulation->next].time;
        return 0;
}

static int play(struct simulation *simulation, struct err *err)
{
        int64_t next;
        int r = 0;

        simulation->now = start_of(simulation);
        if (simulation->input->prepare)
                r = simulation->input->prepare(simulation->input->context, simulation->db, err);
        while (r == 0 && simulation->now <= simulation->until) {
                if (simulation->input->moment)
                        r = simulation->input->moment(simulation->input->context, simulation->now, err);
                if (r == 0)
                        r = play_moment(simulation, err);
                if (r == 0)
                        r = next_moment(simulation, &next, err);
                if (r == 0)
                        simulation->now = next > simulation->now ? next : simulation->now + 1;
        }
        return r;
}

/* ---- the whole */

/* Folders in place of the shipped ones, or laid over them. DB: NULL for one of its own. */
static int open_with(struct db *db, const char *const rules[2], const char *const templates[2],
                     struct simulation **ret_simulation, struct err *err)
{
        struct simulation *simulation = calloc(1, sizeof *simulation);
        int r = 0;

        if (!simulation)
                return err_set(err, ERR_NOMEM, "simulate: out of memory");
        simulation->db = db;
        simulation->owns_db = !db;
        if (!db)
                r = db_open(":memory:", DB_PRIVATE, &simulation->db, err);
        /* Makes the import's temporary table now: made in a play it would be undone with it, and SQLite would
         * prepare every statement anew. */
        if (r == 0)
                r = seen_clear(simulation->db, err);
        if (r == 0)
                r = resource_rules(simulation->db, rules[0], rules[1], true, &simulation->book, err);
        if (r == 0)
                r = resource_templates(templates[0], templates[1], &simulation->catalogue, err);
        if (r == 0)
                r = engine_open(simulation->book, simulation->catalogue, &simulation->engine, err);
        if (r < 0) {
                simulation_close(simulation);
                return r;
        }
        engine_on_effect(simulation->engine, engine_effect, simulation);
        *ret_simulation = simulation;
        return 0;
}

int simulation_open(const char *rules, const char *templates, struct simulation **ret_simulation,
                    struct err *err)
{
        return open_with(NULL, (const char *[]){rules, NULL}, (const char *[]){templates, NULL},
                         ret_simulation, err);
}

int simulation_open_on(struct db *db, const char *rules, const char *templates,
                       struct simulation **ret_simulation, struct err *err)
{
        return open_with(db, (const char *[]){NULL, rules}, (const char *[]){NULL, templates}, ret_simulation,
                         err);
}

struct simulation *simulation_close(struct simulation *simulation)
{
        if (!simulation)
                return NULL;
        forget_roster(simulation);
        engine_close(simulation->engine);
        rulebook_free(simulation->book);
        catalogue_free(simulation->catalogue);
        if (simulation->owns_db)
                db_close(simulation->db);
        free(simulation);
        return NULL;
}

const struct rulebook *simulation_rules(const struct simulation *simulation)
{
        return simulation->book;
}

const struct catalogue *simulation_templates(const struct simulation *simulation)
{
        return simulation->catalogue;
}

static int find_zone(struct simulation *simulation, struct err *err)
{
        free(simulation->timezone);
        simulation->timezone = NULL;
        return place_top_timezone(simulation->db, &simulation->timezone, err);
}

/* The zone of times without an offset is the roster's: what the usual one says of them is near enough to load
 * it. */
static int prepare(struct simulation *simulation, struct err *err)
{
        int r = read_input(simulation, ZONE_USUAL, err);

        if (r == 0)
                r = simulation->owns_db ? load_roster(simulation, start_of(simulation), err)
                                        : find_zone(simulation, err);
        if (r < 0)
                forget_roster(simulation);
        return r < 0 || strcmp(simulation->timezone, ZONE_USUAL) == 0
                   ? r
                   : read_input(simulation, simulation->timezone, err);
}

/* Moment by moment on disk, so to say: one long transaction would keep every page that was ever changed. */
static int play_once(struct simulation *simulation, struct err *err)
{
        int r = simulation->roster ? db_commit(simulation->db, err) : 0;

        free(simulation->roster);
        simulation->roster = NULL;
        if (r == 0)
                r = play(simulation, err);
        if (r < 0)
                db_rollback(simulation->db);
        return r;
}

static int play_and_undo(struct simulation *simulation, struct err *err)
{
        int r = db_savepoint(simulation->db, err);

        if (r < 0)
                return r;
        r = play(simulation, err);
        db_savepoint_rollback(simulation->db);
        for (int i = 0; i < simulation->book->count; i++)
                simulation->book->rules[i]->version = 0; /* undone too */
        return r;
}

int simulation_play(struct simulation *simulation, const struct simulation_play *play_input, struct err *err)
{
        int r;

        simulation->input = play_input;
        simulation->any_refused = false;
        simulation->failure = (struct err){0};
        r = prepare(simulation, err);
        if (r == 0)
                r = play_input->once ? play_once(simulation, err) : play_and_undo(simulation, err);
        forget_events(simulation);
        simulation->zone = zone_close(simulation->zone);
        if (r == 0 && simulation->any_refused)
                return err_set(err, ERR_INVALID, "%s", "");
        return r;
}
