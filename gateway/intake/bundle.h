/* bundle: the files of an export: a folder, a zip of one, or one file alone. Knows no format. Names are plain
 * ("users.csv", looked up without regard to case); in a zip they may stand in one common folder.
 *
 * A zip is not trusted: names that climb out of it, encryption, and files that unpack to far more than they
 * should refuse it whole. Nothing is unpacked to disk. */
#ifndef INTAKE_BUNDLE_H
#define INTAKE_BUNDLE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define BUNDLE_FILE_BYTES_MAX (1LL << 30)  /* of one file, unpacked */
#define BUNDLE_TOTAL_BYTES_MAX (2LL << 30) /* of all */
#define BUNDLE_ENTRIES_MAX 1000            /* of a zip or folder */
#define BUNDLE_RATIO_MAX 200               /* unpacked to packed, of a file above 16 MB */
#define BUNDLE_NAME_MAX 100                /* bytes */

struct bundle;

/* ERR_INVALID: no zip, or one that is refused; ERR_IO: cannot be read. */
int bundle_open(const char *path, struct bundle **ret_bundle, struct err *err);
struct bundle *bundle_close(struct bundle *bundle); /* takes NULL, returns NULL */

static inline void bundle_closep(struct bundle **bundle)
{
        bundle_close(*bundle);
}

bool bundle_has(const struct bundle *bundle, const char *name);

/* The name of the file when there is but one, else NULL. */
const char *bundle_only(const struct bundle *bundle);

/* Whether the open file FD begins as a zip does. */
bool bundle_is_zip(int fd);

/* ERR_INVALID when something has written to the bundle since it was opened. */
int bundle_check(const struct bundle *bundle, struct err *err);

struct bundle_file;

int bundle_file_open(struct bundle *bundle, const char *name, struct bundle_file **ret_file, struct err *err);
struct bundle_file *bundle_file_close(struct bundle_file *file); /* takes NULL, returns NULL */
/* A csv_source's read: CONTEXT is the struct bundle_file. */
ssize_t bundle_file_read(void *context, void *data, size_t size, struct err *err);

#endif
