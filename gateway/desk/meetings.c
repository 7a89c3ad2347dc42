/* The meetings of a month, and what the school year still asks for: the rules' own answer, for those who are
 * in the reader's hands. */
#include "desk/pages.h"
#include "desk/plan.h"
#include "engine/rehearsal.h"
#include "store/desk_meeting.h"

#include <stdio.h>
#include <string.h>

#define ASKED_MAX 60   /* lines of what is missing */
#define SCHOOLS_MAX 12 /* that are looked at */
#define PUPILS_MAX 40

struct month_list {
        struct desk *desk;
        struct value *days; /* list of days with their meetings */
        struct value *meetings;
        int32_t date; /* of the last */
        int count;
};

static void set_row(struct desk *desk, struct value *map, const struct desk_meeting_row *row)
{
        const char *kind = desk_word_of(desk, "meeting-kind", row->kind);

        desk_set_id(map, row->id);
        value_set_text(map, "title", row->title ? row->title : kind);
        value_set_text(map, "kind", kind);
        value_set_bool(map, "has_title", row->title && strcmp(row->title, kind) != 0);
        value_set_text(map, "organisation", row->organisation);
        value_set_text(map, "pupil", row->pupil);
        value_set_time(map, "starts", row->starts);
        value_set_time(map, "ends", row->ends);
        value_set_bool(map, "is_off", row->is_off);
        value_set_bool(map, "is_past", row->ends <= desk->now);
        value_set_bool(map, "is_series", row->is_series);
        value_set_bool(map, "is_open", row->is_open);
        value_set_bool(map, "has_audience", row->has_audience);
        value_set_bool(map, "has_answers", row->invited > 0 && !row->has_audience);
        value_set_count(map, "invited", row->invited);
        value_set_count(map, "yes", row->yes);
        value_set_count(map, "no", row->no);
        value_set_count(map, "maybe", row->maybe);
        value_set_bool(map, "has_maybe", row->maybe > 0);
}

static int add_row(void *context, const struct desk_meeting_row *row, struct err *err)
{
        struct month_list *list = context;
        struct value *map;
        int32_t date;
        int seconds;

        (void)err;
        if (list->count++ == DESK_MEETINGS_MAX)
                return 0;
        zone_to_local(list->desk->zone, row->starts, &date, &seconds);
        if (date != list->date) {
                list->date = date;
                map = value_append_map(list->days);
                value_set_date(map, "day", date);
                value_set_bool(map, "is_today", date == list->desk->date);
                list->meetings = value_set_list(map, "meetings");
        }
        set_row(list->desk, value_append_map(list->meetings), row);
        return 0;
}

static int show_month(struct desk *desk, const char *scope)
{
        struct month_list list = {
            .desk = desk, .days = value_set_list(desk->values, "days"), .date = INT32_MIN};
        struct plan_month month;
        int start = plan_start(desk), r;

        plan_month_read(desk, &month);
        plan_month_set(desk, &month);
        r = desk_meeting_days(desk->db, scope, desk->session.person, zone_to_utc(desk->zone, month.first, 0),
                              zone_to_utc(desk->zone, month.last + 1, 0), false, start, add_row, &list,
                              desk->err);
        value_set_bool(desk->values, "has_days", list.count > 0);
        value_set_bool(desk->values, "has_more", list.count > DESK_MEETINGS_MAX);
        value_set_count(desk->values, "more", start + DESK_MEETINGS_MAX);
        return r;
}

/* ---- what the year still asks for */

struct asking {
        struct desk *desk;
        struct value *list;
        const char *const *rules;
        const char *kind;
        const char *name; /* of who is asked about */
        const char *id;
        int64_t until; /* the end of the school year */
        int count, subjects, subjects_max;
};

static const char *const school_rules[] = {"meeting-count", NULL};
static const char *const pupil_rules[] = {"plan-missing", "transfer-missing", NULL};

/* A rule says it for each term; once is enough. */
static bool is_said(const struct asking *asking, const char *text)
{
        for (const struct value *each = asking->list->first; each; each = each->next) {
                const struct value *said = value_find(each, "text");

                if (said && said->text && strcmp(said->text, text) == 0)
                        return true;
        }
        return false;
}

static int add_asked(void *context, const struct rehearsal_said *said, struct err *err)
{
        struct asking *asking = context;
        char text[512], word[64];
        struct value *map;

        (void)err;
        snprintf(word, sizeof word, "meetings-%.40s", said->rule);
        if (said->text)
                snprintf(text, sizeof text, "%s", said->text);
        else
                snprintf(text, sizeof text, "%s: %s", asking->name, desk_word(asking->desk, word));
        if (said->due > asking->until || asking->count >= ASKED_MAX || !asking->list || is_said(asking, text))
                return 0;
        asking->count++;
        map = value_append_map(asking->list);
        value_set_text(map, "text", text);
        value_set_time(map, "due", said->due);
        value_set_bool(map, "is_late", said->due <= asking->desk->now);
        value_set_bool(map, "is_pupil", asking->rules == pupil_rules);
        desk_set_url(map, "of", asking->id);
        return 0;
}

static int ask(void *context, const struct desk_choice *choice, struct err *err)
{
        struct asking *asking = context;
        struct desk *desk = asking->desk;
        const struct rehearsal_question question = {.kind = asking->kind,
                                                    .subject = choice->id,
                                                    .rules = asking->rules,
                                                    .language = desk_language(desk),
                                                    .first_name = desk->person_name,
                                                    .now = desk->now};

        if (asking->subjects++ >= asking->subjects_max)
                return 0;
        asking->name = choice->name;
        asking->id = choice->id;
        return rehearsal_ask(desk->web->options.rehearsal, desk->db, &question, add_asked, asking, err);
}

static int64_t end_of_year(const struct desk *desk)
{
        int year, month, day;

        date_to_civil(desk->date, &year, &month, &day);
        return zone_to_utc(desk->zone, date_school_year_end(month >= 7 ? year + 1 : year) + 1, 0);
}

static int show_asked(struct desk *desk, const char *scope, const char *group)
{
        struct asking asking = {.desk = desk,
                                .list = value_set_list(desk->values, "asked"),
                                .rules = school_rules,
                                .kind = "organisation",
                                .until = end_of_year(desk),
                                .subjects_max = SCHOOLS_MAX};
        int r = 0;

        if (desk->web->options.rehearsal)
                r = desk_choose_organisations(desk->db, scope, "school", desk->today, ask, &asking,
                                              desk->err);
        asking.rules = pupil_rules;
        asking.kind = "person";
        asking.subjects = 0;
        asking.subjects_max = PUPILS_MAX;
        if (r == 0 && *group && desk->web->options.rehearsal)
                r = desk_choose_pupils(desk->db, group, desk->today, ask, &asking, desk->err);
        value_set_bool(desk->values, "is_asked", asking.count > 0);
        return r;
}

static int show(struct desk *desk, const char *scope)
{
        struct plan_choices groups = {.list = value_set_list(desk->values, "groups"), .chosen = desk->of};
        struct desk_subject subject;
        int r = 1;

        if (desk->of[0])
                r = desk_opens(desk, DESK_PLAN, DESK_SUBJECT_ORGANISATION, desk->of, &subject);
        if (r <= 0)
                return r < 0 ? r : 404;
        r = desk_choose_organisations(desk->db, scope, "group", desk->today, plan_add_choice, &groups,
                                      desk->err);
        value_set_bool(desk->values, "has_groups", groups.first[0]);
        if (r == 0)
                r = show_month(desk, scope);
        return r < 0 ? r : show_asked(desk, scope, desk->of[0] ? desk->of : groups.first);
}

int meetings_show(struct desk *desk)
{
        _cleanup_(buf_fini) struct buf scope;
        int r = desk_scope(desk, DESK_PLAN, &scope);

        return r < 0 ? r : show(desk, buf_text(&scope));
}
