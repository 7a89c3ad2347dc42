/* guardian: the pages behind a guardian's link, one function to show each and one to take its form. For
 * guardian*.c alone. */
#ifndef WEB_GUARDIAN_H
#define WEB_GUARDIAN_H

#include "web/linked.h"

#define GUARDIAN_REPORT_DAYS 5 /* how far ahead an absence may be reported */

int guardian_show_report(struct linked *linked);
int guardian_act_report(struct linked *linked, const struct form *form);
int guardian_show_consent(struct linked *linked);
int guardian_act_consent(struct linked *linked, const struct form *form);
int guardian_show_meeting(struct linked *linked);
int guardian_act_meeting(struct linked *linked, const struct form *form);
int guardian_show_sent(struct linked *linked);

#endif
