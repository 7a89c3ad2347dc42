/* erase: a person is taken out of the database (the right to erasure).
 *
 * What is about them goes: names, contacts, links, roles, family ties, marks, placements, evaluations, plans,
 * replies, meetings about them. What others need as a number stays under a random id that nobody has: that a
 * message was sent, a case was opened, somebody explained an absence; its texts, addresses and free words go.
 * Their absences and placement days are added to totals of the school. Published rows stay: they hold ids
 * alone. An event stays as a number without its data where it was about them, so that it is not taken twice.
 *
 * Texts about others that bear the name are found by the beginnings of both names, so that inflected ones
 * are; a name that changes its beginning in inflection, or stands alone in a text about somebody else, is
 * not. */
#ifndef STORE_ERASE_H
#define STORE_ERASE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

#define ERASE_PARTS_MAX 32
#define ERASE_CANDIDATES_MAX 16
#define ERASE_ID_MAX 256 /* bytes with NUL */

struct erased {
        struct {
                const char *name;
                int64_t count;
        } parts[ERASE_PARTS_MAX];
        int part_count;
        /* Guardians who have no other child here and no role: others to think of. */
        char candidates[ERASE_CANDIDATES_MAX][ERASE_ID_MAX];
        int candidate_count;
};

/* 1: the person has a role in force on DAY or is to have one, or is a guardian of somebody who is a pupil
 * then. ERR_NOT_FOUND. */
int erase_is_needed(struct db *db, const char *person, const char *day, struct err *err);

/* Inside a transaction of a writer whose triggers it turns off and on again; rolled back, nothing is erased.
 */
int erase_person(struct db *db, const char *person, const char *day, int64_t now_utc,
                 struct erased *ret_erased, struct err *err);

/* Outside of a transaction: also what was deleted leaves the file. Writes the whole database anew; ERR_BUSY
 * when others read it all the while. */
int erase_compact(struct db *db, struct err *err);

#endif
