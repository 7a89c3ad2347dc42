/* Templates against the rules that use them: present in every language that is needed, and asking for nothing
 * that the rule does not supply. */
#include "command/check.h"
#include "compose/catalogue.h"
#include "engine/rule.h"
#include "engine/text_check.h"
#include "engine/texts.h"
#include "store/db.h"
#include "store/person.h"

#include <stdio.h>
#include <string.h>

#define LANGUAGE_MAX 200

/* Those that every message must be there in. */
static const char *const needed[] = {"fi", "sv", "en"};

struct languages {
        char names[LANGUAGE_MAX][LOCALE_LANGUAGE_MAX_BYTES];
        int count;
};

/* One template of one rule in one language. */
struct looking {
        struct check *check;
        const struct catalogue *catalogue;
        const struct rule *rule;
        const struct rule_notify *notify;
        const char *language;
};

/* ---- a template */

static int note_fault(void *context, const char *text)
{
        const struct looking *looking = context;

        return check_fault(looking->check, "%s", text);
}

/* Keeps the greatest length of each template and language. */
static int note_length(void *context, const char *title, const char *text, bool everything,
                       const struct segment_size *size)
{
        const struct looking *looking = context;
        json_t *lengths = looking->check->lengths, *each, *row;
        const char *name = looking->notify->template, *language = looking->language;
        size_t index, at = json_array_size(lengths);

        (void)text;
        (void)everything;
        if (title || !size->segments)
                return 0;
        json_array_foreach(lengths, index, each)
        {
                if (strcmp(json_string_value(json_object_get(each, "template")), name) != 0)
                        continue;
                at = index + 1;
                if (strcmp(json_string_value(json_object_get(each, "language")), language) != 0)
                        continue;
                if (json_integer_value(json_object_get(each, "segments")) >= (json_int_t)size->segments)
                        return 0;
                json_array_remove(lengths, index);
                at = index;
                break;
        }
        row = json_pack("{s:s, s:s, s:s, s:i}", "template", name, "language", language, "encoding",
                        segment_encoding_name(size->encoding), "segments", (int)size->segments);
        if (row && looking->check->segment_micros >= 0)
                json_object_set_new(
                    row, "cost",
                    json_real((double)looking->check->segment_micros * (double)size->segments / 1e6));
        return json_array_insert_new(lengths, at, row) < 0 ? ERR_NOMEM : 0;
}

static int note_answerable(void *context, const struct catalogue_entry *entry, const char *text,
                           bool can_reply)
{
        const struct looking *looking = context;

        return check_reply(looking->check, looking->rule, looking->catalogue, entry, text, can_reply);
}

static int look_at(struct looking *looking, enum catalogue_kind kind, struct err *err)
{
        const struct text_check look = {
            .catalogue = looking->catalogue,
            .rule = looking->rule,
            .notify = looking->notify,
            .language = looking->language,
            .kind = kind,
            .fault = note_fault,
            .rendered = note_length,
            .answerable = note_answerable,
            .no_replies = looking->check->ways_known && !looking->check->any_replies,
            .context = looking,
        };

        looking->check->templates++;
        return text_check(&look, err);
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

        if (catalogue_find(looking->catalogue, looking->language, looking->notify->template, kind))
                return look_at(looking, kind, err);
        if (is_needed(looking->language))
                return check_fault(check,
                                   "%s: rule %s tells by %s with the template %s, which is not there in %s: "
                                   "write templates/%s/%s.%s.txt",
                                   looking->rule->file, looking->rule->name,
                                   kind == CATALOGUE_SMS ? "SMS" : "e-mail", looking->notify->template,
                                   looking->language, looking->language, looking->notify->template,
                                   kind == CATALOGUE_SMS ? "sms" : "email");
        r = note_fallback(check, looking->language, looking->notify->template);
        return r < 0 ? err_set(err, r, "check: out of memory") : 0;
}

static int check_notify(struct looking *looking, const struct languages *languages, struct err *err)
{
        int r = 0;

        for (int i = 0; i < languages->count && r == 0; i++) {
                looking->language = languages->names[i];
                for (int k = 0; k < looking->notify->by_count && r == 0; k++)
                        r = check_one(looking,
                                      strcmp(looking->notify->by[k], "sms") == 0 ? CATALOGUE_SMS
                                                                                 : CATALOGUE_EMAIL,
                                      err);
        }
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

static int check_catalogue(struct looking *looking, const struct languages *languages, struct err *err)
{
        const struct rulebook *book = looking->check->book;
        int r = 0;

        for (int i = 0; i < book->count && r == 0; i++) {
                looking->rule = book->rules[i];
                if (i == 0) /* whichever it is: the message says no more than its name */
                        r = check_both(looking, &rule_fault_notify, languages, err);
                for (int k = 0; k < looking->rule->notify_count && r == 0; k++)
                        r = check_both(looking, &looking->rule->notify[k], languages, err);
        }
        return r;
}

/* ---- what organisations have set at the desk */

static void note_unreadable(void *context, const char *organisation, const struct err *fault)
{
        (void)organisation; /* it stands in the text */
        check_fault(context, "%s", fault->text);
}

static bool uses(const struct rule_notify *notify, const char *template)
{
        return strcmp(notify->template, template) == 0 ||
               (notify->staff_template && strcmp(notify->staff_template, template) == 0);
}

/* One text of an organisation, as each line of a rule that names it uses it. */
static int check_own(struct looking *looking, const char *organisation, const struct catalogue_entry *entry,
                     struct err *err)
{
        const struct rulebook *book = looking->check->book;
        struct rule_notify notify;
        bool is_used = strcmp(entry->name, RULE_FAULT_TEMPLATE) == 0;
        int r = 0;

        looking->language = entry->language;
        for (int i = 0; i < book->count && r == 0; i++)
                for (int k = 0; k < book->rules[i]->notify_count && r == 0; k++) {
                        if (!uses(&book->rules[i]->notify[k], entry->name))
                                continue;
                        is_used = true;
                        notify = book->rules[i]->notify[k];
                        notify.template = (char *)entry->name;
                        looking->rule = book->rules[i];
                        looking->notify = &notify;
                        r = look_at(looking, entry->kind, err);
                }
        if (r == 0 && !is_used)
                r = check_fault(looking->check, "texts of %.60s: %s: no rule uses it: take the text away",
                                organisation, entry->name);
        return r;
}

static int check_texts(struct looking *looking, struct err *err)
{
        struct check *check = looking->check;
        struct texts *texts = check->database ? texts_new() : NULL;
        const char *organisation;
        struct db *db = NULL;
        int r = texts || !check->database ? 0 : err_set(err, ERR_NOMEM, "check: out of memory");

        if (r < 0 || !texts)
                return r;
        texts_on_fault(texts, note_unreadable, check);
        r = db_open(check->database, DB_READER, &db, err);
        if (r == 0)
                r = texts_refresh(texts, db, check->catalogue, err);
        for (size_t i = 0; r == 0 && i < texts_count(texts); i++) {
                looking->catalogue = texts_at(texts, i, &organisation);
                for (size_t k = 0; k < catalogue_count(looking->catalogue) && r == 0; k++)
                        r = check_own(looking, organisation, catalogue_at(looking->catalogue, k), err);
        }
        texts_free(texts);
        db_close(db);
        return r;
}

int check_templates(struct check *check, struct err *err)
{
        struct looking looking = {.check = check, .catalogue = check->catalogue};
        struct languages languages = {0};
        int r = find_languages(check, &languages, err);

        if (r == 0)
                r = check_catalogue(&looking, &languages, err);
        return r < 0 ? r : check_texts(&looking, err);
}
