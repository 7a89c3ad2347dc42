#include "desk/day.h"
#include "base/date.h"
#include "store/desk_change.h"

#include <stdio.h>
#include <string.h>

static int open_organisation(struct desk *desk, struct buf *scope)
{
        json_t *list = json_pack("[s]", desk->of);
        char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;
        int r;

        json_decref(list);
        buf_init(scope, DESK_SCOPE_MAX);
        if (!text)
                return err_set(desk->err, ERR_NOMEM, "desk: out of memory");
        buf_adds(scope, text);
        free(text);
        r = desk_subject_find(desk->db, DESK_SUBJECT_ORGANISATION, desk->of, desk->today, &desk->subject,
                              desk->err);
        if (r > 0)
                r = desk_subject_is_open(desk->db, &desk->access, DESK_DAY, &desk->subject, &desk->granted,
                                         desk->err);
        return r < 0 ? r : r ? 200 : 404;
}

int day_open(struct desk *desk, struct day *ret_day)
{
        int r;

        if (desk->of[0])
                r = open_organisation(desk, &ret_day->scope);
        else
                r = desk_scope(desk, DESK_DAY, &ret_day->scope);
        ret_day->day = (struct desk_day){.scope = buf_text(&ret_day->scope),
                                         .day = desk->today,
                                         .day_no = desk->date,
                                         .starts = zone_to_utc(desk->zone, desk->date, 0),
                                         .ends = zone_to_utc(desk->zone, desk->date + 1, 0),
                                         .now = desk->now};
        return r == 0 ? 200 : r;
}

void day_close(struct day *day)
{
        buf_fini(&day->scope);
}

int day_set_live(struct desk *desk)
{
        char text[24];
        int64_t seq;
        int r = desk_change_newest(desk->db, &seq, desk->err);

        if (r < 0)
                return r;
        snprintf(text, sizeof text, "%lld", (long long)seq);
        value_set_text(desk->values, "live", text);
        return 0;
}

int day_pupil(struct desk *desk, const struct form *form, struct desk_subject *ret_subject)
{
        int r = desk_subject_find(desk->db, DESK_SUBJECT_PUPIL, form_value(form, "pupil"), desk->today,
                                  ret_subject, desk->err);

        if (r > 0)
                r = desk_subject_is_open(desk->db, &desk->access, DESK_DAY, ret_subject, &desk->granted,
                                         desk->err);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 404, "today-foreign");
        desk->subject = *ret_subject;
        return 200;
}

void day_set_name(struct value *map, const char *key, const char *given, const char *family)
{
        char name[2 * ID_SIZE + 2];

        snprintf(name, sizeof name, "%s %s", given, family);
        value_set_text(map, key, name);
}

void day_add_choice(struct desk *desk, struct value *list, const char *prefix, const char *value,
                    const char *chosen)
{
        struct value *map = value_append_map(list);

        value_set_text(map, "value", value);
        value_set_text(map, "text", desk_word_of(desk, prefix, value));
        value_set_bool(map, "is_chosen", strcmp(value, chosen) == 0);
}
