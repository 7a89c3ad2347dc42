#include "command/reply_taker.h"
#include "base/log.h"
#include "base/zone.h"
#include "command/resources.h"
#include "deliver/reply.h"
#include "deliver/webhook.h"
#include "intake/intake.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define TEXT_KEPT_MAX 1000 /* bytes of a reply's text; an SMS of six segments has fewer */
#define REPEAT_SECONDS                                                                       \
        600 /* a reply without an id or a time that comes again sooner is taken for the same \
             */
#define EVENT_ID_MAX 201

struct reply_taker {
        const char *templates;
        pthread_mutex_t mutex; /* guards the words */
        struct reply_words *words;
};

static int load(const char *templates, struct reply_words **ret_words, struct err *err)
{
        _cleanup_(free_ptr) char *path = NULL;
        int r = resource_template_file("replies.yaml", templates, &path, err);

        return r < 0 ? r : reply_words_load(path, ret_words, err);
}

int reply_taker_open(const char *templates, struct reply_taker **ret_taker, struct err *err)
{
        struct reply_taker *taker = calloc(1, sizeof *taker);
        int r;

        if (!taker)
                return err_set(err, ERR_NOMEM, "replies: out of memory");
        taker->templates = templates;
        pthread_mutex_init(&taker->mutex, NULL);
        r = load(templates, &taker->words, err);
        if (r < 0) {
                reply_taker_close(taker);
                return r;
        }
        *ret_taker = taker;
        return 0;
}

struct reply_taker *reply_taker_close(struct reply_taker *taker)
{
        if (!taker)
                return NULL;
        reply_words_free(taker->words);
        pthread_mutex_destroy(&taker->mutex);
        free(taker);
        return NULL;
}

int reply_taker_reload(struct reply_taker *taker, struct err *err)
{
        struct reply_words *words, *old;
        int r = load(taker->templates, &words, err);

        if (r < 0)
                return r;
        pthread_mutex_lock(&taker->mutex);
        old = taker->words;
        taker->words = words;
        pthread_mutex_unlock(&taker->mutex);
        reply_words_free(old);
        return 0;
}

/* ---- the event */

/* One line of at most TEXT_KEPT_MAX bytes, cut between characters. */
static void keep_text(const char *text, char ret_text[static TEXT_KEPT_MAX + 1])
{
        size_t length = strlen(text);

        if (length > TEXT_KEPT_MAX)
                length = TEXT_KEPT_MAX;
        while (length && text[length] && ((unsigned char)text[length] & 0xc0) == 0x80)
                length--;
        memcpy(ret_text, text, length);
        ret_text[length] = '\0';
        for (char *c = ret_text; *c; c++)
                if ((unsigned char)*c < ' ' || *c == 0x7f)
                        *c = ' ';
}

/* The provider's id; without one a digest of what was sent. */
static int name_event(const struct webhook_reply *reply, const char *number, int64_t now_utc,
                      char ret_id[static EVENT_ID_MAX])
{
        unsigned char hash[EVP_MAX_MD_SIZE];
        _cleanup_(free_ptr) char *all = NULL;
        unsigned length = 0;
        const int64_t at = reply->at == RECEIPT_NO_TIME ? now_utc / REPEAT_SECONDS : reply->at;

        if (reply->id && *reply->id && strlen(reply->id) < EVENT_ID_MAX) {
                snprintf(ret_id, EVENT_ID_MAX, "%s", reply->id);
                return 0;
        }
        if (asprintf(&all, "%s\n%lld\n%s\n%s", number, (long long)at, reply->id ? reply->id : "",
                     reply->text) < 0)
                return ERR_NOMEM;
        if (!EVP_Digest(all, strlen(all), hash, &length, EVP_sha256(), NULL))
                return ERR_NOMEM;
        for (unsigned i = 0; i < 16; i++)
                snprintf(ret_id + 2 * i, 3, "%02x", hash[i]);
        return 0;
}

static enum reply_answer read_words(struct reply_taker *taker, const char *text,
                                    char ret_child[static WORDS_MAX_BYTES])
{
        enum reply_answer answer;

        pthread_mutex_lock(&taker->mutex);
        answer = reply_read(taker->words, text, ret_child);
        pthread_mutex_unlock(&taker->mutex);
        return answer;
}

static json_t *make_data(struct reply_taker *taker, const struct webhook_reply *reply, const char *number)
{
        char text[TEXT_KEPT_MAX + 1], child[WORDS_MAX_BYTES];
        const enum reply_answer answer = read_words(taker, reply->text, child);

        keep_text(reply->text, text);
        return json_pack("{s:s, s:s, s:s*, s:s*}", "from", number, "answer", reply_answer_name(answer),
                         "text", *text ? text : NULL, "child", *child ? child : NULL);
}

/* free() it; NULL when memory ran out. */
static char *make_event(struct reply_taker *taker, const char *provider, const struct webhook_reply *reply,
                        int64_t now_utc)
{
        char number[REPLY_NUMBER_MAX], id[EVENT_ID_MAX], source[128], stamp[ZONE_STAMP_MAX], from[64];
        struct zone *zone = NULL;
        char *text = NULL;
        json_t *event;

        snprintf(from, sizeof from, "%s",
                 reply_number(reply->from, number) ? number
                 : *reply->from                    ? reply->from
                                                   : "-");
        if (name_event(reply, from, now_utc, id) < 0 || zone_open("UTC", &zone, NULL) < 0)
                return NULL;
        zone_stamp(zone, reply->at == RECEIPT_NO_TIME || reply->at > now_utc ? now_utc : reply->at, stamp);
        zone_close(zone);
        snprintf(source, sizeof source, "urn:kapula:replies:%s", provider);
        event =
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "specversion", "1.0", "id", id, "source", source,
                      "type", "kapula.reply.received", "time", stamp, "data", make_data(taker, reply, from));
        if (event)
                text = json_dumps(event, JSON_COMPACT);
        json_decref(event);
        return text;
}

int reply_taker_take(void *context, struct db *db, int64_t now_utc, const char *provider,
                     const struct webhook_reply *reply, struct err *err)
{
        struct intake_report report = {0};
        _cleanup_(free_ptr) char *event = make_event(context, provider, reply, now_utc);
        int r;

        if (!event)
                return err_set(err, ERR_NOMEM, "replies: out of memory");
        r = intake_events(db, now_utc, event, strlen(event), INTAKE_EVENT, NULL, &report, err);
        /* What cannot be kept would be sent again for ever: said in the log, without a word of it. */
        if (r == 0 && report.rejected_count)
                log_warning("deliver",
                            "provider %s: a reply cannot be read: look at its file's replies: part",
                            provider);
        intake_report_fini(&report);
        return r == ERR_INVALID ? 0 : r;
}
