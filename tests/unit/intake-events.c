/* intake: each type of event by what it leaves in the tables, and what is refused with which words. */
#include "intake/intake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/rows.h"

#define NOW "2026-11-23T12:00"
#define EVENT(id, type, subject, data)                                                         \
        "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"/t\",\"type\":\"kapula." type \
        "\",\"subject\":\"" subject "\",\"time\":\"2026-11-23T09:30\",\"data\":{" data "}}"

static const char roster[] =
    "{" ROWS_ORGANISATIONS "," ROWS_PEOPLE "," ROWS_ROLES "," ROWS_WORKPLACES "," ROWS_GUARDIANS
    ",\"audiences\":[{\"id\":\"team\",\"organisation\":\"kj\",\"members\":[\"T1\"]}],"
    "\"lessons\":[{\"organisation\":\"kjk-a\",\"weekday\":\"mon\",\"lesson\":1,\"starts\":\"08:15\",\"ends\":"
    "\"09:00\"},"
    "{\"organisation\":\"kjk-a\",\"weekday\":\"mon\",\"lesson\":2,\"starts\":\"09:15\",\"ends\":\"10:00\"}]}";

static struct db *imported; /* the roster alone */

static int import_roster(void **state)
{
        (void)state;
        imported = rows_open();
        rows_load(imported, NOW, roster);
        return sqlite3_exec(
            db_handle(imported),
            "INSERT INTO case_file(id, pupil, organisation, rule, step, owner_role, opened, owned)"
            " VALUES ('2026-0001', 'P1', 'kjk-a', 'absence-hours', '1', 'teacher', 1795420800,"
            "         1795420800)",
            NULL, NULL, NULL);
}

static int close_roster(void **state)
{
        (void)state;
        imported = db_close(imported);
        return 0;
}

static void set_up(struct db *db, const char *setup)
{
        char error[ERR_TEXT_MAX];

        if (!setup)
                return;
        rows_event(db, NOW, setup, NULL, error);
        assert_string_equal(error, "");
}

static struct db *open_with(const char *setup)
{
        struct db *db = rows_copy(imported);

        set_up(db, setup);
        return db;
}

static const char placement[] = EVENT("p", "placement.planned", "PL1",
                                      "\"pupil\":\"P1\",\"workplace\":\"W1\",\"weekdays\":[\"thu\"],\"from\":"
                                      "\"2026-11-23\",\"until\":\"2026-12-04\"");
static const char meeting[] =
    EVENT("m", "meeting.planned", "M1",
          "\"kind\":\"plan-talk\",\"organisation\":\"kjk-a\",\"title\":\"Keskustelu\",\"starts\":\"2026-12-"
          "01T14:00\","
          "\"ends\":\"2026-12-01T15:00\",\"participants\":[\"P1\",\"G1\"],\"chair\":\"T1\"");
static const char survey[] =
    EVENT("s", "survey.opened", "SV1", "\"organisation\":\"kj\",\"closes\":\"2026-12-01\"");

#define MARK                                                                                                \
        "SELECT pupil, day, lesson, place, time(starts, 'unixepoch'), time(ends, 'unixepoch'), mark, class" \
        " FROM attendance_mark WHERE in_force = 1"
#define SPAN(table) \
        "SELECT pupil, datetime(starts, 'unixepoch'), datetime(ends, 'unixepoch'), class FROM " table

static const struct {
        const char *setup, *event, *sql, *expected;
} taken_table[] = {
    /* attendance.marked: what is left out comes from the timetable */
    {NULL, EVENT("1", "attendance.marked", "P1", "\"mark\":\"absent\",\"lesson\":2"), MARK,
     "P1|2026-11-23|2|school|07:15:00|08:00:00|absent|unexplained"},
    {NULL, EVENT("1", "attendance.marked", "P1", "\"mark\":\"absent\",\"lesson\":null,\"starts\":\"08:15\""),
     MARK, "P1|2026-11-23|1|school|06:15:00|07:00:00|absent|unexplained"},
    {NULL, EVENT("1", "attendance.marked", "P1", "\"mark\":\"absent\",\"starts\":\"12:00:00\""), MARK,
     "P1|2026-11-23|0|school|10:00:00|10:45:00|absent|unexplained"},
    {NULL, EVENT("1", "attendance.marked", "P1", "\"mark\":\"absent\",\"class\":\"health\""), MARK,
     "P1|2026-11-23|0|school|06:15:00|08:00:00|absent|health"},
    {NULL, EVENT("1", "attendance.marked", "x", "\"pupil\":\"P3\",\"mark\":\"present\",\"class\":\"leave\""),
     MARK, "P3|2026-11-23|0|school|06:00:00|11:45:00|present|-"},
    {NULL,
     EVENT("1", "attendance.marked", "P1",
           "\"mark\":\"late\",\"day\":\"2026-11-20\",\"lesson\":1,\"starts\":\"2026-11-20T08:00+02:00\","
           "\"ends\":\"08:45\""),
     MARK, "P1|2026-11-20|1|school|06:00:00|06:45:00|late|-"},
    {NULL, EVENT("1", "attendance.marked", "P1", "\"mark\":\"absent\",\"starts\":\"2026-11-20T09:15\""), MARK,
     "P1|2026-11-20|0|school|07:15:00|08:00:00|absent|unexplained"},
    {placement,
     EVENT("1", "attendance.marked", "P1",
           "\"mark\":\"absent\",\"place\":\"workplace\",\"day\":\"2026-11-26\""),
     MARK, "P1|2026-11-26|0|workplace|07:00:00|13:00:00|absent|unexplained"},
    {NULL, EVENT("1", "attendance.marked", "P1", "\"mark\":\"absent\",\"day\":\"2026-11-21\",\"lesson\":3"),
     MARK, "P1|2026-11-21|3|school|08:00:00|08:45:00|absent|unexplained"},
    /* words about an absence */
    {NULL, EVENT("1", "absence.explained", "P1", ""), SPAN("explanation"),
     "P1|2026-11-22 22:00:00|2026-11-23 22:00:00|other"},
    {NULL,
     EVENT("1", "absence.explained", "P1",
           "\"from\":\"2026-11-23\",\"until\":\"2026-11-24\",\"class\":\"health\""),
     SPAN("explanation"), "P1|2026-11-22 22:00:00|2026-11-24 22:00:00|health"},
    {NULL, EVENT("1", "absence.authorised", "P1", "\"from\":\"2026-11-24T10:00\",\"class\":\"leave\""),
     SPAN("authorisation"), "P1|2026-11-24 08:00:00|2026-11-24 22:00:00|leave"},
    {NULL, EVENT("1", "absence.authorised", "P1", "\"from\":\"10:00\",\"until\":\"11:00\""),
     SPAN("authorisation"), "P1|2026-11-23 08:00:00|2026-11-23 09:00:00|-"},
    {NULL, EVENT("1", "pupil.located", "P1", "\"where\":\"at-home\",\"by\":\"T1\",\"at\":\"09:20\""),
     "SELECT pupil, place, by, time(at, 'unixepoch') FROM located", "P1|at-home|T1|07:20:00"},
    {NULL, EVENT("1", "attendance.register.synced", "kjk", ""), "SELECT * FROM register_sync",
     "kjk|1795419000"},
    /* answers and holds */
    {NULL,
     EVENT("1", "notice.answered", "P1",
           "\"recipient\":\"G1\",\"rule\":\"absence-alert\",\"answer\":\"knew\",\"class\":\"health\""),
     SPAN("explanation"), "P1|2026-11-22 22:00:00|2026-11-23 22:00:00|health"},
    {NULL,
     EVENT("1", "notice.answered", "P1",
           "\"recipient\":\"G1\",\"rule\":\"absence-alert\",\"answer\":\"did-not-know\""),
     "SELECT recipient, subject, rule, answer, (SELECT count(*) FROM explanation) FROM answer",
     "G1|P1|absence-alert|did-not-know|0"},
    {NULL, EVENT("1", "notice.taken", "P1", "\"recipient\":\"T1\",\"rule\":\"absence-ladder\""),
     "SELECT recipient, answer FROM answer", "T1|taken"},
    {NULL, EVENT("1", "message.confirmed", "P1", "\"rule\":\"absence-alert\",\"by\":\"T1\""),
     "SELECT recipient, rule, answer, by FROM answer", "|absence-alert|confirmed|T1"},
    {NULL, EVENT("1", "pupil.held", "P1", "\"reason\":\"hospital\",\"until\":\"2026-11-24\""),
     "SELECT kind, subject, datetime(starts, 'unixepoch'), datetime(ends, 'unixepoch'), reason FROM hold",
     "pupil|P1|2026-11-23 07:30:00|2026-11-24 22:00:00|hospital"},
    {NULL, EVENT("1", "pupil.held", "kjk-a", ""), "SELECT kind, subject, ends FROM hold", "group|kjk-a|-"},
    {EVENT("h", "pupil.held", "P1", ""), EVENT("1", "pupil.released", "P1", ""),
     "SELECT kind, subject, ends - starts FROM hold", "pupil|P1|0"},
    /* placements */
    {NULL, placement, "SELECT model, weekdays, first_day, last_day, starts, ends, event > 0 FROM placement",
     "4+1|4|2026-11-23|2026-12-04|-10800|10800|1"},
    {NULL,
     EVENT("1", "placement.planned", "PL1",
           "\"pupil\":\"P1\",\"workplace\":\"W1\",\"from\":\"2026-11-26\",\"until\":\"2026-11-27\","
           "\"starts\":\"08:00\",\"ends\":\"14:00\""),
     "SELECT p.model, p.weekdays, d.day, d.kind, time(d.starts, 'unixepoch') FROM placement p"
     " JOIN placement_day d ON d.placement = p.id ORDER BY d.day",
     "block|1,2,3,4,5|2026-11-26|work|06:00:00 block|1,2,3,4,5|2026-11-27|work|06:00:00"},
    {placement,
     EVENT("1", "placement.changed", "PL1", "\"day\":\"2026-11-26\",\"moved_to\":\"2026-11-27T10:00\""),
     "SELECT day, time(starts, 'unixepoch'), time(ends, 'unixepoch'), sequence FROM placement_day ORDER BY "
     "day",
     "2026-11-27|08:00:00|14:00:00|1 2026-12-03|07:00:00|13:00:00|0"},
    {placement, EVENT("1", "placement.changed", "PL1", "\"day\":\"2026-11-26\",\"cancelled\":true"),
     "SELECT day, state FROM placement_day ORDER BY day", "2026-11-26|cancelled 2026-12-03|planned"},
    {placement, EVENT("1", "placement.changed", "PL1", "\"until\":\"2026-11-30\",\"supervisor\":\"S1\""),
     "SELECT d.state, p.supervisor FROM placement_day d JOIN placement p ON p.id = d.placement ORDER BY day",
     "planned|S1 cancelled|S1"},
    {placement, EVENT("1", "placement.cancelled", "PL1", ""),
     "SELECT p.state, d.state FROM placement_day d JOIN placement p ON p.id = d.placement ORDER BY day",
     "cancelled|cancelled cancelled|cancelled"},
    {placement, EVENT("1", "agreement.signed", "PL1", "\"party\":\"guardian\",\"by\":\"G1\""),
     "SELECT party, by FROM agreement_signature", "guardian|G1"},
    {NULL, EVENT("1", "pupil.located", "P1", "\"where\":\"at-home\",\"wheres\":1,\"room\":\"12\""),
     "SELECT count(*) FROM event", "1"}, /* what nobody asked for is let be */
    {placement, EVENT("1", "workplace.checkin", "PL1", "\"day\":\"2026-11-26\",\"at\":\"08:58\""),
     "SELECT day, mark, time(at, 'unixepoch') FROM checkin", "2026-11-26|here|06:58:00"},
    {placement, EVENT("1", "evaluation.given", "PL1", "\"by\":\"S1\",\"part\":\"teacher\""),
     "SELECT placement, part, by FROM evaluation", "PL1|teacher|S1"},
    {placement,
     EVENT("1", "evaluation.given", "PL1", "\"by\":\"S1\",\"marks\":{\"safety\":5},\"word\":\"Hyvin\""),
     "SELECT m.criterion, m.mark, w.word FROM evaluation_mark m JOIN evaluation_word w USING (placement, "
     "part)",
     "safety|5|Hyvin"},
    {NULL, EVENT("1", "person.chose", "P1", "\"person\":\"G1\",\"language\":\"ru\",\"email-first\":true"),
     "SELECT p.language, c.choice FROM person p JOIN person_choice c ON c.person = p.id", "ru|email-first"},
    {NULL,
     EVENT("1", "contact.changed", "P1",
           "\"person\":\"P1\",\"channel\":\"sms\",\"old\":\"+358400000001\",\"value\":\"+358400000002\""),
     "SELECT value FROM contact WHERE person = 'P1' AND channel = 'sms'", "+358400000002"},
    {placement, EVENT("1", "certificate.issued", "PL1", ""), "SELECT placement FROM certificate", "PL1"},
    /* meetings, plans, transitions, network */
    {NULL, meeting,
     "SELECT kind, organisation, datetime(starts, 'unixepoch'), ends - starts, chair, pupil FROM meeting",
     "plan-talk|kjk-a|2026-12-01 12:00:00|3600|T1|P1"},
    {meeting,
     EVENT("1", "meeting.changed", "M1", "\"starts\":\"2026-12-02T09:00\",\"participants\":[\"G1\"]"),
     "SELECT datetime(starts, 'unixepoch'), ends - starts, sequence, person FROM meeting"
     " JOIN meeting_participant ON id = meeting",
     "2026-12-02 07:00:00|3600|1|G1"},
    {meeting, EVENT("1", "meeting.answered", "M1", "\"participant\":\"G1\",\"answer\":\"no\""),
     "SELECT person, answer FROM meeting_participant ORDER BY person", "G1|no P1|-"},
    {meeting, EVENT("1", "meeting.cancelled", "M1", ""), "SELECT state, sequence FROM meeting",
     "cancelled|1"},
    {NULL,
     EVENT("1", "meeting.planned", "M2",
           "\"organisation\":\"kj\",\"starts\":\"2026-12-01T14:00\",\"audience\":\"team\","
           "\"repeats\":\"RRULE:FREQ=WEEKLY;COUNT=4\",\"link\":\"https://example.org/coffee\""),
     "SELECT audience, repeats, link, ends - starts FROM meeting",
     "team|FREQ=WEEKLY;COUNT=4|https://example.org/coffee|3600"},
    {NULL, EVENT("1", "plan.made", "P1", "\"kind\":\"further-study\",\"until\":\"2027-05-31\""),
     "SELECT pupil, kind, until FROM plan", "P1|further-study|2027-05-31"},
    {NULL, EVENT("1", "card.given", "P1", "\"card\":\"hygiene\",\"expires\":\"2029-01-01\""),
     "SELECT pupil, card, expires FROM card", "P1|hygiene|2029-01-01"},
    {EVENT("c", "consent.asked", "C1", "\"pupil\":\"P1\""),
     EVENT("1", "consent.given", "C1", "\"by\":\"G1\""), "SELECT pupil, state, by FROM consent",
     "P1|given|G1"},
    {NULL, EVENT("1", "consent.refused", "C1", "\"pupil\":\"P1\""), "SELECT pupil, state FROM consent",
     "P1|refused"},
    {EVENT("d", "package.due", "K1", "\"pupil\":\"P1\",\"due\":\"2026-12-01\",\"subject_name\":\"Historia\""),
     EVENT("1", "package.done", "K1", ""), "SELECT due, done IS NULL FROM package", "2026-12-01|0"},
    {EVENT("r", "application.received", "A1",
           "\"pupil\":\"P2\",\"applicant\":\"G1\",\"organisation\":\"kjk\""),
     EVENT("1", "application.decided", "A1", "\"decision\":\"accepted\""),
     "SELECT pupil, applicant, organisation, decision, criteria FROM application", "P2|G1|kjk|accepted|-"},
    {EVENT("r", "application.received", "A1", "\"pupil\":\"P2\",\"organisation\":\"kjk\""),
     EVENT("1", "application.decided", "A1",
           "\"decision\":\"refused\",\"criteria\":[\"motivation\",\"absences\",\"motivation\"]"),
     "SELECT decision, criteria, criteria_before FROM application_state", "refused|absences motivation|-"},
    {NULL, EVENT("1", "study.place.decided", "P1", "\"state\":\"offered\""),
     "SELECT pupil, state FROM study_place", "P1|offered"},
    {EVENT("t", "transfer.permitted", "P1", "\"by\":\"G1\""), EVENT("1", "transfer.refused", "P1", ""),
     "SELECT pupil, state, by FROM transfer_permission", "P1|refused|-"},
    {survey, EVENT("1", "survey.answered", "SV1", "\"by\":\"T1\""),
     "SELECT person, datetime(closes, 'unixepoch') FROM survey JOIN survey_answer ON survey = id",
     "T1|2026-12-01 22:00:00"},
    {survey, EVENT("1", "survey.closed", "SV1", ""), "SELECT closed IS NULL FROM survey", "0"},
    {NULL,
     EVENT("1", "visit.planned", "V1",
           "\"kind\":\"mentoring\",\"hosts\":[\"tuk\"],\"guests\":[\"T1\"],\"starts\":\"2026-12-01T09:00\""),
     "SELECT side, v.kind, p.kind, party FROM visit v JOIN visit_party p ON visit = id ORDER BY side",
     "guest|mentoring|person|T1 host|mentoring|organisation|tuk"},
    {EVENT("v", "visit.planned", "V1", "\"starts\":\"2026-12-01T09:00\""),
     EVENT("1", "visit.cancelled", "V1", ""), "SELECT state FROM visit", "cancelled"},
    {EVENT("t", "transfer.permitted", "P1", ""),
     EVENT("1", "case.handed.over", "2026-0001", "\"to\":\"T1\",\"by\":\"T1\",\"outcome\":\"moved\""),
     "SELECT case_id, act, person, outcome FROM case_act", "2026-0001|handed-over|T1|moved"},
    {NULL, EVENT("1", "case.joined", "2026-0001", "\"person\":\"T1\",\"sees\":\"steps\""),
     "SELECT act, person, sees FROM case_act", "joined|T1|steps"},
    {NULL, EVENT("1", "case.acknowledged", "2026-0001", ""), "SELECT act FROM case_act", "acknowledged"},
    {NULL, EVENT("1", "case.contacted", "2026-0001", ""), "SELECT act FROM case_act", "contacted"},
    {NULL, EVENT("1", "case.closed", "2026-0001", ""), "SELECT act FROM case_act", "closed"},
    {NULL,
     EVENT("1", "message.receipt", "P1", "\"recipient\":\"G1\",\"channel\":\"sms\",\"status\":\"failed\""),
     "SELECT type, data FROM event",
     "message.receipt|{\"recipient\":\"G1\",\"channel\":\"sms\",\"status\":\"failed\"}"},
};

static void takes_every_type(void **state)
{
        struct db *db = open_with(NULL);
        char error[ERR_TEXT_MAX];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(taken_table); i++) {
                rows_try(db);
                set_up(db, taken_table[i].setup);
                rows_event(db, NOW, taken_table[i].event, NULL, error);
                if (error[0])
                        fail_msg("%s\n%s", taken_table[i].event, error);
                if (strcmp(rows_text(db, taken_table[i].sql), taken_table[i].expected) != 0)
                        fail_msg("%s\n%s\nnot %s", taken_table[i].event, rows_text(db, taken_table[i].sql),
                                 taken_table[i].expected);
                rows_undo(db);
        }
        db_close(db);
}

#define PLAIN(fields)                                                                                       \
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/t\",\"type\":\"kapula.pupil.located\"," fields \
        "}"

static const struct {
        const char *setup, *event, *says;
} refused_table[] = {
    {NULL, "nonsense", "no valid JSON"},
    {NULL, "[1]", "no object"},
    {NULL, "{\"id\":\"1\"}", "event.specversion: missing"},
    {NULL, "{\"specversion\":\"0.3\",\"id\":\"1\",\"source\":\"/t\",\"type\":\"kapula.x\"}", "not 1.0"},
    {NULL, "{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"/t\",\"type\":\"kapula.x\"}",
     "event.id: empty"},
    {NULL, "{\"specversion\":\"1.0\",\"id\":7,\"source\":\"/t\",\"type\":\"kapula.x\"}", "event.id: no text"},
    {NULL, "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"a b\",\"type\":\"kapula.x\"}",
     "no URI reference"},
    {NULL, "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/t\",\"type\":\"other.x\"}",
     "does not begin with kapula."},
    {NULL, "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/t\",\"type\":\"kapula.unheard\"}",
     "kapula.unheard is not known"},
    {NULL, PLAIN("\"subject\":\"P1\",\"Extra\":1"), "an attribute's name"},
    {NULL, PLAIN("\"subject\":\"P1\",\"extra\":{}"), "extra: no text"},
    {NULL, PLAIN("\"subject\":\"P1\",\"data_base64\":\"eA==\""), "data_base64: binary data"},
    {NULL, PLAIN("\"subject\":\"P1\",\"datacontenttype\":\"text/plain\""), "only JSON"},
    {NULL, PLAIN("\"subject\":\"P1\",\"data\":[]"), "event.data: no object"},
    {NULL, PLAIN("\"subject\":\"P1\",\"time\":\"yesterday\""), "time: no time"},
    {NULL, PLAIN("\"subject\":\"P1\",\"time\":\"2036-11-23T09:30\""), "more than a year ahead"},
    {NULL, PLAIN("\"subject\":\"P1\",\"time\":\"2016-11-23T09:30\""), "two years ago"},
    {NULL, PLAIN("\"subject\":\"P1\",\"subject\":\"P2\""), "duplicate object key"},
    {NULL, PLAIN("\"data\":{}"), "data.pupil: missing"},
    {NULL,
     EVENT("1", "contact.changed", "P1",
           "\"person\":\"P1\",\"channel\":\"sms\",\"old\":\"+358400000001\",\"value\":\"<b>\""),
     "data.value: no number or address"},
    {NULL, EVENT("1", "person.chose", "P1", "\"person\":\"G1\",\"quiet-from\":8"), "data.quiet-from"},
    {NULL, EVENT("1", "person.chose", "P1", "\"person\":\"G1\",\"quiet-until\":11"), "data.quiet-until"},
    {NULL, EVENT("1", "person.chose", "P1", "\"person\":\"P9\""), "data.person"},
    {NULL, EVENT("1", "attendance.marked", "P9", "\"mark\":\"absent\""),
     "data.pupil: no such pupil P9: import the roster"},
    {NULL, EVENT("1", "attendance.marked", "G1", "\"mark\":\"absent\""), "G1 is no pupil"},
    {NULL, EVENT("1", "attendance.marked", "P1", ""), "data.mark: missing"},
    {NULL, EVENT("1", "attendance.marked", "P1", "\"mark\":\"gone\""), "use one of absent, late, present"},
    {NULL, EVENT("1", "attendance.marked", "P1", "\"mark\":\"absent\",\"lesson\":\"2\""),
     "data.lesson: no whole number"},
    {NULL, EVENT("1", "attendance.marked", "P1", "\"mark\":\"absent\",\"day\":\"2026-02-30\""),
     "data.day: no date"},
    {NULL, EVENT("1", "attendance.marked", "P1", "\"mark\":\"absent\",\"day\":\"2099-01-01\""),
     "more than a year ahead"},
    {NULL, EVENT("1", "attendance.marked", "P1", "\"mark\":\"absent\",\"starts\":\"8\""),
     "data.starts: no time"},
    {NULL,
     EVENT("1", "attendance.marked", "P1", "\"mark\":\"absent\",\"starts\":\"09:00\",\"ends\":\"08:00\""),
     "data.ends: not after starts"},
    {NULL,
     EVENT("1", "attendance.marked", "P1",
           "\"mark\":\"absent\",\"day\":\"2026-11-20\",\"starts\":\"2026-11-19T08:00\""),
     "another day than day"},
    {NULL, EVENT("1", "absence.explained", "P1", "\"from\":\"2026-11-24\",\"until\":\"2026-11-20\""),
     "not after from"},
    {NULL, EVENT("1", "absence.explained", "P1", "\"class\":\"unexplained\""), "data.class"},
    {NULL, EVENT("1", "notice.answered", "P1", "\"rule\":\"absence-alert\",\"answer\":\"knew\""),
     "data.recipient: missing"},
    {NULL, EVENT("1", "pupil.held", "P1", "\"until\":\"2026-11-01\""), "not after the event's time"},
    {NULL, EVENT("1", "attendance.register.synced", "nowhere", ""), "no such organisation nowhere"},
    {NULL, EVENT("1", "placement.planned", "PL1", "\"pupil\":\"P1\",\"workplace\":\"W9\""),
     "no such workplace W9"},
    {NULL,
     EVENT("1", "placement.planned", "PL1", "\"pupil\":\"P1\",\"workplace\":\"W1\",\"weekdays\":[\"noday\"]"),
     "no list of weekdays"},
    {NULL,
     EVENT("1", "placement.planned", "PL1",
           "\"pupil\":\"P1\",\"workplace\":\"W1\",\"from\":\"2026-12-04\",\"until\":\"2026-12-01\""),
     "data.until: before from"},
    {placement,
     EVENT("1", "placement.planned", "PL2",
           "\"pupil\":\"P1\",\"workplace\":\"W2\",\"from\":\"2026-11-23\",\"until\":\"2026-11-27\""),
     "same hours of 2026-11-26"},
    {placement, EVENT("1", "placement.changed", "PL1", "\"day\":\"2026-11-25\",\"moved_to\":\"2026-11-27\""),
     "has no day 2026-11-25"},
    {placement, EVENT("1", "placement.changed", "PL1", "\"day\":\"2026-11-26\""),
     "says nothing about the day"},
    {placement, EVENT("1", "workplace.checkin", "PL1", "\"day\":\"2026-11-27\""),
     "data.day: placement PL1 has no working day on 2026-11-27"},
    {NULL, EVENT("1", "case.acknowledged", "2026-0099", ""), "data.case: no such case 2026-0099"},
    {NULL, EVENT("1", "pupil.located", "P1", "\"were\":\"at-home\""), "data.were: no such key: write where"},
    {NULL, EVENT("1", "pupil.located", "P1", "\"whree\":\"at-home\""),
     "data.whree: no such key: write where"},
    {NULL, EVENT("1", "pupil.located", "P1", "\"wheree\":\"at-home\""), "data.wheree: no such key"},
    {NULL, EVENT("1", "pupil.located", "P1", "\"there\":\"at-home\""), "data.there: no such key"},
    {NULL, EVENT("1", "message.receipt", "P1", "\"recipient\":\"G1\",\"status\":\"lost\""), "data.status"},
    {NULL, EVENT("1", "agreement.signed", "PL9", "\"party\":\"school\""), "no such placement PL9"},
    {placement, EVENT("1", "agreement.signed", "PL1", "\"party\":\"bank\""), "guardian, workplace, school"},
    {meeting, EVENT("1", "meeting.answered", "M1", "\"participant\":\"S1\",\"answer\":\"yes\""),
     "takes no part"},
    {NULL, EVENT("1", "meeting.planned", "M1", "\"starts\":\"2026-12-01T14:00\""),
     "data.organisation: missing"},
    {NULL,
     EVENT("1", "meeting.planned", "M1",
           "\"organisation\":\"kj\",\"starts\":\"2026-12-01T14:00\",\"repeats\":\"every day\""),
     "no RFC 5545 rule"},
    {NULL,
     EVENT("1", "meeting.planned", "M1",
           "\"organisation\":\"kj\",\"starts\":\"2026-12-01T14:00\",\"participants\":[\"P9\"]"),
     "no such person P9"},
    {NULL, EVENT("1", "consent.given", "C9", ""), "no such consent C9"},
    {NULL, EVENT("1", "application.decided", "A9", "\"decision\":\"accepted\""), "no such application A9"},
    {EVENT("r", "application.received", "A1", "\"pupil\":\"P2\",\"organisation\":\"kjk\""),
     EVENT("1", "application.decided", "A1",
           "\"decision\":\"accepted\",\"criteria\":[\"Aino has no friends\"]"),
     "no list of codes"},
    {EVENT("r", "application.received", "A1", "\"pupil\":\"P2\",\"organisation\":\"kjk\""),
     EVENT("1", "application.decided", "A1", "\"decision\":\"accepted\",\"criteria\":[1]"),
     "no list of codes"},
    {EVENT("r", "application.received", "A1", "\"pupil\":\"P2\",\"organisation\":\"kjk\""),
     EVENT("1", "application.decided", "A1",
           "\"decision\":\"accepted\",\"criteria\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\","
           "\"j\",\"k\",\"l\",\"m\",\"n\",\"o\",\"p\",\"q\"]"),
     "more than 16"},
    {NULL, EVENT("1", "survey.answered", "SV9", "\"by\":\"T1\""), "no such survey SV9"},
};

static void refuses_with_words(void **state)
{
        struct db *db = open_with(NULL);
        char error[ERR_TEXT_MAX];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(refused_table); i++) {
                rows_try(db);
                set_up(db, refused_table[i].setup);
                rows_event(db, NOW, refused_table[i].event, NULL, error);
                if (!strstr(error, refused_table[i].says))
                        fail_msg("%s\n%s\nnot %s", refused_table[i].event, error, refused_table[i].says);
                assert_string_equal(rows_text(db, "SELECT count(*) FROM event WHERE id = '1'"), "0");
                assert_string_equal(
                    rows_text(db, "SELECT (SELECT count(*) FROM attendance_mark)"
                                  " + (SELECT count(*) FROM explanation) + (SELECT count(*) FROM answer)"
                                  " + (SELECT count(*) FROM hold) + (SELECT count(*) FROM consent)"
                                  " + (SELECT count(*) FROM placement WHERE id <> 'PL1')"),
                    "0");
                rows_undo(db);
        }
        db_close(db);
}

static void takes_an_event_once(void **state)
{
        static const char event[] = EVENT("1", "attendance.marked", "P1", "\"mark\":\"absent\",\"lesson\":1");
        struct db *db = open_with(NULL);
        char error[ERR_TEXT_MAX];

        (void)state;
        rows_event(db, NOW, event, NULL, error);
        assert_string_equal(error, "");
        rows_event(db, NOW, event, NULL, error);
        assert_string_equal(error, "duplicate");
        rows_event(db, NOW, EVENT("2", "attendance.marked", "P1", "\"mark\":\"present\",\"lesson\":1"), NULL,
                   error);
        assert_string_equal(rows_text(db, "SELECT mark, in_force, (SELECT e.id FROM event e WHERE e.seq = "
                                          "event) FROM attendance_mark ORDER BY attendance_mark.id"),
                            "absent|0|1 present|1|2");
        db_close(db);
}

static void keeps_senders_in_their_tree(void **state)
{
        const struct intake_scope scope = {.organisation = "kj", .source_prefix = "/t"};
        const struct intake_scope elsewhere = {.organisation = "tuo"}, other = {.source_prefix = "urn:x"};
        static const char event[] = EVENT("1", "pupil.located", "P1", "");
        struct db *db = open_with(meeting);
        char error[ERR_TEXT_MAX];

        (void)state;
        rows_event(db, NOW, event, &elsewhere, error);
        assert_non_null(strstr(error, "outside the sender's organisation tuo"));
        rows_event(db, NOW, event, &other, error);
        assert_non_null(strstr(error, "source: does not begin with urn:x"));
        rows_event(db, NOW, EVENT("2", "meeting.cancelled", "M1", ""), &elsewhere, error);
        assert_non_null(strstr(error, "outside the sender's organisation"));
        rows_event(db, NOW, EVENT("3", "case.closed", "2026-0001", ""), &elsewhere, error);
        assert_non_null(strstr(error, "outside the sender's organisation"));
        rows_event(db, NOW, event, &scope, error);
        assert_string_equal(error, "");
        db_close(db);
}

/* Who was never asked has nothing to answer, once the rule has spoken at all; the day asked about is
 * explained. */
static void asks_for_the_question(void **state)
{
        static const char answer[] =
            EVENT("2", "notice.answered", "P1",
                  "\"recipient\":\"G1\",\"rule\":\"absence-alert\",\"answer\":\"knew\"");
        struct db *db = open_with(
            EVENT("1", "attendance.marked", "P1", "\"mark\":\"absent\",\"day\":\"2026-11-20\",\"lesson\":1"));
        char error[ERR_TEXT_MAX];

        (void)state;
        rows_run(db, "INSERT INTO rule_version VALUES (1, 'absence-alert', 'h', 't', 0)");
        rows_event(db, NOW, answer, NULL, error);
        assert_non_null(strstr(error, "G1 was never asked by absence-alert about P1"));
        rows_run(db,
                 "INSERT INTO rule_match(id, rule, version, kind, subject, key, state, due, seen, facts)"
                 " VALUES (1, 'absence-alert', 1, 'pupil', 'P1', 'k', 'fired', 0, 0, '{}');"
                 "INSERT INTO match_mark VALUES (1, 1);"
                 "INSERT INTO notice(match, step, person, template, created) VALUES (1, 0, 'G1', 't', 0)");
        rows_event(db, NOW, answer, NULL, error);
        assert_string_equal(error, "");
        assert_string_equal(rows_text(db, SPAN("explanation")),
                            "P1|2026-11-19 22:00:00|2026-11-20 22:00:00|other");
        db_close(db);
}

static void takes_batches_and_lines(void **state)
{
        static const char lines[] =
            "\xef\xbb\xbf" EVENT("1", "pupil.located", "P1", "") "\r\n\n  \n{broken\n" EVENT(
                "2", "pupil.located", "P9", "") "\n" EVENT("3", "pupil.located", "P2", "");
        static const char batch[] =
            "[" EVENT("1", "pupil.located", "P1",
                      "") ",\n 7, {\"id\":\"x\xff\"},\n" EVENT("4", "pupil.located", "P2", "") "]";
        struct intake_report report = {0};
        struct db *db = open_with(NULL);
        struct err err = {0};
        json_t *json;

        (void)state;
        assert_int_equal(
            intake_events(db, rows_utc(NOW), lines, strlen(lines), INTAKE_NDJSON, NULL, &report, &err), 0);
        assert_int_equal(report.accepted, 2);
        assert_int_equal(report.rejected_count, 2);
        assert_int_equal(report.rejected[0].index, 1);
        assert_int_equal(report.rejected[0].line, 4);
        assert_string_equal(report.rejected[1].id, "2");
        assert_int_equal(report.rejected[1].line, 5);
        intake_report_fini(&report);
        assert_int_equal(
            intake_events(db, rows_utc(NOW), batch, strlen(batch), INTAKE_BATCH, NULL, &report, &err), 0);
        json = intake_report_to_json(&report);
        assert_int_equal(json_integer_value(json_object_get(json, "accepted")), 1);
        assert_int_equal(json_array_size(json_object_get(json, "rejected")), 2);
        json_decref(json);
        assert_int_equal(report.duplicates, 1);
        assert_int_equal(report.rejected_count, 2);
        assert_int_equal(report.rejected[1].line, 2);
        intake_report_fini(&report);
        assert_int_equal(intake_events(db, 0, "[{}", 3, INTAKE_BATCH, NULL, &report, &err), ERR_INVALID);
        assert_int_equal(intake_events(db, 0, "{}", 2, INTAKE_BATCH, NULL, &report, &err), ERR_INVALID);
        assert_int_equal(report.rejected_count, 0);
        db_close(db);
}

static void keeps_its_limits(void **state)
{
        char *many = malloc(INTAKE_BYTES_MAX + 1), *large = malloc(INTAKE_EVENT_BYTES_MAX * 2);
        struct intake_report report = {0};
        struct db *db = open_with(NULL);
        struct err err = {0};
        size_t length = 0;

        (void)state;
        for (int i = 0; i <= INTAKE_EVENTS_MAX; i++)
                length += (size_t)snprintf(many + length, 4, "{}\n");
        assert_int_equal(intake_events(db, 0, many, length, INTAKE_NDJSON, NULL, &report, &err), ERR_LIMIT);
        intake_report_fini(&report);
        assert_int_equal(intake_events(db, 0, many, INTAKE_BYTES_MAX + 1, INTAKE_NDJSON, NULL, &report, &err),
                         ERR_LIMIT);
        length = (size_t)snprintf(large, 100, "{\"id\":\"");
        memset(large + length, 'x', INTAKE_EVENT_BYTES_MAX);
        length += INTAKE_EVENT_BYTES_MAX;
        length += (size_t)snprintf(large + length, 100, "\"}");
        assert_int_equal(intake_events(db, 0, large, length, INTAKE_EVENT, NULL, &report, &err), 0);
        assert_non_null(strstr(report.rejected[0].error, "larger than"));
        intake_report_fini(&report);
        memset(large, '[', 60000); /* nested far too deep */
        assert_int_equal(intake_events(db, 0, large, 60000, INTAKE_NDJSON, NULL, &report, &err), 0);
        assert_int_equal(report.rejected_count, 1);
        intake_report_fini(&report);
        free(many);
        free(large);
        db_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(takes_every_type),      cmocka_unit_test(refuses_with_words),
            cmocka_unit_test(takes_an_event_once),   cmocka_unit_test(keeps_senders_in_their_tree),
            cmocka_unit_test(asks_for_the_question), cmocka_unit_test(takes_batches_and_lines),
            cmocka_unit_test(keeps_its_limits),
        };

        return cmocka_run_group_tests(tests, import_roster, close_roster);
}
