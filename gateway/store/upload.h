/* upload: files that staff bring in at the desk, on their way through trial and import. */
#ifndef STORE_UPLOAD_H
#define STORE_UPLOAD_H

#include "store/page_link.h"

#define UPLOAD_BYTES_MAX \
        ((size_t)4 << 20) /* of a file; larger ones are for `kapula import` and watched folders */
#define UPLOAD_REPORT_MAX ((size_t)1 << 20) /* bytes */
#define UPLOAD_KEPT_MAX 20                  /* files that wait at once */
#define UPLOAD_KEPT_S 86400                 /* a file that nobody confirms is forgotten */
#define UPLOAD_LISTED_S (90 * 86400)        /* what became of it is listed for so long */
#define UPLOAD_LISTED_MAX 20

struct upload {
        int64_t id, created, changed;
        char person[PAGE_ID_SIZE], kind[16], map[32], state[16];
        bool force;
};

/* Takes a file in to be tried; forgets what is too old. ERR_LIMIT when too many wait. */
int upload_add(struct db *db, int64_t now_utc, const struct upload *upload, const void *content,
               size_t length, int64_t *ret_id, struct err *err);

/* 1: *ret_upload; *ret_report (may be NULL) is the JSON of its last run, free() it; NULL: none yet. */
int upload_get(struct db *db, int64_t id, struct upload *ret_upload, char **ret_report, struct err *err);

/* The newest first, UPLOAD_LISTED_MAX of them. */
int upload_each(struct db *db, int (*each)(void *context, const struct upload *upload, struct err *err),
                void *context, struct err *err);

/* 1: the oldest that waits to be tried or imported, with its content (free() it). */
int upload_next(struct db *db, struct upload *ret_upload, void **ret_content, size_t *ret_length,
                struct err *err);

/* tried → to-import. 0: it is not in that state (any more). */
int upload_confirm(struct db *db, int64_t now_utc, int64_t id, struct err *err);

/* What a run came to: to-try → tried, to-import → imported, or failed when GOOD is not so. */
int upload_ran(struct db *db, int64_t now_utc, int64_t id, bool good, const char *report, struct err *err);

/* Takes the file out before it is imported. 0: it is under way, or done. */
int upload_forget(struct db *db, int64_t now_utc, int64_t id, struct err *err);

#endif
