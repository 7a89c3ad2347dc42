/* Placements, their agreements and check-ins. */
#include "intake/apply.h"
#include "store/agreement.h"
#include "store/workplace.h"

#include <string.h>

#define WORKWEEK 0x3eu /* bits 1 … 5 */
#define PLACEMENT_AHEAD_DAYS_MAX 800

static const char *const models[] = {"4+1", "block", NULL};

/* [2], ["tue"], "tue", 2 or "mon,tue". 0: absent. */
static unsigned read_weekdays(struct apply *apply)
{
        const json_t *value = json_object_get(apply->data.object, "weekdays");
        const char *text = json_string_value(value);
        unsigned weekdays = 0;
        size_t index;
        json_t *each;
        char name[12];

        if (!value || json_is_null(value) || apply->data.error)
                return 0;
        if (!json_is_array(value) && field_weekday(value))
                return 1u << field_weekday(value);
        json_array_foreach((json_t *)value, index, each)
        {
                weekdays |= 1u << field_weekday(each);
        }
        while (text && *text) {
                size_t length = strcspn(text, ", ");
                json_t *part;

                if (length >= sizeof name)
                        weekdays |= 1;
                else if (length) {
                        memcpy(name, text, length);
                        name[length] = '\0';
                        part = json_string(name);
                        weekdays |= 1u << field_weekday(part);
                        json_decref(part);
                }
                text += length;
                text += strspn(text, ", ");
        }
        if (weekdays == 0 || weekdays & 1) { /* bit 0: something that is no weekday */
                apply_refuse(apply, "weekdays", "no list of weekdays: write [\"thu\"] or [4]");
                return 0;
        }
        return weekdays;
}

static int read_workplace(struct apply *apply, struct placement *placement, enum need need)
{
        const char *id = fields_id(&apply->data, "workplace", need);
        char organisation[ID_SIZE];
        int r;

        if (!id)
                return apply->data.error;
        r = workplace_exists(apply->db, id, organisation, apply->err);
        if (r == 0)
                return apply_refuse(apply, "workplace", "no such workplace %s: import the roster first", id);
        if (r < 0)
                return r;
        memcpy(placement->workplace, id, strlen(id) + 1);
        return 0;
}

static int read_supervisor(struct apply *apply, struct placement *placement)
{
        const char *id;
        int r = apply_person(apply, "supervisor", OPTIONAL, &id);

        if (r == 0 && id)
                memcpy(placement->supervisor, id, strlen(id) + 1);
        return r;
}

static void read_days(struct apply *apply, struct placement *placement, bool is_new)
{
        const char *from = fields_day(&apply->data, "from", OPTIONAL);
        const char *until = fields_day(&apply->data, "until", OPTIONAL);
        int year, month, day;

        if (from)
                date_parse(from, &placement->first_day);
        if (until) {
                date_parse(until, &placement->last_day);
        } else if (is_new && placement->is_block) {
                placement->last_day = placement->first_day;
        } else if (is_new) {
                date_to_civil(placement->first_day, &year, &month, &day);
                placement->last_day = date_school_year_end(month >= 8 ? year + 1 : year);
                if (placement->last_day < placement->first_day)
                        placement->last_day = placement->first_day;
        }
}

static void read_model(struct apply *apply, struct placement *placement, bool is_new)
{
        unsigned weekdays = read_weekdays(apply);
        const char *model;

        model = fields_choice(&apply->data, "model", models, NULL);
        if (model)
                placement->is_block = model == models[1];
        else if (is_new)
                placement->is_block = !weekdays; /* one who comes on some weekdays comes week by week */
        if (weekdays)
                placement->weekdays = weekdays;
        else if (is_new && placement->is_block)
                placement->weekdays = WORKWEEK;
        else if (is_new)
                placement->weekdays = 1u << date_weekday(placement->first_day);
}

static int check(struct apply *apply, const struct placement *placement, const struct apply_subject *pupil)
{
        if (apply->data.error)
                return apply->data.error;
        if (placement->last_day < placement->first_day)
                return apply_refuse(apply, "until", "before from: exchange them");
        if (placement->last_day - placement->first_day >= PLACEMENT_DAYS_MAX)
                return apply_refuse(apply, "until", "more than %d days after from: plan it in parts",
                                    PLACEMENT_DAYS_MAX - 1);
        if (placement->first_day < pupil->today - APPLY_PAST_DAYS_MAX)
                return apply_refuse(apply, "from", "more than two years ago: such facts are not taken");
        if (placement->last_day > pupil->today + PLACEMENT_AHEAD_DAYS_MAX)
                return apply_refuse(apply, "until", "more than two years ahead: correct the date");
        if (placement->ends <= placement->starts)
                return apply_refuse(apply, "ends", "not after starts: correct it");
        return 0;
}

/* What DATA says goes over what PLACEMENT holds. */
static int read_placement(struct apply *apply, struct placement *placement, const struct apply_subject *pupil,
                          bool is_new)
{
        const char *from = fields_day(&apply->data, "from", OPTIONAL);
        int r;

        r = read_workplace(apply, placement, is_new ? REQUIRED : OPTIONAL);
        if (r == 0)
                r = read_supervisor(apply, placement);
        if (r < 0)
                return r;
        if (from)
                date_parse(from, &placement->first_day);
        read_model(apply, placement, is_new);
        read_days(apply, placement, is_new);
        placement->starts = fields_time_of_day(&apply->data, "starts", placement->starts);
        placement->ends = fields_time_of_day(&apply->data, "ends", placement->ends);
        return check(apply, placement, pupil);
}

/* From which day on a placement that stands already changes: the event's day, when that is past. */
static int32_t from_day(const struct apply_subject *pupil)
{
        return pupil->day < pupil->today ? pupil->day : pupil->today;
}

int apply_placement_planned(struct apply *apply)
{
        struct placement placement = {.starts = PLACEMENT_STARTS, .ends = PLACEMENT_ENDS};
        const char *id = apply_id(apply, "placement");
        const char *pupil_id = fields_id(&apply->data, "pupil", REQUIRED);
        struct apply_subject pupil;
        int r;

        if (apply->data.error)
                return apply->data.error;
        r = apply_pupil_named(apply, "pupil", pupil_id, &pupil);
        if (r < 0)
                return r;
        memcpy(placement.id, id, strlen(id) + 1);
        memcpy(placement.pupil, pupil_id, strlen(pupil_id) + 1);
        placement.first_day = pupil.day;
        r = read_placement(apply, &placement, &pupil, true);
        return r < 0 ? r
                     : placement_plan(apply->db, apply->now_utc, &placement, from_day(&pupil), apply->seq,
                                      apply->err);
}

static int change_day(struct apply *apply, const struct placement *placement,
                      const struct apply_subject *pupil)
{
        const char *day_text = fields_day(&apply->data, "day", REQUIRED);
        bool is_cancelled = fields_flag(&apply->data, "cancelled", false);
        const char *moved_text = fields_id(&apply->data, "moved_to", OPTIONAL);
        int starts, ends, seconds;
        int32_t day = 0, moved_to;
        int64_t utc;

        starts = fields_time_of_day(&apply->data, "starts", PLACEMENT_KEEP);
        ends = fields_time_of_day(&apply->data, "ends", PLACEMENT_KEEP);
        if (apply->data.error)
                return apply->data.error;
        date_parse(day_text, &day);
        if (is_cancelled)
                return placement_cancel_day(apply->db, apply->now_utc, placement->id, day, apply->seq,
                                            apply->err);
        moved_to = day;
        if (moved_text && !date_parse(moved_text, &moved_to)) {
                if (!zone_parse(pupil->zone, moved_text, &utc))
                        return apply_refuse(apply, "moved_to",
                                            "no date or time: write YYYY-MM-DD or YYYY-MM-DDTHH:MM");
                zone_to_local(pupil->zone, utc, &moved_to, &seconds);
                if (starts == PLACEMENT_KEEP)
                        starts = seconds - NOON_SECONDS;
        }
        if (!moved_text && starts == PLACEMENT_KEEP && ends == PLACEMENT_KEEP &&
            !fields_has(&apply->data, "cancelled")) /* "cancelled": false alone brings the day back */
                return apply_refuse(apply, "day",
                                    "says nothing about the day: give moved_to, cancelled, starts or ends");
        if (moved_to < pupil->today - APPLY_PAST_DAYS_MAX ||
            moved_to > pupil->today + PLACEMENT_AHEAD_DAYS_MAX)
                return apply_refuse(apply, "moved_to", "more than two years away: correct the date");
        return placement_move_day(apply->db, apply->now_utc, placement->id, day, moved_to, starts, ends,
                                  apply->seq, apply->err);
}

int apply_placement_changed(struct apply *apply)
{
        struct placement placement;
        struct apply_subject pupil;
        const char *pupil_id;
        int r;

        r = apply_placement(apply, &placement, &pupil);
        if (r < 0)
                return r;
        if (fields_has(&apply->data, "day"))
                return change_day(apply, &placement, &pupil);
        if (fields_flag(&apply->data, "cancelled", false))
                return placement_cancel(apply->db, apply->now_utc, placement.id, from_day(&pupil), apply->seq,
                                        apply->err);
        pupil_id = fields_id(&apply->data, "pupil", OPTIONAL);
        if (pupil_id && strcmp(pupil_id, placement.pupil) != 0)
                return apply_refuse(apply, "pupil",
                                    "another than the placement's: cancel it and plan a new one");
        r = read_placement(apply, &placement, &pupil, false);
        return r < 0 ? r
                     : placement_plan(apply->db, apply->now_utc, &placement, from_day(&pupil), apply->seq,
                                      apply->err);
}

int apply_placement_cancelled(struct apply *apply)
{
        struct placement placement;
        struct apply_subject pupil;
        const char *day_text;
        int32_t day = 0;
        int r;

        r = apply_placement(apply, &placement, &pupil);
        if (r < 0)
                return r;
        day_text = fields_day(&apply->data, "day", OPTIONAL);
        if (apply->data.error)
                return apply->data.error;
        if (!day_text)
                return placement_cancel(apply->db, apply->now_utc, placement.id, from_day(&pupil), apply->seq,
                                        apply->err);
        date_parse(day_text, &day);
        return placement_cancel_day(apply->db, apply->now_utc, placement.id, day, apply->seq, apply->err);
}

int apply_agreement_signed(struct apply *apply)
{
        static const char *const parties[] = {"guardian", "workplace", "school", NULL};
        struct signature row = {.at_utc = apply->time_utc, .event = apply->seq};
        struct placement placement;
        struct apply_subject pupil;
        int r;

        r = apply_placement(apply, &placement, &pupil);
        if (r < 0)
                return r;
        row.placement = placement.id;
        row.party = fields_need_choice(&apply->data, "party", parties);
        row.by = apply_by(apply);
        return apply->data.error ? apply->data.error : agreement_sign(apply->db, &row, apply->err);
}

int apply_workplace_checkin(struct apply *apply)
{
        static const char *const marks[] = {"here", "late", "absent", NULL};
        struct checkin row = {.event = apply->seq};
        struct placement placement;
        struct apply_subject pupil;
        char day[DATE_TEXT_MAX];
        int32_t date;
        int r;

        r = apply_placement(apply, &placement, &pupil);
        if (r < 0)
                return r;
        row.placement = placement.id;
        row.day = fields_day(&apply->data, "day", OPTIONAL);
        date = pupil.day;
        if (row.day)
                date_parse(row.day, &date);
        date_print(date, day);
        row.day = day;
        row.mark = fields_choice(&apply->data, "mark", marks, "here");
        row.by = apply_by(apply);
        row.at_utc = apply_moment(apply, "at", &pupil, date);
        if (row.at_utc == NO_TIME)
                row.at_utc = apply->time_utc;
        r = apply_check_day(apply, "day", &pupil, date);
        return r < 0 ? r : checkin_put(apply->db, &row, apply->err);
}
