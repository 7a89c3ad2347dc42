/* desk_session: who has signed in at the desk, the one-time links they do it with, and the record of who saw
 * and did what. Tokens are random (store/page_link.h has their shape); the store knows their SHA-256 alone.
 */
#ifndef STORE_DESK_SESSION_H
#define STORE_DESK_SESSION_H

#include "store/page_link.h"

#define DESK_TICKET_LIFE_S 900
#define DESK_TICKETS_AN_HOUR 5 /* of one person */
#define DESK_SESSION_LIFE_S (10 * 3600)
#define DESK_SESSION_IDLE_S (2 * 3600)
#define DESK_SESSION_SEEN_S 300 /* `seen` is right to so much */
#define DESK_FORM_KEPT_S 86400  /* longer than any form may be old */
#define DESK_AUDIT_AGAIN_S 900  /* the same page seen again within it is no new row */

struct desk_session {
        uint8_t hash[PAGE_HASH_BYTES];
        char person[PAGE_ID_SIZE];
        char language[16]; /* "": the person's own */
        int64_t seen;
};

/* The living member of staff whose e-mail address is VALUE (letters' case aside) on TODAY. 0: nobody, or more
 * than one. */
int desk_person_by_email(struct db *db, const char *value, const char *today,
                         char ret_person[static PAGE_ID_SIZE], struct err *err);

/* A link of PERSON. ERR_LIMIT when they have asked too often; ERR_IO when there is no randomness. */
int desk_ticket_make(struct db *db, int64_t now_utc, const char *person,
                     char ret_token[static PAGE_TOKEN_MAX], struct err *err);
/* 1 when TOKEN may still be used; nothing changes. */
int desk_ticket_stands(struct db *db, int64_t now_utc, const char *token, struct err *err);
/* 1: used up, *ret_person is whose it was; 0: there is none, or it is over. */
int desk_ticket_use(struct db *db, int64_t now_utc, const char *token, char ret_person[static PAGE_ID_SIZE],
                    struct err *err);

/* HOW: "link", "openid". */
int desk_session_make(struct db *db, int64_t now_utc, const char *person, const char *how,
                      char ret_token[static PAGE_TOKEN_MAX], struct err *err);
/* 1: TOKEN is a session in force. */
int desk_session_find(struct db *db, int64_t now_utc, const char *token, struct desk_session *ret_session,
                      struct err *err);
int desk_session_touch(struct db *db, int64_t now_utc, const struct desk_session *session, struct err *err);
int desk_session_language(struct db *db, const struct desk_session *session, const char *language,
                          struct err *err);
int desk_session_end(struct db *db, const struct desk_session *session, struct err *err);

/* 1: the form that the session of TOKEN was shown at STAMP is taken, for the first time; 0: it was before. */
int desk_form_take(struct db *db, int64_t now_utc, const char *token, const char *stamp, struct err *err);

/* Who saw (ACT "") or did what; texts are borrowed. */
struct desk_audit {
        const char *person, *page, *act, *kind, *subject;
        int status;
};
int desk_audit_add(struct db *db, int64_t now_utc, const struct desk_audit *audit, struct err *err);
/* 1 when the same was seen so lately that it needs no new row. */
int desk_audit_is_known(struct db *db, int64_t now_utc, const struct desk_audit *audit, struct err *err);

#endif
