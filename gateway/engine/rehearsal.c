#include "engine/rehearsal.h"
#include "base/log.h"
#include "compose/message.h"
#include "engine/engine_private.h"
#include "store/parameter.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define SLOTS_MAX 4

/* The rules as they are prepared for one connection: only the thread of that connection touches them. */
struct slot {
        struct db *db; /* NULL: free */
        struct catalogue *catalogue;
        struct rulebook *book;
        struct engine *engine;
        unsigned generation;
};

struct rehearsal {
        int (*load)(void *context, struct rulebook **ret_book, struct err *err);
        void *load_context;
        pthread_mutex_t mutex; /* guards the two that follow, and which slot is whose */
        struct catalogue *catalogue;
        unsigned generation; /* of rules and templates; from 1 */
        struct slot slots[SLOTS_MAX];
};

struct rehearsal *rehearsal_new(int (*load)(void *context, struct rulebook **ret_book, struct err *err),
                                void *context, struct catalogue *catalogue)
{
        struct rehearsal *rehearsal = calloc(1, sizeof *rehearsal);

        if (!rehearsal)
                return NULL;
        pthread_mutex_init(&rehearsal->mutex, NULL);
        rehearsal->load = load;
        rehearsal->load_context = context;
        rehearsal->catalogue = catalogue_ref(catalogue);
        rehearsal->generation = 1;
        return rehearsal;
}

static void forget(struct slot *slot)
{
        slot->engine = engine_close(slot->engine);
        slot->book = rulebook_free(slot->book);
        slot->catalogue = catalogue_free(slot->catalogue);
        slot->generation = 0;
}

struct rehearsal *rehearsal_free(struct rehearsal *rehearsal)
{
        if (!rehearsal)
                return NULL;
        for (int i = 0; i < SLOTS_MAX; i++)
                forget(&rehearsal->slots[i]);
        catalogue_free(rehearsal->catalogue);
        pthread_mutex_destroy(&rehearsal->mutex);
        free(rehearsal);
        return NULL;
}

void rehearsal_use(struct rehearsal *rehearsal, struct catalogue *catalogue)
{
        pthread_mutex_lock(&rehearsal->mutex);
        catalogue_free(rehearsal->catalogue);
        rehearsal->catalogue = catalogue_ref(catalogue);
        rehearsal->generation++;
        pthread_mutex_unlock(&rehearsal->mutex);
}

/* The slot of DB; NULL when there are too many. *ret_catalogue: the templates that it must have in place of
 * those it has, held; NULL: it has the right ones. */
static struct slot *find_slot(struct rehearsal *rehearsal, struct db *db, struct catalogue **ret_catalogue,
                              unsigned *ret_generation)
{
        struct slot *slot = NULL;

        *ret_catalogue = NULL;
        pthread_mutex_lock(&rehearsal->mutex);
        for (int i = 0; i < SLOTS_MAX && !slot; i++)
                if (rehearsal->slots[i].db == db)
                        slot = &rehearsal->slots[i];
        for (int i = 0; i < SLOTS_MAX && !slot; i++)
                if (!rehearsal->slots[i].db)
                        slot = &rehearsal->slots[i];
        if (slot) {
                slot->db = db;
                *ret_generation = rehearsal->generation;
                if (slot->generation != rehearsal->generation)
                        *ret_catalogue = catalogue_ref(rehearsal->catalogue);
        }
        pthread_mutex_unlock(&rehearsal->mutex);
        return slot;
}

static int fill_slot(struct rehearsal *rehearsal, struct slot *slot, struct catalogue *catalogue,
                     unsigned generation, struct err *err)
{
        int r;

        forget(slot);
        slot->catalogue = catalogue;
        r = rehearsal->load(rehearsal->load_context, &slot->book, err);
        if (r == 0)
                r = engine_open(slot->book, slot->catalogue, &slot->engine, err);
        if (r < 0)
                forget(slot);
        else
                slot->generation = generation;
        return r;
}

static int prepare(struct rehearsal *rehearsal, struct db *db, struct slot **ret_slot, struct err *err)
{
        struct catalogue *catalogue;
        unsigned generation = 0;
        struct slot *slot = find_slot(rehearsal, db, &catalogue, &generation);
        int r = slot ? 0 : err_set(err, ERR_LIMIT, "rehearsal: asked on more than %d connections", SLOTS_MAX);

        if (r == 0 && catalogue)
                r = fill_slot(rehearsal, slot, catalogue, generation, err);
        if (r == 0)
                r = parameter_any(db, &slot->engine->has_parameters, err);
        if (r == 0)
                r = texts_refresh(slot->engine->texts, db, slot->catalogue, err);
        *ret_slot = slot;
        return r;
}

/* ---- one row */

struct asking {
        struct slot *slot;
        struct db *db;
        const struct rehearsal_question *question;
        struct rule *rule;
        struct subject subject;
        const struct parameter_values *parameters;
        int (*each)(void *context, const struct rehearsal_said *said, struct err *err);
        void *context;
};

/* The template of the first line of the rule that speaks of the row. */
static const char *find_template(const struct firing *firing)
{
        for (int i = 0; i < firing->rule->notify_count; i++) {
                const struct rule_notify *notify = &firing->rule->notify[i];

                if (!notify->when || row_is_true(firing->row, notify->when))
                        return notify->staff_template ? notify->staff_template : notify->template;
        }
        return NULL;
}

static int compose_text(const struct asking *asking, struct firing *firing, char **ret_text, struct err *err)
{
        const char *language = asking->question->language, *template = find_template(firing);
        struct value *values = NULL;
        struct locale *locale;
        char *title = NULL;
        int r;

        if (!template)
                return ERR_NOT_FOUND;
        if (!language || !catalogue_find(firing->catalogue, language, template, CATALOGUE_SMS))
                language = firing->place.language;
        r = locale_cache_get(firing->engine->locales, language, firing->place.timezone, &locale, err);
        if (r == 0)
                r = firing_values(firing, false, &values, err);
        if (r < 0)
                return r;
        value_set_null(values, "link");
        value_set_text(values, "recipient.first_name", asking->question->first_name);
        r = compose_message(firing->catalogue, locale, template, CATALOGUE_SMS, values, &title, ret_text,
                            err);
        free(title);
        value_free(values);
        return r;
}

static int say(const struct asking *asking, const struct row *row, struct err *err)
{
        _cleanup_(free_ptr) char *text = NULL;
        struct err fault = {0};
        struct firing firing = {.engine = asking->slot->engine,
                                .db = asking->db,
                                .rule = asking->rule,
                                .subject = &asking->subject,
                                .row = row,
                                .parameters = asking->parameters,
                                .now = asking->question->now};
        struct rehearsal_said said = {.rule = asking->rule->name,
                                      .key = row->key,
                                      .facts = row->facts_json,
                                      .values = row->facts,
                                      .due = row->due,
                                      .expires = row->expires};
        int r = firing_begin(&firing, err);

        if (r == 0 && compose_text(asking, &firing, &text, &fault) == 0)
                said.text = text;
        place_fini(&firing.place);
        return r < 0 ? r : asking->each(asking->context, &said, err);
}

static int ask_rule(struct asking *asking, struct err *err)
{
        int64_t now = asking->question->now;
        struct parameter_values values;
        struct row_list rows = {0};
        int r = subject_parameters(asking->slot->engine, asking->db, asking->rule, &asking->subject, now,
                                   &values, &asking->parameters, err);

        if (r == 0)
                r = evaluate(asking->rule, asking->db, asking->subject.id, asking->parameters, now, &rows,
                             err);
        for (int i = 0; i < rows.count && r == 0; i++)
                if (!rows.items[i].suppressed)
                        r = say(asking, &rows.items[i], err);
        row_list_fini(&rows);
        return r;
}

int rehearsal_ask(struct rehearsal *rehearsal, struct db *db, const struct rehearsal_question *question,
                  int (*each)(void *context, const struct rehearsal_said *said, struct err *err),
                  void *context, struct err *err)
{
        struct asking asking = {.db = db, .question = question, .each = each, .context = context};
        struct err fault = {0};
        int r;

        if (snprintf(asking.subject.kind, sizeof asking.subject.kind, "%s", question->kind) >=
                (int)sizeof asking.subject.kind ||
            snprintf(asking.subject.id, sizeof asking.subject.id, "%s", question->subject) >=
                (int)sizeof asking.subject.id)
                return 0;
        r = prepare(rehearsal, db, &asking.slot, err);
        for (const char *const *name = question->rules; *name && r == 0; name++) {
                asking.rule = rulebook_find(asking.slot->book, *name);
                if (!asking.rule || strcmp(asking.rule->kind, question->kind) != 0)
                        continue;
                r = ask_rule(&asking, &fault);
                if (r == ERR_INVALID || r == ERR_LIMIT || r == ERR_NOT_FOUND) {
                        log_error("rehearsal", "rule %s: %s", asking.rule->name, fault.text);
                        r = 0;
                } else if (r < 0 && err) {
                        *err = fault;
                }
        }
        return r;
}
