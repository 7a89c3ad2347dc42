/* hours: when the lesson of an attendance mark is, from what its sender said of it: a number, a start, an
 * end, or nothing but the day. */
#ifndef INTAKE_HOURS_H
#define INTAKE_HOURS_H

#include "base/zone.h"
#include "store/db.h"
#include "store/lesson.h"

#define HOURS_UNKNOWN INT64_MIN
#define HOURS_SECONDS_MAX (24 * 3600) /* of one mark */

struct hours {
        int lesson;           /* 0: the whole day; -1: not said */
        int64_t starts, ends; /* UTC; HOURS_UNKNOWN: not said */
};

struct hours_place {
        struct db *db;
        const char *pupil, *organisation;
        struct zone *zone; /* of the organisation */
        bool at_workplace;
};

/* Fills in what was not said: from the timetable of the organisation, for a whole day at a workplace from the
 * placement day, else from six lessons of 45 minutes from 08:00. */
int hours_complete(const struct hours_place *place, int32_t date, struct hours *hours, struct err *err);

/* As hours_complete with a timetable that the caller has read: hours_complete_by asks the store for nothing
 * but a placement day. */
int hours_complete_by(const struct hours_place *place, const struct timetable *timetable, int32_t date,
                      struct hours *hours, struct err *err);

enum hours_fault { HOURS_GOOD, HOURS_OTHER_DAY, HOURS_ENDS };

/* Of complete hours: whether they lie on DATE and end after they start. */
enum hours_fault hours_check(const struct hours_place *place, int32_t date, const struct hours *hours);

#endif
