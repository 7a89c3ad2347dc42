/* Marks of a register and what is said about an absence. */
#include "intake/apply.h"
#include "store/attendance.h"
#include "store/lesson.h"

#include <string.h>

#define LESSON_SECONDS (45 * 60)
#define GRID_START (-4 * 3600)    /* 08:00, from noon */
#define GRID_END (3600 + 45 * 60) /* 13:45 */
#define SPAN_HOURS_MAX (24 * 3600)

static const char *const classes[] = {"unexplained", "health", "leave", "other", NULL};
static const char *const reasons[] = {"health", "leave", "other", NULL};

/* When the marked lesson is. */
struct hours {
        int lesson;           /* -1: not said */
        int64_t starts, ends; /* NO_TIME: not said */
};

static int find_lesson(const struct timetable *timetable, int lesson)
{
        for (int i = 0; i < timetable->count; i++)
                if (timetable->lessons[i].lesson == lesson)
                        return i;
        return -1;
}

/* The lesson that begins at STARTS, else the one in which it lies; -1: none. Seconds from noon. */
static int find_time(const struct timetable *timetable, int64_t starts)
{
        int inside = -1;

        for (int i = 0; i < timetable->count; i++) {
                if (timetable->lessons[i].starts == starts)
                        return i;
                if (timetable->lessons[i].starts < starts && timetable->lessons[i].ends > starts)
                        inside = i;
        }
        return inside;
}

/* The start is known: which lesson is that, and when does it end? */
static void complete_from_start(struct hours *hours, const struct timetable *timetable, int64_t noon)
{
        int at = hours->lesson > 0 ? find_lesson(timetable, hours->lesson)
                                   : find_time(timetable, hours->starts - noon);

        if (hours->lesson < 0)
                hours->lesson = at < 0 ? 0 : timetable->lessons[at].lesson;
        if (hours->ends != NO_TIME)
                return;
        hours->ends = at < 0 ? NO_TIME : noon + timetable->lessons[at].ends;
        if (hours->ends <= hours->starts)
                hours->ends = hours->starts + LESSON_SECONDS;
}

static void complete_lesson(struct hours *hours, const struct timetable *timetable, int64_t noon)
{
        int at = find_lesson(timetable, hours->lesson);

        if (at < 0) {
                hours->starts = noon + GRID_START + (hours->lesson - 1) * 3600;
                if (hours->ends == NO_TIME)
                        hours->ends = hours->starts + LESSON_SECONDS;
                return;
        }
        hours->starts = noon + timetable->lessons[at].starts;
        if (hours->ends == NO_TIME)
                hours->ends = noon + timetable->lessons[at].ends;
}

static int complete_day(struct apply *apply, const struct apply_subject *pupil, const char *day,
                        bool at_workplace, struct hours *hours, const struct timetable *timetable,
                        int64_t noon)
{
        int64_t starts = noon + GRID_START, ends = noon + GRID_END;
        int r = 0;

        if (timetable->count) {
                starts = noon + timetable->lessons[0].starts;
                ends = noon + timetable->lessons[timetable->count - 1].ends;
        }
        if (at_workplace)
                r = placement_hours(apply->db, pupil->id, day, &starts, &ends, apply->err);
        hours->lesson = 0;
        hours->starts = starts;
        if (hours->ends == NO_TIME)
                hours->ends = ends;
        return r < 0 ? r : 0;
}

static int complete(struct apply *apply, const struct apply_subject *pupil, int32_t date, const char *day,
                    bool at_workplace, struct hours *hours)
{
        int64_t noon = zone_to_utc(pupil->zone, date, NOON_SECONDS);
        struct timetable timetable;
        int r;

        if (hours->lesson >= 0 && hours->starts != NO_TIME && hours->ends != NO_TIME)
                return 0;
        r = timetable_read(apply->db, pupil->organisation, date_weekday(date), &timetable, apply->err);
        if (r < 0)
                return r;
        if (hours->starts != NO_TIME)
                complete_from_start(hours, &timetable, noon);
        else if (hours->lesson > 0)
                complete_lesson(hours, &timetable, noon);
        else
                r = complete_day(apply, pupil, day, at_workplace, hours, &timetable, noon);
        return r;
}

/* The day that is given, else that of a full start, else the event's. */
static int32_t read_day(struct apply *apply, const struct apply_subject *pupil)
{
        const char *text = fields_day(&apply->data, "day", OPTIONAL);
        int32_t day = pupil->day;
        int64_t starts;
        int seconds;

        if (text)
                date_parse(text, &day);
        else if ((starts = apply_moment(apply, "starts", pupil, pupil->day)) != NO_TIME)
                zone_to_local(pupil->zone, starts, &day, &seconds);
        return day;
}

static int read_hours(struct apply *apply, const struct apply_subject *pupil, int32_t date, const char *day,
                      bool at_workplace, struct hours *ret_hours)
{
        struct hours hours = {0};
        int32_t local;
        int seconds, r;

        hours.lesson = fields_int(&apply->data, "lesson", 0, LESSON_NO_MAX, -1);
        hours.starts = apply_moment(apply, "starts", pupil, date);
        hours.ends = apply_moment(apply, "ends", pupil, date);
        if (apply->data.error)
                return apply->data.error;
        r = complete(apply, pupil, date, day, at_workplace, &hours);
        if (r < 0)
                return r;
        zone_to_local(pupil->zone, hours.starts, &local, &seconds);
        if (local != date)
                return apply_refuse(apply, "starts", "lies on another day than day: correct one of them");
        if (hours.ends <= hours.starts || hours.ends > hours.starts + SPAN_HOURS_MAX)
                return apply_refuse(apply, "ends", "not after starts on the same day: correct it");
        *ret_hours = hours;
        return 0;
}

int apply_attendance_marked(struct apply *apply)
{
        static const char *const marks[] = {"absent", "late", "present", NULL};
        static const char *const places[] = {"school", "workplace", NULL};
        struct attendance_mark row = {.event = apply->seq, .received = apply->now_utc};
        struct apply_subject pupil;
        char day[DATE_TEXT_MAX];
        struct hours hours = {0};
        int32_t date;
        int r;

        r = apply_pupil(apply, &pupil);
        if (r < 0)
                return r;
        row.pupil = pupil.id;
        row.mark = fields_need_choice(&apply->data, "mark", marks);
        row.class = fields_choice(&apply->data, "class", classes, NULL);
        row.place = fields_choice(&apply->data, "place", places, places[0]);
        row.by = apply_by(apply);
        date = read_day(apply, &pupil);
        r = apply_check_day(apply, "day", &pupil, date);
        if (r < 0)
                return r;
        date_print(date, day);
        row.day = day;
        r = read_hours(apply, &pupil, date, day, row.place == places[1], &hours);
        if (r < 0)
                return r;
        row.lesson = hours.lesson;
        row.starts = hours.starts;
        row.ends = hours.ends;
        if (row.mark == marks[0] && !row.class)
                row.class = classes[0];
        if (row.mark == marks[2])
                row.class = NULL; /* who is present has no kind of absence */
        return attendance_mark_add(apply->db, &row, apply->err);
}

static int read_word(struct apply *apply, struct absence_word *row)
{
        struct apply_subject pupil;
        int r;

        r = apply_pupil(apply, &pupil);
        if (r == 0)
                r = apply_span(apply, &pupil, &row->starts, &row->ends);
        row->pupil = r < 0 ? NULL : pupil.id;
        row->by = apply_by(apply);
        row->event = apply->seq;
        row->received = apply->now_utc;
        return r < 0 ? r : apply->data.error;
}

int apply_absence_explained(struct apply *apply)
{
        struct absence_word row = {.class = fields_choice(&apply->data, "class", reasons, "other")};
        int r = read_word(apply, &row);

        return r < 0 ? r : explanation_add(apply->db, &row, apply->err);
}

int apply_absence_authorised(struct apply *apply)
{
        struct absence_word row = {.class = fields_choice(&apply->data, "class", reasons, NULL)};
        int r = read_word(apply, &row);

        return r < 0 ? r : authorisation_add(apply->db, &row, apply->err);
}

int apply_pupil_located(struct apply *apply)
{
        static const char *const places[] = {"at-home", "at-school", "at-workplace", "other", NULL};
        struct located row = {.event = apply->seq, .received = apply->now_utc};
        struct apply_subject pupil;
        int32_t day;
        int seconds, r;

        r = apply_pupil(apply, &pupil);
        if (r < 0)
                return r;
        row.pupil = pupil.id;
        row.place = fields_choice(&apply->data, "where", places, "other");
        row.at_utc = apply_moment(apply, "at", &pupil, pupil.day);
        if (row.at_utc == NO_TIME)
                row.at_utc = apply->time_utc;
        row.by = apply_by(apply);
        zone_to_local(pupil.zone, row.at_utc, &day, &seconds);
        r = apply_check_day(apply, "at", &pupil, day);
        return r < 0 ? r : located_add(apply->db, &row, apply->err);
}

int apply_register_synced(struct apply *apply)
{
        struct apply_subject organisation;
        int r = apply_organisation(apply, &organisation);

        return r < 0 ? r : register_synced(apply->db, organisation.id, apply->time_utc, apply->err);
}
