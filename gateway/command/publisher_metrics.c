#include "command/publisher_metrics.h"
#include "base/buf.h"
#include "intake/subscription.h"
#include "publish/publisher.h"

#include <inttypes.h>

static void add(struct buf *page, const char *type, const char *name, const char *help, int64_t value)
{
        buf_addf(page, "# TYPE %s %s\n# HELP %s %s\n%s%s %" PRId64 "\n", name, type, name, help, name,
                 *type == 'c' ? "_total" : "", value);
}

static void add_publisher(struct publisher *publisher, struct buf *page)
{
        struct publisher_status status;

        publisher_read_status(publisher, &status);
        add(page, "gauge", "kapula_broker_up", "Whether the broker is connected and acknowledges.",
            status.is_connected && !status.is_silent);
        add(page, "gauge", "kapula_broker_in_flight", "Publications sent and not answered yet.",
            status.in_flight);
        add(page, "counter", "kapula_broker_connects", "Connections to the broker.", status.connects);
        add(page, "counter", "kapula_broker_losses", "Connections to the broker that were lost.",
            status.losses);
        add(page, "counter", "kapula_broker_sent", "Publications sent.", status.sent);
        add(page, "counter", "kapula_broker_acknowledged", "Publications acknowledged.", status.acknowledged);
        add(page, "counter", "kapula_broker_refused", "Publications refused.", status.refused);
}

static void add_subscription(struct subscription *subscription, struct buf *page)
{
        struct subscription_status status = {0};

        subscription_read_status(subscription, &status);
        add(page, "gauge", "kapula_topics_up", "Whether the topics of intake are subscribed.",
            status.is_connected);
        buf_adds(page, "# TYPE kapula_topics_events counter\n"
                       "# HELP kapula_topics_events Events from topics, by what became of them.\n");
        buf_addf(page, "kapula_topics_events_total{outcome=\"accepted\"} %" PRId64 "\n", status.accepted);
        buf_addf(page, "kapula_topics_events_total{outcome=\"duplicate\"} %" PRId64 "\n", status.duplicates);
        buf_addf(page, "kapula_topics_events_total{outcome=\"rejected\"} %" PRId64 "\n", status.rejected);
}

void publisher_metrics(struct publisher *publisher, struct subscription *subscription, struct buf *page)
{
        if (publisher)
                add_publisher(publisher, page);
        if (subscription)
                add_subscription(subscription, page);
}
