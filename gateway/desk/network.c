/* The network: events ahead, visits, consultations that can be booked, surveys as totals. */
#include "desk/pages.h"
#include "desk/plan.h"
#include "store/audience.h"
#include "store/desk_meeting.h"
#include "store/desk_network.h"

#include <stdio.h>
#include <string.h>

#define AHEAD_S (180 * 86400)
#define SOON_S (3 * 86400)
#define DAYS_AHEAD_MAX 366

static const char *const visit_kinds[] = {"mentoring", "benchmarking", "job-shadowing",
                                          "workplace", "orientation",  "intake"};

struct page {
        struct desk *desk;
        const char *scope;
        struct value *events, *free, *visits, *surveys;
        int events_count;
};

/* ---- events ahead, and consultations that nobody has taken */

static int add_event(void *context, const struct desk_meeting_row *row, struct err *err)
{
        struct page *page = context;
        struct desk *desk = page->desk;
        const char *kind = desk_word_of(desk, "meeting-kind", row->kind);
        bool is_free =
            strcmp(row->kind, "consultation") == 0 && !row->invited && !row->has_audience && !row->is_off;
        struct value *map;

        (void)err;
        if (page->events_count++ == DESK_MEETINGS_MAX)
                return 0;
        map = value_append_map(is_free && row->is_open ? page->free : page->events);
        desk_set_id(map, row->id);
        value_set_text(map, "title", row->title ? row->title : kind);
        value_set_text(map, "kind", row->title && strcmp(row->title, kind) != 0 ? kind : NULL);
        value_set_text(map, "organisation", row->organisation);
        value_set_time(map, "starts", row->starts);
        value_set_time(map, "ends", row->ends);
        value_set_bool(map, "is_off", row->is_off);
        value_set_bool(map, "is_open", row->is_open && desk->access.rights & DESK_PLAN);
        value_set_bool(map, "is_booked", strcmp(row->kind, "consultation") == 0 && row->invited > 0);
        return 0;
}

/* ---- visits */

static int add_visit(void *context, const struct desk_visit *visit, struct err *err)
{
        struct page *page = context;
        struct value *map = value_append_map(page->visits);

        (void)err;
        desk_set_id(map, visit->id);
        value_set_text(map, "kind", desk_word_of(page->desk, "visit-kind", visit->kind));
        value_set_text(map, "place", visit->place);
        value_set_text(map, "hosts", visit->hosts);
        value_set_text(map, "guests", visit->guests);
        value_set_bool(map, "has_others", visit->others > 0);
        value_set_count(map, "others", visit->others);
        value_set_time(map, "starts", visit->starts);
        value_set_time(map, "ends", visit->ends);
        value_set_bool(map, "is_off", visit->is_off);
        value_set_bool(map, "is_missed", visit->is_missed);
        value_set_bool(map, "is_ahead", visit->starts > page->desk->now && !visit->is_off);
        return 0;
}

static int show_visits(struct page *page)
{
        struct desk *desk = page->desk;
        struct plan_choices hosts = {.list = value_set_list(desk->values, "hosts"),
                                     .chosen = plan_typed(desk, "host", "")};
        struct plan_choices guests = {.list = value_set_list(desk->values, "guests"),
                                      .chosen = plan_typed(desk, "guest", "")};
        struct value *kinds = value_set_list(desk->values, "visit_kinds");
        int r = desk_visits(desk->db, page->scope, desk->now - 7 * 86400, add_visit, page, desk->err);

        for (size_t i = 0; i < ARRAY_SIZE(visit_kinds); i++) {
                struct value *map = value_append_map(kinds);

                value_set_text(map, "code", visit_kinds[i]);
                value_set_text(map, "text", desk_word_of(desk, "visit-kind", visit_kinds[i]));
                value_set_bool(map, "is_chosen",
                               strcmp(plan_typed(desk, "visit_kind", ""), visit_kinds[i]) == 0);
        }
        if (r == 0)
                r = desk_choose_network(desk->db, page->scope, plan_add_choice, &hosts, desk->err);
        return r < 0 ? r : desk_choose_network(desk->db, page->scope, plan_add_choice, &guests, desk->err);
}

/* ---- surveys */

static int add_total(void *context, const char *question, const char *choice, int answers)
{
        struct value *map = value_append_map(context);

        value_set_text(map, "question", question);
        value_set_text(map, "choice", choice);
        value_set_count(map, "answers", answers);
        return 0;
}

static int add_survey(void *context, const struct survey_state *state, const char *name, const char *audience,
                      struct err *err)
{
        struct page *page = context;
        struct value *map = value_append_map(page->surveys), *totals;
        int64_t now = page->desk->now;
        int r;

        desk_set_id(map, state->id);
        value_set_text(map, "organisation", name);
        value_set_text(map, "audience", audience);
        value_set_time(map, "opened", state->opened);
        if (state->closes)
                value_set_time(map, "closes", state->closes - 1); /* the day that it still takes */
        else
                value_set_null(map, "closes");
        value_set_bool(map, "is_closed", state->is_closed);
        value_set_bool(map, "is_soon",
                       !state->is_closed && state->closes > now && state->closes <= now + SOON_S + 86400);
        value_set_count(map, "asked", state->asked);
        value_set_bool(map, "is_told", state->answered >= 0);
        value_set_count(map, "answered", state->answered < 0 ? 0 : state->answered);
        totals = value_set_list(map, "totals");
        r = survey_totals(page->desk->db, state->id, add_total, totals, err);
        value_set_bool(map, "has_totals", totals && totals->first);
        return r;
}

static int show_surveys(struct page *page)
{
        struct desk *desk = page->desk;
        struct plan_choices audiences = {.list = value_set_list(desk->values, "audiences"),
                                         .chosen = plan_typed(desk, "audience", "")};
        int r = desk_surveys(desk->db, page->scope, add_survey, page, desk->err);

        if (r == 0)
                r = desk_choose_audiences(desk->db, page->scope, plan_add_choice, &audiences, desk->err);
        value_set_bool(desk->values, "has_audiences", audiences.first[0]);
        return r;
}

/* ---- who books a consultation */

static const char *own_organisation(const struct desk *desk)
{
        for (int i = 0; i < desk->access.count; i++)
                if (desk->access.roles[i].rights & DESK_NETWORK)
                        return desk->access.roles[i].organisation;
        return "";
}

static struct desk_invitation invitation_of(const struct desk *desk)
{
        return (struct desk_invitation){
            .organisation = own_organisation(desk), .reader = desk->session.person, .today = desk->today};
}

static int show(struct desk *desk, const char *scope)
{
        const struct desk_invitation invitation = invitation_of(desk);
        struct page page = {.desk = desk,
                            .scope = scope,
                            .events = value_set_list(desk->values, "events"),
                            .free = value_set_list(desk->values, "consultations"),
                            .visits = value_set_list(desk->values, "visits"),
                            .surveys = value_set_list(desk->values, "surveys")};
        struct plan_choices people = {.list = value_set_list(desk->values, "people"),
                                      .chosen = plan_typed(desk, "person", desk->session.person)};
        char day[DATE_TEXT_MAX];
        int r = desk_meeting_days(desk->db, scope, desk->session.person, desk->now, desk->now + AHEAD_S, true,
                                  0, add_event, &page, desk->err);

        if (r == 0)
                r = show_visits(&page);
        if (r == 0)
                r = show_surveys(&page);
        if (r == 0)
                r = desk_choose_people(desk->db, &invitation, plan_add_choice, &people, desk->err);
        value_set_bool(desk->values, "has_events", page.events && page.events->first);
        value_set_bool(desk->values, "has_consultations", page.free && page.free->first);
        value_set_bool(desk->values, "has_visits", page.visits && page.visits->first);
        value_set_bool(desk->values, "has_surveys", page.surveys && page.surveys->first);
        value_set_bool(desk->values, "is_visiting", plan_is_act(desk, "plan-visit"));
        value_set_bool(desk->values, "is_asking", plan_is_act(desk, "open-survey"));
        value_set_bool(desk->values, "may_plan", desk->access.rights & DESK_PLAN);
        date_print(desk->date + 14, day);
        value_set_text(desk->values, "field.closes", plan_typed(desk, "closes", day));
        date_print(desk->date + 7, day);
        value_set_text(desk->values, "field.date", plan_typed(desk, "date", day));
        value_set_text(desk->values, "field.starts", plan_typed(desk, "starts", "09:00"));
        value_set_text(desk->values, "field.ends", plan_typed(desk, "ends", "12:00"));
        value_set_text(desk->values, "field.place", plan_typed(desk, "place", ""));
        return r;
}

int network_show(struct desk *desk)
{
        _cleanup_(buf_fini) struct buf scope;
        int r = desk_scope(desk, DESK_NETWORK, &scope);

        return r < 0 ? r : show(desk, buf_text(&scope));
}

/* ---- what is done */

/* SUBJECT stands in the event; the answer leads back here. */
static int take(struct desk *desk, const struct form *form, const char *type, const char *subject,
                json_t *data, const char *done)
{
        int r = desk_event(desk, form, type, subject, data);

        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 409, "network-refused");
        return desk_done(desk, NULL, NULL, done);
}

static int open_survey(struct desk *desk, const struct form *form, const char *scope)
{
        const char *audience = form_value(form, "audience"), *closes = form_value(form, "closes");
        struct plan_looked looked = {.id = audience};
        char organisation[ID_SIZE], id[PLAN_ID_SIZE];
        int32_t day;
        int r = desk_choose_audiences(desk->db, scope, plan_look, &looked, desk->err);

        if (r < 0)
                return r;
        if (!looked.is_found)
                return desk_refuse(desk, 422, "survey-choose-audience");
        if (!date_parse(closes, &day) || day < desk->date || day > desk->date + DAYS_AHEAD_MAX)
                return desk_refuse(desk, 422, "survey-closes-wrong");
        r = audience_size(desk->db, audience, desk->err);
        if (r >= 0 && r < SURVEY_LEAST)
                return desk_refuse(desk, 422, "survey-small");
        if (r > 0)
                r = audience_exists(desk->db, audience, organisation, desk->err);
        if (r > 0)
                r = plan_new_id(desk, form, "su", id);
        if (r < 0)
                return r;
        return take(desk, form, "survey.opened", id,
                    json_pack("{s:s,s:s,s:s,s:s}", "survey", id, "organisation", organisation, "closes",
                              closes, "audience", audience),
                    "done-survey-opened");
}

static int close_survey(struct desk *desk, const struct form *form, const char *scope)
{
        const char *id = form_value(form, "survey");
        char organisation[ID_SIZE];
        int r = survey_exists(desk->db, id, organisation, desk->err);

        (void)scope;
        if (r > 0)
                r = desk_covers(desk, DESK_NETWORK, organisation);
        if (r <= 0)
                return r < 0 ? r : 404;
        return take(desk, form, "survey.closed", id, json_pack("{s:s}", "survey", id), "done-survey-closed");
}

static bool is_visit_kind(const char *code)
{
        for (size_t i = 0; i < ARRAY_SIZE(visit_kinds); i++)
                if (strcmp(visit_kinds[i], code) == 0)
                        return true;
        return false;
}

/* 1: both may be named, and one of them is the reader's own. */
static int may_visit(struct desk *desk, const char *scope, const char *host, const char *guest)
{
        struct plan_looked hosts = {.id = host}, guests = {.id = guest};
        int r = desk_choose_network(desk->db, scope, plan_look, &hosts, desk->err);

        if (r == 0)
                r = desk_choose_network(desk->db, scope, plan_look, &guests, desk->err);
        if (r < 0 || !hosts.is_found || !guests.is_found)
                return r;
        r = desk_covers(desk, DESK_NETWORK, host);
        return r != 0 ? r : desk_covers(desk, DESK_NETWORK, guest);
}

static int plan_visit(struct desk *desk, const struct form *form, const char *scope)
{
        const char *kind = form_value(form, "visit_kind"), *host = form_value(form, "host"),
                   *guest = form_value(form, "guest"), *day = form_value(form, "date"),
                   *place = form_value(form, "place");
        char id[PLAN_ID_SIZE], from[24], until[24];
        int starts, ends, r;
        int32_t date;
        json_t *data;

        if (!is_visit_kind(kind) || strcmp(host, guest) == 0)
                return desk_refuse(desk, 422, "visit-sides-wrong");
        if (!date_parse(day, &date) || date < desk->date || date > desk->date + DAYS_AHEAD_MAX)
                return desk_refuse(desk, 422, "meeting-date-wrong");
        if (!plan_read_time(form_value(form, "starts"), &starts) ||
            !plan_read_time(form_value(form, "ends"), &ends) || ends <= starts)
                return desk_refuse(desk, 422, "plan-hours-wrong");
        if (strlen(place) > 200 || strpbrk(place, "\r\n"))
                return desk_refuse(desk, 422, "meeting-text-wrong");
        r = may_visit(desk, scope, host, guest);
        if (r == 0)
                return desk_refuse(desk, 422, "visit-sides-wrong");
        if (r > 0)
                r = plan_new_id(desk, form, "vi", id);
        if (r < 0)
                return r;
        snprintf(from, sizeof from, "%.10sT%.5s", day, form_value(form, "starts"));
        snprintf(until, sizeof until, "%.10sT%.5s", day, form_value(form, "ends"));
        data = json_pack("{s:s,s:s,s:[s],s:[s],s:s,s:s}", "visit", id, "kind", kind, "hosts", host, "guests",
                         guest, "starts", from, "ends", until);
        if (*place)
                json_object_set_new(data, "place", json_string(place));
        return take(desk, form, "visit.planned", id, data, "done-visit-planned");
}

static int cancel_visit(struct desk *desk, const struct form *form, const char *scope)
{
        const char *id = form_value(form, "visit");
        int r = desk_visit_is_open(desk->db, scope, id, desk->err);

        if (r <= 0)
                return r < 0 ? r : 404;
        return take(desk, form, "visit.cancelled", id, json_pack("{s:s}", "visit", id),
                    "done-visit-cancelled");
}

static int book(struct desk *desk, const struct form *form, const char *scope)
{
        const struct desk_invitation invitation = invitation_of(desk);
        const char *id = form_value(form, "meeting"), *person = form_value(form, "person");
        struct plan_looked looked = {.id = person};
        struct desk_subject subject;
        int r = desk_opens(desk, DESK_NETWORK, DESK_SUBJECT_MEETING, id, &subject);

        (void)scope;
        if (r <= 0)
                return r < 0 ? r : 404;
        r = desk_choose_people(desk->db, &invitation, plan_look, &looked, desk->err);
        if (r < 0)
                return r;
        if (!looked.is_found)
                return desk_refuse(desk, 422, "meeting-people-wrong");
        return take(desk, form, "meeting.booked", id, json_pack("{s:s,s:s}", "meeting", id, "by", person),
                    "done-consultation-booked");
}

/* Keep in alphabetical order. */
static const struct {
        const char *act;
        int (*run)(struct desk *desk, const struct form *form, const char *scope);
} act_table[] = {
    {"book", book},
    {"cancel-visit", cancel_visit},
    {"close-survey", close_survey},
    {"open-survey", open_survey},
    {"plan-visit", plan_visit},
};

int network_act(struct desk *desk, const struct form *form)
{
        _cleanup_(buf_fini) struct buf scope;
        int r = desk_scope(desk, DESK_NETWORK, &scope);

        for (size_t i = 0; i < ARRAY_SIZE(act_table) && r == 0; i++)
                if (strcmp(act_table[i].act, form_value(form, "act")) == 0)
                        return act_table[i].run(desk, form, buf_text(&scope));
        return r < 0 ? r : desk_refuse(desk, 422, "form-wrong");
}
