#include "compose/pages_private.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct looking {
        struct pages_lookup lookup;
        struct locale_cache *locales;
        const char *page;
        const json_t *example;
        int (*tell)(void *context, const char *fault, struct err *err);
        void *context;
        struct err *err;
};

static int miss(const struct template_use *use, void *told)
{
        struct looking *looking = told;
        char fault[ERR_TEXT_MAX];

        if (use->kind != TEMPLATE_USE_PARTIAL || pages_partial(&looking->lookup, use->path))
                return 0;
        if (!looking->tell)
                return 1;
        snprintf(fault, sizeof fault, "%s:%d: {{>%s}}: there is no such word: add it to %s/%s.yaml",
                 use->template_name, use->line, use->path, looking->lookup.pages->folder,
                 looking->lookup.words->language);
        return looking->tell(looking->context, fault, looking->err);
}

int pages_finish(struct pages *pages, struct err *err)
{
        for (size_t i = 0; i < pages->page_count; i++) {
                struct page *page = &pages->pages[i];

                if (!page->template)
                        return err_set(err, ERR_INVALID, "%s/%s.json: there is no %s.html: remove it",
                                       pages->folder, page->name, page->name);
                for (size_t k = 0; k < pages->language_count; k++) {
                        struct looking looking = {.lookup = {pages, &pages->languages[k], page}};

                        page->in_language[k] = template_variables(pages_root_of(pages, page), pages_partial,
                                                                  &looking.lookup, miss, &looking) == 0;
                }
        }
        return 0;
}

static int load_json(const char *path, json_t **ret_json, struct err *err)
{
        json_error_t error;

        *ret_json = path ? json_load_file(path, JSON_REJECT_DUPLICATES, &error) : json_object();
        if (*ret_json)
                return 0;
        return err_set(err, ERR_INVALID, "%s:%d: %s: correct it", path ? path : "web", path ? error.line : 0,
                       path ? error.text : "out of memory");
}

/* The page's example over what every page has; *ret_json is the caller's. */
static int load_example(const struct pages *pages, const struct page *page, json_t **ret_json,
                        struct err *err)
{
        json_t *common = NULL, *own = NULL;
        int r = load_json(pages->common, &common, err);

        if (r == 0)
                r = load_json(page->example, &own, err);
        if (r == 0 && json_object_update_missing(own, common) < 0)
                r = err_set(err, ERR_INVALID, "%s: no object: write {…}", page->example);
        json_decref(common);
        if (r < 0) {
                json_decref(own);
                return r;
        }
        *ret_json = own;
        return 0;
}

static bool has_key(const json_t *json, const char *key)
{
        const char *each;
        size_t index;
        json_t *value;

        if (json_is_object(json) && json_object_get(json, key))
                return true;
        json_object_foreach((json_t *)json, each, value)
        {
                if (has_key(value, key))
                        return true;
        }
        json_array_foreach((json_t *)json, index, value)
        {
                if (has_key(value, key))
                        return true;
        }
        return false;
}

/* Rendering finds a value that is not there; a section that never opens it cannot. */
static int look_for_key(const struct template_use *use, void *told)
{
        struct looking *looking = told;
        char key[TEMPLATE_PATH_MAX_BYTES], fault[ERR_TEXT_MAX];

        snprintf(key, sizeof key, "%.*s", (int)strcspn(use->path, "."), use->path);
        if (use->kind == TEMPLATE_USE_PARTIAL || key[0] == '-' || !key[0] || has_key(looking->example, key))
                return 0;
        snprintf(fault, sizeof fault,
                 "%s:%d: {{%s}}: the page has no such value: see %s.json and common.json beside it",
                 use->template_name, use->line, use->path, looking->page);
        return looking->tell(looking->context, fault, looking->err);
}

static int check_example(const struct pages *pages, const struct page *page, size_t language,
                         struct looking *looking)
{
        _cleanup_(free_ptr) char *text = NULL;
        struct value *values = NULL;
        struct locale *locale;
        json_t *example = NULL;
        struct err fault = {0};
        struct buf buf;
        int r = load_example(pages, page, &example, &fault);

        buf_init(&buf, PAGES_OUTPUT_MAX_BYTES);
        looking->page = page->name;
        looking->example = example;
        if (r == 0) {
                text = json_dumps(example, JSON_COMPACT);
                r = text ? value_parse(text, strlen(text), &values, &fault) : ERR_NOMEM;
        }
        if (r == 0)
                r = locale_cache_get(looking->locales, pages->languages[language].language, "Europe/Helsinki",
                                     &locale, &fault);
        if (r == 0)
                r = page_render(pages, page->name, locale, values, &buf, &fault);
        if (r == 0)
                r = template_variables(pages_root_of(pages, page), pages_partial, &looking->lookup,
                                       look_for_key, looking);
        else
                r = looking->tell(looking->context, fault.text, looking->err);
        value_free(values);
        json_decref(example);
        buf_fini(&buf);
        return r;
}

int pages_check(const struct pages *pages, const char *const *needed,
                int (*tell)(void *context, const char *fault, struct err *err), void *context,
                struct err *err)
{
        struct locale_cache *locales = locale_cache_new();
        int r = locales ? 0 : err_set(err, ERR_NOMEM, "pages: out of memory");

        for (size_t i = 0; i < pages->page_count && r == 0; i++) {
                const struct page *page = &pages->pages[i];

                if (page == pages_find_page(pages, "frame")) /* checked round each page */
                        continue;
                for (size_t k = 0; k < pages->language_count && r == 0; k++) {
                        struct looking looking = {.lookup = {pages, &pages->languages[k], page},
                                                  .locales = locales,
                                                  .tell = tell,
                                                  .context = context,
                                                  .err = err};
                        bool is_needed = false;

                        for (const char *const *each = needed; *each; each++)
                                is_needed = is_needed || strcmp(*each, pages->languages[k].language) == 0;
                        if (page->in_language[k] && page->example)
                                r = check_example(pages, page, k, &looking);
                        else if (is_needed)
                                r = template_variables(pages_root_of(pages, page), pages_partial,
                                                       &looking.lookup, miss, &looking);
                }
        }
        locale_cache_free(locales);
        return r;
}
