/* meeting: meetings, trips and trainings, who takes part, and what they answered. */
#ifndef STORE_MEETING_H
#define STORE_MEETING_H

#include "store/put.h"

/* Every text may be NULL in a change: it keeps what stands. */
struct meeting {
        const char *id, *kind, *organisation, *title, *place, *link, *chair, *pupil, *audience, *repeats;
        int64_t starts, ends; /* UTC; 0: as it stands */
        int64_t event;
};

/* A new meeting needs kind, organisation, starts and ends. Raises the sequence of one that changes; a
 * cancelled one is planned again. ERR_CONFLICT when it would end before it starts. */
int meeting_put(struct db *db, int64_t now_utc, const struct meeting *row, struct err *err);

/* Replaces the participants; the answers of those who stay stand. */
int meeting_put_participants(struct db *db, int64_t now_utc, const char *meeting, const char *const *people,
                             size_t count, struct err *err);

int meeting_cancel(struct db *db, int64_t now_utc, const char *id, int64_t event, struct err *err);

/* 1: there is such a meeting, and *ret_organisation is whose. */
int meeting_exists(struct db *db, const char *id, char ret_organisation[static ID_SIZE], struct err *err);

/* When it is, UTC. 0: there is none. */
int meeting_hours(struct db *db, const char *id, int64_t *ret_starts, int64_t *ret_ends, struct err *err);

/* 0: PERSON takes no part in it (and is not in its audience). */
int meeting_answer(struct db *db, const char *meeting, const char *person, const char *answer, int64_t at_utc,
                   struct err *err);

#endif
