#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...)
{
        va_list arguments;

        if (!err)
                return code;
        err->code = code;
        va_start(arguments, format);
        vsnprintf(err->text, sizeof err->text, format, arguments);
        va_end(arguments);
        return code;
}

int err_prefix(struct err *err, const char *format, ...)
{
        char prefix[ERR_TEXT_MAX], old[ERR_TEXT_MAX];
        va_list arguments;

        if (!err)
                return ERR_IO;
        va_start(arguments, format);
        vsnprintf(prefix, sizeof prefix, format, arguments);
        va_end(arguments);
        memcpy(old, err->text, sizeof old);
        if (snprintf(err->text, sizeof err->text, "%s: %s", prefix, old) < 0)
                err->text[0] = '\0';
        return err->code;
}

int err_exit_status(int code)
{
        switch (code) {
        case 0:
                return 0;
        case ERR_INVALID:
        case ERR_NOT_FOUND:
        case ERR_CONFLICT:
                return 1;
        case ERR_USAGE:
                return 2;
        default:
                return 3;
        }
}
