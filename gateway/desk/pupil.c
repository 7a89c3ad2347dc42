/* The page of one pupil: the year, who is at home, what is planned, what was told, and what staff may do. */
#include "desk/pupil.h"
#include "base/date.h"
#include "compose/phone.h"
#include "desk/message.h"
#include "desk/pages.h"
#include "store/desk_message.h"
#include "store/desk_pupil.h"
#include "store/page_case.h"

#include <stdio.h>
#include <string.h>

#define CARD_SOON_DAYS 60 /* as card-needed warns */
#define MESSAGES_SHOWN 10

static struct value *append(struct desk *desk, const char *list)
{
        return value_append_map((struct value *)value_find(desk->values, list));
}

/* ---- who is at home, and how they are reached */

struct home {
        struct desk *desk;
        struct value *map; /* of the person */
        bool is_protected;
};

static int add_contact(void *context, const struct desk_contact_row *row, struct err *err)
{
        struct home *home = context;
        char shown[PHONE_TEXT_MAX_BYTES];
        struct value *map;

        (void)err;
        if (home->is_protected && !row->is_safe)
                return 0;
        map = value_append_map((struct value *)value_find(home->map, "contacts"));
        value_set_bool(map, "is_phone", strcmp(row->channel, "sms") == 0);
        value_set_text(map, "value", row->value);
        phone_print(row->value, shown);
        value_set_text(map, "shown", shown);
        value_set_bool(map, "is_bad", strcmp(row->state, "bad") == 0);
        value_set_bool(map, "is_stopped", strcmp(row->state, "stopped") == 0);
        return 0;
}

static int add_home(void *context, const struct desk_home_row *row, struct err *err)
{
        struct home *home = context;
        struct desk *desk = home->desk;

        home->map = append(desk, "home");
        desk_set_id(home->map, row->person);
        value_set_text(home->map, "given", row->given);
        value_set_text(home->map, "family", row->family);
        if (!row->is_carer)
                value_set_count(home->map, "rank", row->rank);
        value_set_bool(home->map, "is_carer", row->is_carer);
        value_set_bool(home->map, "is_instead", row->is_instead);
        value_set_bool(home->map, "is_restricted", row->is_restricted);
        value_set_bool(home->map, "is_untold", !row->is_told && !row->is_restricted);
        value_set_bool(home->map, "is_emergency", row->is_emergency && !row->is_restricted);
        value_set_bool(home->map, "may_explain", !row->is_restricted);
        desk_set_language(desk, home->map, "speaks", row->language);
        value_set_list(home->map, "contacts");
        return row->is_restricted ? 0 : desk_contact_each(desk->db, row->person, add_contact, home, err);
}

/* ---- what holds, what is planned */

static int add_hold(void *context, const struct desk_hold_row *row, struct err *err)
{
        struct desk *desk = context;
        struct value *map = append(desk, "holds");

        (void)err;
        if (row->is_own)
                value_set_bool(desk->values, "is_held", true);
        value_set_time(map, "from", row->starts);
        if (row->ends != INT64_MAX)
                value_set_time(map, "until", row->ends - 1);
        value_set_text(map, "reason", row->reason ? desk_word_of(desk, "pupil-reason", row->reason) : NULL);
        value_set_text(map, "by", row->by);
        value_set_bool(map, "is_own", row->is_own);
        return 0;
}

static int add_card(void *context, const char *card, int64_t given, const char *expires, struct err *err)
{
        struct desk *desk = context;
        struct value *map = append(desk, "cards");
        int32_t date;

        (void)err;
        value_set_text(map, "card", desk_word_of(desk, "pupil-card", card));
        value_set_time(map, "given", given);
        if (!expires || !date_parse(expires, &date))
                return 0;
        value_set_date(map, "expires", date);
        value_set_bool(map, "is_over", date < desk->date);
        value_set_bool(map, "is_soon", date >= desk->date && date <= desk->date + CARD_SOON_DAYS);
        return 0;
}

static int add_plan(void *context, const char *kind, int64_t made, const char *until, struct err *err)
{
        struct desk *desk = context;
        struct value *map = append(desk, "plans");
        int32_t date;

        (void)err;
        if (strcmp(kind, "learning") == 0)
                value_set_bool(desk->values, "lacks_plan", false);
        value_set_text(map, "plan", desk_word_of(desk, "pupil-plan", kind));
        value_set_time(map, "made", made);
        if (!until || !date_parse(until, &date))
                return 0;
        value_set_date(map, "until", date);
        value_set_bool(map, "is_over", date < desk->date);
        return 0;
}

static int add_meeting(void *context, const char *id, const char *kind, const char *title, int64_t starts,
                       struct err *err)
{
        struct desk *desk = context;
        struct value *map = append(desk, "meetings");

        (void)err;
        desk_set_id(map, id);
        value_set_text(map, "title", title ? title : desk_word_of(desk, "pupil-meeting", kind));
        value_set_time(map, "starts", starts);
        return 0;
}

static int set_messages(struct desk *desk)
{
        struct desk_log_rows *rows = calloc(1, sizeof *rows);
        int r;

        if (!rows)
                return err_set(desk->err, ERR_NOMEM, "pupil: out of memory");
        r = desk_log_of_pupil(desk->db, desk->subject.pupil, desk->session.person, MESSAGES_SHOWN, rows,
                              desk->err);
        if (r == 0)
                r = message_set_rows(desk, rows, false);
        desk_log_fini(rows);
        free(rows);
        return r;
}

static int set_case(struct desk *desk)
{
        struct page_case found;
        char number[ID_SIZE];
        int r = desk_open_case(desk->db, desk->subject.pupil, number, desk->err);

        if (r > 0)
                r = page_case_get(desk->db, number, desk->session.person, desk->today, &found, desk->err);
        if (r > 0) {
                value_set_text(desk->values, "case.number", number);
                desk_set_url(desk->values, "case.query", number);
        }
        return r < 0 ? r : 0;
}

/* ---- the pupil's own steps */

static int set_own(void *context, const char *name, const char *value, const char *until, struct err *err)
{
        struct desk *desk = context;
        struct value *map;

        (void)err;
        for (int i = 0; i < PUPIL_STEPS; i++)
                if (strcmp(pupil_steps[i], name) == 0) {
                        map = append(desk, "own");
                        value_set_text(map, "who", desk_word_of(desk, "pupil-step", name));
                        value_set_text(map, "value", value);
                        desk_set_day(map, "until", until);
                        value_set_text(desk->values, "own_until", until);
                }
        return 0;
}

/* The row that the form was made from: another one meanwhile, and the form is stale. */
static int set_seen(struct desk *desk, struct value *map, int step)
{
        const struct setting_key key = pupil_key(desk, step);
        struct setting_standing standing = {0};
        int r = setting_standing(desk->db, &key, &standing, desk->err);

        value_set_count(map, "seen", standing.id);
        if (standing.value)
                value_set_bool(desk->values, "own_is_set", true);
        setting_standing_fini(&standing);
        return r < 0 ? r : 0;
}

/* The form: what was typed, else what counts now. */
static int set_own_form(struct desk *desk)
{
        struct value *list = value_set_list(desk->values, "steps");
        const char *typed_until = desk->form ? form_value(desk->form, "until") : "";

        for (int i = 0; i < PUPIL_STEPS; i++) {
                struct value *map = value_append_map(list);
                const char *typed = desk->form ? form_value(desk->form, pupil_steps[i]) : "";
                char text[24] = "";
                int64_t at;
                int r = pupil_number(desk, PUPIL_RULE, pupil_steps[i], &at);

                if (r < 0)
                        return r;
                if (r > 0)
                        snprintf(text, sizeof text, "%lld", (long long)at);
                value_set_text(map, "name", pupil_steps[i]);
                value_set_text(map, "who", desk_word_of(desk, "pupil-step", pupil_steps[i]));
                value_set_text(map, "value", *typed ? typed : text);
                r = set_seen(desk, map, i);
                if (r < 0)
                        return r;
        }
        if (desk->form && strcmp(form_value(desk->form, "act"), "own") == 0) {
                value_set_text(desk->values, "own_until", typed_until);
                value_set_bool(desk->values, "own_is_open", true);
        }
        value_set_bool(desk->values, "pause_is_open",
                       desk->form && strcmp(form_value(desk->form, "act"), "hold") == 0);
        return 0;
}

/* ---- the page */

static int set_lists(struct desk *desk, const struct desk_pupil *pupil)
{
        static const char *const lists[] = {"home", "holds", "cards", "plans", "meetings", "own"};
        const char *id = desk->subject.pupil;
        struct home home = {.desk = desk, .is_protected = pupil->is_protected};
        int r;

        for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
                value_set_list(desk->values, lists[i]);
        value_set_bool(desk->values, "is_held", false);
        value_set_bool(desk->values, "lacks_plan", true);
        value_set_bool(desk->values, "own_is_open", false);
        value_set_bool(desk->values, "own_is_set", false);
        r = desk_home_each(desk->db, id, desk->today, add_home, &home, desk->err);
        if (r == 0)
                r = desk_hold_each(desk->db, id, pupil->organisation, desk->now, add_hold, desk, desk->err);
        if (r == 0)
                r = desk_card_each(desk->db, id, add_card, desk, desk->err);
        if (r == 0)
                r = desk_plan_each(desk->db, id, add_plan, desk, desk->err);
        if (r == 0)
                r = desk_pupil_meeting_each(desk->db, id, desk->now, add_meeting, desk, desk->err);
        if (r == 0)
                r = desk_own_each(desk->db, id, PUPIL_RULE, desk->today, set_own, desk, desk->err);
        return r;
}

static int set_rights(struct desk *desk)
{
        const char *organisation = desk->subject.organisation;
        int plan = desk_covers(desk, DESK_PLAN, organisation), log = 0;

        if (plan >= 0)
                log = desk_covers(desk, DESK_LOG, organisation);
        value_set_bool(desk->values, "may_plan", plan > 0);
        value_set_bool(desk->values, "may_log", log > 0);
        return plan < 0 ? plan : log < 0 ? log : 0;
}

static void set_head(struct desk *desk, const struct desk_pupil *pupil)
{
        desk_set_id(desk->values, desk->subject.pupil);
        value_set_text(desk->values, "pupil.given", pupil->given);
        value_set_text(desk->values, "pupil.family", pupil->family);
        value_set_text(desk->values, "pupil.group", pupil->group);
        value_set_text(desk->values, "pupil.school", pupil->school);
        if (pupil->grade)
                value_set_count(desk->values, "pupil.grade", pupil->grade);
        value_set_bool(desk->values, "pupil.is_protected", pupil->is_protected);
}

int pupil_show(struct desk *desk)
{
        struct desk_pupil pupil;
        int r = desk_pupil_get(desk->db, desk->subject.pupil, desk->today, &pupil, desk->err);

        if (r <= 0)
                return r < 0 ? r : 404;
        set_head(desk, &pupil);
        r = set_rights(desk);
        if (r == 0)
                r = pupil_set_year(desk, pupil.organisation);
        if (r == 0)
                r = set_lists(desk, &pupil);
        if (r == 0)
                r = set_own_form(desk);
        if (r == 0)
                r = pupil_set_placements(desk, pupil.is_protected);
        if (r == 0)
                r = set_messages(desk);
        if (r == 0)
                r = set_case(desk);
        desk_pupil_fini(&pupil);
        return r;
}
