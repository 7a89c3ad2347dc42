/* The roll of a lesson: one tap a pupil. */
#include "base/date.h"
#include "desk/day.h"
#include "desk/pages.h"
#include "store/desk_change.h"
#include "store/desk_roll.h"
#include "store/lesson.h"

#include <stdio.h>
#include <string.h>

#define GROUPS_SHOWN 100
#define BACK_DAYS 30 /* how old a roll may be that is mended here */
#define EARLY_S 300  /* a lesson is now from so long before its start */

struct roll {
        struct desk *desk;
        char organisation[ID_SIZE], name[ID_SIZE];
        int32_t date;
        char day[DATE_TEXT_MAX], kind[16];
        struct timetable timetable;
        int64_t noon;
        int at; /* the lesson in the timetable; -1: there is none */
        struct desk_lesson lesson;
        struct value *list;
        int groups, pupils, marked;
        bool is_named; /* by ?of=, with pupils of its own */
};

/* ---- which roll */

static int note_group(void *context, const struct desk_group *group, struct err *err)
{
        struct roll *roll = context;
        bool is_named = strcmp(group->id, roll->desk->of) == 0;
        struct value *map;

        (void)err;
        if (roll->groups++ == GROUPS_SHOWN)
                return 0;
        if (roll->groups == 1 || is_named) {
                snprintf(roll->organisation, sizeof roll->organisation, "%s", group->id);
                snprintf(roll->name, sizeof roll->name, "%s", group->name);
                roll->is_named = is_named;
        }
        map = value_append_map(roll->list);
        desk_set_id(map, group->id);
        value_set_text(map, "group_name", group->name);
        if (group->school)
                value_set_text(map, "school_name", group->school);
        return 0;
}

static int list_groups(struct desk *desk, struct roll *roll, int *ret_start)
{
        long long start = strtoll(desk_query(desk, DESK_Q_START), NULL, 10);
        struct day day = {0};
        int r = day_open(desk, &day);

        *ret_start = start > 0 && start < 1000000 ? (int)start : 0;
        roll->list = value_set_list(desk->values, "choices");
        if (r == 200) {
                r = desk_day_groups(desk->db, &day.day, *ret_start, GROUPS_SHOWN + 1, note_group, roll,
                                    desk->err);
                r = r < 0 ? r : 200;
        }
        day_close(&day);
        return r;
}

/* The group that ?of= names, or the one below it, which it names from here on; of several the reader chooses.
 */
static int find_group(struct desk *desk, struct roll *roll)
{
        int start, r = list_groups(desk, roll, &start);

        if (r != 200)
                return r;
        if (!roll->is_named && (roll->groups != 1 || start)) {
                value_set_bool(desk->values, "is_choice", true);
                if (roll->groups > GROUPS_SHOWN)
                        value_set_count(desk->values, "more_start", start + GROUPS_SHOWN);
                return 0;
        }
        snprintf(desk->of, sizeof desk->of, "%s", roll->organisation);
        return 200;
}

/* The lesson that has begun last, or is about to. */
static int lesson_now(const struct roll *roll)
{
        int at = 0;

        for (int i = 0; i < roll->timetable.count; i++)
                if (roll->noon + roll->timetable.lessons[i].starts - EARLY_S <= roll->desk->now)
                        at = i;
        return at;
}

static void choose_lesson(struct roll *roll)
{
        const char *asked = desk_query(roll->desk, DESK_Q_KIND);
        int number = *asked ? (int)strtol(asked, NULL, 10) : -1;

        roll->at = roll->timetable.count ? lesson_now(roll) : -1;
        if (roll->date != roll->desk->date)
                roll->at = roll->timetable.count ? 0 : -1;
        for (int i = 0; i < roll->timetable.count; i++)
                if (roll->timetable.lessons[i].lesson == number)
                        roll->at = i;
        if (roll->at < 0)
                return;
        roll->lesson = (struct desk_lesson){
            .organisation = roll->organisation,
            .day = roll->day,
            .lesson = roll->timetable.lessons[roll->at].lesson,
            .starts = roll->noon + roll->timetable.lessons[roll->at].starts,
            .ends = roll->noon + roll->timetable.lessons[roll->at].ends,
        };
}

/* 200: *ROLL is a roll; 0: the reader must choose a group first; 404. */
static int open_roll(struct desk *desk, struct roll *roll)
{
        int r;

        roll->desk = desk;
        r = find_group(desk, roll);
        if (r != 200)
                return r;
        roll->date = desk_query_date(desk, DESK_Q_DAY);
        if (roll->date > desk->date || roll->date < desk->date - BACK_DAYS)
                roll->date = desk->date;
        date_print(roll->date, roll->day);
        roll->noon = zone_to_utc(desk->zone, roll->date, 12 * 3600);
        r = desk_roll_day_kind(desk->db, roll->organisation, roll->day, roll->kind, desk->err);
        if (r == 0)
                r = timetable_read(desk->db, roll->organisation, date_weekday(roll->date), &roll->timetable,
                                   desk->err);
        if (roll->kind[0] && strcmp(roll->kind, "school") != 0)
                roll->timetable.count = 0;
        choose_lesson(roll);
        return r < 0 ? r : 200;
}

/* ---- what it shows */

static bool is_markable(const struct desk_roll_row *row)
{
        return !row->is_placed && !row->is_held && !row->is_authorised;
}

/* The code of the button that is pressed; "" for none. */
static const char *tap_of(const struct desk_roll_row *row)
{
        if (!row->mark)
                return "";
        if (row->is_elsewhere)
                return "elsewhere";
        return strcmp(row->mark, "present") == 0 ? "here" : row->mark;
}

static int add_pupil(void *context, const struct desk_roll_row *row, struct err *err)
{
        static const char *const taps[] = {"here", "late", "absent", "elsewhere"};
        struct roll *roll = context;
        struct value *map = value_append_map(roll->list), *list;
        const char *why = row->is_held ? "held" : row->is_placed ? "placed" : "authorised";

        (void)err;
        desk_set_id(map, row->pupil);
        day_set_name(map, "pupil", row->given, row->family);
        value_set_bool(map, "is_protected", row->is_protected);
        if (row->announced && !(row->mark && strcmp(row->mark, "absent") != 0))
                value_set_text(map, "announced", desk_word_of(roll->desk, "class", row->announced));
        else if (row->mark && row->class && strcmp(row->class, "unexplained") != 0)
                value_set_text(map, "announced", desk_word_of(roll->desk, "class", row->class));
        value_set_bool(map, "is_markable", is_markable(row));
        if (!is_markable(row)) {
                value_set_text(map, "why", desk_word_of(roll->desk, "roll-not", why));
                return 0;
        }
        roll->pupils++;
        roll->marked += row->mark != NULL;
        list = value_set_list(map, "taps");
        for (size_t i = 0; i < ARRAY_SIZE(taps); i++)
                day_add_choice(roll->desk, list, "tap", taps[i], tap_of(row));
        return 0;
}

struct tally {
        int pupils, marked;
};

static int count_pupil(void *context, const struct desk_roll_row *row, struct err *err)
{
        struct tally *tally = context;

        (void)err;
        tally->pupils += is_markable(row);
        tally->marked += is_markable(row) && row->mark;
        return 0;
}

/* A lesson is taken when nobody in it is left to mark. */
static int set_lessons(struct desk *desk, const struct roll *roll)
{
        struct value *list = value_set_list(desk->values, "lessons");
        int r = 0;

        for (int i = 0; r == 0 && i < roll->timetable.count; i++) {
                struct value *map = value_append_map(list);
                struct desk_lesson lesson = {.organisation = roll->organisation,
                                             .day = roll->day,
                                             .lesson = roll->timetable.lessons[i].lesson,
                                             .starts = roll->noon + roll->timetable.lessons[i].starts,
                                             .ends = roll->noon + roll->timetable.lessons[i].ends};
                struct tally tally = {0};

                value_set_count(map, "number", lesson.lesson);
                value_set_time(map, "starts", lesson.starts);
                value_set_bool(map, "is_current", i == roll->at);
                r = desk_roll(desk->db, &lesson, NULL, count_pupil, &tally, desk->err);
                value_set_bool(map, "is_taken", tally.pupils && tally.marked == tally.pupils);
        }
        return r;
}

static void set_day(struct value *values, const char *key, int32_t date, const char *key_of_text)
{
        char day[DATE_TEXT_MAX];

        date_print(date, day);
        value_set_date(values, key, date);
        value_set_text(values, key_of_text, day);
}

static int show_lesson(struct desk *desk, struct roll *roll)
{
        int r;

        value_set_count(desk->values, "lesson.number", roll->lesson.lesson);
        value_set_time(desk->values, "lesson.starts", roll->lesson.starts);
        value_set_time(desk->values, "lesson.ends", roll->lesson.ends);
        roll->list = value_set_list(desk->values, "pupils");
        r = desk_roll(desk->db, &roll->lesson, NULL, add_pupil, roll, desk->err);
        value_set_count(desk->values, "pupil_count", roll->pupils);
        value_set_count(desk->values, "marked_count", roll->marked);
        value_set_bool(desk->values, "is_complete", roll->marked == roll->pupils);
        value_set_bool(desk->values, "is_begun", roll->marked > 0);
        return r;
}

int roll_show(struct desk *desk)
{
        struct roll roll = {0};
        int r = day_set_live(desk);

        if (r == 0)
                r = open_roll(desk, &roll);
        if (r != 200)
                return r;
        value_set_text(desk->values, "group_name", roll.name);
        set_day(desk->values, "day", roll.date, "day_text");
        value_set_bool(desk->values, "is_today", roll.date == desk->date);
        if (roll.date > desk->date - BACK_DAYS)
                set_day(desk->values, "before", roll.date - 1, "before_text");
        if (roll.date < desk->date)
                set_day(desk->values, "after", roll.date + 1, "after_text");
        r = set_lessons(desk, &roll);
        value_set_bool(desk->values, "has_lesson", roll.at >= 0);
        return r < 0 || roll.at < 0 ? r : show_lesson(desk, &roll);
}

/* ---- taps */

static int send_mark(struct desk *desk, const struct form *form, const struct roll *roll, const char *pupil,
                     const char *mark)
{
        return desk_event(desk, form, "attendance.marked", pupil,
                          json_pack("{s:s,s:s,s:i,s:s,s:s}", "pupil", pupil, "day", roll->day, "lesson",
                                    roll->lesson.lesson, "mark", mark, "place", "school"));
}

/* Who is elsewhere in school is present: the mark says so, and no rule alerts, counts or climbs; an alert
 * that has gone out is corrected, as for any presence. A pupil.located in its place would leave the absence
 * in force, to be summed up and told of in the evening. That the pupil is not in the room is a note of the
 * roll's own, which no rule reads. */
static int mark(struct desk *desk, const struct form *form, const struct roll *roll, const char *pupil,
                const char *tap)
{
        bool is_elsewhere = strcmp(tap, "elsewhere") == 0;
        const char *mark = is_elsewhere || strcmp(tap, "here") == 0 ? "present" : tap;
        int r = send_mark(desk, form, roll, pupil, mark), noted;

        if (r != 1) /* an old tap that comes once more says nothing new */
                return r;
        noted = is_elsewhere ? desk_roll_elsewhere(desk->db, &roll->lesson, pupil, desk->session.person,
                                                   desk->now, desk->err)
                             : desk_roll_not_elsewhere(desk->db, &roll->lesson, pupil, desk->err);
        if (noted > 0)
                noted = desk_change_note(desk->db, "organisation", roll->organisation, desk->err);
        return noted < 0 ? noted : 1;
}

struct tap {
        struct desk *desk;
        const struct form *form;
        const struct roll *roll;
        const char *tap;
        int found, taken, refused;
};

/* An absence that has a reason keeps it when it is tapped again. */
static int take_tap(void *context, const struct desk_roll_row *row, struct err *err)
{
        struct tap *tap = context;
        int r;

        (void)err;
        tap->found++;
        if (!is_markable(row))
                return 0;
        if (strcmp(tap_of(row), tap->tap) == 0) {
                tap->taken++;
                return 0;
        }
        r = mark(tap->desk, tap->form, tap->roll, row->pupil, tap->tap);
        tap->taken += r > 0;
        tap->refused += r == 0;
        return r < 0 ? r : 0;
}

/* The pupils without a mark: what has been tapped already stands. */
static int take_rest(void *context, const struct desk_roll_row *row, struct err *err)
{
        return row->mark || row->announced ? 0 : take_tap(context, row, err);
}

static bool is_tap(const char *text)
{
        return strcmp(text, "here") == 0 || strcmp(text, "late") == 0 || strcmp(text, "absent") == 0 ||
               strcmp(text, "elsewhere") == 0;
}

/* A roll that the form named and that is no more: another day has begun, the timetable has changed. */
static bool is_asked(const struct roll *roll)
{
        int number = (int)strtol(desk_query(roll->desk, DESK_Q_KIND), NULL, 10);

        return roll->at >= 0 && roll->lesson.lesson == number &&
               strcmp(roll->day, desk_query(roll->desk, DESK_Q_DAY)) == 0;
}

static int act_tap(struct desk *desk, const struct form *form, const struct roll *roll)
{
        struct tap tap = {desk, form, roll, form_value(form, "tap"), 0, 0, 0};
        struct desk_subject pupil;
        int r = day_pupil(desk, form, &pupil);

        if (r != 200)
                return r;
        if (!is_tap(tap.tap))
                return desk_refuse(desk, 422, "form-wrong");
        r = desk_roll(desk->db, &roll->lesson, pupil.id, take_tap, &tap, desk->err);
        if (r < 0)
                return r;
        if (!tap.found)
                return desk_refuse(desk, 404, "today-foreign");
        return tap.taken ? desk_done(desk, NULL, NULL, NULL) : desk_refuse(desk, 409, "roll-not-marked");
}

static int act_rest(struct desk *desk, const struct form *form, const struct roll *roll)
{
        struct tap tap = {desk, form, roll, "here", 0, 0, 0};
        int r = desk_roll(desk->db, &roll->lesson, NULL, take_rest, &tap, desk->err);

        if (r < 0)
                return r;
        return tap.refused ? desk_refuse(desk, 409, "roll-not-marked") : desk_done(desk, NULL, NULL, NULL);
}

int roll_act(struct desk *desk, const struct form *form)
{
        const char *act = form_value(form, "act");
        struct roll roll = {0};
        int r = open_roll(desk, &roll);

        if (r != 200)
                return r < 0 ? r : desk_refuse(desk, r ? r : 400, "form-wrong");
        if (!is_asked(&roll))
                return desk_refuse(desk, 409, "stale");
        if (strcmp(act, "tap") == 0)
                return act_tap(desk, form, &roll);
        if (strcmp(act, "rest") == 0)
                return act_rest(desk, form, &roll);
        return desk_refuse(desk, 400, "form-wrong");
}
