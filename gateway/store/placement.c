#include "store/placement.h"
#include "base/date.h"
#include "store/placement_day.h"
#include "store/role.h"

#include <stdio.h>
#include <string.h>

static void print_weekdays(unsigned weekdays, char ret_text[static 16])
{
        int length = 0;

        for (int weekday = 1; weekday <= 7; weekday++)
                if (weekdays & 1u << weekday)
                        length += snprintf(ret_text + length, 16 - (size_t)length, "%s%d", length ? "," : "",
                                           weekday);
}

static unsigned read_weekdays(const char *text)
{
        unsigned weekdays = 0;

        for (; *text; text++)
                if (*text >= '1' && *text <= '7')
                        weekdays |= 1u << (*text - '0');
        return weekdays;
}

static void take_text(char *target, struct query *q, int column)
{
        const char *text = column_text(q, column);

        snprintf(target, ID_SIZE, "%s", text ? text : "");
}

static int take_row(struct query *q, struct placement *placement, struct err *err)
{
        take_text(placement->id, q, 0);
        take_text(placement->pupil, q, 1);
        take_text(placement->workplace, q, 2);
        take_text(placement->supervisor, q, 3);
        placement->is_block = strcmp(column_text(q, 4), "block") == 0;
        placement->weekdays = read_weekdays(column_text(q, 5));
        placement->starts = (int)column_int(q, 8);
        placement->ends = (int)column_int(q, 9);
        placement->is_cancelled = strcmp(column_text(q, 10), "cancelled") == 0;
        if (!date_parse(column_text(q, 6), &placement->first_day) ||
            !date_parse(column_text(q, 7), &placement->last_day))
                return err_set(err, ERR_IO, "placement %s: its days are no dates: repair the row",
                               placement->id);
        return 1;
}

int placement_read(struct db *db, const char *id, struct placement *ret_placement, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT id, pupil, workplace, supervisor, model, weekdays, first_day, last_day, starts, "
                    "ends, state"
                    "  FROM placement WHERE id = ?",
                    err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0)
                r = take_row(&q, ret_placement, err);
        query_end(&q);
        return r;
}

static int write_row(struct db *db, int64_t now_utc, const struct placement *placement, int64_t event,
                     struct err *err)
{
        char weekdays[16], first[DATE_TEXT_MAX], last[DATE_TEXT_MAX];
        struct query q;

        print_weekdays(placement->weekdays, weekdays);
        date_print(placement->first_day, first);
        date_print(placement->last_day, last);
        query_start(
            &q, db,
            "INSERT INTO placement(id, pupil, workplace, supervisor, model, weekdays, first_day, last_day,"
            "                      starts, ends, state, planned, changed, event)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'planned', ?11, ?11, ?12)"
            " ON CONFLICT(id) DO UPDATE SET pupil = excluded.pupil, workplace = excluded.workplace,"
            "    supervisor = excluded.supervisor, model = excluded.model, weekdays = excluded.weekdays,"
            "    first_day = excluded.first_day, last_day = excluded.last_day, starts = excluded.starts,"
            "    ends = excluded.ends, state = 'planned', changed = excluded.changed, event = excluded.event"
            " WHERE pupil <> excluded.pupil OR workplace <> excluded.workplace"
            "    OR supervisor IS NOT excluded.supervisor OR model <> excluded.model"
            "    OR weekdays <> excluded.weekdays OR first_day <> excluded.first_day"
            "    OR last_day <> excluded.last_day OR starts <> excluded.starts OR ends <> excluded.ends"
            "    OR state <> 'planned'",
            err);
        query_text(&q, placement->id);
        query_text(&q, placement->pupil);
        query_text(&q, placement->workplace);
        query_text(&q, placement->supervisor[0] ? placement->supervisor : NULL);
        query_text(&q, placement->is_block ? "block" : "4+1");
        query_text(&q, weekdays);
        query_text(&q, first);
        query_text(&q, last);
        query_int(&q, placement->starts);
        query_int(&q, placement->ends);
        query_int(&q, now_utc);
        query_int_or_null(&q, event, 0);
        return query_run(&q);
}

/* Another placement of the pupil that has work in the hours of a work day of this one. */
static int check_overlap(struct db *db, const char *id, struct err *err)
{
        char other[ID_SIZE], day[DATE_TEXT_MAX];
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT o.id, d.day FROM placement p"
            "  JOIN placement o ON o.pupil = p.pupil AND o.id <> p.id AND o.state = 'planned'"
            "  CROSS JOIN placement_day d ON d.placement = p.id AND d.state = 'planned' AND d.kind = 'work'"
            "  CROSS JOIN placement_day e ON e.placement = o.id AND e.state = 'planned' AND e.kind = 'work'"
            "       AND e.starts < d.ends AND e.ends > d.starts"
            " WHERE p.id = ? LIMIT 1",
            err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0) {
                snprintf(other, sizeof other, "%s", column_text(&q, 0));
                snprintf(day, sizeof day, "%s", column_text(&q, 1));
        }
        query_end(&q);
        if (r > 0)
                return err_set(
                    err, ERR_CONFLICT,
                    "placement %s: the pupil works in placement %s in the same hours of %s: move or cancel"
                    " one of them",
                    id, other, day);
        return r;
}

int placement_plan(struct db *db, int64_t now_utc, const struct placement *placement, int32_t from_day,
                   int64_t event, struct err *err)
{
        struct planning planning = {
            .placement = placement, .now_utc = now_utc, .from_day = from_day, .event = event};
        struct placement before;
        int r;

        r = placement_read(db, placement->id, &before, err);
        if (r < 0)
                return r;
        planning.is_new = r == 0;
        r = write_row(db, now_utc, placement, event, err);
        if (r == 0)
                r = placement_day_plan(db, &planning, err);
        return r < 0 ? r : check_overlap(db, placement->id, err);
}

int placement_cancel(struct db *db, int64_t now_utc, const char *id, int32_t from_day, int64_t event,
                     struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "UPDATE placement SET state = 'cancelled', changed = ?, event = ?"
                    " WHERE id = ? AND state <> 'cancelled'",
                    err);
        query_int(&q, now_utc);
        query_int_or_null(&q, event, 0);
        query_text(&q, id);
        r = query_run(&q);
        return r < 0 ? r : placement_day_cancel_from(db, now_utc, id, from_day, event, err);
}

int placement_move_day(struct db *db, int64_t now_utc, const char *id, int32_t day, int32_t moved_to,
                       int starts, int ends, int64_t event, struct err *err)
{
        struct placement placement;
        int r;

        r = placement_read(db, id, &placement, err);
        if (r == 0)
                r = err_set(err, ERR_NOT_FOUND, "placement %s: there is none: plan it first", id);
        if (r < 0)
                return r;
        r = placement_day_move(db, now_utc, &placement, day, moved_to, starts, ends, event, err);
        return r < 0 ? r : check_overlap(db, id, err);
}

int placement_cancel_day(struct db *db, int64_t now_utc, const char *id, int32_t day, int64_t event,
                         struct err *err)
{
        return placement_day_cancel(db, now_utc, id, day, event, err);
}

/* The planned placement after AFTER that still runs on TODAY; 0 at the end. */
static int next_running(struct db *db, const char *after, const char *today, struct placement *ret_placement,
                        struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT id, pupil, workplace, supervisor, model, weekdays, first_day, last_day, starts, ends, "
            "state"
            "  FROM placement WHERE id > ? AND state = 'planned' AND last_day >= ? ORDER BY id LIMIT 1",
            err);
        query_text(&q, after);
        query_text(&q, today);
        r = query_row(&q);
        if (r > 0)
                r = take_row(&q, ret_placement, err);
        query_end(&q);
        return r;
}

int placement_refresh(struct db *db, int64_t now_utc, struct err *err)
{
        int32_t today = (int32_t)(now_utc / 86400);
        struct placement placement = {0};
        char text[DATE_TEXT_MAX];
        int r;

        date_print(today, text);
        while ((r = next_running(db, placement.id, text, &placement, err)) > 0) {
                struct planning planning = {.placement = &placement, .now_utc = now_utc, .from_day = today};

                r = placement_day_plan(db, &planning, err);
                if (r < 0)
                        return r;
        }
        return r;
}

int placement_hours(struct db *db, const char *pupil, const char *day, int64_t *ret_starts, int64_t *ret_ends,
                    struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT d.starts, d.ends FROM placement p JOIN placement_day d ON d.placement = p.id"
                    " WHERE p.pupil = ? AND p.state = 'planned' AND d.day = ? AND d.state = 'planned'"
                    "   AND d.kind = 'work' ORDER BY d.starts LIMIT 1",
                    err);
        query_text(&q, pupil);
        query_text(&q, day);
        r = query_row(&q);
        if (r > 0) {
                *ret_starts = column_int(&q, 0);
                *ret_ends = column_int(&q, 1);
        }
        query_end(&q);
        return r;
}
