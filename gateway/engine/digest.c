#include "base/buf.h"
#include "compose/segment.h"
#include "engine/engine_private.h"
#include "store/notice.h"
#include "store/notice_digest.h"

#include <stdio.h>
#include <string.h>

#define SMS_MAX_BYTES 900 /* a digest that is as long takes no more: some six segments and one notice */
#define EMAIL_MAX_BYTES 20000
#define TEXT_MAX_BYTES (256 * 1024)

/* The parts on their way into one text. */
struct joining {
        struct buf text;
        char *title; /* of the first */
        bool is_sms;
        int count;
};

/* In an e-mail each part has its own title above it. */
static int join_part(void *context, const char *title, const char *text, struct err *err)
{
        struct joining *joining = context;
        int r = 0;

        if (joining->count)
                r = buf_adds(&joining->text, joining->is_sms ? "\n" : "\n\n* * *\n\n");
        else if (title && !(joining->title = strdup(title)))
                r = ERR_NOMEM;
        joining->count++;
        if (r == 0 && title)
                r = buf_adds(&joining->text, title);
        if (r == 0 && title)
                r = buf_adds(&joining->text, "\n\n");
        if (r == 0)
                r = buf_adds(&joining->text, text);
        return r < 0 ? err_set(err, ERR_NOMEM, "engine: a digest is too long") : 0;
}

static int write_text(struct db *db, int64_t message, struct joining *joining, struct err *err)
{
        _cleanup_(free_ptr) char *title = NULL;
        struct segment_size size = {0};
        int r = joining->is_sms ? segment_count(buf_text(&joining->text), &size, err) : 0;

        if (r < 0)
                return r;
        if (joining->title && asprintf(&title, "%s (+%d)", joining->title, joining->count - 1) < 0) {
                title = NULL;
                return err_set(err, ERR_NOMEM, "engine: out of memory");
        }
        return notice_digest_write(db, message, title, buf_text(&joining->text), (int)size.segments, err);
}

static int write_digest(struct db *db, int64_t message, bool is_sms, struct err *err)
{
        struct joining joining = {.is_sms = is_sms};
        int r;

        buf_init(&joining.text, TEXT_MAX_BYTES);
        r = notice_digest_parts(db, message, join_part, &joining, err);
        if (r == 0)
                r = write_text(db, message, &joining, err);
        buf_fini(&joining.text);
        free(joining.title);
        return r;
}

int digest_join(struct firing *firing, int64_t notice, const struct new_message *message, struct err *err)
{
        bool is_sms = strcmp(message->channel, "sms") == 0;
        int64_t into;
        int r;

        if (!message->has_company || message->held)
                return 0;
        r = notice_digest_find(firing->db, message, firing->now, is_sms ? SMS_MAX_BYTES : EMAIL_MAX_BYTES,
                               &into, err);
        if (r <= 0)
                return r;
        r = notice_digest_add(firing->db, into, notice, message, err);
        if (r == 0)
                r = write_digest(firing->db, into, is_sms, err);
        return r < 0 ? r : 1;
}

int digest_gather(struct db *db, int64_t now_utc, struct err *err)
{
        int64_t message;
        bool is_sms;
        int r;

        while ((r = notice_digest_gather(db, now_utc, SMS_MAX_BYTES, EMAIL_MAX_BYTES, &message, &is_sms,
                                         err)) > 0) {
                r = write_digest(db, message, is_sms, err);
                if (r < 0)
                        break;
        }
        return r;
}
