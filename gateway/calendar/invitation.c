#include "calendar/invitation.h"
#include "base/date.h"
#include "base/recurrence.h"
#include "base/zone_keep.h"
#include "calendar/text.h"
#include "calendar/vtimezone.h"
#include "store/db.h"
#include "store/meeting_invitation.h"

#include <stdio.h>
#include <string.h>

#define UID_MAX 1024
#define NAME_MAX_BYTES 512
#define RULE_MAX 256
#define ORGANIZER_NONE "no-reply@"

/* ---- printing */

struct printing {
        const struct invitation *invitation;
        struct ics_writer writer;
        struct vtimezone vtimezone;
        struct zone *zone;
        const char *tzid;
};

/* A parameter's value in quotes cannot hold a quote, and no control character. */
static void print_address(struct printing *printing, const char *name, const char *common_name,
                          const char *address)
{
        char head[NAME_MAX_BYTES + 128], value[UID_MAX];
        size_t length = 0;

        length = (size_t)snprintf(head, sizeof head, "%s", name);
        if (common_name) {
                length += (size_t)snprintf(head + length, sizeof head - length, ";CN=\"");
                for (; *common_name && length < NAME_MAX_BYTES; common_name++)
                        head[length++] = *common_name == '"'                 ? '\''
                                         : (unsigned char)*common_name < ' ' ? ' '
                                                                             : *common_name;
                while (length && (head[length - 1] & 0xc0) == 0x80 && length >= NAME_MAX_BYTES)
                        length--; /* not in the middle of a character */
                head[length++] = '"';
                head[length] = '\0';
        }
        snprintf(value, sizeof value, "mailto:%.900s", address);
        ics_plain(&printing->writer, head, value);
}

static void print_time(struct printing *printing, const char *property, int64_t utc)
{
        vtimezone_write_time(&printing->vtimezone, printing->zone, printing->tzid, property, utc,
                             &printing->writer);
}

static void print_event(struct printing *printing, const struct invitation_exception *exception)
{
        const struct invitation *invitation = printing->invitation;
        bool is_off = invitation->is_cancelled || (exception && exception->is_cancelled);
        struct ics_writer *writer = &printing->writer;
        char uid[UID_MAX];

        snprintf(uid, sizeof uid, "%.600s@%.300s", invitation->uid, invitation->uid_host);
        ics_begin(writer, "VEVENT");
        ics_text(writer, "UID", uid);
        ics_utc(writer, "DTSTAMP", invitation->stamp);
        ics_int(writer, "SEQUENCE", invitation->sequence);
        if (exception)
                print_time(printing, "RECURRENCE-ID", exception->original);
        print_time(printing, "DTSTART", exception ? exception->starts : invitation->starts);
        print_time(printing, "DTEND", exception ? exception->ends : invitation->ends);
        if (invitation->rule && !exception)
                ics_plain(writer, "RRULE", invitation->rule);
        for (size_t i = 0; !exception && i < invitation->exception_count; i++)
                if (invitation->exceptions[i].is_cancelled)
                        print_time(printing, "EXDATE", invitation->exceptions[i].original);
        ics_text(writer, "SUMMARY", invitation->summary);
        if (invitation->description)
                ics_text(writer, "DESCRIPTION", invitation->description);
        if (invitation->location)
                ics_text(writer, "LOCATION", invitation->location);
        if (invitation->url)
                ics_plain(writer, "URL", invitation->url);
        print_address(printing, "ORGANIZER", invitation->organizer_name, invitation->organizer);
        print_address(printing,
                      is_off ? "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION"
                      : invitation->takes_replies
                          ? "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE"
                          : "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE",
                      NULL, invitation->attendee);
        ics_plain(writer, "STATUS", is_off ? "CANCELLED" : "CONFIRMED");
        ics_plain(writer, "TRANSP", is_off ? "TRANSPARENT" : "OPAQUE");
        ics_end(writer, "VEVENT");
}

int invitation_print(const struct invitation *invitation, struct zone *zone, const char *tzid,
                     struct buf *buf, struct err *err)
{
        struct printing printing = {.invitation = invitation, .zone = zone, .tzid = tzid};
        struct ics_writer *writer = &printing.writer;
        int year, month, day, seconds;
        int32_t date;

        zone_to_local(zone, invitation->starts, &date, &seconds);
        date_to_civil(date, &year, &month, &day);
        vtimezone_read(zone, year, &printing.vtimezone);
        ics_init(writer, buf);
        ics_begin(writer, "VCALENDAR");
        ics_plain(writer, "VERSION", "2.0");
        ics_plain(writer, "PRODID", "-//Kapula//Kapula//FI");
        ics_plain(writer, "CALSCALE", "GREGORIAN");
        ics_plain(writer, "METHOD", invitation->is_cancelled ? "CANCEL" : "REQUEST");
        vtimezone_write(&printing.vtimezone, tzid, writer);
        print_event(&printing, NULL);
        for (size_t i = 0; !invitation->is_cancelled && i < invitation->exception_count; i++)
                if (!invitation->exceptions[i].is_cancelled)
                        print_event(&printing, &invitation->exceptions[i]);
        ics_end(writer, "VCALENDAR");
        return buf_error(buf)
                   ? err_set(err, buf_error(buf), "invitation: too large: shorten the meeting's texts")
                   : 0;
}

/* ---- from rows */

struct making {
        struct meeting_invitation row;
        struct zone *zone;
        struct invitation_exception *exceptions;
        size_t count;
        int32_t first; /* the meeting's own first day and its seconds */
        int seconds;
        char rule[RULE_MAX];
        struct buf summary, description;
};

static int each_exception(void *context, const struct meeting_exception *exception)
{
        struct making *making = context;
        int32_t date;

        if (making->count == INVITATION_EXCEPTIONS_MAX || !date_parse(exception->original_day, &date))
                return 0;
        making->exceptions[making->count++] =
            (struct invitation_exception){zone_to_utc(making->zone, date, making->seconds), exception->starts,
                                          exception->ends, exception->is_cancelled};
        return 0;
}

/* The rule as it stands, but its limit in UTC, which a start with a zone asks for (RFC 5545, 3.3.10). */
static bool make_rule(struct making *making)
{
        struct recurrence parsed;
        const char *rule = making->row.repeats, *until;
        struct err err;
        struct buf buf;
        size_t length;

        if (recurrence_parse(rule, &parsed, &err) < 0)
                return false;
        if (strncmp(rule, "RRULE:", 6) == 0)
                rule += 6;
        until = strstr(rule, "UNTIL=");
        buf_init(&buf, RULE_MAX - 1);
        if (!until) {
                buf_adds(&buf, rule);
        } else {
                struct ics_writer writer;

                buf_add(&buf, rule, (size_t)(until - rule));
                ics_init(&writer, &buf);
                length = buf.length;
                ics_utc(&writer, "", zone_to_utc(making->zone, parsed.until + 1, 0) - 1);
                if (!buf_error(&buf)) { /* ":20261231T215959Z" and its line end */
                        char stamp[17];

                        snprintf(stamp, sizeof stamp, "%.16s", buf.data + length + 1);
                        buf_cut(&buf, length);
                        buf_addf(&buf, "UNTIL=%s", stamp);
                }
                until += strcspn(until, ";");
                buf_adds(&buf, until);
        }
        if (!buf_error(&buf))
                memcpy(making->rule, buf_text(&buf), buf.length + 1);
        length = buf.length;
        buf_fini(&buf);
        return length > 0;
}

static int make_words(struct making *making, const struct catalogue *catalogue, struct err *err)
{
        const struct meeting_invitation *row = &making->row;
        const struct text_reader reader = {catalogue, row->language, row->languages};
        struct value *values = value_map_new();
        int r;

        if (!values)
                return err_set(err, ERR_NOMEM, "invitation: out of memory");
        if (row->is_cancelled)
                value_set_bool(values, "cancelled", true);
        if (!row->is_protected) {
                text_set_code(values, "meeting", row->code);
                text_set(values, "title", row->title);
                text_set(values, "online", row->link);
                text_set(values, "organisation", row->organisation);
        }
        r = text_print(&reader, row->is_protected ? "busy" : "meeting", values, &making->summary,
                       &making->description, err);
        value_free(values);
        return r;
}

static int make(struct making *making, struct db *db, const struct catalogue *catalogue, const char *meeting,
                const char *address, struct buf *buf, struct err *err)
{
        _cleanup_(free_ptr) char *uid_host = NULL, *organizer = NULL, *uid = NULL, *nobody = NULL;
        struct meeting_invitation *row = &making->row;
        struct invitation invitation;
        int r;

        r = zone_keep(row->zone, &making->zone, err);
        if (r == 0)
                r = make_words(making, catalogue, err);
        if (r == 0)
                r = meta_get(db, "uid_host", &uid_host, err);
        if (r == 0)
                r = meta_get(db, "organizer", &organizer, err);
        if (r < 0)
                return r;
        zone_to_local(making->zone, row->starts, &making->first, &making->seconds);
        if (row->repeats && make_rule(making))
                r = meeting_exceptions(db, meeting, each_exception, making, err);
        if (r < 0)
                return r;
        if (asprintf(&uid, "me-%s", meeting) < 0 ||
            asprintf(&nobody, ORGANIZER_NONE "%s", uid_host ? uid_host : "kapula.invalid") < 0)
                return err_set(err, ERR_NOMEM, "invitation: out of memory");
        invitation = (struct invitation){
            .is_cancelled = row->is_cancelled,
            .uid = uid,
            .uid_host = uid_host ? uid_host : "kapula.invalid",
            .sequence = row->sequence,
            .stamp = row->changed,
            .starts = row->starts,
            .ends = row->ends,
            .rule = making->rule[0] ? making->rule : NULL,
            .summary = buf_text(&making->summary),
            .description = making->description.length ? buf_text(&making->description) : NULL,
            .location = row->is_protected ? NULL : row->place,
            .url = row->is_protected ? NULL : row->link,
            .organizer = organizer ? organizer : nobody,
            .organizer_name = row->is_protected ? NULL : row->organisation,
            .takes_replies = organizer != NULL,
            .attendee = address,
            .exceptions = making->exceptions,
            .exception_count = making->count,
        };
        return invitation_print(&invitation, making->zone, row->zone, buf, err);
}

int invitation_make(struct db *db, const struct catalogue *catalogue, int64_t now_utc, const char *meeting,
                    const char *person, const char *address, bool is_cancelled, char **ret_text,
                    struct err *err)
{
        struct making making = {0};
        struct buf buf;
        int r = meeting_by_feed(db, person, now_utc, err);

        *ret_text = NULL;
        if (r != 0)
                return r < 0 ? r : 0;
        r = meeting_invitation_read(db, meeting, person, &making.row, err);
        if (r < 0)
                return r == ERR_NOT_FOUND ? 0 : r;
        if (is_cancelled && !making.row.repeats) /* of a series it may be one day, which the rows tell */
                making.row.is_cancelled = true;
        buf_init(&making.summary, TEXT_TITLE_MAX_BYTES);
        buf_init(&making.description, TEXT_DESCRIPTION_MAX_BYTES);
        buf_init(&buf, INVITATION_BYTES_MAX);
        making.exceptions = calloc(INVITATION_EXCEPTIONS_MAX, sizeof *making.exceptions);
        r = making.exceptions ? make(&making, db, catalogue, meeting, address, &buf, err)
                              : err_set(err, ERR_NOMEM, "invitation: out of memory");
        if (r == 0) {
                *ret_text = buf_take(&buf);
                if (!*ret_text)
                        r = err_set(err, ERR_NOMEM, "invitation: out of memory");
        }
        buf_fini(&buf);
        buf_fini(&making.summary);
        buf_fini(&making.description);
        free(making.exceptions);
        meeting_invitation_fini(&making.row);
        return r;
}
