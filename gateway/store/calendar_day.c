#include "store/calendar_day.h"
#include "base/date.h"
#include "base/zone_keep.h"
#include "store/placement.h"
#include "store/put.h"

#include <stdio.h>
#include <string.h>

#define NOON (12 * 3600)
#define SPAN_MAX (60 * 366) /* days that a calendar may span */
#define DEPTH_MAX 17        /* organisations in a chain up to the top */
#define CALENDAR_MAX 20000  /* organisations that keep a calendar */

enum day_kind { DAY_NONE, DAY_BREAK, DAY_HOLIDAY, DAY_SCHOOL }; /* of an entry: the higher wins */

struct window {
        int32_t first, last;
};

/* One organisation's days while they are made; index 0 is window.first. */
struct days {
        struct window window;
        int length;
        char calendar[ID_SIZE], zone[ZONE_NAME_MAX];
        uint8_t *entry;   /* enum day_kind */
        uint8_t *in_term; /* 1: a term covers it; 2: its school year has terms but none covers it */
        int64_t *noon;
        char noon_zone[ZONE_NAME_MAX]; /* for which noon was filled */
        struct window noon_window;
};

static int school_year(int32_t date)
{
        int year, month, day;

        date_to_civil(date, &year, &month, &day);
        return month >= 8 ? year : year - 1;
}

static struct window window_at(int64_t now_utc)
{
        int year = school_year((int32_t)(now_utc / 86400));

        return (struct window){date_from_civil(year - 2, 8, 1), date_from_civil(year + 3, 7, 31)};
}

/* ---- is there anything to do? */

static int must_refresh(struct db *db, const char *window, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT 1 WHERE EXISTS (SELECT 1 FROM calendar_dirty)"
                    " OR NOT EXISTS (SELECT 1 FROM meta WHERE name = 'calendar-window' AND value = ?)",
                    err);
        query_text(&q, window);
        return put_exists(&q);
}

static int mark_clean(struct db *db, const char *window, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM calendar_dirty", err);
        r = query_run(&q);
        return r < 0 ? r : meta_set(db, "calendar-window", window, err);
}

/* ---- who uses which calendar */

static int link_organisations(struct db *db, bool *ret_changed, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "DELETE FROM organisation_calendar WHERE NOT EXISTS"
                    " (SELECT 1 FROM organisation o WHERE o.id = organisation_calendar.organisation)",
                    err);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(
            &q, db,
            "INSERT INTO organisation_calendar(organisation, calendar, timezone, languages, tenant)"
            " SELECT o.id,"
            "   coalesce((SELECT a.id FROM organisation_tree t JOIN organisation a ON a.id = t.ancestor"
            "     WHERE t.descendant = o.id AND (a.parent IS NULL OR a.timezone IS NOT NULL"
            /* a parent that another program named and nobody has: the row stands at the top */
            "           OR NOT EXISTS (SELECT 1 FROM organisation p WHERE p.id = a.parent)"
            "           OR EXISTS (SELECT 1 FROM calendar_entry e WHERE e.organisation = a.id))"
            "     ORDER BY t.distance LIMIT 1), o.id)," /* o.id: of rows that stand in a circle */
            "   coalesce((SELECT a.timezone FROM organisation_tree t JOIN organisation a ON a.id = t.ancestor"
            "     WHERE t.descendant = o.id AND a.timezone IS NOT NULL ORDER BY t.distance LIMIT 1),"
            "     'Europe/Helsinki'),"
            "   coalesce((SELECT a.languages FROM organisation_tree t JOIN organisation a ON a.id = "
            "t.ancestor"
            "     WHERE t.descendant = o.id AND a.languages IS NOT NULL ORDER BY t.distance LIMIT 1), 'fi'),"
            "   coalesce((SELECT a.id FROM organisation_tree t JOIN organisation a ON a.id = t.ancestor"
            "     WHERE t.descendant = o.id AND a.kind = 'municipality' ORDER BY t.distance LIMIT 1),"
            "     CASE o.kind WHEN 'network' THEN o.id ELSE"
            "       (SELECT t.ancestor FROM organisation_tree t WHERE t.descendant = o.id"
            "         ORDER BY t.distance DESC LIMIT 1) END)"
            "  FROM organisation o WHERE true"
            " ON CONFLICT(organisation) DO UPDATE SET calendar = excluded.calendar, timezone = "
            "excluded.timezone,"
            "    languages = excluded.languages, tenant = excluded.tenant"
            " WHERE calendar <> excluded.calendar OR timezone <> excluded.timezone"
            "    OR languages <> excluded.languages OR tenant <> excluded.tenant",
            err);
        r = query_run(&q);
        if (r == 0)
                *ret_changed = db_changes(db) > 0;
        return r;
}

/* ---- the days of one calendar */

static void fill(struct days *days, uint8_t *array, int32_t first, int32_t last, uint8_t value)
{
        if (first < days->window.first)
                first = days->window.first;
        if (last > days->window.last)
                last = days->window.last;
        for (int32_t date = first; date <= last; date++)
                array[date - days->window.first] = value;
}

/* A term speaks for all of the school years that it touches. */
static void fill_term(struct days *days, int32_t first, int32_t last)
{
        int32_t year_first = date_from_civil(school_year(first), 8, 1);
        int32_t year_last = date_from_civil(school_year(last) + 1, 7, 31);

        for (int32_t date = year_first; date <= year_last; date++)
                if (date >= days->window.first && date <= days->window.last &&
                    days->in_term[date - days->window.first] == 0)
                        days->in_term[date - days->window.first] = 2;
        fill(days, days->in_term, first, last, 1);
}

static void apply_entry(struct days *days, const char *kind, int32_t first, int32_t last)
{
        if (strcmp(kind, "break") == 0)
                fill(days, days->entry, first, last, DAY_BREAK);
        else if (strcmp(kind, "holiday") == 0)
                fill(days, days->entry, first, last, DAY_HOLIDAY);
        else if (strcmp(kind, "school") == 0)
                fill(days, days->entry, first, last, DAY_SCHOOL);
}

/* Farthest first and weakest first, so that what is written last wins. */
static int read_entries(struct db *db, struct days *days, struct err *err)
{
        int32_t first, last;
        struct query q;
        int r;

        memset(days->entry, DAY_NONE, (size_t)days->length);
        query_start(&q, db,
                    "SELECT e.kind, e.first_day, e.last_day FROM organisation_tree t"
                    "  JOIN calendar_entry e ON e.organisation = t.ancestor"
                    " WHERE t.descendant = ? AND e.kind <> 'term'"
                    " ORDER BY t.distance DESC, e.kind",
                    err); /* break < holiday < school in the alphabet too */
        query_text(&q, days->calendar);
        while ((r = query_row(&q)) > 0)
                if (date_parse(column_text(&q, 1), &first) && date_parse(column_text(&q, 2), &last))
                        apply_entry(days, column_text(&q, 0), first, last);
        query_end(&q);
        return r;
}

/* Nearest first; a farther organisation's terms count in school years for which no nearer one has any. */
static int read_terms(struct db *db, struct days *days, struct err *err)
{
        int32_t first, last;
        int64_t distance = -1;
        _cleanup_(free_ptr) uint8_t *nearer = malloc((size_t)days->length);
        struct query q;
        int r;

        if (!nearer)
                return err_set(err, ERR_NOMEM, "calendar: out of memory");
        memset(days->in_term, 0, (size_t)days->length);
        memset(nearer, 0, (size_t)days->length);
        query_start(&q, db,
                    "SELECT t.distance, e.first_day, e.last_day FROM organisation_tree t"
                    "  JOIN calendar_entry e ON e.organisation = t.ancestor"
                    " WHERE t.descendant = ? AND e.kind = 'term' ORDER BY t.distance",
                    err);
        query_text(&q, days->calendar);
        while ((r = query_row(&q)) > 0) {
                if (column_int(&q, 0) != distance) {
                        for (int i = 0; i < days->length; i++)
                                nearer[i] = nearer[i] ? nearer[i] : days->in_term[i];
                        distance = column_int(&q, 0);
                }
                if (date_parse(column_text(&q, 1), &first) && date_parse(column_text(&q, 2), &last))
                        fill_term(days, first, last);
        }
        query_end(&q);
        for (int i = 0; i < days->length; i++)
                if (nearer[i])
                        days->in_term[i] = nearer[i];
        return r;
}

static int fill_noon(struct days *days, struct err *err)
{
        struct zone *zone;
        int r;

        if (strcmp(days->noon_zone, days->zone) == 0 && days->noon_window.first == days->window.first &&
            days->noon_window.last == days->window.last)
                return 0;
        r = zone_keep(days->zone, &zone, err);
        if (r < 0) /* written directly, past the check at import: time must go on */
                r = zone_keep("Europe/Helsinki", &zone, err);
        if (r < 0)
                return r;
        for (int i = 0; i < days->length; i++)
                days->noon[i] = zone_to_utc(zone, days->window.first + i, NOON);
        memcpy(days->noon_zone, days->zone, sizeof days->noon_zone);
        days->noon_window = days->window;
        return 0;
}

static bool is_outside(const struct days *days, int index)
{
        int32_t date = days->window.first + index;

        if (days->in_term[index])
                return days->in_term[index] == 2;
        return date > date_school_year_end(school_year(date) + 1);
}

static const char *kind_of(const struct days *days, int index, bool *ret_is_holiday)
{
        int32_t date = days->window.first + index;

        *ret_is_holiday = false;
        if (days->entry[index] == DAY_SCHOOL)
                return "school";
        *ret_is_holiday = date_is_finnish_holiday(date) || days->entry[index] == DAY_HOLIDAY;
        if (date_weekday(date) >= 6)
                return "weekend";
        if (*ret_is_holiday)
                return "holiday";
        if (days->entry[index] == DAY_BREAK)
                return "break";
        return is_outside(days, index) ? "outside" : "school";
}

static int write_days(struct db *db, struct days *days, bool *ret_changed, struct err *err)
{
        int school_days = 0, working_days = 0, r;
        char text[DATE_TEXT_MAX];
        const char *kind;
        bool is_holiday;
        struct query q;

        for (int i = 0; i < days->length; i++) {
                int32_t date = days->window.first + i;

                kind = kind_of(days, i, &is_holiday);
                school_days += strcmp(kind, "school") == 0;
                working_days += date_weekday(date) <= 5 && !is_holiday;
                date_print(date, text);
                query_start(
                    &q, db,
                    "INSERT INTO calendar_day(calendar, day, day_no, noon, weekday, kind, school_day_no,"
                    "                         working_day_no, school_year)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT(calendar, day) DO UPDATE SET noon = excluded.noon, kind = excluded.kind,"
                    "    school_day_no = excluded.school_day_no, working_day_no = excluded.working_day_no"
                    " WHERE noon <> excluded.noon OR kind <> excluded.kind"
                    "    OR school_day_no <> excluded.school_day_no"
                    "    OR working_day_no <> excluded.working_day_no",
                    err);
                query_text(&q, days->calendar);
                query_text(&q, text);
                query_int(&q, date);
                query_int(&q, days->noon[i]);
                query_int(&q, date_weekday(date));
                query_text(&q, kind);
                query_int(&q, school_days);
                query_int(&q, working_days);
                query_int(&q, school_year(date));
                r = query_run(&q);
                if (r < 0)
                        return r;
                *ret_changed = *ret_changed || db_changes(db) > 0;
        }
        return 0;
}

/* Days written before keep standing, so that the numbers of days do not change when the window moves on. */
static int widen_window(struct db *db, struct days *days, struct window window, struct err *err)
{
        struct query q;
        int r;

        days->window = window;
        query_start(&q, db, "SELECT min(day_no), max(day_no) FROM calendar_day WHERE calendar = ?", err);
        query_text(&q, days->calendar);
        r = query_row(&q);
        if (r > 0 && !column_is_null(&q, 0)) {
                if (column_int(&q, 0) < window.first && column_int(&q, 0) > window.first - SPAN_MAX / 2)
                        days->window.first = (int32_t)column_int(&q, 0);
                if (column_int(&q, 1) > window.last && column_int(&q, 1) < window.last + SPAN_MAX / 4)
                        days->window.last = (int32_t)column_int(&q, 1);
        }
        query_end(&q);
        days->length = days->window.last - days->window.first + 1;
        return r < 0 ? r : 0;
}

static int refresh_calendar(struct db *db, struct days *days, struct window window, bool *ret_changed,
                            struct err *err)
{
        int r;

        r = widen_window(db, days, window, err);
        if (r == 0)
                r = read_entries(db, days, err);
        if (r == 0)
                r = read_terms(db, days, err);
        if (r == 0)
                r = fill_noon(days, err);
        return r < 0 ? r : write_days(db, days, ret_changed, err);
}

/* The calendar after AFTER in the order of ids; 0 at the end. */
static int next_calendar(struct db *db, struct days *days, const char *after, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT organisation, timezone FROM organisation_calendar"
                    " WHERE organisation > ? AND calendar = organisation ORDER BY organisation LIMIT 1",
                    err);
        query_text(&q, after);
        r = query_row(&q);
        if (r > 0) {
                snprintf(days->calendar, sizeof days->calendar, "%s", column_text(&q, 0));
                snprintf(days->zone, sizeof days->zone, "%s", column_text(&q, 1));
        }
        query_end(&q);
        return r;
}

static int drop_unused(struct db *db, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "DELETE FROM calendar_day WHERE calendar IN"
                    " (SELECT DISTINCT d.calendar FROM calendar_day d WHERE NOT EXISTS"
                    "   (SELECT 1 FROM organisation_calendar c"
                    "     WHERE c.organisation = d.calendar AND c.calendar = d.calendar))",
                    err);
        return query_run(&q);
}

static int refresh_all(struct db *db, struct window window, bool *ret_changed, struct err *err)
{
        _cleanup_(free_ptr) uint8_t *entry = malloc(SPAN_MAX), *in_term = malloc(SPAN_MAX);
        _cleanup_(free_ptr) int64_t *noon = calloc(SPAN_MAX, sizeof *noon);
        struct days days = {.entry = entry, .in_term = in_term, .noon = noon};
        char after[ID_SIZE] = "";
        int r;

        if (!entry || !in_term || !noon)
                return err_set(err, ERR_NOMEM, "calendar: out of memory");
        r = link_organisations(db, ret_changed, err);
        while (r >= 0 && (r = next_calendar(db, &days, after, err)) > 0) {
                r = refresh_calendar(db, &days, window, ret_changed, err);
                memcpy(after, days.calendar, sizeof after);
        }
        return r < 0 ? r : drop_unused(db, err);
}

int calendar_refresh(struct db *db, int64_t now_utc, struct err *err)
{
        struct window window = window_at(now_utc);
        char text[DATE_TEXT_MAX];
        bool changed = false;
        int r;

        date_print(window.first, text);
        r = must_refresh(db, text, err);
        if (r <= 0)
                return r;
        r = refresh_all(db, window, &changed, err);
        if (r == 0)
                r = mark_clean(db, text, err);
        if (r == 0 && changed)
                r = placement_refresh(db, now_utc, err);
        return r;
}

int calendar_school_days_back(struct db *db, const char *organisation, const char *day, int64_t count,
                              int64_t *ret_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT b.noon FROM organisation_calendar o"
                    "  JOIN calendar_day t ON t.calendar = o.calendar AND t.day = ?2"
                    "  JOIN calendar_day b ON b.calendar = o.calendar AND b.kind = 'school'"
                    "                     AND b.school_day_no = t.school_day_no - ?3"
                    " WHERE o.organisation = ?1",
                    err);
        query_text(&q, organisation);
        query_text(&q, day);
        query_int(&q, count);
        r = query_row(&q);
        if (r > 0)
                *ret_utc = column_int(&q, 0) - NOON;
        query_end(&q);
        return r;
}
