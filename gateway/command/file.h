/* file: whole files into memory. */
#ifndef COMMAND_FILE_H
#define COMMAND_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Adds the bytes of PATH to BUF. ERR_IO when it cannot be read, ERR_LIMIT when it passes the buf's maximum.
 */
int file_read(const char *path, struct buf *buf, struct err *err);

#endif
