/* What a change of a number would have done, as far as it is worked out. Whom the messages were about is told
 * by name only to who may see the pupil. */
#include "base/date.h"
#include "desk/settings.h"
#include "store/recipient.h"

#include <stdio.h>
#include <string.h>

#define AUTUMN_MONTH 8 /* the month in which a school year begins */

static const char *const change_codes[] = {
    [PREVIEW_MORE] = "more", [PREVIEW_LESS] = "less", [PREVIEW_MOVED] = "moved"};

/* From the beginning of the term before this one. */
static int32_t first_day(const struct desk *desk)
{
        int year, month, day;

        date_to_civil(desk->date, &year, &month, &day);
        return month >= AUTUMN_MONTH ? date_from_civil(year, 1, 1)
                                     : date_from_civil(year - 1, AUTUMN_MONTH, 1);
}

int settings_start_preview(struct desk *desk, const char *rule, const char *name, const char *value)
{
        const struct preview_source *source = &desk->web->preview;
        struct preview_wish wish = {.from_utc = zone_to_utc(desk->zone, first_day(desk), 0),
                                    .until_utc = desk->now};
        int r;

        if (!source->start)
                return desk_refuse(desk, 400, "form-wrong");
        snprintf(wish.person, sizeof wish.person, "%.200s", desk->session.person);
        snprintf(wish.organisation, sizeof wish.organisation, "%.200s", desk->subject.id);
        snprintf(wish.rule, sizeof wish.rule, "%s", rule);
        snprintf(wish.name, sizeof wish.name, "%s", name);
        snprintf(wish.value, sizeof wish.value, "%s", value);
        r = source->start(source->context, &wish, desk->err);
        if (r == ERR_BUSY)
                return desk_refuse(desk, 409, "settings-preview-busy");
        return r < 0 ? r : desk_done(desk, NULL, NULL, NULL);
}

/* ---- what came out */

static void add_rule(struct desk *desk, struct value *list, const struct preview_rule *row)
{
        struct value *map = value_append_map(list);

        value_set_text(map, "title", settings_rule(desk, row->rule));
        value_set_count(map, "was", row->was);
        value_set_count(map, "would", row->would);
        value_set_count(map, "more", row->more);
        value_set_count(map, "less", row->less);
        value_set_count(map, "moved", row->moved);
        value_set_count(map, "same", row->same);
}

static int set_pupil(struct desk *desk, struct value *map, const char *pupil)
{
        struct recipient_person person = {0};
        struct desk_subject subject;
        int r = *pupil ? desk_opens(desk, DESK_PUPIL, DESK_SUBJECT_PUPIL, pupil, &subject) : 0;

        if (r <= 0)
                return r;
        r = recipient_person_get(desk->db, pupil, desk->now, &person, desk->err);
        if (r >= 0) {
                value_set_text(map, "pupil", person.given);
                desk_set_url(map, "pupil_query", pupil);
        }
        recipient_person_fini(&person);
        return r < 0 ? r : 0;
}

static int add_line(struct desk *desk, struct value *list, const struct preview_line *row)
{
        struct value *map = value_append_map(list);

        value_set_text(map, "title", settings_rule(desk, row->rule));
        value_set_text(map, "change", desk_word_of(desk, "settings-change", change_codes[row->change]));
        value_set_bool(map, "is_less", row->change == PREVIEW_LESS);
        value_set_bool(map, "is_more", row->change == PREVIEW_MORE);
        if (row->was_utc && row->was_utc != INT64_MAX)
                value_set_time(map, "was", row->was_utc);
        if (row->would_utc && row->would_utc != INT64_MAX)
                value_set_time(map, "would", row->would_utc);
        return set_pupil(desk, map, row->pupil);
}

static int set_done(struct desk *desk, struct value *map, const struct preview_report *report)
{
        struct value *list = value_set_list(map, "rules");
        int r = 0;

        for (int i = 0; i < report->rule_count; i++)
                add_rule(desk, list, &report->rules[i]);
        list = value_set_list(map, "lines");
        for (int i = 0; i < report->line_count && r == 0; i++)
                r = add_line(desk, list, &report->lines[i]);
        if (report->left_out)
                value_set_count(map, "left_out", report->left_out);
        if (report->standing)
                value_set_count(map, "standing", report->standing);
        value_set_bool(map, "is_same", report->line_count == 0);
        return r;
}

static int set_report(struct desk *desk, const char *rule, const struct preview_report *report)
{
        const struct preview_wish *wish = &report->wish;
        struct value *map;

        if (report->state == PREVIEW_NONE || strcmp(wish->rule, rule) != 0 ||
            strcmp(wish->organisation, desk->subject.id) != 0 || wish->pupil[0])
                return 0;
        map = value_set_map(desk->values, "preview");
        value_set_text(map, "label", settings_number(desk, rule, wish->name));
        value_set_text(map, "name", wish->name);
        value_set_text(map, "value", wish->value);
        value_set_time(map, "from", wish->from_utc);
        value_set_time(map, "until", wish->until_utc);
        value_set_bool(map, "is_running", report->state == PREVIEW_RUNNING);
        value_set_bool(map, "is_done", report->state == PREVIEW_DONE);
        value_set_count(map, "percent", report->percent);
        if (report->state == PREVIEW_FAILED)
                value_set_text(map, "fault", report->fault);
        return report->state == PREVIEW_DONE ? set_done(desk, map, report) : 0;
}

int settings_set_preview(struct desk *desk, const char *rule)
{
        const struct preview_source *source = &desk->web->preview;
        struct preview_report *report;
        int r;

        if (!source->read)
                return 0;
        report = malloc(sizeof *report);
        if (!report)
                return err_set(desk->err, ERR_NOMEM, "desk: out of memory");
        source->read(source->context, desk->session.person, report);
        r = set_report(desk, rule, report);
        free(report);
        return r;
}
