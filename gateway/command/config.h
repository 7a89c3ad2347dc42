/* config: the configuration file of the gateway, read and checked. README.md shows every key. Without a file
 * everything has a default: loopback, the sandbox provider, the shipped rules and templates, no broker. */
#ifndef COMMAND_CONFIG_H
#define COMMAND_CONFIG_H

#include "base/err.h"
#include "command/config_desk.h"
#include "command/config_intake.h"
#include "command/watch.h"
#include "store/db.h"

#include <stdbool.h>

struct costs;

#define CONFIG_PROVIDER_MAX 16
#define CONFIG_SETTING_MAX 24
#define CONFIG_PREFIX_MAX 32
#define CONFIG_SENDER_MAX 64

struct config_setting {
        char *name, *value; /* value: written here, or read from the file that `NAME_file` names */
};

struct config_provider {
        char *file;    /* path of the provider's YAML */
        char *ca_file; /* NULL: the system's certificates */
        struct config_setting settings[CONFIG_SETTING_MAX];
        int setting_count;
        char *prefixes[CONFIG_PREFIX_MAX]; /* of the numbers that it takes; none: all */
        int prefix_count;
        struct config_setting senders[CONFIG_SENDER_MAX]; /* organisation and its sender */
        int sender_count;
};

#define CONFIG_CALENDAR_MAX 64
#define CONFIG_CALENDAR_EVERY_S (6 * 3600)

/* A calendar of somebody else's that is read in. */
struct config_calendar {
        char *name, *url, *organisation, *kind; /* kind: breaks or meetings */
        int64_t every_s;
};

struct config {
        char *database;          /* NULL: the default place */
        char *organizer;         /* address that answers to invitations go to; NULL: none */
        char *listen, *base_url; /* base_url NULL: http://LISTEN:PORT */
        int port;
        char *rules, *templates; /* folders laid over the shipped ones; NULL: none */
        bool is_sandbox;         /* no provider was named: the sandbox is the provider */
        struct config_provider providers[CONFIG_PROVIDER_MAX];
        int provider_count;
        struct config_calendar calendars[CONFIG_CALENDAR_MAX];
        int calendar_count;
        char *broker_host, *broker_user, *broker_password, *broker_ca, *broker_certificate, *broker_key;
        int broker_port;        /* 0: no broker */
        char *broker_client_id; /* of the intake's session */
        struct config_intake intake;
        int broker_expiry_hours;                         /* of events; 0: they do not expire */
        int broker_acknowledge_s;                        /* then a broker that says nothing is left */
        struct costs *costs;                             /* never NULL once loaded */
        struct config_folder folders[WATCH_FOLDERS_MAX]; /* into which files are dropped */
        int folder_count;
        struct config_desk desk;
        int keep_messages_days, keep_publications_days, keep_events_days; /* then they are purged */
};

/* PATH NULL: the defaults. */
int config_load(const char *path, struct config *ret_config, struct err *err);
void config_fini(struct config *config);

/* The content of the file that NODE names, without the line end: a secret stands in a file of its own, so
 * that the configuration may be shown to others. free() it. */
int config_read_secret(const struct yaml_node *node, char **ret_text, struct err *err);

/* The database of a verb's --config PATH and --db DB, either of which may be NULL: DB before what the file
 * says, before the default place. free() it. */
int config_database_path(const char *path, const char *db, char **ret_path, struct err *err);

/* The same database, open. */
int config_open_database(const char *path, const char *db, enum db_mode mode, struct db **ret_db,
                         struct err *err);

#endif
