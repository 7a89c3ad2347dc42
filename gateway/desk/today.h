/* today: what the page of the day and its forms share. For desk/ alone. */
#ifndef DESK_TODAY_H
#define DESK_TODAY_H

#define TODAY_HOLD_DAYS_MAX 366

/* Codes of a hold's reason that the page offers; ends with NULL. */
extern const char *const today_hold_reasons[];

#endif
