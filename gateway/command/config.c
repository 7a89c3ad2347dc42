#include "command/config.h"
#include "base/yaml.h"
#include "command/command.h"
#include "command/costs.h"
#include "command/resources.h"

#include <stdio.h>
#include <string.h>

#define PORT_DEFAULT 8080
#define BROKER_PORT_DEFAULT 1883
#define BROKER_EXPIRY_HOURS 24
#define BROKER_EXPIRY_HOURS_MAX 8760
#define BROKER_ACKNOWLEDGE_SECONDS 30
#define KEEP_DAYS_MAX 36500
#define KEEP_MESSAGES_DAYS 400
#define KEEP_PUBLICATIONS_DAYS 30
#define KEEP_EVENTS_DAYS 800
#define KEEP_EVENTS_DAYS_MIN 735 /* an event of the last two years that came again would be taken anew */
#define SECRET_MAX 4096          /* bytes of a file that holds a secret */

static int copy(const char *text, char **ret_copy, struct err *err)
{
        *ret_copy = strdup(text);
        return *ret_copy ? 0 : err_set(err, ERR_NOMEM, "configuration: out of memory");
}

static int read_number(const struct yaml_node *mapping, const char *key, int64_t min, int64_t max,
                       int otherwise, int *ret_number, struct err *err)
{
        const struct yaml_node *node = yaml_get(mapping, key);
        int64_t number = otherwise;
        int r = node ? yaml_int(node, min, max, &number, err) : 0;

        *ret_number = (int)number;
        return r;
}

static int read_port(const struct yaml_node *mapping, int otherwise, int *ret_port, struct err *err)
{
        return read_number(mapping, "port", 0, 65535, otherwise, ret_port, err);
}

int config_read_secret(const struct yaml_node *node, char **ret_text, struct err *err)
{
        char secret[SECRET_MAX + 1];
        const char *path;
        size_t length;
        FILE *file;
        int r = yaml_text(node, &path, err);

        if (r < 0)
                return r;
        file = fopen(path, "re");
        if (!file)
                return yaml_refuse(node, err, "cannot read %s: make the file readable for the gateway", path);
        length = fread(secret, 1, SECRET_MAX, file);
        fclose(file);
        while (length && (secret[length - 1] == '\n' || secret[length - 1] == '\r'))
                length--;
        secret[length] = '\0';
        return copy(secret, ret_text, err);
}

/* ---- providers */

static int read_setting(struct config_provider *provider, const struct yaml_node *node, struct err *err)
{
        struct config_setting *setting = &provider->settings[provider->setting_count];
        const char *name = yaml_key(node), *text;
        size_t length = strlen(name);
        int r;

        if (provider->setting_count == CONFIG_SETTING_MAX)
                return yaml_refuse(node, err, "more than %d settings: use fewer", CONFIG_SETTING_MAX);
        provider->setting_count++;
        if (length > 5 && strcmp(name + length - 5, "_file") == 0) {
                setting->name = strndup(name, length - 5);
                r = config_read_secret(node, &setting->value, err);
        } else {
                setting->name = strdup(name);
                r = yaml_text(node, &text, err);
                if (r == 0)
                        r = copy(text, &setting->value, err);
        }
        return r == 0 && !setting->name ? err_set(err, ERR_NOMEM, "configuration: out of memory") : r;
}

/* "twilio" is the shipped file of that name; anything with a slash is a path. */
static int provider_path(const char *name, char **ret_path, struct err *err)
{
        _cleanup_(free_ptr) char *folder = NULL;
        int r;

        if (strchr(name, '/'))
                return copy(name, ret_path, err);
        r = resource_folder("providers", &folder, err);
        if (r == 0 && asprintf(ret_path, "%s/%s.yaml", folder, name) < 0)
                r = err_set(err, ERR_NOMEM, "configuration: out of memory");
        return r;
}

static int add_provider(struct config *config, const char *name, struct config_provider **ret_provider,
                        struct err *err)
{
        *ret_provider = &config->providers[config->provider_count++];
        return provider_path(name, &(*ret_provider)->file, err);
}

static int read_prefixes(struct config_provider *provider, const struct yaml_node *list, struct err *err)
{
        const char *text;
        int r = list ? yaml_want(list, YAML_KIND_SEQUENCE, err) : 0;

        if (r == 0 && list && yaml_count(list) > CONFIG_PREFIX_MAX)
                r = yaml_refuse(list, err, "more than %d: give fewer", CONFIG_PREFIX_MAX);
        for (int i = 0; r == 0 && list && i < yaml_count(list); i++) {
                r = yaml_text(yaml_at(list, i), &text, err);
                if (r == 0)
                        r = copy(text, &provider->prefixes[provider->prefix_count++], err);
        }
        return r;
}

static int read_senders(struct config_provider *provider, const struct yaml_node *senders, struct err *err)
{
        const char *text;
        int r = senders ? yaml_want(senders, YAML_KIND_MAPPING, err) : 0;

        if (r == 0 && senders && yaml_count(senders) > CONFIG_SENDER_MAX)
                r = yaml_refuse(senders, err, "more than %d: give fewer", CONFIG_SENDER_MAX);
        for (int i = 0; r == 0 && senders && i < yaml_count(senders); i++) {
                struct config_setting *sender = &provider->senders[provider->sender_count++];

                r = yaml_text(yaml_at(senders, i), &text, err);
                if (r == 0)
                        r = copy(yaml_key(yaml_at(senders, i)), &sender->name, err);
                if (r == 0)
                        r = copy(text, &sender->value, err);
        }
        return r;
}

static int read_provider(struct config *config, const struct yaml_node *item, struct err *err)
{
        static const char *const keys[] = {"name", "settings", "ca_file", "prefixes", "senders", NULL};
        const struct yaml_node *settings = yaml_get(item, "settings"), *node;
        struct config_provider *provider;
        const char *name;
        int r;

        if (config->provider_count == CONFIG_PROVIDER_MAX)
                return yaml_refuse(item, err, "more than %d providers: use fewer", CONFIG_PROVIDER_MAX);
        r = yaml_only_keys(item, keys, err);
        if (r == 0)
                r = yaml_need(item, "name", &node, err);
        if (r == 0)
                r = yaml_text(node, &name, err);
        if (r == 0)
                r = add_provider(config, name, &provider, err);
        if (r == 0 && settings)
                r = yaml_want(settings, YAML_KIND_MAPPING, err);
        for (int i = 0; r == 0 && settings && i < yaml_count(settings); i++)
                r = read_setting(provider, yaml_at(settings, i), err);
        if (r == 0)
                r = yaml_copy_text(item, "ca_file", &provider->ca_file, err);
        if (r == 0)
                r = read_prefixes(provider, yaml_get(item, "prefixes"), err);
        if (r == 0)
                r = read_senders(provider, yaml_get(item, "senders"), err);
        if (r == 0 && strcmp(name, "sandbox") == 0)
                config->is_sandbox = true;
        return r;
}

static int read_providers(struct config *config, const struct yaml_node *providers, struct err *err)
{
        struct config_provider *sandbox;
        int r = 0;

        if (!providers) {
                config->is_sandbox = true;
                return add_provider(config, "sandbox", &sandbox, err);
        }
        r = yaml_want(providers, YAML_KIND_SEQUENCE, err);
        for (int i = 0; r == 0 && i < yaml_count(providers); i++)
                r = read_provider(config, yaml_at(providers, i), err);
        return r;
}

/* ---- the broker and the whole */

static int read_broker(struct config *config, const struct yaml_node *broker, struct err *err)
{
        static const char *const keys[] = {"host",          "port",         "user",
                                           "password_file", "ca_file",      "certificate_file",
                                           "key_file",      "expiry_hours", "acknowledge_seconds",
                                           "client_id",     "intake",       NULL};
        const struct yaml_node *password = yaml_get(broker, "password_file");
        int r;

        if (!broker)
                return 0;
        r = yaml_only_keys(broker, keys, err);
        if (r == 0)
                r = yaml_copy_text(broker, "host", &config->broker_host, err);
        if (r == 0 && !config->broker_host)
                r = copy("127.0.0.1", &config->broker_host, err);
        if (r == 0)
                r = read_port(broker, BROKER_PORT_DEFAULT, &config->broker_port, err);
        if (r == 0)
                r = yaml_copy_text(broker, "user", &config->broker_user, err);
        if (r == 0 && password)
                r = config_read_secret(password, &config->broker_password, err);
        if (r == 0)
                r = yaml_copy_text(broker, "ca_file", &config->broker_ca, err);
        if (r == 0)
                r = yaml_copy_text(broker, "certificate_file", &config->broker_certificate, err);
        if (r == 0)
                r = yaml_copy_text(broker, "key_file", &config->broker_key, err);
        if (r == 0)
                r = yaml_copy_text(broker, "client_id", &config->broker_client_id, err);
        if (r == 0 && !config->broker_client_id)
                r = copy("kapula-intake", &config->broker_client_id, err);
        if (r == 0)
                r = config_intake_read(yaml_get(broker, "intake"), &config->intake, err);
        if (r == 0)
                r = read_number(broker, "acknowledge_seconds", 1, 3600, BROKER_ACKNOWLEDGE_SECONDS,
                                &config->broker_acknowledge_s, err);
        return r < 0 ? r
                     : read_number(broker, "expiry_hours", 0, BROKER_EXPIRY_HOURS_MAX, BROKER_EXPIRY_HOURS,
                                   &config->broker_expiry_hours, err);
}

/* Days after which what is over is purged. */
static int read_keep(struct config *config, const struct yaml_node *keep, struct err *err)
{
        static const char *const keys[] = {"messages_days", "publications_days", "events_days", NULL};
        int r = keep ? yaml_only_keys(keep, keys, err) : 0;

        if (r == 0)
                r = read_number(keep, "messages_days", 1, KEEP_DAYS_MAX, KEEP_MESSAGES_DAYS,
                                &config->keep_messages_days, err);
        if (r == 0)
                r = read_number(keep, "publications_days", 1, KEEP_DAYS_MAX, KEEP_PUBLICATIONS_DAYS,
                                &config->keep_publications_days, err);
        return r < 0 ? r
                     : read_number(keep, "events_days", KEEP_EVENTS_DAYS_MIN, KEEP_DAYS_MAX, KEEP_EVENTS_DAYS,
                                   &config->keep_events_days, err);
}

static int read_calendar(struct config_calendar *calendar, const struct yaml_node *node, struct err *err)
{
        static const char *const keys[] = {"name", "url", "organisation", "kind", "every", NULL};
        const struct yaml_node *every, *needed;
        int r = yaml_only_keys(node, keys, err);

        for (int i = 0; i < 4 && r == 0; i++)
                r = yaml_need(node, keys[i], &needed, err);
        if (r == 0)
                r = yaml_copy_text(node, "name", &calendar->name, err);
        if (r == 0 && (strlen(calendar->name) >= 64 ||
                       calendar->name[strspn(calendar->name, "abcdefghijklmnopqrstuvwxyz0123456789-")]))
                r = yaml_refuse(yaml_get(node, "name"), err, "no name: use small letters, digits and '-'");
        if (r == 0)
                r = yaml_copy_text(node, "url", &calendar->url, err);
        if (r == 0 && strncmp(calendar->url, "https://", 8) != 0 && strncmp(calendar->url, "http://", 7) != 0)
                r = yaml_refuse(yaml_get(node, "url"), err, "no web address: begin it with https://");
        if (r == 0)
                r = yaml_copy_text(node, "organisation", &calendar->organisation, err);
        if (r == 0)
                r = yaml_copy_text(node, "kind", &calendar->kind, err);
        if (r == 0 && strcmp(calendar->kind, "breaks") != 0 && strcmp(calendar->kind, "meetings") != 0)
                r = yaml_refuse(yaml_get(node, "kind"), err, "no such kind: write breaks or meetings");
        every = yaml_get(node, "every");
        calendar->every_s = CONFIG_CALENDAR_EVERY_S;
        if (r == 0 && every)
                r = yaml_duration(every, &calendar->every_s, err);
        if (r == 0 && calendar->every_s < 300)
                r = yaml_refuse(every, err, "too often: at most every 5 min");
        return r;
}

static int read_calendars(struct config *config, const struct yaml_node *calendars, struct err *err)
{
        int r = calendars ? yaml_want(calendars, YAML_KIND_SEQUENCE, err) : 0;

        if (r == 0 && calendars && yaml_count(calendars) > CONFIG_CALENDAR_MAX)
                r = yaml_refuse(calendars, err, "more than %d: remove some", CONFIG_CALENDAR_MAX);
        for (int i = 0; r == 0 && i < (calendars ? yaml_count(calendars) : 0); i++)
                r = read_calendar(&config->calendars[config->calendar_count++], yaml_at(calendars, i), err);
        return r;
}

/* ---- watched folders */

static int read_folder(struct config_folder *folder, const struct yaml_node *item, struct err *err)
{
        static const char *const keys[] = {"kind", "map", "organisation", "path", "source", NULL};
        const struct yaml_node *path, *kind;
        int r = yaml_only_keys(item, keys, err);

        if (r == 0)
                r = yaml_need(item, "path", &path, err);
        if (r == 0)
                r = yaml_need(item, "kind", &kind, err);
        if (r == 0)
                r = yaml_copy_text(item, "path", &folder->path, err);
        if (r == 0)
                r = yaml_copy_text(item, "kind", &folder->kind, err);
        if (r == 0)
                r = yaml_copy_text(item, "map", &folder->map, err);
        if (r == 0)
                r = yaml_copy_text(item, "organisation", &folder->organisation, err);
        if (r == 0)
                r = yaml_copy_text(item, "source", &folder->source, err);
        if (r == 0 && strcmp(folder->kind, "roster") != 0 && strcmp(folder->kind, "attendance") != 0 &&
            strcmp(folder->kind, "events") != 0)
                r = yaml_refuse(kind, err, "%.40s is no kind: write roster, attendance or events",
                                folder->kind);
        return r;
}

static int read_folders(struct config *config, const struct yaml_node *folders, struct err *err)
{
        int r = folders ? yaml_want(folders, YAML_KIND_SEQUENCE, err) : 0;

        for (int i = 0; r == 0 && folders && i < yaml_count(folders); i++) {
                if (config->folder_count == WATCH_FOLDERS_MAX)
                        return yaml_refuse(folders, err, "more than %d folders: use fewer",
                                           WATCH_FOLDERS_MAX);
                r = read_folder(&config->folders[config->folder_count++], yaml_at(folders, i), err);
        }
        return r;
}

static int read_config(struct config *config, const struct yaml_node *root, struct err *err)
{
        static const char *const keys[] = {"database",  "listen",    "port",     "base_url", "rules",
                                           "templates", "providers", "broker",   "keep",     "organizer",
                                           "calendars", "budgets",   "currency", "prices",   "folders",
                                           "desk",      NULL};
        int r = root ? yaml_only_keys(root, keys, err) : 0;

        if (r == 0)
                r = read_folders(config, yaml_get(root, "folders"), err);
        if (r == 0)
                r = yaml_copy_text(root, "database", &config->database, err);
        if (r == 0)
                r = yaml_copy_text(root, "listen", &config->listen, err);
        if (r == 0 && !config->listen)
                r = copy("127.0.0.1", &config->listen, err);
        if (r == 0)
                r = read_port(root, PORT_DEFAULT, &config->port, err);
        if (r == 0)
                r = yaml_copy_text(root, "base_url", &config->base_url, err);
        if (r == 0)
                r = yaml_copy_text(root, "organizer", &config->organizer, err);
        if (r == 0)
                r = read_calendars(config, yaml_get(root, "calendars"), err);
        if (r == 0)
                r = yaml_copy_text(root, "rules", &config->rules, err);
        if (r == 0)
                r = yaml_copy_text(root, "templates", &config->templates, err);
        if (r == 0)
                r = read_providers(config, yaml_get(root, "providers"), err);
        if (r == 0)
                r = read_broker(config, yaml_get(root, "broker"), err);
        if (r == 0)
                r = read_keep(config, yaml_get(root, "keep"), err);
        if (r == 0)
                r = config_desk_read(yaml_get(root, "desk"), config->base_url != NULL, &config->desk, err);
        return r < 0 ? r : costs_read(root, &config->costs, err);
}

int config_load(const char *path, struct config *ret_config, struct err *err)
{
        _cleanup_(yaml_freep) struct yaml *yaml = NULL;
        struct config config = {0};
        int r = path ? yaml_load(path, &yaml, err) : 0;

        if (r == 0)
                r = read_config(&config, yaml ? yaml_root(yaml) : NULL, err);
        if (r < 0) {
                config_fini(&config);
                return r;
        }
        *ret_config = config;
        return 0;
}

int config_database_path(const char *path, const char *db, char **ret_path, struct err *err)
{
        _cleanup_(config_fini) struct config config = {0};
        int r = db ? 0 : config_load(path, &config, err);

        /* A wrong configuration is "could not" and never "the answer is no". */
        return r < 0 ? ERR_IO : command_database_path(db ? db : config.database, ret_path, err);
}

int config_open_database(const char *path, const char *db, enum db_mode mode, struct db **ret_db,
                         struct err *err)
{
        _cleanup_(free_ptr) char *file = NULL;
        int r = config_database_path(path, db, &file, err);

        return r < 0 ? r : db_open(file, mode, ret_db, err);
}

static void fini_provider(struct config_provider *provider)
{
        free(provider->file);
        free(provider->ca_file);
        for (int i = 0; i < provider->prefix_count; i++)
                free(provider->prefixes[i]);
        for (int i = 0; i < provider->sender_count; i++) {
                free(provider->senders[i].name);
                free(provider->senders[i].value);
        }
        for (int i = 0; i < provider->setting_count; i++) {
                free(provider->settings[i].name);
                free(provider->settings[i].value);
        }
}

void config_fini(struct config *config)
{
        for (int i = 0; i < config->provider_count; i++)
                fini_provider(&config->providers[i]);
        costs_free(config->costs);
        for (int i = 0; i < config->folder_count; i++) {
                free(config->folders[i].path);
                free(config->folders[i].kind);
                free(config->folders[i].map);
                free(config->folders[i].organisation);
                free(config->folders[i].source);
        }
        free(config->database);
        free(config->listen);
        free(config->base_url);
        free(config->organizer);
        for (int i = 0; i < config->calendar_count; i++) {
                free(config->calendars[i].name);
                free(config->calendars[i].url);
                free(config->calendars[i].organisation);
                free(config->calendars[i].kind);
        }
        free(config->rules);
        free(config->templates);
        free(config->broker_host);
        free(config->broker_user);
        free(config->broker_password);
        free(config->broker_ca);
        free(config->broker_certificate);
        free(config->broker_key);
        free(config->broker_client_id);
        config_intake_fini(&config->intake);
        config_desk_fini(&config->desk);
        *config = (struct config){0};
}
