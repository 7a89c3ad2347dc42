/* http_condition: the conditional headers of RFC 9110 and HTTP's dates. Pure. */
#ifndef CALENDAR_HTTP_CONDITION_H
#define CALENDAR_HTTP_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#define HTTP_DATE_MAX 30

/* "Sun, 06 Nov 1994 08:49:37 GMT". */
void http_date_print(int64_t utc, char ret_text[static HTTP_DATE_MAX]);

/* Reads that form, RFC 850's and asctime's. A year of two digits is the one within 50 years of NOW. */
bool http_date_parse(const char *text, int64_t now_utc, int64_t *ret_utc);

/* Whether the header If-None-Match names ETAG (quoted, strong), compared weakly: "*", lists and W/ are read;
 * what is malformed matches nothing. */
bool http_etag_matches(const char *if_none_match, const char *etag);

/* Whether 304 is the answer. If-None-Match, when it is there, decides alone; a date that cannot be read is no
 * condition. */
bool http_is_unchanged(const char *if_none_match, const char *if_modified_since, const char *etag,
                       int64_t changed_utc, int64_t now_utc);

#endif
