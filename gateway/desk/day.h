/* day: what the pages of the day share: whose pupils they are about, and from when until when a day lasts.
 * For desk/ alone. */
#ifndef DESK_DAY_H
#define DESK_DAY_H

#include "desk/desk.h"
#include "store/desk_day.h"

struct day {
        struct buf scope; /* JSON array of organisations */
        struct desk_day day;
};

/* Today in the organisation of ?of=, or wherever the reader holds DESK_DAY; desk->granted is the role's
 * organisation. 200, or 404 for an organisation that is none of theirs. Free with day_close in any case. */
int day_open(struct desk *desk, struct day *ret_day);
void day_close(struct day *day);

/* Sets `live`, the number of the newest change: before anything that the page shows is read. */
int day_set_live(struct desk *desk);

/* The pupil of FORM, whom *ret_subject names; desk->granted and desk->subject are set. 200, or 404 with a
 * word above the page. */
int day_pupil(struct desk *desk, const struct form *form, struct desk_subject *ret_subject);

/* Sets KEY to the whole name. */
void day_set_name(struct value *map, const char *key, const char *given, const char *family);

/* Adds the item VALUE to LIST, called by the word PREFIX-VALUE. */
void day_add_choice(struct desk *desk, struct value *list, const char *prefix, const char *value,
                    const char *chosen);

#endif
