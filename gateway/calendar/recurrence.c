#include "calendar/recurrence.h"
#include "base/date.h"

#include <libical/ical.h>
#include <string.h>

#define DAY_SECONDS 86400

static struct icaltimetype local_time(struct zone *zone, int64_t utc)
{
        struct icaltimetype time = icaltime_null_time();
        int32_t date;
        int seconds;

        zone_to_local(zone, utc, &date, &seconds);
        date_to_civil(date, &time.year, &time.month, &time.day);
        time.hour = seconds / 3600;
        time.minute = seconds / 60 % 60;
        time.second = seconds % 60;
        return time;
}

static int64_t utc_of(struct zone *zone, struct icaltimetype time)
{
        return zone_to_utc(zone, date_from_civil(time.year, time.month, time.day),
                           time.hour * 3600 + time.minute * 60 + time.second);
}

/* Beyond these libical looks for the next instance of "30 February" through thousands of years. */
static bool can_happen(const struct icalrecurrencetype *rule)
{
        static const int days_of_month[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        int longest = 0;

        if (rule->by_month_day[0] == ICAL_RECURRENCE_ARRAY_MAX)
                return true;
        if (rule->by_month[0] == ICAL_RECURRENCE_ARRAY_MAX)
                longest = 31;
        for (int i = 0; i < ICAL_BY_MONTH_SIZE && rule->by_month[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
                if (rule->by_month[i] >= 1 && rule->by_month[i] <= 12 &&
                    days_of_month[rule->by_month[i] - 1] > longest)
                        longest = days_of_month[rule->by_month[i] - 1];
        for (int i = 0; i < ICAL_BY_DAY_SIZE && rule->by_day[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
                if (icalrecurrencetype_day_position(rule->by_day[i]) != 0)
                        return false; /* "the fifth Monday, if it is the 1st" */
        for (int i = 0; i < ICAL_BY_MONTHDAY_SIZE && rule->by_month_day[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
                if (abs(rule->by_month_day[i]) <= longest)
                        return true;
        return false;
}

static int read_rule(const char *text, struct zone *zone, struct icalrecurrencetype *rule, struct err *err)
{
        if (strnlen(text, RECURRENCE_RULE_MAX) == RECURRENCE_RULE_MAX)
                return err_set(err, ERR_INVALID, "repeats: longer than %d bytes: write a shorter rule",
                               RECURRENCE_RULE_MAX - 1);
        *rule = icalrecurrencetype_from_string(text);
        if (rule->freq < ICAL_DAILY_RECURRENCE || rule->freq > ICAL_YEARLY_RECURRENCE || rule->rscale ||
            rule->by_second[0] != ICAL_RECURRENCE_ARRAY_MAX ||
            rule->by_minute[0] != ICAL_RECURRENCE_ARRAY_MAX ||
            rule->by_hour[0] != ICAL_RECURRENCE_ARRAY_MAX || !can_happen(rule)) {
                free(rule->rscale);
                return err_set(err, ERR_INVALID,
                               "repeats: no rule by days, weeks, months or years: write it as "
                               "FREQ=WEEKLY;COUNT=10");
        }
        /* The iterator knows no zones: the limit is put on the same clock as its times. */
        if (!icaltime_is_null_time(rule->until) && icaltime_is_utc(rule->until))
                rule->until = local_time(zone, icaltime_as_timet(rule->until));
        return 0;
}

/* Told from an array, so that a rule with too many instances tells none. */
struct instances {
        int64_t *starts;
        int count;
};

static int collect(struct icalrecurrencetype rule, struct zone *zone, int64_t starts, int64_t from,
                   int64_t until, struct instances *instances, struct err *err)
{
        icalrecur_iterator *iterator = icalrecur_iterator_new(rule, local_time(zone, starts));
        struct icaltimetype time;
        int64_t at = starts;
        int steps = 0;

        if (!iterator)
                return err_set(err, ERR_INVALID, "repeats: never comes: write a rule such as FREQ=WEEKLY");
        if (starts >= from && starts <= until)
                instances->starts[instances->count++] = starts;
        for (time = icalrecur_iterator_next(iterator); !icaltime_is_null_time(time) && at <= until;
             time = icalrecur_iterator_next(iterator)) {
                if (++steps > RECURRENCE_STEPS_MAX) {
                        icalrecur_iterator_free(iterator);
                        return err_set(err, ERR_LIMIT, "repeats: over %d times: give it an UNTIL",
                                       RECURRENCE_STEPS_MAX);
                }
                at = utc_of(zone, time);
                if (at > starts && at >= from && at <= until)
                        instances->starts[instances->count++] = at;
        }
        icalrecur_iterator_free(iterator);
        return 0;
}

int recurrence_expand(const char *text, struct zone *zone, int64_t starts, int64_t from, int64_t until,
                      int (*each)(void *context, int64_t starts), void *context, struct err *err)
{
        _cleanup_(free_ptr) int64_t *room = NULL;
        struct instances instances = {0};
        struct icalrecurrencetype rule;
        int r = read_rule(text, zone, &rule, err);

        if (r < 0)
                return r;
        room = malloc((RECURRENCE_STEPS_MAX + 2) * sizeof *room);
        if (!room)
                return err_set(err, ERR_NOMEM, "repeats: out of memory");
        instances.starts = room;
        r = collect(rule, zone, starts, from, until, &instances, err);
        for (int i = 0; i < instances.count && r == 0; i++)
                r = each(context, instances.starts[i]);
        return r;
}
