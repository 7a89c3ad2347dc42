/* one_time_code: six digits that were sent to the contact on record, for one act of one person. Only the
 * newest of a purpose and subject counts; it lives ONE_TIME_CODE_LIFE_S and takes ONE_TIME_CODE_TRIES wrong
 * answers. */
#ifndef STORE_ONE_TIME_CODE_H
#define STORE_ONE_TIME_CODE_H

#include "store/put.h"

#define ONE_TIME_CODE_SIZE 7 /* six digits and NUL */
#define ONE_TIME_CODE_LIFE_S 900
#define ONE_TIME_CODE_TRIES 5
#define ONE_TIME_CODE_AN_HOUR 5 /* of one person */

/* Draws a code. DETAIL is kept until the code comes back. ERR_LIMIT when the person has asked too often;
 * ERR_IO when there is no randomness. */
int one_time_code_make(struct db *db, int64_t now_utc, const char *person, const char *purpose,
                       const char *subject, const char *detail, char ret_code[static ONE_TIME_CODE_SIZE],
                       struct err *err);

/* What an answer is. A wrong one is counted, a right one is used up. */
enum { CODE_NONE, CODE_WRONG, CODE_RIGHT };

/* CODE_NONE: there is no code to answer, or it is over. *ret_detail is the caller's, of CODE_RIGHT alone. */
int one_time_code_use(struct db *db, int64_t now_utc, const char *person, const char *purpose,
                      const char *subject, const char *code, char **ret_detail, struct err *err);

/* 1 when a code waits to be answered. */
int one_time_code_waits(struct db *db, int64_t now_utc, const char *person, const char *purpose,
                        const char *subject, struct err *err);

#endif
