#include "calendar/link_make.h"
#include "base/date.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define ID_RANDOM_BYTES 8

static int new_id(char ret_id[static FEED_ID_MAX], struct err *err)
{
        unsigned char random[ID_RANDOM_BYTES];

        if (RAND_bytes(random, sizeof random) != 1)
                return err_set(err, ERR_IO, "calendar: no random numbers: try again");
        for (int i = 0; i < ID_RANDOM_BYTES; i++)
                snprintf(ret_id + 2 * i, FEED_ID_MAX - 2 * (size_t)i, "%02x", random[i]);
        return 0;
}

/* A right that is not there is told here, not by a link that never opens. */
static int check_right(struct db *db, struct link_made *made, int64_t now_utc, const char *today,
                       struct err *err)
{
        int r;

        made->feed.revoked = FEED_NEVER;
        r = feed_owner_read(db, &made->feed, now_utc, today, &made->owner, err);
        if (r < 0)
                return r;
        if (made->owner.standing == FEED_OPEN)
                return 0;
        return err_set(err, ERR_CONFLICT, "%.60s: may have no calendar (%s): see the roster",
                       made->feed.owner,
                       made->owner.standing == FEED_PAUSED ? "staff hold everything to this person"
                                                           : "restricted, or nothing is left of a role");
}

int link_make(struct db *db, const char *owner, const char *kind, int64_t now_utc, struct link_made *ret_made,
              struct err *err)
{
        uint8_t hash[FEED_HASH_BYTES];
        char today[DATE_TEXT_MAX];
        int r;

        *ret_made = (struct link_made){0};
        date_print((int32_t)(now_utc / 86400), today);
        r = feed_kind_of(db, owner, kind, today, ret_made->feed.kind, err);
        if (r == 0 && strlen(owner) >= FEED_OWNER_MAX)
                r = err_set(err, ERR_LIMIT,
                            "calendar: the owner's id is longer than %d bytes: give a shorter id",
                            FEED_OWNER_MAX - 1);
        if (r < 0)
                return r;
        memcpy(ret_made->feed.owner, owner, strlen(owner) + 1);
        r = check_right(db, ret_made, now_utc, today, err);
        if (r == 0)
                r = new_id(ret_made->feed.id, err);
        if (r == 0)
                r = link_new(ret_made->token, hash, err);
        return r < 0 ? r : feed_add(db, ret_made->feed.id, owner, ret_made->feed.kind, hash, now_utc, err);
}

int link_rotate(struct db *db, const char *feed, int64_t now_utc, struct link_made *ret_made, struct err *err)
{
        struct feed before = {0};
        int r = feed_find(db, feed, &before, err);

        *ret_made = (struct link_made){0};
        if (r == ERR_NOT_FOUND)
                return err_set(err, r, "%.60s: no such feed: see kapula feeds list", feed);
        if (r == 0 && before.revoked != FEED_NEVER)
                return err_set(err, ERR_CONFLICT,
                               "%.60s: is revoked: make a new one with kapula feeds create", feed);
        if (r == 0)
                r = feed_revoke(db, feed, now_utc, err);
        return r < 0 ? r : link_make(db, before.owner, before.kind, now_utc, ret_made, err);
}

void link_made_fini(struct link_made *made)
{
        feed_owner_fini(&made->owner);
}
