/* scarce: memory that runs out at the Nth allocation of this thread: of the program's own calls (the linker's
 * --wrap, see tests/CMakeLists.txt), of SQLite, jansson and curl. The allocator of the sanitizer stays
 * underneath, so leaks and double frees on the ways out are seen too. For one file of a program; scarce_init
 * before anything else. */
#ifndef TESTS_SCARCE_H
#define TESTS_SCARCE_H

#include <curl/curl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static __thread long scarce_left;     /* allocations until it fails; 0: it never does */
static __thread long scarce_seen;     /* allocations since scarce_begin */
static __thread bool scarce_for_good; /* all after it fail too */
static __thread bool scarce_has_failed;
static sqlite3_mem_methods scarce_sqlite;

static bool scarce_fails(void)
{
        scarce_seen++;
        if (!scarce_left)
                return false;
        if (scarce_left > 1) {
                scarce_left--;
                return false;
        }
        if (!scarce_for_good)
                scarce_left = 0;
        scarce_has_failed = true;
        return true;
}

static inline void scarce_begin(long at, bool for_good)
{
        scarce_left = at;
        scarce_for_good = for_good;
        scarce_seen = 0;
        scarce_has_failed = false;
}

/* There is memory again until scarce_resume: for a look at what the work has left. */
static inline long scarce_pause(void)
{
        long left = scarce_left;

        scarce_left = 0;
        return left;
}

static inline void scarce_resume(long left)
{
        scarce_left = left;
}

/* How many allocations there were; *ret_has_failed: one of them has. */
static inline long scarce_end(bool *ret_has_failed)
{
        scarce_left = 0;
        *ret_has_failed = scarce_has_failed;
        return scarce_seen;
}

#define SCARCE(type, name, parameters, arguments)                       \
        type __real_##name parameters;                                  \
        type __wrap_##name parameters;                                  \
        type __wrap_##name parameters                                   \
        {                                                               \
                return scarce_fails() ? NULL : __real_##name arguments; \
        }

SCARCE(void *, malloc, (size_t size), (size))
SCARCE(void *, calloc, (size_t count, size_t size), (count, size))
SCARCE(void *, realloc, (void *old, size_t size), (old, size))
SCARCE(char *, strdup, (const char *text), (text))
SCARCE(char *, strndup, (const char *text, size_t length), (text, length))

int __wrap_asprintf(char **ret_text, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **ret_text, const char *format, ...)
{
        va_list arguments;
        int r;

        if (scarce_fails())
                return -1;
        va_start(arguments, format);
        r = vasprintf(ret_text, format, arguments);
        va_end(arguments);
        return r;
}

static void *scarce_sqlite_malloc(int size)
{
        return scarce_fails() ? NULL : scarce_sqlite.xMalloc(size);
}

static void *scarce_sqlite_realloc(void *old, int size)
{
        return scarce_fails() ? NULL : scarce_sqlite.xRealloc(old, size);
}

static inline void scarce_init(void)
{
        sqlite3_mem_methods methods;

        sqlite3_config(SQLITE_CONFIG_GETMALLOC, &scarce_sqlite);
        methods = scarce_sqlite;
        methods.xMalloc = scarce_sqlite_malloc;
        methods.xRealloc = scarce_sqlite_realloc;
        sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
        curl_global_init_mem(CURL_GLOBAL_DEFAULT, __wrap_malloc, free, __wrap_realloc, __wrap_strdup,
                             __wrap_calloc);
}

#endif
