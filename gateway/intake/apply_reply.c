/* reply.received: an SMS that somebody sent back. What its words mean was read before (deliver/reply.h); here
 * it finds what it answers. Whatever is not plain goes to staff, never to a guess. */
#include "compose/words.h"
#include "intake/apply.h"
#include "store/answer.h"
#include "store/reply.h"

#include <string.h>

#define QUESTION_AGE_MAX (3 * DAY_SECONDS) /* older messages are no longer answered by a bare "1" */

struct asked {
        struct reply_question questions[REPLY_QUESTION_MAX];
        int count, open;
};

static int find_questions(struct apply *apply, const struct reply *reply, struct asked *asked)
{
        int r = reply_questions(apply->db, reply->address, apply->time_utc - QUESTION_AGE_MAX,
                                asked->questions, &asked->count, apply->err);

        asked->open = 0;
        while (r == 0 && asked->open < asked->count && asked->questions[asked->open].is_open)
                asked->open++; /* they come first */
        return r;
}

/* Leaves only the children of that name. */
static void keep_named(struct asked *asked, const char *child)
{
        char name[WORDS_MAX_BYTES];
        int kept = 0, open = 0;

        for (int i = 0; i < asked->count; i++) {
                words_fold(asked->questions[i].first_name, name);
                if (strcmp(name, child) != 0)
                        continue;
                open += asked->questions[i].is_open;
                asked->questions[kept++] = asked->questions[i];
        }
        asked->count = kept;
        asked->open = open;
}

static bool is_any_urgent(const struct asked *asked)
{
        for (int i = 0; i < asked->open; i++)
                if (asked->questions[i].urgent)
                        return true;
        return false;
}

/* The same fact as notice.answered leaves. */
static int answer_question(struct apply *apply, const struct reply_question *question, struct reply *reply)
{
        struct answer answer = {.recipient = question->person,
                                .subject = question->pupil,
                                .rule = question->rule,
                                .answer = reply->answer,
                                .at_utc = apply->time_utc,
                                .event = apply->seq};
        int r;

        r = apply_answer(apply, &answer);
        if (r != ERR_INVALID)
                return r;
        /* The pupil has left, or the like: the words are kept for staff all the same. */
        apply->data.error = 0;
        reply->reason = "not-allowed";
        return 0;
}

/* An answer about a child: to the one question that is open, or to nothing. */
static int take_answer(struct apply *apply, struct reply *reply, const char *child, struct asked *asked)
{
        const struct reply_question *question = asked->questions;

        reply->urgent = is_any_urgent(asked);
        if (child && *child) {
                keep_named(asked, child);
                if (!asked->count) {
                        reply->reason = "unknown-words";
                        return 0;
                }
        }
        if (asked->open > 1) {
                reply->reason = "several-children";
                return 0;
        }
        if (!asked->count || question->is_barred) {
                reply->reason = asked->count ? "not-allowed" : "not-asked";
                return 0;
        }
        reply->pupil = question->pupil;
        reply->message = question->message;
        if (asked->open) {
                reply->urgent = question->urgent;
                return answer_question(apply, question, reply);
        }
        /* It is over: that they knew is no news any more, that they want a call is. */
        if (strcmp(reply->answer, "knew") != 0)
                reply->reason = "not-asked";
        return 0;
}

static int take_wish(struct apply *apply, const struct reply *reply)
{
        int r = strcmp(reply->answer, "stop") == 0
                    ? contact_stop_set(apply->db, "sms", reply->address, apply->now_utc, apply->err)
                    : contact_stop_clear(apply->db, "sms", reply->address, apply->err);

        return r < 0 ? r : 0;
}

static int take(struct apply *apply, struct reply *reply, const char *child, struct asked *asked)
{
        const bool is_wish = strcmp(reply->answer, "stop") == 0 || strcmp(reply->answer, "start") == 0;
        int r = is_wish ? take_wish(apply, reply) : 0;

        if (!reply->person)
                reply->reason = "unknown-number";
        if (r < 0 || is_wish || !reply->person)
                return r;
        r = find_questions(apply, reply, asked);
        if (r < 0)
                return r;
        if (strcmp(reply->answer, "unclear") != 0)
                return take_answer(apply, reply, child, asked);
        reply->reason = "unknown-words";
        reply->urgent = is_any_urgent(asked);
        if (asked->count) {
                reply->message = asked->questions[0].message;
                reply->pupil = asked->questions[0].pupil;
        }
        return 0;
}

int apply_reply_received(struct apply *apply)
{
        static const char *const answers[] = {"knew",  "did-not-know", "call-me", "stop",
                                              "start", "unclear",      NULL};
        char person[ID_SIZE], organisation[ID_SIZE];
        struct reply reply = {.event = apply->seq, .at_utc = apply->time_utc, .received_utc = apply->now_utc};
        struct asked asked = {0};
        const char *child;
        int r;

        reply.address = fields_id(&apply->data, "from", REQUIRED);
        reply.answer = fields_need_choice(&apply->data, "answer", answers);
        child = fields_text(&apply->data, "child", OPTIONAL);
        fields_text(&apply->data, "text", OPTIONAL);
        if (apply->data.error)
                return apply->data.error;
        if (apply->scope && apply->scope->organisation && *apply->scope->organisation)
                return apply_refuse(
                    apply, "from",
                    "replies are of nobody's organisation until they are read: use a token of the"
                    " whole tree");
        r = reply_person(apply->db, reply.address, person, apply->err);
        if (r > 0)
                reply.person = person;
        if (r >= 0)
                r = reply_organisation(apply->db, r > 0 ? person : "", organisation, apply->err);
        if (r > 0)
                reply.organisation = organisation;
        if (r >= 0)
                r = take(apply, &reply, child, &asked);
        if (r < 0)
                return r;
        /* What concerns a child is for the child's own teachers. */
        if (asked.count && asked.questions[0].organisation[0])
                reply.organisation = asked.questions[0].organisation;
        if (asked.count && (reply.pupil || reply.reason))
                reply.person = asked.questions[0].person;
        return reply_add(apply->db, &reply, apply->err);
}
