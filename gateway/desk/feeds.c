/* Calendar links: whose there are and whether anybody reads them; a new one, shown this once; one closed. */
#include "calendar/link_make.h"
#include "desk/pages.h"
#include "store/desk_admin.h"
#include "web/qr.h"

#include <string.h>

struct listing {
        struct desk *desk;
        int rows;
};

static int add_feed(void *context, const struct desk_feed *row, struct err *err)
{
        struct listing *listing = context;
        struct desk *desk = listing->desk;
        enum feed_use use = feed_use_of(&row->feed, desk->now);
        struct value *map;

        (void)err;
        if (listing->rows++ == DESK_ADMIN_ROWS)
                return 0;
        map = value_append_map((struct value *)value_find(desk->values, "feeds"));
        desk_set_id(map, row->feed.id);
        value_set_text(map, "name", row->name);
        value_set_text(map, "kind", desk_word_of(desk, "feed-kind", row->feed.kind));
        value_set_text(map, "use", desk_word_of(desk, "feed-use", feed_use_name(use)));
        value_set_bool(map, "is_live", use == FEED_USE_LIVE);
        value_set_bool(map, "is_stopped", use == FEED_USE_STOPPED);
        value_set_time(map, "created", row->feed.created);
        if (row->feed.last_fetch != FEED_NEVER)
                value_set_time(map, "last_fetch", row->feed.last_fetch);
        return 0;
}

static int add_owner(void *context, const char *id, const char *kind, const char *name, struct err *err)
{
        struct desk *desk = context;
        struct value *map = value_append_map((struct value *)value_find(desk->values, "owners"));

        (void)err;
        value_set_text(map, "id", id);
        value_set_text(map, "name", name);
        value_set_text(map, "kind", desk_word_of(desk, "feed-kind", kind));
        return 0;
}

int feeds_show(struct desk *desk)
{
        const char *like = desk_query(desk, DESK_Q_LIKE);
        int64_t start = strtoll(desk_query(desk, DESK_Q_START), NULL, 10);
        struct listing listing = {desk, 0};
        struct buf scope;
        int r = desk_scope(desk, DESK_ADMIN, &scope);

        value_set_list(desk->values, "feeds");
        value_set_list(desk->values, "owners");
        value_set_text(desk->values, "like", like);
        desk_set_url(desk->values, "like_query", like);
        if (r == 0 && *like)
                r = desk_owner_each(desk->db, buf_text(&scope), like, desk->today, add_owner, desk,
                                    desk->err);
        if (r == 0)
                r = desk_feed_each(desk->db, buf_text(&scope), like, start > 0 ? start : 0, add_feed,
                                   &listing, desk->err);
        if (listing.rows > DESK_ADMIN_ROWS)
                value_set_count(desk->values, "next", (start > 0 ? start : 0) + DESK_ADMIN_ROWS);
        value_set_bool(desk->values, "has_feeds", listing.rows);
        value_set_bool(desk->values, "finds_nobody", *like && !value_find(desk->values, "owners")->first);
        buf_fini(&scope);
        return r;
}

/* 1 when the owner stands where the reader may give out calendars. */
static int is_open(struct desk *desk, const char *owner)
{
        struct buf scope;
        int r = desk_scope(desk, DESK_ADMIN, &scope);

        if (r == 0)
                r = desk_feed_is_open(desk->db, buf_text(&scope), owner, desk->today, desk->err);
        buf_fini(&scope);
        return r;
}

/* The address is shown by the answer to the form alone: nobody can ask for it again. */
static int show_made(struct desk *desk, struct link_made *made)
{
        _cleanup_(free_ptr) char *url = link_url(desk->web->base_url, made->token);
        int r;

        if (!url)
                return err_set(desk->err, ERR_NOMEM, "desk: out of memory");
        r = qr_set(desk->values, url, desk->err);
        value_set_count(desk->values, "qr_box", value_find(desk->values, "qr_size")->count + 2 * QR_MARGIN);
        value_set_text(desk->values, "url", url);
        value_set_text(desk->values, "name", made->owner.name ? made->owner.name : made->feed.owner);
        desk->page = "feed-made";
        return r < 0 ? r : 200;
}

static int create(struct desk *desk, const struct form *form)
{
        const char *owner = form_value(form, "owner");
        struct link_made made = {0};
        int r = *owner ? is_open(desk, owner) : 0;

        if (r < 0)
                return r;
        if (r == 0)
                return desk_refuse(desk, 422, "feeds-no-owner");
        r = link_make(desk->db, owner, NULL, desk->now, &made, desk->err);
        if (r == 0)
                r = show_made(desk, &made);
        link_made_fini(&made);
        return r == ERR_NOT_FOUND || r == ERR_CONFLICT ? desk_refuse(desk, 422, "feeds-no-right") : r;
}

static int close_or_replace(struct desk *desk, const char *id, bool is_new)
{
        struct link_made made = {0};
        struct feed feed = {0};
        int r = feed_find(desk->db, id, &feed, desk->err);

        if (r == 0)
                r = is_open(desk, feed.owner);
        if (r == 0 || r == ERR_NOT_FOUND)
                return desk_refuse(desk, 404, "feeds-no-owner");
        if (r > 0 && !is_new) {
                r = feed_revoke(desk->db, id, desk->now, desk->err);
                return r < 0 ? r : desk_done(desk, NULL, NULL, "done-saved");
        }
        if (r > 0)
                r = link_rotate(desk->db, id, desk->now, &made, desk->err);
        if (r == 0)
                r = show_made(desk, &made);
        link_made_fini(&made);
        return r == ERR_NOT_FOUND || r == ERR_CONFLICT ? desk_refuse(desk, 409, "feeds-no-right") : r;
}

int feeds_act(struct desk *desk, const struct form *form)
{
        const char *act = form_value(form, "act");
        int r = desk_once(desk, form);

        if (r <= 0)
                return r < 0 ? r : 409;
        if (strcmp(act, "create") == 0)
                return create(desk, form);
        if (strcmp(act, "replace") == 0 || strcmp(act, "revoke") == 0)
                return close_or_replace(desk, form_value(form, "feed"), strcmp(act, "replace") == 0);
        return desk_refuse(desk, 400, "form-wrong");
}
