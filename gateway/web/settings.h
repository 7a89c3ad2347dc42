/* settings: what a guardian chooses: language, which reminders, by which channel, own contacts. For web/
 * alone. */
#ifndef WEB_SETTINGS_H
#define WEB_SETTINGS_H

#include "web/linked.h"

int settings_show(struct linked *linked);
int settings_act(struct linked *linked, const struct form *form);
int settings_show_contact(struct linked *linked);
int settings_act_contact(struct linked *linked, const struct form *form);

#endif
