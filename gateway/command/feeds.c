#include "command/command.h"
#include "base/date.h"
#include "base/zone.h"
#include "calendar/link.h"
#include "command/config.h"
#include "command/verbs.h"
#include "command/virtual_clock.h"
#include "store/db.h"
#include "store/feed.h"

#include <jansson.h>
#include <openssl/rand.h>
#include <qrencode.h>
#include <stdio.h>
#include <string.h>

#define BASE_URL_DEFAULT "http://127.0.0.1:8080"
#define ID_RANDOM_BYTES 8
#define QR_MARGIN 2 /* modules */

struct feeds_options {
        const char *db, *config, *owner, *kind, *base_url, *virtual_clock;
        bool json, qr;
};

/* ---- list */

struct listing {
        struct zone *utc;
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
            "{s:s, s:s, s:s, s:s, s:s*, s:s*, s:i, s:i, s:b}", "id", feed->id, "owner", feed->owner, "kind",
            feed->kind, "created", created, "revoked", feed->revoked == FEED_NEVER ? NULL : revoked,
            "last_fetch", feed->last_fetch == FEED_NEVER ? NULL : fetched, "last_status", feed->last_status,
            "fetches", feed->fetches, "subscribed", feed->fetches > 0);

        return json_array_append_new(listing->array, item) < 0 ? ERR_NOMEM : 0;
}

static int list_each(void *context, const struct feed *feed)
{
        char created[ZONE_STAMP_MAX], revoked[ZONE_STAMP_MAX], fetched[ZONE_STAMP_MAX];
        struct listing *listing = context;

        print_stamp(listing->utc, feed->created, "", created);
        print_stamp(listing->utc, feed->revoked, "", revoked);
        print_stamp(listing->utc, feed->last_fetch, "never subscribed", fetched);
        if (listing->array)
                return list_json(listing, feed, created, revoked, fetched);
        printf("%-16s  %-12s  %-20s  %-25s  %s%s\n", feed->id, feed->kind, feed->owner, fetched,
               feed->revoked == FEED_NEVER ? "" : "revoked ", revoked);
        return 0;
}

static int list(struct db *db, const struct feeds_options *options, struct err *err)
{
        struct listing listing = {0};
        int r;

        r = zone_open("Etc/UTC", &listing.utc, err);
        if (r < 0)
                return r;
        if (options->json)
                listing.array = json_array();
        else
                printf("%-16s  %-12s  %-20s  %-25s\n", "feed", "kind", "owner", "last fetch");
        r = feed_list(db, list_each, &listing, err);
        if (r == 0 && listing.array) {
                json_dumpf(listing.array, stdout, JSON_COMPACT);
                putchar('\n');
        }
        json_decref(listing.array);
        zone_close(listing.utc);
        return r == ERR_NOMEM ? err_set(err, r, "feeds: out of memory") : r;
}

/* ---- create */

/* Two rows of modules a line. Light modules are drawn, since terminals are dark. */
static int draw_qr(const char *url, struct err *err)
{
        static const char *const blocks[] = {"█", "▀", "▄", " "}; /* by dark: none, lower, upper, both */
        QRcode *code = QRcode_encodeString8bit(url, 0, QR_ECLEVEL_M);

        if (!code)
                return err_set(err, ERR_LIMIT,
                               "--qr: the address is too long to draw: give a shorter --base-url");
        for (int y = -QR_MARGIN; y < code->width + QR_MARGIN; y += 2) {
                for (int x = -QR_MARGIN; x < code->width + QR_MARGIN; x++) {
                        bool inside = x >= 0 && x < code->width;
                        bool upper =
                            inside && y >= 0 && y < code->width && code->data[y * code->width + x] & 1;
                        bool lower = inside && y + 1 >= 0 && y + 1 < code->width &&
                                     code->data[(y + 1) * code->width + x] & 1;

                        fputs(blocks[upper * 2 + lower], stdout);
                }
                putchar('\n');
        }
        QRcode_free(code);
        return 0;
}

static int print_created(const struct feeds_options *options, const char *id, const char *url,
                         struct err *err)
{
        json_t *answer;

        if (!options->json) {
                printf("%s\nWhoever has this address can read the calendar. To close it: kapula feeds revoke "
                       "%s\n",
                       url, id);
                return options->qr ? draw_qr(url, err) : 0;
        }
        answer = json_pack("{s:s, s:s}", "id", id, "url", url);
        if (!answer)
                return err_set(err, ERR_INVALID, "--base-url: is not UTF-8: give an address");
        json_dumpf(answer, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(answer);
        return 0;
}

static int new_id(char ret_id[static FEED_ID_MAX], struct err *err)
{
        unsigned char random[ID_RANDOM_BYTES];

        if (RAND_bytes(random, sizeof random) != 1)
                return err_set(err, ERR_IO, "feeds: no random numbers: try again");
        for (int i = 0; i < ID_RANDOM_BYTES; i++)
                snprintf(ret_id + 2 * i, FEED_ID_MAX - 2 * (size_t)i, "%02x", random[i]);
        return 0;
}

static int add(struct db *db, const struct feeds_options *options, int64_t now_utc,
               char id[static FEED_ID_MAX], char token[static LINK_TOKEN_MAX], struct err *err)
{
        char kind[FEED_KIND_MAX], today[DATE_TEXT_MAX];
        uint8_t hash[FEED_HASH_BYTES];
        int r;

        date_print((int32_t)(now_utc / 86400), today);
        r = feed_kind_of(db, options->owner, options->kind, today, kind, err);
        if (r == 0 && strlen(options->owner) >= FEED_OWNER_MAX)
                r = err_set(err, ERR_LIMIT, "--for: longer than %d bytes: give a shorter id",
                            FEED_OWNER_MAX - 1);
        if (r == 0)
                r = new_id(id, err);
        if (r == 0)
                r = link_new(token, hash, err);
        return r < 0 ? r : feed_add(db, id, options->owner, kind, hash, now_utc, err);
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

static int create(struct db *db, const struct feeds_options *options, int64_t now_utc, struct err *err)
{
        _cleanup_(free_ptr) char *base_url = NULL, *url = NULL;
        char id[FEED_ID_MAX], token[LINK_TOKEN_MAX];
        int r;

        if (!options->owner)
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
        r = add(db, options, now_utc, id, token, err);
        if (r < 0) {
                db_rollback(db);
                return r;
        }
        r = db_commit(db, err);
        if (r < 0)
                return r;
        url = link_url(base_url, token);
        return url ? print_created(options, id, url, err) : err_set(err, ERR_NOMEM, "feeds: out of memory");
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
                return list(db, options, err);
        if (count == 1 && strcmp(operands[0], "create") == 0)
                return create(db, options, now_utc, err);
        return revoke(db, operands[1], now_utc, err);
}

static bool is_action(const char **operands, int count)
{
        if (count == 1)
                return strcmp(operands[0], "list") == 0 || strcmp(operands[0], "create") == 0;
        return count == 2 && strcmp(operands[0], "revoke") == 0;
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
            {.name = "--virtual-clock", .value = &options.virtual_clock},
            {0},
        };
        _cleanup_(free_ptr) char *path = NULL;
        const char *operands[OPERAND_MAX];
        struct db *db;
        int count, r;

        r = options_read(argc, argv, table, operands, &count, err);
        if (r < 0)
                return r;
        if (!is_action(operands, count))
                return err_set(err, ERR_USAGE,
                               "feeds: list, create --for ID or revoke ID: see kapula help feeds");
        r = config_database_path(options.config, options.db, &path, err);
        if (r < 0)
                return r;
        r = db_open(path, DB_WRITER, &db, err);
        if (r < 0)
                return r;
        r = run_action(db, &options, operands, count, err);
        db_close(db);
        return r;
}

const struct verb verb_feeds = {
    .name = "feeds",
    .usage = "list [--json] [--db FILE] [--config FILE]\n"
             "create --for ID [--kind KIND] [--base-url URL] [--json | --qr] [--virtual-clock T] [--db FILE] "
             "[--config FILE]\n"
             "revoke ID [--db FILE] [--config FILE]",
    .summary = "calendar links: of a person, workplace, group, school, municipality or network",
    .run = run,
};
