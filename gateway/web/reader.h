/* reader: the one thread for answers that take longer than the I/O thread may be kept. It has a read
 * connection of its own and runs the handlers of the requests it is given, in order; at most READER_QUEUE_MAX
 * wait. */
#ifndef WEB_READER_H
#define WEB_READER_H

#include "web/request.h"

#include <pthread.h>

struct db;
struct reader;
struct web;

#define READER_QUEUE_MAX 256

/* Lets its own connection rest when there is nothing to read (db_rest), and OTHER, which is used under MUTEX.
 */
int reader_open(const char *db_path, struct web *web, struct db *other, pthread_mutex_t *mutex,
                struct reader **ret_reader, struct err *err);

/* Takes the request until it finishes it. ERR_BUSY when the queue is full or the reader stops. */
int reader_submit(struct reader *reader, struct request *request);

/* Ends the request in hand, answers 503 to those that wait, and ends the thread; what is submitted from then
 * on is refused. Takes NULL. */
void reader_stop(struct reader *reader);

/* Takes NULL, returns NULL. */
struct reader *reader_close(struct reader *reader);

#endif
