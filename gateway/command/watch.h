/* watch: folders into which a register drops its files. Each file that has stopped growing is taken once:
 * moved to taking/, imported by a `kapula import` of its own (so that no file can harm the gateway), and
 * moved to done/, or to rejected/ when a row of it was refused, with what the import said beside it
 * (NAME.report.json). What stands in taking/ when the gateway starts is taken again: an import that was cut
 * left nothing, or the same marks.
 *
 * Names beginning with a dot or ending in .part or .tmp are left alone until they are renamed. The log names
 * folders by their number, never files. */
#ifndef COMMAND_WATCH_H
#define COMMAND_WATCH_H

#include "base/err.h"

#include <stdint.h>

#define WATCH_FOLDERS_MAX 16
#define WATCH_FILES_MAX 1000 /* looked at in one folder at a time */

struct config_folder {
        char *path;
        char *kind;                        /* roster, attendance or events */
        char *map, *organisation, *source; /* NULL: as without the option of kapula import */
};

struct clock;
struct watch;

/* Borrows everything until the close. ERR_IO when a folder cannot be watched. */
int watch_open(const struct config_folder *folders, int folder_count, const char *database,
               const struct clock *clock, struct watch **ret_watch, struct err *err);
struct watch *watch_close(struct watch *watch); /* takes NULL, returns NULL; ends an import under way */

#endif
