#include "calendar/feed.h"
#include "base/date.h"
#include "calendar/icalendar.h"
#include "calendar/vtimezone.h"
#include "calendar/words.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

#define SUMMARY_MAX 512 /* bytes */
#define DESCRIPTION_MAX 1024

struct rendering {
        struct ics_writer writer;
        struct vtimezone vtimezone;
        struct zone *zone;
        const char *tzid, *uid_host;
        const struct words *words;
        struct feed_rendering result;
};

/* "Aino – työpaikkaopiskelu, Puutarha Oy": as much of it as the viewer may know and does not know anyway. */
static void write_summary(struct rendering *rendering, const struct feed_day *day)
{
        const struct words *words = rendering->words;
        bool has_name = day->view != FEED_VIEW_PUPIL && day->view != FEED_VIEW_PUBLIC;
        bool has_place = day->view != FEED_VIEW_WORK && !day->is_school;
        char text[SUMMARY_MAX];
        const char *what;

        if (day->is_school)
                what = has_name ? words->school_inner : words->school;
        else
                what = has_name ? words->work_inner : words->work;
        if (day->is_protected)
                snprintf(text, sizeof text, "%s%s", day->is_cancelled ? words->cancelled : "", words->busy);
        else
                snprintf(text, sizeof text, "%s%.100s%s%s%s%.200s", day->is_cancelled ? words->cancelled : "",
                         has_name ? day->given : "", has_name ? " – " : "", what, has_place ? ", " : "",
                         has_place ? day->workplace : "");
        ics_text(&rendering->writer, "SUMMARY", text);
}

/* A supervisor calls the teacher; families call the school. */
static void write_description(struct rendering *rendering, const struct feed_day *day)
{
        const struct words *words = rendering->words;
        const char *phone = day->school_phone, *name = day->call_name;
        char text[DESCRIPTION_MAX];
        int length = 0;

        if (day->view == FEED_VIEW_WORK && day->call_phone)
                phone = day->call_phone;
        if (day->view <= FEED_VIEW_GUARDIAN || day->view == FEED_VIEW_WORK)
                if (phone)
                        length = snprintf(text, sizeof text, "%s%.200s%s%.40s", words->call, name ? name : "",
                                          name ? " " : "", phone);
        if (!day->is_signed && !day->is_school && !day->is_cancelled)
                length += snprintf(text + length, sizeof text - (size_t)length, "%s%s", length ? "\n" : "",
                                   words->is_unsigned);
        if (length)
                ics_text(&rendering->writer, "DESCRIPTION", text);
}

static void write_location(struct rendering *rendering, const struct feed_day *day)
{
        char text[SUMMARY_MAX];

        if (day->is_school)
                return;
        snprintf(text, sizeof text, "%.200s%s%.300s", day->workplace, day->address ? ", " : "",
                 day->address ? day->address : "");
        ics_text(&rendering->writer, "LOCATION", text);
}

static const char *status_of(const struct feed_day *day)
{
        if (day->is_cancelled)
                return "CANCELLED";
        return day->is_signed || day->is_school ? "CONFIRMED" : "TENTATIVE";
}

static void write_event(struct rendering *rendering, const struct feed_day *day)
{
        struct ics_writer *writer = &rendering->writer;
        char uid[ICS_VALUE_MAX];

        ics_begin(writer, "VEVENT");
        snprintf(uid, sizeof uid, "%s@%s", day->uid, rendering->uid_host);
        ics_text(writer, "UID", uid);
        ics_utc(writer, "DTSTAMP", day->changed);
        ics_utc(writer, "LAST-MODIFIED", day->changed);
        ics_int(writer, "SEQUENCE", day->sequence);
        vtimezone_write_time(&rendering->vtimezone, rendering->zone, rendering->tzid, "DTSTART", day->starts,
                             writer);
        vtimezone_write_time(&rendering->vtimezone, rendering->zone, rendering->tzid, "DTEND", day->ends,
                             writer);
        write_summary(rendering, day);
        if (!day->is_protected) {
                write_description(rendering, day);
                write_location(rendering, day);
                ics_text(writer, "CATEGORIES",
                         day->is_school ? rendering->words->school : rendering->words->work);
        }
        ics_plain(writer, "STATUS", status_of(day));
        ics_plain(writer, "TRANSP", day->is_cancelled || day->is_school ? "TRANSPARENT" : "OPAQUE");
        ics_plain(writer, "CLASS", "PRIVATE");
        ics_end(writer, "VEVENT");
}

static int each_day(void *context, const struct feed_day *day)
{
        struct rendering *rendering = context;

        if (day->changed > rendering->result.changed)
                rendering->result.changed = day->changed;
        /* To those who see no names, a school day says nothing. */
        if ((day->is_cancelled && day->has_passed) || (day->is_school && day->view == FEED_VIEW_PUBLIC))
                return 0;
        write_event(rendering, day);
        rendering->result.events++;
        return buf_error(rendering->writer.buf);
}

static void write_head(struct rendering *rendering, const struct feed_owner *owner)
{
        struct ics_writer *writer = &rendering->writer;
        char name[SUMMARY_MAX];

        snprintf(name, sizeof name, "Kapula%s%.400s", owner->name ? " – " : "",
                 owner->name ? owner->name : "");
        ics_begin(writer, "VCALENDAR");
        ics_plain(writer, "VERSION", "2.0");
        ics_plain(writer, "PRODID", "-//Kapula//Kapula//EN");
        ics_plain(writer, "CALSCALE", "GREGORIAN");
        ics_text(writer, "NAME", name);
        ics_plain(writer, "X-WR-CALNAME", name);
        ics_plain(writer, "REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
        ics_plain(writer, "X-PUBLISHED-TTL", "PT1H");
        ics_plain(writer, "COLOR", "teal");
        vtimezone_write(&rendering->vtimezone, rendering->tzid, writer);
}

static int read_uid_host(struct db *db, char **ret_host, struct err *err)
{
        int r = meta_get(db, "uid_host", ret_host, err);

        if (r == 0 && !*ret_host)
                return err_set(err, ERR_INVALID,
                               "database: meta has no uid_host: give it one, as 'calendar.example.org'");
        return r;
}

int feed_render(struct db *db, const struct feed *feed, const struct feed_owner *owner, struct zone *zone,
                int64_t now_utc, struct buf *buf, struct feed_rendering *ret_rendering, struct err *err)
{
        char today[DATE_TEXT_MAX], first[DATE_TEXT_MAX], last[DATE_TEXT_MAX];
        _cleanup_(free_ptr) char *uid_host = NULL;
        struct rendering rendering = {.zone = zone, .tzid = owner->zone};
        int year, month, day, seconds, r;
        int32_t date;

        r = read_uid_host(db, &uid_host, err);
        if (r < 0)
                return r;
        zone_to_local(zone, now_utc, &date, &seconds);
        date_to_civil(date, &year, &month, &day);
        date_print(date, today);
        date_print(date - FEED_DAYS_BACK, first);
        date_print(date + FEED_DAYS_AHEAD, last);
        ics_init(&rendering.writer, buf);
        vtimezone_read(zone, year, &rendering.vtimezone);
        rendering.uid_host = uid_host;
        rendering.words = words_find(owner->own_language, owner->languages);
        rendering.result =
            (struct feed_rendering){.changed = FEED_NEVER, .valid_until = zone_to_utc(zone, date + 1, 0)};
        write_head(&rendering, owner);
        r = feed_days(db, feed, today, first, last, each_day, &rendering, err);
        ics_end(&rendering.writer, "VCALENDAR");
        if (buf_error(buf))
                return err_set(err, buf_error(buf), "feed %s: larger than %zu bytes: make feeds of its parts",
                               feed->id, buf->max_bytes);
        if (r == 0)
                *ret_rendering = rendering.result;
        return r;
}
