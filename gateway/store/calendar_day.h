/* calendar_day: every organisation's calendar, day by day, made from its entries, those of the organisations
 * above it, the public holidays and the school year. So rules and queries need no date functions.
 *
 * An organisation keeps a calendar of its own when it has entries or a zone of its own, or stands at the top;
 * the others use the nearest one above (organisation_calendar). A nearer organisation's entry wins over a
 * farther one's; in one organisation 'school' wins over 'holiday' over 'break'. Terms come from the nearest
 * organisation that has any in that school year; without terms the year runs from 1 August to its last day by
 * law. */
#ifndef STORE_CALENDAR_DAY_H
#define STORE_CALENDAR_DAY_H

#include "store/db.h"

/* Brings calendar_day and organisation_calendar up to date, from 1 August two school years before NOW to 31
 * July two years after (days that stand before that window stay), and plans placements anew whose days that
 * changes. Writes only rows that differ. Costs one query when there is nothing to do. Call it inside a
 * transaction. */
int calendar_refresh(struct db *db, int64_t now_utc, struct err *err);

/* When the school day began that lies COUNT school days before DAY in the organisation's calendar. 1: found,
 * 0: the calendar does not go back so far. */
int calendar_school_days_back(struct db *db, const char *organisation, const char *day, int64_t count,
                              int64_t *ret_utc, struct err *err);

#endif
