/* preview: works out what a change of a rule's number would have done, in a thread of its own and one at a
 * time: the past is played twice to copies of the database in memory, as the numbers are and as they would
 * be, and the messages of both are compared. It reads the database and neither waits for nor holds up anybody
 * else; what is too large or takes too long is refused with what to do (web/preview.h has the maxima). */
#ifndef COMMAND_PREVIEW_H
#define COMMAND_PREVIEW_H

#include "web/preview.h"

struct clock;
struct config;
struct preview;

/* Borrows all until preview_close. */
int preview_open(const char *database, const struct config *config, struct preview **ret_preview,
                 struct err *err);
struct preview_source preview_source(struct preview *preview);
/* What is under way ends soon, and nothing begins any more. */
void preview_stop(struct preview *preview);
struct preview *preview_close(struct preview *preview); /* waits; takes NULL, returns NULL */

#endif
