/* reply: what people sent back to a message, and the list of replies that staff must look at. The text of a
 * reply stands in its event alone. Runs inside the caller's transaction. */
#ifndef STORE_REPLY_H
#define STORE_REPLY_H

#include "store/put.h"

#define REPLY_QUESTION_MAX 16 /* children that one number may be asked about at a time */
#define REPLY_NAME_MAX 128
#define REPLY_RULE_MAX 64

/* The newest message to a number that asked about one pupil. */
struct reply_question {
        char person[ID_SIZE], pupil[ID_SIZE], organisation[ID_SIZE];
        char first_name[REPLY_NAME_MAX], rule[REPLY_RULE_MAX];
        int64_t message;
        bool is_open, urgent;
        bool is_barred; /* the person has been restricted meanwhile */
};

/* Those of messages written after SINCE, the newest first; at most REPLY_QUESTION_MAX. Only of people who
 * have the number still. */
int reply_questions(struct db *db, const char *address, int64_t since_utc,
                    struct reply_question ret_questions[static REPLY_QUESTION_MAX], int *ret_count,
                    struct err *err);

/* Whose number it is: 1 with the person (the one written to last of several), 0: nobody's. */
int reply_person(struct db *db, const char *address, char ret_person[static ID_SIZE], struct err *err);

/* Whose staff look after what PERSON ("": nobody known) sends: 1, or 0 when there is no organisation at all.
 */
int reply_organisation(struct db *db, const char *person, char ret_organisation[static ID_SIZE],
                       struct err *err);

struct reply {
        const char *address, *answer;
        const char *person, *organisation, *pupil; /* NULL: none */
        const char *reason;                        /* of one that waits for staff; NULL: it is done */
        int64_t message;                           /* 0: none */
        int64_t event, at_utc, received_utc;
        bool urgent;
};

int reply_add(struct db *db, const struct reply *row, struct err *err);

/* Takes all messages to an address away but urgent ones, and gives them back. 1 when that was news. */
int contact_stop_set(struct db *db, const char *channel, const char *address, int64_t now_utc,
                     struct err *err);
int contact_stop_clear(struct db *db, const char *channel, const char *address, struct err *err);

/* A reply as people read it; texts live during the call. */
struct reply_listed {
        int64_t id, at_utc, message; /* message 0: none */
        const char *address, *person, *organisation, *answer, *state, *reason, *text;
        bool urgent;
};

/* The replies that wait for staff, or all; the oldest first. */
int reply_each(struct db *db, bool all,
               int (*each)(void *context, const struct reply_listed *reply, struct err *err), void *context,
               struct err *err);

/* The replies that were taken for answers to MESSAGE. */
int reply_each_of(struct db *db, int64_t message,
                  int (*each)(void *context, const struct reply_listed *reply, struct err *err),
                  void *context, struct err *err);

/* Staff have looked at it. ERR_NOT_FOUND when no such reply waits. */
int reply_see(struct db *db, int64_t id, const char *by, int64_t now_utc, struct err *err);

#endif
