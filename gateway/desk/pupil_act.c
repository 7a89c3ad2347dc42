/* What staff do on a pupil's page. Whatever it is, it becomes an event; only the numbers of a pupil's plan
 * are settings, with who set them and when. */
#include "base/date.h"
#include "desk/pages.h"
#include "desk/pupil.h"
#include "engine/setting.h"
#include "store/desk_absence.h"
#include "store/desk_pupil.h"

#include <stdio.h>
#include <string.h>

#define HOLD_DAYS_MAX 400
#define REASON_MAX_BYTES 200
#define STEP_MAX 1000 /* hours */

static int take(struct desk *desk, const struct form *form, const char *type, json_t *data)
{
        int r = desk_event(desk, form, type, desk->subject.pupil, data);

        if (r < 0)
                return r;
        return r ? desk_done(desk, NULL, NULL, "done-saved") : desk_refuse(desk, 409, "stale");
}

static bool is_one_of(const char *text, const char *const *table, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(text, table[i]) == 0)
                        return true;
        return false;
}

/* ---- a word about an absence */

struct open_day {
        const char *day;
        bool is_open, is_unexplained;
};

static int match_day(void *context, const struct desk_open_day *day, struct err *err)
{
        struct open_day *wanted = context;

        (void)err;
        if (strcmp(day->day, wanted->day) == 0) {
                wanted->is_open = true;
                wanted->is_unexplained = day->is_unexplained;
        }
        return 0;
}

struct guardian_check {
        const char *person;
        bool is_one;
};

static int match_guardian(void *context, const struct desk_home_row *row, struct err *err)
{
        struct guardian_check *check = context;

        (void)err;
        if (!row->is_restricted && strcmp(row->person, check->person) == 0)
                check->is_one = true;
        return 0;
}

/* 1: BY, who has called, is somebody of the home who may; or nobody is named. */
static int is_of_home(struct desk *desk, const char *by)
{
        struct guardian_check check = {.person = by};
        int r = *by ? desk_home_each(desk->db, desk->subject.pupil, desk->today, match_guardian, &check,
                                     desk->err)
                    : 0;

        return r < 0 ? r : !*by || check.is_one;
}

static int act_word(struct desk *desk, const struct form *form, bool authorises)
{
        static const char *const classes[] = {"health", "leave", "other"};
        const char *class = form_value(form, "class"), *by = form_value(form, "by");
        struct open_day wanted = {.day = form_value(form, "day")};
        int32_t date;
        json_t *data;
        int r;

        if (!is_one_of(class, classes, ARRAY_SIZE(classes)))
                return desk_refuse(desk, 422, "pupil-choose-class");
        if (!date_parse(wanted.day, &date))
                return desk_refuse(desk, 422, "form-wrong");
        r = is_of_home(desk, by);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 422, "form-wrong");
        r = desk_open_day_each(desk->db, desk->subject.pupil, wanted.day, match_day, &wanted, desk->err);
        if (r < 0)
                return r;
        if (!wanted.is_open || (!authorises && !wanted.is_unexplained))
                return desk_refuse(desk, 409, "stale");
        data = json_pack("{s:s,s:s,s:s,s:s}", "pupil", desk->subject.pupil, "from", wanted.day, "until",
                         wanted.day, "class", class);
        if (data && *by && !authorises)
                json_object_set_new(data, "by", json_string(by));
        return take(desk, form, authorises ? "absence.authorised" : "absence.explained", data);
}

/* ---- a pause of all messages */

static int act_hold(struct desk *desk, const struct form *form)
{
        static const char *const reasons[] = {"hospital", "other", "pause"};
        const char *reason = form_value(form, "reason"), *until = form_value(form, "until"),
                   *text = form_value(form, "text");
        int32_t date;

        if (!is_one_of(reason, reasons, ARRAY_SIZE(reasons)))
                return desk_refuse(desk, 422, "pupil-hold-reason");
        if (!date_parse(until, &date) || date < desk->date || date > desk->date + HOLD_DAYS_MAX)
                return desk_refuse(desk, 422, "pupil-hold-until");
        if (strlen(text) > REASON_MAX_BYTES)
                return desk_refuse(desk, 422, "pupil-hold-text");
        if (strcmp(reason, "other") == 0 && *text)
                reason = text;
        return take(
            desk, form, "pupil.held",
            json_pack("{s:s,s:s,s:s}", "pupil", desk->subject.pupil, "reason", reason, "until", until));
}

static int act_release(struct desk *desk, const struct form *form)
{
        return take(desk, form, "pupil.released", json_pack("{s:s}", "pupil", desk->subject.pupil));
}

/* ---- the pupil's own steps */

struct setting_key pupil_key(const struct desk *desk, int step)
{
        return (struct setting_key){.kind = SETTING_PARAMETER,
                                    .organisation = desk->subject.organisation,
                                    .pupil = desk->subject.pupil,
                                    .item = PUPIL_RULE,
                                    .part = pupil_steps[step]};
}

/* What stands is what the form was made from: 1. */
static int is_as_seen(struct desk *desk, const struct form *form)
{
        int same = 1;

        for (int i = 0; i < PUPIL_STEPS && same > 0; i++) {
                const struct setting_key key = pupil_key(desk, i);
                struct setting_standing standing = {0};
                char name[32];
                int r = setting_standing(desk->db, &key, &standing, desk->err);

                snprintf(name, sizeof name, "seen-%s", pupil_steps[i]);
                same = r < 0 ? r : form_number(form, name) == standing.id;
                setting_standing_fini(&standing);
        }
        return same;
}

/* VALUE and UNTIL NULL: the pupil has none of their own any more. */
static int set_step(struct desk *desk, int step, const char *value, const char *until)
{
        const struct setting_wish wish = {.key = pupil_key(desk, step),
                                          .value = value,
                                          .until = until,
                                          .by = desk->session.person,
                                          .seen = -1};
        struct setting_standing standing = {0};
        enum setting_state state;
        int64_t id;
        int r = setting_standing(desk->db, &wish.key, &standing, desk->err);
        bool is_same = r == 0 && (value ? standing.value && strcmp(standing.value, value) == 0 &&
                                              standing.until && strcmp(standing.until, until) == 0
                                        : !standing.value);

        setting_standing_fini(&standing);
        if (r < 0 || is_same)
                return r;
        return setting_propose(desk->db, &wish, desk->now, &id, &state, desk->err);
}

static int act_own(struct desk *desk, const struct form *form)
{
        const char *until = form_value(form, "until");
        char values[PUPIL_STEPS][16];
        int64_t last = 0;
        struct err fault;
        int r;

        for (int i = 0; i < PUPIL_STEPS; i++) {
                int64_t value = form_number(form, pupil_steps[i]);

                if (value <= last || value > STEP_MAX)
                        return desk_refuse(desk, 422, "pupil-own-rising");
                snprintf(values[i], sizeof values[i], "%d", (int)value);
                last = value;
        }
        if (setting_check_until(until, desk->date, &fault) < 0)
                return desk_refuse(desk, 422, "pupil-own-until");
        r = is_as_seen(desk, form);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 409, "stale");
        for (int i = 0; i < PUPIL_STEPS && r >= 0; i++)
                r = set_step(desk, i, values[i], until);
        return r < 0 ? r : desk_done(desk, NULL, NULL, "done-saved");
}

static int act_own_end(struct desk *desk, const struct form *form)
{
        int r = is_as_seen(desk, form);

        if (r == 0)
                return desk_refuse(desk, 409, "stale");
        for (int i = 0; i < PUPIL_STEPS && r >= 0; i++)
                r = set_step(desk, i, NULL, NULL);
        return r < 0 ? r : desk_done(desk, NULL, NULL, "done-saved");
}

int pupil_act(struct desk *desk, const struct form *form)
{
        static const struct {
                const char *act;
                int (*run)(struct desk *desk, const struct form *form);
        } plan_table[] = {
            {"hold", act_hold}, {"own", act_own}, {"own-end", act_own_end}, {"release", act_release}};
        const char *act = form_value(form, "act");
        int r;

        if (strcmp(act, "explain") == 0)
                return act_word(desk, form, false);
        r = desk_covers(desk, DESK_PLAN, desk->subject.organisation);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 403, "pupil-not-yours");
        if (strcmp(act, "authorise") == 0)
                return act_word(desk, form, true);
        for (size_t i = 0; i < ARRAY_SIZE(plan_table); i++)
                if (strcmp(plan_table[i].act, act) == 0)
                        return plan_table[i].run(desk, form);
        return desk_refuse(desk, 400, "form-wrong");
}
