/* calendar_source: calendars of others that are read on a schedule, what became of the last reading, and the
 * rows each owns. */
#ifndef STORE_CALENDAR_SOURCE_H
#define STORE_CALENDAR_SOURCE_H

#include "store/put.h"

#include <stdbool.h>

#define CALENDAR_SOURCE_NAME_MAX 64 /* bytes with the NUL */
#define CALENDAR_SOURCE_URL_MAX 1024
#define CALENDAR_SOURCE_TAG_MAX 256 /* of an ETag or a Last-Modified */
#define CALENDAR_SOURCE_REASON_MAX 256
#define CALENDAR_SOURCE_NEVER INT64_MIN

struct calendar_source {
        char name[CALENDAR_SOURCE_NAME_MAX], url[CALENDAR_SOURCE_URL_MAX], organisation[ID_SIZE];
        char kind[16];  /* breaks or meetings */
        char state[16]; /* new, read, unchanged, refused, unreachable */
        char reason[CALENDAR_SOURCE_REASON_MAX];
        char etag[CALENDAR_SOURCE_TAG_MAX], modified[CALENDAR_SOURCE_TAG_MAX]; /* "": none */
        char zone[64];
        int64_t every, read, next, since; /* read, since: CALENDAR_SOURCE_NEVER */
        int entries;
};

/* Writes what the configuration says of a source; another address or organisation is read anew at once.
 * ERR_NOT_FOUND when there is no such organisation. */
int calendar_source_put(struct db *db, const struct calendar_source *source, struct err *err);
/* Ends each source whose name is not among NAMES, and what it owns. */
int calendar_source_keep(struct db *db, int64_t now_utc, const char *const *names, size_t count,
                         struct err *err);

int calendar_source_list(struct db *db, int (*each)(void *context, const struct calendar_source *source),
                         void *context, struct err *err);
/* 1: one that is due at NOW, the longest waiting; 0: none. NAME: that one, due or not (NULL: any). */
int calendar_source_due(struct db *db, int64_t now_utc, const char *name, struct calendar_source *ret_source,
                        struct err *err);

/* What came of a reading. ETAG and MODIFIED count when STATE is "read". */
int calendar_source_note(struct db *db, int64_t now_utc, const char *name, const char *state,
                         const char *reason, const char *etag, const char *modified, int entries,
                         struct err *err);

/* A break (of days) or a meeting of SOURCE, known by UID. */
struct calendar_source_entry {
        const char *uid, *title, *place; /* title and place may be NULL */
        char first_day[11], last_day[11];
        int64_t starts, ends;
};
int calendar_source_entry_put(struct db *db, int64_t now_utc, const struct calendar_source *source,
                              const struct calendar_source_entry *entry, struct err *err);
/* Ends what SOURCE owns and what is not among UIDS (sorted): breaks are deleted, meetings cancelled. */
int calendar_source_entries_keep(struct db *db, int64_t now_utc, const struct calendar_source *source,
                                 const char *const *uids, size_t count, struct err *err);

#endif
