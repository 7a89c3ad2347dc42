#include "base/date.h"
#include "base/log.h"
#include "engine/engine_private.h"
#include "store/db.h"
#include "store/notice.h"
#include "store/parameter.h"

#include <stdio.h>
#include <string.h>

#define STAFF_HOLD "staff-hold" /* why a match is dropped while staff hold what is about its pupil */

/* ---- the engine itself */

int engine_open(struct rulebook *book, const struct catalogue *catalogue, struct engine **ret_engine,
                struct err *err)
{
        struct engine *engine = calloc(1, sizeof *engine);

        if (engine) {
                engine->locales = locale_cache_new();
                engine->texts = texts_new();
        }
        if (!engine || !engine->locales || !engine->texts) {
                engine_close(engine);
                return err_set(err, ERR_NOMEM, "engine: out of memory");
        }
        engine_use(engine, book, catalogue);
        *ret_engine = engine;
        return 0;
}

struct engine *engine_close(struct engine *engine)
{
        if (!engine)
                return NULL;
        texts_free(engine->texts);
        locale_cache_free(engine->locales);
        free(engine->changes);
        free(engine);
        return NULL;
}

void engine_use(struct engine *engine, struct rulebook *book, const struct catalogue *catalogue)
{
        engine->book = book;
        engine->catalogue = catalogue;
        texts_forget(engine->texts);
}

void engine_on_invitation(struct engine *engine,
                          int (*invite)(void *context, struct db *db, const char *rule, const char *meeting,
                                        const char *person, const char *address, int64_t now_utc,
                                        char **ret_calendar, struct err *err),
                          void *context)
{
        engine->invite = invite;
        engine->invite_context = context;
}

void engine_on_effect(struct engine *engine, void (*effect)(void *context, const struct effect *effect),
                      void *context)
{
        engine->effect = effect;
        engine->effect_context = context;
}

void engine_tell(const struct firing *firing, const struct effect *effect)
{
        struct effect whole = *effect;

        if (!firing->engine->effect)
                return;
        whole.rule = firing->rule->name;
        whole.subject = firing->subject->id;
        whole.key = firing->row ? firing->row->key : effect->key;
        whole.time_utc = firing->now;
        whole.timezone = firing->place.timezone;
        firing->engine->effect(firing->engine->effect_context, &whole);
}

int firing_begin(struct firing *firing, struct err *err)
{
        const struct rule *rule = firing->rule;
        const struct row *row = firing->row;
        struct recipient_person pupil = {0};
        struct zone *zone;
        int32_t date;
        int seconds, r;

        firing->urgent = rule->urgent || (rule->urgent_when && row_is_true(row, rule->urgent_when));
        if (!row->organisation)
                return err_set(err, ERR_INVALID, "rule %s: gave a row without an organisation", rule->name);
        r = place_get(firing->db, row->organisation, &firing->place, err);
        if (r == 0)
                r = zone_keep(firing->place.timezone, &zone, err);
        if (r == 0)
                r = texts_of(firing->engine->texts, firing->db, row->organisation, firing->engine->catalogue,
                             &firing->catalogue, err);
        if (r < 0)
                return r;
        zone_to_local(zone, firing->now, &date, &seconds);
        date_print(date, firing->today);
        if (!row->pupil)
                return 0;
        r = recipient_person_get(firing->db, row->pupil, firing->now, &pupil, err);
        firing->pupil_is_protected = pupil.is_protected;
        recipient_person_fini(&pupil);
        return r;
}

/* ---- one row */

/* One subject, seen by one rule. */
struct pass {
        struct engine *engine;
        struct db *db;
        struct rule *rule;
        const struct subject *subject;
        const struct parameter_values *parameters;
        int64_t now;
        int64_t timer; /* when to look again, the rule's earliest wish so far */
};

static int begin_firing(struct pass *pass, const struct row *row, int64_t match, struct firing *firing,
                        struct err *err)
{
        *firing = (struct firing){
            .engine = pass->engine,
            .db = pass->db,
            .rule = pass->rule,
            .subject = pass->subject,
            .row = row,
            .parameters = pass->parameters,
            .match = match,
            .now = pass->now,
        };
        return firing_begin(firing, err);
}

/* Its time has come. */
static int tell_row(struct pass *pass, const struct row *row, int64_t match, struct err *err)
{
        struct firing firing;
        int r = begin_firing(pass, row, match, &firing, err);

        if (r == 0 && row->pupil) {
                r = pupil_is_held(pass->db, row->pupil, row->organisation, pass->now, err);
                if (r > 0) {
                        r = suppress(&firing, STAFF_HOLD, err);
                        place_fini(&firing.place);
                        return r;
                }
        }
        if (r == 0 && !row->suppressed) {
                r = register_hold(&firing, err);
                if (r > 0) {
                        place_fini(&firing.place);
                        return 0;
                }
        }
        if (r == 0)
                r = row->suppressed ? suppress(&firing, row->suppressed, err) : fire(&firing, err);
        place_fini(&firing.place);
        return r;
}

static int suppress_row(struct pass *pass, const struct row *row, int64_t match, const char *reason,
                        struct err *err)
{
        struct firing firing;
        int r = begin_firing(pass, row, match, &firing, err);

        if (r == 0)
                r = suppress(&firing, reason, err);
        place_fini(&firing.place);
        return r;
}

static int insert(struct pass *pass, const struct row *row, int64_t *ret_id, struct err *err)
{
        struct match_row match = {
            .rule = pass->rule->name,
            .kind = pass->subject->kind,
            .subject = pass->subject->id,
            .pupil = row->pupil,
            .key = row->key,
            .facts = row->facts_json,
            .version = pass->rule->version,
            .due = row->due,
            .expires = row->expires,
            .seen = pass->now,
        };

        return match_insert(pass->db, &match, ret_id, err);
}

/* A row that no match stands for yet. */
static int meet_row(struct pass *pass, const struct row *row, struct err *err)
{
        bool is_old = row->dated < pass->now - ENGINE_OLD,
             is_late = row->expires <= pass->now || row->expires <= row->due;
        int64_t id;
        int r;

        if (is_late && is_old)
                return 0; /* a term that was imported: nothing to remember */
        if (row->due > pass->now + ENGINE_HORIZON) {
                if (row->due - ENGINE_HORIZON < pass->timer)
                        pass->timer = row->due - ENGINE_HORIZON;
                return 0;
        }
        r = insert(pass, row, &id, err);
        if (r < 0)
                return r;
        if (is_old)
                return match_end(pass->db, id, MATCH_DROPPED, "past", pass->now, err);
        if (is_late)
                return suppress_row(pass, row, id, row->suppressed ? row->suppressed : "too-late", err);
        return row->due <= pass->now ? tell_row(pass, row, id, err) : 0;
}

static int resolve(struct pass *pass, int64_t match, const char *key, const char *organisation,
                   const char *reason, struct err *err)
{
        struct firing firing = {.engine = pass->engine,
                                .rule = pass->rule,
                                .subject = pass->subject,
                                .db = pass->db,
                                .now = pass->now};
        struct effect effect = {.kind = EFFECT_RESOLVED, .key = key, .reason = reason};
        int r = match_end(pass->db, match, MATCH_RESOLVED, reason, pass->now, err);

        if (r == 0 && organisation)
                r = place_get(pass->db, organisation, &firing.place, err);
        if (r == 0)
                engine_tell(&firing, &effect);
        place_fini(&firing.place);
        return r;
}

/* What is urgent and was dropped because staff held it is told when they let go, while it is of use. 1: it is
 * pending again. */
static int revive(struct pass *pass, const struct row *row, int64_t id, struct err *err)
{
        const struct rule *rule = pass->rule;
        int r;

        if (row->suppressed || !row->pupil || !row->organisation || row->expires <= pass->now ||
            !(rule->urgent || (rule->urgent_when && row_is_true(row, rule->urgent_when))))
                return 0;
        r = pupil_is_held(pass->db, row->pupil, row->organisation, pass->now, err);
        return r != 0 ? (r < 0 ? r : 0) : match_revive(pass->db, id, STAFF_HOLD, err);
}

/* A row whose match stands already. */
static int meet_again(struct pass *pass, const struct row *row, int64_t id, enum match_state state,
                      struct err *err)
{
        struct match_row match = {.facts = row->facts_json,
                                  .version = pass->rule->version,
                                  .due = row->due,
                                  .expires = row->expires};
        int r;

        if (state == MATCH_DROPPED) {
                r = revive(pass, row, id, err);
                if (r <= 0)
                        return r;
                state = MATCH_PENDING;
        }
        switch (state) {
        case MATCH_FIRED:
                if (row->suppressed && row->expires > pass->now)
                        return resolve(pass, id, row->key, row->organisation, row->suppressed, err);
                return 0;
        case MATCH_PENDING:
                r = match_update(pass->db, id, &match, err);
                if (r < 0)
                        return r;
                if (row->expires <= pass->now)
                        return suppress_row(pass, row, id, row->suppressed ? row->suppressed : "too-late",
                                            err);
                return row->due <= pass->now ? tell_row(pass, row, id, err) : 0;
        default:
                return 0;
        }
}

/* ---- one rule */

/* Matches that stand while their rows are gone. */
struct orphans {
        struct pass *pass;
        const struct row_list *rows;
        struct orphan {
                int64_t id;
                enum match_state state;
                char *key, *facts;
                int64_t due, expires;
        } * items;
        int count, room;
};

static int note_orphan(void *context, const struct open_match *match, struct err *err)
{
        struct orphans *orphans = context;

        for (int i = 0; i < orphans->rows->count; i++)
                if (strcmp(orphans->rows->items[i].key, match->key) == 0)
                        return 0;
        if (orphans->count == orphans->room) {
                int room = orphans->room ? orphans->room * 2 : 8;
                struct orphan *items = reallocarray(orphans->items, (size_t)room, sizeof *items);

                if (!items)
                        return err_set(err, ERR_NOMEM, "engine: out of memory");
                orphans->items = items;
                orphans->room = room;
        }
        orphans->items[orphans->count] = (struct orphan){
            match->id, match->state, strdup(match->key), strdup(match->facts), match->due, match->expires};
        return orphans->items[orphans->count++].facts ? 0 : err_set(err, ERR_NOMEM, "engine: out of memory");
}

/* What the row said is kept in its facts: enough to tell who is not told now. */
static int drop(struct pass *pass, const struct orphan *orphan, const char *reason, struct err *err)
{
        struct row row;
        int r;

        if (pass->rule->forgets && orphan->state == MATCH_PENDING)
                return match_forget(pass->db, orphan->id, err);
        r = row_of_facts(orphan->key, orphan->facts, &row, err);
        if (r < 0)
                return r;
        row.due = orphan->due;
        row.expires = orphan->expires;
        if (orphan->state == MATCH_FIRED)
                r = resolve(pass, orphan->id, orphan->key, row.organisation, reason, err);
        else if (row.organisation)
                r = suppress_row(pass, &row, orphan->id, reason, err);
        else
                r = match_end(pass->db, orphan->id, MATCH_DROPPED, reason, pass->now, err);
        row_fini(&row);
        return r;
}

static void free_orphans(struct orphans *orphans)
{
        for (int i = 0; i < orphans->count; i++) {
                free(orphans->items[i].key);
                free(orphans->items[i].facts);
        }
        free(orphans->items);
}

static int compare(struct pass *pass, const struct row_list *rows, const struct orphans *orphans,
                   struct err *err)
{
        int64_t id;
        enum match_state state;
        int r = 0;

        for (int i = 0; i < orphans->count && r == 0; i++)
                r = drop(pass, &orphans->items[i], pass->rule->gone, err);
        for (int i = 0; i < rows->count && r == 0; i++) {
                r = match_find(pass->db, pass->rule->name, rows->items[i].key, &id, &state, err);
                if (r == 0)
                        r = meet_row(pass, &rows->items[i], err);
                else if (r > 0)
                        r = meet_again(pass, &rows->items[i], id, state, err);
        }
        return r;
}

/* All of it or nothing: a match never stands as fired with only some of its people told. */
static int compare_whole(struct pass *pass, const struct row_list *rows, struct err *err)
{
        struct orphans orphans = {.pass = pass, .rows = rows};
        bool is_open = false;
        int r;

        r = match_open(pass->db, pass->rule->name, pass->subject->kind, pass->subject->id, pass->now,
                       note_orphan, &orphans, err);
        if (r == 0 && (rows->count || orphans.count)) {
                r = db_savepoint(pass->db, err);
                is_open = r == 0;
        }
        if (is_open)
                r = compare(pass, rows, &orphans, err);
        free_orphans(&orphans);
        if (!is_open)
                return r;
        if (r < 0) {
                db_savepoint_rollback(pass->db);
                return r;
        }
        return db_savepoint_release(pass->db, err);
}

/* A rule that fails on a subject costs that rule and subject alone, and is tried again later. */
static int note_failure(struct pass *pass, const struct err *failure, struct err *err)
{
        log_error("engine", "rule %s failed on a subject: %s", pass->rule->name, failure->text);
        if (pass->now + ENGINE_RETRY < pass->timer)
                pass->timer = pass->now + ENGINE_RETRY;
        return match_postpone(pass->db, pass->rule->name, pass->subject->kind, pass->subject->id,
                              pass->now + ENGINE_RETRY, err);
}

static int apply_rule(struct pass *pass, struct err *err)
{
        struct parameter_values values;
        struct row_list rows = {0};
        struct err failure = {0};
        int r;

        /* Asked each time: the step that wrote it may have been rolled back, by a full disk. */
        r = rule_version_id(pass->db, pass->rule->name, pass->rule->hash, pass->rule->text, pass->now,
                            &pass->rule->version, err);
        if (r < 0)
                return r;
        r = subject_parameters(pass->engine, pass->db, pass->rule, pass->subject, pass->now, &values,
                               &pass->parameters, err);
        if (r < 0)
                return r;
        r = evaluate(pass->rule, pass->db, pass->subject->id, pass->parameters, pass->now, &rows, &failure);
        if (r == 0)
                r = compare_whole(pass, &rows, &failure);
        row_list_fini(&rows);
        if (r == ERR_INVALID || r == ERR_LIMIT || r == ERR_NOT_FOUND || r == ERR_CONFLICT)
                return note_failure(pass, &failure, err);
        if (r < 0 && err)
                *err = failure;
        return r;
}

/* ---- subjects */

/* What is said to those who were told comes first: a correction is read before the next alert. */
static bool takes_back(const struct rule *rule)
{
        return rule->notify_count && strcmp(rule->notify[0].to, "told") == 0;
}

/* Which rules look at a subject, and their timers. */
struct look {
        const struct rulebook *book;
        const char *kind;
        int64_t now;
        bool wanted[RULE_MAX]; /* whatever has changed: its time has come */
        int64_t timers[RULE_MAX];
        bool has_stranger; /* something waits for a rule that is no more */
};

static int find_rule(const struct look *look, const char *name)
{
        for (int i = 0; i < look->book->count; i++)
                if (strcmp(look->book->rules[i]->name, name) == 0)
                        return strcmp(look->book->rules[i]->kind, look->kind) == 0 ? i : -1;
        return -1;
}

static int note_timer(void *context, const char *rule, int64_t at_utc, struct err *err)
{
        struct look *look = context;
        int i = find_rule(look, rule);

        (void)err;
        if (i < 0) {
                look->has_stranger |= at_utc <= look->now;
        } else {
                look->timers[i] = at_utc;
                look->wanted[i] |= at_utc <= look->now;
        }
        return 0;
}

static int note_due(void *context, const char *rule, struct err *err)
{
        struct look *look = context;
        int i = find_rule(look, rule);

        (void)err;
        if (i < 0)
                look->has_stranger = true;
        else
                look->wanted[i] = true;
        return 0;
}

static int open_look(struct look *look, struct db *db, const struct change *change, struct err *err)
{
        const struct subject *subject = &change->subject;
        int r;

        for (int i = 0; i < look->book->count; i++)
                look->timers[i] = INT64_MAX;
        r = timer_each(db, subject->kind, subject->id, note_timer, look, err);
        if (r == 0 && change->touched != FACTS_ALL)
                r = match_due_rules(db, subject->kind, subject->id, look->now, note_due, look, err);
        return r;
}

static int look_with(struct look *look, struct pass *pass, int rule, unsigned *touched, struct err *err)
{
        int64_t before = db_all_changes(pass->db);
        int r;

        pass->rule = look->book->rules[rule];
        pass->timer = INT64_MAX;
        r = apply_rule(pass, err);
        if (db_all_changes(pass->db) != before)
                *touched |= FACTS_TOLD;
        if (r == 0 && pass->timer != look->timers[rule])
                r = timer_set(pass->db, pass->subject->kind, pass->subject->id, pass->rule->name, pass->timer,
                              err);
        return r;
}

/* Timers and pending matches whose rule was taken away. */
static int drop_strangers(struct pass *pass, struct err *err)
{
        int r = match_drop_ownerless(pass->db, pass->subject->kind, pass->subject->id, pass->now, err);

        return r < 0 ? r : timer_forget(pass->db, pass->subject->kind, pass->subject->id, pass->now, err);
}

/* A rule looks when its time has come, or when something that it reads may be new: it would say again what it
 * has said otherwise. What the engine writes itself is new to those who read it, from the first row on. */
static int apply_rules(struct engine *engine, struct db *db, const struct change *change, int64_t now,
                       struct err *err)
{
        struct pass pass = {.engine = engine, .db = db, .subject = &change->subject, .now = now};
        struct look look = {.book = engine->book, .kind = change->subject.kind, .now = now};
        unsigned touched = change->touched ? change->touched | FACTS_TOLD : 0;
        int count = look.book->count, r = open_look(&look, db, change, err);
        bool is_whole = change->touched == FACTS_ALL || look.has_stranger;

        for (int i = 0; i < 2 * count && r == 0; i++) {
                const struct rule *rule = look.book->rules[i % count];

                if (strcmp(rule->kind, look.kind) != 0 || takes_back(rule) != (i < count))
                        continue;
                if (is_whole || look.wanted[i % count] || (select_reads(rule->main.select) & touched))
                        r = look_with(&look, &pass, i % count, &touched, err);
        }
        return r == 0 && is_whole ? drop_strangers(&pass, err) : r;
}

static int make_room(struct engine *engine, int max, struct err *err)
{
        struct change *changes;

        if (max <= engine->change_room)
                return 0;
        changes = reallocarray(engine->changes, (size_t)max, sizeof *changes);
        if (!changes)
                return err_set(err, ERR_NOMEM, "engine: out of memory");
        engine->changes = changes;
        engine->change_room = max;
        return 0;
}

/* A step that is rolled back takes the versions with it that it was the first to write. */
static void forget_versions(struct rulebook *book)
{
        for (int i = 0; i < book->count; i++)
                book->rules[i]->version = 0;
}

int engine_step(struct engine *engine, struct db *db, int64_t now_utc, int max, int *ret_done,
                struct err *err)
{
        int count = 0, again = 0, r;

        r = make_room(engine, max, err);
        if (r == 0)
                r = parameter_any(db, &engine->has_parameters, err);
        if (r == 0)
                r = texts_refresh(engine->texts, db, engine->catalogue, err);
        if (r == 0)
                r = next_channels(engine, db, now_utc, max, &again, err);
        if (r == 0)
                r = digest_gather(db, now_utc, err);
        if (r == 0)
                r = budget_release(db, now_utc, err);
        if (r == 0)
                r = notice_release(db, now_utc, err);
        if (r == 0)
                r = change_take(db, engine->changes, max, &count, err);
        if (r == 0 && count == 0)
                r = timer_due(db, now_utc, engine->changes, max, &count, err);
        if (r == 0 && count == 0)
                r = match_due(db, now_utc, engine->changes, max, &count, err);
        for (int i = 0; i < count && r == 0; i++)
                r = apply_rules(engine, db, &engine->changes[i], now_utc, err);
        if (r == 0)
                *ret_done = count + again;
        else
                forget_versions(engine->book);
        return r;
}
