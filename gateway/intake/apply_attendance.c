/* Marks of a register and what is said about an absence. */
#include "intake/apply.h"
#include "intake/hours.h"
#include "store/attendance.h"
#include "store/lesson.h"

#include <string.h>

static const char *const classes[] = {"unexplained", "health", "leave", "other", NULL};
static const char *const reasons[] = {"health", "leave", "other", NULL};

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

static int read_hours(struct apply *apply, const struct apply_subject *pupil, int32_t date, bool at_workplace,
                      struct hours *ret_hours)
{
        struct hours hours = {0};
        struct hours_place where;
        int fault, r;

        hours.lesson = fields_int(&apply->data, "lesson", 0, LESSON_NO_MAX, -1);
        hours.starts = apply_moment(apply, "starts", pupil, date);
        hours.ends = apply_moment(apply, "ends", pupil, date);
        if (apply->data.error)
                return apply->data.error;
        where = (struct hours_place){apply->db, pupil->id, pupil->organisation, pupil->zone, at_workplace};
        r = hours_complete(&where, date, &hours, apply->err);
        if (r < 0)
                return r;
        fault = hours_check(&where, date, &hours);
        if (fault == HOURS_OTHER_DAY)
                return apply_refuse(apply, "starts", "lies on another day than day: correct one of them");
        if (fault == HOURS_ENDS)
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
        r = read_hours(apply, &pupil, date, row.place == places[1], &hours);
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
