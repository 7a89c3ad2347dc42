/* Rules that watch the same trouble do not all speak of it to the same person. */
#include "engine/engine_private.h"
#include "store/calendar_day.h"
#include "store/notice.h"

#include <string.h>

static int64_t school_days_of(const struct firing *firing)
{
        int at = firing->rule->covered_for;

        return firing->parameters ? firing->parameters->values[at] : firing->rule->parameters[at].value;
}

int firing_is_covered(const struct firing *firing, const char *person, struct err *err)
{
        const struct rulebook *book = firing->engine->book;
        const char *family = firing->rule->covers;
        int64_t since;
        int r;

        if (!family || !firing->row->pupil)
                return 0;
        r = calendar_school_days_back(firing->db, firing->place.organisation, firing->today,
                                      school_days_of(firing), &since, err);
        if (r <= 0)
                return r;
        r = 0;
        for (int i = 0; i < book->count && r == 0; i++)
                if (book->rules[i]->covers && strcmp(book->rules[i]->covers, family) == 0)
                        r = notice_told_since(firing->db, book->rules[i]->name, firing->row->pupil, person,
                                              since, firing->match, err);
        return r;
}
