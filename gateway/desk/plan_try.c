/* A plan looked at before it is made: the event is taken in inside a savepoint, the rules and the calendar
 * say what they would say to the rows as they then stand, and all of it is rolled back. So the warnings are
 * those of the real thing, and nothing is written or sent. */
#include "desk/plan.h"
#include "engine/rehearsal.h"

#include <stdio.h>
#include <string.h>

#define SAID_MAX 32
#define SAID_KEY_MAX 1024

/* About the pupil; keep in alphabetical order. */
static const char *const rules[] = {"card-needed", "placement-plan", NULL};

struct trial {
        struct desk *desk;
        struct value *warnings;
        char *before[SAID_MAX]; /* what was said without the plan */
        int before_count;
        bool is_before;
        struct value *map; /* that a callback fills */
};

static void add_warning(struct trial *trial, const char *text)
{
        value_set_text(value_append_map(trial->warnings), "text", text);
}

/* What was said already in the same words is no news about this plan. */
static int note_said(void *context, const struct rehearsal_said *said, struct err *err)
{
        struct trial *trial = context;
        char key[SAID_KEY_MAX];

        snprintf(key, sizeof key, "%s\n%s\n%s", said->rule, said->key, said->facts);
        if (trial->is_before && trial->before_count < SAID_MAX) {
                trial->before[trial->before_count] = strdup(key);
                return trial->before[trial->before_count++] ? 0
                                                            : err_set(err, ERR_NOMEM, "desk: out of memory");
        }
        for (int i = 0; i < trial->before_count; i++)
                if (strcmp(trial->before[i], key) == 0)
                        return 0;
        if (!trial->is_before && said->text && said->expires > trial->desk->now)
                add_warning(trial, said->text);
        return 0;
}

static int ask_rules(struct trial *trial, const char *pupil)
{
        struct desk *desk = trial->desk;
        const struct rehearsal_question question = {.kind = "pupil",
                                                    .subject = pupil,
                                                    .rules = rules,
                                                    .language = desk_language(desk),
                                                    .first_name = desk->person_name,
                                                    .now = desk->now};

        return desk->web->options.rehearsal ? rehearsal_ask(desk->web->options.rehearsal, desk->db, &question,
                                                            note_said, trial, desk->err)
                                            : 0;
}

static int add_clash(void *context, const struct desk_clash *clash, struct err *err)
{
        struct trial *trial = context;
        struct value *map = value_append_map(trial->map);
        bool is_meeting = strcmp(clash->kind, "meeting") == 0;

        (void)err;
        value_set_bool(map, "is_meeting", is_meeting);
        value_set_text(map, "name",
                       is_meeting && !clash->name ? desk_word_of(trial->desk, "meeting-kind", clash->code)
                                                  : clash->name);
        desk_set_day(map, "day", clash->day);
        value_set_count(map, "days", clash->days);
        return 0;
}

static int add_free_day(void *context, const struct desk_date *date, struct err *err)
{
        struct trial *trial = context;
        struct value *map = value_append_map(trial->map);

        (void)err;
        desk_set_day(map, "day", date->day);
        value_set_text(map, "name", date->name);
        return 0;
}

static int look(struct trial *trial, const char *placement, const char *pupil)
{
        struct desk *desk = trial->desk;
        struct desk_subject subject;
        int r = ask_rules(trial, pupil);

        if (r == 0)
                r = desk_subject_find(desk->db, DESK_SUBJECT_PUPIL, pupil, desk->today, &subject, desk->err);
        if (r <= 0)
                return r;
        trial->map = value_set_list(desk->values, "clashes");
        r = desk_placement_clashes(desk->db, placement, subject.organisation, add_clash, trial, desk->err);
        trial->map = value_set_list(desk->values, "free_days");
        if (r == 0)
                r = desk_placement_free_days(desk->db, placement, subject.organisation, add_free_day, trial,
                                             desk->err);
        if (r == 0)
                r = desk_placement_work_days(desk->db, placement, desk->err);
        if (r >= 0)
                value_set_count(desk->values, "work_days", r);
        if (r == 0)
                add_warning(trial, desk_word(desk, "plan-no-work-days"));
        value_set_bool(desk->values, "has_free_days", value_find(desk->values, "free_days")->first);
        value_set_bool(desk->values, "has_warnings",
                       trial->warnings->first || value_find(desk->values, "clashes")->first);
        return r < 0 ? r : 0;
}

int plan_try(struct desk *desk, const struct form *form, const char *type, const char *placement,
             const char *pupil, json_t *data)
{
        struct trial trial = {.desk = desk, .warnings = value_set_list(desk->values, "warnings")};
        int r;

        trial.is_before = true;
        r = ask_rules(&trial, pupil);
        trial.is_before = false;
        if (r == 0)
                r = db_savepoint(desk->db, desk->err);
        if (r < 0) {
                json_decref(data);
        } else {
                r = desk_event(desk, form, type, placement, data);
                if (r > 0) {
                        int s = look(&trial, placement, pupil);

                        r = s < 0 ? s : 1;
                }
                db_savepoint_rollback(desk->db);
        }
        for (int i = 0; i < trial.before_count; i++)
                free(trial.before[i]);
        return r;
}

/* ---- of what stands already */

struct standing {
        struct desk *desk;
        struct value *list;
        const char *placement;
};

/* Rules about placements begin their keys with the placement. */
static int add_standing(void *context, const struct rehearsal_said *said, struct err *err)
{
        struct standing *standing = context;
        size_t length = strlen(standing->placement);

        (void)err;
        if (said->text && said->expires > standing->desk->now &&
            strncmp(said->key, standing->placement, length) == 0 && said->key[length] == '/')
                value_set_text(value_append_map(standing->list), "text", said->text);
        return 0;
}

int plan_set_standing(struct desk *desk, const char *placement, const char *pupil)
{
        struct standing standing = {desk, value_set_list(desk->values, "standing"), placement};
        const struct rehearsal_question question = {.kind = "pupil",
                                                    .subject = pupil,
                                                    .rules = rules,
                                                    .language = desk_language(desk),
                                                    .first_name = desk->person_name,
                                                    .now = desk->now};
        int r = desk->web->options.rehearsal ? rehearsal_ask(desk->web->options.rehearsal, desk->db,
                                                             &question, add_standing, &standing, desk->err)
                                             : 0;

        value_set_bool(desk->values, "has_standing", standing.list && standing.list->first);
        return r;
}
