/* kapula surveys: how the rounds of asking stand, and what the answers of one sum up to. */
#include "command/config.h"
#include "command/verbs.h"
#include "store/network.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct listing {
        json_t *rows; /* NULL: in words */
        bool is_json;
        int count;
};

static void set_answered(json_t *row, int answered)
{
        json_object_set_new(row, "answered", answered < 0 ? json_null() : json_integer(answered));
}

static int list_one(void *context, const struct survey_state *state)
{
        const char *status = state->is_closed ? "closed" : "open";
        struct listing *listing = context;
        char few[32] = "fewer than 5";

        listing->count++;
        if (!listing->is_json) {
                if (state->answered >= 0)
                        snprintf(few, sizeof few, "%d", state->answered);
                printf("%s  %s  %s  asked %d, answered %s\n", state->id, state->organisation, status,
                       state->asked, few);
                return 0;
        }
        json_array_append_new(listing->rows,
                              json_pack("{s:s, s:s, s:s, s:i}", "survey", state->id, "organisation",
                                        state->organisation, "state", status, "asked", state->asked));
        set_answered(json_array_get(listing->rows, json_array_size(listing->rows) - 1), state->answered);
        return 0;
}

static int total_one(void *context, const char *question, const char *choice, int answers)
{
        struct listing *listing = context;

        if (!listing->is_json) {
                printf("  %s  %s  %d\n", question, choice, answers);
                return 0;
        }
        json_array_append_new(listing->rows, json_pack("{s:s, s:s, s:i}", "question", question, "choice",
                                                       choice, "answers", answers));
        return 0;
}

static int print_json(json_t *value, struct err *err)
{
        _cleanup_(free_ptr) char *text = value ? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

        json_decref(value);
        if (!text)
                return err_set(err, ERR_NOMEM, "surveys: out of memory");
        puts(text);
        return 0;
}

static int show(struct db *db, const char *id, bool is_json, struct err *err)
{
        struct listing surveys = {.is_json = is_json}, totals = {.is_json = is_json};
        int r;

        if (is_json) {
                surveys.rows = json_array();
                totals.rows = json_array();
        }
        r = survey_list(db, id, list_one, &surveys, err);
        if (r == 0 && id && surveys.count == 0)
                r = err_set(err, ERR_NOT_FOUND, "surveys: %.80s: no such survey: see kapula surveys", id);
        if (r == 0 && id)
                r = survey_totals(db, id, total_one, &totals, err);
        if (r == 0 && is_json && id)
                json_object_set(json_array_get(surveys.rows, 0), "totals", totals.rows);
        if (r == 0 && is_json)
                r = print_json(json_incref(id ? json_array_get(surveys.rows, 0) : surveys.rows), err);
        json_decref(surveys.rows);
        json_decref(totals.rows);
        return r;
}

static int run(int argc, char **argv, struct err *err)
{
        const char *db_option = NULL, *config = NULL;
        bool is_json = false;
        const struct option_spec table[] = {{.name = "--config", .value = &config},
                                            {.name = "--db", .value = &db_option},
                                            {.name = "--json", .flag = &is_json},
                                            {0}};
        const char *operands[OPERAND_MAX];
        struct db *db = NULL;
        int count, r;

        r = options_read(argc, argv, table, operands, &count, err);
        if (r == 0 && count > 1)
                r = err_set(err, ERR_USAGE, "surveys: %.40s: one survey at a time", operands[1]);
        if (r == 0)
                r = config_open_database(config, db_option, DB_WRITER, &db, err);
        if (r == 0)
                r = show(db, count ? operands[0] : NULL, is_json, err);
        db_close(db);
        return r;
}

const struct verb verb_surveys = {
    .name = "surveys",
    .usage = "[ID] [--json] [--db FILE] [--config FILE]",
    .summary = "how surveys stand, and what the answers of one sum up to",
    .details =
        "Only totals: none of fewer than five answers, and none from which such a one could be worked out.",
    .run = run,
};
