#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum log_level threshold = LOG_LEVEL_INFO;
static const char *const level_names[] = {"error", "warning", "info", "debug"};

void log_set_level(enum log_level level)
{
        threshold = level;
}

/* One write a line, so that lines of several threads do not mix. */
static void write_line(enum log_level level, const char *folder, const char *format, va_list arguments)
{
        char line[LOG_LINE_MAX];
        int n, m;

        if (level > threshold)
                return;
        n = snprintf(line, sizeof line - 1, "%s %s: ", level_names[level], folder);
        if (n < 0 || n >= (int)sizeof line - 1)
                return;
        m = vsnprintf(line + n, sizeof line - 1 - (size_t)n, format, arguments);
        if (m < 0)
                return;
        for (char *c = line; *c; c++)
                if ((unsigned char)*c < 0x20 || *c == 0x7f)
                        *c = '?';
        n = (int)strlen(line);
        line[n++] = '\n';
        if (write(STDERR_FILENO, line, (size_t)n) < 0)
                return; /* there is nowhere left to say so */
}

#define LOG_FUNCTION(name, level)                              \
        void name(const char *folder, const char *format, ...) \
        {                                                      \
                va_list arguments;                             \
                va_start(arguments, format);                   \
                write_line(level, folder, format, arguments);  \
                va_end(arguments);                             \
        }

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
