/* page_home: what a guardian's page shows of one pupil. Everything is read for one person and one pupil. */
#ifndef STORE_PAGE_HOME_H
#define STORE_PAGE_HOME_H

#include "store/put.h"

/* A day with absences that the register has. */
struct home_day {
        char day[11];
        int64_t starts, ends; /* of the first and the last missed lesson */
        int lessons;
        bool is_open; /* nobody has said why */
};

/* DAY of the pupil, or with NULL the latest day since FROM_DAY with an unexplained lesson. 1: there is one.
 */
int home_day_get(struct db *db, const char *pupil, const char *day, const char *from_day,
                 struct home_day *ret_day, struct err *err);

/* What was last said about the pupil between STARTS and ENDS. 1: somebody said something. */
struct home_word {
        char by[256]; /* "": not known */
        char class[16];
        int64_t at;
};
int home_explained(struct db *db, const char *pupil, int64_t starts, int64_t ends, struct home_word *ret_word,
                   struct err *err);

/* 1: somebody found the pupil at SINCE or later; *ret_place is "at-school" and such. */
int home_located(struct db *db, const char *pupil, int64_t since_utc, int64_t until_utc,
                 char ret_place[static 16], struct err *err);

/* 1: *ret_answer is what PERSON last answered to RULE about SUBJECT at SINCE or later. */
int home_answer(struct db *db, const char *person, const char *subject, const char *rule, int64_t since_utc,
                char ret_answer[static 16], struct err *err);

/* What was sent to PERSON about PUPIL, the newest first, at most LIMIT. Texts live until EACH returns. */
struct home_message {
        const char *rule, *channel, *state, *text;
        int64_t created;
};
int home_messages(struct db *db, const char *person, const char *pupil, int limit,
                  int (*each)(void *context, const struct home_message *message, struct err *err),
                  void *context, struct err *err);

/* The days of explanations that PERSON gave for PUPIL and that end after NOW, the earliest first. */
struct home_report {
        int64_t starts, ends;
        const char *class;
};
int home_reports(struct db *db, const char *person, const char *pupil, int64_t now_utc,
                 int (*each)(void *context, const struct home_report *report, struct err *err), void *context,
                 struct err *err);

/* A meeting to which PERSON is invited. Texts are NULL when there are none. */
struct home_meeting {
        char *title, *place, *link;
        int64_t starts, ends;
        bool is_cancelled;
        char answer[8]; /* yes, no, maybe; "": not yet */
};
/* 1: there is one; free it with home_meeting_fini. */
int home_meeting_get(struct db *db, const char *meeting, const char *person, struct home_meeting *ret_meeting,
                     struct err *err);
void home_meeting_fini(struct home_meeting *meeting);

/* The consent that was last asked for PUPIL to take part in MEETING. 1: there is one. */
struct home_consent {
        char id[256], state[12]; /* asked, given, refused */
        char title[512];
        int64_t starts; /* 0: not known */
};
int home_consent_get(struct db *db, const char *pupil, const char *meeting, struct home_consent *ret_consent,
                     struct err *err);

#endif
