/* engine-run: the shipped rules, and some of the test's own, played over rows on a virtual clock. What the
 * engine and the messages do is collected as lines, "09:15 message absence-alert G1 sms". Include after
 * cmocka.h. */
#ifndef TESTS_ENGINE_RUN_H
#define TESTS_ENGINE_RUN_H

#include "compose/catalogue.h"
#include "deliver/simulated.h"
#include "engine/engine.h"
#include "engine/rule.h"
#include "lib/rows.h"
#include "store/calendar_day.h"
#include "store/due.h"
#include "store/message.h"
#include "store/notice.h"

#include <sys/stat.h>
#include <unistd.h>

#define RUN_ROUNDS 1000

struct run {
        struct db *db;
        struct rulebook *book;
        struct catalogue *catalogue;
        struct engine *engine;
        struct zone *zone;
        int64_t now;
        const char *unanswered; /* the person whose messages get no receipt; NULL: nobody */
        char lines[65536];
        size_t length;
        char last_text[2000]; /* of the last message */
};

static inline void run_note(struct run *run, const char *what, const char *rule, const char *a, const char *b)
{
        int32_t date;
        int seconds;

        zone_to_local(run->zone, run->now, &date, &seconds);
        run->length += (size_t)snprintf(run->lines + run->length, sizeof run->lines - run->length,
                                        "%02d:%02d %s %s %s %s\n", seconds / 3600, seconds / 60 % 60, what,
                                        rule, a ? a : "-", b ? b : "-");
        assert_true(run->length < sizeof run->lines);
}

static inline void run_effect(void *context, const struct effect *effect)
{
        switch (effect->kind) {
        case EFFECT_SUPPRESSED:
                run_note(context, "suppressed", effect->rule, effect->recipient, effect->reason);
                break;
        case EFFECT_HELD:
                run_note(context, "held", effect->rule, effect->recipient, effect->reason);
                break;
        case EFFECT_RESOLVED:
                run_note(context, "resolved", effect->rule, effect->subject, effect->reason);
                break;
        case EFFECT_CASE:
                run_note(context, effect->case_state, effect->rule, effect->case_id, effect->owner);
                break;
        default:
                break;
        }
}

struct run_sent {
        struct run *run;
        const struct message *message;
        const char *what;
};

static inline int run_origin(void *context, const struct message_origin *origin, struct err *err)
{
        struct run_sent *sent = context;

        (void)err;
        run_note(sent->run, sent->what, origin->rule, sent->message->person, sent->message->channel);
        return 0;
}

static inline int run_sent(void *context, const struct message *message, struct err *err)
{
        struct run_sent sent = {context, message, "message"};

        snprintf(sent.run->last_text, sizeof sent.run->last_text, "%s", message->text);
        return notice_origins(sent.run->db, message->id, run_origin, &sent, err);
}

static inline int run_expired(void *context, const struct message *message, struct err *err)
{
        struct run_sent sent = {context, message, "expired"};

        return notice_origins(sent.run->db, message->id, run_origin, &sent, err);
}

static inline bool run_awaits(void *context, const char *person, const char *channel)
{
        struct run *run = context;

        (void)channel;
        return run->unanswered && strcmp(run->unanswered, person) == 0;
}

static inline void run_settle(struct run *run)
{
        const struct simulated_hooks hooks = {run_awaits, run_sent, run_expired, run};
        struct err err = {0};
        int64_t moved = 1;
        int done = 1, rounds;

        for (rounds = 0; rounds < RUN_ROUNDS && (done || moved); rounds++)
                if (db_begin(run->db, &err) < 0 || calendar_refresh(run->db, run->now, &err) < 0 ||
                    engine_step(run->engine, run->db, run->now, 64, &done, &err) < 0 ||
                    deliver_simulated(run->db, run->now, &hooks, &moved, &err) < 0 ||
                    db_commit(run->db, &err) < 0)
                        fail_msg("%s", err.text);
        assert_true(rounds < RUN_ROUNDS);
}

/* Everything that falls due until UNTIL ("2026-11-23T10:00"). */
static inline void run_until(struct run *run, const char *until)
{
        int64_t end = rows_utc(until), engine, message;

        run_settle(run);
        for (;;) {
                assert_int_equal(due_next(run->db, &engine, NULL), 0);
                assert_int_equal(message_next_time(run->db, &message, NULL), 0);
                if (message < engine)
                        engine = message;
                if (engine > end)
                        break;
                run->now = engine > run->now ? engine : run->now + 1;
                run_settle(run);
        }
        run->now = end;
        run_settle(run);
}

/* First what falls due before AT, then the event. */
static inline void run_event(struct run *run, const char *at, const char *type, const char *data)
{
        static int number;
        char json[4096], error[ERR_TEXT_MAX];

        run_until(run, at);
        snprintf(json, sizeof json,
                 "{\"specversion\":\"1.0\",\"id\":\"run-%d\",\"source\":\"/run\",\"type\":\"kapula.%s\","
                 "\"time\":\"%s:00\",\"data\":%s}",
                 ++number, type, at, data);
        rows_event(run->db, at, json, NULL, error);
        if (error[0])
                fail_msg("%s: %s", json, error);
        run_settle(run);
}

static inline void run_mark(struct run *run, const char *at, const char *pupil, int lesson, const char *mark)
{
        char data[512];

        snprintf(
            data, sizeof data,
            "{\"pupil\":\"%s\",\"day\":\"%.10s\",\"lesson\":%d,\"starts\":\"%02d:00\",\"ends\":\"%02d:45\","
            "\"mark\":\"%s\",\"class\":\"unexplained\"}",
            pupil, at, lesson, lesson + 7, lesson + 7, mark);
        run_event(run, at, "attendance.marked", data);
}

static inline void run_tell_fault(void *context, const struct err *fault)
{
        (void)context;
        print_message("%s\n", fault->text);
}

/* RULES: more rule files' texts, NULL at the end; NULL: none. */
static inline void run_open(struct run *run, const char *now, const char *roster, const char *const *rules)
{
        char folder[] = "/tmp/kapula-run-XXXXXX", path[96];
        const char *const folders[] = {SOURCE_DIR "/rules", folder};
        struct err err = {0};

        *run = (struct run){.db = rows_open(), .catalogue = catalogue_new()};
        assert_int_equal(zone_open("Europe/Helsinki", &run->zone, NULL), 0);
        assert_non_null(mkdtemp(folder));
        for (int i = 0; rules && rules[i]; i++) {
                FILE *file;

                snprintf(path, sizeof path, "%s/%d.yaml", folder, i);
                file = fopen(path, "w");
                assert_non_null(file);
                fputs(rules[i], file);
                fclose(file);
        }
        if (rulebook_load(run->db, folders, 2, run_tell_fault, NULL, &run->book, &err) < 0 ||
            catalogue_add_folder(run->catalogue, SOURCE_DIR "/templates", &err) < 0 ||
            engine_open(run->book, run->catalogue, &run->engine, &err) < 0)
                fail_msg("%s", err.text);
        for (int i = 0; rules && rules[i]; i++) {
                snprintf(path, sizeof path, "%s/%d.yaml", folder, i);
                unlink(path);
        }
        rmdir(folder);
        engine_on_effect(run->engine, run_effect, run);
        run->now = rows_utc(now);
        rows_load(run->db, now, roster);
}

static inline void run_close(struct run *run)
{
        engine_close(run->engine);
        rulebook_free(run->book);
        catalogue_free(run->catalogue);
        zone_close(run->zone);
        db_close(run->db);
}

/* How often LINE (a part of a line) came. */
static inline int run_count(const struct run *run, const char *line)
{
        int count = 0;

        for (const char *at = run->lines; (at = strstr(at, line)); at++)
                count++;
        return count;
}

#define run_expect(run, line)                                                    \
        do {                                                                     \
                if (!run_count(run, line))                                       \
                        fail_msg("no line has \"%s\":\n%s", line, (run)->lines); \
        } while (0)
#define run_refute(run, line)                                                   \
        do {                                                                    \
                if (run_count(run, line))                                       \
                        fail_msg("a line has \"%s\":\n%s", line, (run)->lines); \
        } while (0)

#define RUN_PERSON(id, given, contacts) \
        "{\"id\":\"" id "\",\"given\":\"" given "\",\"family\":\"Esimerkki\",\"contacts\":[" contacts "]}"
#define RUN_SMS(n) "{\"channel\":\"sms\",\"value\":\"+3584000000" n "\"}"
#define RUN_EMAIL(n) "{\"channel\":\"email\",\"value\":\"a" n "@example.org\"}"
#define RUN_ROLE(person, role, organisation) \
        "{\"person\":\"" person "\",\"role\":\"" role "\",\"organisation\":\"" organisation "\"}"

/* A school with everybody that the rules speak of: pupils P1 (guardians G1 by rank 1, G2 by rank 2) and P2
 * (G2), teacher T1, coach K1, curator C1, principal R1, secretary S1 (e-mail alone), duty phone D1. */
#define RUN_ROSTER                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        \
        "{\"organisations\":[{\"id\":\"kj\",\"kind\":\"municipality\",\"name\":\"Kuusijoki\",\"phone\":"                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  \
        "\"+358400000001\",\"timezone\":\"Europe/Helsinki\",\"languages\":[\"fi\",\"sv\"]},"                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                              \
        "{\"id\":\"kjk\",\"kind\":\"school\",\"parent\":\"kj\",\"name\":\"Koulu\",\"phone\":\"+"                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                          \
        "358400000010\"},"                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                \
        "{\"id\":\"kjk-a\",\"kind\":\"group\",\"parent\":\"kjk\",\"name\":\"JOPO A\"}],"                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  \
        "\"people\":[" RUN_PERSON(                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        \
            "P1", "Aino", "") "," RUN_PERSON("P2", "Eetu",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                \
                                             "") "," RUN_PERSON("G1", "Gunilla",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                          \
                                                                RUN_SMS("21") "," RUN_EMAIL(                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                              \
                                                                    "21")) "," RUN_PERSON("G2", "Gustav", RUN_SMS("22")) "," RUN_PERSON("T1", "Outi", RUN_SMS("31") "," RUN_EMAIL("31")) "," RUN_PERSON("K1", "Kaisa", RUN_SMS("32")) "," RUN_PERSON("C1", "Kirsi", RUN_SMS("33")) "," RUN_PERSON("R1", "Raimo", RUN_SMS("34")) "," RUN_PERSON("S1",                                                                                                                                                                                                                                                                                                                                                      \
                                                                                                                                                                                                                                                                                                                                               "Siru",                                                                                                                                                                                                                                                                                                                                                    \
                                                                                                                                                                                                                                                                                                                                               RUN_EMAIL("35")) "," RUN_PERSON("D1", "Duuri", RUN_SMS("36")) "],"                                                                                                                                                                                                                                                                                         \
                                                                                                                                                                                                                                                                                                                                                                                                             "\"roles\":[" RUN_ROLE(                                                                                                                                                                                                                                                                      \
                                                                                                                                                                                                                                                                                                                                                                                                                 "P1",                                                                                                                                                                                                                                                                                    \
                                                                                                                                                                                                                                                                                                                                                                                                                 "pupil",                                                                                                                                                                                                                                                                                 \
                                                                                                                                                                                                                                                                                                                                                                                                                 "kjk-a") "," RUN_ROLE("P2", "pupil", "kjk-a") "," RUN_ROLE("T1", "teacher", "kjk-a") "," RUN_ROLE("K1",                                                                                                                                                                                  \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "coach",                                                                                                                                                                               \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                   "kjk-a") "," RUN_ROLE("C1",                                                                                                                                                            \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "curator",                                                                                                                                                       \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "kjk") "," RUN_ROLE("R1",                                                                                                                                        \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "principal",                                                                                                                                 \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "kjk") "," RUN_ROLE("S1",                                                                                                                    \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                 "secretary", "kjk") "," RUN_ROLE("D1",                                                                                   \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  "duty-phone", "kj") "],"                                                                \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      "\"guardians\":[{\"pupil\":\"P1\",\"guardian\":\"G1\",\"rank\":1}," \
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      "{\"pupil\":\"P1\",\"guardian\":\"G2\",\"rank\":2},{\"pupil\":\"P2\",\"guardian\":\"G2\",\"rank\":1}]}"

#endif
