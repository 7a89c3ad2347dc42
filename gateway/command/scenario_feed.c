/* What a calendar shows at a moment of a scenario. */
#include "base/date.h"
#include "calendar/feed.h"
#include "command/scenario.h"

#include <stdio.h>
#include <string.h>

/* Long lines are broken in the format, not in what it says. */
static void unfold(char *text)
{
        char *to = text;

        for (const char *from = text; *from;)
                if (strncmp(from, "\r\n ", 3) == 0)
                        from += 3;
                else
                        *to++ = *from++;
        *to = '\0';
}

static int render(const struct expectation *expectation, const struct catalogue *catalogue, struct db *db,
                  struct feed *feed, struct zone *zone, struct buf *text, struct err *err)
{
        struct feed_owner owner = {0};
        struct feed_rendering rendering;
        char today[DATE_TEXT_MAX];
        int32_t date;
        int seconds, r;

        zone_to_local(zone, expectation->at, &date, &seconds);
        date_print(date, today);
        r = feed_kind_of(db, expectation->what, NULL, today, feed->kind, err);
        if (r == ERR_NOT_FOUND || r == ERR_CONFLICT)
                return yaml_refuse(expectation->node, err,
                                   "feed: nobody or nothing is called %s: correct the id", expectation->what);
        if (r == 0)
                r = feed_owner_read(db, feed, expectation->at, today, &owner, err);
        if (r == 0 && owner.standing == FEED_OPEN)
                r = zone_keep(owner.zone, &zone, err);
        if (r == 0 && owner.standing == FEED_OPEN)
                r = feed_render(db, feed, &owner, catalogue, zone, expectation->at, text, &rendering, err);
        feed_owner_fini(&owner);
        return r;
}

int scenario_feed(const struct scenario *scenario, const struct expectation *expectation,
                  const struct catalogue *catalogue, struct db *db, json_t *effects, struct err *err)
{
        struct feed feed = {
            .id = "scenario", .created = scenario->from, .revoked = FEED_NEVER, .last_fetch = FEED_NEVER};
        _cleanup_(free_ptr) char *shown = NULL;
        struct zone *zone;
        struct buf text;
        json_t *effect;
        int r = zone_keep(scenario->zone, &zone, err);

        snprintf(feed.owner, sizeof feed.owner, "%s", expectation->what);
        buf_init(&text, FEED_BYTES_MAX);
        if (r == 0)
                r = render(expectation, catalogue, db, &feed, zone, &text, err);
        if (r == 0 && !(shown = strdup(buf_text(&text))))
                r = err_set(err, ERR_NOMEM, "scenarios: out of memory");
        buf_fini(&text);
        if (r < 0)
                return r;
        unfold(shown);
        effect = json_pack("{s:s,s:s,s:s,s:I}", "effect", "feed", "recipient", expectation->what, "text",
                           shown, "utc", (json_int_t)expectation->at);
        if (!effect || json_array_append_new(effects, effect) < 0)
                return err_set(err, ERR_NOMEM, "scenarios: out of memory");
        return 0;
}
