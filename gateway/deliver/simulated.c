#include "deliver/simulated.h"
#include "store/receipt.h"

#define BATCH_MAX 512 /* messages claimed at a time */

static int send(struct db *db, int64_t now_utc, const struct message *message,
                const struct simulated_hooks *hooks, struct err *err)
{
        struct message_outcome outcome = {.message = message->id,
                                          .attempt = message->attempt,
                                          .outcome = ATTEMPT_ACCEPTED,
                                          .provider = "simulated",
                                          .fate = {.next = MESSAGE_ACCEPTED}};
        struct receipt receipt = {
            .message = message->id, .provider = "simulated", .status = RECEIPT_DELIVERED, .at = now_utc};
        int r = message_outcome(db, now_utc, &outcome, err);

        if (r == 0 && hooks->sent)
                r = hooks->sent(hooks->context, message, err);
        if (r == 0 && !(hooks->awaits_receipt &&
                        hooks->awaits_receipt(hooks->context, message->person, message->channel)))
                r = receipt_note(db, now_utc, &receipt, err);
        return r;
}

static int send_ready(struct db *db, int64_t now_utc, const char *channel,
                      const struct simulated_hooks *hooks, int64_t *count, struct err *err)
{
        const struct message_lane lane = {.channel = channel, .provider = "simulated"};
        struct message_list list = {0};
        size_t claimed;
        int r;

        do {
                r = message_claim(db, now_utc, &lane, BATCH_MAX, &list, err);
                claimed = list.count;
                for (size_t i = 0; i < list.count && r == 0; i++)
                        r = send(db, now_utc, &list.items[i], hooks, err);
                *count += (int64_t)claimed;
                message_list_fini(&list);
        } while (r == 0 && claimed);
        return r;
}

int deliver_simulated(struct db *db, int64_t now_utc, const struct simulated_hooks *hooks, int64_t *ret_count,
                      struct err *err)
{
        struct message_list expired = {0};
        int64_t count = 0;
        int r;

        r = message_expire(db, now_utc, &expired, &count, err);
        for (size_t i = 0; i < expired.count && r == 0 && hooks->expired; i++)
                r = hooks->expired(hooks->context, &expired.items[i], err);
        message_list_fini(&expired);
        if (r == 0)
                r = send_ready(db, now_utc, "sms", hooks, &count, err);
        if (r == 0)
                r = send_ready(db, now_utc, "email", hooks, &count, err);
        if (r == 0)
                *ret_count = count;
        return r;
}
