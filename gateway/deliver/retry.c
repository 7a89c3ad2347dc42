#include "deliver/retry.h"
#include "base/yaml.h"

#include <curl/curl.h>

/* splitmix64's finish: neighbouring ids spread over the whole range. */
static uint64_t mix(uint64_t x)
{
        x += 0x9e3779b97f4a7c15u;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
        return x ^ (x >> 31);
}

int64_t retry_delay(int64_t message, int attempt)
{
        int64_t cap = RETRY_MAX_SECONDS * 4 / 5,
                base = RETRY_FIRST_SECONDS; /* five quarters of it: the maximum */
        uint64_t hash = mix((uint64_t)message * 131 + (uint64_t)attempt);

        for (int i = 1; i < attempt && base < cap; i++)
                base *= 2;
        if (base > cap)
                base = cap;
        return (base * 3 + 3) / 4 + (int64_t)(hash % (uint64_t)(base / 2 + 1));
}

int64_t retry_after_seconds(const char *value, const char *date, int64_t now_utc)
{
        int64_t seconds, from = date ? curl_getdate(date, NULL) : -1;

        if (!yaml_read_int(value, &seconds)) {
                seconds = curl_getdate(value, NULL);
                if (seconds < 0)
                        return -1;
                seconds -= from < 0 ? now_utc : from;
        }
        if (seconds < 0)
                return 0;
        return seconds < RETRY_AFTER_MAX_SECONDS ? seconds : RETRY_AFTER_MAX_SECONDS;
}

static struct message_fate later(const struct retry_case *attempt, bool keeps_provider, const char *reason)
{
        const struct message *message = attempt->message;
        struct message_fate fate = {
            .next = MESSAGE_RETRY, .reason = reason, .keeps_provider = keeps_provider};
        int64_t wait = retry_delay(message->id, message->attempt);

        if (attempt->retry_after > wait)
                wait = attempt->retry_after;
        fate.not_before = attempt->now_utc + wait;
        if (message->deadline != MESSAGE_NO_TIME && fate.not_before >= message->deadline) {
                /* What may have reached somebody is never told as expired. */
                fate.next = keeps_provider ? MESSAGE_UNKNOWN : MESSAGE_EXPIRED;
                fate.reason = "deadline";
        } else if (message->attempt >= RETRY_ATTEMPT_MAX) {
                fate.next = keeps_provider ? MESSAGE_UNKNOWN : MESSAGE_FAILED;
                fate.reason = "gave-up";
        }
        return fate;
}

struct message_fate retry_fate(const struct retry_case *attempt)
{
        bool pinned = attempt->message->provider != NULL;

        switch (attempt->outcome) {
        case ATTEMPT_ACCEPTED:
                return (struct message_fate){.next = MESSAGE_ACCEPTED};
        case ATTEMPT_REJECTED:
                return (struct message_fate){.next = MESSAGE_REJECTED, .reason = "rejected"};
        case ATTEMPT_RETRY:
                return later(attempt, pinned, "provider-busy");
        case ATTEMPT_UNKNOWN:
                break;
        }
        if (attempt->idempotent)
                return later(attempt, true, "asking-again");
        if (attempt->can_ask) {
                struct retry_case question = *attempt;

                if (question.retry_after < question.ask_wait)
                        question.retry_after = question.ask_wait;
                return later(&question, true, "asking-status");
        }
        if (attempt->message->urgent)
                return later(attempt, true, "may-double");
        return (struct message_fate){.next = MESSAGE_UNKNOWN, .reason = "may-be-lost"};
}

struct message_fate retry_fate_of_question(const struct retry_case *attempt, enum provider_standing standing)
{
        if (standing == STANDING_UNCLEAR)
                return later(attempt, true, "asking-status");
        if (standing != STANDING_MISSING)
                return (struct message_fate){.next = MESSAGE_ACCEPTED};
        if (attempt->message->deadline != MESSAGE_NO_TIME && attempt->now_utc >= attempt->message->deadline)
                return (struct message_fate){.next = MESSAGE_EXPIRED, .reason = "deadline"};
        return (struct message_fate){
            .next = MESSAGE_RETRY, .reason = "not-taken", .not_before = attempt->now_utc};
}
