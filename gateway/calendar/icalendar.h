/* icalendar: writes RFC 5545 content lines. Pure: no rows, no clock.
 *
 * Whatever the values hold, what comes out is well-formed: UTF-8, lines of at most 75 octets folded between
 * characters, CR LF, no control character and no line break that a value brought along. Bad UTF-8 and control
 * characters become U+FFFD. Errors stick in the buf: check buf_error at the end. */
#ifndef CALENDAR_ICALENDAR_H
#define CALENDAR_ICALENDAR_H

#include "base/buf.h"

#include <stdint.h>

#define ICS_LINE_MAX 75    /* octets of a line, without its CR LF (RFC 5545, 3.1) */
#define ICS_VALUE_MAX 4096 /* bytes read of one value: longer ones are cut between characters */

struct ics_writer {
        struct buf *buf; /* borrowed */
        int column;      /* octets in the line so far */
};

/* Lines that are written already, whole ones. */
void ics_lines(struct ics_writer *writer, const char *lines, size_t length);

void ics_init(struct ics_writer *writer, struct buf *buf);

/* NAME may carry parameters ("DTSTART;TZID=Europe/Helsinki"); it is written as it stands and fits a line. */
void ics_begin(struct ics_writer *writer, const char *component);
void ics_end(struct ics_writer *writer, const char *component);

/* A TEXT value: \ ; , and line breaks are escaped. */
void ics_text(struct ics_writer *writer, const char *name, const char *value);

/* A value without escapes (URI, CAL-ADDRESS, X- property, code): a line break in it becomes a space. */
void ics_plain(struct ics_writer *writer, const char *name, const char *value);

void ics_int(struct ics_writer *writer, const char *name, int64_t value);

/* "20261123T080000Z". */
void ics_utc(struct ics_writer *writer, const char *name, int64_t utc);

/* "20261123", with VALUE=DATE in NAME. */
void ics_date(struct ics_writer *writer, const char *name, int32_t date);

/* "20261123T080000" for a date (days since 1970) and seconds of that day. */
void ics_local(struct ics_writer *writer, const char *name, int32_t date, int seconds);

/* Adds TEXT, at most MAX_BYTES of it and whole characters, as good UTF-8: bad bytes and controls become
 * U+FFFD, line ends '\n'. */
void ics_clean(const char *text, size_t max_bytes, struct buf *buf);

#endif
