/* What staff say on the page of the day. Each word is an event, as if it had come from anywhere else. */
#include "base/date.h"
#include "desk/day.h"
#include "desk/pages.h"
#include "desk/today.h"
#include "store/reply.h"

#include <string.h>

const char *const today_hold_reasons[] = {"away", "closed", "hospital", "other", NULL};

static bool is_one_of(const char *const *list, const char *text)
{
        for (size_t i = 0; list[i]; i++)
                if (strcmp(list[i], text) == 0)
                        return true;
        return false;
}

/* What intake has refused was right a moment ago: the page is shown as it stands now. */
static int done(struct desk *desk, int r, const char *word)
{
        if (r < 0)
                return r;
        return r ? desk_done(desk, NULL, NULL, word) : desk_refuse(desk, 409, "stale");
}

static int is_absent(struct desk *desk, const struct day *day, const char *pupil)
{
        return desk_day_is_absent(desk->db, &day->day, pupil, desk->err);
}

/* ---- a missing pupil */

static int act_locate(struct desk *desk, const struct form *form, const struct day *day)
{
        static const char *const places[] = {"at-home", "at-school", "at-workplace", "other", NULL};
        const char *where = form_value(form, "where");
        struct desk_subject pupil;
        int r = day_pupil(desk, form, &pupil);

        if (r != 200)
                return r;
        if (!is_one_of(places, where))
                return desk_refuse(desk, 422, "form-wrong");
        r = is_absent(desk, day, pupil.id);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 409, "stale");
        r = desk_event(desk, form, "pupil.located", pupil.id,
                       json_pack("{s:s,s:s}", "pupil", pupil.id, "where", where));
        return done(desk, r, "done-located");
}

/* Before anybody was told there is nothing to take. */
static int act_take(struct desk *desk, const struct form *form, const struct day *day)
{
        struct desk_subject pupil;
        int r = day_pupil(desk, form, &pupil);

        if (r == 200)
                r = desk_day_is_told(desk->db, &day->day, pupil.id, desk->err);
        else
                return r;
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 409, "stale");
        r = desk_event(desk, form, "notice.taken", pupil.id,
                       json_pack("{s:s,s:s,s:s}", "recipient", desk->session.person, "subject", pupil.id,
                                 "rule", "absence-alert"));
        return done(desk, r, "done-taken");
}

static int act_word(struct desk *desk, const struct form *form, const struct day *day, const char *type,
                    const char *word)
{
        static const char *const classes[] = {"health", "leave", "other", NULL};
        const char *class = form_value(form, "class");
        struct desk_subject pupil;
        int r = day_pupil(desk, form, &pupil);

        if (r != 200)
                return r;
        if (!is_one_of(classes, class))
                return desk_refuse(desk, 422, "form-wrong");
        r = is_absent(desk, day, pupil.id);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 409, "stale");
        r = desk_event(desk, form, type, pupil.id,
                       json_pack("{s:s,s:s,s:s,s:s}", "pupil", pupil.id, "from", desk->today, "until",
                                 desk->today, "class", class));
        return done(desk, r, word);
}

/* A guardian has called: it is their word, typed by staff. */
static int act_explain(struct desk *desk, const struct form *form, const struct day *day)
{
        return act_word(desk, form, day, "absence.explained", "done-explained");
}

/* The school's own word is not the duty phone's to give. */
static int act_authorise(struct desk *desk, const struct form *form, const struct day *day)
{
        struct desk_subject pupil;
        int r = day_pupil(desk, form, &pupil);

        if (r == 200)
                r = desk_covers(desk, DESK_PUPIL, pupil.organisation);
        else
                return r;
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 403, "today-not-yours");
        return act_word(desk, form, day, "absence.authorised", "done-authorised");
}

/* ---- what waits */

static int act_confirm(struct desk *desk, const struct form *form, const struct day *day)
{
        const char *rule = form_value(form, "rule");
        struct desk_subject pupil;
        int r = day_pupil(desk, form, &pupil);

        (void)day;
        if (r != 200)
                return r;
        r = desk_day_waits(desk->db, pupil.id, rule, desk->err);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 409, "stale");
        r = desk_event(desk, form, "message.confirmed", pupil.id,
                       json_pack("{s:s,s:s}", "subject", pupil.id, "rule", rule));
        return done(desk, r, "done-confirmed");
}

/* No event says that somebody has read a reply: the row has who and when. */
static int act_seen(struct desk *desk, const struct form *form, const struct day *day)
{
        int64_t id = form_number(form, "reply");
        int r = desk_day_reply_waits(desk->db, day->day.scope, id, desk->err);

        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 409, "stale");
        r = reply_see(desk->db, id, desk->session.person, desk->now, desk->err);
        return r < 0 ? r : desk_done(desk, NULL, NULL, "done-seen");
}

/* ---- holds */

/* "pupil:ID" or "group:ID" of the form's `who`; *ret_kind is a literal. */
static int open_held(struct desk *desk, const struct form *form, const char **ret_kind,
                     struct desk_subject *ret_subject)
{
        const char *who = form_value(form, "who");
        bool is_group = strncmp(who, "group:", 6) == 0;
        int r;

        if (!is_group && strncmp(who, "pupil:", 6) != 0)
                return desk_refuse(desk, 422, "form-wrong");
        r = desk_subject_find(desk->db, is_group ? DESK_SUBJECT_ORGANISATION : DESK_SUBJECT_PUPIL, who + 6,
                              desk->today, ret_subject, desk->err);
        if (r > 0)
                r = desk_subject_is_open(desk->db, &desk->access, DESK_DAY, ret_subject, &desk->granted,
                                         desk->err);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 404, "today-foreign");
        desk->subject = *ret_subject;
        *ret_kind = is_group ? "group" : "pupil";
        return 200;
}

static int act_hold(struct desk *desk, const struct form *form, const struct day *day)
{
        const char *until = form_value(form, "until"), *reason = form_value(form, "reason"), *kind;
        struct desk_subject subject;
        int32_t last;
        int r = open_held(desk, form, &kind, &subject);

        (void)day;
        if (r != 200)
                return r;
        if (!is_one_of(today_hold_reasons, reason))
                return desk_refuse(desk, 422, "today-no-reason");
        if (!date_parse(until, &last) || last < desk->date || last > desk->date + TODAY_HOLD_DAYS_MAX)
                return desk_refuse(desk, 422, "today-until-wrong");
        r = desk_event(desk, form, "pupil.held", subject.id,
                       json_pack("{s:s,s:s,s:s}", kind, subject.id, "reason", reason, "until", until));
        return done(desk, r, "done-held");
}

static int act_release(struct desk *desk, const struct form *form, const struct day *day)
{
        struct desk_subject subject;
        const char *kind;
        int r = open_held(desk, form, &kind, &subject);

        (void)day;
        if (r != 200)
                return r;
        r = desk_day_is_held(desk->db, kind, subject.id, desk->now, desk->err);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 409, "stale");
        r = desk_event(desk, form, "pupil.released", subject.id, json_pack("{s:s}", kind, subject.id));
        return done(desk, r, "done-released");
}

/* ---- the table */

/* Keep in alphabetical order. */
static const struct {
        const char *name;
        int (*act)(struct desk *desk, const struct form *form, const struct day *day);
} act_table[] = {
    {"authorise", act_authorise}, {"confirm", act_confirm}, {"explain", act_explain}, {"hold", act_hold},
    {"locate", act_locate},       {"release", act_release}, {"seen", act_seen},       {"take", act_take},
};

int today_act(struct desk *desk, const struct form *form)
{
        const char *name = form_value(form, "act");
        struct day day = {0};
        int r;

        if (!(desk->access.rights & DESK_DAY))
                return desk_refuse(desk, 403, "today-not-yours");
        r = day_open(desk, &day);
        for (size_t i = 0; i < ARRAY_SIZE(act_table) && r == 200; i++)
                if (strcmp(act_table[i].name, name) == 0) {
                        r = act_table[i].act(desk, form, &day);
                        day_close(&day);
                        return r;
                }
        day_close(&day);
        return r == 200 ? desk_refuse(desk, 400, "form-wrong") : r;
}
