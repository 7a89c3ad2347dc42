/* lane: one provider inside the courier: what waits for it, what is under way, its breaker and its rate.
 * Belongs to the courier's thread. */
#ifndef DELIVER_LANE_H
#define DELIVER_LANE_H

#include "deliver/breaker.h"
#include "deliver/recipient_limit.h"
#include "deliver/transfer.h"

struct lane {
        const struct provider *provider;
        struct breaker breaker;
        bool has_turned; /* the breaker has changed since it was last noted */
        struct bucket bucket;
        struct recipient_limit recipients;
        struct transfer *idle;      /* handles at rest */
        struct transfer *under_way; /* list */
        int under_way_count;
        struct message_list queue; /* claimed, not begun: items[queue_first…] */
        size_t queue_first;
        struct message_list questions; /* accepted messages to be asked after: items[question_first…] */
        size_t question_first;
        int pace; /* messages it takes in a quarter of a second: claimed so many ahead when it knows our key
                   */
        int64_t window_ms;
        int window_count;
};

void lane_init(struct lane *lane, const struct provider *provider, int64_t now_ms);
void lane_fini(struct lane *lane);

int lane_leased(const struct lane *lane);  /* waiting and under way */
bool lane_is_low(const struct lane *lane); /* few enough to claim more */

/* How many messages may be claimed for it now. */
int lane_room(struct lane *lane, int64_t now_ms);
/* Milliseconds until time alone makes room; -1 when only finishing does. */
int64_t lane_wait_ms(struct lane *lane, int64_t now_ms);

/* Puts what was claimed into the queue (takes the list's messages); empties LIST. */
int lane_enqueue(struct lane *lane, struct message_list *list, struct err *err);
/* The next waiting message, to be taken by the caller; NULL when none waits or all connections are busy. */
struct message *lane_next(struct lane *lane);
/* The next waiting message in any case. */
struct message *lane_drop(struct lane *lane);

/* The next accepted message to be asked after; NULL when none waits or all connections are busy. */
struct message *lane_next_question(struct lane *lane);
bool lane_wants_questions(const struct lane *lane, int64_t now_ms); /* may more be claimed? */
/* Takes the list's messages; empties LIST. */
void lane_add_questions(struct lane *lane, struct message_list *list);

/* Counts one finished message for the pace. */
void lane_count(struct lane *lane, int64_t now_ms);

#endif
