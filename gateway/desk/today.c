/* What needs staff today: who is missing and where the ladder stands, what waits for a word of theirs. */
#include "base/date.h"
#include "compose/phone.h"
#include "desk/day.h"
#include "desk/pages.h"
#include "desk/today.h"

#include <stdio.h>
#include <string.h>

#define GROUPS_SHOWN 24
#define MISSING_SHOWN 25

struct shown {
        struct desk *desk;
        struct day *day;
        struct value *list;
        struct value *of; /* what a list of lists is about */
        int64_t match;    /* of the last message to confirm */
        int count;
        bool is_taken, may_open; /* may_open: the pupils' own pages */
};

/* ---- who is missing */

static void set_phone(struct value *map, const char *phone)
{
        char text[PHONE_TEXT_MAX_BYTES];

        if (!phone)
                return;
        phone_print(phone, text);
        value_set_text(map, "phone", text);
        value_set_text(map, "phone_link", phone);
}

/* A message on its way as people see it: none of the states of the outbox. */
static const char *told_word(const struct desk_told *told)
{
        if (strcmp(told->state, "delivered") == 0 || strcmp(told->state, "accepted") == 0)
                return told->state;
        if (strcmp(told->state, "held") == 0)
                return told->reason && strcmp(told->reason, "confirmation") == 0 ? "unconfirmed" : "held";
        if (strcmp(told->state, "queued") == 0 || strcmp(told->state, "leased") == 0 ||
            strcmp(told->state, "retry") == 0)
                return "going";
        return "failed";
}

static int add_told(void *context, const struct desk_told *told, struct err *err)
{
        struct shown *shown = context;
        struct value *map = value_append_map(shown->list);
        const char *word = told_word(told);

        (void)err;
        day_set_name(map, "who", told->given, told->family);
        value_set_bool(map, "is_home", told->is_home);
        value_set_text(map, "how", desk_word_of(shown->desk, "channel", told->channel));
        value_set_text(map, "state", desk_word_of(shown->desk, "told", word));
        value_set_bool(map, "has_failed", strcmp(word, "failed") == 0);
        value_set_time(map, "at", told->at);
        return 0;
}

static int add_answer(void *context, const struct desk_answer *answer, struct err *err)
{
        struct shown *shown = context;
        struct value *map = value_append_map(shown->list);

        (void)err;
        shown->is_taken = shown->is_taken || strcmp(answer->answer, "taken") == 0;
        day_set_name(map, "who", answer->given, answer->family);
        value_set_text(map, "said", desk_word_of(shown->desk, "said", answer->answer));
        value_set_time(map, "at", answer->at);
        return 0;
}

static int add_home(void *context, const struct desk_home *home, struct err *err)
{
        struct shown *shown = context;
        struct value *map = value_append_map(shown->list);

        (void)err;
        day_set_name(map, "who", home->given, home->family);
        value_set_bool(map, "is_emergency", home->is_emergency);
        set_phone(map, home->phone);
        return 0;
}

static int set_next(struct desk *desk, const struct day *day, const char *pupil, bool is_taken,
                    struct value *map)
{
        struct desk_next next;
        int r = desk_day_next(desk->db, &day->day, pupil, is_taken, &next, desk->err);

        if (r <= 0)
                return r;
        value_set_time(map, "next.at", next.at);
        value_set_text(map, "next.what", desk_word_of(desk, "next", next.step));
        if (next.name[0])
                value_set_text(map, "next.who", next.name);
        value_set_bool(map, "next.is_stale", next.is_stale);
        return 0;
}

/* Who was told, who answered, what comes next, whom to call. */
static int set_ladder(struct desk *desk, struct day *day, const char *pupil, struct value *map)
{
        struct shown told = {.desk = desk, .list = value_set_list(map, "told")};
        struct shown answers = {.desk = desk, .list = value_set_list(map, "answers")};
        struct shown home = {.desk = desk, .list = value_set_list(map, "home")};
        int r = desk_day_told(desk->db, &day->day, pupil, add_told, &told, desk->err);

        if (r == 0)
                r = desk_day_answers(desk->db, &day->day, pupil, add_answer, &answers, desk->err);
        if (r == 0)
                r = desk_day_home(desk->db, pupil, add_home, &home, desk->err);
        value_set_bool(map, "is_told", told.list && told.list->first);
        value_set_bool(map, "is_taken", answers.is_taken);
        return r < 0 ? r : set_next(desk, day, pupil, answers.is_taken, map);
}

static int add_missing(void *context, const struct desk_missing *missing, struct err *err)
{
        struct shown *shown = context;
        struct value *map;
        int may_open;

        (void)err;
        if (shown->count++ == MISSING_SHOWN)
                return 0;
        may_open = desk_covers(shown->desk, DESK_PUPIL, missing->organisation);
        if (may_open < 0)
                return may_open;
        map = value_append_map(shown->list);
        value_set_bool(map, "may_open", may_open);
        desk_set_id(map, missing->pupil);
        day_set_name(map, "pupil", missing->given, missing->family);
        value_set_text(map, "group", missing->group);
        value_set_bool(map, "is_protected", missing->is_protected);
        value_set_bool(map, "at_work", missing->at_work);
        value_set_time(map, "starts", missing->starts);
        if (missing->first)
                value_set_count(map, "first", missing->first);
        return set_ladder(shown->desk, shown->day, missing->pupil, map);
}

static int set_missing(struct desk *desk, struct day *day)
{
        struct shown shown = {.desk = desk, .day = day, .list = value_set_list(desk->values, "missing")};
        int r = desk_day_missing(desk->db, &day->day, MISSING_SHOWN + 1, add_missing, &shown, desk->err);

        value_set_bool(desk->values, "is_anybody_missing", shown.count > 0);
        value_set_bool(desk->values, "is_more_missing", shown.count > MISSING_SHOWN);
        if (shown.count > 0 && shown.count <= MISSING_SHOWN)
                value_set_count(desk->values, "missing_count", shown.count);
        return r;
}

/* ---- what waits for staff */

/* The text without its links: they open their reader's own pages, which are not staff's to see. */
static void set_words(struct desk *desk, struct value *map, const char *text)
{
        struct buf words;
        const char *link;

        buf_init(&words, VALUE_TEXT_MAX_BYTES);
        while ((link = strstr(text, "http"))) {
                size_t length = strcspn(link, " \r\n\t");
                bool is_link = strncmp(link, "http://", 7) == 0 || strncmp(link, "https://", 8) == 0;

                buf_add(&words, text, (size_t)(link - text));
                if (is_link)
                        buf_adds(&words, desk_word(desk, "today-link"));
                else
                        buf_add(&words, link, length);
                text = link + length;
        }
        buf_adds(&words, text);
        value_set_text(map, "words", buf_text(&words));
        buf_fini(&words);
}

/* The messages of one match are one question. Their text is for those who may see the pupil's page. */
static int add_unconfirmed(void *context, const struct desk_unconfirmed *message, struct err *err)
{
        struct shown *shown = context;
        struct desk *desk = shown->desk;
        struct value *item;
        int may_read = desk_covers(desk, DESK_PUPIL, message->organisation);

        (void)err;
        if (may_read < 0)
                return may_read;
        if (!shown->of || shown->match != message->match) {
                shown->of = value_append_map(shown->list);
                shown->match = message->match;
                desk_set_id(shown->of, message->pupil);
                day_set_name(shown->of, "pupil", message->given, message->family);
                value_set_text(shown->of, "rule", message->rule);
                value_set_text(shown->of, "what", desk_word_of(desk, "rule", message->rule));
                if (message->deadline != INT64_MAX)
                        value_set_time(shown->of, "deadline", message->deadline);
                value_set_list(shown->of, "messages");
        }
        item = value_append_map((struct value *)value_find(shown->of, "messages"));
        day_set_name(item, "who", message->to_given, message->to_family);
        value_set_text(item, "how", desk_word_of(desk, "channel", message->channel));
        if (may_read)
                set_words(desk, item, message->text);
        return 0;
}

static int add_unreached(void *context, const struct desk_unreached *who, struct err *err)
{
        struct shown *shown = context;
        struct value *map = value_append_map(shown->list);

        (void)err;
        day_set_name(map, "who", who->given, who->family);
        value_set_bool(map, "is_pupil", strcmp(who->person, who->pupil) == 0);
        value_set_text(map, "pupil", who->pupil_given);
        value_set_text(map, "how", desk_word_of(shown->desk, "channel", who->channel));
        if (who->reason)
                value_set_text(map, "why", desk_word_of(shown->desk, "bad", who->reason));
        else
                value_set_text(map, "what", desk_word_of(shown->desk, "rule", who->rule));
        value_set_time(map, "at", who->at);
        set_phone(map, who->phone);
        return 0;
}

static int add_reply(void *context, const struct desk_reply *reply, struct err *err)
{
        struct shown *shown = context;
        struct value *map = value_append_map(shown->list);
        char id[24];

        (void)err;
        snprintf(id, sizeof id, "%lld", (long long)reply->id);
        value_set_text(map, "reply", id);
        if (reply->given)
                day_set_name(map, "who", reply->given, reply->family);
        set_phone(map, reply->address);
        value_set_text(map, "why", desk_word_of(shown->desk, "reply", reply->reason));
        if (reply->text)
                value_set_text(map, "words", reply->text);
        value_set_time(map, "at", reply->at);
        return 0;
}

static int add_hold(void *context, const struct desk_hold *hold, struct err *err)
{
        struct shown *shown = context;
        struct value *map = value_append_map(shown->list);
        char who[ID_SIZE + 16];
        int32_t last;
        int seconds;

        (void)err;
        snprintf(who, sizeof who, "%s:%s", hold->kind, hold->subject);
        value_set_text(map, "who", who);
        value_set_text(map, "held", hold->name);
        if (hold->reason[0])
                value_set_text(map, "why", desk_word_of(shown->desk, "hold", hold->reason));
        if (hold->by)
                value_set_text(map, "by", hold->by);
        value_set_bool(map, "may_end", !hold->is_above);
        if (hold->ends == INT64_MAX)
                return 0;
        zone_to_local(shown->desk->zone, hold->ends - 1, &last, &seconds);
        value_set_date(map, "last", last);
        return 0;
}

static int add_stale(void *context, const struct desk_stale *stale, struct err *err)
{
        struct shown *shown = context;
        struct value *map = value_append_map(shown->list);

        (void)err;
        value_set_text(map, "school_name", stale->name);
        value_set_time(map, "read_up_to", stale->read_up_to);
        return 0;
}

static int set_waiting(struct desk *desk, struct day *day)
{
        struct shown confirm = {.desk = desk, .list = value_set_list(desk->values, "confirm")};
        struct shown unreached = {.desk = desk, .list = value_set_list(desk->values, "unreached")};
        struct shown bad = {.desk = desk, .list = value_set_list(desk->values, "bad")};
        struct shown replies = {.desk = desk, .list = value_set_list(desk->values, "replies")};
        struct shown holds = {.desk = desk, .list = value_set_list(desk->values, "holds")};
        struct shown stale = {.desk = desk, .list = value_set_list(desk->values, "stale_registers")};
        int r = desk_day_unconfirmed(desk->db, &day->day, add_unconfirmed, &confirm, desk->err);

        if (r == 0)
                r = desk_day_unreached(desk->db, &day->day, add_unreached, &unreached, desk->err);
        if (r == 0)
                r = desk_day_bad_contacts(desk->db, &day->day, add_unreached, &bad, desk->err);
        if (r == 0)
                r = desk_day_replies(desk->db, &day->day, add_reply, &replies, desk->err);
        if (r == 0)
                r = desk_day_holds(desk->db, &day->day, add_hold, &holds, desk->err);
        if (r == 0)
                r = desk_day_stale(desk->db, &day->day, add_stale, &stale, desk->err);
        value_set_bool(desk->values, "is_confirm", confirm.list && confirm.list->first);
        value_set_bool(desk->values, "is_unreached",
                       (unreached.list && unreached.list->first) || (bad.list && bad.list->first));
        value_set_bool(desk->values, "is_replies", replies.list && replies.list->first);
        value_set_bool(desk->values, "is_holds", holds.list && holds.list->first);
        return r;
}

/* ---- groups */

static const char *pupil_state(const struct desk_pupil *pupil)
{
        if (pupil->held)
                return "held";
        if (pupil->is_placed)
                return "placed";
        if (pupil->is_absent && pupil->is_open && pupil->located)
                return pupil->located;
        if (pupil->is_absent && pupil->has_arrived)
                return "arrived";
        if (pupil->is_absent)
                return pupil->is_open ? "missing" : "explained";
        if (pupil->mark && strcmp(pupil->mark, "absent") != 0)
                return pupil->mark;
        return pupil->class ? "explained" : "unmarked";
}

static int add_pupil(void *context, const struct desk_pupil *pupil, struct err *err)
{
        struct shown *shown = context;
        struct value *map = value_append_map(shown->list);
        const char *state = pupil_state(pupil);

        (void)err;
        shown->count++;
        desk_set_id(map, pupil->pupil);
        day_set_name(map, "pupil", pupil->given, pupil->family);
        value_set_bool(map, "is_protected", pupil->is_protected);
        value_set_bool(map, "may_open", shown->may_open);
        value_set_text(map, "state", desk_word_of(shown->desk, "state", state));
        value_set_bool(map, "is_missing", strcmp(state, "missing") == 0);
        value_set_bool(map, "is_here", strcmp(state, "present") == 0 || strcmp(state, "late") == 0);
        if (pupil->held && *pupil->held)
                value_set_text(map, "why", desk_word_of(shown->desk, "hold", pupil->held));
        else if (strcmp(state, "explained") == 0 && pupil->class)
                value_set_text(map, "why", desk_word_of(shown->desk, "class", pupil->class));
        if (shown->of) {
                char who[ID_SIZE + 16];

                snprintf(who, sizeof who, "pupil:%s", pupil->pupil);
                map = value_append_map(shown->of);
                value_set_text(map, "value", who);
                day_set_name(map, "text", pupil->given, pupil->family);
                value_set_bool(map, "is_chosen",
                               shown->desk->form && strcmp(form_value(shown->desk->form, "who"), who) == 0);
        }
        return 0;
}

static void add_who(struct shown *shown, const char *organisation, const char *name)
{
        struct value *map = value_append_map(shown->of);
        char who[ID_SIZE + 16];

        snprintf(who, sizeof who, "group:%s", organisation);
        value_set_text(map, "value", who);
        value_set_text(map, "text", name);
        value_set_bool(map, "is_chosen",
                       shown->desk->form && strcmp(form_value(shown->desk->form, "who"), who) == 0);
}

/* One group, pupil by pupil. */
static int set_group(struct desk *desk, struct day *day, const char *id, const char *name)
{
        struct value *map = value_set_map(desk->values, "group");
        int r = desk_covers(desk, DESK_PUPIL, id);
        struct shown shown = {.may_open = r > 0,
                              .desk = desk,
                              .list = value_set_list(map, "pupils"),
                              .of = value_set_list(desk->values, "who_list")};

        desk_set_id(map, id);
        value_set_text(map, "group_name", name);
        add_who(&shown, id, name);
        return r < 0 ? r : desk_day_pupils(desk->db, &day->day, id, add_pupil, &shown, desk->err);
}

struct groups {
        struct shown shown;
        char id[ID_SIZE], name[ID_SIZE]; /* of the first, or of the one that ?of= names */
        bool has_own;                    /* which has pupils of its own, and groups below it */
};

static int add_group(void *context, const struct desk_group *group, struct err *err)
{
        struct groups *groups = context;
        struct shown *shown = &groups->shown;
        struct value *map;

        (void)err;
        if (shown->count++ == GROUPS_SHOWN)
                return 0;
        if (shown->count == 1 || strcmp(group->id, shown->desk->of) == 0) {
                snprintf(groups->id, sizeof groups->id, "%s", group->id);
                snprintf(groups->name, sizeof groups->name, "%s", group->name);
                groups->has_own = strcmp(group->id, shown->desk->of) == 0;
        }
        if (groups->has_own && strcmp(group->id, groups->id) == 0)
                return 0;
        map = value_append_map(shown->list);
        desk_set_id(map, group->id);
        value_set_text(map, "group_name", group->name);
        if (group->school)
                value_set_text(map, "school_name", group->school);
        value_set_count(map, "pupils", group->pupils);
        value_set_count(map, "missing", group->missing);
        value_set_bool(map, "is_anybody_missing", group->missing > 0);
        value_set_bool(map, "is_held", group->is_held);
        return 0;
}

/* Several groups are cards, and may be held together. */
static int set_cards(struct desk *desk, struct groups *groups, int start)
{
        struct shown who = {.desk = desk, .of = (struct value *)value_find(desk->values, "who_list")};

        if (!who.of)
                who.of = value_set_list(desk->values, "who_list");
        value_set_bool(desk->values, "is_several", true);
        if (groups->shown.count > GROUPS_SHOWN)
                value_set_count(desk->values, "more_start", start + GROUPS_SHOWN);
        for (int i = 0; i < desk->access.count && !desk->of[0]; i++) {
                struct place place = {0};
                int r;

                if (!(desk->access.roles[i].rights & DESK_DAY))
                        continue;
                r = place_get(desk->db, desk->access.roles[i].organisation, &place, desk->err);
                if (r < 0)
                        return r;
                add_who(&who, place.organisation, place.unit);
                place_fini(&place);
        }
        if (desk->of[0]) {
                struct place place = {0};
                int r = place_get(desk->db, desk->of, &place, desk->err);

                if (r < 0)
                        return r;
                if (!groups->has_own)
                        add_who(&who, place.organisation, place.unit);
                value_set_text(desk->values, "unit_name", place.unit);
                place_fini(&place);
        }
        return 0;
}

static int set_groups(struct desk *desk, struct day *day)
{
        const char *text = desk_query(desk, DESK_Q_START);
        long long start = strtoll(text, NULL, 10);
        struct groups groups = {.shown = {.desk = desk, .list = value_set_list(desk->values, "groups")}};
        int r;

        if (start < 0 || start > 1000000)
                start = 0;
        r = desk_day_groups(desk->db, &day->day, (int)start, GROUPS_SHOWN + 1, add_group, &groups, desk->err);
        if (r < 0)
                return r;
        if (groups.shown.count == 1 && start == 0)
                return set_group(desk, day, groups.id, groups.name);
        if (groups.has_own)
                r = set_group(desk, day, groups.id, groups.name);
        return r < 0 ? r : set_cards(desk, &groups, (int)start);
}

static void set_hold_form(struct desk *desk)
{
        const char *until = desk->form ? form_value(desk->form, "until") : desk->today;
        struct value *list = value_set_list(desk->values, "hold_reasons");
        char most[DATE_TEXT_MAX];

        for (size_t i = 0; today_hold_reasons[i]; i++)
                day_add_choice(desk, list, "hold", today_hold_reasons[i],
                               desk->form ? form_value(desk->form, "reason") : "");
        value_set_text(desk->values, "until", *until ? until : desk->today);
        value_set_text(desk->values, "until_least", desk->today);
        date_print(desk->date + TODAY_HOLD_DAYS_MAX, most);
        value_set_text(desk->values, "until_most", most);
        value_set_bool(desk->values, "is_hold_open",
                       desk->form && strcmp(form_value(desk->form, "act"), "hold") == 0);
}

/* ---- the page */

/* Who has no part in the day is told what waits for them. */
static int show_other(struct desk *desk)
{
        int64_t cases = 0;
        int r = desk_day_cases(desk->db, desk->session.person, &cases, desk->err);

        value_set_count(desk->values, "cases", cases);
        value_set_bool(desk->values, "is_case", cases > 0);
        return r;
}

static int show_day(struct desk *desk)
{
        struct day day = {0};
        int r = day_open(desk, &day);

        if (r == 200) {
                value_set_bool(desk->values, "has_day", true);
                value_set_bool(desk->values, "is_narrow", desk->of[0]);
                r = set_missing(desk, &day);
                if (r == 0)
                        r = set_waiting(desk, &day);
                if (r == 0)
                        r = set_groups(desk, &day);
                set_hold_form(desk);
        }
        day_close(&day);
        return r;
}

int today_show(struct desk *desk)
{
        int64_t waiting = 0;
        int r = day_set_live(desk);

        value_set_date(desk->values, "day", desk->date);
        if (r == 0)
                r = settings_count_waiting(desk, &waiting);
        if (r < 0)
                return r;
        value_set_count(desk->values, "settings", waiting);
        value_set_bool(desk->values, "is_setting", waiting);
        return desk->access.rights & DESK_DAY ? show_day(desk) : show_other(desk);
}
