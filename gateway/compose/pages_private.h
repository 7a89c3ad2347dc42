/* pages_private: what the files of pages share: pages, words, and how one finds the other. For compose/pages*
 * alone. */
#ifndef COMPOSE_PAGES_PRIVATE_H
#define COMPOSE_PAGES_PRIVATE_H

#include "compose/pages.h"

#define FIRST_LANGUAGE "fi"

struct page {
        char name[PAGES_NAME_MAX_BYTES];
        struct template *template;
        char *example;                         /* the file of it; NULL: none */
        bool is_alone;                         /* has its own frame */
        bool in_language[PAGES_LANGUAGES_MAX]; /* can be shown in it */
};

struct word {
        char name[PAGES_NAME_MAX_BYTES];
        char *text; /* as written */
        struct template *template;
};

struct words {
        char language[LOCALE_LANGUAGE_MAX_BYTES];
        struct word *items; /* by name */
        size_t count, room;
};

struct pages {
        struct page pages[PAGES_MAX]; /* by name */
        size_t page_count;
        struct words languages[PAGES_LANGUAGES_MAX]; /* the first one first, then by name */
        size_t language_count;
        const char *folder;
        char *style, *script, *common; /* common: the file of what every example has */
};

struct pages_lookup {
        const struct pages *pages;
        const struct words *words;
        const struct page *content; /* in its frame; NULL: there is none */
};

const struct page *pages_find_page(const struct pages *pages, const char *name);

/* The place of the word, or where it belongs. */
size_t pages_search_word(const struct words *words, const char *name, bool *ret_is_there);
const struct word *pages_find_word(const struct words *words, const char *name);

/* The language's place; -1: there is none. */
int pages_index_of(const struct pages *pages, const char *language);

/* What is rendered to show the page: its frame, or itself. */
const struct template *pages_root_of(const struct pages *pages, const struct page *page);

/* What {{>NAME}} sets in; USERDATA is a struct pages_lookup. */
const struct template *pages_partial(void *userdata, const char *name);

#endif
