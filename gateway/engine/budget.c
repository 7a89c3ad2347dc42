#include "store/budget.h"
#include "base/date.h"
#include "engine/engine_private.h"
#include "engine/quiet.h"
#include "store/notice.h"

#include <stdio.h>
#include <string.h>

#define RELEASE_MAX 200 /* messages let go in one step */
#define DAY_SECONDS 86400

/* The first moment of the month after DAY in which somebody may be told. */
static int64_t next_month(struct zone *zone, int32_t day)
{
        int year, month, of_month;

        date_to_civil(day, &year, &month, &of_month);
        day = month == 12 ? date_from_civil(year + 1, 1, 1) : date_from_civil(year, month + 1, 1);
        return quiet_until(zone, zone_to_utc(zone, day, 0), false, NULL);
}

static bool may_wait(const struct new_message *message)
{
        return !message->urgent && (!message->held || strcmp(message->held, "quiet-hours") == 0);
}

static int hold_for_budget(struct firing *firing, struct new_message *message, struct err *err)
{
        struct zone *zone;
        int32_t today;
        int64_t turn;
        int r = zone_keep(firing->place.timezone, &zone, err);

        if (r < 0)
                return r;
        date_parse(firing->today, &today);
        turn = next_month(zone, today);
        message->held = "budget";
        if (message->not_before < turn)
                message->not_before = turn;
        message->month[0] = '\0'; /* it counts when it leaves */
        return 0;
}

int budget_weigh(struct firing *firing, struct new_message *message, struct err *err)
{
        int64_t micros, left;
        int r;

        if (strcmp(message->channel, "sms") != 0)
                return 0;
        r = price_find(firing->db, message->address, &micros, err);
        if (r <= 0)
                return r;
        message->has_cost = true;
        message->cost = micros * message->segments;
        snprintf(message->month, sizeof message->month, "%.7s", firing->today);
        r = budget_find(firing->db, firing->place.organisation, message->month, message->payer, &left, err);
        if (r <= 0) {
                message->month[0] = '\0';
                return r;
        }
        return may_wait(message) && message->cost > left ? hold_for_budget(firing, message, err) : 0;
}

/* The month is that of UTC+2: near its turn a message may count in either. */
int budget_release(struct db *db, int64_t now_utc, struct err *err)
{
        struct budget_waiting waiting;
        char day[DATE_TEXT_MAX], month[BUDGET_MONTH_SIZE];
        struct zone *zone;
        int r = 0;

        date_print((int32_t)((now_utc + 7200) / DAY_SECONDS), day);
        snprintf(month, sizeof month, "%.7s", day);
        for (int i = 0; i < RELEASE_MAX && r == 0; i++) {
                r = budget_next_waiting(db, month, &waiting, err);
                if (r <= 0)
                        return r;
                r = zone_keep(waiting.timezone, &zone, err);
                if (r == 0)
                        r = budget_let_go(db, &waiting, month, quiet_until(zone, now_utc, false, NULL),
                                          now_utc, err);
        }
        return r;
}
