/* The evaluation at the end of a placement: by the supervisor, and the pupil's own. */
#include "store/evaluation.h"
#include "web/code.h"
#include "web/work.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX_BYTES 2000

static const char *part_of(const struct linked *linked)
{
        return strcmp(linked->link.kind, "pupil") == 0 ? "pupil" : "supervisor";
}

static int64_t given_by(const struct work_found *found, const char *part)
{
        return strcmp(part, "pupil") == 0 ? found->evaluated_by_pupil : found->evaluated;
}

static void add_criterion(struct linked *linked, struct value *list, const char *id)
{
        struct value *map = value_append_map(list), *marks;
        char name[PAGES_NAME_MAX_BYTES];
        const char *word;
        int64_t chosen;

        snprintf(name, sizeof name, "criterion-%s", id);
        word = linked_word(linked, name);
        value_set_text(map, "criterion", *word ? word : id);
        value_set_text(map, "field", name);
        chosen = linked->form ? form_number(linked->form, name) : -1;
        marks = value_set_list(map, "marks");
        for (int mark = EVALUATION_MARK_MAX; mark >= 1; mark--) {
                struct value *each = value_append_map(marks);

                snprintf(name, sizeof name, "mark-%d", mark);
                value_set_count(each, "mark", mark);
                value_set_text(each, "meaning", linked_word(linked, name));
                value_set_bool(each, "is_chosen", chosen == mark);
        }
}

int work_show_evaluate(struct linked *linked)
{
        struct work_found found;
        struct value *list;
        int r;

        linked->page = "evaluate";
        r = work_find(linked, &found, linked->err);
        if (r != 0)
                return r;
        value_set_bool(linked->values, "is_given", given_by(&found, part_of(linked)) != 0);
        value_set_bool(linked->values, "is_early",
                       !given_by(&found, part_of(linked)) && strcmp(found.last_day, linked->today) > 0);
        value_set_bool(linked->values, "is_open",
                       !given_by(&found, part_of(linked)) && strcmp(found.last_day, linked->today) <= 0);
        value_set_bool(linked->values, "is_own", strcmp(part_of(linked), "pupil") == 0);
        value_set_text(linked->values, "word", linked->form ? form_value(linked->form, "word") : "");
        list = value_set_list(linked->values, "criteria");
        for (int i = 0; i < linked->web->criteria.count; i++)
                add_criterion(linked, list, linked->web->criteria.ids[i]);
        return 0;
}

/* 0: a criterion has no mark. */
static int read_marks(const struct linked *linked, const struct form *form, json_t *marks)
{
        for (int i = 0; i < linked->web->criteria.count; i++) {
                char name[PAGES_NAME_MAX_BYTES];
                int64_t mark;

                snprintf(name, sizeof name, "criterion-%s", linked->web->criteria.ids[i]);
                mark = form_number(form, name);
                if (mark < 1 || mark > EVALUATION_MARK_MAX)
                        return 0;
                json_object_set_new(marks, linked->web->criteria.ids[i], json_integer(mark));
        }
        return 1;
}

/* In one line: an event holds no line ends. */
static char *copy_word(const char *word)
{
        char *copy = strdup(word);

        for (char *at = copy; at && *at; at++)
                if (*at == '\n' || *at == '\t')
                        *at = ' ';
        return copy;
}

int work_act_evaluate(struct linked *linked, const struct form *form)
{
        _cleanup_(free_ptr) char *word = copy_word(form_value(form, "word"));
        struct work_found found;
        json_t *marks;
        int r = work_find(linked, &found, linked->err);

        if (r < 0)
                return r;
        if (r == 404 || given_by(&found, part_of(linked)) || strcmp(found.last_day, linked->today) > 0)
                return linked_refuse(linked, 409, "stale");
        if (!word)
                return err_set(linked->err, ERR_NOMEM, "page: out of memory");
        if (strlen(word) > WORD_MAX_BYTES)
                return linked_refuse(linked, 422, "evaluate-long");
        marks = json_object();
        if (!read_marks(linked, form, marks)) {
                json_decref(marks);
                return linked_refuse(linked, 422, "evaluate-all");
        }
        return code_ask(linked, "evaluate", found.id, json_pack("{s:o,s:s}", "marks", marks, "word", word));
}

int work_evaluate(struct linked *linked, const struct form *form, const char *placement, const json_t *detail)
{
        json_t *data = (json_t *)detail;
        struct work_found found;
        int r;

        snprintf(linked->of, sizeof linked->of, "%s", placement);
        r = work_find(linked, &found, linked->err);
        if (r < 0)
                return r;
        if (r == 404 || given_by(&found, part_of(linked)) || !json_is_object(detail))
                return linked_refuse(linked, 409, "stale");
        data = json_copy(data);
        json_object_set_new(data, "placement", json_string(placement));
        json_object_set_new(data, "part", json_string(part_of(linked)));
        json_object_set_new(data, "by", json_string(linked->link.person));
        r = linked_event(linked, form, "evaluation.given", placement, data, linked->err);
        if (r < 0)
                return r;
        return r ? linked_done(linked, "evaluate", "done-evaluated") : linked_refuse(linked, 409, "stale");
}
