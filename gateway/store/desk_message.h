/* desk_message: the log of messages as staff read it: who was told what about whom, and what became of it.
 * Reads only. A message stands in the log of the organisation that it concerned (message_scope); what is
 * about a case, or goes to a curator, only in the log of who takes part in the case and of who got it. */
#ifndef STORE_DESK_MESSAGE_H
#define STORE_DESK_MESSAGE_H

#include "store/put.h"

#include <stdbool.h>

#define DESK_LOG_ROWS 50 /* of one page */
#define DESK_LOG_SCAN_MAX \
        4000 /* notices that are looked at for one page; what lies further back is the next */
#define DESK_LOG_PEOPLE_MAX 40 /* whose messages a search for a name shows */

/* Where a page ends: the next begins below it. */
struct desk_log_key {
        int64_t at, message; /* 0, 0: nowhere */
};

struct desk_log_row {
        int64_t id, created;
        char *person, *name;            /* who is told; NAME "" when they are gone */
        char *channel, *state, *reason; /* reason "" when there is none */
        char *rule;                     /* of the first notice that the reader may see */
        char *pupil, *pupil_name;       /* whom it is about; "": nobody */
        int notices;                    /* that the reader may see */
        bool urgent, is_protected;      /* of the pupil */
};

struct desk_log_rows {
        struct desk_log_row rows[DESK_LOG_ROWS + 1];
        int count;
        struct desk_log_key next; /* where to go on; 0: that is all */
        bool many_people;         /* more have that name than were looked at */
};

struct desk_log_filter {
        const char *scope;         /* organisations, a JSON array */
        const char *reader;        /* the person who asks */
        const char *states;        /* a JSON array; NULL: all */
        const char *rule;          /* NULL: all */
        const char *like;          /* first letters of a name of who is told or whom it is about; NULL: all */
        int64_t from, until;       /* created then; 0: any time */
        struct desk_log_key below; /* 0: from the newest on */
};

/* The newest first. Free with desk_log_fini, also after a failure. */
int desk_log_read(struct db *db, const struct desk_log_filter *filter, struct desk_log_rows *ret_rows,
                  struct err *err);
void desk_log_fini(struct desk_log_rows *rows);

/* Those about one pupil, at most LIMIT. */
int desk_log_of_pupil(struct db *db, const char *pupil, const char *reader, int limit,
                      struct desk_log_rows *ret_rows, struct err *err);

/* 1: MESSAGE stands in the log of SCOPE. */
int desk_log_has(struct db *db, const char *scope, int64_t message, struct err *err);

/* The notices of a message, as far as cases are concerned; TEXT is what the message says of each (NULL: it
 * says nothing else). */
struct desk_log_part {
        int64_t notice;
        const char *pupil; /* "": nobody */
        const char *title, *text;
        bool is_seen; /* by the reader */
};
int desk_log_parts(struct db *db, int64_t message, const char *reader,
                   int (*each)(void *context, const struct desk_log_part *part, struct err *err),
                   void *context, struct err *err);

/* Names of people, and their place beside a pupil or in the school, for the chain of a message. */
struct desk_log_person {
        char name[256]; /* "" when they are gone */
        char as[24];    /* guardian, carer, pupil, supervisor or a role of staff; "": nothing is known */
};
int desk_log_person(struct db *db, const char *person, const char *pupil, struct desk_log_person *ret_person,
                    struct err *err);

int desk_log_is_protected(struct db *db, const char *person, struct err *err); /* 1: they are */

/* The rules that have told somebody, by name. */
int desk_log_rules(struct db *db, int (*each)(void *context, const char *rule, struct err *err),
                   void *context, struct err *err);

/* Places that a protected pupil may be at: workplaces and their addresses, meetings. 1: TEXT names one. */
int desk_log_names_place(struct db *db, const char *pupil, const char *text, struct err *err);

/* 1: READER takes part in the case of that number. */
int desk_log_case_is_open(struct db *db, const char *number, const char *reader, struct err *err);

#endif
