#include "command/replay.h"
#include "store/sent.h"

#include <string.h>

/* ---- the rows of one database */

static int order(const char *a, const char *b)
{
        return strcmp(a ? a : "", b ? b : "");
}

/* Whom it is about and whom it tells. */
static int compare_names(const struct replay_row *a, const struct replay_row *b)
{
        int r = order(a->subject, b->subject);

        if (r == 0)
                r = order(a->key, b->key);
        if (r == 0)
                r = order(a->person, b->person);
        return r ? r : order(a->channel, b->channel);
}

static int compare_times(int64_t a, int64_t b)
{
        return (a > b) - (a < b);
}

static int compare_rows(const void *a, const void *b)
{
        const struct replay_row *first = a, *second = b;
        int r = compare_names(first, second);

        if (r == 0)
                r = compare_times(first->time_utc, second->time_utc);
        return r ? r : order(first->reason, second->reason);
}

static int make_room(struct replay_side *side, struct err *err)
{
        struct replay_row *rows;
        int room = side->room ? side->room * 2 : 256;

        if (side->count < side->room)
                return 0;
        if (side->count >= REPLAY_ROW_MAX)
                return err_set(err, ERR_LIMIT, "rules replay: more than %d messages: replay another rule",
                               REPLAY_ROW_MAX);
        rows = reallocarray(side->rows, (size_t)room, sizeof *rows);
        if (!rows)
                return err_set(err, ERR_NOMEM, "rules replay: out of memory");
        side->rows = rows;
        side->room = room;
        return 0;
}

static bool keep_text(const char *text, char **ret_copy)
{
        *ret_copy = text ? strdup(text) : NULL;
        return *ret_copy || !text;
}

static int add_row(void *context, const struct sent_row *sent, struct err *err)
{
        struct replay_side *side = context;
        struct replay_row *row;
        bool kept;
        int r = make_room(side, err);

        if (r < 0)
                return r;
        row = &side->rows[side->count++];
        *row = (struct replay_row){.is_sent = sent->is_sent,
                                   .message = sent->message,
                                   .time_utc = sent->time_utc,
                                   .segments = sent->segments};
        kept = keep_text(sent->subject, &row->subject);
        kept = keep_text(sent->key, &row->key) && kept;
        kept = keep_text(sent->person, &row->person) && kept;
        kept = keep_text(sent->channel, &row->channel) && kept;
        kept = keep_text(sent->reason, &row->reason) && kept;
        kept = keep_text(sent->pupil, &row->pupil) && kept;
        return kept ? 0 : err_set(err, ERR_NOMEM, "rules replay: out of memory");
}

static int read_side(struct db *db, const char *rule, struct replay_side *side, struct err *err)
{
        int r = sent_list(db, rule, add_row, side, err);

        if (r == 0 && side->count)
                qsort(side->rows, (size_t)side->count, sizeof side->rows[0], compare_rows);
        return r;
}

static void side_fini(struct replay_side *side)
{
        for (int i = 0; i < side->count; i++) {
                free(side->rows[i].subject);
                free(side->rows[i].key);
                free(side->rows[i].person);
                free(side->rows[i].channel);
                free(side->rows[i].reason);
                free(side->rows[i].pupil);
        }
        free(side->rows);
}

/* ---- pairs */

/* A comparison under way, and the span of time that it is about. */
struct pairing {
        struct replay *replay;
        int64_t from, until;
};

static bool is_between(const struct pairing *pairing, const struct replay_row *row)
{
        return row && row->time_utc >= pairing->from && row->time_utc <= pairing->until;
}

/* Why SIDE did not tell what ROW tells: the message that was not sent or the suppression of that person, or
 * of all. Rows of one subject and key stand together. */
static const char *find_reason(const struct replay_side *side, const struct replay_row *row)
{
        int low = 0, high = side->count;
        const char *reason = NULL;

        while (low < high) {
                int middle = low + (high - low) / 2;
                const struct replay_row *each = &side->rows[middle];
                int r = order(each->subject, row->subject);

                if (r < 0 || (r == 0 && order(each->key, row->key) < 0))
                        low = middle + 1;
                else
                        high = middle;
        }
        for (; low < side->count; low++) {
                const struct replay_row *each = &side->rows[low];

                if (strcmp(each->subject, row->subject) != 0 || strcmp(each->key, row->key) != 0)
                        break;
                if (!each->is_sent && each->reason && strcmp(each->person, row->person) == 0)
                        return each->reason;
                if (!each->is_sent && each->person[0] == '\0')
                        reason = each->reason;
        }
        return reason;
}

static void add_pair(struct pairing *pairing, struct replay_row *was, struct replay_row *would)
{
        struct replay *replay = pairing->replay;
        struct replay_pair pair = {REPLAY_SAME, was, would, NULL};
        int64_t apart = was && would ? was->time_utc - would->time_utc : 0;

        if (was)
                was->is_paired = true;
        if (would)
                would->is_paired = true;
        if (!is_between(pairing, was) && !is_between(pairing, would))
                return;
        if (!was) {
                pair.change = REPLAY_NEW;
                pair.reason = find_reason(&replay->was, would);
        } else if (!would) {
                pair.change = REPLAY_GONE;
                pair.reason = find_reason(&replay->would, was);
        } else if (apart > REPLAY_SAME_SECONDS || apart < -REPLAY_SAME_SECONDS) {
                pair.change = REPLAY_MOVED;
        }
        replay->counts[pair.change]++;
        replay->pairs[replay->count++] = pair;
}

/* The next row from AT on that was sent and has no pair; COUNT when there is none. */
static int next_open(const struct replay_side *side, int at)
{
        while (at < side->count && (!side->rows[at].is_sent || side->rows[at].is_paired))
                at++;
        return at;
}

/* Both sides stand in the order of names: what bears the same belongs together. */
static void pair_by_names(struct pairing *pairing)
{
        struct replay_side *was = &pairing->replay->was, *would = &pairing->replay->would;
        int i = next_open(was, 0), k = next_open(would, 0);

        while (i < was->count && k < would->count) {
                int r = compare_names(&was->rows[i], &would->rows[k]);

                if (r == 0)
                        add_pair(pairing, &was->rows[i], &would->rows[k]);
                if (r <= 0)
                        i = next_open(was, i + 1);
                if (r >= 0)
                        k = next_open(would, k + 1);
        }
}

/* A key may hold the number of another match, which another past counts otherwise: the same words to the same
 * person at the same time are the same message. */
static void pair_by_time(struct pairing *pairing)
{
        struct replay_side *was = &pairing->replay->was, *would = &pairing->replay->would;
        int first = 0;

        for (int i = next_open(was, 0); i < was->count; i = next_open(was, i + 1)) {
                struct replay_row *row = &was->rows[i];

                while (first < would->count && strcmp(would->rows[first].subject, row->subject) < 0)
                        first++;
                for (int k = next_open(would, first); k < would->count; k = next_open(would, k + 1)) {
                        struct replay_row *other = &would->rows[k];
                        int64_t apart = row->time_utc - other->time_utc;

                        if (strcmp(other->subject, row->subject) != 0)
                                break;
                        if (strcmp(other->person, row->person) == 0 &&
                            strcmp(other->channel, row->channel) == 0 && apart <= REPLAY_SAME_SECONDS &&
                            apart >= -REPLAY_SAME_SECONDS) {
                                add_pair(pairing, row, other);
                                break;
                        }
                }
        }
}

static void pair_rest(struct pairing *pairing)
{
        struct replay_side *was = &pairing->replay->was, *would = &pairing->replay->would;

        for (int i = next_open(was, 0); i < was->count; i = next_open(was, i + 1))
                add_pair(pairing, &was->rows[i], NULL);
        for (int k = next_open(would, 0); k < would->count; k = next_open(would, k + 1))
                add_pair(pairing, NULL, &would->rows[k]);
}

static int64_t pair_time(const struct replay_pair *pair)
{
        return pair->was ? pair->was->time_utc : pair->would->time_utc;
}

static int compare_pairs(const void *a, const void *b)
{
        const struct replay_pair *first = a, *second = b;
        int r = compare_times(pair_time(first), pair_time(second));

        if (r == 0)
                r = compare_names(first->was ? first->was : first->would,
                                  second->was ? second->was : second->would);
        return r ? r : (int)first->change - (int)second->change;
}

/* ---- totals */

static int compare_messages(const void *a, const void *b)
{
        const struct replay_row *const *first = a, *const *second = b;

        return compare_times((*first)->message, (*second)->message);
}

static int compare_people(const void *a, const void *b)
{
        const struct replay_row *const *first = a, *const *second = b;

        return strcmp((*first)->person, (*second)->person);
}

/* A message that tells several notices is one message. */
static int count_side(const struct pairing *pairing, const struct replay_side *side,
                      struct replay_totals *totals, struct err *err)
{
        _cleanup_(free_ptr) const struct replay_row **sent = calloc((size_t)side->count + 1, sizeof *sent);
        int count = 0;

        if (!sent)
                return err_set(err, ERR_NOMEM, "rules replay: out of memory");
        for (int i = 0; i < side->count; i++) {
                if (!is_between(pairing, &side->rows[i]))
                        continue;
                totals->suppressed += !side->rows[i].channel;
                if (side->rows[i].is_sent)
                        sent[count++] = &side->rows[i];
        }
        qsort(sent, (size_t)count, sizeof *sent, compare_people);
        for (int i = 0; i < count; i++)
                totals->people += i == 0 || compare_people(&sent[i], &sent[i - 1]) != 0;
        qsort(sent, (size_t)count, sizeof *sent, compare_messages);
        for (int i = 0; i < count; i++)
                if (i == 0 || sent[i]->message != sent[i - 1]->message) {
                        totals->messages++;
                        totals->segments += sent[i]->segments;
                }
        return 0;
}

/* ---- the whole */

int replay_compare(struct db *was, struct db *would, const char *rule, int64_t from_utc, int64_t until_utc,
                   struct replay *ret_replay, struct err *err)
{
        struct pairing pairing = {ret_replay, from_utc, until_utc};
        int r;

        *ret_replay = (struct replay){0};
        r = read_side(was, rule, &ret_replay->was, err);
        if (r == 0)
                r = read_side(would, rule, &ret_replay->would, err);
        if (r < 0)
                return r;
        ret_replay->pairs = calloc((size_t)ret_replay->was.count + (size_t)ret_replay->would.count + 1,
                                   sizeof *ret_replay->pairs);
        if (!ret_replay->pairs)
                return err_set(err, ERR_NOMEM, "rules replay: out of memory");
        pair_by_names(&pairing);
        pair_by_time(&pairing);
        pair_rest(&pairing);
        qsort(ret_replay->pairs, (size_t)ret_replay->count, sizeof *ret_replay->pairs, compare_pairs);
        r = count_side(&pairing, &ret_replay->was, &ret_replay->was_totals, err);
        return r < 0 ? r : count_side(&pairing, &ret_replay->would, &ret_replay->would_totals, err);
}

void replay_fini(struct replay *replay)
{
        side_fini(&replay->was);
        side_fini(&replay->would);
        free(replay->pairs);
}
