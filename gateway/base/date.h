/* date: arithmetic on dates of the proleptic Gregorian calendar, as days since 1970-01-01. Pure; knows no
 * zone. A date in text is ISO 8601 "YYYY-MM-DD", years 1900–2199. */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#define DATE_TEXT_MAX 11 /* "2026-11-23" and NUL */

int32_t date_from_civil(int year, int month, int day);
void date_to_civil(int32_t date, int *ret_year, int *ret_month, int *ret_day);
int date_weekday(int32_t date); /* ISO 8601: 1 Monday … 7 Sunday */
void date_iso_week(int32_t date, int *ret_year, int *ret_week);

/* Whole text only; false when it is no date. */
bool date_parse(const char *text, int32_t *ret_date);
void date_print(int32_t date, char ret_text[static DATE_TEXT_MAX]);

int32_t date_easter(int year); /* Easter Sunday */

/* A public holiday in Finland (act 388/1937 and the Church Code: 1.1, 6.1, Good Friday, Easter Monday, 1.5,
 * Ascension, Midsummer Day, All Saints, 6.12, 25–26.12, Easter and Whit Sunday) or one of the two eves that
 * are free by practice (Midsummer Eve, Christmas Eve). Plain Sundays are not. */
bool date_is_finnish_holiday(int32_t date);

/* Which one: "new-year", "easter-monday", … (date.c has them all); NULL: none. */
const char *date_finnish_holiday(int32_t date);

/* The last day of the school year that ends in YEAR: the Saturday of ISO week 22 (Basic Education Act 23 §).
 */
int32_t date_school_year_end(int year);

#endif
