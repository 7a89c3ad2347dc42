#include "calendar/serve.h"
#include "base/date.h"
#include "calendar/cache.h"
#include "calendar/feed.h"
#include "calendar/http_condition.h"
#include "calendar/link.h"
#include "store/db.h"
#include "store/feed_change.h"
#include "store/page_link.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define STANDING_ZONE "Europe/Helsinki" /* whose day says whether an owner has ended */
#define ETAG_BYTES 16                   /* of the SHA-256 */
#define GZIP_LEVEL 6

static struct calendar_body *body_new(size_t length)
{
        struct calendar_body *body = malloc(sizeof *body + length);

        if (body) {
                body->references = 1;
                body->length = length;
        }
        return body;
}

/* The same bytes give the same gzip: zlib's own header has no time and no name. */
static int compress_body(const struct calendar_body *plain, struct calendar_body **ret_gzip, struct err *err)
{
        struct calendar_body *gzip = NULL;
        z_stream stream = {0};
        int r = Z_MEM_ERROR;

        if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
                return err_set(err, ERR_NOMEM, "calendar: out of memory");
        gzip = body_new(deflateBound(&stream, plain->length));
        if (gzip) {
                stream.next_in = (unsigned char *)(uintptr_t)plain->data;
                stream.avail_in = (unsigned)plain->length;
                stream.next_out = (unsigned char *)gzip->data;
                stream.avail_out = (unsigned)gzip->length;
                r = deflate(&stream, Z_FINISH);
                gzip->length = stream.total_out;
        }
        deflateEnd(&stream);
        if (r != Z_STREAM_END) {
                calendar_body_unref(gzip);
                return err_set(err, ERR_NOMEM, "calendar: cannot compress: out of memory");
        }
        *ret_gzip = gzip;
        return 0;
}

/* Last-Modified never goes back, and rises when the bytes differ, also when rows merely disappeared. */
static int64_t decide_changed(const struct feed *feed, const struct feed_rendering *rendering,
                              const uint8_t hash[static FEED_HASH_BYTES], const struct cache_entry *before,
                              int64_t now_utc)
{
        const uint8_t *old_hash = before ? before->hash : feed->has_shown ? feed->shown_hash : NULL;
        int64_t old = before ? before->changed : feed->shown_changed;
        int64_t changed = rendering->changed == FEED_NEVER ? feed->created : rendering->changed;

        if (changed > now_utc)
                changed = now_utc;
        if (!old_hash)
                return changed;
        if (memcmp(old_hash, hash, FEED_HASH_BYTES) == 0)
                return old;
        if (changed <= old)
                changed = now_utc;
        return changed > old ? changed : old + 1;
}

/* Renders FEED into ENTRY, which holds what was known before when HAS_BEFORE. */
static int refresh(struct db *reader, struct calendar_cache *cache, const struct feed *feed,
                   const struct feed_owner *owner, const struct words *words, int64_t now_utc,
                   int64_t version, bool has_before, struct cache_entry *entry, struct err *err)
{
        struct cache_entry fresh = {.version = version, .words = words_number(words)};
        struct feed_rendering rendering;
        struct zone *zone;
        struct buf buf;
        int r;

        r = cache_zone_take(cache, owner->zone, &zone, err);
        if (r < 0)
                return r;
        buf_init(&buf, FEED_BYTES_MAX);
        r = feed_render(reader, feed, owner, words_catalogue(words), zone, now_utc, &buf, &rendering, err);
        cache_zone_give(cache, owner->zone, zone);
        if (r == 0 && EVP_Digest(buf.data, buf.length, fresh.hash, NULL, EVP_sha256(), NULL) != 1)
                r = err_set(err, ERR_IO, "calendar: SHA-256 failed: try again");
        if (r == 0) {
                fresh.changed =
                    decide_changed(feed, &rendering, fresh.hash, has_before ? entry : NULL, now_utc);
                fresh.valid_until = rendering.valid_until;
                if (has_before && memcmp(entry->hash, fresh.hash, FEED_HASH_BYTES) == 0) {
                        fresh.body = TAKE(entry->body);
                        fresh.gzip = TAKE(entry->gzip);
                } else {
                        fresh.body = body_new(buf.length);
                        if (fresh.body)
                                memcpy(fresh.body->data, buf.data, buf.length);
                        else
                                r = err_set(err, ERR_NOMEM, "calendar: out of memory");
                }
        }
        buf_fini(&buf);
        if (r < 0)
                return r;
        cache_entry_fini(entry);
        *entry = fresh;
        cache_store(cache, feed->id, entry);
        return 0;
}

static int read_owner(struct db *reader, struct calendar_cache *cache, const struct feed *feed,
                      int64_t now_utc, struct feed_owner *ret_owner, struct err *err)
{
        char today[DATE_TEXT_MAX];
        struct zone *zone;
        int32_t date;
        int seconds, r;

        r = cache_zone_take(cache, STANDING_ZONE, &zone, err);
        if (r < 0)
                return r;
        zone_to_local(zone, now_utc, &date, &seconds);
        cache_zone_give(cache, STANDING_ZONE, zone);
        date_print(date, today);
        return feed_owner_read(reader, feed, now_utc, today, ret_owner, err);
}

struct follower {
        struct calendar_cache *cache;
        int64_t version;
};

static void note_owner(void *context, const char *owner)
{
        const struct follower *follower = context;

        cache_note(follower->cache, owner, follower->version);
}

/* Finds out whom the changes up to VERSION, which this reader sees, concern. Two threads may do so at once:
 * the same is noted twice. */
static int follow(struct db *reader, struct calendar_cache *cache, int64_t version, struct err *err)
{
        struct follower follower = {cache, version};
        int64_t seen = cache_seen(cache);
        int r = FEED_CHANGE_SOME;

        if (seen >= version)
                return 0;
        if (seen != CACHE_BLIND) /* else there is nothing that could be outdated */
                r = feed_change_owners(reader, seen, note_owner, &follower, err);
        if (r < 0)
                return r;
        if (r == FEED_CHANGE_ALL)
                cache_note(cache, NULL, version);
        cache_set_seen(cache, version);
        return 0;
}

/* The calendar of an owner who may have it: 200 with ENTRY filled, or 0 when it must be made and IS_HURRIED.
 */
static int look_up_open(struct db *reader, struct calendar_cache *cache, int64_t now_utc, bool is_hurried,
                        const struct feed *feed, const struct feed_owner *owner, int64_t version,
                        struct cache_entry *entry, struct err *err)
{
        struct words *words = cache_words_take(cache);
        bool is_known, is_fresh;
        int r = 0;

        if (!words)
                return err_set(err, ERR_INVALID, "calendar: no templates are read: start the gateway anew");
        is_known = cache_find(cache, feed->id, entry);
        is_fresh = is_known && entry->words == words_number(words) && now_utc < entry->valid_until &&
                   cache_is_current(cache, feed->owner, entry->version);
        if (!is_fresh && !is_hurried)
                r = refresh(reader, cache, feed, owner, words, now_utc, version, is_known, entry, err);
        cache_words_give(words);
        if (r < 0)
                return r;
        return is_fresh || !is_hurried ? 200 : 0;
}

/* Inside one read transaction: 200 with ENTRY filled, 404, 410, or 0 when it takes time and IS_HURRIED. */
static int look_up(struct db *reader, struct calendar_cache *cache, int64_t now_utc, const char *token,
                   bool is_hurried, struct feed *feed, struct cache_entry *entry, struct err *err)
{
        uint8_t hash[FEED_HASH_BYTES];
        struct feed_owner owner;
        int64_t version;
        int r;

        if (!link_hash(token, hash))
                return 404;
        r = feed_find_token(reader, hash, feed, err);
        if (r < 0)
                return r == ERR_NOT_FOUND ? 404 : r;
        r = feed_change_latest(reader, &version, err);
        if (r == 0 && is_hurried && cache_seen(cache) < version)
                return 0;
        if (r == 0)
                r = follow(reader, cache, version, err);
        if (r == 0)
                r = read_owner(reader, cache, feed, now_utc, &owner, err);
        if (r < 0)
                return r;
        if (owner.standing == FEED_OPEN)
                r = look_up_open(reader, cache, now_utc, is_hurried, feed, &owner, version, entry, err);
        else
                r = owner.standing == FEED_PAUSED ? 404 : 410;
        feed_owner_fini(&owner);
        return r;
}

static void print_etag(const struct cache_entry *entry, bool is_gzip, char etag[static CALENDAR_ETAG_MAX])
{
        int length = 1;

        etag[0] = '"';
        for (int i = 0; i < ETAG_BYTES; i++)
                length += snprintf(etag + length, CALENDAR_ETAG_MAX - (size_t)length, "%02x", entry->hash[i]);
        snprintf(etag + length, CALENDAR_ETAG_MAX - (size_t)length, "%s\"", is_gzip ? "-gz" : "");
}

static int fill_answer(struct calendar_cache *cache, const struct calendar_request *request, int64_t now_utc,
                       const struct feed *feed, struct cache_entry *entry, struct calendar_answer *answer,
                       struct err *err)
{
        int r;

        *answer = (struct calendar_answer){
            .status = 200, .is_gzip = request->accepts_gzip, .changed = entry->changed};
        snprintf(answer->feed, sizeof answer->feed, "%s", feed->id);
        memcpy(answer->hash, entry->hash, FEED_HASH_BYTES);
        print_etag(entry, answer->is_gzip, answer->etag);
        http_date_print(entry->changed, answer->last_modified);
        if (answer->is_gzip && !entry->gzip && request->is_hurried) {
                answer->status = 0;
                return 0;
        }
        if (answer->is_gzip && !entry->gzip) {
                r = compress_body(entry->body, &entry->gzip, err);
                if (r < 0)
                        return r;
                cache_store(cache, feed->id, entry);
        }
        answer->body = calendar_body_ref(answer->is_gzip ? entry->gzip : entry->body);
        if (http_is_unchanged(request->if_none_match, request->if_modified_since, answer->etag,
                              entry->changed, now_utc))
                answer->status = 304;
        return 0;
}

int calendar_serve(struct db *reader, struct calendar_cache *cache, int64_t now_utc, const char *token,
                   const struct calendar_request *request, struct calendar_answer *ret_answer,
                   struct err *err)
{
        struct cache_entry entry = {0};
        struct feed feed;
        int r;

        r = db_begin(reader, err);
        if (r < 0)
                return r;
        r = look_up(reader, cache, now_utc, token, request->is_hurried, &feed, &entry, err);
        db_rollback(reader); /* only read */
        if (r == 200)
                r = fill_answer(cache, request, now_utc, &feed, &entry, ret_answer, err);
        else if (r >= 0)
                *ret_answer = (struct calendar_answer){.status = r};
        cache_entry_fini(&entry);
        return r < 0 ? r : 0;
}

int calendar_record(struct db *writer, int64_t now_utc, const struct calendar_answer *answer, struct err *err)
{
        int r =
            feed_fetched(writer, answer->feed, now_utc, answer->status, answer->hash, answer->changed, err);

        return r < 0 ? r : page_feed_put(writer, answer->feed, now_utc, err);
}
