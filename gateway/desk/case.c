/* The page of a case: what it opens to the reader, and what its owner does with it. Whether it is theirs at
 * all the frame has asked (store/desk_access.h). */
#include "base/date.h"
#include "desk/pages.h"
#include "store/desk_case.h"
#include "store/recipient.h"
#include "store/role.h"
#include "web/case_page.h"

#include <string.h>

/* The words of a case are those of its page behind a link, unless the desk has its own. */
const char *case_word(void *context, const char *name)
{
        const struct desk *desk = context;
        const char *word = desk_word(desk, name);

        if (!*word)
                word = page_word(desk->web->pages, desk_language(desk), name);
        return word ? word : "";
}

static int send_event(void *context, const struct form *form, const char *type, const char *subject,
                      json_t *data)
{
        return desk_event(context, form, type, subject, data);
}

static struct case_page page_of(struct desk *desk)
{
        return (struct case_page){.db = desk->db,
                                  .values = desk->values,
                                  .outcomes = &desk->web->outcomes,
                                  .id = desk->subject.id,
                                  .person = desk->session.person,
                                  .today = desk->today,
                                  .date = desk->date,
                                  .form = desk->form,
                                  .word = case_word,
                                  .send = send_event,
                                  .context = desk,
                                  .err = desk->err};
}

/* ---- whom it is about */

static int set_place(struct desk *desk, struct value *map)
{
        struct place place = {0};
        struct role_place of;
        int r = role_of_pupil(desk->db, desk->subject.pupil, desk->today, &of, desk->err);

        if (r > 0)
                r = place_get(desk->db, of.organisation, &place, desk->err);
        if (r == 0 && place.unit)
                value_set_text(map, "group", place.unit);
        place_fini(&place);
        return r < 0 ? r : 0;
}

/* The name of a protected pupil is for those alone who may open the pupil's own page. */
static int set_pupil(struct desk *desk, const struct page_case *found, struct case_page *page)
{
        struct recipient_person pupil = {0};
        struct desk_subject subject;
        struct value *map;
        int r, is_open;

        r = recipient_person_get(desk->db, found->pupil, desk->now, &pupil, desk->err);
        if (r < 0)
                return r;
        page->pupil_is_protected = pupil.is_protected;
        r = is_open = desk_opens(desk, DESK_PUPIL, DESK_SUBJECT_PUPIL, found->pupil, &subject);
        if (r >= 0 && found->parts & CASE_PUPIL && (is_open || !pupil.is_protected)) {
                map = value_set_map(desk->values, "pupil");
                value_set_text(map, "name", pupil.given);
                value_set_bool(map, "is_protected", pupil.is_protected);
                value_set_bool(map, "is_open", is_open && desk_page_find("pupil"));
                desk_set_id(map, found->pupil);
                r = pupil.is_protected ? 0 : set_place(desk, map);
        }
        recipient_person_fini(&pupil);
        return r < 0 ? r : 0;
}

static void set_people(struct desk *desk, const struct page_case *found)
{
        struct value *values = desk->values;

        value_set_bool(values, "is_mine", strcmp(found->owner, desk->session.person) == 0);
        if (found->owner_name[0])
                value_set_text(values, "owner", found->owner_name);
        if (found->stand_in_name[0])
                value_set_text(values, "stand_in", found->stand_in_name);
        value_set_time(values, "opened", found->opened);
        value_set_time(values, "owned", found->owned);
        if (found->closed)
                value_set_time(values, "closed", found->closed);
        value_set_bool(values, "is_urgent", found->is_urgent);
        value_set_text(values, "typed_next", desk->form ? form_value(desk->form, "next") : "");
        value_set_bool(values, "is_taking_in",
                       desk->form && strcmp(form_value(desk->form, "act"), "take-in") == 0);
}

/* The day of the next contact, of a new case that of the first reminder. */
static int set_next(struct desk *desk, const struct page_case *found)
{
        int32_t date;
        int64_t due;
        int seconds, r;

        if (found->is_closed || !(found->parts & CASE_NEXT))
                return 0;
        r = desk_case_due(desk->db, desk->subject.id, &due, desk->err);
        if (r < 0)
                return r;
        if (!found->is_acknowledged || !date_parse(found->next_contact, &date)) {
                if (!due)
                        return 0;
                zone_to_local(desk->zone, due, &date, &seconds);
        }
        value_set_date(desk->values, "next", date);
        value_set_bool(desk->values, "is_today", date == desk->date);
        value_set_bool(desk->values, "is_late", date < desk->date);
        return 0;
}

int case_show(struct desk *desk)
{
        struct case_page page = page_of(desk);
        struct page_case found;
        int r = case_page_get(&page, &found);

        if (r <= 0)
                return r < 0 ? r : 404;
        set_people(desk, &found);
        r = set_next(desk, &found);
        if (r == 0)
                r = set_pupil(desk, &found, &page);
        return r < 0 ? r : case_page_show(&page, &found);
}

/* What stands above the page when an act is done. Keep in alphabetical order. */
static const char *const done_table[][2] = {
    {"acknowledge", "done-case-acknowledged"},
    {"close", "done-case-closed"},
    {"contacted", "done-case-contacted"},
    {"forbid", "done-case-forbidden"},
    {"leave", "done-case-left"},
    {"permit", "done-case-permitted"},
    {"take-in", "done-case-taken-in"},
};

static const char *done_of(const char *act)
{
        for (size_t i = 0; i < ARRAY_SIZE(done_table); i++)
                if (strcmp(done_table[i][0], act) == 0)
                        return done_table[i][1];
        return "done-saved";
}

int case_act(struct desk *desk, const struct form *form)
{
        const struct case_page page = page_of(desk);
        const char *word = NULL;
        struct page_case found;
        int status = 0, r = case_page_get(&page, &found);

        if (r <= 0)
                return r < 0 ? r : 404;
        r = case_page_act(&page, form, &found, &status, &word);
        if (r == CASE_PAGE_REFUSED)
                return desk_refuse(desk, status, word);
        if (r == CASE_PAGE_GIVEN_AWAY)
                return desk_done(desk, "cases", NULL, "done-case-handed");
        return r < 0 ? r : desk_done(desk, NULL, NULL, done_of(form_value(form, "act")));
}
