#include "store/calendar_source.h"
#include "store/calendar_entry.h"
#include "store/meeting.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define SOURCE_PREFIX "calendar:" /* of `source` in the rows it owns */
#define KEPT_MAX 300              /* bytes */
#define HASH_BYTES 12             /* of an uid in the id of a meeting */

#define COLUMNS                                                                                              \
        "SELECT s.name, s.url, s.organisation, s.kind, s.state, s.reason, s.etag, s.modified, s.every,"      \
        " s.read, s.next, s.since, s.entries, coalesce(c.timezone, 'Europe/Helsinki') FROM calendar_source " \
        "s"                                                                                                  \
        " LEFT JOIN organisation_calendar c ON c.organisation = s.organisation"

static void copy(char *to, size_t size, const char *text)
{
        snprintf(to, size, "%s", text ? text : "");
}

static void read_source(struct query *q, struct calendar_source *source)
{
        *source = (struct calendar_source){
            .every = column_int(q, 8),
            .read = column_int_or(q, 9, CALENDAR_SOURCE_NEVER),
            .next = column_int(q, 10),
            .since = column_int_or(q, 11, CALENDAR_SOURCE_NEVER),
            .entries = (int)column_int(q, 12),
        };
        copy(source->name, sizeof source->name, column_text(q, 0));
        copy(source->url, sizeof source->url, column_text(q, 1));
        copy(source->organisation, sizeof source->organisation, column_text(q, 2));
        copy(source->kind, sizeof source->kind, column_text(q, 3));
        copy(source->state, sizeof source->state, column_text(q, 4));
        copy(source->reason, sizeof source->reason, column_text(q, 5));
        copy(source->etag, sizeof source->etag, column_text(q, 6));
        copy(source->modified, sizeof source->modified, column_text(q, 7));
        copy(source->zone, sizeof source->zone, column_text(q, 13));
}

int calendar_source_put(struct db *db, const struct calendar_source *source, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT 1 FROM organisation WHERE id = ?", err);
        query_text(&q, source->organisation);
        r = put_exists(&q);
        if (r <= 0)
                return r < 0 ? r
                             : err_set(err, ERR_NOT_FOUND,
                                       "calendars: %s: no such organisation %.60s: see the roster",
                                       source->name, source->organisation);
        query_start(
            &q, db,
            "INSERT INTO calendar_source(name, url, organisation, kind, every) VALUES (?1, ?2, ?3, ?4, ?5)"
            " ON CONFLICT(name) DO UPDATE SET url = ?2, organisation = ?3, kind = ?4, every = ?5,"
            "   next = CASE WHEN url = ?2 AND organisation = ?3 AND kind = ?4"
            "               THEN min(next, coalesce(read, 0) + ?5) ELSE 0 END,"
            "   etag = CASE WHEN url = ?2 AND organisation = ?3 AND kind = ?4 THEN etag END,"
            "   modified = CASE WHEN url = ?2 AND organisation = ?3 AND kind = ?4 THEN modified END",
            err);
        query_text(&q, source->name);
        query_text(&q, source->url);
        query_text(&q, source->organisation);
        query_text(&q, source->kind);
        query_int(&q, source->every);
        return query_run(&q);
}

int calendar_source_list(struct db *db, int (*each)(void *context, const struct calendar_source *source),
                         void *context, struct err *err)
{
        struct calendar_source source;
        struct query q;
        int r;

        query_start(&q, db, COLUMNS " ORDER BY s.name", err);
        while ((r = query_row(&q)) > 0) {
                read_source(&q, &source);
                r = each(context, &source);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int calendar_source_due(struct db *db, int64_t now_utc, const char *name, struct calendar_source *ret_source,
                        struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    COLUMNS " WHERE s.name = coalesce(?1, s.name) AND (s.next <= ?2 OR ?1 IS NOT NULL)"
                            " ORDER BY s.next, s.name LIMIT 1",
                    err);
        query_text(&q, name);
        query_int(&q, now_utc);
        r = query_row(&q);
        if (r > 0)
                read_source(&q, ret_source);
        query_end(&q);
        return r;
}

int calendar_source_note(struct db *db, int64_t now_utc, const char *name, const char *state,
                         const char *reason, const char *etag, const char *modified, int entries,
                         struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE calendar_source SET read = ?2, next = ?2 + every, reason = ?4,"
                    "   since = CASE WHEN state = ?3 THEN coalesce(since, ?2) ELSE ?2 END, state = ?3,"
                    "   etag = CASE WHEN ?3 = 'read' THEN ?5 ELSE etag END,"
                    "   modified = CASE WHEN ?3 = 'read' THEN ?6 ELSE modified END,"
                    "   entries = CASE WHEN ?3 = 'read' THEN ?7 ELSE entries END WHERE name = ?1",
                    err);
        query_text(&q, name);
        query_int(&q, now_utc);
        query_text(&q, state);
        query_text(&q, reason);
        query_text(&q, etag);
        query_text(&q, modified);
        query_int(&q, entries);
        return query_run(&q);
}

/* ---- what a source owns */

/* "ics-" and a hash of source and uid: another's uid may be anything. */
static int meeting_id(const char *source, const char *uid, char ret_id[static KEPT_MAX], struct err *err)
{
        unsigned char hash[EVP_MAX_MD_SIZE];
        _cleanup_(free_ptr) char *text = NULL;
        int length = asprintf(&text, "%s\n%s", source, uid);

        if (length < 0 || EVP_Digest(text, (size_t)length, hash, NULL, EVP_sha256(), NULL) != 1)
                return err_set(err, ERR_NOMEM, "calendars: out of memory");
        snprintf(ret_id, KEPT_MAX, "ics-");
        for (size_t i = 0; i < HASH_BYTES; i++)
                snprintf(ret_id + 4 + 2 * i, KEPT_MAX - 4 - 2 * i, "%02x", hash[i]);
        return 0;
}

static int delete_break(struct db *db, const char *source, const char *kept, struct err *err)
{
        struct query q;
        char owner[CALENDAR_SOURCE_NAME_MAX + sizeof SOURCE_PREFIX];

        snprintf(owner, sizeof owner, SOURCE_PREFIX "%s", source);
        query_start(&q, db,
                    "DELETE FROM calendar_entry"
                    " WHERE source = ? AND organisation || '/' || first_day || '/' || last_day = ?",
                    err);
        query_text(&q, owner);
        query_text(&q, kept);
        return query_run(&q);
}

static int end_kept(struct db *db, int64_t now_utc, const char *source, const char *kept, struct err *err)
{
        return strncmp(kept, "ics-", 4) == 0 ? meeting_cancel(db, now_utc, kept, 0, err)
                                             : delete_break(db, source, kept, err);
}

static int find_kept(struct db *db, const char *source, const char *uid, char ret_kept[static KEPT_MAX],
                     struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT kept FROM calendar_source_entry WHERE source = ? AND uid = ?", err);
        query_text(&q, source);
        query_text(&q, uid);
        r = query_row(&q);
        copy(ret_kept, KEPT_MAX, r > 0 ? column_text(&q, 0) : "");
        query_end(&q);
        return r;
}

static int note_kept(struct db *db, const char *source, const char *uid, const char *kept, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO calendar_source_entry(source, uid, kept) VALUES (?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET kept = excluded.kept WHERE kept <> excluded.kept",
                    err);
        query_text(&q, source);
        query_text(&q, uid);
        query_text(&q, kept);
        return query_run(&q);
}

static int put_break(struct db *db, const struct calendar_source *source,
                     const struct calendar_source_entry *entry, char kept[static KEPT_MAX], struct err *err)
{
        const struct calendar_entry row = {source->organisation, entry->first_day, entry->last_day, "break",
                                           entry->title};
        char owner[CALENDAR_SOURCE_NAME_MAX + sizeof SOURCE_PREFIX];

        snprintf(owner, sizeof owner, SOURCE_PREFIX "%s", source->name);
        snprintf(kept, KEPT_MAX, "%.200s/%s/%s", source->organisation, entry->first_day, entry->last_day);
        return calendar_entry_put(db, owner, &row, err);
}

static int put_meeting(struct db *db, int64_t now_utc, const struct calendar_source *source,
                       const struct calendar_source_entry *entry, char kept[static KEPT_MAX], struct err *err)
{
        struct meeting row = {.kind = "meeting",
                              .organisation = source->organisation,
                              .title = entry->title,
                              .place = entry->place,
                              .starts = entry->starts,
                              .ends = entry->ends};
        int r = meeting_id(source->name, entry->uid, kept, err);

        row.id = kept;
        return r < 0 ? r : meeting_put(db, now_utc, &row, err);
}

int calendar_source_entry_put(struct db *db, int64_t now_utc, const struct calendar_source *source,
                              const struct calendar_source_entry *entry, struct err *err)
{
        char before[KEPT_MAX], kept[KEPT_MAX];
        int r = find_kept(db, source->name, entry->uid, before, err);

        if (r < 0)
                return r;
        r = strcmp(source->kind, "breaks") == 0 ? put_break(db, source, entry, kept, err)
                                                : put_meeting(db, now_utc, source, entry, kept, err);
        if (r >= 0 && before[0] && strcmp(before, kept) != 0)
                r = end_kept(db, now_utc, source->name, before, err);
        return r < 0 ? r : note_kept(db, source->name, entry->uid, kept, err);
}

static bool is_among(const char *const *uids, size_t count, const char *uid)
{
        size_t low = 0, high = count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = strcmp(uids[middle], uid);

                if (order == 0)
                        return true;
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return false;
}

/* Ends one that is not among UIDS: 1; 0 when there is none behind AFTER any more, which moves along. */
static int end_one(struct db *db, int64_t now_utc, const char *source, const char *const *uids, size_t count,
                   char after[static KEPT_MAX * 2], struct err *err)
{
        char kept[KEPT_MAX] = "";
        bool found = false;
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT uid, kept FROM calendar_source_entry WHERE source = ? AND uid > ? ORDER BY uid",
                    err);
        query_text(&q, source);
        query_text(&q, after);
        while ((r = query_row(&q)) > 0 && !found)
                if (!is_among(uids, count, column_text(&q, 0))) {
                        copy(after, KEPT_MAX * 2, column_text(&q, 0));
                        copy(kept, sizeof kept, column_text(&q, 1));
                        found = true;
                        break;
                }
        query_end(&q);
        if (r < 0 || !found)
                return r < 0 ? r : 0;
        r = end_kept(db, now_utc, source, kept, err);
        if (r < 0)
                return r;
        query_start(&q, db, "DELETE FROM calendar_source_entry WHERE source = ? AND uid = ?", err);
        query_text(&q, source);
        query_text(&q, after);
        r = query_run(&q);
        return r < 0 ? r : 1;
}

static int keep_entries(struct db *db, int64_t now_utc, const char *source, const char *const *uids,
                        size_t count, struct err *err)
{
        char after[KEPT_MAX * 2] = "";
        int r;

        while ((r = end_one(db, now_utc, source, uids, count, after, err)) > 0)
                ;
        return r;
}

int calendar_source_entries_keep(struct db *db, int64_t now_utc, const struct calendar_source *source,
                                 const char *const *uids, size_t count, struct err *err)
{
        return keep_entries(db, now_utc, source->name, uids, count, err);
}

int calendar_source_keep(struct db *db, int64_t now_utc, const char *const *names, size_t count,
                         struct err *err)
{
        char name[CALENDAR_SOURCE_NAME_MAX];
        struct query q;
        bool found;
        int r;

        do {
                found = false;
                query_start(&q, db, "SELECT name FROM calendar_source ORDER BY name", err);
                while (!found && (r = query_row(&q)) > 0) {
                        copy(name, sizeof name, column_text(&q, 0));
                        found = true;
                        for (size_t i = 0; i < count; i++)
                                if (strcmp(names[i], name) == 0)
                                        found = false;
                }
                query_end(&q);
                if (r < 0 || !found)
                        return r < 0 ? r : 0;
                r = keep_entries(db, now_utc, name, NULL, 0, err);
                if (r == 0) {
                        query_start(&q, db, "DELETE FROM calendar_source WHERE name = ?", err);
                        query_text(&q, name);
                        r = query_run(&q);
                }
        } while (r == 0);
        return r;
}
