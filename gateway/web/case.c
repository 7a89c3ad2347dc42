/* The page of a case: its number and step to whoever holds the link; after a one-time code what the reader
 * may see of it, and what its owner does with it. Outcomes are codes, never free text. */
#include "base/date.h"
#include "store/page_case.h"
#include "web/code.h"

#include <stdio.h>
#include <string.h>

#define NEXT_MAX_DAYS 366 /* how far ahead the next contact may lie */

/* What may be chosen; the words stand with those of the pages (outcome-CODE). */
static const char *const contact_outcomes[] = {"reached-pupil", "reached-home", "no-answer", "meeting-agreed",
                                               NULL};
static const char *const close_outcomes[] = {"resolved", "study-place", "other-service", "moved-away", NULL};

static struct value *list_of(struct linked *linked, const char *name)
{
        return (struct value *)value_find(linked->values, name);
}

/* The word of CODE, or the code itself where somebody else has made it up. */
static const char *word_of(const struct linked *linked, const char *prefix, const char *code)
{
        char name[PAGE_CASE_CODE_SIZE + 16];
        const char *word;

        snprintf(name, sizeof name, "%s-%s", prefix, code);
        word = linked_word(linked, name);
        return *word ? word : code;
}

static int add_step(void *context, const char *act, int64_t at, int64_t hours, struct err *err)
{
        struct linked *linked = context;
        struct value *map = value_append_map(list_of(linked, "steps"));

        (void)err;
        value_set_text(map, "act", word_of(linked, "case-act", act));
        value_set_time(map, "at", at);
        if (hours >= 0 && value_find(linked->values, "sees_hours"))
                value_set_count(map, "hours", hours);
        return 0;
}

static int add_act(void *context, const char *act, const char *outcome, int64_t at, struct err *err)
{
        struct linked *linked = context;
        struct value *map = value_append_map(list_of(linked, "acts"));

        (void)err;
        value_set_text(map, "act", word_of(linked, "case-act", act));
        value_set_time(map, "at", at);
        if (*outcome)
                value_set_text(map, "outcome", word_of(linked, "outcome", outcome));
        return 0;
}

static int add_placement(void *context, const char *workplace, const char *first_day, const char *last_day,
                         struct err *err)
{
        struct linked *linked = context;
        struct value *map = value_append_map(list_of(linked, "placements"));
        int32_t date;

        (void)err;
        value_set_text(map, "workplace", linked->pupil_is_protected ? NULL : workplace);
        if (date_parse(first_day, &date))
                value_set_date(map, "first_day", date);
        if (date_parse(last_day, &date))
                value_set_date(map, "last_day", date);
        return 0;
}

static int add_heir(void *context, const char *person, const char *name, struct err *err)
{
        struct linked *linked = context;
        struct value *map = value_append_map(list_of(linked, "heirs"));

        (void)err;
        value_set_text(map, "person", person);
        value_set_text(map, "name", name);
        return 0;
}

static void set_outcomes(struct linked *linked, const char *name, const char *const *codes)
{
        struct value *list = value_set_list(linked->values, name);

        for (; *codes; codes++) {
                struct value *map = value_append_map(list);

                value_set_text(map, "code", *codes);
                value_set_text(map, "outcome", word_of(linked, "outcome", *codes));
        }
}

/* ---- what the reader may see: each part is asked for only when it is theirs */

static int set_lists(struct linked *linked, const struct page_case *found)
{
        const char *id = linked->link.subject;
        int r = 0;

        value_set_bool(linked->values, "sees_steps", found->parts & CASE_STEPS);
        value_set_bool(linked->values, "sees_contacts", found->parts & CASE_CONTACTS);
        value_set_bool(linked->values, "sees_placements", found->parts & CASE_PLACEMENTS);
        value_set_list(linked->values, "steps");
        value_set_list(linked->values, "acts");
        value_set_list(linked->values, "placements");
        if (found->parts & CASE_HOURS)
                value_set_bool(linked->values, "sees_hours", true);
        if (found->parts & CASE_STEPS)
                r = page_case_steps(linked->db, id, add_step, linked, linked->err);
        if (r == 0 && found->parts & CASE_CONTACTS)
                r = page_case_acts(linked->db, id, add_act, linked, linked->err);
        if (r == 0 && found->parts & CASE_PLACEMENTS)
                r = page_case_placements(linked->db, linked->link.pupil, add_placement, linked, linked->err);
        return r;
}

static void set_plain(struct linked *linked, const struct page_case *found)
{
        bool sees_permission = found->parts & CASE_PERMISSION;
        int32_t date;

        value_set_bool(linked->values, "sees_permission", sees_permission);
        value_set_bool(linked->values, "is_permitted",
                       sees_permission && strcmp(found->permission, "permitted") == 0);
        value_set_bool(linked->values, "is_refused",
                       sees_permission && strcmp(found->permission, "refused") == 0);
        value_set_bool(linked->values, "sees_next", found->parts & CASE_NEXT);
        if (found->parts & CASE_NEXT && date_parse(found->next_contact, &date))
                value_set_date(linked->values, "next_contact", date);
}

static int set_forms(struct linked *linked, const struct page_case *found)
{
        value_set_bool(linked->values, "may_act", found->may_act && !found->is_closed);
        value_set_bool(linked->values, "is_new", !found->is_acknowledged);
        value_set_list(linked->values, "heirs");
        if (!found->may_act || found->is_closed)
                return 0;
        set_outcomes(linked, "contact_outcomes", contact_outcomes);
        set_outcomes(linked, "close_outcomes", close_outcomes);
        return page_case_heirs(linked->db, linked->link.subject, linked->today, add_heir, linked,
                               linked->err);
}

static int show_signed_in(struct linked *linked, const struct page_case *found)
{
        int r;

        value_set_bool(linked->values, "is_in", true);
        value_set_bool(linked->values, "sees_nothing", !found->parts);
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
        set_plain(linked, found);
        r = set_lists(linked, found);
        return r < 0 ? r : set_forms(linked, found);
}

static int get_case(struct linked *linked, struct page_case *ret_case)
{
        return page_case_get(linked->db, linked->link.subject, linked->link.person, linked->today, ret_case,
                             linked->err);
}

static int show_case(struct linked *linked)
{
        struct page_case found;
        int r = get_case(linked, &found);

        linked->page = "case";
        if (r <= 0)
                return r < 0 ? r : 404;
        value_set_text(linked->values, "number", linked->link.subject);
        value_set_text(linked->values, "step", found.step);
        value_set_bool(linked->values, "is_closed", found.is_closed);
        r = case_session_stands(linked->db, linked->now, linked->hash, linked->session, linked->err);
        return r <= 0 ? r : show_signed_in(linked, &found);
}

/* ---- what the owner does */

static bool is_one_of(const char *const *codes, const char *code)
{
        for (; *codes; codes++)
                if (strcmp(*codes, code) == 0)
                        return true;
        return false;
}

static int send_event(struct linked *linked, const struct form *form, const char *type, json_t *data)
{
        int r;

        json_object_set_new(data, "case", json_string(linked->link.subject));
        json_object_set_new(data, "by", json_string(linked->link.person));
        r = linked_event(linked, form, type, linked->link.subject, data, linked->err);
        if (r < 0)
                return r;
        linked->of[0] = '\0';
        return r ? linked_done(linked, "case", "done-case") : linked_refuse(linked, 409, "stale");
}

static int act_acknowledge(struct linked *linked, const struct form *form, const struct page_case *found)
{
        (void)found;
        return send_event(linked, form, "case.acknowledged", json_object());
}

static int act_contacted(struct linked *linked, const struct form *form, const struct page_case *found)
{
        const char *outcome = form_value(form, "outcome"), *next = form_value(form, "next");
        json_t *data;
        int32_t date;

        (void)found;
        if (!is_one_of(contact_outcomes, outcome))
                return linked_refuse(linked, 422, "case-choose");
        if (*next && (!date_parse(next, &date) || date < linked->date || date > linked->date + NEXT_MAX_DAYS))
                return linked_refuse(linked, 422, "case-next-wrong");
        data = json_pack("{s:s}", "outcome", outcome);
        if (*next)
                json_object_set_new(data, "next", json_string(next));
        return send_event(linked, form, "case.contacted", data);
}

static int act_close(struct linked *linked, const struct form *form, const struct page_case *found)
{
        const char *outcome = form_value(form, "outcome");

        (void)found;
        if (!is_one_of(close_outcomes, outcome))
                return linked_refuse(linked, 422, "case-choose");
        return send_event(linked, form, "case.closed", json_pack("{s:s}", "outcome", outcome));
}

struct heir {
        const char *person;
        bool is_found;
};

static int look(void *context, const char *person, const char *name, struct err *err)
{
        struct heir *heir = context;

        (void)name;
        (void)err;
        heir->is_found |= strcmp(person, heir->person) == 0;
        return 0;
}

/* Who hands it over may see no more of it: the answer is a page of its own. */
static int act_hand_over(struct linked *linked, const struct form *form, const struct page_case *found)
{
        struct heir heir = {.person = form_value(form, "to")};
        int r;

        if (strcmp(found->permission, "permitted") != 0)
                return linked_refuse(linked, 409, "case-no-permission");
        r = page_case_heirs(linked->db, linked->link.subject, linked->today, look, &heir, linked->err);
        if (r < 0)
                return r;
        if (!heir.is_found)
                return linked_refuse(linked, 422, "case-choose");
        r = send_event(linked, form, "case.handed.over", json_pack("{s:s}", "to", heir.person));
        if (r != 303)
                return r;
        linked->page = "case";
        value_set_bool(linked->values, "is_handed", true);
        value_set_text(linked->values, "number", linked->link.subject);
        value_set_text(linked->values, "step", found->step);
        return 200;
}

/* Keep in alphabetical order. */
static const struct {
        const char *name;
        int (*act)(struct linked *linked, const struct form *form, const struct page_case *found);
} act_table[] = {
    {"acknowledge", act_acknowledge},
    {"close", act_close},
    {"contacted", act_contacted},
    {"hand-over", act_hand_over},
};

static int act_signed_in(struct linked *linked, const struct form *form)
{
        struct page_case found;
        int r = get_case(linked, &found);

        if (r < 0)
                return r;
        if (r == 0 || !found.may_act || found.is_closed)
                return linked_refuse(linked, 409, "stale");
        for (size_t i = 0; i < ARRAY_SIZE(act_table); i++)
                if (strcmp(act_table[i].name, form_value(form, "act")) == 0)
                        return act_table[i].act(linked, form, &found);
        return linked_refuse(linked, 400, "form-wrong");
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
