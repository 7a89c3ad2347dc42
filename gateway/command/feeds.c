#include "command/command.h"
#include "base/date.h"
#include "base/zone.h"
#include "calendar/link_make.h"
#include "command/config.h"
#include "command/resources.h"
#include "command/verbs.h"
#include "command/virtual_clock.h"
#include "compose/catalogue.h"
#include "store/db.h"
#include "store/feed.h"
#include "web/feed_sheet.h"
#include "web/qr.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define BASE_URL_DEFAULT "http://127.0.0.1:8080"

struct feeds_options {
        const char *db, *config, *owner, *kind, *base_url, *sheet, *virtual_clock;
        bool json, qr;
};

/* ---- list */

struct listing {
        struct zone *utc;
        int64_t now_utc;
        int counts[FEED_USE_REVOKED + 1];
        json_t *array; /* NULL: print lines */
};

static void print_stamp(struct zone *utc, int64_t time, const char *never,
                        char ret_text[static ZONE_STAMP_MAX])
{
        if (time == FEED_NEVER)
                snprintf(ret_text, ZONE_STAMP_MAX, "%s", never);
        else
                zone_stamp(utc, time, ret_text);
}

static int list_json(struct listing *listing, const struct feed *feed, const char *created,
                     const char *revoked, const char *fetched)
{
        json_t *item = json_pack(
            "{s:s, s:s, s:s, s:s, s:s, s:s*, s:s*, s:i, s:i, s:b}", "id", feed->id, "owner", feed->owner,
            "kind", feed->kind, "use", feed_use_name(feed_use_of(feed, listing->now_utc)), "created", created,
            "revoked", feed->revoked == FEED_NEVER ? NULL : revoked, "last_fetch",
            feed->last_fetch == FEED_NEVER ? NULL : fetched, "last_status", feed->last_status, "fetches",
            feed->fetches, "subscribed", feed->fetches > 0);

        return json_array_append_new(listing->array, item) < 0 ? ERR_NOMEM : 0;
}

static int list_each(void *context, const struct feed *feed)
{
        char created[ZONE_STAMP_MAX], revoked[ZONE_STAMP_MAX], fetched[ZONE_STAMP_MAX];
        struct listing *listing = context;

        enum feed_use use = feed_use_of(feed, listing->now_utc);

        listing->counts[use]++;
        print_stamp(listing->utc, feed->created, "", created);
        print_stamp(listing->utc, feed->revoked, "", revoked);
        print_stamp(listing->utc, feed->last_fetch, "never subscribed", fetched);
        if (listing->array)
                return list_json(listing, feed, created, revoked, fetched);
        printf("%-16s  %-12s  %-20s  %-8s  %-25s  %s%s\n", feed->id, feed->kind, feed->owner,
               feed_use_name(use), fetched, feed->revoked == FEED_NEVER ? "" : "revoked ", revoked);
        return 0;
}

static int list(struct db *db, const struct feeds_options *options, int64_t now_utc, struct err *err)
{
        struct listing listing = {.now_utc = now_utc};
        int r;

        r = zone_open("Etc/UTC", &listing.utc, err);
        if (r < 0)
                return r;
        if (options->json)
                listing.array = json_array();
        else
                printf("%-16s  %-12s  %-20s  %-8s  %-25s\n", "feed", "kind", "owner", "use", "last fetch");
        r = feed_list(db, list_each, &listing, err);
        if (r == 0 && listing.array) {
                json_dumpf(listing.array, stdout, JSON_COMPACT);
                putchar('\n');
        }
        if (r == 0 && !listing.array)
                printf("%d live, %d never subscribed, %d stopped, %d revoked\n",
                       listing.counts[FEED_USE_LIVE], listing.counts[FEED_USE_NEVER],
                       listing.counts[FEED_USE_STOPPED], listing.counts[FEED_USE_REVOKED]);
        json_decref(listing.array);
        zone_close(listing.utc);
        return r == ERR_NOMEM ? err_set(err, r, "feeds: out of memory") : r;
}

/* ---- create */

static int write_sheet(const struct feeds_options *options, const struct link_made *made, const char *url,
                       struct err *err)
{
        _cleanup_(config_fini) struct config config = {0};
        struct catalogue *catalogue = NULL;
        struct buf page;
        FILE *file = NULL;
        int r = config_load(options->config, &config, err);

        buf_init(&page, FEED_SHEET_BYTES_MAX);
        if (r == 0)
                r = resource_templates(NULL, config.templates, &catalogue, err);
        if (r == 0)
                r = feed_sheet(catalogue, &made->owner, url, &page, err);
        if (r == 0) {
                file = fopen(options->sheet, "we");
                if (!file || fwrite(page.data, 1, page.length, file) != page.length)
                        r = ERR_IO;
                if (file && fclose(file) != 0)
                        r = ERR_IO;
                if (r == ERR_IO)
                        err_set(err, r, "--sheet: %.200s: cannot write: %s", options->sheet, strerror(errno));
        }
        catalogue_free(catalogue);
        buf_fini(&page);
        return r;
}

static int print_made(const struct feeds_options *options, const struct link_made *made, const char *url,
                      struct err *err)
{
        _cleanup_(free_ptr) char *webcal = feed_sheet_webcal(url);
        json_t *answer;

        if (!webcal)
                return err_set(err, ERR_NOMEM, "feeds: out of memory");
        if (!options->json) {
                printf("%s\n%s\nWhoever has this address can read the calendar. To close it: kapula feeds "
                       "revoke "
                       "%s\n",
                       url, webcal, made->feed.id);
                return options->qr ? qr_draw(webcal, err) : 0;
        }
        answer = json_pack("{s:s, s:s, s:s}", "id", made->feed.id, "url", url, "webcal", webcal);
        if (!answer)
                return err_set(err, ERR_INVALID, "--base-url: is not UTF-8: give an address");
        json_dumpf(answer, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(answer);
        return 0;
}

static int base_url_of(struct db *db, const struct feeds_options *options, char **ret_url, struct err *err)
{
        char *url = NULL;
        int r;

        r = options->base_url ? 0 : meta_get(db, "base_url", &url, err);
        if (r < 0)
                return r;
        if (!url)
                url = strdup(options->base_url ? options->base_url : BASE_URL_DEFAULT);
        if (!url)
                return err_set(err, ERR_NOMEM, "feeds: out of memory");
        *ret_url = url;
        return 0;
}

/* OLD: the link that the new one stands in place of, or NULL. */
static int create(struct db *db, const struct feeds_options *options, const char *old, int64_t now_utc,
                  struct err *err)
{
        _cleanup_(free_ptr) char *base_url = NULL, *url = NULL;
        struct link_made made = {0};
        int r;

        if (!options->owner && !old)
                return err_set(err, ERR_USAGE,
                               "feeds create: --for is missing: say whose calendar, --for ID");
        if (options->qr && options->json)
                return err_set(err, ERR_USAGE,
                               "feeds create: --qr and --json do not go together: choose one");
        r = base_url_of(db, options, &base_url, err);
        if (r == 0)
                r = db_begin(db, err);
        if (r < 0)
                return r;
        r = old ? link_rotate(db, old, now_utc, &made, err)
                : link_make(db, options->owner, options->kind, now_utc, &made, err);
        url = r == 0 ? link_url(base_url, made.token) : NULL;
        if (r == 0 && !url)
                r = err_set(err, ERR_NOMEM, "feeds: out of memory");
        if (r == 0 && options->sheet)
                r = write_sheet(options, &made, url,
                                err); /* before the commit: a link that nobody got is none */
        if (r < 0)
                db_rollback(db);
        else
                r = db_commit(db, err);
        if (r == 0)
                r = print_made(options, &made, url, err);
        link_made_fini(&made);
        return r;
}

/* ---- revoke, and which of the three */

static int revoke(struct db *db, const char *id, int64_t now_utc, struct err *err)
{
        int r = db_begin(db, err);

        if (r < 0)
                return r;
        r = feed_revoke(db, id, now_utc, err);
        if (r < 0)
                db_rollback(db);
        else
                r = db_commit(db, err);
        return r;
}

static int run_action(struct db *db, const struct feeds_options *options, const char **operands, int count,
                      struct err *err)
{
        int64_t now_utc;
        int r = virtual_clock_now(options->virtual_clock, &now_utc, err);

        if (r < 0)
                return r;
        if (count == 1 && strcmp(operands[0], "list") == 0)
                return list(db, options, now_utc, err);
        if (count == 1 && strcmp(operands[0], "create") == 0)
                return create(db, options, NULL, now_utc, err);
        if (strcmp(operands[0], "rotate") == 0)
                return create(db, options, operands[1], now_utc, err);
        return revoke(db, operands[1], now_utc, err);
}

static bool is_action(const char **operands, int count)
{
        if (count == 1)
                return strcmp(operands[0], "list") == 0 || strcmp(operands[0], "create") == 0;
        return count == 2 && (strcmp(operands[0], "revoke") == 0 || strcmp(operands[0], "rotate") == 0);
}

static int run(int argc, char **argv, struct err *err)
{
        struct feeds_options options = {0};
        const struct option_spec table[] = {
            {.name = "--base-url", .value = &options.base_url},
            {.name = "--config", .value = &options.config},
            {.name = "--db", .value = &options.db},
            {.name = "--for", .value = &options.owner},
            {.name = "--json", .flag = &options.json},
            {.name = "--kind", .value = &options.kind},
            {.name = "--qr", .flag = &options.qr},
            {.name = "--sheet", .value = &options.sheet},
            {.name = "--virtual-clock", .value = &options.virtual_clock},
            {0},
        };
        const char *operands[OPERAND_MAX];
        struct db *db;
        int count, r;

        r = options_read(argc, argv, table, operands, &count, err);
        if (r < 0)
                return r;
        if (!is_action(operands, count))
                return err_set(err, ERR_USAGE,
                               "feeds: list, create --for ID, rotate ID or revoke ID: see kapula help feeds");
        r = config_open_database(options.config, options.db, DB_WRITER, &db, err);
        if (r < 0)
                return r;
        r = run_action(db, &options, operands, count, err);
        db_close(db);
        return r;
}

const struct verb verb_feeds = {
    .name = "feeds",
    .usage = "list [--json] [--db FILE] [--config FILE]\n"
             "create --for ID [--kind KIND] [--base-url URL] [--json | --qr] [--sheet FILE.html] "
             "[--virtual-clock T] "
             "[--db FILE] [--config FILE]\n"
             "rotate ID [--base-url URL] [--json | --qr] [--sheet FILE.html] [--db FILE] [--config FILE]\n"
             "revoke ID [--db FILE] [--config FILE]",
    .summary = "calendar links: of a person, workplace, group, school, municipality or network",
    .details = "--sheet writes a page to print and hand over: the QR code, the address and what to do with "
               "them, in the\n"
               "owner's language. rotate gives the owner a new address in place of the old one, which closes "
               "at once.\n"
               "list tells of each link: live, never (nobody has subscribed), stopped (not fetched for 7 "
               "days), revoked.",
    .run = run,
};
