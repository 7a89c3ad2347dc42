#include "web/case_page.h"
#include "base/date.h"

#include <stdio.h>
#include <string.h>

#define NEXT_MAX_DAYS 366 /* how far ahead the next contact may lie */

int case_page_get(const struct case_page *page, struct page_case *ret_case)
{
        return page_case_get(page->db, page->id, page->person, page->today, ret_case, page->err);
}

/* ---- values */

static struct value *list_of(const struct case_page *page, const char *name)
{
        return (struct value *)value_find(page->values, name);
}

/* The word of CODE, or the code itself where somebody else has made it up. */
static const char *word_of(const struct case_page *page, const char *prefix, const char *code)
{
        char name[PAGE_CASE_CODE_SIZE + 16];
        const char *word;

        snprintf(name, sizeof name, "%s-%s", prefix, code);
        word = page->word(page->context, name);
        return *word ? word : code;
}

static void set_day(struct value *map, const char *key, const char *day)
{
        int32_t date;

        if (date_parse(day, &date))
                value_set_date(map, key, date);
}

/* What a rule is about has words at the desk alone. */
static int add_step(void *context, const struct page_case_step *step, struct err *err)
{
        const struct case_page *page = context;
        struct value *map = value_append_map(list_of(page, "steps"));
        const char *why = word_of(page, "rule", step->rule);

        (void)err;
        value_set_text(map, "act", word_of(page, "case-act", step->act));
        value_set_time(map, "at", step->at);
        if (strcmp(why, step->rule) != 0)
                value_set_text(map, "why", why);
        if (step->hours >= 0 && value_find(page->values, "sees_hours"))
                value_set_count(map, "hours", step->hours);
        return 0;
}

/* What codes joined by '-' open, each in its word. */
static void set_sees(const struct case_page *page, struct value *map, const char *sees)
{
        struct value *list = value_set_list(map, "sees");
        char name[32];
        const char *code;

        for (int i = 0; (code = page_case_sees_at(i)); i++) {
                struct value *each;

                snprintf(name, sizeof name, "%s", code);
                if ((page_case_sees(name) & page_case_sees(sees)) != page_case_sees(name))
                        continue;
                each = value_append_map(list);
                value_set_text(each, "text", word_of(page, "case-sees", code));
        }
}

static int add_act(void *context, const struct page_case_act *act, struct err *err)
{
        const struct case_page *page = context;
        struct value *map = value_append_map(list_of(page, "acts"));

        (void)err;
        value_set_text(map, "act",
                       word_of(page, "case-act", strcmp(act->act, "joined") == 0 ? "taken-in" : act->act));
        value_set_time(map, "at", act->at);
        if (act->outcome[0])
                value_set_text(map, "outcome", word_of(page, "outcome", act->outcome));
        if (act->by)
                value_set_text(map, "by", act->by);
        if (act->person)
                value_set_text(map, "to", act->person);
        set_day(map, "next_day", act->next_contact);
        return 0;
}

static int add_placement(void *context, const char *workplace, const char *first_day, const char *last_day,
                         struct err *err)
{
        const struct case_page *page = context;
        struct value *map = value_append_map(list_of(page, "placements"));

        (void)err;
        value_set_text(map, "workplace", page->pupil_is_protected ? NULL : workplace);
        set_day(map, "first_day", first_day);
        set_day(map, "last_day", last_day);
        return 0;
}

/* Whether FIELD of the form that is being answered, when it is one of ACT, has VALUE. */
static bool was_typed(const struct case_page *page, const char *act, const char *field, const char *value)
{
        return page->form && strcmp(form_value(page->form, "act"), act) == 0 &&
               strcmp(form_value(page->form, field), value) == 0;
}

static void set_person(struct value *map, const struct page_case_person *person, bool is_chosen)
{
        value_set_text(map, "person", person->person);
        value_set_bool(map, "is_chosen", is_chosen);
        if (person->name)
                value_set_text(map, "name", person->name);
        if (person->where)
                value_set_text(map, "where", person->where);
}

static int add_heir(void *context, const struct page_case_person *person, struct err *err)
{
        (void)err;
        set_person(value_append_map(list_of(context, "heirs")), person,
                   was_typed(context, "hand-over", "to", person->person));
        return 0;
}

static int add_helper(void *context, const struct page_case_person *person, struct err *err)
{
        (void)err;
        set_person(value_append_map(list_of(context, "helpers")), person,
                   was_typed(context, "take-in", "person", person->person));
        return 0;
}

static int add_participant(void *context, const struct page_case_person *person, struct err *err)
{
        struct value *map = value_append_map(list_of(context, "participants"));

        (void)err;
        set_person(map, person, false);
        value_set_time(map, "since", person->since);
        set_sees(context, map, person->sees);
        return 0;
}

static void set_outcomes(const struct case_page *page, const char *name, const char *act,
                         const struct outcome_list *codes)
{
        struct value *list = value_set_list(page->values, name);

        for (int i = 0; i < codes->count; i++) {
                struct value *map = value_append_map(list);

                value_set_text(map, "code", codes->codes[i]);
                value_set_text(map, "outcome", word_of(page, "outcome", codes->codes[i]));
                value_set_bool(map, "is_chosen", was_typed(page, act, "outcome", codes->codes[i]));
        }
}

static void set_choices(const struct case_page *page)
{
        struct value *list = value_set_list(page->values, "choices");
        const char *code;
        char name[32];

        for (int i = 0; (code = page_case_sees_at(i)); i++) {
                struct value *map = value_append_map(list);

                value_set_text(map, "code", code);
                value_set_text(map, "text", word_of(page, "case-sees", code));
                snprintf(name, sizeof name, "sees-%s", code);
                value_set_bool(map, "is_chosen", page->form && *form_value(page->form, name));
        }
}

/* ---- what the reader may see */

static int set_lists(const struct case_page *page, const struct page_case *found)
{
        void *context = (void *)page;
        int r = 0;

        value_set_bool(page->values, "sees_steps", found->parts & CASE_STEPS);
        value_set_bool(page->values, "sees_contacts", found->parts & CASE_CONTACTS);
        value_set_bool(page->values, "sees_placements", found->parts & CASE_PLACEMENTS);
        value_set_list(page->values, "steps");
        value_set_list(page->values, "acts");
        value_set_list(page->values, "placements");
        if (found->parts & CASE_HOURS)
                value_set_bool(page->values, "sees_hours", true);
        if (found->parts & CASE_STEPS)
                r = page_case_steps(page->db, page->id, add_step, context, page->err);
        if (r == 0 && found->parts & CASE_CONTACTS)
                r = page_case_acts(page->db, page->id, add_act, context, page->err);
        if (r == 0 && found->parts & CASE_PLACEMENTS)
                r = page_case_placements(page->db, found->pupil, add_placement, context, page->err);
        return r;
}

static void set_plain(const struct case_page *page, const struct page_case *found)
{
        bool sees_permission = found->parts & CASE_PERMISSION;
        struct value *values = page->values;

        value_set_text(values, "number", page->id);
        value_set_text(values, "step", found->step);
        value_set_bool(values, "is_closed", found->is_closed);
        value_set_bool(values, "sees_nothing", !found->parts);
        value_set_bool(values, "sees_permission", sees_permission);
        value_set_bool(values, "is_permitted",
                       sees_permission && strcmp(found->permission, "permitted") == 0);
        value_set_bool(values, "is_refused", sees_permission && strcmp(found->permission, "refused") == 0);
        value_set_bool(values, "sees_next", found->parts & CASE_NEXT);
        if (found->parts & CASE_NEXT)
                set_day(values, "next_contact", found->next_contact);
        if (found->is_closed && found->parts & CASE_CONTACTS && found->outcome[0])
                value_set_text(values, "closed_as", word_of(page, "outcome", found->outcome));
}

static int set_forms(const struct case_page *page, const struct page_case *found)
{
        bool may_act = found->may_act && !found->is_closed;
        void *context = (void *)page;
        int r = 0;

        value_set_bool(page->values, "may_act", may_act);
        value_set_bool(page->values, "is_new", !found->is_acknowledged);
        value_set_bool(page->values, "sees_participants", found->may_act);
        value_set_list(page->values, "heirs");
        value_set_list(page->values, "helpers");
        value_set_list(page->values, "participants");
        if (found->may_act)
                r = page_case_participants(page->db, page->id, add_participant, context, page->err);
        if (r < 0 || !may_act)
                return r;
        set_outcomes(page, "contact_outcomes", "contacted", &page->outcomes->contact);
        set_outcomes(page, "close_outcomes", "close", &page->outcomes->close);
        set_choices(page);
        r = page_case_heirs(page->db, page->id, page->today, add_heir, context, page->err);
        return r < 0 ? r : page_case_helpers(page->db, page->id, page->today, add_helper, context, page->err);
}

int case_page_show(const struct case_page *page, const struct page_case *found)
{
        int r;

        set_plain(page, found);
        r = set_lists(page, found);
        return r < 0 ? r : set_forms(page, found);
}

/* ---- what the owner does */

struct doing {
        const struct case_page *page;
        const struct form *form;
        const struct page_case *found;
        int status;
        const char *word;
};

static int refuse(struct doing *doing, int status, const char *word)
{
        doing->status = status;
        doing->word = word;
        return CASE_PAGE_REFUSED;
}

static int send_about(struct doing *doing, const char *type, const char *subject, json_t *data)
{
        const struct case_page *page = doing->page;
        int r;

        json_object_set_new(data, "by", json_string(page->person));
        r = page->send(page->context, doing->form, type, subject, data);
        if (r < 0)
                return r;
        return r ? CASE_PAGE_DONE : refuse(doing, 409, "stale");
}

static int send_event(struct doing *doing, const char *type, json_t *data)
{
        json_object_set_new(data, "case", json_string(doing->page->id));
        return send_about(doing, type, doing->page->id, data);
}

static int act_acknowledge(struct doing *doing)
{
        return send_event(doing, "case.acknowledged", json_object());
}

static int act_contacted(struct doing *doing)
{
        const char *outcome = form_value(doing->form, "outcome"), *next = form_value(doing->form, "next");
        const int32_t today = doing->page->date;
        json_t *data;
        int32_t date;

        if (!outcomes_has(&doing->page->outcomes->contact, outcome))
                return refuse(doing, 422, "case-choose");
        if (*next && (!date_parse(next, &date) || date < today || date > today + NEXT_MAX_DAYS))
                return refuse(doing, 422, "case-next-wrong");
        data = json_pack("{s:s}", "outcome", outcome);
        if (*next)
                json_object_set_new(data, "next", json_string(next));
        return send_event(doing, "case.contacted", data);
}

static int act_close(struct doing *doing)
{
        const char *outcome = form_value(doing->form, "outcome");

        if (!outcomes_has(&doing->page->outcomes->close, outcome))
                return refuse(doing, 422, "case-choose");
        return send_event(doing, "case.closed", json_pack("{s:s}", "outcome", outcome));
}

struct wanted {
        const char *person;
        bool is_found;
};

static int look(void *context, const struct page_case_person *person, struct err *err)
{
        struct wanted *wanted = context;

        (void)err;
        wanted->is_found |= strcmp(person->person, wanted->person) == 0;
        return 0;
}

static int act_hand_over(struct doing *doing)
{
        const struct case_page *page = doing->page;
        struct wanted heir = {.person = form_value(doing->form, "to")};
        int r;

        if (strcmp(doing->found->permission, "permitted") != 0)
                return refuse(doing, 409, "case-no-permission");
        r = page_case_heirs(page->db, page->id, page->today, look, &heir, page->err);
        if (r < 0)
                return r;
        if (!heir.is_found)
                return refuse(doing, 422, "case-choose");
        r = send_event(doing, "case.handed.over", json_pack("{s:s}", "to", heir.person));
        return r == CASE_PAGE_DONE ? CASE_PAGE_GIVEN_AWAY : r;
}

/* The ticked codes, joined by '-'; none: the number alone. */
static void join_sees(const struct form *form, char ret_sees[static PAGE_CASE_CODE_SIZE])
{
        int length = 0;
        const char *code;

        for (int i = 0; (code = page_case_sees_at(i)); i++) {
                char name[32];

                snprintf(name, sizeof name, "sees-%s", code);
                if (*form_value(form, name) && length < PAGE_CASE_CODE_SIZE)
                        length += snprintf(ret_sees + length, PAGE_CASE_CODE_SIZE - (size_t)length, "%s%s",
                                           length ? "-" : "", code);
        }
        if (!length)
                snprintf(ret_sees, PAGE_CASE_CODE_SIZE, "number");
}

static int act_take_in(struct doing *doing)
{
        const struct case_page *page = doing->page;
        struct wanted helper = {.person = form_value(doing->form, "person")}, known = helper;
        char sees[PAGE_CASE_CODE_SIZE];
        int r = page_case_participants(page->db, page->id, look, &known, page->err);

        if (r == 0)
                r = page_case_helpers(page->db, page->id, page->today, look, &helper, page->err);
        if (r < 0)
                return r;
        if (known.is_found)
                return refuse(doing, 409, "stale");
        if (!helper.is_found)
                return refuse(doing, 422, "case-choose");
        join_sees(doing->form, sees);
        return send_event(doing, "case.joined",
                          json_pack("{s:s,s:s}", "person", helper.person, "sees", sees));
}

static int act_leave(struct doing *doing)
{
        const struct case_page *page = doing->page;
        struct wanted who = {.person = form_value(doing->form, "person")};
        int r = page_case_participants(page->db, page->id, look, &who, page->err);

        if (r < 0)
                return r;
        if (!who.is_found)
                return refuse(doing, 409, "stale");
        return send_event(doing, "case.left", json_pack("{s:s}", "person", who.person));
}

/* What the home has said about handing on what is known. */
static int act_permit(struct doing *doing)
{
        return send_about(doing, "transfer.permitted", doing->found->pupil,
                          json_pack("{s:s}", "pupil", doing->found->pupil));
}

static int act_forbid(struct doing *doing)
{
        return send_about(doing, "transfer.refused", doing->found->pupil,
                          json_pack("{s:s}", "pupil", doing->found->pupil));
}

/* Keep in alphabetical order. */
static const struct {
        const char *name;
        int (*act)(struct doing *doing);
} act_table[] = {
    {"acknowledge", act_acknowledge}, {"close", act_close},         {"contacted", act_contacted},
    {"forbid", act_forbid},           {"hand-over", act_hand_over}, {"leave", act_leave},
    {"permit", act_permit},           {"take-in", act_take_in},
};

int case_page_act(const struct case_page *page, const struct form *form, const struct page_case *found,
                  int *ret_status, const char **ret_word)
{
        struct doing doing = {.page = page, .form = form, .found = found};
        const char *name = form_value(form, "act");
        int r = -1;

        if (!found->may_act || found->is_closed) {
                r = refuse(&doing, 409, "stale");
        } else {
                size_t i = 0;

                while (i < ARRAY_SIZE(act_table) && strcmp(act_table[i].name, name) != 0)
                        i++;
                r = i < ARRAY_SIZE(act_table) ? act_table[i].act(&doing) : refuse(&doing, 400, "form-wrong");
        }
        *ret_status = doing.status;
        *ret_word = doing.word;
        return r;
}
