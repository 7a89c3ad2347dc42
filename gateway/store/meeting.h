/* meeting: meetings, trips and trainings, who takes part, and what they answered. */
#ifndef STORE_MEETING_H
#define STORE_MEETING_H

#include "store/put.h"

#include <stdbool.h>

#define FIELD_REPEATS_SIZE 513 /* bytes of an RRULE, with the final NUL */

/* Every text may be NULL in a change: it keeps what stands. */
struct meeting {
        const char *id, *kind, *organisation, *title, *place, *link, *chair, *pupil, *audience, *repeats;
        const char *committee, *project;
        int64_t starts, ends; /* UTC; 0: as it stands */
        int64_t event;
};

/* A new meeting needs kind, organisation, starts and ends. Raises the sequence of one that changes; a
 * cancelled one is planned again. ERR_CONFLICT when it would end before it starts. */
int meeting_put(struct db *db, int64_t now_utc, const struct meeting *row, struct err *err);

/* Replaces the participants; the answers of those who stay stand. */
int meeting_put_participants(struct db *db, int64_t now_utc, const char *meeting, const char *const *people,
                             size_t count, struct err *err);

/* Replaces the agenda. */
int meeting_put_agenda(struct db *db, const char *meeting, const char *const *titles, size_t count,
                       struct err *err);

int meeting_cancel(struct db *db, int64_t now_utc, const char *id, int64_t event, struct err *err);

/* 1: there is such a meeting, and *ret_organisation is whose. */
int meeting_exists(struct db *db, const char *id, char ret_organisation[static ID_SIZE], struct err *err);

/* When it is, UTC. 0: there is none. */
int meeting_hours(struct db *db, const char *id, int64_t *ret_starts, int64_t *ret_ends, struct err *err);

/* What stands of a meeting that is to be changed. */
struct meeting_facts {
        char kind[ID_SIZE], repeats[FIELD_REPEATS_SIZE]; /* "": does not repeat */
        bool is_cancelled, has_audience;
};
int meeting_read(struct db *db, const char *id, struct meeting_facts *ret_facts, struct err *err);

/* A consultation that is free is taken by PERSON: the chair and they take part. 0: somebody else has it. */
int meeting_book(struct db *db, int64_t now_utc, const char *meeting, const char *person, struct err *err);

/* LANGUAGE "": of whoever needs one. */
int meeting_interpreter_put(struct db *db, const char *meeting, const char *language, const char *by,
                            int64_t at_utc, int64_t event, struct err *err);

/* 0: PERSON takes no part in it (and is not in its audience). */
int meeting_answer(struct db *db, const char *meeting, const char *person, const char *answer, int64_t at_utc,
                   struct err *err);

#endif
