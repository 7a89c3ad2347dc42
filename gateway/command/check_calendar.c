/* The words of calendars: every template in the languages that every reader falls back to, and what each
 * names. */
#include "calendar/text.h"
#include "command/check.h"

#include <string.h>

static const char *const needed[] = {"en", "fi", "sv"};

struct looking {
        struct check *check;
        size_t text; /* its index */
        const char *language;
        const struct value *values; /* everything that it may be given */
};

/* The names are flat: a path is known when the values have it. */
static int look_at_use(const struct template_use *use, void *told)
{
        const struct looking *looking = told;

        if (use->kind == TEMPLATE_USE_PARTIAL || value_find(looking->values, use->path))
                return 0;
        return check_fault(looking->check,
                           "%s:%d: {{%s}}: a calendar has no such value: see templates/README.md",
                           use->template_name, use->line, use->path);
}

static int render(struct looking *looking, const struct text_reader *reader, bool everything, struct err *err)
{
        struct value *values = text_sample(looking->text, everything);
        struct err fault = {0};
        struct buf title, description;
        int r;

        if (!values)
                return err_set(err, ERR_NOMEM, "check: out of memory");
        buf_init(&title, TEXT_TITLE_MAX_BYTES);
        buf_init(&description, TEXT_DESCRIPTION_MAX_BYTES);
        r = text_print(reader, text_name(looking->text), values, &title, &description, &fault);
        if (r < 0 && r != ERR_NOMEM)
                r = check_fault(looking->check, "%s%s", fault.text,
                                everything ? "" : ", without what may be missing: set the piece into {{#…}}");
        buf_fini(&title);
        buf_fini(&description);
        value_free(values);
        return r < 0 ? err_set(err, r, "check: out of memory") : 0;
}

static int look_at(struct looking *looking, const struct catalogue_entry *entry, struct err *err)
{
        const struct text_reader reader = {looking->check->catalogue, looking->language, NULL};
        struct catalogue_partials partials = {looking->check->catalogue, looking->language};
        size_t before = json_array_size(looking->check->faults);
        struct value *values = text_sample(looking->text, true);
        int r;

        if (!values)
                return err_set(err, ERR_NOMEM, "check: out of memory");
        looking->check->templates++;
        looking->values = values;
        r = template_variables(entry->subject, catalogue_partial, &partials, look_at_use, looking);
        if (r == 0)
                r = template_variables(entry->text, catalogue_partial, &partials, look_at_use, looking);
        value_free(values);
        if (r < 0)
                return err_set(err, r, "check: out of memory");
        if (json_array_size(looking->check->faults) > before ||
            strcmp(text_name(looking->text), "category") == 0)
                return 0; /* a rendering would say the same again; a category is one of its sections */
        r = render(looking, &reader, true, err);
        return r < 0 ? r : render(looking, &reader, false, err);
}

static bool is_known(const char *name)
{
        for (size_t i = 0; i < text_count(); i++)
                if (strcmp(text_name(i), name) == 0)
                        return true;
        return false;
}

int check_calendar(struct check *check, struct err *err)
{
        struct looking looking = {.check = check};
        int r = 0;

        for (looking.text = 0; looking.text < text_count() && r == 0; looking.text++)
                for (size_t i = 0; i < ARRAY_SIZE(needed) && r == 0; i++)
                        if (!catalogue_find(check->catalogue, needed[i], text_name(looking.text),
                                            CATALOGUE_CALENDAR))
                                r = check_fault(check, "templates/%s/calendar/%s.txt: is missing: write it",
                                                needed[i], text_name(looking.text));
        for (size_t i = 0; i < catalogue_count(check->catalogue) && r == 0; i++) {
                const struct catalogue_entry *entry = catalogue_at(check->catalogue, i);

                if (entry->kind != CATALOGUE_CALENDAR)
                        continue;
                if (!is_known(entry->name))
                        r = check_fault(check,
                                        "templates/%s/calendar/%s.txt: nothing is called so: see "
                                        "templates/README.md",
                                        entry->language, entry->name);
                looking.language = entry->language;
                for (looking.text = 0; looking.text < text_count() && r == 0; looking.text++)
                        if (strcmp(text_name(looking.text), entry->name) == 0)
                                r = look_at(&looking, entry, err);
        }
        return r;
}
