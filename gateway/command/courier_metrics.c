#include "command/courier_metrics.h"
#include "base/buf.h"
#include "deliver/courier.h"
#include "store/message.h"

#include <inttypes.h>

static void add_family(struct buf *page, const char *type, const char *name, const char *help)
{
        buf_addf(page, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

void courier_metrics(const struct courier *courier, struct buf *page)
{
        struct courier_provider provider;

        add_family(page, "gauge", "kapula_provider_up", "0 while the provider's breaker is open.");
        for (int i = 0; courier_provider(courier, i, &provider); i++)
                buf_addf(page, "kapula_provider_up{provider=\"%s\"} %d\n", provider.name,
                         !provider.is_resting);
        add_family(page, "gauge", "kapula_provider_under_way", "Requests without an answer yet.");
        for (int i = 0; courier_provider(courier, i, &provider); i++)
                buf_addf(page, "kapula_provider_under_way{provider=\"%s\"} %" PRId64 "\n", provider.name,
                         provider.under_way);
        add_family(page, "counter", "kapula_provider_outcomes", "Answers of providers, by what they mean.");
        for (int i = 0; courier_provider(courier, i, &provider); i++)
                for (int outcome = 0; outcome <= ATTEMPT_UNKNOWN; outcome++)
                        buf_addf(page,
                                 "kapula_provider_outcomes_total{provider=\"%s\",outcome=\"%s\"} %" PRId64
                                 "\n",
                                 provider.name, attempt_outcome_name((enum attempt_outcome)outcome),
                                 provider.outcomes[outcome]);
        add_family(page, "counter", "kapula_provider_questions", "Status queries answered.");
        for (int i = 0; courier_provider(courier, i, &provider); i++)
                buf_addf(page, "kapula_provider_questions_total{provider=\"%s\"} %" PRId64 "\n",
                         provider.name, provider.asked);
        add_family(page, "counter", "kapula_provider_rests", "How often a breaker has opened.");
        for (int i = 0; courier_provider(courier, i, &provider); i++)
                buf_addf(page, "kapula_provider_rests_total{provider=\"%s\"} %" PRId64 "\n", provider.name,
                         provider.opened);
}
