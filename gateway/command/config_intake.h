/* config_intake: the part of the configuration that names MQTT topics for intake. */
#ifndef COMMAND_CONFIG_INTAKE_H
#define COMMAND_CONFIG_INTAKE_H

#include "base/yaml.h"
#include "intake/subscription.h"

struct config_topic {
        char *filter, *organisation, *source;
        struct topic_map map;
        bool has_map;
};

struct config_intake {
        struct config_topic topics[SUBSCRIPTION_TOPIC_MAX];
        int count;
};

/* LIST is the value of broker.intake; NULL: none. */
int config_intake_read(const struct yaml_node *list, struct config_intake *intake, struct err *err);
void config_intake_fini(struct config_intake *intake);

#endif
