#include "desk/pages.h"

int today_show(struct desk *desk)
{
        value_set_date(desk->values, "day", desk->date);
        return 0;
}
