/* courier_metrics: what /metrics tells of the providers: outcomes, breakers, what is under way. Counts since
 * the courier was opened; a reload begins anew, which counters may. */
#ifndef COMMAND_COURIER_METRICS_H
#define COMMAND_COURIER_METRICS_H

struct buf;
struct courier;

void courier_metrics(const struct courier *courier, struct buf *page);

#endif
