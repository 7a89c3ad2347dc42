/* desk: what the pages of staff share: who has signed in and what they may do, whom a page is about, how a
 * form becomes an event, the frame, the answer. For desk/ alone.
 *
 * A page stands in the table of pages.c with the right that it asks for and the kind of thing that ?of=
 * names. The frame looks both up before the page's own functions are called: without the right the answer is
 * 403, for what does not exist or stands where the reader has no such right 404. So a page's functions may
 * take desk->subject as theirs to show; what a form names beside it they ask of desk_covers themselves.
 *
 * GET runs on the reader thread and changes nothing but the record of who saw what; POST in the writer's
 * transaction, answered by 303, or by the page itself with a word on what is wrong and the status for it. A
 * form without the session's token, or one shown long ago, is refused. */
#ifndef DESK_DESK_H
#define DESK_DESK_H

#include "compose/pages.h"
#include "store/desk_access.h"
#include "store/desk_session.h"
#include "store/place.h"
#include "web/form.h"
#include "web/state.h"

#include <jansson.h>

#define DESK_FORM_LIFE_S (12 * 3600) /* a form that was shown longer ago is stale */
#define DESK_PAGE_MAX 32
#define DESK_OF_MAX 256
#define DESK_QUERY_MAX 256 /* bytes of one value */
#define DESK_STAMP_MAX 40
#define DESK_CSRF_SIZE 33
#define DESK_COOKIE "kapula-desk"

/* The queries beside ?of=, ?done= and ?lang=. Keep in alphabetical order. */
enum desk_query {
        DESK_Q_DAY,   /* YYYY-MM-DD */
        DESK_Q_FROM,  /* YYYY-MM-DD */
        DESK_Q_KIND,  /* which of several: a state, a topic, … */
        DESK_Q_LIKE,  /* what is searched for */
        DESK_Q_MONTH, /* YYYY-MM */
        DESK_Q_NAME,  /* a parameter, a template, … */
        DESK_Q_START, /* where a long list goes on */
        DESK_Q_TOKEN, /* of a sign-in link */
        DESK_Q_UNTIL, /* YYYY-MM-DD */
        DESK_QUERIES,
};

struct desk;

/* One page at /desk/NAME. */
struct desk_page {
        const char *name;
        const char *tab; /* the part of the navigation it belongs to: a name of nav_table */
        unsigned rights; /* one of these is needed; 0: every one who has signed in */
        enum desk_subject_kind
            subject; /* that ?of= must name; DESK_SUBJECT_NONE: ?of= is the page's own affair */
        /* Fills desk->values and names desk->page; 404 when there is no such page. */
        int (*show)(struct desk *desk);
        /* Does what FORM asks for; the status: 303 when it is done (desk_done), 200 when the page that it
         * named is the answer, else the page is shown with desk->notice (desk_refuse). NULL: takes no form.
         */
        int (*act)(struct desk *desk, const struct form *form);
};

struct desk {
        struct web *web;
        struct db *db;
        const struct pages *pages;
        struct locale_cache *locales;
        int64_t now;
        const struct desk_page *table_row; /* the page of the address */
        char name[DESK_PAGE_MAX];          /* its name as asked for */
        char of[DESK_OF_MAX];              /* ?of= */
        char queries[DESK_QUERIES][DESK_QUERY_MAX];
        char done[DESK_PAGE_MAX];                         /* ?done=, a word without its "done-" */
        char asked[LOCALE_LANGUAGE_MAX_BYTES];            /* ?lang= */
        char accept[LOCALE_LANGUAGE_MAX_BYTES];           /* the browser's */
        char token[PAGE_TOKEN_MAX], csrf[DESK_CSRF_SIZE]; /* of the cookie; "": none */

        /* of who has signed in */
        struct desk_session session; /* person "": nobody has */
        struct desk_access access;
        char *person_name;
        char person_language[LOCALE_LANGUAGE_MAX_BYTES];
        struct place place; /* of their first role */
        struct zone *zone;  /* of the place */
        int32_t date;       /* today there */
        char today[11];

        struct desk_subject subject; /* what the page is about */
        const char *granted;         /* the organisation whose role opened it; NULL: none was needed */

        struct buf file;         /* that came with the form; empty: none did */
        const struct form *form; /* that is being answered, so that what was typed stands in it; NULL: none */
        const char *notice;      /* name of the word that is shown above the page; NULL: none */
        char notice_text[ERR_TEXT_MAX]; /* or the sentence itself; "": none */
        const char *act_name;           /* of the form, for the record; NULL: the value of "act" */
        struct value *values;
        const char *page; /* to be shown: name of the template; the frame has set it to the page's name */
        const char *goto_page;           /* of a form: where 303 leads; NULL: the same page */
        const char *goto_done;           /* and the word that stands above it there */
        char goto_query[DESK_QUERY_MAX]; /* and what follows, as "&day=2026-11-23"; "": nothing */
        char new_token[PAGE_TOKEN_MAX];  /* a session to be given to the browser; "": none */
        bool is_over;                    /* the browser's session is to be forgotten */
        bool changes_nothing;            /* the form asked for a trial alone: it stands in no record */
        const char *openid_url;          /* of the page that leads to the OpenID provider */
        struct buf body;
        int status;
        struct err *err;
};

/* The value of a query; "" when there is none. */
static inline const char *desk_query(const struct desk *desk, enum desk_query query)
{
        return desk->queries[query];
}

/* The date of a query, DESK's today when it is absent or none. */
int32_t desk_query_date(const struct desk *desk, enum desk_query query);

/* 1 when one of RIGHTS holds in ORGANISATION. */
int desk_covers(struct desk *desk, unsigned rights, const char *organisation);

/* 1 when there is such a subject and one of RIGHTS holds for it; *ret_subject is filled. For ids that a form
 * names. */
int desk_opens(struct desk *desk, unsigned rights, enum desk_subject_kind kind, const char *id,
               struct desk_subject *ret_subject);

/* Takes DATA (which is given away; `by` is set to who has signed in, unless it stands there) in as an event
 * of TYPE about SUBJECT, source "kapula:desk". The same form sent twice is one event. 1: taken; 2: known
 * already; 0: refused; negative. */
int desk_event(struct desk *desk, const struct form *form, const char *type, const char *subject,
               json_t *data);

/* For acts that no event says: 1 when this form is taken for the first time. 0: the same form was taken
 * before; the answer is 409 and nothing is to be done (desk_refuse is called already). */
int desk_once(struct desk *desk, const struct form *form);

/* The status with which the page is shown instead, WORD (name of a word) above it. */
static inline int desk_refuse(struct desk *desk, int status, const char *word)
{
        desk->notice = word;
        return status;
}

/* The same with a sentence of its own, such as an error's. */
int desk_refuse_text(struct desk *desk, int status, const char *text);

/* The status 303: to PAGE with ?of=OF (NULL: the same page and of), DONE above it (name of a word that begins
 * with "done-"; NULL: nothing). PAGE "": where the desk begins for who has signed in. */
int desk_done(struct desk *desk, const char *page, const char *of, const char *done);

/* The word NAME of the page's language as plain text, "" when there is none. */
const char *desk_word(const struct desk *desk, const char *name);
/* The word PREFIX-CODE, or the code itself where somebody has made it up. */
const char *desk_word_of(const struct desk *desk, const char *prefix, const char *code);

/* The language that the page is shown in. */
const char *desk_language(const struct desk *desk);

/* Sets `id`, and `id_query` for an address. */
void desk_set_id(struct value *map, const char *id);
/* Sets KEY to TEXT as a part of an address. */
void desk_set_url(struct value *map, const char *key, const char *text);
/* Sets KEY to what the language CODE is called on the page; "" or NULL: to null. */
void desk_set_language(const struct desk *desk, struct value *map, const char *key, const char *code);
/* Sets KEY to a date of text ("2026-11-23"); "" sets nothing. */
void desk_set_day(struct value *map, const char *key, const char *day);

/* For lists: adds the organisations where one of RIGHTS holds, as a JSON array (desk_access_scope). */
int desk_scope(const struct desk *desk, unsigned rights, struct buf *ret_json);

/* ---- for sign-in alone */

/* Begins a session of PERSON in the answer. HOW: as desk_session_make's. */
int desk_sign_in(struct desk *desk, const char *person, const char *how);

#endif
