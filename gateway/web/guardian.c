/* A guardian's page: what is asked, answered by one button. */
#include "base/date.h"
#include "store/answer.h"
#include "store/page_home.h"
#include "web/code.h"
#include "web/guardian.h"
#include "web/settings.h"
#include "web/work.h"

#include <string.h>

#define LOOK_BACK_DAYS 14 /* how old a day may be that is asked about without having been named */
#define DAY_S 86400

/* ---- the answer page */

/* The day that the link is about, while it is open; else the latest open one; else the link's. 1: there is
 * one. */
static int find_day(struct linked *linked, struct home_day *ret_day, struct err *err)
{
        struct home_day latest;
        char from[DATE_TEXT_MAX];
        int r = 0, latest_r;

        date_print(linked->date - LOOK_BACK_DAYS, from);
        if (linked->link.day[0] && strncmp(linked->link.rule, "absence", 7) == 0)
                r = home_day_get(linked->db, linked->link.pupil, linked->link.day, from, ret_day, err);
        if (r < 0 || (r > 0 && ret_day->is_open))
                return r;
        latest_r = home_day_get(linked->db, linked->link.pupil, NULL, from, &latest, err);
        if (latest_r <= 0)
                return latest_r < 0 ? latest_r : r;
        *ret_day = latest;
        return 1;
}

static int set_day(struct linked *linked, const struct home_day *day)
{
        int32_t date;

        if (!date_parse(day->day, &date))
                return 0;
        value_set_date(linked->values, "day", date);
        value_set_time(linked->values, "starts", day->starts);
        value_set_time(linked->values, "ends", day->ends);
        value_set_count(linked->values, "lessons", day->lessons);
        return 1;
}

/* What is known of a day that the register has as absent: explained, found, answered. */
static int set_known(struct linked *linked, const struct home_day *day, struct err *err)
{
        struct home_word word;
        char place[16], answer[16] = "", key[32];
        int32_t date = linked->date;
        int r;

        date_parse(day->day, &date);
        r = home_located(linked->db, linked->link.pupil, day->starts, zone_to_utc(linked->zone, date + 1, 0),
                         place, err);
        if (r < 0)
                return r;
        if (r > 0) {
                snprintf(key, sizeof key, "found.%s", place);
                value_set_bool(linked->values, key, true);
                return 0;
        }
        if (!day->is_open) {
                r = home_explained(linked->db, linked->link.pupil, day->starts, day->ends, &word, err);
                value_set_bool(linked->values, "is_explained", r > 0);
                value_set_bool(linked->values, "is_explained_by_reader",
                               r > 0 && strcmp(word.by, linked->link.person) == 0);
                return r < 0 ? r : 0;
        }
        value_set_bool(linked->values, "is_open", true);
        r = home_answer(linked->db, linked->link.person, linked->link.pupil, linked->link.rule, day->starts,
                        answer, err);
        value_set_bool(linked->values, "has_answered", r > 0);
        value_set_bool(linked->values, "did_not_know", strcmp(answer, "did-not-know") == 0);
        value_set_bool(linked->values, "call_me", strcmp(answer, "call-me") == 0);
        return r < 0 ? r : 0;
}

static int show_answer(struct linked *linked)
{
        struct home_day day;
        int r = find_day(linked, &day, linked->err);

        linked->page = "answer";
        if (r > 0 && set_day(linked, &day))
                r = set_known(linked, &day, linked->err);
        value_set_bool(linked->values, "is_quiet",
                       !value_find(linked->values, "is_open") && !value_find(linked->values, "found") &&
                           !value_find(linked->values, "is_explained"));
        return r < 0 ? r : 0;
}

/* ---- answering */

static json_t *explanation_of(const struct linked *linked, const char *from, const char *until,
                              const char *class)
{
        return json_pack("{s:s,s:s,s:s,s:s,s:s}", "pupil", linked->link.pupil, "from", from, "until", until,
                         "class", class, "by", linked->link.person);
}

static json_t *notice_answer(const struct linked *linked, const char *answer)
{
        return json_pack("{s:s,s:s,s:s,s:s,s:s}", "recipient", linked->link.person, "subject",
                         linked->link.pupil, "rule", linked->link.rule, "answer", answer, "by",
                         linked->link.person);
}

/* "I knew" of the day that was asked last is an answer to that notice; of another day it explains that day
 * alone. */
static int answer_knew(struct linked *linked, const struct form *form, const char *day, const char *class)
{
        char asked[ANSWER_DAY_SIZE];
        json_t *data;
        int r;

        r = answer_asked(linked->db, linked->link.person, linked->link.pupil, linked->link.rule, asked,
                         linked->err);
        if (r < 0)
                return r;
        if (r != ANSWER_ASKED || strcmp(asked, day) != 0)
                return linked_event(linked, form, "absence.explained", linked->link.pupil,
                                    explanation_of(linked, day, day, class), linked->err);
        data = notice_answer(linked, "knew");
        if (data)
                json_object_set_new(data, "class", json_string(class));
        return linked_event(linked, form, "notice.answered", linked->link.pupil, data, linked->err);
}

static const char *class_of(const char *answer)
{
        static const char *const classes[] = {"health", "leave", "other"};

        for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
                if (strcmp(answer, classes[i]) == 0)
                        return classes[i];
        return NULL;
}

static int act_answer(struct linked *linked, const struct form *form)
{
        const char *answer = form_value(form, "answer"), *day = form_value(form, "day");
        const char *class = class_of(answer);
        struct home_day open;
        int32_t date;
        int r;

        if (!date_parse(day, &date) ||
            (!class && strcmp(answer, "did-not-know") != 0 && strcmp(answer, "call-me") != 0))
                return linked_refuse(linked, 400, "form-wrong");
        r = home_day_get(linked->db, linked->link.pupil, day, day, &open, linked->err);
        if (r < 0)
                return r;
        if (r == 0 || !open.is_open)
                return linked_refuse(linked, 409, "stale");
        if (class)
                r = answer_knew(linked, form, day, class);
        else
                r = linked_event(linked, form, "notice.answered", linked->link.pupil,
                                 notice_answer(linked, answer), linked->err);
        if (r < 0)
                return r;
        return r ? linked_done(linked, "answer", NULL) : linked_refuse(linked, 409, "stale");
}

/* ---- the table */

/* Where a link leads that names no page: to what its message is about. */
static const char *first(const struct linked *linked)
{
        if (strcmp(linked->link.rule, "consent-missing") == 0)
                return "consent";
        if (strcmp(linked->link.subject_kind, "meeting") == 0)
                return "meeting";
        if (strcmp(linked->link.rule, "placement-agreement") == 0 ||
            strcmp(linked->link.rule, "placement-blocked") == 0)
                return "sign";
        return strcmp(linked->link.rule, "placement-certificate") == 0 ? "certificate" : "answer";
}

/* Keep in alphabetical order. */
static const struct linked_sub sub_table[] = {
    {"answer", show_answer, act_answer},
    {"calendar", work_show_calendar, work_act_calendar},
    {"certificate", work_show_certificate, NULL},
    {"code", code_show, code_act},
    {"consent", guardian_show_consent, guardian_act_consent},
    {"contact", settings_show_contact, settings_act_contact},
    {"meeting", guardian_show_meeting, guardian_act_meeting},
    {"report", guardian_show_report, guardian_act_report},
    {"sent", guardian_show_sent, NULL},
    {"settings", settings_show, settings_act},
    {"sign", work_show_sign, work_act_sign},
    {NULL, NULL, NULL},
};

const struct linked_kind linked_guardian = {
    .kind = "guardian", .path = 'r', .subs = sub_table, .first = first};
