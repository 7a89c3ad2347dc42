/* One message and its whole chain in words: what happened, which rule spoke and why, who was not told, what
 * became of it, what came back. */
#include "compose/phone.h"
#include "desk/message.h"
#include "desk/pages.h"
#include "store/message_log.h"
#include "store/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTICES_MAX 200 /* of one message; those beyond are not told */
#define HASH_SHOWN 12   /* digits of a rule's version */
#define SHOWN_LETTERS 2 /* of an address that is not shown */

struct chain {
        struct desk *desk;
        int64_t id;
        int64_t notices[NOTICES_MAX]; /* that the reader may see */
        int count, all;
        char pupil[PAGE_ID_SIZE]; /* whom the first of them is about; "": nobody */
        char last[PAGE_ID_SIZE];  /* the pupil asked about last, and the answer */
        int last_is_open;
        bool is_protected; /* one of the pupils */
        bool is_secret;    /* the text names a place of a protected pupil */
        struct value *why; /* of the notice that is told */
        struct buf parts;  /* what the message says of the notices that may be seen */
};

static struct value *append(struct desk *desk, const char *list)
{
        return value_append_map((struct value *)value_find(desk->values, list));
}

static struct value *append_to(struct value *map, const char *list)
{
        return value_append_map((struct value *)value_find(map, list));
}

/* ---- whether the reader may */

static int pupil_is_open(struct chain *chain, const char *pupil)
{
        struct desk_subject subject;

        if (!*pupil)
                return 1;
        if (strcmp(chain->last, pupil) != 0) {
                snprintf(chain->last, sizeof chain->last, "%s", pupil);
                chain->last_is_open = desk_opens(chain->desk, DESK_LOG, DESK_SUBJECT_PUPIL, pupil, &subject);
                if (chain->last_is_open > 0 && !chain->desk->subject.id[0])
                        chain->desk->subject = subject; /* for the record of who saw what */
        }
        return chain->last_is_open;
}

static int check_part(void *context, const struct desk_log_part *part, struct err *err)
{
        struct chain *chain = context;
        int r = part->is_seen ? pupil_is_open(chain, part->pupil) : 0;

        chain->all++;
        if (r <= 0 || chain->count == NOTICES_MAX)
                return r < 0 ? r : 0;
        if (!chain->count)
                snprintf(chain->pupil, sizeof chain->pupil, "%s", part->pupil);
        chain->notices[chain->count++] = part->notice;
        r = *part->pupil ? desk_log_is_protected(chain->desk->db, part->pupil, err) : 0;
        chain->is_protected = chain->is_protected || r > 0;
        if (r > 0 && part->text)
                r = desk_log_names_place(chain->desk->db, part->pupil, part->text, err);
        chain->is_secret = chain->is_secret || (r > 0 && part->text);
        if (r >= 0 && part->text) {
                if (chain->parts.length)
                        buf_adds(&chain->parts, "\n\n");
                buf_adds(&chain->parts, part->text);
        }
        return r < 0 ? r : 0;
}

static bool is_seen(const struct chain *chain, int64_t notice)
{
        for (int i = 0; i < chain->count; i++)
                if (chain->notices[i] == notice)
                        return true;
        return false;
}

/* 1: some of it is the reader's to see. */
static int may_see(struct chain *chain)
{
        struct desk *desk = chain->desk;
        struct buf scope;
        int r = desk_scope(desk, DESK_LOG, &scope);

        if (r == 0)
                r = desk_log_has(desk->db, buf_text(&scope), chain->id, desk->err);
        buf_fini(&scope);
        if (r > 0)
                r = desk_log_parts(desk->db, chain->id, desk->session.person, check_part, chain, desk->err);
        return r < 0 ? r : chain->count > 0;
}

/* ---- people */

/* Sets `name` and `as`. A curator who is not the reader is told by role alone. */
static int set_person(struct chain *chain, struct value *map, const char *person)
{
        struct desk *desk = chain->desk;
        struct desk_log_person found;
        int r = desk_log_person(desk->db, person, chain->pupil, &found, desk->err);
        bool is_hidden = strcmp(found.as, "curator") == 0 && strcmp(person, desk->session.person) != 0;

        if (r < 0)
                return r;
        value_set_text(map, "name", found.name[0] && !is_hidden ? found.name : NULL);
        value_set_text(map, "as", found.as[0] ? desk_word_of(desk, "role", found.as) : NULL);
        return 0;
}

/* ---- the message */

static void set_masked_address(struct value *map, const char *address)
{
        size_t length = strlen(address);
        char text[32];

        snprintf(text, sizeof text, "…%s",
                 address + (length > SHOWN_LETTERS ? length - SHOWN_LETTERS : length));
        value_set_text(map, "address", strchr(address, '@') ? "…" : text);
}

static void set_address(struct value *map, const struct message_row *row)
{
        char text[PHONE_TEXT_MAX_BYTES];

        phone_print(row->address, text);
        value_set_text(map, "address", strcmp(row->channel, "sms") == 0 ? text : row->address);
}

/* The whole text when all of it is the reader's, else the parts that are; none that names a hidden place. */
static int set_text(struct chain *chain, const struct message_row *row)
{
        struct desk *desk = chain->desk;
        const char *text = chain->count == chain->all ? row->text : buf_text(&chain->parts);
        struct buf shown;
        int r = chain->is_secret      ? 1
                : chain->is_protected ? desk_log_names_place(desk->db, chain->pupil, text, desk->err)
                                      : 0;

        if (r != 0) {
                value_set_bool(desk->values, "is_hidden", r > 0);
                return r < 0 ? r : 0;
        }
        buf_init(&shown, MESSAGE_TEXT_MAX);
        r = message_mask(desk, text, &shown);
        if (r == 0 && shown.length)
                value_set_text(desk->values, "text", buf_text(&shown));
        buf_cut(&shown, 0);
        if (r == 0 && row->title && chain->count == chain->all)
                r = message_mask(desk, row->title, &shown);
        if (r == 0 && shown.length)
                value_set_text(desk->values, "title", buf_text(&shown));
        buf_fini(&shown);
        value_set_bool(desk->values, "is_partial", chain->count < chain->all);
        return r;
}

static int show_row(void *context, const struct message_row *row, struct err *err)
{
        struct chain *chain = context;
        struct desk *desk = chain->desk;
        const char *reason = row->reason ? row->reason : "";
        int r;

        (void)err;
        value_set_count(desk->values, "number", row->id);
        value_set_text(desk->values, "channel", desk_word_of(desk, "channel", row->channel));
        value_set_text(desk->values, "state", desk_word_of(desk, "message-state", row->state));
        value_set_text(desk->values, "tone", message_tone(row->state, reason));
        if (*reason)
                value_set_text(desk->values, "reason", desk_word_of(desk, "message-reason", reason));
        value_set_bool(desk->values, "is_urgent", row->urgent);
        value_set_time(desk->values, "created", row->created);
        if (row->not_before > row->created && row->not_before < MESSAGE_NO_TIME &&
            (strcmp(row->state, "held") == 0 || strcmp(row->state, "retry") == 0 ||
             strcmp(row->state, "queued") == 0))
                value_set_time(desk->values, "not_before", row->not_before);
        if (row->deadline != MESSAGE_NO_TIME)
                value_set_time(desk->values, "deadline", row->deadline);
        if (chain->is_protected)
                set_masked_address(desk->values, row->address);
        else
                set_address(desk->values, row);
        r = set_person(chain, value_set_map(desk->values, "to"), row->person);
        return r < 0 ? r : set_text(chain, row);
}

static int set_pupil(struct chain *chain)
{
        struct desk *desk = chain->desk;
        struct desk_log_person pupil;
        int r;

        if (!chain->pupil[0])
                return 0;
        r = desk_log_person(desk->db, chain->pupil, chain->pupil, &pupil, desk->err);
        if (r == 0)
                r = desk_log_is_protected(desk->db, chain->pupil, desk->err);
        if (r < 0)
                return r;
        value_set_text(desk->values, "pupil.name", pupil.name);
        desk_set_url(desk->values, "pupil.query", chain->pupil);
        value_set_bool(desk->values, "pupil.is_protected", r);
        r = desk_covers(desk, DESK_PUPIL, desk->subject.organisation);
        value_set_bool(desk->values, "pupil.is_open", r > 0);
        return r < 0 ? r : 0;
}

/* ---- why */

/* What a secretary can make something of; of a protected pupil nothing that may name a place. */
static const struct {
        const char *name;
        bool may_name_place;
} fact_table[] = {
    {"day", false},       {"first_day", false},   {"last_day", false},     {"old_day", false},
    {"starts", false},    {"ends", false},        {"old_starts", false},   {"deadline", false},
    {"closes", false},    {"lessons", false},     {"absent_hours", false}, {"step", false},
    {"percent", false},   {"within_days", false}, {"school_days", false},  {"times", false},
    {"weeks", false},     {"title", true},        {"place", true},         {"subject_name", false},
    {"day_count", false}, {"pupils", false},      {"read_up_to", false},
};

static void copy_value(struct value *map, const char *key, const struct value *from)
{
        if (from->kind == VALUE_DATE)
                value_set_date(map, key, from->date);
        else if (from->kind == VALUE_TIME)
                value_set_time(map, key, from->count);
        else if (from->kind == VALUE_COUNT)
                value_set_count(map, key, from->count);
        else
                value_set_text(map, key, from->text);
}

static int set_facts(struct chain *chain, const char *json)
{
        struct value *facts = NULL;
        struct err fault;

        value_set_list(chain->why, "facts");
        if (value_parse(json, strlen(json), &facts, &fault) < 0)
                return 0; /* emptied by age, or written by another version */
        for (size_t i = 0; i < ARRAY_SIZE(fact_table); i++) {
                const struct value *fact = value_find(facts, fact_table[i].name);
                struct value *map;

                if (!fact || (chain->is_protected && fact_table[i].may_name_place) ||
                    (fact->kind != VALUE_DATE && fact->kind != VALUE_TIME && fact->kind != VALUE_COUNT &&
                     fact->kind != VALUE_TEXT))
                        continue;
                map = append_to(chain->why, "facts");
                value_set_text(map, "fact", desk_word_of(chain->desk, "fact", fact_table[i].name));
                copy_value(map, "value", fact);
                value_set_bool(map, "is_time", fact->kind == VALUE_TIME);
        }
        value_free(facts);
        return 0;
}

static const char *event_word(struct desk *desk, const char *type)
{
        char code[64];

        snprintf(code, sizeof code, "%s", type);
        for (char *c = code; *c; c++)
                if (*c == '.')
                        *c = '-';
        return desk_word_of(desk, "event", code);
}

static int show_event(void *context, const struct event_row *row, struct err *err)
{
        struct chain *chain = context;
        struct value *map = append_to(chain->why, "events");

        (void)err;
        value_set_text(map, "event", event_word(chain->desk, row->type));
        value_set_time(map, "at", row->time);
        value_set_time(map, "received", row->received);
        value_set_text(map, "source", row->source);
        return 0;
}

static int show_suppression(void *context, const struct suppression_row *row, struct err *err)
{
        struct chain *chain = context;
        struct value *map = append_to(chain->why, "suppressed");

        (void)err;
        value_set_text(map, "reason", desk_word_of(chain->desk, "message-why", row->reason));
        value_set_time(map, "at", row->at);
        value_set_bool(map, "is_nobody", !*row->person);
        return *row->person ? set_person(chain, map, row->person) : 0;
}

static int show_answer(void *context, const struct reply_row *row, struct err *err)
{
        struct chain *chain = context;
        struct value *map = append(chain->desk, "answers");

        (void)err;
        value_set_text(map, "answer", desk_word_of(chain->desk, "answer", row->answer));
        value_set_text(map, "class",
                       row->class ? desk_word_of(chain->desk, "pupil-class", row->class) : NULL);
        value_set_time(map, "at", row->at);
        return row->by ? set_person(chain, map, row->by) : 0;
}

static int show_notice(void *context, const struct notice_row *row, struct err *err)
{
        struct chain *chain = context;
        struct desk *desk = chain->desk;
        char version[HASH_SHOWN + 1];
        int r;

        if (!is_seen(chain, row->notice))
                return 0;
        chain->why = append(desk, "whys");
        snprintf(version, sizeof version, "%s", row->version);
        value_set_text(chain->why, "rule", desk_word_of(desk, "rule", row->rule));
        value_set_text(chain->why, "code", row->rule);
        value_set_text(chain->why, "version", version);
        value_set_time(chain->why, "since", row->version_first_used);
        value_set_time(chain->why, "due", row->due);
        if (row->fired != MESSAGE_NO_TIME)
                value_set_time(chain->why, "fired", row->fired);
        value_set_text(chain->why, "match", desk_word_of(desk, "message-match", row->match_state));
        value_set_text(chain->why, "match_reason",
                       row->match_reason ? desk_word_of(desk, "message-why", row->match_reason) : NULL);
        value_set_list(chain->why, "events");
        value_set_list(chain->why, "suppressed");
        r = set_facts(chain, row->facts);
        if (r == 0)
                r = message_log_events(desk->db, row->match, show_event, chain, err);
        if (r == 0)
                r = message_log_suppressions(desk->db, row->match, show_suppression, chain, err);
        if (r == 0)
                r = message_log_replies(desk->db, row->notice, show_answer, chain, err);
        return r;
}

/* ---- what happened then */

static int show_attempt(void *context, const struct attempt_row *row, struct err *err)
{
        struct desk *desk = ((struct chain *)context)->desk;
        struct value *map = append(desk, "steps");

        (void)err;
        value_set_time(map, "at", row->started);
        value_set_text(map, "what",
                       desk_word_of(desk, "message-tried", row->outcome ? row->outcome : "open"));
        value_set_text(map, "provider", row->provider);
        value_set_text(map, "detail", row->detail);
        return 0;
}

static int show_receipt(void *context, const struct receipt_row *row, struct err *err)
{
        struct desk *desk = ((struct chain *)context)->desk;
        struct value *map = append(desk, "steps");

        (void)err;
        value_set_time(map, "at", row->at);
        value_set_text(map, "what", desk_word_of(desk, "message-receipt", row->status));
        value_set_text(map, "detail", row->detail);
        return 0;
}

static int show_sent_back(void *context, const struct reply_listed *row, struct err *err)
{
        struct desk *desk = ((struct chain *)context)->desk;
        struct value *map = append(desk, "steps");

        (void)err;
        value_set_time(map, "at", row->at_utc);
        value_set_text(map, "what", desk_word(desk, "message-sent-back"));
        value_set_text(map, "said", row->text);
        value_set_text(map, "detail", row->reason ? desk_word_of(desk, "message-why", row->reason) : NULL);
        return 0;
}

static int show_chain(struct chain *chain)
{
        static const char *const lists[] = {"whys", "steps", "answers"};
        struct desk *desk = chain->desk;
        int r;

        for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
                value_set_list(desk->values, lists[i]);
        value_set_bool(desk->values, "is_hidden", false);
        value_set_bool(desk->values, "is_partial", false);
        r = set_pupil(chain);
        if (r == 0)
                r = message_log_get(desk->db, chain->id, show_row, chain, desk->err);
        if (r == 0)
                r = message_log_notices(desk->db, chain->id, show_notice, chain, desk->err);
        if (r == 0)
                r = message_log_attempts(desk->db, chain->id, show_attempt, chain, desk->err);
        if (r == 0)
                r = message_log_receipts(desk->db, chain->id, show_receipt, chain, desk->err);
        if (r == 0)
                r = reply_each_of(desk->db, chain->id, show_sent_back, chain, desk->err);
        return r;
}

int message_show(struct desk *desk)
{
        struct chain *chain = calloc(1, sizeof *chain);
        char *end;
        int r;

        if (!chain)
                return err_set(desk->err, ERR_NOMEM, "message: out of memory");
        chain->desk = desk;
        chain->id = strtoll(desk->of, &end, 10);
        buf_init(&chain->parts, MESSAGE_TEXT_MAX);
        r = *end || end == desk->of ? 0 : may_see(chain);
        if (r > 0)
                r = show_chain(chain);
        else if (r == 0)
                r = 404;
        buf_fini(&chain->parts);
        free(chain);
        return r;
}
