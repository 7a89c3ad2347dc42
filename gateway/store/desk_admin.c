#include "store/desk_admin.h"

#include <stdio.h>
#include <string.h>

/* ORGANISATION stands in the scope ?1. */
#define IN_SCOPE(organisation)                                                                  \
        "EXISTS (SELECT 1 FROM organisation_tree t, json_each(?1) s WHERE t.ancestor = s.value" \
        "   AND t.descendant = " organisation ")"

/* Of ?1, by a person's own role, a pupil's of whom they are a guardian, or a workplace they supervise. */
#define PERSON_IN_SCOPE(person)                                                                              \
        "(EXISTS (SELECT 1 FROM role r WHERE r.person = " person " AND " IN_SCOPE(                           \
            "r.organisation") ")"                                                                            \
                              " OR EXISTS (SELECT 1 FROM guardian g JOIN role r ON r.person = g.pupil "      \
                              "WHERE g.guardian = " person "     AND r.role = 'pupil' AND " IN_SCOPE(        \
                                  "r.organisation") ")"                                                      \
                                                    " OR EXISTS (SELECT 1 FROM workplace_supervisor v JOIN " \
                                                    "workplace w ON w.id = v.workplace"                      \
                                                    "     WHERE v.person = " person                          \
                                                    " AND " IN_SCOPE("w.organisation") "))"

#define OWNER_IN_SCOPE(kind, owner)                                                               \
        "CASE " kind " WHEN 'person' THEN " PERSON_IN_SCOPE(                                      \
            owner) " WHEN 'workplace' THEN EXISTS (SELECT 1 FROM workplace w WHERE w.id = " owner \
                   "    AND " IN_SCOPE("w.organisation") ") ELSE " IN_SCOPE(owner) " END"

int desk_feed_each(struct db *db, const char *scope, const char *like, int64_t start,
                   int (*each)(void *context, const struct desk_feed *feed, struct err *err), void *context,
                   struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT f.id, f.kind, f.owner, f.created, f.last_fetch, f.last_status, f.fetches,"
            "   coalesce(p.given || ' ' || p.family, k.name, o.name, f.owner) AS title"
            "  FROM feed f LEFT JOIN person p ON f.kind = 'person' AND p.id = f.owner"
            "  LEFT JOIN workplace k ON f.kind = 'workplace' AND k.id = f.owner"
            "  LEFT JOIN organisation o ON o.id = f.owner"
            " WHERE f.revoked IS NULL AND (?2 = '' OR f.owner = ?2 OR instr(lower(title), lower(?2)) > 0)"
            "   AND " OWNER_IN_SCOPE("f.kind", "f.owner") " ORDER BY f.created DESC, f.id LIMIT ?3 OFFSET ?4",
            err);
        query_text(&q, scope);
        query_text(&q, like);
        query_int(&q, DESK_ADMIN_ROWS + 1);
        query_int(&q, start);
        while ((r = query_row(&q)) > 0) {
                struct desk_feed row = {.feed = {.created = column_int(&q, 3),
                                                 .revoked = FEED_NEVER,
                                                 .last_fetch = column_int_or(&q, 4, FEED_NEVER),
                                                 .last_status = (int)column_int(&q, 5),
                                                 .fetches = (int)column_int(&q, 6)},
                                        .name = column_text(&q, 7)};

                snprintf(row.feed.id, sizeof row.feed.id, "%s", column_text(&q, 0));
                snprintf(row.feed.kind, sizeof row.feed.kind, "%s", column_text(&q, 1));
                snprintf(row.feed.owner, sizeof row.feed.owner, "%s", column_text(&q, 2));
                r = each(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_feed_is_open(struct db *db, const char *scope, const char *owner, const char *today, struct err *err)
{
        char kind[FEED_KIND_MAX];
        struct query q;
        int r = feed_kind_of(db, owner, NULL, today, kind, err);

        if (r == ERR_NOT_FOUND || r == ERR_CONFLICT)
                return 0;
        if (r < 0)
                return r;
        query_start(&q, db, "SELECT 1 WHERE " OWNER_IN_SCOPE("?2", "?3"), err);
        query_text(&q, scope);
        query_text(&q, kind);
        query_text(&q, owner);
        return put_exists(&q);
}

static int give_named(struct query *q,
                      int (*each)(void *context, const char *id, const char *kind, const char *name,
                                  struct err *err),
                      void *context, struct err *err)
{
        int r;

        while ((r = query_row(q)) > 0) {
                r = each(context, column_text(q, 0), column_text(q, 1), column_text(q, 2), err);
                if (r < 0)
                        break;
        }
        query_end(q);
        return r;
}

int desk_owner_each(struct db *db, const char *scope, const char *like, const char *today,
                    int (*each)(void *context, const char *id, const char *kind, const char *name,
                                struct err *err),
                    void *context, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT id, kind, name FROM ("
            " SELECT o.id, o.kind, o.name FROM organisation o WHERE (o.ended IS NULL OR o.ended > ?3)"
            "   AND (o.id = ?2 OR instr(lower(o.name), lower(?2)) > 0) AND " IN_SCOPE(
                "o.id") " UNION ALL SELECT w.id, 'workplace', w.name FROM workplace w"
                        "  WHERE (w.ended IS NULL OR w.ended > ?3)"
                        "   AND (w.id = ?2 OR instr(lower(w.name), lower(?2)) > 0) AND " IN_SCOPE(
                            "w.organisation") " UNION ALL SELECT p.id, 'person', p.given || ' ' || p.family "
                                              "FROM person p"
                                              "  WHERE (p.ended IS NULL OR p.ended > ?3) AND (p.id = ?2"
                                              "     OR instr(lower(p.given || ' ' || p.family), lower(?2)) > "
                                              "0)"
                                              "   AND " PERSON_IN_SCOPE("p.id") ") LIMIT ?4",
            err);
        query_text(&q, scope);
        query_text(&q, like);
        query_text(&q, today);
        query_int(&q, DESK_OWNERS_MAX);
        return give_named(&q, each, context, err);
}

int desk_organisation_each(struct db *db, const char *scope, const char *today,
                           int (*each)(void *context, const char *id, const char *kind, const char *name,
                                       struct err *err),
                           void *context, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT o.id, o.kind, o.name FROM organisation o WHERE (o.ended IS NULL OR o.ended > ?2)"
                    "   AND " IN_SCOPE("o.id") " ORDER BY (SELECT max(distance) FROM organisation_tree WHERE "
                                               "descendant = o.id), o.name, o.id"
                                               " LIMIT ?3",
                    err);
        query_text(&q, scope);
        query_text(&q, today);
        query_int(&q, DESK_ORGANISATIONS_MAX);
        return give_named(&q, each, context, err);
}

int desk_provider_each(struct db *db,
                       int (*each)(void *context, const struct desk_provider *provider, struct err *err),
                       void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT a.provider, m.channel, sum(a.outcome IS 'accepted'), sum(a.outcome IS 'rejected'),"
            "   sum(a.outcome IS 'retry'), sum(a.outcome IS 'unknown'),"
            "   coalesce(max(CASE WHEN a.outcome = 'accepted' THEN a.ended END), 0),"
            "   coalesce(max(CASE WHEN a.outcome <> 'accepted' THEN a.ended END), 0),"
            "   (SELECT b.detail FROM attempt b WHERE b.message >"
            "      (SELECT coalesce(max(id), 0) - ?1 FROM message) AND b.provider = a.provider"
            "      AND b.outcome <> 'accepted' AND b.detail IS NOT NULL"
            "      ORDER BY b.message DESC, b.number DESC LIMIT 1)"
            "  FROM attempt a JOIN message m ON m.id = a.message"
            " WHERE a.message > (SELECT coalesce(max(id), 0) - ?1 FROM message)"
            " GROUP BY a.provider, m.channel ORDER BY m.channel, a.provider",
            err);
        query_int(&q, DESK_PROVIDER_MESSAGES_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct desk_provider row = {.name = column_text(&q, 0),
                                                  .channel = column_text(&q, 1),
                                                  .accepted = column_int(&q, 2),
                                                  .rejected = column_int(&q, 3),
                                                  .retried = column_int(&q, 4),
                                                  .unknown = column_int(&q, 5),
                                                  .last_accepted = column_int(&q, 6),
                                                  .last_other = column_int(&q, 7),
                                                  .detail = column_text(&q, 8)};

                r = each(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_audit_each(struct db *db, const char *scope, const char *about, int64_t before,
                    int (*each)(void *context, const struct desk_seen *seen, struct err *err), void *context,
                    struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT a.id, a.at, a.person, coalesce(p.given || ' ' || p.family, ''), a.page, a.act, a.kind,"
            "   a.subject, a.status FROM desk_audit a LEFT JOIN person p ON p.id = a.person"
            " WHERE (?2 = '' OR a.subject = ?2 OR a.person = ?2) AND (?3 = 0 OR a.id < ?3)"
            "   AND EXISTS (SELECT 1 FROM role r WHERE r.person = a.person AND r.role <> 'pupil'"
            "     AND " IN_SCOPE("r.organisation") ") ORDER BY a.id DESC LIMIT ?4",
            err);
        query_text(&q, scope);
        query_text(&q, about);
        query_int(&q, before);
        query_int(&q, DESK_ADMIN_ROWS + 1);
        while ((r = query_row(&q)) > 0) {
                const struct desk_seen row = {.id = column_int(&q, 0),
                                              .at = column_int(&q, 1),
                                              .person = column_text(&q, 2),
                                              .name = column_text(&q, 3),
                                              .page = column_text(&q, 4),
                                              .act = column_text(&q, 5),
                                              .kind = column_text(&q, 6),
                                              .subject = column_text(&q, 7),
                                              .status = (int)column_int(&q, 8)};

                r = each(context, &row, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}
