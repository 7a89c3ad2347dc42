/* Looking pupils up: by the first letters of a name, by group. */
#include "desk/pages.h"
#include "store/desk_find.h"

#include <string.h>

#define FEW_GROUPS 1 /* of so many the pupils are shown at once */

struct listing {
        struct desk *desk;
        int rows;
        char only[ID_SIZE]; /* the only group; "": none or several */
};

static int add_pupil(void *context, const struct desk_pupil_row *row, struct err *err)
{
        struct listing *listing = context;
        struct value *map;

        (void)err;
        if (listing->rows++ == DESK_PUPILS_MAX) {
                value_set_bool(listing->desk->values, "has_more", true);
                return 0;
        }
        map = value_append_map((struct value *)value_find(listing->desk->values, "rows"));
        desk_set_id(map, row->id);
        value_set_text(map, "given", row->given);
        value_set_text(map, "family", row->family);
        value_set_text(map, "group", *row->group ? row->group : NULL);
        if (row->grade)
                value_set_count(map, "grade", row->grade);
        value_set_bool(map, "is_protected", row->is_protected);
        return 0;
}

static int add_group(void *context, const char *id, const char *name, const char *school, int64_t pupils,
                     struct err *err)
{
        struct listing *listing = context;
        struct value *map = value_append_map((struct value *)value_find(listing->desk->values, "groups"));

        (void)err;
        desk_set_id(map, id);
        value_set_text(map, "name", name);
        value_set_text(map, "school", school);
        value_set_count(map, "pupils", pupils);
        snprintf(listing->only, sizeof listing->only, "%s", listing->rows++ < FEW_GROUPS ? id : "");
        return 0;
}

static int show_group(struct desk *desk, const char *group)
{
        struct listing listing = {.desk = desk};

        value_set_bool(desk->values, "is_group", true);
        return desk_pupil_group(desk->db, group, desk->today, add_pupil, &listing, desk->err);
}

static int show_groups(struct desk *desk, const char *scope)
{
        struct listing listing = {.desk = desk};
        int r = desk_group_each(desk->db, scope, desk->today, add_group, &listing, desk->err);

        if (r == 0 && listing.only[0])
                r = show_group(desk, listing.only);
        value_set_bool(desk->values, "has_groups", listing.rows > FEW_GROUPS);
        return r;
}

/* Spaces at the ends are nobody's name. */
static void trim(const char *text, char ret_text[static DESK_QUERY_MAX])
{
        size_t length;

        text += strspn(text, " ");
        snprintf(ret_text, DESK_QUERY_MAX, "%s", text);
        length = strlen(ret_text);
        while (length && ret_text[length - 1] == ' ')
                ret_text[--length] = '\0';
}

int pupils_show(struct desk *desk)
{
        struct listing listing = {.desk = desk};
        char like[DESK_QUERY_MAX];
        struct buf scope;
        int r;

        value_set_list(desk->values, "rows");
        value_set_list(desk->values, "groups");
        trim(desk_query(desk, DESK_Q_LIKE), like);
        value_set_text(desk->values, "like", like);
        value_set_bool(desk->values, "is_search", like[0]);
        if (desk->of[0]) {
                r = desk_covers(desk, DESK_PUPIL, desk->of);
                return r < 0 ? r : r ? show_group(desk, desk->of) : 404;
        }
        r = desk_scope(desk, DESK_PUPIL, &scope);
        if (r == 0 && like[0])
                r = desk_pupil_find(desk->db, buf_text(&scope), desk->today, like, add_pupil, &listing,
                                    desk->err);
        else if (r == 0)
                r = show_groups(desk, buf_text(&scope));
        buf_fini(&scope);
        return r;
}
