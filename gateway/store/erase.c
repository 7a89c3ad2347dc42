#include "store/erase.h"
#include "store/db.h"

#include <openssl/rand.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define ANONYMOUS_MAX 32 /* bytes with NUL of "erased-…" */

/* Of ?1: the beginning of each name, without what inflection may change. */
#define STEM(column) "substr(p." column ", 1, max(3, length(p." column ") - 3))"
#define BEARS_NAME(text)                                                              \
        "EXISTS (SELECT 1 FROM temp.erased_name n WHERE instr(" text ", n.given) > 0" \
        "           AND instr(" text ", n.family) > 0)"
#define BEARS_ADDRESS(text) "EXISTS (SELECT 1 FROM temp.erased_address a WHERE instr(" text ", a.value) > 0)"
#define BEARS(text) "(" BEARS_NAME(text) " OR " BEARS_ADDRESS(text) ")"
#define QUOTED "json_quote(?1)"
#define SCHOOL(group)                                                                             \
        "coalesce((SELECT o.id FROM organisation_tree t JOIN organisation o ON o.id = t.ancestor" \
        "           WHERE t.descendant = " group                                                  \
        " AND o.kind = 'school' ORDER BY t.distance LIMIT 1), " group ", '')"
#define TOTALLED " ON CONFLICT DO UPDATE SET amount = erased_total.amount + excluded.amount"

struct step {
        const char *part; /* in which it is counted; NULL: in none */
        const char *sql;  /* ?1 the person, ?2 the id that nobody has, ?3 now */
};

/* With triggers: links are revoked and what waits is cancelled as for anybody who leaves. */
static const struct step leave_table[] = {
    {NULL, "UPDATE person SET ended = ?2 WHERE id = ?1 AND ended IS NULL"},
    {NULL, "UPDATE case_file SET state = 'closed', closed = ?3, outcome = 'erased'"
           " WHERE pupil = ?1 AND state <> 'closed' AND ?2 <> ''"},
};

/* Without triggers, in this order. */
static const struct step prepare_table[] = {
    {NULL, "DROP TABLE IF EXISTS temp.erased_name"},
    {NULL, "DROP TABLE IF EXISTS temp.erased_address"},
    {NULL, "DROP TABLE IF EXISTS temp.erased_placement"},
    {NULL, "DROP TABLE IF EXISTS temp.erased_meeting"},
    {NULL, "DROP TABLE IF EXISTS temp.erased_match"},
    {NULL, "DROP TABLE IF EXISTS temp.erased_message"},
    {NULL, "DROP TABLE IF EXISTS temp.erased_reply"},
    {NULL, "CREATE TEMP TABLE erased_name AS SELECT " STEM("given") " AS given, " STEM(
               "family") " AS family"
                         "  FROM person p WHERE p.id = ?1 AND p.given <> '' AND p.family <> ''"},
    {NULL,
     "CREATE TEMP TABLE erased_address AS SELECT c.value FROM contact c WHERE c.person = ?1 AND NOT EXISTS"
     " (SELECT 1 FROM contact o WHERE o.channel = c.channel AND o.value = c.value AND o.person <> ?1)"},
    {NULL, "INSERT INTO temp.erased_address SELECT DISTINCT m.address FROM message m WHERE m.person = ?1"
           " AND m.address <> '' AND NOT EXISTS (SELECT 1 FROM contact o WHERE o.value = m.address)"
           " AND m.address NOT IN (SELECT value FROM temp.erased_address)"},
    {NULL, "CREATE TEMP TABLE erased_placement AS SELECT id FROM placement WHERE pupil = ?1"},
    {NULL, "CREATE TEMP TABLE erased_meeting AS SELECT id FROM meeting WHERE pupil = ?1"},
    {NULL, "CREATE TEMP TABLE erased_match AS SELECT id FROM rule_match"
           " WHERE pupil = ?1 OR subject = ?1 OR (kind = 'placement' AND subject IN (SELECT id FROM "
           "temp.erased_placement))"
           "    OR (kind = 'meeting' AND subject IN (SELECT id FROM temp.erased_meeting))"},
    {NULL, "CREATE TEMP TABLE erased_message AS SELECT m.id FROM message m WHERE m.person = ?1"
           "    OR " BEARS("m.text") " OR " BEARS("m.title") " OR " BEARS(
               "m.calendar") "    OR EXISTS (SELECT 1 FROM message_notice d JOIN notice n ON n.id = d.notice"
                             "                WHERE d.message = m.id AND n.match IN (SELECT id FROM "
                             "temp.erased_match))"},
    {NULL, "CREATE TEMP TABLE erased_reply AS SELECT r.id, r.event FROM reply r"
           " WHERE r.person = ?1 OR r.pupil = ?1 OR r.address IN (SELECT value FROM temp.erased_address)"
           "    OR r.message IN (SELECT id FROM temp.erased_message)"
           "    OR (r.person IN (SELECT g.guardian FROM guardian g WHERE g.pupil = ?1)"
           "        AND EXISTS (SELECT 1 FROM event e, temp.erased_name n WHERE e.seq = r.event AND "
           "instr(e.data, n.given) > 0))"},
};

static const struct step total_table[] = {
    {NULL, "INSERT INTO erased_total(organisation, school_year, kind, amount)"
           " SELECT " SCHOOL("l.organisation") ", substr(l.day, 1, 4) - (substr(l.day, 6, 2) < '08'),"
                                               "        'absent-minutes-' || l.class, sum(l.minutes) FROM "
                                               "absence_lesson l WHERE l.pupil = ?1"
                                               " GROUP BY 1, 2, 3" TOTALLED},
    {NULL, "INSERT INTO erased_total(organisation, school_year, kind, amount)"
           " SELECT " SCHOOL(
               "r.organisation") ", substr(c.day, 1, 4) - (substr(c.day, 6, 2) < '08'),"
                                 "        'placement-days', count(*) FROM checkin c JOIN placement p ON p.id "
                                 "= c.placement"
                                 "   LEFT JOIN role r ON r.id = (SELECT o.id FROM role o WHERE o.person = ?1 "
                                 "AND o.role = 'pupil'"
                                 "                                  AND o.first_day <= c.day ORDER BY "
                                 "o.first_day DESC LIMIT 1)"
                                 "  WHERE p.pupil = ?1 AND c.mark <> 'absent' GROUP BY 1, 2" TOTALLED},
};

#define OF_PLACEMENT "WHERE placement IN (SELECT id FROM temp.erased_placement)"
#define OF_MEETING "WHERE meeting IN (SELECT id FROM temp.erased_meeting)"
#define OF_MATCH "IN (SELECT id FROM temp.erased_match)"
#define OF_MESSAGE "IN (SELECT id FROM temp.erased_message)"

static const struct step scrub_table[] = {
    /* What was sent stays as a number. */
    {"messages", "UPDATE message SET text = '', title = NULL, calendar = NULL WHERE id " OF_MESSAGE},
    {NULL, "UPDATE message_notice SET text = NULL, title = NULL WHERE message " OF_MESSAGE},
    {NULL, "UPDATE message_notice SET text = NULL, title = NULL WHERE " BEARS("text") " OR " BEARS("title")},
    {NULL, "UPDATE message SET person = ?2, address = '' WHERE person = ?1"},
    {NULL, "UPDATE notice SET person = ?2 WHERE person = ?1"},
    {NULL, "DELETE FROM suppression WHERE person = ?1 OR match " OF_MATCH},
    {NULL, "DELETE FROM match_mark WHERE match " OF_MATCH},
    {NULL, "DELETE FROM match_event WHERE match " OF_MATCH},
    {"matches", "UPDATE rule_match SET subject = ?2, pupil = CASE WHEN pupil IS NULL THEN NULL ELSE ?2 END,"
                " key = ?2 || '/' || id, facts = '{}',"
                " state = CASE state WHEN 'pending' THEN 'dropped' ELSE state END,"
                " ended = ifnull(ended, ?3) WHERE id " OF_MATCH},
    {NULL, "UPDATE rule_match SET facts = '{}' WHERE instr(facts, " QUOTED ") > 0 OR " BEARS("facts")},
    {NULL, "DELETE FROM sandbox_message WHERE recipient IN (SELECT value FROM temp.erased_address) OR " BEARS(
               "text") " OR " BEARS("title") " OR EXISTS (SELECT 1 FROM temp.erased_message e WHERE "
                                             "idempotency_key GLOB 'kapula-*-' || e.id"
                                             "               OR idempotency_key GLOB 'kapula-*-' || e.id || "
                                             "'-r*')"},
    {"replies", "DELETE FROM reply WHERE id IN (SELECT id FROM temp.erased_reply)"},
    {"links", "DELETE FROM page_link WHERE person = ?1 OR pupil = ?1 OR subject = ?1"
              " OR subject IN (SELECT id FROM temp.erased_placement) OR subject IN (SELECT id FROM "
              "temp.erased_meeting)"},
    {"codes",
     "DELETE FROM one_time_code WHERE person = ?1 OR subject IN (SELECT id FROM temp.erased_placement)"},
    {"feeds", "DELETE FROM feed WHERE owner = ?1"},

    /* Facts about them. */
    {"marks", "DELETE FROM attendance_mark WHERE pupil = ?1"},
    {"explanations", "DELETE FROM explanation WHERE pupil = ?1"},
    {NULL, "DELETE FROM authorisation WHERE pupil = ?1"},
    {NULL, "DELETE FROM desk_elsewhere WHERE pupil = ?1"},
    {NULL, "DELETE FROM located WHERE pupil = ?1"},
    {NULL, "DELETE FROM hold WHERE subject = ?1 AND kind <> 'group'"},
    {"answers", "DELETE FROM answer WHERE subject = ?1 OR recipient = ?1"},
    {NULL, "DELETE FROM absence_lesson WHERE pupil = ?1"},
    {NULL, "DELETE FROM absence_day WHERE pupil = ?1"},
    {NULL, "DELETE FROM absence_stale WHERE pupil = ?1"},
    {NULL, "DELETE FROM evaluation_word " OF_PLACEMENT},
    {NULL,
     "DELETE FROM evaluation_word WHERE EXISTS (SELECT 1 FROM evaluation e WHERE e.by = ?1"
     " AND e.placement = evaluation_word.placement AND e.part = evaluation_word.part) OR " BEARS("word")},
    {NULL, "DELETE FROM evaluation_mark " OF_PLACEMENT},
    {"evaluations", "DELETE FROM evaluation " OF_PLACEMENT},
    {NULL, "DELETE FROM certificate " OF_PLACEMENT},
    {NULL, "DELETE FROM checkin " OF_PLACEMENT},
    {NULL, "DELETE FROM agreement_signature " OF_PLACEMENT},
    {NULL, "DELETE FROM placement_day_change " OF_PLACEMENT},
    {NULL, "DELETE FROM placement_change_place " OF_PLACEMENT},
    {NULL, "DELETE FROM placement_day " OF_PLACEMENT},
    {"placements", "DELETE FROM placement WHERE pupil = ?1"},
    {NULL, "DELETE FROM meeting_participant " OF_MEETING},
    {NULL, "DELETE FROM meeting_participant WHERE person = ?1"},
    {NULL, "DELETE FROM meeting_day " OF_MEETING},
    {NULL, "DELETE FROM meeting_change " OF_MEETING},
    {NULL, "DELETE FROM meeting_item " OF_MEETING},
    {NULL, "UPDATE meeting_item SET title = '' WHERE " BEARS("title")},
    {NULL, "DELETE FROM meeting_interpreter " OF_MEETING},
    {"meetings", "DELETE FROM meeting WHERE pupil = ?1"},
    {NULL, "UPDATE meeting SET title = NULL WHERE " BEARS("title")},
    {NULL, "DELETE FROM plan WHERE pupil = ?1"},
    {NULL, "DELETE FROM card WHERE pupil = ?1"},
    {NULL, "DELETE FROM consent WHERE pupil = ?1"},
    {NULL, "DELETE FROM package WHERE pupil = ?1"},
    {NULL, "DELETE FROM application WHERE pupil = ?1"},
    {NULL, "DELETE FROM study_place WHERE pupil = ?1"},
    {NULL, "DELETE FROM transfer_permission WHERE pupil = ?1"},
    {NULL, "DELETE FROM pupil_parameter WHERE pupil = ?1"},
    {NULL, "DELETE FROM desk_setting WHERE pupil = ?1"},
    {NULL,
     "DELETE FROM case_act WHERE person = ?1 OR case_id IN (SELECT id FROM case_file WHERE pupil = ?1)"},
    {NULL, "DELETE FROM case_participant WHERE person = ?1 OR case_id IN (SELECT id FROM case_file WHERE "
           "pupil = ?1)"},
    {"cases", "UPDATE case_file SET pupil = ?2 WHERE pupil = ?1"},
    {NULL, "DELETE FROM visit_party WHERE party = ?1 AND kind = 'person'"},
    {NULL, "UPDATE survey_answer SET person = ?2 WHERE person = ?1"},

    /* What they did for others. */
    {NULL, "UPDATE attendance_mark SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE explanation SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE authorisation SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE desk_elsewhere SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE located SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE hold SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE answer SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE agreement_signature SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE checkin SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE evaluation SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE certificate SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE plan SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE consent SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE transfer_permission SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE case_act SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE meeting_interpreter SET by = ?2 WHERE by = ?1"},
    {NULL, "UPDATE reply SET seen_by = ?2 WHERE seen_by = ?1"},
    {NULL, "UPDATE desk_setting SET proposed_by = ?2 WHERE proposed_by = ?1"},
    {NULL, "UPDATE desk_setting SET decided_by = ?2 WHERE decided_by = ?1"},
    {NULL, "UPDATE desk_audit SET subject = ?2 WHERE subject = ?1"},
    {NULL, "UPDATE desk_audit SET person = ?2 WHERE person = ?1"},
    {NULL, "UPDATE upload SET person = ?2 WHERE person = ?1"},
    {NULL, "DELETE FROM desk_session WHERE person = ?1"},
    {NULL, "DELETE FROM desk_ticket WHERE person = ?1"},
    {NULL, "UPDATE application SET applicant = ?2 WHERE applicant = ?1"},
    {NULL, "UPDATE placement SET supervisor = NULL WHERE supervisor = ?1"},
    {NULL, "UPDATE placement_change_place SET old_supervisor = NULL WHERE old_supervisor = ?1"},
    {NULL, "UPDATE meeting SET chair = NULL WHERE chair = ?1"},
    {NULL, "UPDATE committee SET chair = NULL WHERE chair = ?1"},
    {NULL, "UPDATE case_file SET owner = NULL WHERE owner = ?1"},
    {NULL, "UPDATE case_file SET substitute = NULL WHERE substitute = ?1"},
    {NULL, "DELETE FROM committee_member WHERE person = ?1"},
    {NULL, "DELETE FROM audience_member WHERE person = ?1"},
    {NULL, "DELETE FROM workplace_supervisor WHERE person = ?1"},

    /* What came in: data about them goes, an id among others is replaced. */
    {"events",
     "UPDATE event SET data = '{}', subject = NULL WHERE subject = ?1 OR seq IN (SELECT event FROM "
     "temp.erased_reply)"
     " OR subject IN (SELECT id FROM temp.erased_placement) OR subject IN (SELECT id FROM "
     "temp.erased_meeting)"
     " OR " BEARS(
         "data") " OR (instr(data, " QUOTED ") > 0 AND (json_extract(data, '$.pupil') = ?1"
                 "     OR json_extract(data, '$.recipient') = ?1 OR json_extract(data, '$.person') = ?1"
                 "     OR json_extract(data, '$.subject') = ?1))"},
    {NULL,
     "UPDATE event SET data = replace(data, " QUOTED ", json_quote(?2)) WHERE instr(data, " QUOTED ") > 0"},

    /* Themselves. */
    {NULL, "DELETE FROM contact_stop WHERE value IN (SELECT value FROM temp.erased_address)"},
    {NULL, "DELETE FROM person_choice WHERE person = ?1"},
    {"guardians", "DELETE FROM guardian WHERE pupil = ?1 OR guardian = ?1"},
    {NULL, "DELETE FROM carer WHERE pupil = ?1 OR carer = ?1"},
    {"roles", "DELETE FROM role WHERE person = ?1"},
    {NULL, "DELETE FROM refused_contact WHERE person = ?1"},
    {NULL, "DELETE FROM contact_replaced WHERE person = ?1"},
    {"contacts", "DELETE FROM contact WHERE person = ?1"},
    {NULL, "DELETE FROM change WHERE subject = ?1"},
    {NULL, "DELETE FROM change_part WHERE subject = ?1"},
    {NULL, "DELETE FROM timer WHERE subject = ?1"},
    {NULL, "DELETE FROM fuse WHERE scope = ?1"},
    {NULL, "DELETE FROM feed_change"},
    {NULL, "INSERT INTO feed_change(kind, subject) VALUES ('all', '')"},
    {"person", "DELETE FROM person WHERE id = ?1"},
};

/* ---- steps */

static int run_step(struct db *db, const struct step *step, const char *person, const char *other,
                    int64_t now_utc, struct erased *erased, struct err *err)
{
        struct query q;
        int binds, r;

        query_start(&q, db, step->sql, err);
        binds = q.statement ? sqlite3_bind_parameter_count(q.statement) : 0;
        if (binds > 0)
                query_text(&q, person);
        if (binds > 1)
                query_text(&q, other);
        if (binds > 2)
                query_int(&q, now_utc);
        r = query_run(&q);
        if (r < 0 || !step->part)
                return r;
        erased->parts[erased->part_count].name = step->part;
        erased->parts[erased->part_count++].count = db_changes(db);
        return 0;
}

static int run_steps(struct db *db, const struct step *table, size_t count, const char *person,
                     const char *other, int64_t now_utc, struct erased *erased, struct err *err)
{
        int r = 0;

        for (size_t i = 0; i < count && r == 0; i++)
                r = run_step(db, &table[i], person, other, now_utc, erased, err);
        return r;
}

#define RUN(table, other) run_steps(db, table, ARRAY_SIZE(table), person, other, now_utc, ret_erased, err)

/* ---- who */

int erase_is_needed(struct db *db, const char *person, const char *day, struct err *err)
{
        bool is_known = false, is_needed = false;
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT EXISTS (SELECT 1 FROM role r WHERE r.person = ?1 AND (r.last_day IS NULL OR r.last_day "
            ">= ?2)"
            "                 AND p.ended IS NULL)"
            "    OR EXISTS (SELECT 1 FROM guardian g JOIN person c ON c.id = g.pupil AND c.ended IS NULL"
            "                 JOIN role r ON r.person = g.pupil AND r.role = 'pupil'"
            "                WHERE g.guardian = ?1 AND g.ended IS NULL"
            "                  AND (r.last_day IS NULL OR r.last_day >= ?2))"
            "  FROM person p WHERE p.id = ?1",
            err);
        query_text(&q, person);
        query_text(&q, day);
        r = query_row(&q);
        if (r > 0) {
                is_known = true;
                is_needed = column_int(&q, 0);
        }
        query_end(&q);
        if (r >= 0 && !is_known)
                return err_set(err, ERR_NOT_FOUND, "%.100s: is nobody: see the ids of the roster", person);
        return r < 0 ? r : is_needed;
}

static int find_candidates(struct db *db, const char *person, const char *day, struct erased *erased,
                           struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT g.guardian FROM guardian g WHERE g.pupil = ?1"
            "   AND NOT EXISTS (SELECT 1 FROM guardian o JOIN person c ON c.id = o.pupil AND c.ended IS NULL"
            "                    WHERE o.guardian = g.guardian AND o.pupil <> ?1)"
            "   AND NOT EXISTS (SELECT 1 FROM role r WHERE r.person = g.guardian"
            "                      AND (r.last_day IS NULL OR r.last_day >= ?2))"
            " ORDER BY g.guardian",
            err);
        query_text(&q, person);
        query_text(&q, day);
        while ((r = query_row(&q)) > 0 && erased->candidate_count < ERASE_CANDIDATES_MAX)
                snprintf(erased->candidates[erased->candidate_count++], ERASE_ID_MAX, "%s",
                         column_text(&q, 0));
        query_end(&q);
        return r < 0 ? r : 0;
}

/* ---- the person */

/* Somebody whom nobody is, for the rows that must name one. */
static int make_nobody(struct db *db, const char *day, char ret_id[static ANONYMOUS_MAX], struct err *err)
{
        unsigned char random[8];
        struct query q;
        int length;

        if (RAND_bytes(random, sizeof random) != 1)
                return err_set(err, ERR_IO, "erase: no random numbers: try again");
        length = snprintf(ret_id, ANONYMOUS_MAX, "erased-");
        for (size_t i = 0; i < sizeof random; i++)
                length += snprintf(ret_id + length, ANONYMOUS_MAX - length, "%02x", random[i]);
        query_start(&q, db,
                    "INSERT INTO person(id, given, family, source, ended) VALUES (?, '', '', 'erased', ?)",
                    err);
        query_text(&q, ret_id);
        query_text(&q, day);
        return query_run(&q);
}

static void set_triggers(struct db *db, int on)
{
        sqlite3_db_config(db_handle(db), SQLITE_DBCONFIG_ENABLE_TRIGGER, on, NULL);
}

static int execute(struct db *db, const char *sql, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, sql, err);
        while ((r = query_row(&q)) > 0)
                ;
        query_end(&q);
        return r;
}

int erase_person(struct db *db, const char *person, const char *day, int64_t now_utc,
                 struct erased *ret_erased, struct err *err)
{
        char nobody[ANONYMOUS_MAX];
        int r;

        *ret_erased = (struct erased){0};
        r = find_candidates(db, person, day, ret_erased, err);
        if (r == 0)
                r = execute(db, "PRAGMA defer_foreign_keys = ON", err);
        if (r == 0)
                r = make_nobody(db, day, nobody, err);
        if (r == 0)
                r = RUN(leave_table, day);
        set_triggers(db, 0);
        if (r == 0)
                r = RUN(prepare_table, nobody);
        if (r == 0)
                r = RUN(total_table, nobody);
        if (r == 0)
                r = RUN(scrub_table, nobody);
        set_triggers(db, 1);
        return r;
}

int erase_compact(struct db *db, struct err *err)
{
        int r = execute(db, "PRAGMA temp_store = FILE", err); /* the whole database passes through it */

        if (r == 0)
                r = execute(db, "VACUUM", err);
        return r < 0 ? r : execute(db, "PRAGMA wal_checkpoint(TRUNCATE)", err);
}
