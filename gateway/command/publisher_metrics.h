/* publisher_metrics: what /metrics tells of the brokers: whether they are there, what is in flight, what the
 * topics of intake brought. Counts since the start. */
#ifndef COMMAND_PUBLISHER_METRICS_H
#define COMMAND_PUBLISHER_METRICS_H

struct buf;
struct publisher;
struct subscription;

/* PUBLISHER and SUBSCRIPTION may be NULL: nothing is configured, and nothing told. */
void publisher_metrics(struct publisher *publisher, struct subscription *subscription, struct buf *page);

#endif
