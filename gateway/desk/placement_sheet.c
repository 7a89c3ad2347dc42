/* What is printed and hung on the wall of the workplace: the code by which the pupil checks in, and, when it
 * is asked for, the workplace's calendar. The calendar's address is known in this answer alone. */
#include "calendar/link_make.h"
#include "desk/pages.h"
#include "desk/plan.h"
#include "web/feed_sheet.h"
#include "web/qr.h"

#include <stdio.h>
#include <string.h>

static int add_day(void *context, const struct desk_placement_day *day, struct err *err)
{
        struct desk *desk = context;
        struct value *map;

        (void)err;
        if (day->is_cancelled || strcmp(day->kind, "work") != 0 || strcmp(day->day, desk->today) < 0)
                return 0;
        map = value_append_map((struct value *)value_find(desk->values, "days"));
        desk_set_day(map, "day", day->day);
        value_set_time(map, "starts", day->starts);
        value_set_time(map, "ends", day->ends);
        return 0;
}

static int set_qr(struct value *map, const char *text, struct err *err)
{
        int r = qr_set(map, text, err);

        if (r == 0)
                value_set_count(map, "qr_box", value_find(map, "qr_size")->count + 2 * QR_MARGIN);
        return r;
}

static int set_wall(struct desk *desk, const struct desk_placement *placement)
{
        struct value *map = value_set_map(desk->values, "wall");
        char token[PAGE_TOKEN_MAX], url[512];
        int r = page_wall_put(desk->db, desk->now, placement->id, desk->err);

        if (r == 0)
                r = page_token(desk->db, "wall", placement->pupil, "", placement->id, token, desk->err);
        if (r < 0)
                return r;
        snprintf(url, sizeof url, "%s/p/%s", desk->web->base_url, token);
        return set_qr(map, url, desk->err);
}

static int set_calendar(struct desk *desk, const struct desk_placement *placement)
{
        _cleanup_(link_made_fini) struct link_made made = {0};
        _cleanup_(free_ptr) char *url = NULL, *webcal = NULL;
        struct value *map = value_set_map(desk->values, "calendar");
        int r = link_make(desk->db, placement->workplace, "workplace", desk->now, &made, desk->err);

        if (r == ERR_NOT_FOUND || r == ERR_CONFLICT)
                return desk_refuse(desk, 409, "placement-no-calendar");
        if (r < 0)
                return r;
        url = link_url(desk->web->base_url, made.token);
        webcal = url ? feed_sheet_webcal(url) : NULL;
        if (!webcal)
                return err_set(desk->err, ERR_NOMEM, "desk: out of memory");
        value_set_text(map, "url", url);
        return set_qr(map, webcal, desk->err);
}

int placement_sheet_act(struct desk *desk, const struct form *form)
{
        _cleanup_(desk_placement_fini) struct desk_placement placement = {0};
        int r = desk_placement_read(desk->db, desk->subject.id, &placement, desk->err);

        if (r <= 0)
                return r < 0 ? r : 404;
        if (placement.is_cancelled || placement.is_protected)
                return desk_refuse(desk, 409, "placement-no-sheet");
        desk_set_id(desk->values, placement.id);
        value_set_text(desk->values, "pupil.name", placement.pupil_name);
        value_set_text(desk->values, "workplace", placement.workplace_name);
        if (desk->place.phone && *desk->place.phone)
                value_set_text(desk->values, "phone", desk->place.phone);
        value_set_list(desk->values, "days");
        r = desk_placement_days(desk->db, placement.id, add_day, desk, desk->err);
        if (r == 0)
                r = set_wall(desk, &placement);
        if (r == 0 && *form_value(form, "calendar")) {
                r = desk_once(desk, form);
                if (r <= 0)
                        return r < 0 ? r : 409;
                r = set_calendar(desk, &placement);
        }
        if (r != 0)
                return r;
        desk->page = "placement-sheet";
        return 200;
}
