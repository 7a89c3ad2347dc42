#include "base/yaml.h"
#include "compose/pages_private.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
        struct page *page = (struct page *)pages_find_page(pages, name);
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
        page->is_alone = strncasecmp(text, "<!doctype", strlen("<!doctype")) == 0;
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
        int index = pages_index_of(pages, language);

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
        at = pages_search_word(words, name, &is_there);
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
