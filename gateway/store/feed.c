#include "store/feed.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

#define FEED_COLUMNS \
        "id, kind, owner, created, revoked, last_fetch, last_status, fetches, shown_hash, shown_changed"

/* Cut when longer: whoever writes feeds checks the lengths. */
static void copy(char *to, size_t size, const char *text)
{
        snprintf(to, size, "%s", text ? text : "");
}

static void read_feed(struct query *q, struct feed *feed)
{
        const void *hash;
        size_t length;

        *feed = (struct feed){
            .created = column_int(q, 3),
            .revoked = column_int_or(q, 4, FEED_NEVER),
            .last_fetch = column_int_or(q, 5, FEED_NEVER),
            .last_status = (int)column_int_or(q, 6, 0),
            .fetches = (int)column_int(q, 7),
            .shown_changed = column_int_or(q, 9, FEED_NEVER),
        };
        copy(feed->id, sizeof feed->id, column_text(q, 0));
        copy(feed->kind, sizeof feed->kind, column_text(q, 1));
        copy(feed->owner, sizeof feed->owner, column_text(q, 2));
        hash = column_blob(q, 8, &length);
        feed->has_shown = length == FEED_HASH_BYTES && feed->shown_changed != FEED_NEVER;
        if (feed->has_shown)
                memcpy(feed->shown_hash, hash, FEED_HASH_BYTES);
}

static int read_one(struct query *q, struct feed *ret_feed)
{
        int r = query_row(q);

        if (r > 0)
                read_feed(q, ret_feed);
        query_end(q);
        if (r < 0)
                return r;
        return r > 0 ? 0 : ERR_NOT_FOUND;
}

int feed_find(struct db *db, const char *id, struct feed *ret_feed, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT " FEED_COLUMNS " FROM feed WHERE id = ?", err);
        query_text(&q, id);
        return read_one(&q, ret_feed);
}

int feed_find_token(struct db *db, const uint8_t hash[static FEED_HASH_BYTES], struct feed *ret_feed,
                    struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT " FEED_COLUMNS " FROM feed WHERE token_hash = ?", err);
        query_blob(&q, hash, FEED_HASH_BYTES);
        return read_one(&q, ret_feed);
}

int feed_kind_of(struct db *db, const char *id, const char *wanted, const char *today,
                 char ret_kind[static FEED_KIND_MAX], struct err *err)
{
        struct query q;
        int r, count = 0;

        query_start(&q, db,
                    "SELECT kind FROM ("
                    "  SELECT 'person' AS kind, ended FROM person WHERE id = ?1"
                    "   UNION ALL SELECT 'workplace', ended FROM workplace WHERE id = ?1"
                    "   UNION ALL SELECT kind, ended FROM organisation WHERE id = ?1)"
                    " WHERE (ended IS NULL OR ended > ?2) AND (?3 IS NULL OR kind = ?3)",
                    err);
        query_text(&q, id);
        query_text(&q, today);
        query_text(&q, wanted);
        while ((r = query_row(&q)) > 0)
                if (count++ == 0)
                        copy(ret_kind, FEED_KIND_MAX, column_text(&q, 0));
        query_end(&q);
        if (r < 0)
                return r;
        if (count > 1)
                return err_set(err, ERR_CONFLICT,
                               "%.60s: a person, a workplace and an organisation may bear it: say which with "
                               "--kind",
                               id);
        if (count == 0)
                return err_set(err, ERR_NOT_FOUND, "%.60s: no %.40s in force has this id: see the roster", id,
                               wanted ? wanted : "person, workplace or organisation");
        return 0;
}

int feed_add(struct db *db, const char *id, const char *owner, const char *kind,
             const uint8_t hash[static FEED_HASH_BYTES], int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db, "INSERT INTO feed(id, owner, kind, token_hash, created) VALUES (?, ?, ?, ?, ?)",
                    err);
        query_text(&q, id);
        query_text(&q, owner);
        query_text(&q, kind);
        query_blob(&q, hash, FEED_HASH_BYTES);
        query_int(&q, now_utc);
        return query_run(&q);
}

int feed_revoke(struct db *db, const char *id, int64_t now_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "UPDATE feed SET revoked = coalesce(revoked, ?) WHERE id = ?", err);
        query_int(&q, now_utc);
        query_text(&q, id);
        r = query_run(&q);
        if (r == 0 && db_changes(db) == 0)
                return err_set(err, ERR_NOT_FOUND, "%.60s: no such feed: see kapula feeds list", id);
        return r;
}

int feed_fetched(struct db *db, const char *id, int64_t now_utc, int status,
                 const uint8_t hash[static FEED_HASH_BYTES], int64_t changed, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE feed SET last_fetch = ?, last_status = ?, fetches = fetches + 1, shown_hash = ?,"
                    "                shown_changed = ?"
                    " WHERE id = ?",
                    err);
        query_int(&q, now_utc);
        query_int(&q, status);
        query_blob(&q, hash, FEED_HASH_BYTES);
        query_int(&q, changed);
        query_text(&q, id);
        return query_run(&q);
}

int feed_fetched_since(struct db *db, const char *person, int64_t since_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT 1 FROM feed WHERE revoked IS NULL AND last_fetch >= ?2 AND owner IN ("
            "  SELECT ?1 UNION ALL SELECT workplace FROM workplace_supervisor WHERE person = ?1) LIMIT 1",
            err);
        query_text(&q, person);
        query_int(&q, since_utc);
        r = query_row(&q);
        query_end(&q);
        return r;
}

int feed_list(struct db *db, int (*each)(void *context, const struct feed *feed), void *context,
              struct err *err)
{
        struct feed feed;
        struct query q;
        int r;

        query_start(&q, db, "SELECT " FEED_COLUMNS " FROM feed ORDER BY owner, kind, created, id", err);
        while ((r = query_row(&q)) > 0) {
                read_feed(&q, &feed);
                r = each(context, &feed);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

enum feed_use feed_use_of(const struct feed *feed, int64_t now_utc)
{
        if (feed->revoked != FEED_NEVER)
                return FEED_USE_REVOKED;
        if (feed->last_fetch == FEED_NEVER)
                return FEED_USE_NEVER;
        return now_utc - feed->last_fetch > FEED_STOPPED_DAYS * 86400 ? FEED_USE_STOPPED : FEED_USE_LIVE;
}

const char *feed_use_name(enum feed_use use)
{
        static const char *const names[] = {"never", "live", "stopped", "revoked"};

        return names[use];
}

/* ---- whose it is */

/* The nearest word of an organisation or what stands above it. */
static int read_organisation(struct db *db, const char *organisation, struct feed_owner *owner,
                             struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT (SELECT o.timezone FROM organisation_tree t JOIN organisation o ON o.id = t.ancestor"
            "         WHERE t.descendant = ?1 AND o.timezone IS NOT NULL ORDER BY t.distance LIMIT 1),"
            "       (SELECT o.languages FROM organisation_tree t JOIN organisation o ON o.id = t.ancestor"
            "         WHERE t.descendant = ?1 AND o.languages IS NOT NULL ORDER BY t.distance LIMIT 1),"
            "       (SELECT o.phone FROM organisation_tree t JOIN organisation o ON o.id = t.ancestor"
            "         WHERE t.descendant = ?1 AND o.phone IS NOT NULL ORDER BY t.distance LIMIT 1)",
            err);
        query_text(&q, organisation);
        r = query_row(&q);
        if (r > 0 && !column_is_null(&q, 0) && !owner->zone[0])
                copy(owner->zone, sizeof owner->zone, column_text(&q, 0));
        if (r > 0 && !column_is_null(&q, 1))
                copy(owner->languages, sizeof owner->languages, column_text(&q, 1));
        if (r > 0)
                copy(owner->phone, sizeof owner->phone, column_text(&q, 2));
        query_end(&q);
        return r < 0 ? r : 0;
}

/* The organisation through which a person came here, by a role, a workplace or a child. */
static int read_organisation_of_person(struct db *db, const char *person, struct feed_owner *owner,
                                       struct err *err)
{
        char organisation[FEED_OWNER_MAX] = "";
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT organisation FROM ("
                    "  SELECT 1 AS rank, first_day AS since, organisation FROM role WHERE person = ?1"
                    "   UNION ALL SELECT 2, '', w.organisation FROM workplace_supervisor s"
                    "               JOIN workplace w ON w.id = s.workplace WHERE s.person = ?1"
                    "   UNION ALL SELECT 3, p.first_day, w.organisation FROM placement p"
                    "               JOIN workplace w ON w.id = p.workplace WHERE p.supervisor = ?1"
                    "   UNION ALL SELECT 4, r.first_day, r.organisation FROM guardian g"
                    "               JOIN role r ON r.person = g.pupil WHERE g.guardian = ?1"
                    "   UNION ALL SELECT 5, r.first_day, r.organisation FROM carer c"
                    "               JOIN role r ON r.person = c.pupil WHERE c.carer = ?1)"
                    " ORDER BY rank, since DESC, organisation LIMIT 1",
                    err);
        query_text(&q, person);
        r = query_row(&q);
        if (r > 0)
                copy(organisation, sizeof organisation, column_text(&q, 0));
        query_end(&q);
        return r < 0 ? r : read_organisation(db, organisation, owner, err);
}

/* Closed when a right was lost and none is left. Who never had one has an empty calendar. */
#define PERSON_QUERY                                                                                      \
        "SELECT p.language, p.timezone, p.ended IS NOT NULL AND p.ended <= ?2,"                           \
        "  EXISTS (SELECT 1 FROM hold h WHERE h.kind = 'person' AND h.subject = ?1 AND h.starts <= ?3"    \
        "             AND (h.ends IS NULL OR h.ends > ?3)),"                                              \
        "  EXISTS (SELECT 1 FROM guardian g WHERE g.guardian = ?1"                                        \
        "             AND (g.restricted = 1 OR g.ended <= ?2))"                                           \
        "  OR EXISTS (SELECT 1 FROM carer c WHERE c.carer = ?1 AND c.ended <= ?2)"                        \
        "  OR EXISTS (SELECT 1 FROM role r WHERE r.person = ?1 AND r.last_day < ?2),"                     \
        "  EXISTS (SELECT 1 FROM guardian g WHERE g.guardian = ?1 AND g.restricted = 0"                   \
        "             AND (g.ended IS NULL OR g.ended > ?2))"                                             \
        "  OR EXISTS (SELECT 1 FROM carer c WHERE c.carer = ?1 AND (c.ended IS NULL OR c.ended > ?2))"    \
        "  OR EXISTS (SELECT 1 FROM role r WHERE r.person = ?1 AND (r.last_day IS NULL OR r.last_day >= " \
        "?2))"                                                                                            \
        "  OR EXISTS (SELECT 1 FROM workplace_supervisor s WHERE s.person = ?1)"                          \
        "  OR EXISTS (SELECT 1 FROM placement m WHERE m.supervisor = ?1)"                                 \
        "  OR EXISTS (SELECT 1 FROM audience_member a WHERE a.person = ?1)"                               \
        "  FROM person p WHERE p.id = ?1"

static int read_person(struct db *db, const char *id, int64_t now_utc, const char *today,
                       struct feed_owner *owner, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, PERSON_QUERY, err);
        query_text(&q, id);
        query_text(&q, today);
        query_int(&q, now_utc);
        r = query_row(&q);
        if (r > 0) {
                copy(owner->own_language, sizeof owner->own_language, column_text(&q, 0));
                copy(owner->zone, sizeof owner->zone, column_text(&q, 1));
                if (column_int(&q, 2) || (column_int(&q, 4) && !column_int(&q, 5)))
                        owner->standing = FEED_CLOSED;
                else
                        owner->standing = column_int(&q, 3) ? FEED_PAUSED : FEED_OPEN;
        }
        query_end(&q);
        if (r <= 0)
                return r; /* no such person: closed */
        return owner->standing == FEED_OPEN ? read_organisation_of_person(db, id, owner, err) : 0;
}

static int read_place(struct db *db, const struct feed *feed, const char *today, struct feed_owner *owner,
                      struct err *err)
{
        bool is_workplace = strcmp(feed->kind, "workplace") == 0;
        char organisation[FEED_OWNER_MAX] = "";
        struct query q;
        int r;

        if (is_workplace)
                query_start(&q, db,
                            "SELECT name, organisation FROM workplace"
                            " WHERE id = ? AND (ended IS NULL OR ended > ?)",
                            err);
        else
                query_start(&q, db,
                            "SELECT name, id FROM organisation"
                            " WHERE id = ? AND (ended IS NULL OR ended > ?)",
                            err);
        query_text(&q, feed->owner);
        query_text(&q, today);
        r = query_row(&q);
        if (r > 0) {
                owner->standing = FEED_OPEN;
                owner->name = strdup(column_text(&q, 0));
                copy(organisation, sizeof organisation, column_text(&q, 1));
                if (!owner->name)
                        r = err_set(err, ERR_NOMEM, "feed: out of memory");
        }
        query_end(&q);
        return r <= 0 ? r : read_organisation(db, organisation, owner, err);
}

int feed_owner_read(struct db *db, const struct feed *feed, int64_t now_utc, const char *today,
                    struct feed_owner *ret_owner, struct err *err)
{
        struct feed_owner owner = {.standing = FEED_CLOSED};
        int r = 0;

        if (feed->revoked == FEED_NEVER && strcmp(feed->kind, "person") == 0)
                r = read_person(db, feed->owner, now_utc, today, &owner, err);
        else if (feed->revoked == FEED_NEVER)
                r = read_place(db, feed, today, &owner, err);
        if (r < 0) {
                feed_owner_fini(&owner);
                return r;
        }
        if (!owner.languages[0])
                copy(owner.languages, sizeof owner.languages, "fi");
        if (!owner.zone[0])
                copy(owner.zone, sizeof owner.zone, "Europe/Helsinki");
        *ret_owner = owner;
        return 0;
}

void feed_owner_fini(struct feed_owner *owner)
{
        free(owner->name);
        owner->name = NULL;
}
