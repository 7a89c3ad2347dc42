#include "command/preview.h"
#include "base/clock.h"
#include "base/log.h"
#include "command/config.h"
#include "command/playback.h"
#include "command/replay.h"
#include "command/simulation.h"
#include "store/db.h"
#include "store/desk_setting.h"
#include "store/copy.h"
#include "store/sent.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICENESS 10         /* of the thread: messages come first */
#define PERCENT_COMPARED 98 /* what the two plays are together */

struct preview {
        const char *database;
        const struct config *config;
        pthread_t thread;
        pthread_mutex_t mutex; /* guards what follows */
        bool has_thread, is_running;
        struct preview_report report;
        atomic_bool stopping;
};

/* One of them under way; the thread's own. */
struct work {
        struct preview *preview;
        struct preview_report report; /* what is shown when it is done */
        struct playback *playback;
        struct db *was, *would;
        int64_t first_utc, until_ms; /* of the past; of the monotonic clock */
        bool second;                 /* the play with the change */
};

/* ---- how far it is */

static void show_percent(struct preview *preview, int percent)
{
        pthread_mutex_lock(&preview->mutex);
        preview->report.percent = percent;
        pthread_mutex_unlock(&preview->mutex);
}

static int note_moment(void *context, int64_t now_utc, struct err *err)
{
        struct work *work = context;
        const int64_t span = work->report.wish.until_utc - work->first_utc;
        int percent = span > 0 ? (int)((now_utc - work->first_utc) * PERCENT_COMPARED / 2 / span) : 0;

        if (atomic_load(&work->preview->stopping))
                return err_set(err, ERR_BUSY, "preview: the gateway stops: try again later");
        if (clock_monotonic_ms() > work->until_ms)
                return err_set(err, ERR_LIMIT,
                               "preview: took longer than %d s: use kapula rules replay on the server",
                               PREVIEW_SECONDS_MAX);
        if (percent < 0)
                percent = 0;
        show_percent(work->preview, percent + (work->second ? PERCENT_COMPARED / 2 : 0));
        return 0;
}

/* ---- playing */

/* In the copy alone. */
static int set_value(struct work *work, struct db *copy, struct err *err)
{
        const struct preview_wish *from = &work->report.wish;
        const struct setting_wish wish = {
            .key = {.kind = SETTING_PARAMETER,
                    .organisation = from->organisation,
                    .pupil = from->pupil[0] ? from->pupil : NULL,
                    .item = from->rule,
                    .part = from->name},
            .value = from->value[0] ? from->value : NULL,
            .until = from->until[0] ? from->until : NULL,
            .by = from->person,
            .seen = -1,
        };
        enum setting_state state;
        int64_t id;
        int r = db_begin(copy, err);

        if (r == 0)
                r = setting_propose(copy, &wish, from->from_utc, &id, &state, err);
        if (r == 0)
                return db_commit(copy, err);
        db_rollback(copy);
        return r;
}

static int change(void *context, struct simulation *simulation, struct db *copy, struct err *err)
{
        struct work *work = context;

        (void)simulation;
        return work->second ? set_value(work, copy, err) : 0;
}

static int play(struct work *work, bool second, struct db **ret_copy, struct err *err)
{
        const struct playback_wish wish = {
            .rules = work->preview->config->rules,
            .templates = work->preview->config->templates,
            .from_utc = work->report.wish.from_utc,
            .until_utc = work->report.wish.until_utc,
            .change = change,
            .moment = note_moment,
            .context = work,
        };
        struct playback_doubts doubts = {0};
        int r;

        work->second = second;
        r = playback_play(work->playback, &wish, ret_copy, &doubts, err);
        work->report.standing = doubts.standing;
        work->report.refused = doubts.refused;
        return r;
}

/* ---- what differs */

static struct preview_line *next_line(struct preview_report *report)
{
        if (report->line_count == PREVIEW_LINES_MAX) {
                report->left_out++;
                return NULL;
        }
        return &report->lines[report->line_count++];
}

static void add_line(struct preview_report *report, const char *rule, const struct replay_pair *pair)
{
        static const enum preview_change changes[REPLAY_CHANGES] = {
            [REPLAY_NEW] = PREVIEW_MORE, [REPLAY_GONE] = PREVIEW_LESS, [REPLAY_MOVED] = PREVIEW_MOVED};
        const struct replay_row *row = pair->was ? pair->was : pair->would;
        struct preview_line *line = next_line(report);

        if (!line)
                return;
        line->change = changes[pair->change];
        line->was_utc = pair->was ? pair->was->time_utc : 0;
        line->would_utc = pair->would ? pair->would->time_utc : 0;
        snprintf(line->rule, sizeof line->rule, "%s", rule);
        snprintf(line->pupil, sizeof line->pupil, "%s", row->pupil ? row->pupil : "");
        snprintf(line->person, sizeof line->person, "%s", row->person);
        snprintf(line->channel, sizeof line->channel, "%s", row->channel ? row->channel : "");
        snprintf(line->reason, sizeof line->reason, "%s", pair->reason ? pair->reason : "");
}

/* The rule that is changed stands there always, any other when it tells otherwise for it. */
static int compare_rule(struct work *work, const char *rule, bool always, struct err *err)
{
        struct preview_report *report = &work->report;
        struct replay replay;
        int r = replay_compare(work->was, work->would, rule, report->wish.from_utc, report->wish.until_utc,
                               &replay, err);
        const int differ =
            replay.counts[REPLAY_NEW] + replay.counts[REPLAY_GONE] + replay.counts[REPLAY_MOVED];

        if (r == 0 && (always || differ) && report->rule_count < PREVIEW_RULES_MAX) {
                struct preview_rule *row = &report->rules[report->rule_count++];

                *row = (struct preview_rule){.was = replay.was_totals.messages,
                                             .would = replay.would_totals.messages,
                                             .same = replay.counts[REPLAY_SAME],
                                             .more = replay.counts[REPLAY_NEW],
                                             .less = replay.counts[REPLAY_GONE],
                                             .moved = replay.counts[REPLAY_MOVED],
                                             .was_segments = replay.was_totals.segments,
                                             .would_segments = replay.would_totals.segments};
                snprintf(row->rule, sizeof row->rule, "%s", rule);
        }
        for (int i = 0; r == 0 && i < replay.count; i++)
                if (replay.pairs[i].change != REPLAY_SAME)
                        add_line(report, rule, &replay.pairs[i]);
        replay_fini(&replay);
        return r;
}

static int compare_other(void *context, const char *rule, struct err *err)
{
        struct work *work = context;

        return strcmp(rule, work->report.wish.rule) == 0 ? 0 : compare_rule(work, rule, false, err);
}

/* A rule that would tell nothing at all. */
static int compare_gone(void *context, const char *rule, struct err *err)
{
        struct work *work = context;
        int r = sent_any(work->would, rule, err);

        return r == 0 ? compare_other(work, rule, err) : r < 0 ? r : 0;
}

/* ---- the whole */

static int check_size(struct work *work, struct err *err)
{
        int64_t bytes;
        int r = copy_bytes(playback_db(work->playback), &bytes, err);

        if (r == 0 && bytes > PREVIEW_DATABASE_MAX_BYTES)
                return err_set(err, ERR_LIMIT,
                               "preview: the database is over %lld MB: use kapula rules replay on the server",
                               PREVIEW_DATABASE_MAX_BYTES >> 20);
        if (r == 0 && playback_count(work->playback) > PREVIEW_PAST_MAX)
                return err_set(err, ERR_LIMIT,
                               "preview: more than %d facts came in: use kapula rules replay on the server",
                               PREVIEW_PAST_MAX);
        return r;
}

static int run(struct work *work, struct err *err)
{
        int r = playback_open(work->preview->database, &work->playback, err);

        if (r == 0)
                r = check_size(work, err);
        if (r == 0)
                work->first_utc = playback_first_utc(work->playback);
        if (r == 0)
                r = play(work, false, &work->was, err);
        if (r == 0)
                r = play(work, true, &work->would, err);
        if (r == 0)
                r = compare_rule(work, work->report.wish.rule, true, err);
        if (r == 0)
                r = sent_rules(work->would, compare_other, work, err);
        if (r == 0)
                r = sent_rules(work->was, compare_gone, work, err);
        return r;
}

static void *preview_main(void *context)
{
        struct preview *preview = context;
        struct work *work = calloc(1, sizeof *work);
        struct err err = {0};
        int r = work ? 0 : err_set(&err, ERR_NOMEM, "preview: out of memory");

        setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICENESS);
        if (work) {
                work->preview = preview;
                work->report = preview->report;
                work->until_ms = clock_monotonic_ms() + PREVIEW_SECONDS_MAX * 1000LL;
                r = run(work, &err);
                db_close(work->was);
                db_close(work->would);
                playback_close(work->playback);
        }
        if (r < 0)
                log_info("preview", "%s", err.text);
        pthread_mutex_lock(&preview->mutex);
        if (r == 0)
                preview->report = work->report;
        preview->report.state = r < 0 ? PREVIEW_FAILED : PREVIEW_DONE;
        preview->report.percent = 100;
        snprintf(preview->report.fault, sizeof preview->report.fault, "%s", err.text);
        preview->is_running = false;
        pthread_mutex_unlock(&preview->mutex);
        free(work);
        return NULL;
}

static int start(void *context, const struct preview_wish *wish, struct err *err)
{
        struct preview *preview = context;
        int r = 0;

        pthread_mutex_lock(&preview->mutex);
        if (preview->is_running || atomic_load(&preview->stopping)) {
                r = err_set(err, ERR_BUSY, "preview: another one is being worked out: wait for it");
        } else {
                if (preview->has_thread)
                        pthread_join(preview->thread, NULL); /* it has ended but for the return */
                preview->report = (struct preview_report){.wish = *wish, .state = PREVIEW_RUNNING};
                preview->has_thread = pthread_create(&preview->thread, NULL, preview_main, preview) == 0;
                preview->is_running = preview->has_thread;
                if (!preview->has_thread) {
                        preview->report.state = PREVIEW_NONE;
                        r = err_set(err, ERR_IO, "preview: cannot start a thread: try again later");
                }
        }
        pthread_mutex_unlock(&preview->mutex);
        return r;
}

static void read_report(void *context, const char *person, struct preview_report *ret_report)
{
        struct preview *preview = context;

        pthread_mutex_lock(&preview->mutex);
        if (strcmp(preview->report.wish.person, person) == 0)
                *ret_report = preview->report;
        else
                *ret_report = (struct preview_report){.state = PREVIEW_NONE};
        pthread_mutex_unlock(&preview->mutex);
}

int preview_open(const char *database, const struct config *config, struct preview **ret_preview,
                 struct err *err)
{
        struct preview *preview = calloc(1, sizeof *preview);

        if (!preview)
                return err_set(err, ERR_NOMEM, "preview: out of memory");
        preview->database = database;
        preview->config = config;
        pthread_mutex_init(&preview->mutex, NULL);
        *ret_preview = preview;
        return 0;
}

struct preview_source preview_source(struct preview *preview)
{
        return (struct preview_source){start, read_report, preview};
}

void preview_stop(struct preview *preview)
{
        if (preview)
                atomic_store(&preview->stopping, true);
}

struct preview *preview_close(struct preview *preview)
{
        if (!preview)
                return NULL;
        preview_stop(preview);
        if (preview->has_thread)
                pthread_join(preview->thread, NULL);
        pthread_mutex_destroy(&preview->mutex);
        free(preview);
        return NULL;
}
