#include "compose/pages.h"
#include "base/yaml.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define FIRST_LANGUAGE "fi"

struct page {
        char name[PAGES_NAME_MAX_BYTES];
        struct template *template;
        char *example;                         /* the file of it; NULL: none */
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

static const struct page *find_page(const struct pages *pages, const char *name)
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

/* The place of the word, or where it belongs. */
static size_t search_word(const struct words *words, const char *name, bool *ret_is_there)
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

static const struct word *find_word(const struct words *words, const char *name)
{
        bool is_there;
        size_t at = search_word(words, name, &is_there);

        return is_there ? &words->items[at] : NULL;
}

static int index_of(const struct pages *pages, const char *language)
{
        size_t length = language ? strcspn(language, "-_") : 0;

        for (size_t i = 0; language && i < pages->language_count; i++)
                if (strncmp(pages->languages[i].language, language, length) == 0 &&
                    pages->languages[i].language[length] == '\0')
                        return (int)i;
        return -1;
}

struct lookup {
        const struct pages *pages;
        const struct words *words;
};

static const struct template *partial(void *userdata, const char *name)
{
        const struct lookup *lookup = userdata;
        const struct page *page = find_page(lookup->pages, name);
        const struct word *word = page ? NULL : find_word(lookup->words, name);

        return page ? page->template : word ? word->template : NULL;
}

/* ---- reading */

static int read_file(const char *path, char **ret_text, struct err *err)
{
        _cleanup_(free_ptr) char *text = malloc(PAGES_FILE_MAX_BYTES + 1);
        FILE *file = text ? fopen(path, "re") : NULL;
        size_t length;

        if (!text)
                return err_set(err, ERR_NOMEM, "%s: out of memory", path);
        if (!file)
                return err_set(err, ERR_IO, "%s: %s: check the file and its rights", path, strerror(errno));
        length = fread(text, 1, PAGES_FILE_MAX_BYTES + 1, file);
        fclose(file);
        if (length > PAGES_FILE_MAX_BYTES)
                return err_set(err, ERR_LIMIT, "%s: over %d bytes: make it shorter", path,
                               PAGES_FILE_MAX_BYTES);
        text[length] = '\0';
        if (strlen(text) != length)
                return err_set(err, ERR_INVALID, "%s: has a NUL byte: save it as plain text", path);
        *ret_text = TAKE(text);
        return 0;
}

/* The entry of NAME, made when it is new. */
static int need_page(struct pages *pages, const char *name, struct page **ret_page, struct err *err)
{
        struct page *page = (struct page *)find_page(pages, name);
        size_t at = pages->page_count;

        if (!page) {
                if (pages->page_count == PAGES_MAX)
                        return err_set(err, ERR_LIMIT, "%s: more than %d pages: remove some", pages->folder,
                                       PAGES_MAX);
                while (at > 0 && strcmp(pages->pages[at - 1].name, name) > 0)
                        at--;
                memmove(&pages->pages[at + 1], &pages->pages[at], (pages->page_count - at) * sizeof *page);
                pages->page_count++;
                page = &pages->pages[at];
                *page = (struct page){0};
                snprintf(page->name, sizeof page->name, "%s", name);
        }
        *ret_page = page;
        return 0;
}

static int add_page(struct pages *pages, const char *name, const char *path, struct err *err)
{
        _cleanup_(free_ptr) char *text = NULL;
        char origin[TEMPLATE_NAME_MAX_BYTES];
        struct template *template = NULL;
        struct page *page;
        int r = read_file(path, &text, err);

        snprintf(origin, sizeof origin, "%s/%s.html", pages->folder, name);
        if (r == 0)
                r = template_parse(text, origin, 1, &template, err);
        if (r == 0)
                r = need_page(pages, name, &page, err);
        if (r < 0) {
                template_free(template);
                return r;
        }
        template_free(page->template);
        page->template = template;
        return 0;
}

/* Read when it is asked for: only a check does. */
static int add_example(struct pages *pages, const char *name, const char *path, struct err *err)
{
        bool is_common = strcmp(name, "common") == 0;
        char *copy = strdup(path), **example = &pages->common;
        struct page *page;
        int r = copy ? 0 : err_set(err, ERR_NOMEM, "web: out of memory");

        if (r == 0 && !is_common) {
                r = need_page(pages, name, &page, err);
                if (r == 0)
                        example = &page->example;
        }
        if (r < 0) {
                free(copy);
                return r;
        }
        free(*example);
        *example = copy;
        return 0;
}

static int need_words(struct pages *pages, const char *language, const char *path, struct words **ret_words,
                      struct err *err)
{
        size_t at = pages->language_count;
        int index = index_of(pages, language);

        if (strlen(language) >= LOCALE_LANGUAGE_MAX_BYTES || (index < 0 && !locale_knows(language)))
                return err_set(err, ERR_INVALID, "%s: no language: name the file with a code such as fi.yaml",
                               path);
        if (index < 0 && at == PAGES_LANGUAGES_MAX)
                return err_set(err, ERR_LIMIT, "%s: more than %d languages: remove some", path,
                               PAGES_LANGUAGES_MAX);
        if (index < 0) {
                while (at > 0 && strcmp(pages->languages[at - 1].language, FIRST_LANGUAGE) != 0 &&
                       (strcmp(language, FIRST_LANGUAGE) == 0 ||
                        strcmp(pages->languages[at - 1].language, language) > 0)) {
                        pages->languages[at] = pages->languages[at - 1];
                        at--;
                }
                pages->language_count++;
                pages->languages[at] = (struct words){0};
                memcpy(pages->languages[at].language, language, strlen(language) + 1);
                index = (int)at;
        }
        *ret_words = &pages->languages[index];
        return 0;
}

/* What is no tag of a template is text: HTML must not read it as markup. */
static int escape_word(const char *text, struct buf *buf)
{
        while (*text) {
                const char *tag = strstr(text, "{{"), *end = tag ? strstr(tag, "}}") : NULL;
                size_t length = end ? (size_t)(tag - text) : strlen(text);
                char *piece = strndup(text, length);

                if (!piece)
                        return ERR_NOMEM;
                escape_add(buf, piece, ESCAPE_HTML);
                free(piece);
                text += length;
                if (end) {
                        buf_add(buf, tag, (size_t)(end + 2 - tag));
                        text = end + 2;
                }
        }
        return buf_error(buf);
}

static int parse_word(const struct yaml_node *node, const char *text, struct template **ret_template,
                      struct err *err)
{
        char origin[TEMPLATE_NAME_MAX_BYTES];
        const char *file = strrchr(yaml_file(node), '/');
        struct buf buf;
        int r;

        buf_init(&buf, PAGES_FILE_MAX_BYTES);
        while (file && file > yaml_file(node) && file[-1] != '/')
                file--;
        snprintf(origin, sizeof origin, "%s", file ? file : yaml_file(node)); /* folder and name */
        r = escape_word(text, &buf);
        if (r < 0)
                r = err_set(err, r, "%s: out of memory", origin);
        else
                r = template_parse(buf_text(&buf), origin, yaml_line(node), ret_template, err);
        buf_fini(&buf);
        return r;
}

static int make_room(struct words *words, size_t at, struct err *err)
{
        struct word *grown = words->items;
        size_t room = words->room ? words->room * 2 : 64;

        if (words->count == PAGES_WORDS_MAX)
                return err_set(err, ERR_LIMIT, "pages: more than %d words in a language: remove some",
                               PAGES_WORDS_MAX);
        if (words->count == words->room) {
                grown = reallocarray(words->items, room, sizeof *grown);
                if (!grown)
                        return err_set(err, ERR_NOMEM, "web: out of memory");
                words->items = grown;
                words->room = room;
        }
        memmove(grown + at + 1, grown + at, (words->count - at) * sizeof *grown);
        grown[at] = (struct word){0};
        words->count++;
        return 0;
}

static int add_word(struct words *words, const struct yaml_node *node, struct err *err)
{
        const char *name = yaml_key(node), *text;
        struct template *template = NULL;
        _cleanup_(free_ptr) char *copy = NULL;
        bool is_there;
        size_t at;
        int r = yaml_text(node, &text, err);

        if (r < 0)
                return r;
        if (strlen(name) >= PAGES_NAME_MAX_BYTES)
                return yaml_refuse(node, err, "over %d bytes: shorten the name", PAGES_NAME_MAX_BYTES - 1);
        copy = strdup(text);
        r = copy ? parse_word(node, text, &template, err) : err_set(err, ERR_NOMEM, "web: out of memory");
        if (r < 0)
                return r;
        at = search_word(words, name, &is_there);
        r = is_there ? 0 : make_room(words, at, err);
        if (r < 0) {
                template_free(template);
                return r;
        }
        free(words->items[at].text);
        template_free(words->items[at].template);
        snprintf(words->items[at].name, sizeof words->items[at].name, "%s", name);
        words->items[at].text = TAKE(copy);
        words->items[at].template = template;
        return 0;
}

static int add_words(struct pages *pages, const char *language, const char *path, struct err *err)
{
        _cleanup_(yaml_freep) struct yaml *yaml = NULL;
        struct words *words = NULL;
        int r = yaml_load(path, &yaml, err);

        if (r == 0)
                r = yaml_want(yaml_root(yaml), YAML_KIND_MAPPING, err);
        if (r == 0)
                r = need_words(pages, language, path, &words, err);
        for (int i = 0; r == 0 && i < yaml_count(yaml_root(yaml)); i++)
                r = add_word(words, yaml_at(yaml_root(yaml), i), err);
        return r;
}

/* NAME.SUFFIX of FILE. */
static bool has_suffix(const char *file, const char *suffix, char ret_name[static PAGES_NAME_MAX_BYTES])
{
        size_t length = strlen(file), tail = strlen(suffix);

        if (length <= tail || length - tail >= PAGES_NAME_MAX_BYTES ||
            strcmp(file + length - tail, suffix) != 0)
                return false;
        memcpy(ret_name, file, length - tail);
        ret_name[length - tail] = '\0';
        return true;
}

static int add_file(struct pages *pages, const char *file, const char *path, struct err *err)
{
        char name[PAGES_NAME_MAX_BYTES];

        if (file[0] == '.')
                return 0;
        if (strcmp(file, "style.css") == 0) {
                free(pages->style);
                pages->style = NULL;
                return read_file(path, &pages->style, err);
        }
        if (strcmp(file, "script.js") == 0) {
                free(pages->script);
                pages->script = NULL;
                return read_file(path, &pages->script, err);
        }
        if (has_suffix(file, ".html", name))
                return add_page(pages, name, path, err);
        if (has_suffix(file, ".json", name))
                return add_example(pages, name, path, err);
        return has_suffix(file, ".yaml", name) ? add_words(pages, name, path, err) : 0;
}

int pages_add_folder(struct pages *pages, const char *path, struct err *err)
{
        char folder[PATH_MAX], inner[PATH_MAX];
        struct dirent **files;
        int count, r = 0;

        if (snprintf(folder, sizeof folder, "%s/%s", path, pages->folder) >= (int)sizeof folder)
                return err_set(err, ERR_LIMIT, "%.60s…: path too long: move it", path);
        count = scandir(folder, &files, NULL, alphasort);
        if (count < 0)
                return errno == ENOENT
                           ? 0
                           : err_set(err, ERR_IO, "%s: %s: check its rights", folder, strerror(errno));
        for (int i = 0; i < count; i++) {
                const char *file = files[i]->d_name;

                if (r == 0 && snprintf(inner, sizeof inner, "%s/%s", folder, file) >= (int)sizeof inner)
                        r = err_set(err, ERR_LIMIT, "%.60s…: path too long: move it", folder);
                if (r == 0)
                        r = add_file(pages, file, inner, err);
                free(files[i]);
        }
        free(files);
        return r;
}

/* ---- what goes with what */

struct looking {
        struct lookup lookup;
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

        if (use->kind != TEMPLATE_USE_PARTIAL || partial(&looking->lookup, use->path))
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
                        struct looking looking = {.lookup = {pages, &pages->languages[k]}};

                        page->in_language[k] =
                            template_variables(page->template, partial, &looking.lookup, miss, &looking) == 0;
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
        struct locale *locale = NULL;
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
                r = locale_new(pages->languages[language].language, "Europe/Helsinki", &locale, &fault);
        if (r == 0)
                r = page_render(pages, page->name, locale, values, &buf, &fault);
        if (r == 0)
                r = template_variables(page->template, partial, &looking->lookup, look_for_key, looking);
        else
                r = looking->tell(looking->context, fault.text, looking->err);
        locale_free(locale);
        value_free(values);
        json_decref(example);
        buf_fini(&buf);
        return r;
}

int pages_check(const struct pages *pages, const char *const *needed,
                int (*tell)(void *context, const char *fault, struct err *err), void *context,
                struct err *err)
{
        int r = 0;

        for (size_t i = 0; i < pages->page_count && r == 0; i++) {
                const struct page *page = &pages->pages[i];

                for (size_t k = 0; k < pages->language_count && r == 0; k++) {
                        struct looking looking = {.lookup = {pages, &pages->languages[k]},
                                                  .tell = tell,
                                                  .context = context,
                                                  .err = err};
                        bool is_needed = false;

                        for (const char *const *each = needed; *each; each++)
                                is_needed = is_needed || strcmp(*each, pages->languages[k].language) == 0;
                        if (page->in_language[k] && page->example)
                                r = check_example(pages, page, k, &looking);
                        else if (is_needed)
                                r = template_variables(page->template, partial, &looking.lookup, miss,
                                                       &looking);
                }
        }
        return r;
}

/* ---- showing */

const char *pages_language(const struct pages *pages, const char *name, const char *wanted,
                           const char *fallback)
{
        const struct page *page = find_page(pages, name);
        int first = index_of(pages, wanted), second = index_of(pages, fallback);

        if (page && first >= 0 && page->in_language[first])
                return pages->languages[first].language;
        if (page && second >= 0 && page->in_language[second])
                return pages->languages[second].language;
        return FIRST_LANGUAGE;
}

const char *pages_language_at(const struct pages *pages, const char *name, size_t index)
{
        const struct page *page = find_page(pages, name);

        for (size_t i = 0; page && i < pages->language_count; i++)
                if (page->in_language[i] && index-- == 0)
                        return pages->languages[i].language;
        return NULL;
}

int page_render(const struct pages *pages, const char *name, struct locale *locale,
                const struct value *values, struct buf *buf, struct err *err)
{
        const struct page *page = find_page(pages, name);
        int language = index_of(pages, locale_language(locale));
        struct lookup lookup = {pages, language < 0 ? NULL : &pages->languages[language]};
        const struct template_render render = {.values = values,
                                               .locale = locale,
                                               .escape = ESCAPE_HTML,
                                               .partial = partial,
                                               .userdata = &lookup};

        if (!page || language < 0)
                return err_set(err, ERR_NOT_FOUND,
                               "%s/%.60s.html: there is no such page in %s: install Kapula anew",
                               pages->folder, name, locale_language(locale));
        return template_render(page->template, &render, buf, err);
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
        int index = index_of(pages, language);
        const struct word *word = index < 0 ? NULL : find_word(&pages->languages[index], name);

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
