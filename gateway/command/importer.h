/* importer: the loop that tries and imports the files that staff bring in at the desk, one at a time
 * (store/upload.h): a trial writes nothing, an import is one transaction, so what is cut off is run again. */
#ifndef COMMAND_IMPORTER_H
#define COMMAND_IMPORTER_H

#include "base/err.h"

struct clock;
struct importer;
struct writer;

/* Borrows everything until the close. */
int importer_open(const char *database, struct writer *writer, const struct clock *clock,
                  struct importer **ret_importer, struct err *err);

/* Ends an import under way: it is run again when the gateway is back. Takes NULL, returns NULL. */
struct importer *importer_close(struct importer *importer);

#endif
