/* page_case: what the page of a case shows, what each code of `sees` lets its participant see, and who has
 * signed in there. Codes, dates and hours alone: a case holds no free text. */
#ifndef STORE_PAGE_CASE_H
#define STORE_PAGE_CASE_H

#include "store/page_link.h"

#define CASE_SESSION_LIFE_S 900
#define PAGE_CASE_CODE_SIZE 65
#define PAGE_NAME_SIZE 1024      /* of a person, given and family */
#define PAGE_CASE_ROWS_MAX 50    /* of each list */
#define PAGE_CASE_PEOPLE_MAX 200 /* of those to choose from */

/* Parts of the page. */
enum page_case_part {
        CASE_STEPS = 1,       /* what opened and raised it, and when */
        CASE_HOURS = 2,       /* of absence, beside the steps */
        CASE_CONTACTS = 4,    /* who did what, with outcomes */
        CASE_NEXT = 8,        /* the day of the next contact */
        CASE_PERMISSION = 16, /* to transfer what is known */
        CASE_PLACEMENTS = 32, /* when and where */
        CASE_PUPIL = 64,      /* first name and school */
};

struct page_case {
        char step[PAGE_CASE_CODE_SIZE], outcome[PAGE_CASE_CODE_SIZE], permission[PAGE_CASE_CODE_SIZE];
        char next_contact[PAGE_DAY_SIZE];                               /* "": none */
        char owner[PAGE_ID_SIZE], stand_in[PAGE_ID_SIZE];               /* "": nobody */
        char owner_name[PAGE_NAME_SIZE], stand_in_name[PAGE_NAME_SIZE]; /* "": nobody, or protected */
        char pupil[PAGE_ID_SIZE];      /* whoever may not see them must not be told */
        int64_t opened, owned, closed; /* closed: 0 while it is open */
        unsigned parts;                /* enum page_case_part: what the reader may see */
        bool is_acknowledged, is_closed, is_urgent;
        bool may_act; /* the owner, or who stands in */
};

/* What somebody did with it. Names are NULL where nobody of the database did it, texts "" where there is
 * none. */
struct page_case_act {
        const char *act, *outcome, *sees, *next_contact;
        const char *by, *person; /* names: who did it; who joined, or to whom it was handed over */
        int64_t at;
};

/* One person: who may take it over, be asked to take part, or takes part. */
struct page_case_person {
        const char *person, *name;
        const char *where; /* the organisation of their role; NULL: none in force */
        const char *role;
        const char *sees; /* of who takes part; "" else */
        int64_t since;
};

/* The parts that SEES opens: codes of the table in page_case.c joined by '-'; what it does not know opens
 * nothing. */
unsigned page_case_sees(const char *sees);

/* The parts that its owner and who stands in see. */
unsigned page_case_acting(void);

/* The codes that may be chosen one by one; NULL at the end. "all" and "number" stand alone. */
const char *page_case_sees_at(int index);

/* The case ID as PERSON sees it on TODAY. 0: it is none of theirs, or they hold no role any more. */
int page_case_get(struct db *db, const char *id, const char *person, const char *today,
                  struct page_case *ret_case, struct err *err);

/* What opened, joined or raised it. */
struct page_case_step {
        const char *act, *rule;
        int64_t at;
        int64_t hours; /* of absence; negative when the rule counts none */
};

/* The oldest first. */
int page_case_steps(struct db *db, const char *id,
                    int (*each)(void *context, const struct page_case_step *step, struct err *err),
                    void *context, struct err *err);

/* What was done, the newest first. */
int page_case_acts(struct db *db, const char *id,
                   int (*each)(void *context, const struct page_case_act *act, struct err *err),
                   void *context, struct err *err);

int page_case_placements(struct db *db, const char *pupil,
                         int (*each)(void *context, const char *workplace, const char *first_day,
                                     const char *last_day, struct err *err),
                         void *context, struct err *err);

/* To whom it may be handed over: who stands in, and every curator in office but the owner. */
int page_case_heirs(struct db *db, const char *id, const char *today,
                    int (*each)(void *context, const struct page_case_person *person, struct err *err),
                    void *context, struct err *err);

/* Who may be asked to take part: staff in office in its organisation and those above, but the owner and
 * those who take part already. */
int page_case_helpers(struct db *db, const char *id, const char *today,
                      int (*each)(void *context, const struct page_case_person *person, struct err *err),
                      void *context, struct err *err);

/* Who takes part beside the owner. */
int page_case_participants(struct db *db, const char *id,
                           int (*each)(void *context, const struct page_case_person *person, struct err *err),
                           void *context, struct err *err);

/* Makes a session of LINK; *ret_token goes into the cookie. ERR_IO when there is no randomness. */
int case_session_make(struct db *db, int64_t now_utc, const uint8_t link[static PAGE_HASH_BYTES],
                      char ret_token[static PAGE_TOKEN_MAX], struct err *err);
/* 1: TOKEN is a session of LINK that has not ended. */
int case_session_stands(struct db *db, int64_t now_utc, const uint8_t link[static PAGE_HASH_BYTES],
                        const char *token, struct err *err);

#endif
