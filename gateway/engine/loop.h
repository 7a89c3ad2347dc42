/* loop: the thread that runs the engine. It sleeps until a commit, a due time or the clock's being set; a
 * step is one job of the writer. What other programs write is noticed within a second. */
#ifndef ENGINE_LOOP_H
#define ENGINE_LOOP_H

#include "base/clock.h"
#include "base/err.h"

struct engine;
struct engine_loop;
struct writer;
struct rulebook;
struct catalogue;

#define ENGINE_STEP_MAX 32 /* subjects in one step; a job of the writer takes several while there is work */

/* Borrows the engine, the writer and the clock until engine_loop_close. */
int engine_loop_open(const char *database, struct engine *engine, struct writer *writer,
                     const struct clock *clock, struct engine_loop **ret_loop, struct err *err);
struct engine_loop *engine_loop_close(struct engine_loop *loop); /* takes NULL, returns NULL */

void engine_loop_wake(struct engine_loop *loop); /* any thread */

/* Runs with other rules and templates from the next step on; returns when no step uses the old ones any more.
 */
void engine_loop_use(struct engine_loop *loop, struct rulebook *book, const struct catalogue *catalogue);

#endif
