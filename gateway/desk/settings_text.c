/* Texts of messages: which there are; one of them, how it reads, how many SMS it is in each language and what
 * they cost, and setting it anew. */
#include "compose/html.h"
#include "desk/pages.h"
#include "desk/settings.h"
#include "engine/text_check.h"
#include "store/budget.h"

#include <stdio.h>
#include <string.h>

#define SAMPLE_NUMBER "+358400000010" /* whose price is shown */
#define LISTED_MAX 40                 /* templates on a page */
#define VALUES_MAX 80                 /* names that are told */
#define NAME_MAX_BYTES 160

static const char *const channel_names[] = {[CATALOGUE_SMS] = "sms", [CATALOGUE_EMAIL] = "email"};

/* ---- the list */

struct listing {
        struct desk *desk;
        struct value *list;
        int64_t start;
        int seen;
};

static int note_own(void *context, const char *item, const char *part, struct err *err)
{
        struct value *own = context;
        const struct value *before = value_get(own, item, strlen(item));

        (void)part;
        (void)err;
        if (strspn(item, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(item))
                return 0; /* no template: another program wrote it */
        value_set_count(own, item, before ? before->count + 1 : 1);
        return 0;
}

static void add_template(struct listing *listing, const struct setting_template *template)
{
        struct desk *desk = listing->desk;
        struct value *map = value_append_map(listing->list);
        const struct value *own =
            value_get(value_find(desk->values, "own"), template->name, strlen(template->name));

        value_set_text(map, "name", template->name);
        desk_set_url(map, "name_query", template->name);
        value_set_text(map, "title", settings_rule(desk, template->rule->name));
        value_set_bool(map, "is_urgent", template->is_urgent);
        value_set_bool(map, "sms", template->kinds & 1u << CATALOGUE_SMS);
        value_set_bool(map, "email", template->kinds & 1u << CATALOGUE_EMAIL);
        if (own)
                value_set_count(map, "own_texts", own->count);
}

static int note_template(void *context, const struct setting_template *template, struct err *err)
{
        struct listing *listing = context;
        const char *like = desk_query(listing->desk, DESK_Q_LIKE);

        (void)err;
        if (*like && !strcasestr(template->name, like) &&
            !strcasestr(settings_rule(listing->desk, template->rule->name), like))
                return 0;
        if (listing->seen >= listing->start && listing->seen < listing->start + LISTED_MAX)
                add_template(listing, template);
        listing->seen++;
        return 0;
}

int settings_texts_show(struct desk *desk)
{
        struct listing listing = {.desk = desk, .start = strtoll(desk_query(desk, DESK_Q_START), NULL, 10)};
        int r = settings_set_place(desk);

        if (r != 0)
                return r;
        if (listing.start < 0)
                listing.start = 0;
        value_set_text(desk->values, "like", desk_query(desk, DESK_Q_LIKE));
        desk_set_url(desk->values, "like_query", desk_query(desk, DESK_Q_LIKE));
        value_set_text(desk->values, "first_language", desk->place.language);
        r = setting_own_each(desk->db, SETTING_TEXT, desk->subject.id, note_own,
                             value_set_map(desk->values, "own"), desk->err);
        listing.list = value_set_list(desk->values, "templates");
        if (r == 0)
                r = setting_each_template(desk->web->book, note_template, &listing, desk->err);
        if (listing.seen > listing.start + LISTED_MAX)
                value_set_count(desk->values, "next", listing.start + LISTED_MAX);
        return r;
}

/* ---- one text */

struct text_of {
        struct setting_text what;
        char language[LOCALE_LANGUAGE_MAX_BYTES];
        char part[LOCALE_LANGUAGE_MAX_BYTES + 8];
        bool is_urgent; /* a rule that sends it may be */
};

/* ?name=absence-alert&kind=fi/sms; false when it names no text that is ever sent. */
static bool find_text(const struct desk *desk, struct text_of *text)
{
        const char *part = desk_query(desk, DESK_Q_KIND), *slash = strchr(part, '/');

        if (!slash || (size_t)(slash - part) >= sizeof text->language || slash == part ||
            strlen(part) >= sizeof text->part)
                return false;
        *text = (struct text_of){.what.template = desk_query(desk, DESK_Q_NAME)};
        memcpy(text->language, part, (size_t)(slash - part));
        memcpy(text->part, part, strlen(part) + 1);
        text->what.language = text->language;
        text->what.kind = CATALOGUE_SMS;
        if (strcmp(slash + 1, "email") == 0)
                text->what.kind = CATALOGUE_EMAIL;
        else if (strcmp(slash + 1, "sms") != 0)
                return false;
        return locale_knows(text->language) &&
               setting_is_sent(desk->web->book, &text->what, &text->is_urgent);
}

static struct setting_key key_of(const struct desk *desk, const struct text_of *text)
{
        return (struct setting_key){.kind = SETTING_TEXT,
                                    .organisation = desk->subject.id,
                                    .item = text->what.template,
                                    .part = text->part};
}

static void set_size(struct desk *desk, struct value *map, const struct segment_size *size, int64_t micros)
{
        if (!size->segments)
                return;
        value_set_count(map, "segments", (int64_t)size->segments);
        value_set_count(map, "units", (int64_t)size->units);
        value_set_bool(map, "is_dear", size->encoding == SEGMENT_UCS2);
        value_set_text(map, "alphabet",
                       desk_word_of(desk, "alphabet", segment_encoding_name(size->encoding)));
        if (micros >= 0) {
                char cost[32];
                const int64_t cents = (micros * (int64_t)size->segments + 50) / 100; /* of a ten-thousandth */

                snprintf(cost, sizeof cost, "%lld.%04lld", (long long)(cents / 10000),
                         (long long)(cents % 10000));
                value_set_text(map, "cost", cost);
        }
}

static int read_price(struct desk *desk, int64_t *ret_micros)
{
        int r;

        *ret_micros = -1;
        r = price_find(desk->db, SAMPLE_NUMBER, ret_micros, desk->err);
        if (r == 0)
                *ret_micros = -1;
        return r < 0 ? r : 0;
}

static void set_sample(struct desk *desk, struct value *values, const char *key,
                       const struct setting_sample *sample, int64_t micros)
{
        struct value *map;

        if (!sample->text)
                return;
        map = value_set_map(values, key);
        value_set_text(map, "title", sample->title);
        value_set_text(map, "text", sample->text);
        set_size(desk, map, &sample->size, micros);
}

/* What the typed text, or the one that stands, looks like. */
static int set_result(struct desk *desk, const struct setting_text *what, int64_t micros)
{
        struct setting_report report;
        struct value *list = value_set_list(desk->values, "faults");
        struct err fault = {0};
        int r = setting_try_text(desk->web->book, desk->web->texts, what, &report, &fault);

        if (r == ERR_NOMEM)
                return err_set(desk->err, r, "desk: out of memory");
        if (r < 0)
                value_set_text(value_append_map(list), "fault", fault.text);
        for (int i = 0; i < report.fault_count; i++)
                value_set_text(value_append_map(list), "fault", report.faults[i]);
        value_set_bool(desk->values, "is_faulty", r < 0 || report.fault_count);
        if (r == 0 && !report.fault_count) {
                set_sample(desk, desk->values, "longest", &report.longest, micros);
                set_sample(desk, desk->values, "shortest", &report.shortest, micros);
        }
        setting_report_fini(&report);
        return 0;
}

/* ---- the same in the other languages */

static int add_language(struct desk *desk, struct value *list, const struct text_of *text,
                        const char *language, int64_t micros)
{
        _cleanup_(setting_effective_fini) struct setting_effective effective = {0};
        struct setting_text what = text->what;
        struct text_of other = *text;
        struct setting_report report;
        struct setting_key key;
        struct value *map;
        int r;

        snprintf(other.part, sizeof other.part, "%s/%s", language, channel_names[text->what.kind]);
        key = key_of(desk, &other);
        r = setting_effective(desk->db, &key, &effective, desk->err);
        if (r < 0)
                return r;
        what.language = language;
        what.text = r ? effective.value : NULL;
        r = setting_try_text(desk->web->book, desk->web->texts, &what, &report, NULL);
        if (r == 0) {
                map = value_append_map(list);
                desk_set_language(desk, map, "language", language);
                desk_set_url(map, "part_query", other.part);
                value_set_bool(map, "is_current", strcmp(language, text->language) == 0);
                if (effective.value)
                        value_set_text(map, "owner", effective.owner_name);
                value_set_bool(map, "is_wrong", report.fault_count);
                set_size(desk, map, &report.longest.size, micros);
        }
        setting_report_fini(&report);
        return r == ERR_NOMEM ? err_set(desk->err, r, "desk: out of memory") : 0;
}

static int set_languages(struct desk *desk, const struct text_of *text, int64_t micros)
{
        struct value *list = value_set_list(desk->values, "texts");
        char last[LOCALE_LANGUAGE_MAX_BYTES] = "";
        int r = 0;

        for (size_t i = 0; r == 0 && i < catalogue_count(desk->web->texts); i++) {
                const struct catalogue_entry *entry = catalogue_at(desk->web->texts, i);

                if (strcmp(entry->language, last) == 0 || entry->kind != text->what.kind ||
                    strcmp(entry->name, text->what.template) != 0)
                        continue;
                snprintf(last, sizeof last, "%s", entry->language);
                r = add_language(desk, list, text, last, micros);
        }
        return r;
}

/* ---- which values may be named */

static void add_names(struct value *list, const struct value *map, const char *before, int *count)
{
        char name[NAME_MAX_BYTES];

        for (const struct value *each = map->first; each && *count < VALUES_MAX; each = each->next) {
                snprintf(name, sizeof name, "%s%s", before, each->key);
                if (each->kind == VALUE_MAP) {
                        strncat(name, ".", sizeof name - strlen(name) - 1);
                        add_names(list, each, name, count);
                        continue;
                }
                (*count)++;
                if (each->kind == VALUE_BOOL || each->kind == VALUE_LIST)
                        snprintf(name, sizeof name, "{{#%s%s}}…{{/%s%s}}", before, each->key, before,
                                 each->key);
                else
                        snprintf(name, sizeof name, "{{%s%s}}", before, each->key);
                value_append_text(list, name);
        }
}

static int set_names(struct desk *desk, const struct setting_text *what)
{
        const struct rulebook *book = desk->web->book;
        struct value *list = value_set_list(desk->values, "names"), *sample;
        int count = 0;

        for (int i = 0; i < book->count; i++)
                for (int k = 0; k < book->rules[i]->notify_count; k++) {
                        const struct rule_notify *notify = &book->rules[i]->notify[k];

                        if (strcmp(notify->template, what->template) != 0 &&
                            (!notify->staff_template || strcmp(notify->staff_template, what->template) != 0))
                                continue;
                        sample = rule_sample(book->rules[i], notify, true);
                        if (!sample)
                                return err_set(desk->err, ERR_NOMEM, "desk: out of memory");
                        add_names(list, sample, "", &count);
                        value_free(sample);
                        return 0;
                }
        return 0;
}

/* ---- showing */

/* The file's text; *ret_text is to be freed, NULL: there is no file. */
static int read_file_text(struct desk *desk, const struct text_of *text, char **ret_text)
{
        const struct catalogue_entry *entry =
            catalogue_find(desk->web->texts, text->language, text->what.template, text->what.kind);
        struct buf buf;

        *ret_text = NULL;
        if (!entry || strcmp(entry->language, text->language) != 0)
                return 0;
        buf_init(&buf, TEMPLATE_MAX_BYTES);
        catalogue_source(entry, &buf);
        *ret_text = buf_take(&buf);
        buf_fini(&buf);
        return *ret_text ? 0 : err_set(desk->err, ERR_NOMEM, "desk: out of memory");
}

/* What stands: the nearest organisation's, else the file's. */
static int find_standing(struct desk *desk, const struct text_of *text, char **ret_text)
{
        _cleanup_(setting_effective_fini) struct setting_effective effective = {0};
        const struct setting_key key = key_of(desk, text);
        int r = setting_effective(desk->db, &key, &effective, desk->err);

        if (r < 0)
                return r;
        if (r == 0)
                return read_file_text(desk, text, ret_text);
        if (strcmp(effective.owner, desk->subject.id) != 0)
                value_set_text(desk->values, "from", effective.owner_name);
        *ret_text = TAKE(effective.value);
        return 0;
}

static char *without_returns(const char *text)
{
        char *copy = strdup(text), *to = copy;

        for (; copy && *text; text++)
                if (*text != '\r')
                        *to++ = *text;
        if (copy)
                *to = '\0';
        return copy;
}

/* Who is to approve a text sees how it reads. */
static int set_pending(struct desk *desk, const struct text_of *text, int64_t micros)
{
        const struct setting_key key = key_of(desk, text);
        struct setting_text what = text->what;
        struct setting_report report;
        const struct value *pending;
        int r = settings_set_key(desk, desk->values, &key);

        pending = value_find(desk->values, "pending.value");
        if (r < 0 || !pending || pending->kind != VALUE_TEXT)
                return r;
        what.text = pending->text;
        r = setting_try_text(desk->web->book, desk->web->texts, &what, &report, NULL);
        if (r == 0)
                set_sample(desk, (struct value *)value_find(desk->values, "pending"), "reads",
                           &report.longest, micros);
        setting_report_fini(&report);
        return r == ERR_NOMEM ? err_set(desk->err, r, "desk: out of memory") : 0;
}

static int set_text(struct desk *desk, struct text_of *text)
{
        _cleanup_(free_ptr) char *standing = NULL, *typed = NULL;
        int64_t micros;
        int r = find_standing(desk, text, &standing);

        if (r == 0)
                r = read_price(desk, &micros);
        if (r == 0 && desk->form && *form_value(desk->form, "text")) {
                typed = without_returns(form_value(desk->form, "text"));
                r = typed ? 0 : err_set(desk->err, ERR_NOMEM, "desk: out of memory");
        }
        if (r < 0)
                return r;
        value_set_text(desk->values, "text", typed ? typed : standing ? standing : "");
        value_set_text(desk->values, "currency",
                       desk->web->options.currency ? desk->web->options.currency : "EUR");
        value_set_bool(desk->values, "has_price", micros >= 0 && text->what.kind == CATALOGUE_SMS);
        value_set_bool(desk->values, "is_missing", !standing);
        text->what.text = typed ? typed : standing;
        if (text->what.text)
                r = set_result(desk, &text->what, micros);
        if (r == 0)
                r = set_pending(desk, text, micros);
        return r < 0 || desk->form ? r : set_languages(desk, text, micros);
}

int settings_text_show(struct desk *desk)
{
        struct setting_filter history = {.organisation = desk->subject.id, .kind = SETTING_TEXT, .state = -1};
        struct text_of text;
        int r = find_text(desk, &text) ? settings_set_place(desk) : 404;

        if (r != 0)
                return r;
        value_set_text(desk->values, "template", text.what.template);
        value_set_text(desk->values, "language_code", text.language);
        desk_set_language(desk, desk->values, "language_name", text.language);
        value_set_text(desk->values, "channel", desk_word_of(desk, "channel", channel_names[text.what.kind]));
        value_set_bool(desk->values, "is_sms", text.what.kind == CATALOGUE_SMS);
        desk_set_url(desk->values, "template_query", text.what.template);
        desk_set_url(desk->values, "part_query", text.part);
        value_set_text(desk->values, "language_direction",
                       html_direction_name(html_direction(text.language)));
        value_set_bool(desk->values, "is_urgent", text.is_urgent);
        r = set_text(desk, &text);
        if (r == 0)
                r = set_names(desk, &text.what);
        history.item = text.what.template;
        history.part = text.part;
        return r == 0 ? settings_set_rows(desk, "rows", &history) : r;
}

/* ---- setting */

/* 1: the text may be set; else the status to refuse with. */
static int check(struct desk *desk, const struct text_of *text, const char *typed)
{
        struct setting_text what = text->what;
        struct setting_report report;
        struct err fault = {0};
        int r;

        what.text = typed;
        if (!*typed)
                return desk_refuse(desk, 422, "settings-empty");
        r = setting_try_text(desk->web->book, desk->web->texts, &what, &report, &fault);
        if (r == ERR_NOMEM)
                r = err_set(desk->err, r, "desk: out of memory");
        else if (r < 0)
                r = desk_refuse(desk, 422, r == ERR_LIMIT ? "settings-too-long" : "settings-faulty");
        else
                r = report.fault_count ? desk_refuse(desk, 422, "settings-faulty") : 1;
        setting_report_fini(&report);
        return r;
}

/* CLEAR: none of its own any more. */
static int set(struct desk *desk, const struct form *form, const struct text_of *text, bool clear)
{
        _cleanup_(free_ptr) char *typed = without_returns(form_value(form, "text"));
        struct setting_wish wish = {
            .key = key_of(desk, text), .seen = form_number(form, "seen"), .urgent = text->is_urgent};
        int r = typed ? 1 : err_set(desk->err, ERR_NOMEM, "desk: out of memory");

        if (r > 0 && !clear)
                r = check(desk, text, typed);
        if (r != 1)
                return r;
        r = desk_once(desk, form);
        if (r <= 0)
                return r < 0 ? r : 409;
        wish.value = clear ? NULL : typed;
        return settings_propose(desk, &wish);
}

int settings_text_act(struct desk *desk, const struct form *form)
{
        const char *act = form_value(form, "act");
        struct text_of text;

        if (!find_text(desk, &text))
                return 404;
        if (strcmp(act, "look") == 0) {
                int r = settings_text_show(desk);

                desk->changes_nothing = true;
                return r == 0 ? 200 : r;
        }
        if (strcmp(act, "set") == 0 || strcmp(act, "clear") == 0)
                return set(desk, form, &text, strcmp(act, "clear") == 0);
        return settings_decide(desk, form, SETTING_TEXT);
}
