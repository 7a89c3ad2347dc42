#include "store/placement_day.h"
#include "base/date.h"
#include "store/role.h"

#include <stdio.h>
#include <string.h>

#define NOON (12 * 3600)
#define WORKWEEK 0x3eu /* bits 1 … 5 */

/* What the calendar wants of a date, and what stands. */
struct wanted {
        int32_t date;
        int64_t starts, ends; /* UTC */
        bool is_work;
};

struct plan {
        int count;
        struct wanted days[PLACEMENT_DAYS_MAX];
};

static int read_calendar(struct db *db, const struct planning *planning, const char *organisation,
                         struct plan *plan, struct err *err)
{
        const struct placement *placement = planning->placement;
        char first[DATE_TEXT_MAX], last[DATE_TEXT_MAX];
        struct query q;
        int r;

        plan->count = 0;
        date_print(placement->first_day, first);
        date_print(placement->last_day, last);
        query_start(
            &q, db,
            "SELECT d.day_no, d.noon, d.weekday FROM organisation_calendar c"
            "  JOIN calendar_day d ON d.calendar = c.calendar"
            " WHERE c.organisation = ? AND d.day BETWEEN ? AND ? AND d.kind = 'school' ORDER BY d.day",
            err);
        query_text(&q, organisation);
        query_text(&q, first);
        query_text(&q, last);
        while ((r = query_row(&q)) > 0 && plan->count < PLACEMENT_DAYS_MAX) {
                unsigned weekday = 1u << column_int(&q, 2);
                bool is_work = (placement->weekdays & weekday) != 0;

                if (is_work || (placement->is_block && (weekday & WORKWEEK)))
                        plan->days[plan->count++] = (struct wanted){
                            .date = (int32_t)column_int(&q, 0),
                            .starts = column_int(&q, 1) + placement->starts,
                            .ends = column_int(&q, 1) + placement->ends,
                            .is_work = is_work,
                        };
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

/* Adds the day, or brings the one that stands into line; leaves equal ones and those changed by hand alone.
 */
static int put_day(struct db *db, const struct planning *planning, const struct wanted *day, struct err *err)
{
        char text[DATE_TEXT_MAX];
        struct query q;

        date_print(day->date, text);
        query_start(
            &q, db,
            "INSERT INTO placement_day(placement, original_day, day, starts, ends, kind, dated, changed, "
            "event)"
            " VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?6, ?7)"
            " ON CONFLICT(placement, original_day) DO UPDATE"
            "   SET day = excluded.day, starts = excluded.starts, ends = excluded.ends, kind = excluded.kind,"
            "       state = 'planned', sequence = sequence + 1, changed = excluded.changed,"
            "       dated = CASE WHEN starts = excluded.starts AND ends = excluded.ends AND state = 'planned'"
            "                    THEN dated ELSE excluded.dated END,"
            "       event = excluded.event"
            " WHERE by_hand = 0 AND (starts <> excluded.starts OR ends <> excluded.ends"
            "    OR kind <> excluded.kind OR state <> 'planned')",
            err);
        query_text(&q, planning->placement->id);
        query_text(&q, text);
        query_int(&q, day->starts);
        query_int(&q, day->ends);
        query_text(&q, day->is_work ? "work" : "school");
        query_int(&q, planning->now_utc);
        query_int_or_null(&q, planning->event, 0);
        return query_run(&q);
}

static bool is_wanted(const struct plan *plan, int32_t date)
{
        int low = 0, high = plan->count;

        while (low < high) {
                int middle = (low + high) / 2;

                if (plan->days[middle].date < date)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < plan->count && plan->days[low].date == date;
}

/* A day that somebody moved stands as long as its original date lies within the placement. */
static bool stays_by_hand(const struct placement *placement, bool by_hand, int32_t original)
{
        return by_hand && original >= placement->first_day && original <= placement->last_day;
}

/* The dates that stand planned although the plan has them no more. */
static int read_fallen(struct db *db, const struct planning *planning, const struct plan *plan,
                       int32_t *dates, int *ret_count, struct err *err)
{
        const struct placement *placement = planning->placement;
        char from[DATE_TEXT_MAX];
        int32_t original;
        struct query q;
        int r, count = 0;

        date_print(planning->from_day, from);
        query_start(&q, db,
                    "SELECT original_day, by_hand FROM placement_day"
                    " WHERE placement = ? AND state = 'planned' AND day >= ?",
                    err);
        query_text(&q, placement->id);
        query_text(&q, from);
        while ((r = query_row(&q)) > 0 && count < PLACEMENT_DAYS_MAX)
                if (date_parse(column_text(&q, 0), &original) && !is_wanted(plan, original) &&
                    !stays_by_hand(placement, column_int(&q, 1), original))
                        dates[count++] = original;
        query_end(&q);
        *ret_count = count;
        return r < 0 ? r : 0;
}

static int cancel(struct db *db, int64_t now_utc, const char *id, int32_t original, bool by_hand,
                  int64_t event, struct err *err)
{
        char text[DATE_TEXT_MAX];
        struct query q;

        date_print(original, text);
        query_start(&q, db,
                    "UPDATE placement_day SET state = 'cancelled', sequence = sequence + 1, changed = ?,"
                    "       by_hand = ?, event = ?"
                    " WHERE placement = ? AND original_day = ? AND state = 'planned'",
                    err);
        query_int(&q, now_utc);
        query_int(&q, by_hand);
        query_int_or_null(&q, event, 0);
        query_text(&q, id);
        query_text(&q, text);
        return query_run(&q);
}

int placement_day_plan(struct db *db, const struct planning *planning, struct err *err)
{
        _cleanup_(free_ptr) struct plan *plan = malloc(sizeof *plan);
        int32_t fallen[PLACEMENT_DAYS_MAX];
        int32_t at = planning->placement->first_day;
        struct role_place place;
        char text[DATE_TEXT_MAX];
        int fallen_count, r;

        if (!plan)
                return err_set(err, ERR_NOMEM, "placement: out of memory");
        if (!planning->is_new && at < planning->from_day)
                at = planning->from_day;
        date_print(at, text);
        r = role_of_pupil(db, planning->placement->pupil, text, &place, err);
        if (r < 0)
                return r;
        plan->count = 0;
        if (r > 0)
                r = read_calendar(db, planning, place.organisation, plan, err);
        for (int i = 0; i < plan->count && r == 0; i++)
                if (planning->is_new || plan->days[i].date >= planning->from_day)
                        r = put_day(db, planning, &plan->days[i], err);
        if (r == 0)
                r = read_fallen(db, planning, plan, fallen, &fallen_count, err);
        for (int i = 0; r == 0 && i < fallen_count; i++)
                r = cancel(db, planning->now_utc, planning->placement->id, fallen[i], false, planning->event,
                           err);
        return r;
}

int placement_day_cancel_from(struct db *db, int64_t now_utc, const char *id, int32_t from_day, int64_t event,
                              struct err *err)
{
        char from[DATE_TEXT_MAX];
        struct query q;

        date_print(from_day, from);
        query_start(
            &q, db,
            "UPDATE placement_day SET state = 'cancelled', sequence = sequence + 1, changed = ?, event = ?"
            " WHERE placement = ? AND state = 'planned' AND day >= ?",
            err);
        query_int(&q, now_utc);
        query_int_or_null(&q, event, 0);
        query_text(&q, id);
        query_text(&q, from);
        return query_run(&q);
}

/* ---- one day by hand */

struct standing {
        int32_t original, day;
        int64_t starts, ends;
        bool is_planned;
};

/* By the original date; when there is none, by the present one. */
static int find_day(struct db *db, const char *id, int32_t day, struct standing *ret_standing,
                    struct err *err)
{
        char text[DATE_TEXT_MAX];
        struct query q;
        int r;

        date_print(day, text);
        query_start(&q, db,
                    "SELECT original_day, day, starts, ends, state = 'planned' FROM placement_day"
                    " WHERE placement = ?1 AND (original_day = ?2 OR (day = ?2 AND state = 'planned'))"
                    " ORDER BY original_day = ?2 DESC LIMIT 1",
                    err);
        query_text(&q, id);
        query_text(&q, text);
        r = query_row(&q);
        if (r > 0 && date_parse(column_text(&q, 0), &ret_standing->original) &&
            date_parse(column_text(&q, 1), &ret_standing->day)) {
                ret_standing->starts = column_int(&q, 2);
                ret_standing->ends = column_int(&q, 3);
                ret_standing->is_planned = column_int(&q, 4);
        } else if (r >= 0) {
                r = err_set(err, ERR_NOT_FOUND, "placement %s: has no day %s: see its days in the calendar",
                            id, text);
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

static int pupil_zone(struct db *db, const struct placement *placement, int32_t day, struct zone **ret_zone,
                      struct err *err)
{
        struct role_place place = {.zone = "Europe/Helsinki"};
        char text[DATE_TEXT_MAX];
        int r;

        date_print(day, text);
        r = role_of_pupil(db, placement->pupil, text, &place, err);
        return r < 0 ? r : zone_keep(place.zone, ret_zone, err);
}

static int write_move(struct db *db, int64_t now_utc, const struct placement *placement,
                      const struct standing *standing, int64_t event, struct err *err)
{
        char original[DATE_TEXT_MAX], day[DATE_TEXT_MAX];
        struct query q;

        date_print(standing->original, original);
        date_print(standing->day, day);
        query_start(
            &q, db,
            "UPDATE placement_day SET day = ?1, starts = ?2, ends = ?3, kind = 'work', state = 'planned',"
            "       by_hand = 1, sequence = sequence + 1, dated = ?4, changed = ?4, event = ?5"
            " WHERE placement = ?6 AND original_day = ?7"
            "   AND (day <> ?1 OR starts <> ?2 OR ends <> ?3 OR state <> 'planned')",
            err);
        query_text(&q, day);
        query_int(&q, standing->starts);
        query_int(&q, standing->ends);
        query_int(&q, now_utc);
        query_int_or_null(&q, event, 0);
        query_text(&q, placement->id);
        query_text(&q, original);
        return query_run(&q);
}

int placement_day_move(struct db *db, int64_t now_utc, const struct placement *placement, int32_t day,
                       int32_t moved_to, int starts, int ends, int64_t event, struct err *err)
{
        struct standing standing;
        int64_t old_noon, new_noon;
        struct zone *zone;
        int r;

        r = find_day(db, placement->id, day, &standing, err);
        if (r == 0)
                r = pupil_zone(db, placement, moved_to, &zone, err);
        if (r < 0)
                return r;
        old_noon = zone_to_utc(zone, standing.day, NOON);
        new_noon = zone_to_utc(zone, moved_to, NOON);
        if (starts != PLACEMENT_KEEP && ends == PLACEMENT_KEEP)
                ends = starts + (int)(standing.ends - standing.starts); /* as long as it was */
        standing.starts = new_noon + (starts == PLACEMENT_KEEP ? standing.starts - old_noon : starts);
        standing.ends = new_noon + (ends == PLACEMENT_KEEP ? standing.ends - old_noon : ends);
        standing.day = moved_to;
        if (standing.ends <= standing.starts)
                return err_set(err, ERR_INVALID,
                               "placement %s: the day would end before it starts: give both hours",
                               placement->id);
        return write_move(db, now_utc, placement, &standing, event, err);
}

int placement_day_cancel(struct db *db, int64_t now_utc, const char *id, int32_t day, int64_t event,
                         struct err *err)
{
        struct standing standing;
        int r;

        r = find_day(db, id, day, &standing, err);
        return r < 0 ? r : cancel(db, now_utc, id, standing.original, true, event, err);
}
