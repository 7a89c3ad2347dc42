/* settings: what the pages of rules and texts share. For desk/settings*.c alone. */
#ifndef DESK_SETTINGS_H
#define DESK_SETTINGS_H

#include "desk/desk.h"
#include "engine/setting.h"
#include "store/desk_setting.h"

#define SETTINGS_HISTORY_ROWS 40

/* What people call a rule; its number NAME. */
const char *settings_rule(const struct desk *desk, const char *rule);
const char *settings_number(const struct desk *desk, const char *rule, const char *name);

/* Sets what all of these pages have: the name of the organisation, whether more than one may be chosen. */
int settings_set_place(struct desk *desk);

/* Fills MAP with a change: who, when, what, from and to. */
int settings_set_row(struct desk *desk, struct value *map, const struct setting *row);

/* Sets the list KEY to the changes that FILTER means; `next` when there are more. */
int settings_set_rows(struct desk *desk, const char *key, struct setting_filter *filter);

/* Fills MAP with what is in force and what is proposed of KEY: `seen`, `force`, `pending`. */
int settings_set_key(struct desk *desk, struct value *map, const struct setting_key *key);

/* Takes the acts that all of these pages have, approve, reject and undo, of a row of KIND; the status. */
int settings_decide(struct desk *desk, const struct form *form, enum setting_kind kind);

/* Brings the wish into force or proposes it, when its author has seen what stands; the status. */
int settings_propose(struct desk *desk, struct setting_wish *wish);

/* settings_preview.c: sets `preview`, what a change of a number of RULE would have done, when the reader has
 * asked for it here; begins one: the status. */
int settings_set_preview(struct desk *desk, const char *rule);
int settings_start_preview(struct desk *desk, const char *rule, const char *name, const char *value);

#endif
