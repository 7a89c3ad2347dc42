/* calendar [LINKS]: prints, as JSON, how long a cold rendering of 1000 events takes beside building and
 * printing the same by libical, and what a cache of LINKS links costs while one in a hundred changes. */
#include "base/clock.h"
#include "calendar/cache.h"
#include "calendar/feed.h"
#include "calendar/link.h"
#include "calendar/serve.h"
#include "compose/catalogue.h"
#include "store/db.h"

#include <libical/ical.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOW 1792500000 /* 2026-10-20 */
#define ROUNDS 21
#define EVENTS 1000

static void must(int r, const struct err *err)
{
        if (r < 0) {
                fprintf(stderr, "bench-calendar: %s\n", err->text);
                exit(3);
        }
}

static void execute(struct db *db, const char *sql)
{
        char *error = NULL;

        if (sqlite3_exec(db_handle(db), sql, NULL, NULL, &error) != SQLITE_OK) {
                fprintf(stderr, "bench-calendar: %s\n", error);
                exit(3);
        }
}

static struct catalogue *read_words(void)
{
        struct catalogue *words = catalogue_new();
        struct err err = {0};

        must(catalogue_add_folder(words, SOURCE_DIR "/templates", &err), &err);
        return words;
}

/* ---- one calendar */

static void fill_one(struct db *db)
{
        execute(
            db,
            "INSERT INTO organisation(id, kind, name, timezone, phone) VALUES"
            " ('kj', 'municipality', 'Kuusijoki', 'Europe/Helsinki', '+358400000010');"
            "INSERT INTO person(id, given, family, language) VALUES ('S1', 'Sulo', 'Malli', 'fi'),"
            " ('T1', 'Maija', 'Malli', 'fi');"
            "INSERT INTO role(person, role, organisation) VALUES ('T1', 'teacher', 'kj');"
            "INSERT INTO contact(person, channel, value) VALUES ('T1', 'sms', '+358400000020');"
            "INSERT INTO workplace(id, name, address, organisation) VALUES ('W1', 'Puutarha Oy', 'Kuusitie "
            "1', 'kj');"
            "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5)"
            " INSERT INTO person(id, given, family) SELECT 'P' || i, 'Aino', 'Esimerkki' FROM n;"
            "INSERT INTO role(person, role, organisation) SELECT id, 'pupil', 'kj' FROM person WHERE id GLOB "
            "'P*';"
            "INSERT INTO placement(id, pupil, workplace, supervisor, model, weekdays, first_day, last_day, "
            "starts, ends)"
            " SELECT 'J' || substr(id, 2), id, 'W1', 'S1', 'block', '1,2,3,4,5', '2026-10-01', '2027-11-01', "
            "-14400, 7200"
            "   FROM person WHERE id GLOB 'P*';"
            "WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199)"
            " INSERT INTO placement_day(placement, original_day, day, starts, ends, changed)"
            " SELECT p.id, date('2026-10-01', '+' || i || ' days'), date('2026-10-01', '+' || i || ' days'),"
            "        1790830800 + i * 86400, 1790852400 + i * 86400, 1790000000 FROM n, placement p");
}

static int64_t render_once(struct db *db, const struct catalogue *words, struct zone *zone, struct buf *buf,
                           int *ret_events)
{
        struct feed feed = {.id = "f", .kind = "person", .owner = "S1", .revoked = FEED_NEVER};
        struct feed_rendering rendering;
        struct feed_owner owner;
        struct err err = {0};

        buf_init(buf, FEED_BYTES_MAX);
        must(feed_owner_read(db, &feed, NOW, "2026-10-20", &owner, &err), &err);
        must(feed_render(db, &feed, &owner, words, zone, NOW, buf, &rendering, &err), &err);
        feed_owner_fini(&owner);
        *ret_events = rendering.events;
        return (int64_t)buf->length;
}

/* A calendar of the same components and properties, built as libical's users build one, and printed. */
static icalcomponent *copy_event(const icalcomponent *from)
{
        icalcomponent *event = icalcomponent_new_vevent();

        for (icalproperty *p = icalcomponent_get_first_property((icalcomponent *)from, ICAL_ANY_PROPERTY); p;
             p = icalcomponent_get_next_property((icalcomponent *)from, ICAL_ANY_PROPERTY)) {
                icalproperty *made = icalproperty_new(icalproperty_isa(p));
                icalparameter *tzid = icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER);

                icalproperty_set_value(made, icalvalue_new_clone(icalproperty_get_value(p)));
                if (tzid)
                        icalproperty_add_parameter(made,
                                                   icalparameter_new_tzid(icalparameter_get_tzid(tzid)));
                icalcomponent_add_property(event, made);
        }
        return event;
}

static size_t by_libical(const icalcomponent *model)
{
        icalcomponent *calendar = icalcomponent_new_vcalendar();
        char *text;
        size_t length;

        for (icalcomponent *each =
                 icalcomponent_get_first_component((icalcomponent *)model, ICAL_VEVENT_COMPONENT);
             each; each = icalcomponent_get_next_component((icalcomponent *)model, ICAL_VEVENT_COMPONENT))
                icalcomponent_add_component(calendar, copy_event(each));
        text = icalcomponent_as_ical_string_r(calendar);
        length = strlen(text);
        free(text);
        icalcomponent_free(calendar);
        return length;
}

static int compare(const void *a, const void *b)
{
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static double seconds_of(clock_t from)
{
        return (double)(clock() - from) / CLOCKS_PER_SEC;
}

static void measure_rendering(void)
{
        double ours[ROUNDS], theirs[ROUNDS];
        struct catalogue *words = read_words();
        icalcomponent *model;
        struct db *db;
        struct zone *zone;
        struct err err = {0};
        struct buf buf;
        int events;

        must(db_open(":memory:", DB_PRIVATE, &db, &err), &err);
        must(zone_open("Europe/Helsinki", &zone, &err), &err);
        fill_one(db);
        render_once(db, words, zone, &buf, &events);
        model = icalparser_parse_string(buf_text(&buf));
        if (events < EVENTS || !model) {
                fprintf(stderr, "bench-calendar: %d events\n", events);
                exit(3);
        }
        buf_fini(&buf);
        /* One after the other: what libical frees would else be tidied up in our time. */
        for (int i = 0; i < ROUNDS; i++) {
                clock_t from = clock();

                render_once(db, words, zone, &buf, &events);
                ours[i] = seconds_of(from);
                buf_fini(&buf);
        }
        for (int i = 0; i < ROUNDS; i++) {
                clock_t from = clock();

                by_libical(model);
                theirs[i] = seconds_of(from);
        }
        icalcomponent_free(model);
        qsort(ours, ROUNDS, sizeof *ours, compare);
        qsort(theirs, ROUNDS, sizeof *theirs, compare);
        printf("{\"events\": %d, \"render_ms\": %.3f, \"libical_ms\": %.3f", events, ours[ROUNDS / 2] * 1e3,
               theirs[ROUNDS / 2] * 1e3);
        zone_close(zone);
        db_close(db);
        catalogue_free(words);
}

/* ---- many links */

static void fill_many(struct db *db, int links)
{
        execute(db,
                "BEGIN; INSERT INTO organisation(id, kind, name, timezone) VALUES ('kj', 'municipality', 'K',"
                " 'Europe/Helsinki')");
        execute(db, "CREATE TEMP TABLE n(i INTEGER PRIMARY KEY)");
        for (int i = 1; i <= links; i++) {
                char sql[64];

                snprintf(sql, sizeof sql, "INSERT INTO temp.n VALUES (%d)", i);
                execute(db, sql);
        }
        execute(
            db,
            "INSERT INTO person(id, given, family) SELECT 'P' || i, 'Aino', 'E' FROM n;"
            "INSERT INTO role(person, role, organisation) SELECT 'P' || i, 'pupil', 'kj' FROM n;"
            "INSERT INTO workplace(id, name, organisation) SELECT 'W' || i, 'Puutarha ' || i, 'kj' FROM n;"
            "INSERT INTO placement(id, pupil, workplace, model, weekdays, first_day, last_day, starts, ends)"
            " SELECT 'J' || i, 'P' || i, 'W' || i, '4+1', '2', '2026-10-20', '2026-12-20', -14400, 7200 FROM "
            "n;"
            "INSERT INTO placement_day(placement, original_day, day, starts, ends, changed)"
            " SELECT 'J' || n.i, d.day, d.day, 1792472400, 1792494000, 1790000000 FROM n,"
            "        (SELECT '2026-10-20' AS day UNION ALL SELECT '2026-10-27' UNION ALL SELECT "
            "'2026-11-03') d;"
            "COMMIT");
}

struct links {
        struct db *writer, *reader;
        struct calendar_cache *cache;
        char (*tokens)[LINK_TOKEN_MAX];
};

static struct calendar_answer ask(struct links *links, int i, bool is_hurried)
{
        const struct calendar_request request = {.is_hurried = is_hurried};
        struct calendar_answer answer;
        struct err err = {0};

        must(calendar_serve(links->reader, links->cache, NOW, links->tokens[i], &request, &answer, &err),
             &err);
        return answer;
}

static void measure_links(int count)
{
        char path[] = "/tmp/kapula-bench-XXXXXX", name[64], sql[160];
        struct links links = {.tokens = calloc((size_t)count, LINK_TOKEN_MAX)};
        size_t most = 0, ready = 0, looked = 0;
        uint8_t hash[FEED_HASH_BYTES];
        double slowest = 0, slowest_cpu = 0, spent;
        int64_t from;
        int changed = count / 100 ? count / 100 : 1, wrong = 0;
        struct err err = {0};

        if (!mkdtemp(path))
                exit(3);
        snprintf(name, sizeof name, "%s/kapula.db", path);
        must(db_open(name, DB_WRITER, &links.writer, &err), &err);
        execute(links.writer, "PRAGMA synchronous = OFF");
        fill_many(links.writer, count);
        execute(links.writer, "BEGIN");
        for (int i = 0; i < count; i++) {
                char id[FEED_ID_MAX], owner[32];

                snprintf(id, sizeof id, "f%d", i);
                snprintf(owner, sizeof owner, "W%d", i + 1);
                must(link_new(links.tokens[i], hash, &err), &err);
                must(feed_add(links.writer, id, owner, "workplace", hash, 1780000000, &err), &err);
        }
        execute(links.writer, "COMMIT");
        must(db_open(name, DB_READER, &links.reader, &err), &err);
        must(calendar_cache_new(&links.cache, &err), &err);
        must(calendar_cache_use(links.cache, read_words(), &err), &err);
        for (int i = 0; i < count; i++)
                calendar_body_unref(ask(&links, i, false).body);
        /* A hundredth changes, one after another; each is asked for at once, and a neighbour that has not. */
        for (int i = 0; i < changed; i++) {
                int which = count - 1 - i * 7 % (count > 2000 ? 2000 : count);
                struct calendar_answer before = ask(&links, which, false), after;

                snprintf(sql, sizeof sql,
                         "UPDATE placement_day SET sequence = sequence + 1, changed = 1792000000 + sequence "
                         "WHERE placement = 'J%d'",
                         which + 1);
                execute(links.writer, sql);
                from = clock_monotonic_ms();
                spent = (double)clock();
                after = ask(&links, which, false);
                spent = ((double)clock() - spent) * 1e3 / CLOCKS_PER_SEC;
                if (spent > slowest_cpu)
                        slowest_cpu = spent;
                spent = (double)(clock_monotonic_ms() - from);
                if (spent > slowest)
                        slowest = spent;
                wrong += strcmp(before.etag, after.etag) == 0;
                calendar_body_unref(before.body);
                calendar_body_unref(after.body);
                after = ask(&links, count - 1 - (i * 7 + 3) % (count > 2000 ? 2000 : count), true);
                looked++;
                ready += after.status == 200;
                calendar_body_unref(after.body);
                if (cache_bytes(links.cache) > most)
                        most = cache_bytes(links.cache);
        }
        printf(", \"links\": %d, \"changed\": %d, \"wrong\": %d, \"slowest_ms\": %.0f, \"slowest_cpu_ms\": "
               "%.3f, \"cache_bytes\": %zu, "
               "\"neighbours_ready\": %.3f}\n",
               count, changed, wrong, slowest, slowest_cpu, most, (double)ready / (double)looked);
        calendar_cache_free(links.cache);
        db_close(links.reader);
        db_close(links.writer);
        free(links.tokens);
        for (const char *const *suffix = (const char *const[]){"", "-wal", "-shm", NULL}; *suffix; suffix++) {
                snprintf(sql, sizeof sql, "%s%s", name, *suffix);
                unlink(sql);
        }
        rmdir(path);
}

int main(int argc, char **argv)
{
        long links = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;

        measure_rendering();
        measure_links((int)links);
        return 0;
}
