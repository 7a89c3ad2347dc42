#include "command/playback.h"
#include "base/zone.h"
#include "command/simulation.h"
#include "store/copy.h"
#include "store/db.h"
#include "store/place.h"

struct playback {
        struct db *was;
        struct zone *zone;

        /* the past, and what the simulation knows of it: the same indices */
        struct past *past;
        struct simulation_event *events;
        int count, room;

        const struct playback_wish *wish; /* of the play under way */
        int refused;
};

/* ---- reading */

static int add_past(void *context, const struct past *past, struct err *err)
{
        struct playback *playback = context;

        if (playback->count == playback->room) {
                int room = playback->room ? playback->room * 2 : 1024;
                struct past *grown = reallocarray(playback->past, (size_t)room, sizeof *grown);

                if (!grown)
                        return err_set(err, ERR_NOMEM, "rules replay: out of memory");
                playback->past = grown;
                playback->room = room;
        }
        playback->past[playback->count++] = *past;
        return 0;
}

static int read_past(struct playback *playback, struct err *err)
{
        int r = past_list(playback->was, add_past, playback, err);

        if (r < 0)
                return r;
        playback->events = calloc((size_t)playback->count + 1, sizeof *playback->events);
        if (!playback->events)
                return err_set(err, ERR_NOMEM, "rules replay: out of memory");
        for (int i = 0; i < playback->count; i++)
                playback->events[i].time_utc = playback->past[i].received_utc;
        return 0;
}

static int read_zone(struct playback *playback, struct err *err)
{
        _cleanup_(free_ptr) char *timezone = NULL;
        int r = place_top_timezone(playback->was, &timezone, err);

        return r < 0 ? r : zone_open(timezone, &playback->zone, err);
}

int playback_open(const char *database, struct playback **ret_playback, struct err *err)
{
        struct playback *playback = calloc(1, sizeof *playback);
        int r = playback ? 0 : err_set(err, ERR_NOMEM, "rules replay: out of memory");

        if (r == 0)
                r = db_open(database, DB_READER, &playback->was, err);
        if (r == 0)
                r = db_begin(playback->was, err);
        if (r == 0)
                r = read_past(playback, err);
        if (r == 0)
                r = read_zone(playback, err);
        if (r < 0) {
                playback_close(playback);
                return r;
        }
        *ret_playback = playback;
        return 0;
}

struct playback *playback_close(struct playback *playback)
{
        if (!playback)
                return NULL;
        zone_close(playback->zone);
        db_close(playback->was);
        free(playback->past);
        free(playback->events);
        free(playback);
        return NULL;
}

struct db *playback_db(const struct playback *playback)
{
        return playback->was;
}

struct zone *playback_zone(const struct playback *playback)
{
        return playback->zone;
}

int playback_count(const struct playback *playback)
{
        return playback->count;
}

int64_t playback_first_utc(const struct playback *playback)
{
        return playback->count ? playback->past[0].received_utc : 0;
}

/* ---- playing */

static int fetch(void *context, struct db *db, int index, char **ret_text, struct err *err)
{
        struct playback *playback = context;

        return past_play(playback->was, db, &playback->past[index], ret_text, err);
}

static void note_refused(void *context, const char *text)
{
        struct playback *playback = context;

        (void)text;
        playback->refused++;
}

static int ask(void *context, int64_t now_utc, struct err *err)
{
        const struct playback *playback = context;

        return playback->wish->moment ? playback->wish->moment(playback->wish->context, now_utc, err) : 0;
}

static int play(struct playback *playback, struct simulation *simulation, struct err *err)
{
        char from[ZONE_STAMP_MAX], until[ZONE_STAMP_MAX];
        const struct simulation_play input = {.events_name = "events",
                                              .events = playback->events,
                                              .event_count = playback->count,
                                              .once = true,
                                              .from = from,
                                              .until = until,
                                              .fetch = fetch,
                                              .moment = ask,
                                              .refused = note_refused,
                                              .context = playback};
        int r;

        zone_stamp(playback->zone, playback->wish->from_utc, from);
        zone_stamp(playback->zone, playback->wish->until_utc, until);
        r = simulation_play(simulation, &input, err);
        return r == ERR_INVALID && !err->text[0] ? 0 : r; /* refused ones are counted */
}

static int play_to(struct playback *playback, struct db *copy, struct playback_doubts *ret_doubts,
                   struct err *err)
{
        _cleanup_(simulation_closep) struct simulation *simulation = NULL;
        const struct playback_wish *wish = playback->wish;
        int r = copy_rewind(copy, &ret_doubts->standing, err);

        playback->refused = 0;
        if (r == 0)
                r = simulation_open_on(copy, wish->rules, wish->templates, &simulation, err);
        if (r == 0 && wish->change)
                r = wish->change(wish->context, simulation, copy, err);
        if (r == 0)
                r = play(playback, simulation, err);
        ret_doubts->refused = playback->refused;
        return r;
}

int playback_play(struct playback *playback, const struct playback_wish *wish, struct db **ret_copy,
                  struct playback_doubts *ret_doubts, struct err *err)
{
        struct db *copy = NULL;
        int r = copy_open(playback->was, &copy, err);

        playback->wish = wish;
        if (r == 0)
                r = play_to(playback, copy, ret_doubts, err);
        if (r < 0) {
                db_close(copy);
                return r;
        }
        *ret_copy = copy;
        return 0;
}
