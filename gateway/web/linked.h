/* linked: what the pages behind links in messages share: whose page it is, in which language, whether the
 * link still stands, how a form becomes an event, and the answer itself. For web/ alone.
 *
 * A page is shown by GET, which changes nothing, on the reader thread; it is kept for a second, so that a
 * page that is asked for all the time costs little. A form is taken by POST, in the writer's transaction, and
 * answered by 303 to the page, or by the page itself with a word on what is wrong and the status for it. */
#ifndef WEB_LINKED_H
#define WEB_LINKED_H

#include "compose/pages.h"
#include "store/page_link.h"
#include "store/place.h"
#include "store/recipient.h"
#include "web/form.h"
#include "web/state.h"

#include <jansson.h>

#define LINKED_FORM_LIFE_S (12 * 3600) /* a form that was shown longer ago is stale */
#define LINKED_SUB_MAX 32
#define LINKED_MORE_MAX 256 /* of a query: which placement, … */

struct linked {
        struct web *web;
        struct db *db;
        const struct pages *pages;
        struct locale_cache *locales;
        int64_t now;
        char token[PAGE_TOKEN_MAX], path; /* of /r/TOKEN: 'r' */
        uint8_t hash[PAGE_HASH_BYTES];
        struct page_link link;
        struct recipient_person person;
        struct place place; /* of the pupil's group */
        char *pupil_name;
        bool pupil_is_protected;
        struct zone *zone; /* of the place */
        int32_t date;      /* today there */
        char today[11];
        char asked[LOCALE_LANGUAGE_MAX_BYTES];  /* by ?lang=; "": nothing */
        char accept[LOCALE_LANGUAGE_MAX_BYTES]; /* by the browser */
        char sub[LINKED_SUB_MAX];               /* ?s= */
        char of[LINKED_MORE_MAX];               /* ?of=: what it is about */
        char session[PAGE_TOKEN_MAX];           /* of the cookie; "": none */
        bool is_new_session;                    /* to be given to the browser */
        const struct form *form; /* that is being answered, so that what was typed stands in it; NULL: none */
        const char *notice;      /* name of the word that is shown above the page; NULL: none */
        struct value *values;
        const char *page;      /* to be shown: name of the template */
        const char *goto_sub;  /* of a form: where 303 leads; NULL: to the page itself */
        const char *goto_done; /* and the word that stands above it there */
        struct buf body;
        int status;
        struct err *err;
};

/* One page behind a link, named by ?s=. */
struct linked_sub {
        const char *name;
        /* Fills linked->values and names linked->page; 404 when there is no such page for this reader. */
        int (*show)(struct linked *linked);
        /* Does what FORM asks for; the status: 303 when it is done, 200 when the page that it named in
         * linked->page is the answer, else the page is shown with linked->notice. NULL: takes no form. */
        int (*act)(struct linked *linked, const struct form *form);
};

/* One kind of link. All is called with the link in force. */
struct linked_kind {
        const char *kind; /* of the link */
        char path;
        const struct linked_sub *subs; /* up to one without a name */
        /* The sub that is meant when the address names none. */
        const char *(*first)(const struct linked *linked);
};

extern const struct linked_kind linked_case, linked_guardian, linked_principal, linked_pupil,
    linked_supervisor, linked_wall;

#define LINKED_COOKIE "kapula-case"

/* Who and where the pupil is, of a kind of link that does not say so from the start (case). */
int linked_read_pupil(struct linked *linked, struct err *err);

/* Route handlers. */
void linked_get(struct web *web, struct request *request, struct db *db);
void linked_post(struct web *web, struct request *request, struct db *db);

/* The status with which the page is shown instead, WORD (name of a word) above it. */
static inline int linked_refuse(struct linked *linked, int status, const char *word)
{
        linked->notice = word;
        return status;
}

/* The status 303: to SUB ("" the page itself), with DONE above it (name of a word that begins with "done-";
 * NULL: nothing). */
static inline int linked_done(struct linked *linked, const char *sub, const char *done)
{
        linked->goto_sub = sub;
        linked->goto_done = done;
        return 303;
}

/* Takes DATA (which is given away) in as an event of TYPE about SUBJECT, with an id by which the same form
 * sent twice is one event. 1: taken or known; 0: refused; negative. */
int linked_event(struct linked *linked, const struct form *form, const char *type, const char *subject,
                 json_t *data, struct err *err);

/* Sets `id`, and `id_query` for an address. */
void linked_set_id(struct value *map, const char *id);

/* The word NAME of the page's language as plain text, "" when there is none. */
const char *linked_word(const struct linked *linked, const char *name);

/* The language of the page PAGE for this reader. */
const char *linked_language(const struct linked *linked, const char *page);

/* headers that every page has */
void linked_headers(struct response *response);

#endif
