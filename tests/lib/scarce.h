/* scarce: memory that runs out at the Nth allocation of this thread: of the program's own calls (the linker's
 * --wrap, see tests/CMakeLists.txt), of SQLite, jansson and curl. The allocator of the sanitizer stays
 * underneath, so leaks and double frees on the ways out are seen too. For one file of a program; scarce_init
 * before anything else. Include after cmocka.h.
 *
 * scarce_torture does a piece of work with memory that fails at allocations spread over all of it. In the
 * environment MEMORY_ALL=1 makes it every one, and of work with more than SCARCE_EACH_MAX the first and the
 * last that come by the same chain of calls (MEMORY_ALL=each: every one of these too, which takes hours);
 * MEMORY_PART=2/3 every third of them from the second on, so that three programs walk them side by side. */
#ifndef TESTS_SCARCE_H
#define TESTS_SCARCE_H

#include <curl/curl.h>
#include <execinfo.h>
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
static __thread bool scarce_is_paused;

/* By which calls an allocation came, when that is noted. */
struct scarce_place {
        uint64_t place;
        long at;
};

#define SCARCE_CALLS_MAX 48

static __thread struct scarce_place *scarce_places; /* NULL: not noted */
static __thread long scarce_room;
static sqlite3_mem_methods scarce_sqlite;

static void scarce_note(void)
{
        void *calls[SCARCE_CALLS_MAX];
        uint64_t place = 0;

        for (int i = backtrace(calls, SCARCE_CALLS_MAX); i-- > 0;)
                place = (place ^ (uint64_t)(uintptr_t)calls[i]) * UINT64_C(1099511628211);
        scarce_places[scarce_seen - 1] = (struct scarce_place){place, scarce_seen};
}

static bool scarce_fails(void)
{
        if (scarce_is_paused)
                return false;
        scarce_seen++;
        if (scarce_places && scarce_seen <= scarce_room)
                scarce_note();
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
        scarce_is_paused = false;
}

/* There is memory again until scarce_resume, and nothing is counted: for a look at what the work has left. */
static inline void scarce_pause(void)
{
        scarce_is_paused = true;
}

static inline void scarce_resume(void)
{
        scarce_is_paused = false;
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
        void *calls[1];

        backtrace(calls, 1); /* the first time it allocates */
        sqlite3_config(SQLITE_CONFIG_GETMALLOC, &scarce_sqlite);
        methods = scarce_sqlite;
        methods.xMalloc = scarce_sqlite_malloc;
        methods.xRealloc = scarce_sqlite_realloc;
        sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
        curl_global_init_mem(CURL_GLOBAL_DEFAULT, __wrap_malloc, free, __wrap_realloc, __wrap_strdup,
                             __wrap_calloc);
}

/* ---- every allocation */

#define SCARCE_SAMPLES 12 /* allocations of each work that fail when not all do */
#define SCARCE_TRUST 16   /* failures after which the work is done with memory, when all fail */
#define SCARCE_EACH_MAX 10000

/* Works once; whatever it leaves is undone. 0, or negative. It fails the test itself when the result is
 * wrong. */
typedef int scarce_work(void *context);

struct scarce_choice {
        char *is_chosen; /* of each allocation, from 1 */
        long count, chosen;
};

static inline int scarce_by_place(const void *a, const void *b)
{
        const struct scarce_place *left = a, *right = b;

        if (left->place != right->place)
                return left->place < right->place ? -1 : 1;
        return left->at < right->at ? -1 : left->at > right->at;
}

/* The first and the last of those that come by the same calls. */
static inline void scarce_choose_places(struct scarce_choice *choice, scarce_work *work, void *context)
{
        struct scarce_place *places = __real_calloc((size_t)choice->count, sizeof *places);
        bool has_failed;
        long noted;

        assert_non_null(places);
        scarce_begin(0, false);
        scarce_places = places;
        scarce_room = choice->count;
        assert_int_equal(work(context), 0);
        scarce_places = NULL;
        noted = scarce_end(&has_failed);
        if (noted > choice->count)
                noted = choice->count;
        qsort(places, (size_t)noted, sizeof *places, scarce_by_place);
        for (long i = 0; i < noted; i++)
                if (i == 0 || i + 1 == noted || places[i].place != places[i - 1].place ||
                    places[i].place != places[i + 1].place)
                        choice->is_chosen[places[i].at] = 1;
        free(places);
}

/* In the environment: MEMORY_ALL and MEMORY_PART. FOR_GOOD: others, when only some are chosen. */
static inline void scarce_choose(struct scarce_choice *choice, scarce_work *work, void *context,
                                 bool for_good)
{
        const char *all = getenv("MEMORY_ALL"), *part = all ? getenv("MEMORY_PART") : NULL;
        long step = all || choice->count < SCARCE_SAMPLES ? 1 : choice->count / SCARCE_SAMPLES, first = 1,
             parts = 1;
        char *end = NULL;

        memset(choice->is_chosen, 0, (size_t)choice->count + 1);
        if (part) {
                first = strtol(part, &end, 10);
                parts = *end == '/' ? strtol(end + 1, NULL, 10) : 0;
                if (first < 1 || parts < first)
                        fail_msg("MEMORY_PART=%s is not K/N, as in 2/3", part);
        }
        if (all && choice->count > SCARCE_EACH_MAX && strcmp(all, "each") != 0)
                scarce_choose_places(choice, work, context);
        else
                for (long at = 1 + (for_good ? step / 2 : 0); at <= choice->count; at += step)
                        choice->is_chosen[at] = 1;
        choice->chosen = 0;
        for (long at = 1, number = 0; at <= choice->count; at++) {
                if (choice->is_chosen[at] && number++ % parts != first - 1)
                        choice->is_chosen[at] = 0;
                choice->chosen += choice->is_chosen[at];
        }
}

/* WORK with memory that runs out, once and for good; then without. */
static inline void scarce_torture(const char *name, scarce_work *work, void *context)
{
        long tries = 0, failures = 0, errors = 0;
        struct scarce_choice choice;
        bool has_failed;

        assert_int_equal(work(context), 0);
        scarce_begin(0, false);
        assert_int_equal(work(context), 0);
        choice.count = scarce_end(&has_failed);
        choice.is_chosen = __real_calloc((size_t)choice.count + 1, 1);
        assert_non_null(choice.is_chosen);
        for (int for_good = 0; for_good < 2; for_good++) {
                scarce_choose(&choice, work, context, for_good);
                for (long at = 1; at <= choice.count; at++) {
                        int r;

                        if (!choice.is_chosen[at])
                                continue;
                        scarce_begin(at, for_good);
                        r = work(context);
                        scarce_end(&has_failed);
                        failures += has_failed;
                        errors += r < 0;
                        if (r < 0 && !has_failed)
                                fail_msg("%s: failed though there was memory", name);
                        if (++tries % SCARCE_TRUST && choice.chosen > SCARCE_SAMPLES * 2)
                                continue;
                        if (work(context) < 0)
                                fail_msg("%s: no allocation fails after number %ld, and it does", name, at);
                }
        }
        if (work(context) < 0)
                fail_msg("%s: no allocation fails any more, and it does", name);
        free(choice.is_chosen);
        print_message("%s: %ld allocations, failed at %ld, an error %ld times\n", name, choice.count,
                      failures, errors);
        assert_true(failures > 0);
}

#endif
