/* err: what went wrong, as a code that callers act on and a line that people read.
 *
 * Functions that can fail return 0, or a negative enum err_code passed up unchanged. A positive return is a
 * named outcome of that one function, which its caller must handle. The text is made where the fault is seen,
 * once, in the form "WHERE: WHAT is wrong: what to do"; callers above may put a place in front of it with
 * err_prefix. No name, contact or free text of a person goes into a text. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdlib.h>

enum err_code {
        ERR_INVALID = -1,   /* input is wrong: tell who gave it */
        ERR_USAGE = -2,     /* the command line is wrong */
        ERR_IO = -3,        /* disk, network or a library failed */
        ERR_NOMEM = -4,     /* out of memory */
        ERR_LIMIT = -5,     /* a stated maximum is reached */
        ERR_NOT_FOUND = -6, /* what was named does not exist */
        ERR_BUSY = -7,      /* somebody else holds it: try again later */
        ERR_CONFLICT = -8,  /* a key exists already, or a state forbids it */
};

#define ERR_TEXT_MAX 512 /* bytes, with the final NUL; longer texts are cut */

struct err {
        int code; /* 0 or an enum err_code */
        char text[ERR_TEXT_MAX];
};

/* Fills ERR (which may be NULL) and returns CODE. */
int err_set(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " in front of the text and returns the code that ERR holds. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The exit status of the program for CODE: 0, 1 (the answer is no), 2 (usage), 3 (could not). */
int err_exit_status(int code);

/* Frees at the end of the scope: _cleanup_(free_ptr) char *text = NULL; */
#define _cleanup_(function) __attribute__((cleanup(function)))

static inline void free_ptr(void *pointer)
{
        free(*(void **)pointer);
}

/* Gives the pointer away and leaves NULL behind. */
#define TAKE(pointer)                                   \
        ({                                              \
                __typeof__(pointer) taken_ = (pointer); \
                (pointer) = NULL;                       \
                taken_;                                 \
        })

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
