#include "base/zone.h"
#include "command/config.h"
#include "command/costs.h"
#include "command/verbs.h"
#include "store/db.h"
#include "store/message.h"
#include "store/message_log.h"
#include "store/reply.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 12
#define HASH_SHOWN 12 /* digits of a rule version's hash */
#define LABEL "%-*s"

struct messages_options {
        const char *config, *db, *state, *recipient, *limit;
        bool json;
};

/* What every part of the answer is printed with. */
struct show {
        struct db *db;
        struct zone *zone;
        json_t *json; /* the message; NULL: for people */
        json_t *list; /* of the part being told */
        json_t *notices;
        bool has_heading; /* of the part being told */
};

/* ---- words */

static const char *retry_words(const char *reason)
{
        static const char *const table[][2] = {
            {"asking-again", ": the provider gave no clear answer, it is asked again under the same key"},
            {"asking-status", ": the provider gave no clear answer, it will be asked what became of it"},
            {"may-double", ", may arrive twice"},
            {"not-taken", ": the provider says that it never came"},
            {"provider-busy", ": the provider could not take it"},
            {"temporary-failure", ": it could not be delivered for a while"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (reason && strcmp(reason, table[i][0]) == 0)
                        return table[i][1];
        return "";
}

/* What became of it, as a secretary says it. */
static void print_state(const char *state, const char *reason, const char *provider)
{
        static const char *const table[][2] = {
            {"queued", "waiting to be sent"},
            {"leased", "being sent"},
            {"delivered", "delivered"},
            {"cancelled", "cancelled before it was sent"},
        };
        const char *who = provider ? provider : "the provider";

        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (strcmp(state, table[i][0]) == 0)
                        fputs(table[i][1], stdout);
        if (strcmp(state, "held") == 0)
                printf("held: %s", reason ? reason : "no reason given");
        else if (strcmp(state, "accepted") == 0)
                printf("accepted by %s, %s", who,
                       reason && strcmp(reason, MESSAGE_NO_RECEIPTS) == 0
                           ? "which reports no deliveries: taken as delivered"
                           : "no receipt yet");
        else if (strcmp(state, "retry") == 0)
                printf("will be tried again%s", retry_words(reason));
        else if (strcmp(state, "unknown") == 0)
                printf("not known: %s gave no clear answer, it may or may not have arrived", who);
        else if (strcmp(state, "rejected") == 0)
                printf("rejected by %s", who);
        else if (strcmp(state, "failed") == 0)
                printf("not delivered: %s", reason && strcmp(reason, "receipt") == 0
                                                ? "the provider could not deliver it"
                                                : "given up");
        else if (strcmp(state, "expired") == 0)
                fputs("expired: not sent in time", stdout);
        else if (strcmp(state, "cancelled") == 0 && reason)
                printf(": %s", strcmp(reason, "digest") == 0 ? "told in one message with others" : reason);
}

static const char *channel_word(const char *channel)
{
        return strcmp(channel, "sms") == 0 ? "SMS" : "e-mail";
}

/* "2026-11-23 10:00:05" in the zone; the reader knows the zone. */
static const char *stamp(const struct show *show, int64_t utc, char ret_text[static ZONE_STAMP_MAX])
{
        zone_stamp(show->zone, utc, ret_text);
        ret_text[10] = ' ';
        ret_text[19] = '\0';
        return ret_text;
}

/* Control characters would move the terminal's cursor: only line ends pass, followed by the indent. */
static void print_text(const char *text, int indent)
{
        for (; *text; text++) {
                if (*text == '\n' && text[1])
                        printf("\n%*s", indent, "");
                else if ((unsigned char)*text >= ' ' && *text != 127)
                        putchar(*text);
        }
}

static void print_field(const char *label, const char *text)
{
        printf("  " LABEL, LABEL_WIDTH, label);
        print_text(text, LABEL_WIDTH + 2);
        putchar('\n');
}

static void print_heading(struct show *show, const char *heading)
{
        if (!show->has_heading)
                printf("%s\n", heading);
        show->has_heading = true;
}

/* ---- JSON */

/* Sets a time as RFC 3339, or nothing when there is none. */
static void set_time(const struct show *show, json_t *object, const char *key, int64_t utc)
{
        char text[ZONE_STAMP_MAX];

        if (utc == MESSAGE_NO_TIME)
                return;
        zone_stamp(show->zone, utc, text);
        json_object_set_new(object, key, json_string(text));
}

static json_t *row_json(const struct show *show, const struct message_row *row)
{
        json_t *json = json_pack(
            "{s:I, s:s, s:s, s:s, s:s, s:s*, s:s, s:s, s:s*, s:b, s:i, s:s*, s:s*, s:s*, s:s*}", "id",
            (json_int_t)row->id, "recipient", row->person, "channel", row->channel, "address", row->address,
            "language", row->language, "title", row->title, "text", row->text, "state", row->state, "reason",
            row->reason, "urgent", row->urgent, "attempts", row->attempts, "provider", row->provider,
            "provider_id", row->provider_id, "rule", row->rule, "subject", row->subject);

        if (!json)
                return NULL;
        if (row->segments)
                json_object_set_new(json, "segments", json_integer(row->segments));
        if (row->cost >= 0)
                json_object_set_new(json, "cost", json_real((double)row->cost / 1e6));
        set_time(show, json, "created", row->created);
        set_time(show, json, "changed", row->changed);
        set_time(show, json, "not_before", row->not_before);
        set_time(show, json, "deadline", row->deadline);
        return json;
}

static int append(json_t *list, json_t *item, struct err *err)
{
        return json_array_append_new(list, item) < 0 ? err_set(err, ERR_NOMEM, "messages: out of memory") : 0;
}

static void print_json(json_t *json)
{
        json_dumpf(json, stdout, JSON_COMPACT);
        putchar('\n');
}

/* ---- list */

static int list_row(void *context, const struct message_row *row, struct err *err)
{
        struct show *show = context;
        char created[ZONE_STAMP_MAX];

        if (show->list)
                return append(show->list, row_json(show, row), err);
        print_heading(
            show, "    id  written              recipient     by      rule                  about         "
                  "what became of it");
        printf("%6" PRId64 "  %s  %-12s  %-6s  %-20s  %-12s  ", row->id, stamp(show, row->created, created),
               row->person, channel_word(row->channel), row->rule ? row->rule : "-",
               row->notices > 1 ? "(digest)"
               : row->subject   ? row->subject
                                : "-");
        print_state(row->state, row->reason, row->provider);
        putchar('\n');
        return 0;
}

static int list(struct show *show, const struct messages_options *options, struct err *err)
{
        struct message_filter filter = {.state = options->state, .person = options->recipient};
        enum message_state state;
        char *end;
        int r;

        if (options->state && !message_state_parse(options->state, &state))
                return err_set(
                    err, ERR_USAGE,
                    "--state: %.40s is no state: use queued, held, leased, accepted, delivered, retry, "
                    "unknown, rejected, failed, expired or cancelled",
                    options->state);
        if (options->limit) {
                filter.limit = strtoll(options->limit, &end, 10);
                if (*end || end == options->limit || filter.limit < 1)
                        return err_set(err, ERR_USAGE, "--limit: %.20s is no number: give one from 1 up",
                                       options->limit);
        }
        if (options->json)
                show->list = json_array();
        r = message_log_list(show->db, &filter, list_row, show, err);
        if (r == 0 && show->list)
                print_json(show->list);
        else if (r == 0 && !show->has_heading)
                printf("no messages\n");
        json_decref(show->list);
        return r;
}

/* ---- show */

static int show_message(void *context, const struct message_row *row, struct err *err)
{
        struct show *show = context;
        char time[ZONE_STAMP_MAX], money[COSTS_MONEY_MAX];
        int r;

        if (show->json) {
                json_t *json = row_json(show, row);

                r = json ? json_object_update(show->json, json) : -1;
                json_decref(json);
                return r < 0 ? err_set(err, ERR_NOMEM, "messages: out of memory") : 0;
        }
        printf("Message %" PRId64 " to %s by %s%s: ", row->id, row->person, channel_word(row->channel),
               row->urgent ? ", urgent" : "");
        print_state(row->state, row->reason, row->provider);
        printf("\n\n");
        print_field("to", row->address);
        print_field("language", row->language);
        if (row->segments && row->cost < 0)
                printf("  " LABEL "%d SMS\n", LABEL_WIDTH, "length", row->segments);
        costs_money_print(row->cost, money);
        if (row->segments && row->cost >= 0)
                printf("  " LABEL "%d SMS, %s\n", LABEL_WIDTH, "length", row->segments, money);
        if (strcmp(row->state, "held") == 0 || strcmp(row->state, "retry") == 0 ||
            strcmp(row->state, "queued") == 0)
                if (row->not_before < MESSAGE_NO_TIME)
                        print_field("not before", stamp(show, row->not_before, time));
        if (row->deadline != MESSAGE_NO_TIME)
                print_field("useless at", stamp(show, row->deadline, time));
        if (row->title)
                print_field("title", row->title);
        print_field("text", row->text);
        return 0;
}

static int show_event(void *context, const struct event_row *row, struct err *err)
{
        char time[ZONE_STAMP_MAX], received[ZONE_STAMP_MAX];
        struct show *show = context;

        if (show->list) {
                json_t *json =
                    json_pack("{s:I, s:s, s:s, s:s, s:s*}", "seq", (json_int_t)row->seq, "source",
                              row->source, "id", row->id, "type", row->type, "subject", row->subject);

                set_time(show, json, "time", row->time);
                set_time(show, json, "received", row->received);
                return append(show->list, json, err);
        }
        printf("  " LABEL "%s of %s, received %s\n", LABEL_WIDTH, "event", row->type,
               stamp(show, row->time, time), stamp(show, row->received, received));
        printf("  " LABEL "%s, from %s\n", LABEL_WIDTH, "", row->id, row->source);
        return 0;
}

static int show_suppression(void *context, const struct suppression_row *row, struct err *err)
{
        struct show *show = context;
        char time[ZONE_STAMP_MAX];

        if (show->list) {
                json_t *json = json_pack("{s:s, s:s, s:s*}", "recipient", row->person, "reason", row->reason,
                                         "detail", row->detail);

                set_time(show, json, "at", row->at);
                return append(show->list, json, err);
        }
        printf("  " LABEL "%s: %s (%s)%s%s\n", LABEL_WIDTH, "not told",
               *row->person ? row->person : "nobody found", row->reason, stamp(show, row->at, time),
               row->detail ? ": " : "", row->detail ? row->detail : "");
        return 0;
}

static int show_reply(void *context, const struct reply_row *row, struct err *err)
{
        struct show *show = context;
        char time[ZONE_STAMP_MAX];

        if (show->list) {
                json_t *json =
                    json_pack("{s:s, s:s*, s:s*}", "answer", row->answer, "class", row->class, "by", row->by);

                set_time(show, json, "at", row->at);
                return append(show->list, json, err);
        }
        printf("  " LABEL "%s%s%s at %s\n", LABEL_WIDTH, "replied", row->answer, row->class ? ", " : "",
               row->class ? row->class : "", stamp(show, row->at, time));
        return 0;
}

/* A fact as text; free() it. Typed ones are written {"$date":"2026-11-23"}. */
static char *fact_text(const json_t *value)
{
        const char *type = json_object_iter_key(json_object_iter((json_t *)value));

        if (type && type[0] == '$')
                value = json_object_get(value, type);
        return json_is_string(value) ? strdup(json_string_value(value))
                                     : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

/* One "name: value" a line out of the JSON that the match keeps. */
static void print_facts(const char *facts)
{
        json_t *json = json_loads(facts, 0, NULL), *value;
        const char *name, *label = "facts";

        json_object_foreach(json, name, value)
        {
                _cleanup_(free_ptr) char *text = fact_text(value);

                printf("  " LABEL "%s: ", LABEL_WIDTH, label, name);
                print_text(text ? text : "", LABEL_WIDTH + 4);
                putchar('\n');
                label = "";
        }
        json_decref(json);
}

static void print_notice(struct show *show, const struct notice_row *row)
{
        char time[ZONE_STAMP_MAX];

        printf("\nWhy\n");
        printf("  " LABEL "%s, version %.*s in use since %s\n", LABEL_WIDTH, "rule", row->rule, HASH_SHOWN,
               row->version, stamp(show, row->version_first_used, time));
        printf("  " LABEL "%s %s, key %s\n", LABEL_WIDTH, "about", row->kind, row->subject, row->key);
        printf("  " LABEL "due %s", LABEL_WIDTH, "match", stamp(show, row->due, time));
        if (row->fired != MESSAGE_NO_TIME)
                printf(", fired %s", stamp(show, row->fired, time));
        printf(", %s%s%s\n", row->match_state, row->match_reason ? ": " : "",
               row->match_reason ? row->match_reason : "");
        printf("  " LABEL "%s, step %d, template %s\n", LABEL_WIDTH, "notice", row->state, row->step,
               row->template);
        print_facts(row->facts);
}

static json_t *notice_json(const struct show *show, const struct notice_row *row)
{
        json_t *json =
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s*, s:s, s:i, s:s, s:o*}", "rule", row->rule,
                      "version", row->version, "kind", row->kind, "subject", row->subject, "key", row->key,
                      "match_state", row->match_state, "match_reason", row->match_reason, "state", row->state,
                      "step", row->step, "template", row->template, "facts", json_loads(row->facts, 0, NULL));

        if (!json)
                return NULL;
        set_time(show, json, "version_since", row->version_first_used);
        set_time(show, json, "due", row->due);
        set_time(show, json, "fired", row->fired);
        set_time(show, json, "expires", row->expires);
        return json;
}

/* The list of a part: new in JSON, none for people. */
static void begin_part(struct show *show, json_t *owner, const char *name)
{
        show->has_heading = false;
        show->list = NULL;
        if (owner && json_object_set_new(owner, name, json_array()) == 0)
                show->list = json_object_get(owner, name);
}

static int show_notice(void *context, const struct notice_row *row, struct err *err)
{
        struct show *show = context;
        json_t *json = NULL;
        int r = 0;

        if (show->json) {
                json = notice_json(show, row);
                r = append(show->notices, json, err);
        } else {
                print_notice(show, row);
        }
        begin_part(show, json, "events");
        if (r == 0)
                r = message_log_events(show->db, row->match, show_event, show, err);
        begin_part(show, json, "suppressed");
        if (r == 0)
                r = message_log_suppressions(show->db, row->match, show_suppression, show, err);
        begin_part(show, json, "replies");
        if (r == 0)
                r = message_log_replies(show->db, row->notice, show_reply, show, err);
        return r;
}

static const char *attempt_words(const struct attempt_row *row)
{
        if (!row->outcome)
                return "no answer yet from";
        if (strcmp(row->outcome, "accepted") == 0)
                return "accepted by";
        if (strcmp(row->outcome, "rejected") == 0)
                return "rejected by";
        return strcmp(row->outcome, "retry") == 0 ? "put off by" : "no clear answer from";
}

static int show_attempt(void *context, const struct attempt_row *row, struct err *err)
{
        struct show *show = context;
        char time[ZONE_STAMP_MAX];

        if (show->list) {
                json_t *json = json_pack("{s:i, s:s, s:s*, s:s*}", "number", row->number, "provider",
                                         row->provider, "outcome", row->outcome, "detail", row->detail);

                if (json && row->status)
                        json_object_set_new(json, "status", json_integer(row->status));
                set_time(show, json, "started", row->started);
                set_time(show, json, "ended", row->ended);
                return append(show->list, json, err);
        }
        print_heading(show, "\nWhat happened");
        printf("  %s  sent to %s, attempt %d\n", stamp(show, row->started, time), row->provider, row->number);
        if (row->ended != MESSAGE_NO_TIME)
                printf("  %s  %s %s%s%s%s\n", stamp(show, row->ended, time), attempt_words(row),
                       row->provider, row->detail ? " (" : "", row->detail ? row->detail : "",
                       row->detail ? ")" : "");
        return 0;
}

static int show_receipt(void *context, const struct receipt_row *row, struct err *err)
{
        struct show *show = context;
        char time[ZONE_STAMP_MAX];

        if (show->list) {
                json_t *json = json_pack("{s:s, s:s*}", "status", row->status, "detail", row->detail);

                set_time(show, json, "at", row->at);
                set_time(show, json, "received", row->received);
                return append(show->list, json, err);
        }
        printf("  %s  %s%s%s\n", stamp(show, row->at, time),
               strcmp(row->status, "delivered") == 0 ? "delivered"
               : strcmp(row->status, "failed") == 0  ? "not delivered"
                                                     : "not delivered yet",
               row->detail ? ": " : "", row->detail ? row->detail : "");
        return 0;
}

static int show_sent_back(void *context, const struct reply_listed *row, struct err *err)
{
        struct show *show = context;
        char time[ZONE_STAMP_MAX];

        if (show->list) {
                json_t *json =
                    json_pack("{s:I, s:s, s:s, s:s*, s:s*}", "id", (json_int_t)row->id, "answer", row->answer,
                              "state", row->state, "reason", row->reason, "text", row->text);

                set_time(show, json, "at", row->at_utc);
                return append(show->list, json, err);
        }
        printf("  %s  sent back \"", stamp(show, row->at_utc, time));
        print_text(row->text ? row->text : "", LABEL_WIDTH + 2);
        printf("\": %s%s%s%s\n", row->answer, row->reason ? " (" : "", row->reason ? row->reason : "",
               row->reason ? ")" : "");
        return 0;
}

static int show_one(struct show *show, const char *operand, bool json, struct err *err)
{
        char *end;
        int64_t id = strtoll(operand, &end, 10);
        int r;

        if (*end || end == operand)
                return err_set(err, ERR_USAGE, "messages show: %.40s is no message id: give a number",
                               operand);
        if (json) {
                show->json = json_object();
                show->notices = json_array();
        }
        r = message_log_get(show->db, id, show_message, show, err);
        if (r == 0)
                r = message_log_notices(show->db, id, show_notice, show, err);
        begin_part(show, show->json, "attempts");
        if (r == 0)
                r = message_log_attempts(show->db, id, show_attempt, show, err);
        if (show->json)
                begin_part(show, show->json, "receipts");
        if (r == 0)
                r = message_log_receipts(show->db, id, show_receipt, show, err);
        if (show->json)
                begin_part(show, show->json, "sent_back");
        if (r == 0)
                r = reply_each_of(show->db, id, show_sent_back, show, err);
        if (r == 0 && show->json) {
                json_object_set(show->json, "notices", show->notices);
                print_json(show->json);
        }
        json_decref(show->notices);
        json_decref(show->json);
        return r;
}

static int run(int argc, char **argv, struct err *err)
{
        struct messages_options options = {0};
        const struct option_spec table[] = {
            {.name = "--config", .value = &options.config},
            {.name = "--db", .value = &options.db},
            {.name = "--json", .flag = &options.json},
            {.name = "--limit", .value = &options.limit},
            {.name = "--recipient", .value = &options.recipient},
            {.name = "--state", .value = &options.state},
            {0},
        };
        char zone[MESSAGE_LOG_ZONE_MAX];
        const char *operands[OPERAND_MAX];
        struct show show = {0};
        bool is_show;
        int count, r;

        r = options_read(argc, argv, table, operands, &count, err);
        if (r < 0)
                return r;
        is_show = count == 2 && strcmp(operands[0], "show") == 0;
        if (count && !is_show)
                return err_set(err, ERR_USAGE, "messages: %.40s: not understood: see kapula help messages",
                               operands[count - 1]);
        r = config_open_database(options.config, options.db, DB_READER, &show.db, err);
        if (r == 0)
                r = message_log_zone(show.db, zone, err);
        if (r == 0)
                r = zone_open(zone, &show.zone, err);
        if (r == 0)
                r = is_show ? show_one(&show, operands[1], options.json, err) : list(&show, &options, err);
        zone_close(show.zone);
        db_close(show.db);
        return r;
}

const struct verb verb_messages = {
    .name = "messages",
    .usage = "[--state S] [--recipient ID] [--limit N] [--json] [--db FILE] [--config FILE]\n"
             "show ID [--json] [--db FILE] [--config FILE]",
    .summary = "the log of messages; show: the whole chain behind one",
    .run = run,
};
