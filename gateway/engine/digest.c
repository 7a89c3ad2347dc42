#include "compose/segment.h"
#include "engine/engine_private.h"
#include "store/notice.h"

#include <stdio.h>
#include <string.h>

#define SMS_MAX_BYTES 600 /* a digest that is as long takes no more: some four segments and one notice */
#define EMAIL_MAX_BYTES 20000

int digest_join(struct firing *firing, int64_t notice, const struct new_message *message, struct err *err)
{
        bool is_sms = strcmp(message->channel, "sms") == 0;
        _cleanup_(free_ptr) char *text = NULL, *both = NULL;
        struct segment_size size = {0};
        int64_t into;
        int r;

        if (message->urgent || message->held)
                return 0;
        r = notice_digest_find(firing->db, notice, message, firing->now,
                               is_sms ? SMS_MAX_BYTES : EMAIL_MAX_BYTES, &into, &text, err);
        if (r <= 0)
                return r;
        if (asprintf(&both, is_sms ? "%s\n%s" : "%s\n\n* * *\n\n%s", text, message->text) < 0) {
                both = NULL;
                return err_set(err, ERR_NOMEM, "engine: out of memory");
        }
        r = is_sms ? segment_count(both, &size, err) : 0;
        if (r == 0)
                r = notice_digest_join(firing->db, into, notice, message->channel, both, (int)size.segments,
                                       err);
        return r < 0 ? r : 1;
}
