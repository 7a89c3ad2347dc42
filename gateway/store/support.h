/* support: what a pupil has and needs on the way: plans, cards, consents, packages, applications, study
 * places and the permission to transfer what is known. Texts may be NULL where a column may. */
#ifndef STORE_SUPPORT_H
#define STORE_SUPPORT_H

#include "store/put.h"

struct plan_made {
        const char *pupil, *kind, *until, *by;
        int64_t at_utc, event;
};

int plan_add(struct db *db, const struct plan_made *row, struct err *err);

struct card_given {
        const char *pupil, *card, *expires;
        int64_t at_utc, event;
};

int card_put(struct db *db, const struct card_given *row, struct err *err);

struct consent {
        const char *id, *pupil, *meeting, *state, *by; /* state: asked, given, refused */
        int64_t at_utc, event;
};

/* Asking again about one that is answered changes nothing. */
int consent_put(struct db *db, const struct consent *row, struct err *err);

/* The pupil of a consent, package or application; 0: there is none. */
int consent_pupil(struct db *db, const char *id, char ret_pupil[static ID_SIZE], struct err *err);
int package_pupil(struct db *db, const char *id, char ret_pupil[static ID_SIZE], struct err *err);
int application_pupil(struct db *db, const char *id, char ret_pupil[static ID_SIZE], struct err *err);

/* The trip or camp of a consent, "" when it has none; 0: there is no such consent. */
int consent_meeting(struct db *db, const char *id, char ret_meeting[static ID_SIZE], struct err *err);

struct package {
        const char *id, *pupil, *subject_name, *due;
        int64_t event;
};

int package_put(struct db *db, const struct package *row, struct err *err);
int package_done(struct db *db, const char *id, int64_t at_utc, struct err *err);

struct application {
        const char *id, *pupil, *applicant, *organisation;
        int64_t at_utc, event;
};

int application_put(struct db *db, const struct application *row, struct err *err);
/* CRITERIA: by what it was judged, codes in alphabetical order with a blank between; NULL: not said. */
int application_decide(struct db *db, const char *id, const char *decision, const char *criteria,
                       int64_t at_utc, struct err *err);

int study_place_put(struct db *db, const char *pupil, const char *state, int64_t at_utc, int64_t event,
                    struct err *err);
int transfer_permission_put(struct db *db, const char *pupil, const char *state, const char *by,
                            int64_t at_utc, int64_t event, struct err *err);

#endif
