#include "engine/text_check.h"
#include "compose/catalogue.h"
#include "compose/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PROPERTY_MAX_BYTES 1024
#define FAULT_MAX 1024 /* bytes of one fault's text */
#define SAMPLE_ZONE "Europe/Helsinki"

struct look {
        const struct text_check *check;
        const struct catalogue_entry *entry;
        const struct value *values; /* everything that may be there */
        struct locale *locale;
        int faults;
        bool tells_ways; /* it is another text where it can be answered by SMS */
};

static int fault(struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fault(struct look *look, const char *format, ...)
{
        char text[FAULT_MAX];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        look->faults++;
        return look->check->fault(look->check->context, text);
}

/* ---- names */

enum known { KNOWN_NOT, KNOWN_VALUE, KNOWN_PROPERTY };

static enum known resolve(const struct look *look, const struct template_use *within, const char *path,
                          const struct value **ret_value);

/* What names are looked up in inside the section; NULL: it adds nothing. */
static const struct value *inside(const struct look *look, const struct template_use *section)
{
        const struct value *value = NULL;

        if (section->kind != TEMPLATE_USE_SECTION ||
            resolve(look, section->within, section->path, &value) != KNOWN_VALUE)
                return NULL;
        if (value->kind == VALUE_LIST)
                value = value->first;
        return value && value->kind == VALUE_MAP ? value : NULL;
}

static const struct value *find_first(const struct look *look, const struct template_use *within,
                                      const char *part, size_t length)
{
        const struct value *map, *found;

        for (; within; within = within->within) {
                map = inside(look, within);
                found = map ? value_get(map, part, length) : NULL;
                if (found)
                        return found;
        }
        return value_get(look->values, part, length);
}

static bool has_property(const struct look *look, const struct value *value, const char *name, size_t length,
                         struct value *ret_property)
{
        struct buf buf;
        int r;

        buf_init(&buf, PROPERTY_MAX_BYTES);
        r = locale_property(look->locale, value, name, length, ret_property, &buf);
        buf_fini(&buf);
        return r == 0;
}

/* The parts of PATH after the first, each in what the one before gave. */
static enum known follow(const struct look *look, const struct value *value, const char *path,
                         const struct value **ret_value)
{
        struct value property;
        bool is_property = false;

        for (; *path; path += strcspn(path, ".")) {
                size_t length;

                path += *path == '.';
                length = strcspn(path, ".");
                if (value->kind == VALUE_MAP) {
                        value = value_get(value, path, length);
                        if (!value)
                                return KNOWN_NOT;
                } else {
                        if (!has_property(look, value, path, length, &property))
                                return KNOWN_NOT;
                        property.text = NULL; /* lay in a buf that is no more; only its kind matters */
                        value = &property;
                        is_property = true;
                }
        }
        *ret_value = is_property ? NULL : value;
        return is_property ? KNOWN_PROPERTY : KNOWN_VALUE;
}

static bool is_in_list(const struct look *look, const struct template_use *within)
{
        const struct value *value;

        for (; within; within = within->within)
                if (within->kind == TEMPLATE_USE_SECTION &&
                    resolve(look, within->within, within->path, &value) == KNOWN_VALUE &&
                    value->kind == VALUE_LIST)
                        return true;
        return false;
}

static enum known resolve(const struct look *look, const struct template_use *within, const char *path,
                          const struct value **ret_value)
{
        size_t length = strcspn(path, ".");
        const struct value *value;

        if (strcmp(path, ".") == 0)
                return within ? KNOWN_PROPERTY : KNOWN_NOT;
        if (path[0] == '-')
                return is_in_list(look, within) ? KNOWN_PROPERTY : KNOWN_NOT;
        value = find_first(look, within, path, length);
        return value ? follow(look, value, path + length, ret_value) : KNOWN_NOT;
}

/* Inside a section that this rule's values never open. */
static bool is_dead(const struct look *look, const struct template_use *within)
{
        const struct value *value;

        for (; within; within = within->within)
                if (within->kind == TEMPLATE_USE_SECTION &&
                    resolve(look, within->within, within->path, &value) == KNOWN_NOT)
                        return true;
        return false;
}

static int look_at_use(const struct template_use *use, void *told)
{
        struct look *look = told;
        bool is_partial =
            strcmp(use->template_name, template_name(look->entry->text)) != 0 &&
            (!look->entry->subject || strcmp(use->template_name, template_name(look->entry->subject)) != 0);
        const struct value *value;

        if (strcmp(use->path, "can_reply") == 0)
                look->tells_ways =
                    look->check->answerable && !look->check->no_replies && look->entry->kind == CATALOGUE_SMS;
        if (use->kind == TEMPLATE_USE_PARTIAL || is_dead(look, use->within) ||
            resolve(look, use->within, use->path, &value) != KNOWN_NOT)
                return 0;
        /* A partial serves many messages: what one of them lacks it may ask for as a section. */
        if (is_partial && use->kind != TEMPLATE_USE_VALUE)
                return 0;
        return fault(look,
                     "%s:%d: {{%s}}: rule %s supplies no such value: name one that it does, or add it to "
                     "the rule's values",
                     use->template_name, use->line, use->path, look->check->rule->name);
}

/* ---- a template */

static int render(struct look *look, bool everything, struct err *err)
{
        const struct text_check *check = look->check;
        _cleanup_(free_ptr) char *title = NULL, *text = NULL;
        struct value *values = rule_sample(check->rule, check->notify, everything);
        struct segment_size size = {0};
        struct err wrong = {0};
        int r;

        if (!values)
                return err_set(err, ERR_NOMEM, "check: out of memory");
        if (check->no_replies)
                value_set_bool(values, "can_reply", false);
        r = compose_message(check->catalogue, look->locale, look->entry->name, look->entry->kind, values,
                            &title, &text, &wrong);
        value_free(values);
        if (r == 0 && look->entry->kind == CATALOGUE_SMS)
                r = segment_count(text, &size, &wrong);
        if (r == ERR_NOMEM)
                return err_set(err, r, "check: out of memory");
        if (r < 0)
                return fault(look, "%s (rule %s%s)", wrong.text, check->rule->name,
                             everything ? "" : ", without what may be missing: set the piece into {{#…}}");
        if (everything && check->answerable && look->entry->kind == CATALOGUE_SMS)
                r = check->answerable(check->context, look->entry, text, look->tells_ways);
        return r < 0 || !check->rendered ? r
                                         : check->rendered(check->context, title, text, everything, &size);
}

/* Everything, where nobody can answer by SMS. */
static int render_one_way(struct look *look, struct err *err)
{
        const struct text_check *check = look->check;
        _cleanup_(free_ptr) char *title = NULL, *text = NULL;
        struct value *values = rule_sample(check->rule, check->notify, true);
        int r;

        if (!values)
                return err_set(err, ERR_NOMEM, "check: out of memory");
        value_set_bool(values, "can_reply", false);
        r = compose_message(check->catalogue, look->locale, look->entry->name, look->entry->kind, values,
                            &title, &text, err);
        value_free(values);
        return r < 0 ? r : check->answerable(check->context, look->entry, text, false);
}

static int look_at(struct look *look, struct err *err)
{
        struct catalogue_partials partials = {look->check->catalogue, look->check->language};
        int r = 0;

        if (look->entry->subject)
                r = template_variables(look->entry->subject, catalogue_partial, &partials, look_at_use, look);
        if (r == 0)
                r = template_variables(look->entry->text, catalogue_partial, &partials, look_at_use, look);
        if (r < 0 || look->faults) /* a rendering would say the same again */
                return r;
        r = render(look, true, err);
        if (r == 0)
                r = render(look, false, err);
        return r < 0 || look->faults || !look->tells_ways ? r : render_one_way(look, err);
}

int text_check(const struct text_check *check, struct err *err)
{
        struct look look = {.check = check};
        struct value *values;
        int r;

        look.entry = catalogue_find(check->catalogue, check->language, check->notify->template, check->kind);
        if (!look.entry)
                return err_set(err, ERR_NOT_FOUND, "%.60s: no such template in %.20s",
                               check->notify->template, check->language);
        look.values = values = rule_sample(check->rule, check->notify, true);
        if (!values)
                return err_set(err, ERR_NOMEM, "check: out of memory");
        r = locale_new(check->language, SAMPLE_ZONE, &look.locale, err);
        if (r == 0) {
                r = look_at(&look, err);
                if (r < 0 && err && !err->code)
                        err_set(err, r, "check: out of memory");
        }
        locale_free(look.locale);
        value_free(values);
        return r;
}
