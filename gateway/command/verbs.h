/* verbs: one declaration a verb, in alphabetical order. */
#ifndef COMMAND_VERBS_H
#define COMMAND_VERBS_H

#include "command/command.h"

extern const struct verb verb_backup;
extern const struct verb verb_calendars;
extern const struct verb verb_check;
extern const struct verb verb_doctor;
extern const struct verb verb_erase;
extern const struct verb verb_events;
extern const struct verb verb_feeds;
extern const struct verb verb_import;
extern const struct verb verb_messages;
extern const struct verb verb_people;
extern const struct verb verb_purge;
extern const struct verb verb_replies;
extern const struct verb verb_rules;
extern const struct verb verb_serve;
extern const struct verb verb_simulate;
extern const struct verb verb_surveys;
extern const struct verb verb_tokens;

#endif
