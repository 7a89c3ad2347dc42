#include "store/quiet_choice.h"
#include "store/page_settings.h"

#include <stdio.h>

bool quiet_choice_is_allowed(const struct quiet_choice *choice)
{
        return choice->from_hour >= QUIET_FROM_HOUR_MIN && choice->from_hour <= QUIET_FROM_HOUR &&
               choice->until_hour >= QUIET_UNTIL_HOUR && choice->until_hour <= QUIET_UNTIL_HOUR_MAX;
}

int quiet_choice_get(struct db *db, const char *person, struct quiet_choice *ret_choice, struct err *err)
{
        struct quiet_choice choice = {QUIET_FROM_HOUR, QUIET_UNTIL_HOUR};
        struct query q;
        int r, hour;

        query_start(&q, db, "SELECT choice FROM person_choice WHERE person = ? AND choice GLOB 'quiet-*'",
                    err);
        query_text(&q, person);
        while ((r = query_row(&q)) > 0) {
                if (sscanf(column_text(&q, 0), "quiet-from-%2d", &hour) == 1)
                        choice.from_hour = hour;
                else if (sscanf(column_text(&q, 0), "quiet-until-%2d", &hour) == 1)
                        choice.until_hour = hour;
        }
        query_end(&q);
        if (!quiet_choice_is_allowed(&choice))
                choice = (struct quiet_choice){QUIET_FROM_HOUR, QUIET_UNTIL_HOUR};
        *ret_choice = choice;
        return r;
}

/* Everybody's hours need no row. */
static int set_hour(struct db *db, const char *person, const char *what, int hour, int usual, struct err *err)
{
        char text[32];

        if (hour == usual)
                return 0;
        snprintf(text, sizeof text, "quiet-%s-%d", what, hour);
        return person_set_choice(db, person, text, true, err);
}

int quiet_choice_set(struct db *db, const char *person, const struct quiet_choice *choice, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM person_choice WHERE person = ? AND choice GLOB 'quiet-*'", err);
        query_text(&q, person);
        r = query_run(&q);
        if (r == 0)
                r = set_hour(db, person, "from", choice->from_hour, QUIET_FROM_HOUR, err);
        if (r == 0)
                r = set_hour(db, person, "until", choice->until_hour, QUIET_UNTIL_HOUR, err);
        return r;
}
