#include "deliver/lane.h"
#include "deliver/courier.h"

#include <string.h>

#define PACE_MS 250  /* what `pace` counts, … */
#define WINDOW_MS 50 /* … judged by so long */

void lane_init(struct lane *lane, const struct provider *provider, int64_t now_ms)
{
        struct provider_limits limits = provider_limits(provider);

        *lane =
            (struct lane){.provider = provider, .pace = provider_connections(provider), .window_ms = now_ms};
        bucket_init(&lane->bucket, limits.per_second, limits.burst, now_ms);
        recipient_limit_init(&lane->recipients, limits.per_recipient, limits.within * 1000);
}

void lane_fini(struct lane *lane)
{
        struct transfer *next;

        for (struct transfer *transfer = lane->idle; transfer; transfer = next) {
                next = transfer->next;
                transfer_free(transfer);
        }
        for (struct transfer *transfer = lane->under_way; transfer; transfer = next) {
                next = transfer->next;
                transfer_free(transfer);
        }
        message_list_fini(&lane->queue);
        message_list_fini(&lane->questions);
        recipient_limit_fini(&lane->recipients);
        *lane = (struct lane){0};
}

int lane_leased(const struct lane *lane)
{
        return (int)(lane->queue.count - lane->queue_first) + lane->under_way_count;
}

/* After a crash every leased message is in doubt, also one that never left. With a key we ask again; without
 * one the doubt costs a message, so no more are leased than can be on their way. */
static int leased_max(const struct lane *lane)
{
        int64_t seconds;

        if (provider_is_idempotent(lane->provider, &seconds) || provider_can_ask(lane->provider, &seconds))
                return 2 * lane->pace;
        return provider_connections(lane->provider);
}

bool lane_is_low(const struct lane *lane)
{
        return lane_leased(lane) <= leased_max(lane) / 2;
}

int lane_room(struct lane *lane, int64_t now_ms)
{
        int leased = lane_leased(lane), room = leased_max(lane) - leased, tokens;

        switch (breaker_state(&lane->breaker, now_ms)) {
        case BREAKER_OPEN:
                return 0;
        case BREAKER_PROBE:
                room = leased == 0;
                break;
        case BREAKER_CLOSED:
                if (room < leased_max(lane) / 4)
                        return 0; /* claim seldom and much rather than often and little */
                break;
        }
        if (room > COURIER_CLAIM_MAX)
                room = COURIER_CLAIM_MAX;
        tokens = bucket_available(&lane->bucket, now_ms);
        return room < tokens ? room : tokens;
}

int64_t lane_wait_ms(struct lane *lane, int64_t now_ms)
{
        int64_t wait;

        if (breaker_state(&lane->breaker, now_ms) == BREAKER_OPEN)
                return lane->breaker.probe_at - now_ms;
        wait = bucket_wait_ms(&lane->bucket, now_ms);
        return wait > 0 ? wait : -1;
}

int lane_enqueue(struct lane *lane, struct message_list *list, struct err *err)
{
        struct message_list *queue = &lane->queue;
        size_t waiting = queue->count - lane->queue_first;
        struct message *items;

        if (!list->count)
                return 0;
        if (!waiting) {
                free(queue->items);
                *queue = *list;
                *list = (struct message_list){0};
                lane->queue_first = 0;
                return 0;
        }
        items = malloc((waiting + list->count) * sizeof *items);
        if (!items)
                return err_set(err, ERR_NOMEM, "courier: out of memory");
        memcpy(items, queue->items + lane->queue_first, waiting * sizeof *items);
        memcpy(items + waiting, list->items, list->count * sizeof *items);
        free(queue->items);
        *queue = (struct message_list){items, waiting + list->count, waiting + list->count};
        lane->queue_first = 0;
        free(list->items);
        *list = (struct message_list){0};
        return 0;
}

struct message *lane_drop(struct lane *lane)
{
        return lane->queue_first < lane->queue.count ? &lane->queue.items[lane->queue_first++] : NULL;
}

struct message *lane_next(struct lane *lane)
{
        return lane->under_way_count < provider_connections(lane->provider) ? lane_drop(lane) : NULL;
}

struct message *lane_next_question(struct lane *lane)
{
        if (lane->under_way_count >= provider_connections(lane->provider) ||
            lane->question_first == lane->questions.count)
                return NULL;
        return &lane->questions.items[lane->question_first++];
}

bool lane_wants_questions(const struct lane *lane, int64_t now_ms)
{
        int64_t until;

        return provider_poll_seconds(lane->provider, &until) > 0 &&
               lane->question_first == lane->questions.count &&
               breaker_state(&lane->breaker, now_ms) == BREAKER_CLOSED;
}

void lane_add_questions(struct lane *lane, struct message_list *list)
{
        if (!list->count)
                return;
        free(lane->questions.items); /* all of them were taken out */
        lane->questions = *list;
        lane->question_first = 0;
        *list = (struct message_list){0};
}

void lane_count(struct lane *lane, int64_t now_ms)
{
        int64_t elapsed = now_ms - lane->window_ms, pace;
        int least = provider_connections(lane->provider);

        lane->window_count++;
        if (elapsed < WINDOW_MS)
                return;
        /* Up at once, down slowly: what it takes falls, too, when it waits for us. */
        pace = lane->window_count * (int64_t)PACE_MS / elapsed;
        if (pace < lane->pace - lane->pace / 8)
                pace = lane->pace - lane->pace / 8;
        if (pace < least)
                pace = least;
        lane->pace = pace < COURIER_LANE_MAX / 2 ? (int)pace : COURIER_LANE_MAX / 2;
        lane->window_ms = now_ms;
        lane->window_count = 0;
}
