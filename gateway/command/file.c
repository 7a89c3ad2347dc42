#include "command/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int file_read(const char *path, struct buf *buf, struct err *err)
{
        FILE *file = fopen(path, "re");
        char block[65536];
        size_t length;
        int r = 0;

        if (!file)
                return err_set(err, ERR_IO, "%s: cannot open (%s): name a file that can be read", path,
                               strerror(errno));
        while ((length = fread(block, 1, sizeof block, file)) > 0 && buf_add(buf, block, length) == 0)
                ;
        if (ferror(file))
                r = err_set(err, ERR_IO, "%s: cannot read", path);
        else if (buf_error(buf))
                r = err_set(err, buf_error(buf), "%s: larger than %zu MB: split it", path,
                            buf->max_bytes >> 20);
        fclose(file);
        return r;
}
