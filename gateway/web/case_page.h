/* case_page: what the page of a case shows of it and does with it, wherever it stands: behind a link in a
 * message (web/case.c) and at the desk (desk/case.c). Each part is asked for only when `sees` or the reader's
 * own role opens it. Outcomes are codes, never free text. */
#ifndef WEB_CASE_PAGE_H
#define WEB_CASE_PAGE_H

#include "compose/value.h"
#include "store/page_case.h"
#include "web/form.h"
#include "web/outcomes.h"

#include <jansson.h>

/* Texts are borrowed. */
struct case_page {
        struct db *db;
        struct value *values;
        const struct outcomes *outcomes;
        const char *id;          /* the number */
        const char *person;      /* who reads or acts */
        const char *today;       /* of the place whose day it is */
        int32_t date;            /* the same */
        bool pupil_is_protected; /* no name of a workplace is told */
        const struct form *form; /* that is being answered, so that what was typed stands in it; NULL: none */
        /* The word NAME of the page's language, "" when there is none. */
        const char *(*word)(void *context, const char *name);
        /* Takes DATA (which is given away) in as an event of TYPE about SUBJECT. 1: taken or known; 0:
         * refused; negative. */
        int (*send)(void *context, const struct form *form, const char *type, const char *subject,
                    json_t *data);
        void *context;
        struct err *err;
};

/* 1: *ret_case is the case as the reader sees it; 0: it is none of theirs. */
int case_page_get(const struct case_page *page, struct page_case *ret_case);

/* Sets all that FOUND opens to the reader in page->values; the pupil's name is the caller's affair. */
int case_page_show(const struct case_page *page, const struct page_case *found);

/* How an act ended. */
enum case_page_done {
        CASE_PAGE_REFUSED, /* *ret_status is 400, 409 or 422, *ret_word names the word that says why */
        CASE_PAGE_DONE,
        CASE_PAGE_GIVEN_AWAY, /* done, and whoever did it may see no more of it */
};

/* Does what FORM's `act` asks for; negative when it cannot be told. */
int case_page_act(const struct case_page *page, const struct form *form, const struct page_case *found,
                  int *ret_status, const char **ret_word);

#endif
