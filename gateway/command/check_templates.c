/* Templates against the rules that use them: present in every language that is needed, and asking for nothing
 * that the rule does not supply. */
#include "command/check.h"
#include "compose/catalogue.h"
#include "compose/message.h"
#include "compose/segment.h"
#include "engine/rule.h"
#include "store/db.h"
#include "store/person.h"

#include <stdio.h>
#include <string.h>

#define LANGUAGE_MAX 200
#define PROPERTY_MAX_BYTES 1024
#define SAMPLE_ZONE "Europe/Helsinki"

/* Those that every message must be there in. */
static const char *const needed[] = {"fi", "sv", "en"};

struct languages {
        char names[LANGUAGE_MAX][LOCALE_LANGUAGE_MAX_BYTES];
        int count;
};

/* One template of one rule in one language. */
struct looking {
        struct check *check;
        const struct rule *rule;
        const struct rule_notify *notify;
        const char *language;
        const struct catalogue_entry *entry;
        const struct value *values; /* everything that may be there */
        struct locale *locale;
};

/* ---- names */

enum known { KNOWN_NOT, KNOWN_VALUE, KNOWN_PROPERTY };

static enum known resolve(const struct looking *looking, const struct template_use *within, const char *path,
                          const struct value **ret_value);

/* What names are looked up in inside the section; NULL: it adds nothing. */
static const struct value *inside(const struct looking *looking, const struct template_use *section)
{
        const struct value *value = NULL;

        if (section->kind != TEMPLATE_USE_SECTION ||
            resolve(looking, section->within, section->path, &value) != KNOWN_VALUE)
                return NULL;
        if (value->kind == VALUE_LIST)
                value = value->first;
        return value && value->kind == VALUE_MAP ? value : NULL;
}

static const struct value *find_first(const struct looking *looking, const struct template_use *within,
                                      const char *part, size_t length)
{
        const struct value *map, *found;

        for (; within; within = within->within) {
                map = inside(looking, within);
                found = map ? value_get(map, part, length) : NULL;
                if (found)
                        return found;
        }
        return value_get(looking->values, part, length);
}

static bool has_property(const struct looking *looking, const struct value *value, const char *name,
                         size_t length, struct value *ret_property)
{
        struct buf buf;
        int r;

        buf_init(&buf, PROPERTY_MAX_BYTES);
        r = locale_property(looking->locale, value, name, length, ret_property, &buf);
        buf_fini(&buf);
        return r == 0;
}

/* The parts of PATH after the first, each in what the one before gave. */
static enum known follow(const struct looking *looking, const struct value *value, const char *path,
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
                        if (!has_property(looking, value, path, length, &property))
                                return KNOWN_NOT;
                        property.text = NULL; /* lay in a buf that is no more; only its kind matters */
                        value = &property;
                        is_property = true;
                }
        }
        *ret_value = is_property ? NULL : value;
        return is_property ? KNOWN_PROPERTY : KNOWN_VALUE;
}

static bool is_in_list(const struct looking *looking, const struct template_use *within)
{
        const struct value *value;

        for (; within; within = within->within)
                if (within->kind == TEMPLATE_USE_SECTION &&
                    resolve(looking, within->within, within->path, &value) == KNOWN_VALUE &&
                    value->kind == VALUE_LIST)
                        return true;
        return false;
}

static enum known resolve(const struct looking *looking, const struct template_use *within, const char *path,
                          const struct value **ret_value)
{
        size_t length = strcspn(path, ".");
        const struct value *value;

        if (strcmp(path, ".") == 0)
                return within ? KNOWN_PROPERTY : KNOWN_NOT;
        if (path[0] == '-')
                return is_in_list(looking, within) ? KNOWN_PROPERTY : KNOWN_NOT;
        value = find_first(looking, within, path, length);
        return value ? follow(looking, value, path + length, ret_value) : KNOWN_NOT;
}

/* Inside a section that this rule's values never open. */
static bool is_dead(const struct looking *looking, const struct template_use *within)
{
        const struct value *value;

        for (; within; within = within->within)
                if (within->kind == TEMPLATE_USE_SECTION &&
                    resolve(looking, within->within, within->path, &value) == KNOWN_NOT)
                        return true;
        return false;
}

static int look_at_use(const struct template_use *use, void *told)
{
        const struct looking *looking = told;
        bool is_partial = strcmp(use->template_name, template_name(looking->entry->text)) != 0 &&
                          (!looking->entry->subject ||
                           strcmp(use->template_name, template_name(looking->entry->subject)) != 0);
        const struct value *value;

        if (use->kind == TEMPLATE_USE_PARTIAL || is_dead(looking, use->within) ||
            resolve(looking, use->within, use->path, &value) != KNOWN_NOT)
                return 0;
        /* A partial serves many messages: what one of them lacks it may ask for as a section. */
        if (is_partial && use->kind != TEMPLATE_USE_VALUE)
                return 0;
        return check_fault(
            looking->check,
            "%s:%d: {{%s}}: rule %s supplies no such value: name one that it does, or add it to "
            "the rule's values",
            use->template_name, use->line, use->path, looking->rule->name);
}

/* ---- a template */

/* Keeps the greatest length of each template and language. */
static int note_length(const struct looking *looking, const char *text, struct err *err)
{
        json_t *lengths = looking->check->lengths, *each, *row;
        const char *name = looking->entry->name, *language = looking->language;
        struct segment_size size;
        size_t index, at = json_array_size(lengths);
        int r = segment_count(text, &size, err);

        if (r < 0)
                return r;
        json_array_foreach(lengths, index, each)
        {
                if (strcmp(json_string_value(json_object_get(each, "template")), name) != 0)
                        continue;
                at = index + 1;
                if (strcmp(json_string_value(json_object_get(each, "language")), language) != 0)
                        continue;
                if (json_integer_value(json_object_get(each, "segments")) >= (json_int_t)size.segments)
                        return 0;
                json_array_remove(lengths, index);
                at = index;
                break;
        }
        row = json_pack("{s:s, s:s, s:s, s:i}", "template", name, "language", language, "encoding",
                        segment_encoding_name(size.encoding), "segments", (int)size.segments);
        if (row && looking->check->segment_micros >= 0)
                json_object_set_new(
                    row, "cost",
                    json_real((double)looking->check->segment_micros * (double)size.segments / 1e6));
        return json_array_insert_new(lengths, at, row) < 0 ? err_set(err, ERR_NOMEM, "check: out of memory")
                                                           : 0;
}

static int render(struct looking *looking, bool everything, struct err *err)
{
        _cleanup_(free_ptr) char *title = NULL, *text = NULL;
        struct value *values = check_sample(looking->rule, looking->notify, everything);
        struct err fault = {0};
        int r;

        if (!values)
                return err_set(err, ERR_NOMEM, "check: out of memory");
        r = compose_message(looking->check->catalogue, looking->locale, looking->entry->name,
                            looking->entry->kind, values, &title, &text, &fault);
        value_free(values);
        if (r == ERR_NOMEM)
                return err_set(err, r, "check: out of memory");
        if (r < 0)
                return check_fault(looking->check, "%s (rule %s%s)", fault.text, looking->rule->name,
                                   everything ? ""
                                              : ", without what may be missing: set the piece into {{#…}}");
        return looking->entry->kind == CATALOGUE_SMS ? note_length(looking, text, err) : 0;
}

static int look_at(struct looking *looking, struct err *err)
{
        struct catalogue_partials partials = {looking->check->catalogue, looking->language};
        int before = (int)json_array_size(looking->check->faults), r = 0;

        looking->check->templates++;
        if (looking->entry->subject)
                r = template_variables(looking->entry->subject, catalogue_partial, &partials, look_at_use,
                                       looking);
        if (r == 0)
                r = template_variables(looking->entry->text, catalogue_partial, &partials, look_at_use,
                                       looking);
        if (r < 0)
                return err_set(err, r, "check: out of memory");
        if ((int)json_array_size(looking->check->faults) > before)
                return 0; /* a rendering would say the same again */
        r = render(looking, true, err);
        return r < 0 ? r : render(looking, false, err);
}

/* ---- languages */

static int add_language(void *context, const char *name, struct err *err)
{
        struct languages *languages = context;

        for (int i = 0; i < languages->count; i++)
                if (strcmp(languages->names[i], name) == 0)
                        return 0;
        if (languages->count == LANGUAGE_MAX)
                return err_set(err, ERR_LIMIT, "check: more than %d languages", LANGUAGE_MAX);
        snprintf(languages->names[languages->count++], LOCALE_LANGUAGE_MAX_BYTES, "%s", name);
        return 0;
}

/* Those of the templates and those that people speak. */
static int find_languages(const struct check *check, struct languages *languages, struct err *err)
{
        struct db *db = NULL;
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
                add_language(languages, needed[i], NULL);
        for (size_t i = 0; i < catalogue_count(check->catalogue) && r == 0; i++)
                r = add_language(languages, catalogue_at(check->catalogue, i)->language, err);
        if (r < 0 || !check->database)
                return r;
        r = db_open(check->database, DB_READER, &db, err);
        if (r == 0)
                r = person_languages(db, add_language, languages, err);
        db_close(db);
        return r;
}

static bool is_needed(const char *language)
{
        for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
                if (strcmp(needed[i], language) == 0)
                        return true;
        return false;
}

/* ---- all of them */

static int note_fallback(struct check *check, const char *language, const char *template)
{
        size_t index;
        json_t *each, *found = NULL, *name;

        json_array_foreach(check->fallbacks, index, each)
        {
                if (strcmp(json_string_value(json_object_get(each, "language")), language) == 0)
                        found = each;
        }
        if (!found) {
                found = json_pack("{s:s, s:[], s:b}", "language", language, "messages", "own_line",
                                  catalogue_find(check->catalogue, language, "call-school", CATALOGUE_SMS) !=
                                      NULL);
                if (json_array_append_new(check->fallbacks, found) < 0)
                        return ERR_NOMEM;
        }
        json_array_foreach(json_object_get(found, "messages"), index, name)
        {
                if (strcmp(json_string_value(name), template) == 0)
                        return 0;
        }
        return json_array_append_new(json_object_get(found, "messages"), json_string(template)) < 0
                   ? ERR_NOMEM
                   : 0;
}

static int check_one(struct looking *looking, enum catalogue_kind kind, struct err *err)
{
        struct check *check = looking->check;
        int r;

        looking->entry = catalogue_find(check->catalogue, looking->language, looking->notify->template, kind);
        if (!looking->entry && is_needed(looking->language))
                return check_fault(check,
                                   "%s: rule %s tells by %s with the template %s, which is not there in %s: "
                                   "write templates/%s/%s.%s.txt",
                                   looking->rule->file, looking->rule->name,
                                   kind == CATALOGUE_SMS ? "SMS" : "e-mail", looking->notify->template,
                                   looking->language, looking->language, looking->notify->template,
                                   kind == CATALOGUE_SMS ? "sms" : "email");
        if (!looking->entry) {
                r = note_fallback(check, looking->language, looking->notify->template);
                return r < 0 ? err_set(err, r, "check: out of memory") : 0;
        }
        r = locale_new(looking->language, SAMPLE_ZONE, &looking->locale, err);
        if (r == 0)
                r = look_at(looking, err);
        looking->locale = locale_free(looking->locale);
        return r;
}

static int check_notify(struct looking *looking, const struct languages *languages, struct err *err)
{
        struct value *values = check_sample(looking->rule, looking->notify, true);
        int r = values ? 0 : err_set(err, ERR_NOMEM, "check: out of memory");

        looking->values = values;
        for (int i = 0; i < languages->count && r == 0; i++) {
                looking->language = languages->names[i];
                for (int k = 0; k < looking->notify->by_count && r == 0; k++)
                        r = check_one(looking,
                                      strcmp(looking->notify->by[k], "sms") == 0 ? CATALOGUE_SMS
                                                                                 : CATALOGUE_EMAIL,
                                      err);
        }
        value_free(values);
        return r;
}

/* The line's template, and the one that staff get in place of the home. */
static int check_both(struct looking *looking, const struct rule_notify *notify,
                      const struct languages *languages, struct err *err)
{
        struct rule_notify for_staff = *notify;
        int r;

        looking->notify = notify;
        r = check_notify(looking, languages, err);
        if (r < 0 || !notify->staff_template)
                return r;
        for_staff.template = notify->staff_template;
        looking->notify = &for_staff;
        return check_notify(looking, languages, err);
}

int check_templates(struct check *check, struct err *err)
{
        struct looking looking = {.check = check};
        struct languages languages = {0};
        int r = find_languages(check, &languages, err);

        for (int i = 0; i < check->book->count && r == 0; i++) {
                looking.rule = check->book->rules[i];
                if (i == 0) /* whichever it is: the message says no more than its name */
                        r = check_both(&looking, &rule_fault_notify, &languages, err);
                for (int k = 0; k < looking.rule->notify_count && r == 0; k++)
                        r = check_both(&looking, &looking.rule->notify[k], &languages, err);
        }
        return r;
}
