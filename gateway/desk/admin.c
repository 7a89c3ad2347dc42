/* How the gateway does: its loops, its providers, what waits; and the way to calendars, tokens, imports and
 * the record. Nothing here names anybody. */
#include "desk/pages.h"
#include "store/count.h"
#include "store/desk_admin.h"

#include <string.h>

static const char *const health_words[] = {
    [WEB_HEALTH_OK] = "good", [WEB_HEALTH_DEGRADED] = "degraded", [WEB_HEALTH_FAILED] = "failed"};

static void add_loops(struct desk *desk)
{
        struct value *list = value_set_list(desk->values, "loops");
        const struct web_options *options = &desk->web->options;

        for (size_t i = 0; i < options->loop_count; i++) {
                const struct web_loop *loop = &options->loops[i];
                struct value *map = value_append_map(list);
                const char *text;
                enum web_health health = loop->health(loop->context, &text);

                value_set_text(map, "name", desk_word_of(desk, "admin-loop", loop->name));
                value_set_text(map, "health", desk_word_of(desk, "admin-health", health_words[health]));
                value_set_bool(map, "is_good", health == WEB_HEALTH_OK);
                value_set_text(map, "state", text);
        }
}

static int add_provider(void *context, const struct desk_provider *provider, struct err *err)
{
        struct desk *desk = context;
        struct value *map = value_append_map((struct value *)value_find(desk->values, "providers"));

        (void)err;
        value_set_text(map, "name", provider->name);
        value_set_text(map, "channel", desk_word_of(desk, "channel", provider->channel));
        value_set_count(map, "accepted", provider->accepted);
        value_set_count(map, "rejected", provider->rejected);
        value_set_count(map, "retried", provider->retried);
        value_set_count(map, "unknown", provider->unknown);
        if (provider->last_accepted)
                value_set_time(map, "last_accepted", provider->last_accepted);
        if (provider->last_other)
                value_set_time(map, "last_other", provider->last_other);
        value_set_text(map, "detail", provider->detail);
        value_set_bool(map, "is_failing", provider->last_other > provider->last_accepted);
        return 0;
}

static void add_count(void *context, const char *kind, const char *state, int64_t count)
{
        static const char *const open[] = {"held", "queued", "retry", "unknown", "failed", "rejected"};
        struct desk *desk = context;
        struct value *map;

        for (size_t i = 0; i < ARRAY_SIZE(open); i++) {
                if (strcmp(kind, "message") != 0 || strcmp(state, open[i]) != 0 || !count)
                        continue;
                map = value_append_map((struct value *)value_find(desk->values, "counts"));
                value_set_text(map, "state", desk_word_of(desk, "message-state", state));
                value_set_count(map, "count", count);
        }
}

/* Whole files are the affair of who answers for the whole tree. */
int admin_holds_top(struct desk *desk)
{
        for (int i = 0; i < desk->access.count; i++) {
                const struct desk_role *role = &desk->access.roles[i];

                if (role->rights & DESK_ADMIN && strcmp(role->organisation, desk->place.tenant) == 0)
                        return 1;
        }
        return 0;
}

int admin_show(struct desk *desk)
{
        int r;

        value_set_list(desk->values, "providers");
        value_set_list(desk->values, "counts");
        value_set_bool(desk->values, "may_import", admin_holds_top(desk));
        add_loops(desk);
        r = desk_provider_each(desk->db, add_provider, desk, desk->err);
        return r < 0 ? r : count_each(desk->db, add_count, desk, desk->err);
}

/* ---- who saw and did what */

struct audit {
        struct desk *desk;
        int rows;
        int64_t last;
};

static int add_seen(void *context, const struct desk_seen *seen, struct err *err)
{
        struct audit *audit = context;
        struct value *map;

        (void)err;
        if (audit->rows++ == DESK_ADMIN_ROWS)
                return 0;
        audit->last = seen->id;
        map = value_append_map((struct value *)value_find(audit->desk->values, "rows"));
        value_set_time(map, "at", seen->at);
        value_set_text(map, "who", *seen->name ? seen->name : seen->person);
        value_set_text(map, "page", desk_word_of(audit->desk, "page", seen->page));
        value_set_text(map, "act", *seen->act ? seen->act : NULL);
        if (*seen->subject)
                value_set_text(map, "subject", seen->subject);
        value_set_bool(map, "is_refused", seen->status >= 400);
        value_set_count(map, "status", seen->status);
        return 0;
}

int audit_show(struct desk *desk)
{
        struct audit audit = {.desk = desk};
        struct buf scope;
        int r = desk_scope(desk, DESK_ADMIN, &scope);

        value_set_list(desk->values, "rows");
        value_set_text(desk->values, "like", desk_query(desk, DESK_Q_LIKE));
        desk_set_url(desk->values, "like_query", desk_query(desk, DESK_Q_LIKE));
        if (r == 0)
                r = desk_audit_each(desk->db, buf_text(&scope), desk_query(desk, DESK_Q_LIKE),
                                    strtoll(desk_query(desk, DESK_Q_START), NULL, 10), add_seen, &audit,
                                    desk->err);
        if (audit.rows > DESK_ADMIN_ROWS)
                value_set_count(desk->values, "next", audit.last);
        buf_fini(&scope);
        return r;
}
