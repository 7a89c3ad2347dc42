#include "compose/pages_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pages *pages_new(const char *folder)
{
        struct pages *pages = calloc(1, sizeof *pages);

        if (pages)
                pages->folder = folder;
        return pages;
}

struct pages *pages_free(struct pages *pages)
{
        if (!pages)
                return NULL;
        for (size_t i = 0; i < pages->page_count; i++) {
                template_free(pages->pages[i].template);
                free(pages->pages[i].example);
        }
        for (size_t i = 0; i < pages->language_count; i++) {
                struct words *words = &pages->languages[i];

                for (size_t k = 0; k < words->count; k++) {
                        free(words->items[k].text);
                        template_free(words->items[k].template);
                }
                free(words->items);
        }
        free(pages->style);
        free(pages->script);
        free(pages->common);
        free(pages);
        return NULL;
}

/* ---- finding */

const struct page *pages_find_page(const struct pages *pages, const char *name)
{
        size_t low = 0, high = pages->page_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = strcmp(pages->pages[middle].name, name);

                if (order == 0)
                        return &pages->pages[middle];
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

size_t pages_search_word(const struct words *words, const char *name, bool *ret_is_there)
{
        size_t low = 0, high = words->count;

        *ret_is_there = false;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = strcmp(words->items[middle].name, name);

                if (order == 0) {
                        *ret_is_there = true;
                        return middle;
                }
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

const struct word *pages_find_word(const struct words *words, const char *name)
{
        bool is_there;
        size_t at = pages_search_word(words, name, &is_there);

        return is_there ? &words->items[at] : NULL;
}

int pages_index_of(const struct pages *pages, const char *language)
{
        size_t length = language ? strcspn(language, "-_") : 0;

        for (size_t i = 0; language && i < pages->language_count; i++)
                if (strncmp(pages->languages[i].language, language, length) == 0 &&
                    pages->languages[i].language[length] == '\0')
                        return (int)i;
        return -1;
}

/* The frame of PAGE; NULL when it has none. */
static const struct page *frame_of(const struct pages *pages, const struct page *page)
{
        return page->example && !page->is_alone ? pages_find_page(pages, "frame") : NULL;
}

const struct template *pages_root_of(const struct pages *pages, const struct page *page)
{
        const struct page *frame = frame_of(pages, page);

        return frame ? frame->template : page->template;
}

const struct template *pages_partial(void *userdata, const char *name)
{
        const struct pages_lookup *lookup = userdata;
        char title[PAGES_NAME_MAX_BYTES + 8];
        const struct page *page;
        const struct word *word;

        if (lookup->content && strcmp(name, "content") == 0)
                return lookup->content->template;
        if (lookup->content && strcmp(name, "title") == 0) {
                snprintf(title, sizeof title, "%s-title", lookup->content->name);
                name = title;
        }
        page = pages_find_page(lookup->pages, name);
        word = page ? NULL : pages_find_word(lookup->words, name);
        return page ? page->template : word ? word->template : NULL;
}

/* ---- showing */

const char *pages_language(const struct pages *pages, const char *name, const char *wanted,
                           const char *fallback)
{
        const struct page *page = pages_find_page(pages, name);
        int first = pages_index_of(pages, wanted), second = pages_index_of(pages, fallback);

        if (page && first >= 0 && page->in_language[first])
                return pages->languages[first].language;
        if (page && second >= 0 && page->in_language[second])
                return pages->languages[second].language;
        return FIRST_LANGUAGE;
}

const char *pages_language_at(const struct pages *pages, const char *name, size_t index)
{
        const struct page *page = pages_find_page(pages, name);

        for (size_t i = 0; page && i < pages->language_count; i++)
                if (page->in_language[i] && index-- == 0)
                        return pages->languages[i].language;
        return NULL;
}

int page_render(const struct pages *pages, const char *name, struct locale *locale,
                const struct value *values, struct buf *buf, struct err *err)
{
        const struct page *page = pages_find_page(pages, name);
        int language = pages_index_of(pages, locale_language(locale));
        struct pages_lookup lookup = {pages, language < 0 ? NULL : &pages->languages[language], page};
        const struct template_render render = {.values = values,
                                               .locale = locale,
                                               .escape = ESCAPE_HTML,
                                               .partial = pages_partial,
                                               .userdata = &lookup};

        if (!page || language < 0)
                return err_set(err, ERR_NOT_FOUND,
                               "%s/%.60s.html: there is no such page in %s: install Kapula anew",
                               pages->folder, name, locale_language(locale));
        return template_render(pages_root_of(pages, page), &render, buf, err);
}

int page_text(const struct pages *pages, const char *name, struct locale *locale, const struct value *values,
              struct buf *buf, struct err *err)
{
        const char *word = page_word(pages, locale_language(locale), name);
        const struct template_render render = {.values = values, .locale = locale, .escape = ESCAPE_PLAIN};
        struct template *template = NULL;
        int r;

        if (!word)
                return err_set(err, ERR_NOT_FOUND, "%s/%s.yaml: %.60s: there is no such word: add it",
                               pages->folder, locale_language(locale), name);
        r = template_parse(word, name, 1, &template, err);
        if (r == 0)
                r = template_render(template, &render, buf, err);
        template_free(template);
        return r;
}

const char *page_word(const struct pages *pages, const char *language, const char *name)
{
        int index = pages_index_of(pages, language);
        const struct word *word = index < 0 ? NULL : pages_find_word(&pages->languages[index], name);

        return word ? word->text : NULL;
}

const char *pages_style(const struct pages *pages)
{
        return pages->style ? pages->style : "";
}

const char *pages_script(const struct pages *pages)
{
        return pages->script ? pages->script : "";
}
