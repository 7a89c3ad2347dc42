#include "command/gateway.h"
#include "base/clock.h"
#include "base/log.h"
#include "calendar/invitation.h"
#include "calendar/source_read.h"
#include "command/calendars.h"
#include "command/conductor.h"
#include "command/courier_metrics.h"
#include "command/publisher_metrics.h"
#include "command/costs.h"
#include "command/far_end.h"
#include "command/providers.h"
#include "command/reply_taker.h"
#include "command/importer.h"
#include "command/reply_ways.h"
#include "command/keeper.h"
#include "command/preview.h"
#include "command/resources.h"
#include "command/watch.h"
#include "compose/catalogue.h"
#include "compose/pages.h"
#include "deliver/courier.h"
#include "engine/engine.h"
#include "engine/loop.h"
#include "engine/rehearsal.h"
#include "engine/rule.h"
#include "intake/intake.h"
#include "intake/subscription.h"
#include "publish/publisher.h"
#include "store/calendar_day.h"
#include "store/db.h"
#include "store/writer.h"
#include "desk/routes.h"
#include "desk/sign_in_openid.h"
#include "web/criteria.h"
#include "web/outcomes.h"
#include "web/web.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define URL_MAX 512 /* bytes */

struct provider_list {
        struct provider *items[CONFIG_PROVIDER_MAX];
        int count;
};

struct gateway {
        const struct config *config;
        char *database;
        const char *config_path; /* the owner's; NULL: none */
        int lock;
        struct clock clock;
        struct writer *writer;
        struct rulebook *book;
        struct catalogue *catalogue;
        struct pages *pages, *desk_pages;
        struct criteria criteria;
        struct outcomes outcomes;
        struct engine *engine;
        struct engine_loop *loop;
        struct rehearsal *rehearsal;
        struct web *web;
        struct openid_options openid_options;
        struct desk_openid openid;
        struct watch *watch;
        struct far_end *far_end;
        struct publisher *publisher;
        struct source_loop *sources;
        struct conductor *conductor;
        struct reply_taker *replies;
        struct keeper *keeper;
        struct preview *preview;
        struct importer *importer;
        struct subscription *subscription;
        struct subscription_topic topics[SUBSCRIPTION_TOPIC_MAX];
        struct web_loop loops[3];

        pthread_mutex_t words_mutex;   /* guards the words of invitations, which a reload changes */
        struct catalogue *words;       /* the engine's */
        pthread_mutex_t courier_mutex; /* guards the courier and the providers, which a reload changes */
        struct courier *courier;
        struct provider_list providers;
};

/* ---- wake-ups: each commit, and each move of a virtual clock */

static void wake_outward(void *context)
{
        struct gateway *gateway = context;

        pthread_mutex_lock(&gateway->courier_mutex);
        if (gateway->courier)
                courier_wake(gateway->courier);
        pthread_mutex_unlock(&gateway->courier_mutex);
        if (gateway->publisher)
                publisher_wake(gateway->publisher);
        if (gateway->far_end)
                far_end_wake(gateway->far_end);
}

static void wake_all(void *context)
{
        struct gateway *gateway = context;

        engine_loop_wake(gateway->loop);
        wake_outward(gateway);
}

static bool outward_is_idle(void *context)
{
        struct gateway *gateway = context;

        return courier_counts(gateway->courier).under_way == 0 &&
               (!gateway->far_end || far_end_is_idle(gateway->far_end));
}

/* ---- providers */

static void free_providers(struct provider_list *list)
{
        while (list->count)
                provider_free(list->items[--list->count]);
}

static int load_providers(struct gateway *gateway, struct provider_list *list, struct err *err)
{
        int r = 0;

        list->count = 0;
        for (int i = 0; i < gateway->config->provider_count && r == 0; i++) {
                r = provider_open(&gateway->config->providers[i], gateway_base_url(gateway),
                                  web_loopback_url(gateway->web), &list->items[i], err);
                if (r == 0)
                        list->count++;
        }
        if (r < 0)
                free_providers(list);
        return r;
}

static const struct provider *take_provider(void *context, const char *name)
{
        struct gateway *gateway = context;

        pthread_mutex_lock(&gateway->courier_mutex);
        for (int i = 0; i < gateway->providers.count; i++)
                if (strcmp(provider_name(gateway->providers.items[i]), name) == 0)
                        return gateway->providers.items[i]; /* locked until it is given back */
        pthread_mutex_unlock(&gateway->courier_mutex);
        return NULL;
}

static void give_provider(void *context, const struct provider *provider)
{
        struct gateway *gateway = context;

        (void)provider;
        pthread_mutex_unlock(&gateway->courier_mutex);
}

static int open_courier(struct gateway *gateway, struct err *err)
{
        const struct courier_config config = {
            .path = gateway->database,
            .writer = gateway->writer,
            .clock = &gateway->clock,
            .providers = gateway->providers.items,
            .provider_count = gateway->providers.count,
        };
        struct courier *courier = NULL;
        int r = courier_open(&config, &courier, err);

        pthread_mutex_lock(&gateway->courier_mutex);
        gateway->courier = courier;
        pthread_mutex_unlock(&gateway->courier_mutex);
        return r;
}

static struct courier *take_courier(struct gateway *gateway)
{
        struct courier *courier;

        pthread_mutex_lock(&gateway->courier_mutex);
        courier = TAKE(gateway->courier);
        pthread_mutex_unlock(&gateway->courier_mutex);
        return courier;
}

/* ---- opening */

/* One gateway a database: its name with ".lock", held until the process ends. */
static int lock_database(struct gateway *gateway, struct err *err)
{
        _cleanup_(free_ptr) char *path = NULL;

        if (asprintf(&path, "%s.lock", gateway->database) < 0)
                return err_set(err, ERR_NOMEM, "serve: out of memory");
        gateway->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (gateway->lock < 0)
                return err_set(err, ERR_IO, "%s: cannot open (%s): check the folder's rights", path,
                               strerror(errno));
        if (flock(gateway->lock, LOCK_EX | LOCK_NB) < 0)
                return err_set(err, ERR_BUSY,
                               "%s: another gateway serves from this database: stop it first or name another "
                               "with --db",
                               gateway->database);
        return 0;
}

static int first_write(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        (void)job;
        return calendar_refresh(db, now_utc, err);
}

/* With a connection for this alone: each one that stays open keeps a copy of the schema. */
static int load_rules(struct gateway *gateway, struct rulebook **ret_book, struct err *err)
{
        struct db *reader = NULL;
        int r = db_open(gateway->database, DB_READER, &reader, err);

        if (r == 0)
                r = resource_rules(reader, NULL, gateway->config->rules, true, ret_book, err);
        db_close(reader);
        return r;
}

static int load_for_rehearsal(void *context, struct rulebook **ret_book, struct err *err)
{
        return load_rules(context, ret_book, err);
}

static int open_rehearsal(struct gateway *gateway, struct err *err)
{
        gateway->rehearsal = rehearsal_new(load_for_rehearsal, gateway, gateway->catalogue);
        return gateway->rehearsal ? 0 : err_set(err, ERR_NOMEM, "serve: out of memory");
}

/* In the engine's transaction, by the templates that the engine has: both change in engine_loop_use. */
static int invite(void *context, struct db *db, const char *rule, const char *meeting, const char *person,
                  const char *address, int64_t now_utc, char **ret_calendar, struct err *err)
{
        struct gateway *gateway = context;
        struct catalogue *words;
        int r;

        *ret_calendar = NULL;
        if (strcmp(rule, "meeting-invitation") != 0 && strcmp(rule, "meeting-changed") != 0 &&
            strcmp(rule, "meeting-cancelled") != 0)
                return 0;
        pthread_mutex_lock(&gateway->words_mutex);
        words = gateway->words;
        r = invitation_make(db, words, now_utc, meeting, person, address,
                            strcmp(rule, "meeting-cancelled") == 0, ret_calendar, err);
        pthread_mutex_unlock(&gateway->words_mutex);
        return r;
}

static int open_store(struct gateway *gateway, struct err *err)
{
        struct writer_job job = {.run = first_write};
        int r = lock_database(gateway, err);

        if (r == 0) /* first: what stays lies together, apart from what the connections leave behind */
                r = resource_templates(NULL, gateway->config->templates, &gateway->catalogue, err);
        gateway->words = gateway->catalogue;
        if (r == 0)
                r = writer_open(gateway->database, &gateway->clock, &gateway->writer, err);
        if (r == 0)
                r = writer_on_commit(gateway->writer, wake_outward, gateway);
        if (r == 0)
                r = load_rules(gateway, &gateway->book, err);
        if (r == 0)
                r = reply_taker_open(gateway->config->templates, &gateway->replies, err);
        if (r == 0)
                r = resource_pages("web", NULL, gateway->config->templates, &gateway->pages, err);
        if (r == 0)
                r = resource_pages("desk", NULL, gateway->config->templates, &gateway->desk_pages, err);
        if (r == 0)
                r = resource_criteria(NULL, gateway->config->rules, &gateway->criteria, err);
        if (r == 0)
                r = resource_outcomes(NULL, gateway->config->rules, &gateway->outcomes, err);
        if (r == 0)
                r = engine_open(gateway->book, gateway->catalogue, &gateway->engine, err);
        if (r == 0)
                engine_on_invitation(gateway->engine, invite, gateway);
        if (r == 0)
                r = engine_loop_open(gateway->database, gateway->engine, gateway->writer, &gateway->clock,
                                     &gateway->loop, err);
        if (r == 0)
                r = open_rehearsal(gateway, err);
        return r < 0 ? r : writer_run(gateway->writer, &job, err);
}

static void purge_old(void *context)
{
        struct gateway *gateway = context;

        keeper_purge(gateway->config, gateway->writer);
}

static int open_conductor(struct gateway *gateway, struct err *err)
{
        const struct conductor_options options = {
            .database = gateway->database,
            .clock = &gateway->clock,
            .writer = gateway->writer,
            .wake = wake_all,
            .is_idle = outward_is_idle,
            .new_day = purge_old,
            .context = gateway,
            .has_broker = gateway->config->broker_port != 0,
        };

        return gateway->clock.is_virtual ? conductor_open(&options, &gateway->conductor, err) : 0;
}

static enum web_health courier_health(void *context, const char **ret_text)
{
        struct gateway *gateway = context;

        *ret_text = gateway->courier ? "running" : "stopped";
        return gateway->courier ? WEB_HEALTH_OK : WEB_HEALTH_DEGRADED;
}

static enum web_health publisher_health(void *context, const char **ret_text)
{
        struct gateway *gateway = context;
        struct publisher_status status = {0};

        if (!gateway->publisher) {
                *ret_text = "no broker configured";
                return WEB_HEALTH_OK;
        }
        publisher_read_status(gateway->publisher, &status);
        *ret_text = status.state;
        return status.is_connected && !status.is_silent ? WEB_HEALTH_OK : WEB_HEALTH_DEGRADED;
}

static enum web_health intake_health(void *context, const char **ret_text)
{
        struct gateway *gateway = context;
        struct subscription_status status = {0};

        if (!gateway->subscription) {
                *ret_text = "no topics configured";
                return WEB_HEALTH_OK;
        }
        subscription_read_status(gateway->subscription, &status);
        *ret_text = status.state;
        return status.is_connected ? WEB_HEALTH_OK : WEB_HEALTH_DEGRADED;
}

static void add_metrics(void *context, struct buf *page)
{
        struct gateway *gateway = context;

        pthread_mutex_lock(&gateway->courier_mutex);
        if (gateway->courier)
                courier_metrics(gateway->courier, page);
        pthread_mutex_unlock(&gateway->courier_mutex);
        publisher_metrics(gateway->publisher, gateway->subscription, page);
}

static int open_openid(struct gateway *gateway, struct err *err)
{
        const struct config_openid *config = &gateway->config->desk.openid;

        if (!config->issuer)
                return 0;
        gateway->openid_options = config_openid_options(config);
        gateway->openid.name = config->name;
        gateway->openid.is_person = config->is_person;
        return openid_open(&gateway->openid_options, &gateway->clock, &gateway->openid.openid, err);
}

static int open_web(struct gateway *gateway, const struct gateway_options *options, struct err *err)
{
        const struct preview_source preview = preview_source(gateway->preview);
        struct web_options web = {
            .clock = &gateway->clock,
            .writer = gateway->writer,
            .db_path = gateway->database,
            .listen = gateway->config->listen,
            .port = options->port >= 0 ? options->port : gateway->config->port,
            .base_url = gateway->config->base_url,
            .version = options->version,
            .is_sandbox = gateway->config->is_sandbox,
            .pages = gateway->pages,
            .desk_pages = gateway->desk_pages,
            .rehearsal = gateway->rehearsal,
            .more = desk_routes,
            .more_count = desk_route_count,
            .book = gateway->book,
            .texts = gateway->catalogue,
            .currency = gateway->config->costs->currency,
            .preview = &preview,
            .openid = gateway->openid.openid ? &gateway->openid : NULL,
            .criteria = &gateway->criteria,
            .outcomes = &gateway->outcomes,
            .provider_take = take_provider,
            .provider_give = give_provider,
            .provider_context = gateway,
            .metrics = add_metrics,
            .metrics_context = gateway,
            .take_reply = reply_taker_take,
            .take_reply_context = gateway->replies,
            .loops = gateway->loops,
            .loop_count = ARRAY_SIZE(gateway->loops),
            .run_until = gateway->conductor ? conductor_run_until : NULL,
            .run_until_context = gateway->conductor,
        };

        gateway->loops[0] = (struct web_loop){"courier", courier_health, gateway};
        gateway->loops[1] = (struct web_loop){"publisher", publisher_health, gateway};
        gateway->loops[2] = (struct web_loop){"mqtt-intake", intake_health, gateway};
        web.words =
            catalogue_ref(gateway->catalogue); /* calendars are served while the engine's is exchanged */
        return web_open(&web, &gateway->web, err);
}

static int open_publisher(struct gateway *gateway, struct err *err)
{
        const struct config *config = gateway->config;
        const struct publisher_options options = {
            .connection = {.host = config->broker_host,
                           .port = config->broker_port,
                           .user = config->broker_user,
                           .password = config->broker_password,
                           .tls = config->broker_ca != NULL,
                           .ca_file = config->broker_ca,
                           .cert_file = config->broker_certificate,
                           .key_file = config->broker_key,
                           .message_expiry_s = config->broker_expiry_hours * 3600},
            .database = gateway->database,
            .ack_ms = config->broker_acknowledge_s * 1000,
        };

        return config->broker_port ? publisher_open(&options, gateway->writer, &gateway->publisher, err) : 0;
}

static int open_subscription(struct gateway *gateway, struct err *err)
{
        const struct config *config = gateway->config;
        const struct subscription_options options = {
            .host = config->broker_host,
            .port = config->broker_port,
            .client_id = config->broker_client_id,
            .user = config->broker_user,
            .password = config->broker_password,
            .ca_file = config->broker_ca,
            .cert_file = config->broker_certificate,
            .key_file = config->broker_key,
            .topics = gateway->topics,
            .topic_count = config->intake.count,
        };

        for (int i = 0; i < config->intake.count; i++) {
                const struct config_topic *topic = &config->intake.topics[i];

                gateway->topics[i] = (struct subscription_topic){
                    topic->filter, topic->organisation, topic->source, topic->has_map ? &topic->map : NULL};
        }
        return config->intake.count
                   ? subscription_open(&options, gateway->writer, &gateway->subscription, err)
                   : 0;
}

/* `kapula feeds` prints links with it. */
struct base_url_job {
        struct writer_job job;
        const char *url;
        const struct config *config;
};

static int write_base_url(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        const struct base_url_job *base = (struct base_url_job *)job;
        const struct costs *costs = base->config->costs;
        int r = meta_set(db, "base_url", base->url, err);

        if (r == 0 && base->config->organizer)
                r = meta_set(db, "organizer", base->config->organizer, err);
        if (r == 0)
                r = budget_replace(db, costs->prices, costs->price_count, costs->budgets, costs->budget_count,
                                   err);
        return r < 0 ? r : calendars_configure(db, base->config, now_utc, err);
}

/* What the texts of SMS may ask for. */
struct ways_job {
        struct writer_job job;
        const struct config *config;
        const struct provider_list *providers;
};

static int write_ways(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        const struct ways_job *ways = (struct ways_job *)job;

        (void)now_utc;
        return reply_ways_write(db, ways->config, ways->providers->items, err);
}

static int note_ways(struct gateway *gateway, const struct provider_list *providers, struct err *err)
{
        struct ways_job job = {.job.run = write_ways, .config = gateway->config, .providers = providers};

        return writer_run(gateway->writer, &job.job, err);
}

static int open_outward(struct gateway *gateway, struct err *err)
{
        struct base_url_job job = {
            .job.run = write_base_url, .url = gateway_base_url(gateway), .config = gateway->config};
        int r = writer_run(gateway->writer, &job.job, err);

        if (r == 0)
                r = load_providers(gateway, &gateway->providers, err);
        if (r == 0)
                r = note_ways(gateway, &gateway->providers, err);
        if (r == 0)
                r = open_courier(gateway, err);
        if (r == 0 && gateway->config->is_sandbox)
                r = far_end_open(gateway->database, web_loopback_url(gateway->web), &gateway->far_end, err);
        if (r == 0)
                r = open_publisher(gateway, err);
        if (r == 0)
                r = open_subscription(gateway, err);
        if (r == 0 && gateway->config->calendar_count)
                r = source_loop_open(gateway->database, gateway->writer, &gateway->clock, &gateway->sources,
                                     err);
        if (r == 0 && gateway->config->folder_count)
                r = watch_open(gateway->config->folders, gateway->config->folder_count, gateway->database,
                               &gateway->clock, &gateway->watch, err);
        if (r == 0)
                r = importer_open(gateway->database, gateway->writer, &gateway->clock, &gateway->importer,
                                  err);
        if (r == 0 && !gateway->clock.is_virtual)
                r = keeper_open(gateway->config, gateway->writer, &gateway->keeper, err);
        return r;
}

int gateway_open(const struct gateway_options *options, struct gateway **ret_gateway, struct err *err)
{
        struct gateway *gateway = calloc(1, sizeof *gateway);
        int r;

        if (!gateway)
                return err_set(err, ERR_NOMEM, "serve: out of memory");
        curl_global_init(CURL_GLOBAL_DEFAULT);
        pthread_mutex_init(&gateway->courier_mutex, NULL);
        pthread_mutex_init(&gateway->words_mutex, NULL);
        gateway->config = options->config;
        gateway->lock = -1;
        gateway->config_path = options->config_path;
        gateway->database = strdup(options->database);
        if (options->start_utc)
                clock_init_virtual(&gateway->clock, options->start_utc);
        else
                clock_init_real(&gateway->clock);
        r = gateway->database ? open_store(gateway, err) : err_set(err, ERR_NOMEM, "serve: out of memory");
        if (r == 0)
                r = open_conductor(gateway, err);
        if (r == 0)
                r = preview_open(gateway->database, gateway->config, &gateway->preview, err);
        if (r == 0)
                r = open_openid(gateway, err);
        if (r == 0)
                r = open_web(gateway, options, err);
        if (r == 0)
                r = open_outward(gateway, err);
        if (r < 0) {
                gateway_close(gateway);
                return r;
        }
        *ret_gateway = gateway;
        return 0;
}

/* ---- reloading */

static int write_costs(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        const struct costs *costs = ((struct base_url_job *)job)->config->costs;

        (void)now_utc;
        return budget_replace(db, costs->prices, costs->price_count, costs->budgets, costs->budget_count,
                              err);
}

/* Prices and budgets; what else stands in the file needs a restart. */
static int reload_costs(struct gateway *gateway, struct err *err)
{
        _cleanup_(config_fini) struct config config = {0};
        struct base_url_job job = {.job.run = write_costs, .config = &config};
        int r;

        if (!gateway->config_path)
                return 0;
        r = config_load(gateway->config_path, &config, err);
        return r < 0 ? r : writer_run(gateway->writer, &job.job, err);
}

int gateway_reload(struct gateway *gateway, struct err *err)
{
        struct rulebook *book = NULL;
        struct catalogue *catalogue = NULL;
        struct pages *pages = NULL, *desk_pages = NULL;
        struct criteria criteria = {0};
        struct outcomes outcomes = {0};
        struct provider_list providers = {0}, old;
        int r = load_rules(gateway, &book, err);

        if (r == 0)
                r = resource_templates(NULL, gateway->config->templates, &catalogue, err);
        if (r == 0)
                r = resource_pages("web", NULL, gateway->config->templates, &pages, err);
        if (r == 0)
                r = resource_pages("desk", NULL, gateway->config->templates, &desk_pages, err);
        if (r == 0)
                r = resource_criteria(NULL, gateway->config->rules, &criteria, err);
        if (r == 0)
                r = resource_outcomes(NULL, gateway->config->rules, &outcomes, err);
        if (r == 0)
                r = load_providers(gateway, &providers, err);
        if (r == 0)
                r = reply_taker_reload(gateway->replies, err);
        if (r == 0)
                r = reload_costs(gateway, err);
        if (r == 0)
                r = web_use_words(gateway->web, catalogue_ref(catalogue), err);
        if (r == 0)
                r = note_ways(gateway, &providers, err);
        if (r < 0) {
                rulebook_free(book);
                catalogue_free(catalogue);
                pages_free(pages);
                pages_free(desk_pages);
                free_providers(&providers);
                return r;
        }
        pthread_mutex_lock(&gateway->words_mutex);
        gateway->words = catalogue;
        pthread_mutex_unlock(&gateway->words_mutex);
        engine_loop_use(gateway->loop, book, catalogue);
        rehearsal_use(gateway->rehearsal, catalogue);
        web_use_rules(gateway->web, book, catalogue);
        rulebook_free(gateway->book);
        catalogue_free(gateway->catalogue);
        gateway->book = book;
        gateway->catalogue = catalogue;
        web_use_pages(gateway->web, pages, desk_pages, &criteria, &outcomes);
        pages_free(gateway->pages);
        pages_free(gateway->desk_pages);
        gateway->pages = pages;
        gateway->desk_pages = desk_pages;

        courier_close(take_courier(gateway));
        pthread_mutex_lock(&gateway->courier_mutex);
        old = gateway->providers;
        gateway->providers = providers;
        pthread_mutex_unlock(&gateway->courier_mutex);
        free_providers(&old);
        return open_courier(gateway, err);
}

const char *gateway_base_url(const struct gateway *gateway)
{
        return web_base_url(gateway->web);
}

/* Inward first, outward last, so that what was promised to a sender is on disk before the writer stops. */
struct gateway *gateway_close(struct gateway *gateway)
{
        if (!gateway)
                return NULL;
        conductor_close(gateway->conductor);
        gateway->conductor = NULL;
        source_loop_close(TAKE(gateway->sources));
        keeper_close(gateway->keeper);
        subscription_close(TAKE(gateway->subscription));
        watch_close(gateway->watch);
        importer_close(gateway->importer);
        courier_close(take_courier(gateway));
        preview_stop(gateway->preview);
        openid_stop(gateway->openid.openid);
        web_close(gateway->web);
        engine_loop_close(gateway->loop);
        if (gateway->writer)
                writer_off_commit(gateway->writer, gateway);
        publisher_close(TAKE(gateway->publisher));
        if (gateway->far_end)
                far_end_close(TAKE(gateway->far_end));
        writer_close(gateway->writer);
        preview_close(gateway->preview);
        openid_close(gateway->openid.openid);
        reply_taker_close(gateway->replies);
        free_providers(&gateway->providers);
        rehearsal_free(gateway->rehearsal);
        engine_close(gateway->engine);
        rulebook_free(gateway->book);
        catalogue_free(gateway->catalogue);
        pages_free(gateway->pages);
        pages_free(gateway->desk_pages);
        if (gateway->lock >= 0)
                close(gateway->lock);
        pthread_mutex_destroy(&gateway->courier_mutex);
        free(gateway->database);
        free(gateway);
        return NULL;
}
