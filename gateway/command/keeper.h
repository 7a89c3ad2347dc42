/* keeper: purges once a day what is too old to be kept, a step at a time through the writer, so that nobody
 * waits for it. With a virtual clock the conductor lets it, whenever a day begins. */
#ifndef COMMAND_KEEPER_H
#define COMMAND_KEEPER_H

#include "base/err.h"
#include "store/purge.h"

struct config;
struct keeper;
struct writer;

/* What CONFIG asks to be kept, seen from NOW. */
struct purge_ages keeper_ages(const struct config *config, int64_t now_utc);

/* One purge from beginning to end; what went wrong is logged. */
void keeper_purge(const struct config *config, struct writer *writer);

/* Borrows both until the close. */
int keeper_open(const struct config *config, struct writer *writer, struct keeper **ret_keeper,
                struct err *err);

/* Ends a purge under way after its step. Takes NULL, returns NULL. */
struct keeper *keeper_close(struct keeper *keeper);

#endif
