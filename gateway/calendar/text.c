#include "calendar/text.h"
#include "calendar/icalendar.h"

#include <string.h>

#define LAST_LANGUAGE "fi"
#define PATH_MAX_BYTES 96

/* Every value that a template is given: a flag is there or not; all but the plain ones may be missing. Keep
 * in alphabetical order of templates. */
enum value_form { FORM_TEXT, FORM_NEEDED, FORM_FLAG };

static const struct text_value {
        const char *template, *path;
        enum value_form form;
} text_table[] = {
    {"break", "name", FORM_TEXT},
    {"break", "holiday", FORM_FLAG},
    {"break", "organisation", FORM_TEXT},
    {"busy", "cancelled", FORM_FLAG},
    {"calendar", "owner", FORM_TEXT},
    {"category", "break", FORM_FLAG},
    {"category", "follow-up", FORM_FLAG},
    {"category", "meeting", FORM_FLAG},
    {"category", "package", FORM_FLAG},
    {"category", "placement-day", FORM_FLAG},
    {"category", "school-day", FORM_FLAG},
    {"category", "survey", FORM_FLAG},
    {"category", "visit", FORM_FLAG},
    {"follow-up", "number", FORM_NEEDED},
    {"holiday", "kind.all-saints", FORM_FLAG},
    {"holiday", "kind.ascension", FORM_FLAG},
    {"holiday", "kind.boxing-day", FORM_FLAG},
    {"holiday", "kind.christmas", FORM_FLAG},
    {"holiday", "kind.christmas-eve", FORM_FLAG},
    {"holiday", "kind.easter", FORM_FLAG},
    {"holiday", "kind.easter-monday", FORM_FLAG},
    {"holiday", "kind.epiphany", FORM_FLAG},
    {"holiday", "kind.good-friday", FORM_FLAG},
    {"holiday", "kind.independence", FORM_FLAG},
    {"holiday", "kind.may-day", FORM_FLAG},
    {"holiday", "kind.midsummer", FORM_FLAG},
    {"holiday", "kind.midsummer-eve", FORM_FLAG},
    {"holiday", "kind.new-year", FORM_FLAG},
    {"holiday", "kind.whitsun", FORM_FLAG},
    {"meeting", "cancelled", FORM_FLAG},
    {"meeting", "title", FORM_TEXT},
    {"meeting", "first_name", FORM_TEXT},
    {"meeting", "online", FORM_TEXT},
    {"meeting", "organisation", FORM_TEXT},
    {"meeting", "link", FORM_TEXT},
    {"meeting", "links", FORM_TEXT},
    {"meeting", "kind.activity", FORM_FLAG},
    {"meeting", "kind.camp", FORM_FLAG},
    {"meeting", "kind.coffee", FORM_FLAG},
    {"meeting", "kind.field-group", FORM_FLAG},
    {"meeting", "kind.forum", FORM_FLAG},
    {"meeting", "kind.interview", FORM_FLAG},
    {"meeting", "kind.jopo", FORM_FLAG},
    {"meeting", "kind.network", FORM_FLAG},
    {"meeting", "kind.other", FORM_FLAG},
    {"meeting", "kind.plan-talk", FORM_FLAG},
    {"meeting", "kind.seminar", FORM_FLAG},
    {"meeting", "kind.steering", FORM_FLAG},
    {"meeting", "kind.support-group", FORM_FLAG},
    {"meeting", "kind.training", FORM_FLAG},
    {"meeting", "kind.transfer", FORM_FLAG},
    {"meeting", "kind.trip", FORM_FLAG},
    {"package", "first_name", FORM_TEXT},
    {"package", "subject_name", FORM_TEXT},
    {"placement-day", "cancelled", FORM_FLAG},
    {"placement-day", "first_name", FORM_TEXT},
    {"placement-day", "workplace", FORM_TEXT},
    {"placement-day", "call.name", FORM_TEXT},
    {"placement-day", "call.phone", FORM_TEXT},
    {"placement-day", "unsigned", FORM_FLAG},
    {"placement-day", "link", FORM_TEXT},
    {"school-day", "cancelled", FORM_FLAG},
    {"school-day", "first_name", FORM_TEXT},
    {"school-day", "call.name", FORM_TEXT},
    {"school-day", "call.phone", FORM_TEXT},
    {"sheet", "owner", FORM_TEXT},
    {"sheet", "phone", FORM_TEXT},
    {"survey", "organisation", FORM_TEXT},
    {"visit", "cancelled", FORM_FLAG},
    {"visit", "hosts", FORM_TEXT},
    {"visit", "guests", FORM_TEXT},
    {"visit", "kind.benchmarking", FORM_FLAG},
    {"visit", "kind.intake", FORM_FLAG},
    {"visit", "kind.job-shadowing", FORM_FLAG},
    {"visit", "kind.mentoring", FORM_FLAG},
    {"visit", "kind.orientation", FORM_FLAG},
    {"visit", "kind.other", FORM_FLAG},
    {"visit", "kind.workplace", FORM_FLAG},
};

/* ---- finding and printing */

static const struct catalogue_entry *find(const struct catalogue *catalogue, const char *name,
                                          const char *language, size_t length)
{
        char copy[LOCALE_LANGUAGE_MAX_BYTES];

        if (length == 0 || length >= sizeof copy)
                return NULL;
        memcpy(copy, language, length);
        copy[length] = '\0';
        return catalogue_find(catalogue, copy, name, CATALOGUE_CALENDAR);
}

int text_find(const struct text_reader *reader, const char *name, const struct catalogue_entry **ret_entry,
              struct err *err)
{
        const char *languages = reader->languages ? reader->languages : "",
                   *own = reader->own ? reader->own : "";
        const struct catalogue_entry *entry = find(reader->catalogue, name, own, strlen(own));

        for (size_t length; !entry && *languages; languages += length + (languages[length] == ',')) {
                length = strcspn(languages, ",");
                entry = find(reader->catalogue, name, languages, length);
        }
        if (!entry)
                entry = catalogue_find(reader->catalogue, LAST_LANGUAGE, name, CATALOGUE_CALENDAR);
        if (!entry)
                return err_set(
                    err, ERR_NOT_FOUND,
                    "templates/" LAST_LANGUAGE "/calendar/%.60s.txt: is missing: install Kapula anew", name);
        *ret_entry = entry;
        return 0;
}

static void cut_line_ends(struct buf *buf)
{
        size_t length = buf->length;

        while (length && buf->data[length - 1] == '\n')
                length--;
        if (length < buf->length)
                buf_cut(buf, length);
}

int text_print(const struct text_reader *reader, const char *name, const struct value *values,
               struct buf *title, struct buf *description, struct err *err)
{
        const struct catalogue_entry *entry = NULL;
        int r = text_find(reader, name, &entry, err);
        struct catalogue_partials partials = {reader->catalogue, r == 0 ? entry->language : NULL};
        const struct template_render render = {
            .values = values, .escape = ESCAPE_PLAIN, .partial = catalogue_partial, .userdata = &partials};

        if (r == 0 && title)
                r = template_render(entry->subject, &render, title, err);
        if (r == 0 && description)
                r = template_render(entry->text, &render, description, err);
        if (r == 0 && description)
                cut_line_ends(description);
        return r;
}

/* ---- values */

void text_set(struct value *values, const char *key, const char *text)
{
        struct buf buf;

        if (!text || !*text)
                return;
        buf_init(&buf, 3 * TEXT_VALUE_MAX_BYTES);
        ics_clean(text, TEXT_VALUE_MAX_BYTES, &buf);
        value_set_text(values, key, buf_text(&buf));
        buf_fini(&buf);
}

static void set_flag(struct value *values, const char *key)
{
        value_set_bool(values, key, true);
}

void text_set_code(struct value *values, const char *name, const char *code)
{
        char path[PATH_MAX_BYTES];

        for (size_t i = 0; code && i < ARRAY_SIZE(text_table); i++)
                if (strcmp(text_table[i].template, name) == 0 &&
                    strncmp(text_table[i].path, "kind.", 5) == 0 &&
                    strcmp(text_table[i].path + 5, code) == 0) {
                        memcpy(path, text_table[i].path, strlen(text_table[i].path) + 1);
                        set_flag(values, path);
                        return;
                }
        set_flag(values, "kind.other");
}

/* ---- for the check */

size_t text_count(void)
{
        size_t count = 0;

        for (size_t i = 0; i < ARRAY_SIZE(text_table); i++)
                count += i == 0 || strcmp(text_table[i].template, text_table[i - 1].template) != 0;
        return count;
}

const char *text_name(size_t index)
{
        for (size_t i = 0; i < ARRAY_SIZE(text_table); i++)
                if (i == 0 || strcmp(text_table[i].template, text_table[i - 1].template) != 0)
                        if (index-- == 0)
                                return text_table[i].template;
        return NULL;
}

struct value *text_sample(size_t index, bool everything)
{
        struct value *values = value_map_new();
        const char *name = text_name(index);

        for (size_t i = 0; values && i < ARRAY_SIZE(text_table); i++) {
                if (strcmp(text_table[i].template, name) != 0)
                        continue;
                if (text_table[i].form == FORM_FLAG && everything)
                        set_flag(values, text_table[i].path);
                else if (text_table[i].form == FORM_NEEDED || (text_table[i].form == FORM_TEXT && everything))
                        value_set_text(values, text_table[i].path, "Esimerkki");
        }
        if (values && !everything && (strcmp(name, "meeting") == 0 || strcmp(name, "visit") == 0))
                set_flag(values, "kind.other");
        if (values && !everything && strcmp(name, "holiday") == 0)
                set_flag(values, "kind.christmas");
        return values;
}
