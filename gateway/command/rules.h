/* rules: what the files of `kapula rules` share: one file a subcommand. */
#ifndef COMMAND_RULES_H
#define COMMAND_RULES_H

#include "base/err.h"

/* As the run of a verb; ARGV[0] is the subcommand. */
int rules_check(int argc, char **argv, struct err *err);
int rules_explain(int argc, char **argv, struct err *err);
int rules_list(int argc, char **argv, struct err *err);
int rules_replay(int argc, char **argv, struct err *err);
int rules_test(int argc, char **argv, struct err *err);

#endif
