/* The page of a case: its number and step to whoever holds the link; after a one-time code what the reader
 * may see of it, and what its owner does with it. */
#include "web/case_page.h"
#include "web/code.h"

#include <string.h>

static const char *find_word(void *context, const char *name)
{
        return linked_word(context, name);
}

static int send_event(void *context, const struct form *form, const char *type, const char *subject,
                      json_t *data)
{
        struct linked *linked = context;

        return linked_event(linked, form, type, subject, data, linked->err);
}

static struct case_page page_of(struct linked *linked)
{
        return (struct case_page){.db = linked->db,
                                  .values = linked->values,
                                  .outcomes = &linked->web->outcomes,
                                  .id = linked->link.subject,
                                  .person = linked->link.person,
                                  .today = linked->today,
                                  .date = linked->date,
                                  .pupil_is_protected = linked->pupil_is_protected,
                                  .word = find_word,
                                  .send = send_event,
                                  .context = linked,
                                  .err = linked->err};
}

static int show_signed_in(struct linked *linked, const struct page_case *found)
{
        struct case_page page;
        int r;

        value_set_bool(linked->values, "is_in", true);
        if (found->parts & CASE_PUPIL) {
                r = linked_read_pupil(linked, linked->err);
                if (r < 0)
                        return r;
        }
        if (linked->pupil_is_protected) { /* whoever the case is about is asked of the school alone */
                free(linked->pupil_name);
                linked->pupil_name = NULL;
                place_fini(&linked->place);
        }
        value_set_bool(linked->values, "has_pupil", linked->pupil_name != NULL);
        if (linked->place.unit && !linked->pupil_is_protected)
                value_set_text(linked->values, "group", linked->place.unit);
        page = page_of(linked);
        return case_page_show(&page, found);
}

static int show_case(struct linked *linked)
{
        const struct case_page page = page_of(linked);
        struct page_case found;
        int r = case_page_get(&page, &found);

        linked->page = "case";
        if (r <= 0)
                return r < 0 ? r : 404;
        value_set_text(linked->values, "number", linked->link.subject);
        value_set_text(linked->values, "step", found.step);
        value_set_bool(linked->values, "is_closed", found.is_closed);
        r = case_session_stands(linked->db, linked->now, linked->hash, linked->session, linked->err);
        return r <= 0 ? r : show_signed_in(linked, &found);
}

/* Who hands it over may see no more of it: the answer is a page of its own. */
static int show_handed(struct linked *linked, const struct page_case *found)
{
        value_set_bool(linked->values, "is_handed", true);
        value_set_text(linked->values, "number", linked->link.subject);
        value_set_text(linked->values, "step", found->step);
        return 200;
}

static int act_signed_in(struct linked *linked, const struct form *form)
{
        const struct case_page page = page_of(linked);
        const char *word = NULL;
        struct page_case found;
        int status = 0, r = case_page_get(&page, &found);

        if (r < 0)
                return r;
        if (r == 0)
                return linked_refuse(linked, 409, "stale");
        r = case_page_act(&page, form, &found, &status, &word);
        if (r == CASE_PAGE_REFUSED)
                return linked_refuse(linked, status, word);
        if (r == CASE_PAGE_GIVEN_AWAY)
                return show_handed(linked, &found);
        linked->of[0] = '\0';
        return r < 0 ? r : linked_done(linked, "case", "done-case");
}

static int act_case(struct linked *linked, const struct form *form)
{
        int r;

        linked->page = "case";
        if (strcmp(form_value(form, "act"), "code") == 0)
                return code_ask(linked, "case", linked->link.subject, json_object());
        r = case_session_stands(linked->db, linked->now, linked->hash, linked->session, linked->err);
        if (r < 0)
                return r;
        return r ? act_signed_in(linked, form) : linked_refuse(linked, 403, "case-signed-out");
}

int case_sign_in(struct linked *linked, const struct form *form, const char *id, const json_t *detail)
{
        int r;

        (void)form;
        (void)detail;
        if (strcmp(id, linked->link.subject) != 0)
                return linked_refuse(linked, 400, "form-wrong");
        r = case_session_make(linked->db, linked->now, linked->hash, linked->session, linked->err);
        if (r < 0)
                return r;
        linked->is_new_session = true;
        linked->of[0] = '\0';
        return linked_done(linked, "case", NULL);
}

/* ---- the table */

static const char *first(const struct linked *linked)
{
        (void)linked;
        return "case";
}

static const struct linked_sub sub_table[] = {
    {"case", show_case, act_case},
    {"code", code_show, code_act},
    {NULL, NULL, NULL},
};

const struct linked_kind linked_case = {.kind = "case", .path = 'c', .subs = sub_table, .first = first};
