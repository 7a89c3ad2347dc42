/* The queue: one case and one next date on top, the others below it; those that are closed; for who leads a
 * school, what stands open there by number, step, state and owner alone. */
#include "base/date.h"
#include "desk/pages.h"
#include "store/desk_case.h"

#include <stdlib.h>
#include <string.h>

#define START_MAX 100000

/* The day on which something is to be done at the latest; false when there is none. */
static bool find_next(const struct desk *desk, const struct desk_case *row, int32_t *ret_date)
{
        int seconds;

        if (row->is_closed)
                return false;
        if (!row->is_new && date_parse(row->next_contact, ret_date))
                return true;
        if (row->due)
                zone_to_local(desk->zone, row->due, ret_date, &seconds);
        return row->due != 0;
}

static void set_next(const struct desk *desk, struct value *map, const struct desk_case *row)
{
        int32_t date;

        if (!find_next(desk, row, &date))
                return;
        value_set_date(map, "next", date);
        value_set_bool(map, "is_today", date == desk->date);
        value_set_bool(map, "is_late", date < desk->date);
}

static void set_row(struct value *map, const struct desk_case *row)
{
        desk_set_id(map, row->id);
        value_set_text(map, "step", row->step);
        value_set_bool(map, "is_new", row->is_new);
        value_set_bool(map, "is_urgent", row->is_urgent);
        value_set_bool(map, "is_closed", row->is_closed);
        value_set_time(map, "opened", row->opened);
        if (row->closed)
                value_set_time(map, "closed", row->closed);
        if (row->owner)
                value_set_text(map, "owner", row->owner);
}

static int add_own(void *context, const struct desk_case *row, struct err *err)
{
        struct desk *desk = context;
        struct value *list = (struct value *)value_find(desk->values, "cases"), *map;
        bool is_first = value_find(desk->values, "takes_first") && !value_find(desk->values, "first");

        (void)err;
        map = is_first && row->may_act ? value_set_map(desk->values, "first") : value_append_map(list);
        set_row(map, row);
        value_set_bool(map, "stands_in", row->may_act && !row->is_owner);
        value_set_bool(map, "takes_part", !row->may_act);
        value_set_bool(map, "may_act", row->may_act);
        if (row->parts & CASE_NEXT)
                set_next(desk, map, row);
        if (row->pupil)
                value_set_text(map, "pupil", row->pupil);
        if (row->group)
                value_set_text(map, "group", row->group);
        if (row->parts & CASE_CONTACTS && row->outcome[0]) {
                char name[PAGE_CASE_CODE_SIZE + 16];
                const char *word;

                snprintf(name, sizeof name, "outcome-%s", row->outcome);
                word = case_word(desk, name);
                value_set_text(map, "outcome", *word ? word : row->outcome);
        }
        return 0;
}

static int add_below(void *context, const struct desk_case *row, struct err *err)
{
        struct desk *desk = context;
        struct value *map = value_append_map((struct value *)value_find(desk->values, "cases"));

        (void)err;
        set_row(map, row);
        if (row->is_new) /* whose the next contact is they are told of, not when */
                set_next(desk, map, row);
        return 0;
}

static int show_below(struct desk *desk, int64_t start)
{
        struct buf scope;
        int r = desk_scope(desk, DESK_CASE_LIST, &scope);

        if (r == 0)
                r = desk_case_below(desk->db, buf_text(&scope), start, add_below, desk, desk->err);
        buf_fini(&scope);
        return r;
}

static int show_own(struct desk *desk, bool is_closed, int64_t start)
{
        int64_t open, fresh;
        int r = desk_case_count(desk->db, desk->session.person, &open, &fresh, desk->err);

        if (r < 0)
                return r;
        value_set_count(desk->values, "open_count", open);
        value_set_count(desk->values, "new_count", fresh);
        if (!is_closed && start == 0)
                value_set_bool(desk->values, "takes_first", true);
        return desk_case_own(desk->db, desk->session.person, is_closed, start, add_own, desk, desk->err);
}

static int64_t read_start(const struct desk *desk)
{
        int64_t start = strtoll(desk_query(desk, DESK_Q_START), NULL, 10);

        return start < 0 || start > START_MAX ? 0 : start;
}

int cases_show(struct desk *desk)
{
        const char *kind = desk_query(desk, DESK_Q_KIND);
        bool is_school = strcmp(kind, "school") == 0, is_closed = strcmp(kind, "closed") == 0;
        bool may_list = desk->access.rights & DESK_CASE_LIST;
        int64_t start = read_start(desk);
        int r;

        if (is_school && !may_list)
                return 403;
        value_set_bool(desk->values, "is_school", is_school);
        value_set_bool(desk->values, "is_closed_list", is_closed);
        value_set_bool(desk->values, "is_open_list", !is_school && !is_closed);
        value_set_bool(desk->values, "may_list", may_list);
        value_set_text(desk->values, "kind", is_school ? "school" : is_closed ? "closed" : "open");
        value_set_list(desk->values, "cases");
        r = is_school ? show_below(desk, start) : show_own(desk, is_closed, start);
        if (r > 0)
                value_set_count(desk->values, "more", start + DESK_CASES_MAX);
        value_set_count(desk->values, "less", start > DESK_CASES_MAX ? start - DESK_CASES_MAX : 0);
        value_set_bool(desk->values, "has_less", start > 0);
        value_set_bool(desk->values, "has_pages", start > 0 || r > 0);
        value_set_bool(desk->values, "has_cases", value_find(desk->values, "cases")->first != NULL);
        return r < 0 ? r : 0;
}
