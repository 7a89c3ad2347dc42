/* Out of memory at each allocation of a step of the engine that tells: with all shipped rules it either
 * writes its messages or is an error, and the same step again tells the same. See store-memory.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "lib/engine-run.h"
#include "lib/scarce.h"

#define DUE "2026-11-23T09:30"

/* Steps until nothing waits; 1 done, or negative. */
static int tell(struct run *run)
{
        struct err err = {0};
        int done = 1, r = db_begin(run->db, &err);

        for (int i = 0; r == 0 && done && i < RUN_ROUNDS; i++)
                r = engine_step(run->engine, run->db, run->now, 64, &done, &err);
        if (r < 0 && r != ERR_NOMEM)
                print_message("step: %s\n", err.text);
        return r;
}

static int step(void *context)
{
        struct run *run = context;
        int r = tell(run);

        scarce_pause();
        run->length = 0;
        if (r == 0)
                assert_string_equal(
                    rows_text(run->db,
                              "SELECT n.person, m.channel, m.state FROM message m JOIN message_notice ON "
                              "message = m.id JOIN notice n ON n.id = notice ORDER BY n.person"),
                    "G1|sms|queued S1|email|queued T1|sms|queued");
        db_rollback(run->db);
        scarce_resume();
        return r;
}

static void tells(void **state)
{
        struct run run;
        char error[ERR_TEXT_MAX];

        (void)state;
        run_open(&run, "2026-11-23T07:00", RUN_ROSTER, NULL);
        run_until(&run, "2026-11-23T08:50");
        run_event(&run, "2026-11-23T09:00", "attendance.register.synced", "{\"organisation\":\"kjk\"}");
        rows_event(
            run.db, "2026-11-23T09:05",
            "{\"specversion\":\"1.0\",\"id\":\"m1\",\"source\":\"/t\",\"type\":\"kapula.attendance.marked\","
            "\"time\":\"2026-11-23T09:05:00\",\"data\":{\"pupil\":\"P1\",\"day\":\"2026-11-23\",\"lesson\":1,"
            "\"starts\":\"08:00\",\"ends\":\"08:45\",\"mark\":\"absent\",\"class\":\"unexplained\"}}",
            NULL, error);
        assert_string_equal(error, "");
        run.now = rows_utc(DUE);
        scarce_torture("a step that tells", step, &run);
        run_close(&run);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(tells)};

        scarce_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
