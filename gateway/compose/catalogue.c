#include "compose/catalogue.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct catalogue {
        struct catalogue_entry *entries; /* sorted */
        size_t count, allocated;
        const struct catalogue *below; /* what is found where this one has nothing; NULL: nothing is */
        atomic_int others;             /* holders beside the first */
};

struct catalogue *catalogue_new(void)
{
        return calloc(1, sizeof(struct catalogue));
}

struct catalogue *catalogue_over(const struct catalogue *below)
{
        struct catalogue *catalogue = catalogue_new();

        if (catalogue)
                catalogue->below = below;
        return catalogue;
}

struct catalogue *catalogue_ref(struct catalogue *catalogue)
{
        atomic_fetch_add(&catalogue->others, 1);
        return catalogue;
}

struct catalogue *catalogue_free(struct catalogue *catalogue)
{
        if (catalogue && atomic_fetch_sub(&catalogue->others, 1) > 0)
                return NULL;
        for (size_t i = 0; catalogue && i < catalogue->count; i++) {
                template_free(catalogue->entries[i].subject);
                template_free(catalogue->entries[i].text);
        }
        if (catalogue)
                free(catalogue->entries);
        free(catalogue);
        return NULL;
}

static int compare(const struct catalogue_entry *entry, const char *language, const char *name,
                   enum catalogue_kind kind)
{
        int order = strcmp(entry->language, language);

        if (order == 0)
                order = (int)entry->kind - (int)kind;
        return order ? order : strcmp(entry->name, name);
}

/* The place of the entry, or where it belongs. */
static size_t search(const struct catalogue *catalogue, const char *language, const char *name,
                     enum catalogue_kind kind, bool *ret_is_there)
{
        size_t low = 0, high = catalogue->count;

        *ret_is_there = false;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = compare(&catalogue->entries[middle], language, name, kind);

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

static int make_room(struct catalogue *catalogue, size_t at, struct err *err)
{
        struct catalogue_entry *entries = catalogue->entries;

        if (catalogue->count >= CATALOGUE_ENTRIES_MAX)
                return err_set(err, ERR_LIMIT, "templates: more than %d: remove some", CATALOGUE_ENTRIES_MAX);
        if (catalogue->count == catalogue->allocated) {
                size_t allocated = catalogue->allocated ? catalogue->allocated * 2 : 64;

                entries = realloc(entries, allocated * sizeof *entries);
                if (!entries)
                        return err_set(err, ERR_NOMEM, "templates: out of memory");
                catalogue->entries = entries;
                catalogue->allocated = allocated;
        }
        memmove(entries + at + 1, entries + at, (catalogue->count - at) * sizeof *entries);
        memset(entries + at, 0, sizeof *entries);
        catalogue->count++;
        return 0;
}

/* Takes the two templates, also when it fails. */
static int put(struct catalogue *catalogue, const char *language, const char *name, enum catalogue_kind kind,
               struct template *subject, struct template *text, struct err *err)
{
        struct catalogue_entry *entry;
        bool is_there;
        size_t at = search(catalogue, language, name, kind, &is_there);
        int r = is_there ? 0 : make_room(catalogue, at, err);

        if (r < 0) {
                template_free(subject);
                template_free(text);
                return r;
        }
        entry = &catalogue->entries[at];
        template_free(entry->subject);
        template_free(entry->text);
        entry->kind = kind;
        entry->subject = subject;
        entry->text = text;
        snprintf(entry->language, sizeof entry->language, "%s", language);
        snprintf(entry->name, sizeof entry->name, "%s", name);
        return 0;
}

static bool is_name(const char *name)
{
        size_t length = strlen(name);

        return length > 0 && length < CATALOGUE_NAME_MAX_BYTES &&
               strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static void cut_line_end(char *text)
{
        size_t length = strlen(text);

        if (length && text[length - 1] == '\n')
                text[--length] = '\0';
        if (length && text[length - 1] == '\r')
                text[--length] = '\0';
}

/* Splits "Subject: …\n\n…" in place; a bare one has nothing but the subject. */
static int split_email(char *text, const char *origin, bool may_be_bare, char **ret_subject, char **ret_body,
                       struct err *err)
{
        static const char label[] = "Subject: ";
        char *end = strchrnul(text, '\n'), *body;

        if (strncmp(text, label, sizeof label - 1) != 0)
                return err_set(err, ERR_INVALID, "%s:1: no subject: begin the file with \"Subject: …\"",
                               origin);
        body = *end ? end + 1 : end;
        if (body[0] == '\r' && body[1] == '\n')
                body++;
        if (*body != '\n' && !(may_be_bare && *body == '\0'))
                return err_set(err, ERR_INVALID, "%s:2: not an empty line: set one after the subject",
                               origin);
        *end = '\0';
        cut_line_end(text);
        *ret_subject = text + sizeof label - 1;
        *ret_body = *body ? body + 1 : body;
        return 0;
}

/* What the first line asks for. */
static void mark(struct catalogue *catalogue, const char *language, const char *name,
                 enum catalogue_kind kind, const char *text)
{
        const size_t length = strlen(CATALOGUE_TRANSLITERATE);
        bool is_there;
        size_t at = search(catalogue, language, name, kind, &is_there);

        catalogue->entries[at].transliterates =
            kind == CATALOGUE_SMS && strncmp(text, CATALOGUE_TRANSLITERATE, length) == 0;
}

int catalogue_add(struct catalogue *catalogue, const char *language, const char *name,
                  enum catalogue_kind kind, const char *text, const char *origin, struct err *err)
{
        _cleanup_(free_ptr) char *copy = strdup(text);
        struct template *subject = NULL, *parsed;
        char *head = NULL, *body = copy;
        int r = 0, line = 1;

        if (!copy)
                return err_set(err, ERR_NOMEM, "%s: out of memory", origin);
        if (!is_name(name))
                return err_set(err, ERR_INVALID,
                               "%s: no name of a template: use small letters, digits and '-'", origin);
        if (!locale_knows(language))
                return err_set(err, ERR_INVALID,
                               "%s: %.20s is no language with known forms: use a code such as fi", origin,
                               language);
        cut_line_end(copy);
        if (kind == CATALOGUE_EMAIL || kind == CATALOGUE_CALENDAR) {
                r = split_email(copy, origin, kind == CATALOGUE_CALENDAR, &head, &body, err);
                if (r == 0)
                        r = template_parse(head, origin, 1, &subject, err);
                line = 3;
        }
        if (r == 0)
                r = template_parse(body, origin, line, &parsed, err);
        if (r < 0) {
                template_free(subject);
                return r;
        }
        r = put(catalogue, language, name, kind, subject, parsed, err);
        if (r == 0)
                mark(catalogue, language, name, kind, text);
        return r;
}

static const struct catalogue_entry *find_exact(const struct catalogue *catalogue, const char *language,
                                                const char *name, enum catalogue_kind kind)
{
        for (; catalogue; catalogue = catalogue->below) {
                bool is_there;
                size_t at = search(catalogue, language, name, kind, &is_there);

                if (is_there)
                        return &catalogue->entries[at];
        }
        return NULL;
}

const struct catalogue_entry *catalogue_find(const struct catalogue *catalogue, const char *language,
                                             const char *name, enum catalogue_kind kind)
{
        const struct catalogue_entry *entry = find_exact(catalogue, language, name, kind);
        size_t length = strcspn(language, "-_");
        char base[LOCALE_LANGUAGE_MAX_BYTES];

        if (entry || language[length] == '\0' || length >= sizeof base)
                return entry;
        memcpy(base, language, length);
        base[length] = '\0';
        return find_exact(catalogue, base, name, kind);
}

int catalogue_source(const struct catalogue_entry *entry, struct buf *buf)
{
        if (entry->subject) {
                buf_adds(buf, "Subject: ");
                buf_adds(buf, template_source(entry->subject));
                buf_adds(buf, "\n\n");
        }
        return buf_adds(buf, template_source(entry->text));
}

size_t catalogue_count(const struct catalogue *catalogue)
{
        return catalogue->count;
}

const struct catalogue_entry *catalogue_at(const struct catalogue *catalogue, size_t index)
{
        return index < catalogue->count ? &catalogue->entries[index] : NULL;
}

const struct template *catalogue_partial(void *partials, const char *name)
{
        const struct catalogue_partials *of = partials;
        const struct catalogue_entry *entry =
            catalogue_find(of->catalogue, of->language, name, CATALOGUE_PARTIAL);

        return entry ? entry->text : NULL;
}

bool catalogue_has_language(const struct catalogue *catalogue, const char *language)
{
        if (catalogue->below && catalogue_has_language(catalogue->below, language))
                return true;
        for (size_t i = 0; i < catalogue->count; i++)
                if ((catalogue->entries[i].kind == CATALOGUE_SMS ||
                     catalogue->entries[i].kind == CATALOGUE_EMAIL) &&
                    strcmp(catalogue->entries[i].language, language) == 0)
                        return true;
        return false;
}

struct check {
        struct catalogue_partials partials;
        struct err *err;
};

static int check_use(const struct template_use *use, void *told)
{
        struct check *check = told;

        if (use->kind != TEMPLATE_USE_PARTIAL || catalogue_partial(&check->partials, use->path))
                return 0;
        return err_set(check->err, ERR_INVALID,
                       "%s:%d: no partial {{>%s}}: add partials/%s.txt to the language", use->template_name,
                       use->line, use->path, use->path);
}

int catalogue_check(const struct catalogue *catalogue, struct err *err)
{
        for (size_t i = 0; i < catalogue->count; i++) {
                const struct catalogue_entry *entry = &catalogue->entries[i];
                struct check check = {{catalogue, entry->language}, err};
                int r = template_variables(entry->text, NULL, NULL, check_use, &check);

                if (r == 0 && entry->subject)
                        r = template_variables(entry->subject, NULL, NULL, check_use, &check);
                if (r < 0)
                        return r;
        }
        return 0;
}
