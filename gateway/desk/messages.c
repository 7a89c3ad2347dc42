/* The log of messages: the newest first, by state, rule, day and the first letters of a name. */
#include "base/date.h"
#include "desk/message.h"
#include "desk/pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order in which they are shown. */
static const struct {
        const char *name, *states;
} kind_table[] = {
    {"failed", "[\"rejected\",\"failed\",\"expired\",\"unknown\"]"},
    {"waiting", "[\"queued\",\"held\",\"leased\",\"retry\"]"},
    {"sent", "[\"accepted\"]"},
    {"arrived", "[\"delivered\"]"},
    {"cancelled", "[\"cancelled\"]"},
};

static const char *states_of(const char *kind)
{
        for (size_t i = 0; i < ARRAY_SIZE(kind_table); i++)
                if (strcmp(kind_table[i].name, kind) == 0)
                        return kind_table[i].states;
        return NULL;
}

static void set_kinds(struct desk *desk, const char *chosen)
{
        struct value *list = value_set_list(desk->values, "kinds");

        for (size_t i = 0; i < ARRAY_SIZE(kind_table); i++) {
                struct value *map = value_append_map(list);

                value_set_text(map, "code", kind_table[i].name);
                value_set_text(map, "text", desk_word_of(desk, "messages-kind", kind_table[i].name));
                value_set_bool(map, "is_chosen", strcmp(kind_table[i].name, chosen) == 0);
        }
}

static int add_rule(void *context, const char *rule, struct err *err)
{
        struct desk *desk = context;
        struct value *map = value_append_map((struct value *)value_find(desk->values, "rules"));

        (void)err;
        value_set_text(map, "code", rule);
        value_set_text(map, "text", desk_word_of(desk, "rule", rule));
        value_set_bool(map, "is_chosen", strcmp(rule, desk_query(desk, DESK_Q_NAME)) == 0);
        return 0;
}

/* "AT-MESSAGE", as an earlier page gave it; what is none begins anew. */
static struct desk_log_key read_start(const char *text)
{
        struct desk_log_key key = {0};
        char *end;

        key.at = strtoll(text, &end, 10);
        if (*end == '-')
                key.message = strtoll(end + 1, &end, 10);
        return *end || key.message <= 0 || key.at < 0 ? (struct desk_log_key){0} : key;
}

static void set_next(struct desk *desk, const struct desk_log_rows *rows)
{
        char start[48];

        if (!rows->next.message)
                return;
        snprintf(start, sizeof start, "%" PRId64 "-%" PRId64, rows->next.at, rows->next.message);
        value_set_text(desk->values, "next", start);
        value_set_time(desk->values, "searched_to", rows->next.at);
}

static int read_log(struct desk *desk, struct desk_log_filter *filter)
{
        struct desk_log_rows *rows = calloc(1, sizeof *rows);
        int r;

        if (!rows)
                return err_set(desk->err, ERR_NOMEM, "messages: out of memory");
        r = desk_log_read(desk->db, filter, rows, desk->err);
        if (r == 0) {
                value_set_bool(desk->values, "many_people", rows->many_people);
                set_next(desk, rows);
                r = message_set_rows(desk, rows, true);
        }
        desk_log_fini(rows);
        free(rows);
        return r;
}

static const char *or_null(const char *text)
{
        return *text ? text : NULL;
}

static void set_filter(struct desk *desk)
{
        const char *kind = desk_query(desk, DESK_Q_KIND), *day = desk_query(desk, DESK_Q_DAY);

        set_kinds(desk, kind);
        value_set_list(desk->values, "rules");
        value_set_text(desk->values, "like", desk_query(desk, DESK_Q_LIKE));
        desk_set_url(desk->values, "like_query", desk_query(desk, DESK_Q_LIKE));
        desk_set_url(desk->values, "kind_query", kind);
        desk_set_url(desk->values, "name_query", desk_query(desk, DESK_Q_NAME));
        value_set_text(desk->values, "day", day);
        desk_set_url(desk->values, "day_query", day);
        value_set_bool(desk->values, "may_log", true);
}

int messages_show(struct desk *desk)
{
        const char *day = desk_query(desk, DESK_Q_DAY), *like = desk_query(desk, DESK_Q_LIKE);
        struct desk_log_filter filter = {.reader = desk->session.person,
                                         .states = states_of(desk_query(desk, DESK_Q_KIND)),
                                         .rule = or_null(desk_query(desk, DESK_Q_NAME)),
                                         .like = or_null(like + strspn(like, " ")),
                                         .below = read_start(desk_query(desk, DESK_Q_START))};
        struct buf scope;
        int32_t date;
        int r;

        set_filter(desk);
        if (date_parse(day, &date)) {
                filter.from = zone_to_utc(desk->zone, date, 0);
                filter.until = zone_to_utc(desk->zone, date + 1, 0);
        }
        r = desk_scope(desk, DESK_LOG, &scope);
        filter.scope = buf_text(&scope);
        if (r == 0)
                r = desk_log_rules(desk->db, add_rule, desk, desk->err);
        if (r == 0)
                r = read_log(desk, &filter);
        buf_fini(&scope);
        return r;
}
