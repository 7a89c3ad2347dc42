#include "command/virtual_clock.h"
#include "base/clock.h"
#include "base/zone.h"

int virtual_clock_read(const char *text, int64_t *ret_utc, struct err *err)
{
        struct zone *zone;
        int r = zone_open("Europe/Helsinki", &zone, err);

        if (r < 0)
                return r;
        if (!zone_parse(zone, text, ret_utc))
                r = err_set(err, ERR_USAGE,
                            "--virtual-clock: `%.40s` is no time: write it as 2026-11-23T07:00", text);
        zone_close(zone);
        return r;
}

int virtual_clock_now(const char *text, int64_t *ret_utc, struct err *err)
{
        struct clock clock;

        if (text)
                return virtual_clock_read(text, ret_utc, err);
        clock_init_real(&clock);
        *ret_utc = clock_now_utc(&clock);
        return 0;
}
