/* attendance: marks of a register, and what guardians, the school and others say about an absence. Logs: rows
 * are added, never changed. */
#ifndef STORE_ATTENDANCE_H
#define STORE_ATTENDANCE_H

#include "store/put.h"

struct attendance_mark {
        const char *pupil, *day, *place, *mark;
        const char *class, *by; /* NULL: none */
        int lesson;             /* 0: the whole day */
        int64_t starts, ends;   /* UTC */
        int64_t event, received;
};

/* Takes the earlier mark of the same pupil, day, lesson and place out of force. */
int attendance_mark_add(struct db *db, const struct attendance_mark *row, struct err *err);

/* A guardian's explanation or the school's authorisation of a span. */
struct absence_word {
        const char *pupil;
        const char *class, *by; /* NULL: none; an explanation has a class */
        int64_t starts, ends;   /* UTC */
        int64_t event, received;
};

int explanation_add(struct db *db, const struct absence_word *row, struct err *err);
int authorisation_add(struct db *db, const struct absence_word *row, struct err *err);

struct located {
        const char *pupil, *place;
        const char *by; /* NULL: not said */
        int64_t at_utc, event, received;
};

int located_add(struct db *db, const struct located *row, struct err *err);

/* The register of ORGANISATION was read up to READ_UP_TO; earlier reports that come late change nothing. */
int register_synced(struct db *db, const char *organisation, int64_t read_up_to, struct err *err);

#endif
