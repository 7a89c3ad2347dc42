/* rule_read: a rule's YAML file into a struct rule. Only engine/rulebook.c calls it. */
#ifndef ENGINE_RULE_READ_H
#define ENGINE_RULE_READ_H

#include "engine/rule.h"

int rule_read(struct select_sandbox *sandbox, const char *path, struct rule **ret_rule, struct err *err);
struct rule *rule_free(struct rule *rule);

struct yaml_node;
/* rule_case.c: the key `case`; a rule that tells a curator about a pupil must have it. */
int rule_read_case(struct rule *rule, const struct yaml_node *root, struct err *err);

#endif
