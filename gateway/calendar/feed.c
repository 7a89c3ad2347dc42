#include "calendar/feed.h"
#include "base/date.h"
#include "calendar/icalendar.h"
#include "calendar/memo.h"
#include "calendar/vtimezone.h"
#include "store/db.h"
#include "store/feed_item.h"

#include <stdio.h>
#include <string.h>

#define UID_MAX 1024             /* bytes */
#define LOCATION_MAX 2048        /* bytes */
#define HOLIDAY_STAMP 1767225600 /* 2026-01-01: public holidays do not change */
#define WORDS_MAX 65536          /* bytes of the lines that say what an entry is */

struct rendering {
        struct ics_writer writer;
        struct vtimezone vtimezone;
        struct zone *zone;
        const char *tzid, *uid_host;
        const struct feed_window *window;
        bool named[FEED_DAYS_BACK + FEED_DAYS_AHEAD + 1]; /* a day of the window that a row calls a day off */
        int32_t first;                                    /* day of the window */
        struct memo *memo;
        struct text_reader reader;
        struct feed_rendering result;
        struct err *err;
};

/* ---- what an entry says: a title, a description, where, and what kind of thing it is */

struct words {
        const char *template, *category;
        struct value *values;
        const char *location, *url; /* may be NULL */
};

static int print_category(const struct rendering *rendering, const char *category, struct buf *buf)
{
        struct value *values = value_map_new();
        int r;

        if (!values)
                return err_set(rendering->err, ERR_NOMEM, "calendar: out of memory");
        value_set_bool(values, category, true);
        r = text_print(&rendering->reader, "category", values, buf, NULL, rendering->err);
        value_free(values);
        return r;
}

/* The lines SUMMARY, DESCRIPTION, LOCATION, URL and CATEGORIES. */
static int print_words(const struct rendering *rendering, const struct words *words, struct buf *lines)
{
        struct buf title, description, category;
        struct ics_writer writer;
        int r;

        buf_init(&title, TEXT_TITLE_MAX_BYTES);
        buf_init(&description, TEXT_DESCRIPTION_MAX_BYTES);
        buf_init(&category, TEXT_TITLE_MAX_BYTES);
        ics_init(&writer, lines);
        r = value_error(words->values, rendering->err);
        if (r == 0)
                r = text_print(&rendering->reader, words->template, words->values, &title, &description,
                               rendering->err);
        if (r == 0 && words->category)
                r = print_category(rendering, words->category, &category);
        if (r == 0) {
                ics_text(&writer, "SUMMARY", buf_text(&title));
                if (description.length)
                        ics_text(&writer, "DESCRIPTION", buf_text(&description));
                if (words->location && *words->location)
                        ics_text(&writer, "LOCATION", words->location);
                if (words->url)
                        ics_plain(&writer, "URL", words->url);
                if (category.length)
                        ics_text(&writer, "CATEGORIES", buf_text(&category));
        }
        buf_fini(&title);
        buf_fini(&description);
        buf_fini(&category);
        return r;
}

/* Writes the words that KEY stands for, made by MAKE from ROW when they are not known yet. */
static int write_words(struct rendering *rendering, struct buf *key,
                       void (*make)(const void *row, struct words *words, struct buf *location),
                       const void *row)
{
        const struct memo_text *known = memo_find(rendering->memo, buf_text(key), key->length);
        struct words words = {0};
        struct buf lines, location;
        int r = 0;

        if (!known) {
                buf_init(&lines, WORDS_MAX);
                buf_init(&location, LOCATION_MAX);
                words.values = value_map_new();
                if (words.values) {
                        make(row, &words, &location);
                        words.location = buf_text(&location);
                        r = print_words(rendering, &words, &lines);
                } else {
                        r = err_set(rendering->err, ERR_NOMEM, "calendar: out of memory");
                }
                if (r == 0)
                        r = memo_add(rendering->memo, buf_text(key), key->length, &lines, &known,
                                     rendering->err);
                value_free(words.values);
                buf_fini(&location);
                buf_fini(&lines);
        }
        if (r == 0)
                ics_lines(&rendering->writer, known->text, known->length);
        return r;
}

static void add_key(struct buf *key, const char *text)
{
        buf_adds(key, text ? text : "\x01");
        buf_addc(key, '\x1f');
}

static void add_place(struct buf *location, const char *text)
{
        if (!text || !*text)
                return;
        if (location->length)
                buf_adds(location, ", ");
        buf_adds(location, text);
}

/* ---- placement days */

/* As much as the viewer may know and does not know anyway. */
static void make_day_words(const void *row, struct words *words, struct buf *location)
{
        const struct feed_day *day = row;
        const char *phone = day->school_phone;

        words->template = day->is_protected ? "busy" : day->is_school ? "school-day" : "placement-day";
        if (day->is_cancelled)
                value_set_bool(words->values, "cancelled", true);
        if (day->is_protected)
                return;
        words->category = words->template;
        if (day->view != FEED_VIEW_PUPIL && day->view != FEED_VIEW_PUBLIC)
                text_set(words->values, "first_name", day->given);
        if (day->view != FEED_VIEW_WORK && !day->is_school)
                text_set(words->values, "workplace", day->workplace);
        /* A supervisor calls the teacher; families call the school. */
        if (day->view == FEED_VIEW_WORK && day->call_phone)
                phone = day->call_phone;
        if (phone && (day->view <= FEED_VIEW_GUARDIAN || day->view == FEED_VIEW_WORK)) {
                text_set(words->values, "call.name", day->call_name);
                text_set(words->values, "call.phone", phone);
        }
        if (!day->is_signed && !day->is_school && !day->is_cancelled)
                value_set_bool(words->values, "unsigned", true);
        if (day->is_school)
                return;
        if (!day->is_cancelled)
                text_set(words->values, "link", day->page);
        add_place(location, day->workplace);
        add_place(location, day->address);
        add_place(location, day->host);
}

static void key_day(const struct feed_day *day, struct buf *key)
{
        const char flags[] = {'d',
                              (char)('0' + day->view),
                              day->is_school ? 's' : '-',
                              day->is_cancelled ? 'c' : '-',
                              day->is_signed ? 'g' : '-',
                              day->is_protected ? 'p' : '-',
                              0};

        add_key(key, flags);
        add_key(key, day->placement);
}

static const char *status_of(const struct feed_day *day)
{
        if (day->is_cancelled)
                return "CANCELLED";
        return day->is_signed || day->is_school ? "CONFIRMED" : "TENTATIVE";
}

static void write_stamps(struct rendering *rendering, const char *uid, int64_t changed, int sequence)
{
        struct ics_writer *writer = &rendering->writer;
        char text[UID_MAX];
        size_t length = strnlen(uid, UID_MAX / 2), host = strnlen(rendering->uid_host, UID_MAX / 2 - 2);

        memcpy(text, uid, length);
        text[length] = '@';
        memcpy(text + length + 1, rendering->uid_host, host);
        text[length + 1 + host] = '\0';
        ics_lines(writer, "BEGIN:VEVENT\r\n", 14);
        ics_text(writer, "UID", text);
        ics_utc(writer, "DTSTAMP", changed);
        ics_utc(writer, "LAST-MODIFIED", changed);
        ics_int(writer, "SEQUENCE", sequence);
}

static void write_time(struct rendering *rendering, const char *property, int64_t utc)
{
        vtimezone_write_time(&rendering->vtimezone, rendering->zone, rendering->tzid, property, utc,
                             &rendering->writer);
}

/* The last lines of an event are few, and its most. */
static void write_end(struct rendering *rendering, const char *status, bool is_free)
{
        static const struct {
                const char *status, *busy, *free;
        } table[] = {
            {"CONFIRMED", "STATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\nCLASS:PRIVATE\r\nEND:VEVENT\r\n",
             "STATUS:CONFIRMED\r\nTRANSP:TRANSPARENT\r\nCLASS:PRIVATE\r\nEND:VEVENT\r\n"},
            {"TENTATIVE", "STATUS:TENTATIVE\r\nTRANSP:OPAQUE\r\nCLASS:PRIVATE\r\nEND:VEVENT\r\n",
             "STATUS:TENTATIVE\r\nTRANSP:TRANSPARENT\r\nCLASS:PRIVATE\r\nEND:VEVENT\r\n"},
            {"CANCELLED", "STATUS:CANCELLED\r\nTRANSP:OPAQUE\r\nCLASS:PRIVATE\r\nEND:VEVENT\r\n",
             "STATUS:CANCELLED\r\nTRANSP:TRANSPARENT\r\nCLASS:PRIVATE\r\nEND:VEVENT\r\n"},
        };
        size_t which = 0;
        const char *lines;

        while (which < ARRAY_SIZE(table) - 1 && strcmp(table[which].status, status) != 0)
                which++;
        lines = is_free ? table[which].free : table[which].busy;
        ics_lines(&rendering->writer, lines, strlen(lines));
        rendering->result.events++;
}

static void note_change(struct rendering *rendering, int64_t changed)
{
        if (changed > rendering->result.changed)
                rendering->result.changed = changed;
}

static int each_day(void *context, const struct feed_day *day)
{
        struct rendering *rendering = context;
        struct buf key;
        int r;

        note_change(rendering, day->changed);
        /* To those who see no names, a school day says nothing. */
        if ((day->is_cancelled && day->has_passed) || (day->is_school && day->view == FEED_VIEW_PUBLIC))
                return 0;
        buf_init(&key, MEMO_KEY_MAX);
        key_day(day, &key);
        write_stamps(rendering, day->uid, day->changed, day->sequence);
        write_time(rendering, "DTSTART", day->starts);
        write_time(rendering, "DTEND", day->ends);
        r = write_words(rendering, &key, make_day_words, day);
        write_end(rendering, status_of(day), day->is_cancelled || day->is_school);
        buf_fini(&key);
        return r < 0 ? r : buf_error(rendering->writer.buf);
}

/* ---- the rest */

static const struct {
        const char *template, *category;
} item_table[] = {
    [FEED_ITEM_BREAK] = {"break", "break"},       [FEED_ITEM_FOLLOW_UP] = {"follow-up", "follow-up"},
    [FEED_ITEM_HOLIDAY] = {"holiday", "break"},   [FEED_ITEM_MEETING] = {"meeting", "meeting"},
    [FEED_ITEM_PACKAGE] = {"package", "package"}, [FEED_ITEM_SURVEY] = {"survey", "survey"},
    [FEED_ITEM_VISIT] = {"visit", "visit"},
};

static void set_meeting_values(const struct feed_item *item, struct value *values)
{
        text_set_code(values, "meeting", item->code);
        text_set(values, "title", item->title);
        text_set(values, "first_name", item->given);
        text_set(values, "online", item->link);
        text_set(values, "organisation", item->organisation);
        text_set(values, "links", item->links);
}

static void set_item_values(const struct feed_item *item, struct value *values)
{
        switch (item->kind) {
        case FEED_ITEM_BREAK:
                text_set(values, "name", item->title);
                text_set(values, "organisation", item->organisation);
                if (strcmp(item->code, "holiday") == 0)
                        value_set_bool(values, "holiday", true);
                break;
        case FEED_ITEM_FOLLOW_UP:
                text_set(values, "number", item->title);
                break;
        case FEED_ITEM_HOLIDAY:
                text_set_code(values, "holiday", item->code);
                break;
        case FEED_ITEM_MEETING:
                set_meeting_values(item, values);
                break;
        case FEED_ITEM_PACKAGE:
                text_set(values, "subject_name", item->title);
                text_set(values, "first_name", item->given);
                break;
        case FEED_ITEM_SURVEY:
                text_set(values, "organisation", item->organisation);
                break;
        case FEED_ITEM_VISIT:
                text_set_code(values, "visit", item->code);
                text_set(values, "hosts", item->organisation);
                text_set(values, "guests", item->guests);
                break;
        }
}

static void make_item_words(const void *row, struct words *words, struct buf *location)
{
        const struct feed_item *item = row;

        if (item->is_cancelled)
                value_set_bool(words->values, "cancelled", true);
        words->template = item->is_protected ? "busy" : item_table[item->kind].template;
        if (item->is_protected)
                return;
        words->category = item_table[item->kind].category;
        set_item_values(item, words->values);
        add_place(location, item->place);
        words->url = item->kind == FEED_ITEM_MEETING ? item->link : NULL;
}

static int write_item(struct rendering *rendering, const struct feed_item *item)
{
        struct buf key;
        int r;

        buf_init(&key, MEMO_KEY_MAX);
        add_key(&key, item->is_cancelled ? "ic" : "i");
        add_key(&key, item->words ? item->words : item->uid);
        r = write_words(rendering, &key, make_item_words, item);
        write_end(rendering, item->is_cancelled ? "CANCELLED" : "CONFIRMED",
                  item->is_cancelled || item->is_free);
        buf_fini(&key);
        return r < 0 ? r : buf_error(rendering->writer.buf);
}

static int write_whole_days(struct rendering *rendering, const struct feed_item *item)
{
        int32_t first, last;
        int seconds;

        if (item->kind == FEED_ITEM_SURVEY) {
                /* What closes at midnight closes at the end of the day before. */
                zone_to_local(rendering->zone, item->ends - 1, &first, &seconds);
                last = first;
        } else if (!date_parse(item->first_day, &first) || !date_parse(item->last_day, &last)) {
                return 0; /* a direct writer's: no day */
        }
        if (item->kind == FEED_ITEM_BREAK && first == last && first >= rendering->first &&
            (size_t)(first - rendering->first) < ARRAY_SIZE(rendering->named))
                rendering->named[first - rendering->first] = true;
        write_stamps(rendering, item->uid, item->changed, item->sequence);
        ics_date(&rendering->writer, "DTSTART;VALUE=DATE", first);
        ics_date(&rendering->writer, "DTEND;VALUE=DATE", last + 1);
        return write_item(rendering, item);
}

static int each_item(void *context, const struct feed_item *item)
{
        struct rendering *rendering = context;

        note_change(rendering, item->changed);
        if (item->first_day || item->kind == FEED_ITEM_SURVEY)
                return write_whole_days(rendering, item);
        write_stamps(rendering, item->uid, item->changed, item->sequence);
        write_time(rendering, "DTSTART", item->starts);
        write_time(rendering, "DTEND", item->ends);
        return write_item(rendering, item);
}

/* The calendars that others plan by; a person has those of their phone. A day that the school names itself is
 * not named twice. */
static int write_holidays(struct rendering *rendering, const struct feed *feed)
{
        char day[DATE_TEXT_MAX], uid[DATE_TEXT_MAX + 3];
        const char *code;
        int r = 0;

        if (strcmp(feed->kind, "person") == 0)
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(rendering->named) && r == 0; i++) {
                struct feed_item item = {.kind = FEED_ITEM_HOLIDAY,
                                         .uid = uid,
                                         .first_day = day,
                                         .last_day = day,
                                         .changed = HOLIDAY_STAMP,
                                         .is_free = true};

                code = rendering->named[i] ? NULL : date_finnish_holiday(rendering->first + (int32_t)i);
                if (!code)
                        continue;
                date_print(rendering->first + (int32_t)i, day);
                snprintf(uid, sizeof uid, "ho-%s", day);
                item.code = item.words = code;
                r = each_item(rendering, &item);
        }
        return r;
}

/* ---- the whole */

static int write_head(struct rendering *rendering, const struct feed_owner *owner)
{
        struct ics_writer *writer = &rendering->writer;
        struct value *values = value_map_new();
        struct buf name, about;
        int r;

        buf_init(&name, TEXT_TITLE_MAX_BYTES);
        buf_init(&about, TEXT_DESCRIPTION_MAX_BYTES);
        if (values)
                text_set(values, "owner", owner->name);
        r = values ? text_print(&rendering->reader, "calendar", values, &name, &about, rendering->err)
                   : err_set(rendering->err, ERR_NOMEM, "calendar: out of memory");
        ics_begin(writer, "VCALENDAR");
        ics_plain(writer, "VERSION", "2.0");
        ics_plain(writer, "PRODID", "-//Kapula//Kapula//FI");
        ics_plain(writer, "CALSCALE", "GREGORIAN");
        ics_text(writer, "NAME", buf_text(&name));
        ics_plain(writer, "X-WR-CALNAME", buf_text(&name));
        ics_plain(writer, "X-WR-TIMEZONE", rendering->tzid);
        if (about.length) {
                ics_text(writer, "DESCRIPTION", buf_text(&about));
                ics_plain(writer, "X-WR-CALDESC", buf_text(&about));
        }
        ics_plain(writer, "REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
        ics_plain(writer, "X-PUBLISHED-TTL", "PT1H");
        ics_plain(writer, "COLOR", "teal");
        vtimezone_write(&rendering->vtimezone, rendering->tzid, writer);
        buf_fini(&name);
        buf_fini(&about);
        value_free(values);
        return r;
}

static int read_uid_host(struct db *db, char **ret_host, struct err *err)
{
        int r = meta_get(db, "uid_host", ret_host, err);

        if (r == 0 && !*ret_host)
                return err_set(err, ERR_INVALID,
                               "database: meta has no uid_host: give it one, as 'calendar.example.org'");
        return r;
}

static int write_all(struct rendering *rendering, struct db *db, const struct feed *feed,
                     const struct feed_owner *owner)
{
        const struct feed_window *window = rendering->window;
        int r = write_head(rendering, owner);

        if (r == 0)
                r = feed_days(db, feed, window->today, window->first_day, window->last_day, each_day,
                              rendering, rendering->err);
        if (r == 0)
                r = feed_items(db, feed, window, each_item, rendering, rendering->err);
        if (r == 0)
                r = write_holidays(rendering, feed);
        ics_end(&rendering->writer, "VCALENDAR");
        return r;
}

int feed_render(struct db *db, const struct feed *feed, const struct feed_owner *owner,
                const struct catalogue *catalogue, struct zone *zone, int64_t now_utc, struct buf *buf,
                struct feed_rendering *ret_rendering, struct err *err)
{
        char today[DATE_TEXT_MAX], first[DATE_TEXT_MAX], last[DATE_TEXT_MAX];
        struct feed_window window = {.today = today, .first_day = first, .last_day = last};
        _cleanup_(free_ptr) char *uid_host = NULL;
        struct rendering rendering = {.zone = zone,
                                      .tzid = owner->zone,
                                      .window = &window,
                                      .reader = {catalogue, owner->own_language, owner->languages},
                                      .err = err};
        int year, month, day, seconds, r;
        int32_t date;

        r = read_uid_host(db, &uid_host, err);
        if (r == 0)
                r = memo_new(&rendering.memo, err);
        if (r < 0)
                return r;
        zone_to_local(zone, now_utc, &date, &seconds);
        date_to_civil(date, &year, &month, &day);
        date_print(date, today);
        date_print(date - FEED_DAYS_BACK, first);
        date_print(date + FEED_DAYS_AHEAD, last);
        window.from = zone_to_utc(zone, date - FEED_DAYS_BACK, 0);
        window.until = zone_to_utc(zone, date + FEED_DAYS_AHEAD + 1, 0) - 1;
        window.today_starts = zone_to_utc(zone, date, 0);
        ics_init(&rendering.writer, buf);
        vtimezone_read(zone, year, &rendering.vtimezone);
        rendering.uid_host = uid_host;
        rendering.first = date - FEED_DAYS_BACK;
        rendering.result =
            (struct feed_rendering){.changed = FEED_NEVER, .valid_until = zone_to_utc(zone, date + 1, 0)};
        r = write_all(&rendering, db, feed, owner);
        memo_free(rendering.memo);
        if (buf_error(buf))
                return err_set(err, buf_error(buf), "feed %s: larger than %zu bytes: make feeds of its parts",
                               feed->id, buf->max_bytes);
        if (r == 0)
                *ret_rendering = rendering.result;
        return r;
}
