/* What kapula doctor says of the providers of messages. */
#include "command/doctor.h"
#include "command/providers.h"
#include "store/provider_state.h"

#include <stdio.h>

#define TEXT_MAX 256

/* "5 min", "3 h", "12 d". */
static const char *print_span(int64_t seconds, char text[static 24])
{
        if (seconds < 0)
                seconds = 0;
        if (seconds < 120)
                snprintf(text, 24, "%lld s", (long long)seconds);
        else if (seconds < 120 * 60)
                snprintf(text, 24, "%lld min", (long long)seconds / 60);
        else if (seconds < 48 * 3600)
                snprintf(text, 24, "%lld h", (long long)seconds / 3600);
        else
                snprintf(text, 24, "%lld d", (long long)seconds / 86400);
        return text;
}

static void add_attempts(const struct provider_state *state, int64_t now_utc, char text[static TEXT_MAX])
{
        char span[24];
        int length = 0;

        if (state->accepted)
                length = snprintf(text, TEXT_MAX, "took a message %s ago",
                                  print_span(now_utc - state->accepted, span));
        else
                length = snprintf(text, TEXT_MAX, "has taken no message yet");
        if (state->failed && length > 0 && length < TEXT_MAX)
                snprintf(text + length, (size_t)(TEXT_MAX - length), "; last failure %s ago (%d%s%.80s)",
                         print_span(now_utc - state->failed, span), state->status,
                         state->detail[0] ? ", " : "", state->detail);
}

static void tell_state(struct doctor *doctor, const char *name, const struct provider_state *state,
                       int64_t now_utc)
{
        char attempts[TEXT_MAX], since[24], probe[24];

        add_attempts(state, now_utc, attempts);
        if (!state->is_open && state->since)
                doctor_tell(doctor, FINDING_WELL, "provider", "%.60s: works since %s; %s", name,
                            print_span(now_utc - state->since, since), attempts);
        else if (!state->is_open)
                doctor_tell(doctor, FINDING_WELL, "provider", "%.60s: has never been given a rest; %s", name,
                            attempts);
        else if (now_utc < state->probe_at)
                doctor_tell(
                    doctor, FINDING_ILL, "provider",
                    "%.60s: fails again and again, at rest since %s, the next message is tried in %s; %s: "
                    "see its own status page, or name another provider beside it",
                    name, print_span(now_utc - state->since, since),
                    print_span(state->probe_at - now_utc, probe), attempts);
        else
                doctor_tell(
                    doctor, FINDING_ILL, "provider",
                    "%.60s: fails again and again since %s, the next message tries whether it works; %s",
                    name, print_span(now_utc - state->since, since), attempts);
}

int doctor_providers(struct doctor *doctor, struct db *db, const struct config *config, int64_t now_utc,
                     struct err *err)
{
        struct provider_state state;
        struct provider *provider;
        struct err fault;
        int r = 0;

        for (int i = 0; i < config->provider_count && r == 0; i++) {
                if (provider_open(&config->providers[i],
                                  config->base_url ? config->base_url : "http://127.0.0.1",
                                  "http://127.0.0.1", &provider, &fault) < 0) {
                        doctor_tell(doctor, FINDING_ILL, "provider", "%.400s", fault.text);
                        continue;
                }
                r = provider_state_get(db, provider_name(provider), &state, err);
                if (r == 0)
                        tell_state(doctor, provider_name(provider), &state, now_utc);
                provider_free(provider);
        }
        return r;
}
