/* far_end: the sandbox provider's receipts. For each message that the sandbox took it posts a receipt to the
 * gateway over HTTP, as a provider would: so that a demonstration shows delivered messages whose receipts
 * really came. */
#ifndef COMMAND_FAR_END_H
#define COMMAND_FAR_END_H

#include "base/err.h"

#include <stdbool.h>

struct far_end;

int far_end_open(const char *database, const char *base_url, struct far_end **ret_far_end, struct err *err);
void far_end_wake(struct far_end *far_end);             /* any thread */
bool far_end_is_idle(struct far_end *far_end);          /* every message that it had seen has its receipt */
struct far_end *far_end_close(struct far_end *far_end); /* takes NULL, returns NULL */

#endif
