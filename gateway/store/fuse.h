/* fuse: how many messages a rule or a person has had, so that one that sends far more than it ever did can be
 * stopped. */
#ifndef STORE_FUSE_H
#define STORE_FUSE_H

#include "base/err.h"

#include <stdint.h>

struct db;

/* One message more. RULE "" counts for the person SCOPE, else SCOPE is the rule's tenant. */
struct fuse_count {
        const char *rule, *scope, *day, *organisation;
        int64_t at_least; /* never blown by fewer messages a day */
        int64_t factor;   /* times the most of any earlier day */
        int64_t history;  /* earlier days with messages that it needs to judge by */
        int64_t now_utc;
};

/* 1: the message must be held; 0: it may go. What staff confirmed since the fuse blew may go all day. */
int fuse_count(struct db *db, const struct fuse_count *count, struct err *err);

#endif
