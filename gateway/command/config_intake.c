#include "command/config_intake.h"

#include <mosquitto.h>
#include <string.h>

static int read_data(const struct yaml_node *data, struct topic_map *map, struct err *err)
{
        int r = data ? yaml_want(data, YAML_KIND_MAPPING, err) : 0;

        for (int i = 0; r == 0 && data && i < yaml_count(data); i++) {
                struct topic_map_field *field = &map->data[i];

                if (i == TOPIC_MAP_FIELD_MAX)
                        return yaml_refuse(data, err, "more than %d fields: use fewer", TOPIC_MAP_FIELD_MAX);
                map->data_count++;
                field->name = strdup(yaml_key(yaml_at(data, i)));
                r = yaml_copy_text(data, yaml_key(yaml_at(data, i)), &field->value, err);
                if (r == 0 && !field->name)
                        r = err_set(err, ERR_NOMEM, "configuration: out of memory");
        }
        return r;
}

static int read_map(const struct yaml_node *node, struct config_topic *topic, struct err *err)
{
        static const char *const keys[] = {"type", "id", "subject", "time", "data", NULL};
        const struct yaml_node *type;
        struct topic_map *map = &topic->map;
        int r;

        if (!node)
                return 0;
        topic->has_map = true;
        r = yaml_only_keys(node, keys, err);
        if (r == 0)
                r = yaml_need(node, "type", &type, err);
        if (r == 0)
                r = yaml_copy_text(node, "type", &map->type, err);
        if (r == 0)
                r = yaml_copy_text(node, "id", &map->id, err);
        if (r == 0)
                r = yaml_copy_text(node, "subject", &map->subject, err);
        if (r == 0)
                r = yaml_copy_text(node, "time", &map->time, err);
        if (r == 0)
                r = read_data(yaml_get(node, "data"), map, err);
        if (r == 0 && !topic->source)
                return yaml_refuse(node, err, "the topic has no source: name what its events come from");
        if (r == 0 && !(map->source = strdup(topic->source)))
                r = err_set(err, ERR_NOMEM, "configuration: out of memory");
        return r;
}

static int read_topic(const struct yaml_node *item, struct config_topic *topic, struct err *err)
{
        static const char *const keys[] = {"topic", "organisation", "source", "map", NULL};
        const struct yaml_node *filter;
        int r = yaml_only_keys(item, keys, err);

        if (r == 0)
                r = yaml_need(item, "topic", &filter, err);
        if (r == 0)
                r = yaml_copy_text(item, "topic", &topic->filter, err);
        if (r == 0 && mosquitto_sub_topic_check(topic->filter) != MOSQ_ERR_SUCCESS)
                r = yaml_refuse(filter, err, "no topic filter of MQTT: write it as school/doors/+");
        if (r == 0 && strncmp(topic->filter, "kapula/v1/", 10) == 0)
                r = yaml_refuse(filter, err, "the gateway's own events: name the devices' topics");
        if (r == 0)
                r = yaml_copy_text(item, "organisation", &topic->organisation, err);
        if (r == 0)
                r = yaml_copy_text(item, "source", &topic->source, err);
        return r < 0 ? r : read_map(yaml_get(item, "map"), topic, err);
}

int config_intake_read(const struct yaml_node *list, struct config_intake *intake, struct err *err)
{
        int r = list ? yaml_want(list, YAML_KIND_SEQUENCE, err) : 0;

        for (int i = 0; r == 0 && list && i < yaml_count(list); i++) {
                if (i == SUBSCRIPTION_TOPIC_MAX)
                        return yaml_refuse(list, err, "more than %d topics: use fewer, with + or #",
                                           SUBSCRIPTION_TOPIC_MAX);
                intake->count++;
                r = read_topic(yaml_at(list, i), &intake->topics[i], err);
        }
        return r;
}

void config_intake_fini(struct config_intake *intake)
{
        for (int i = 0; i < intake->count; i++) {
                free(intake->topics[i].filter);
                free(intake->topics[i].organisation);
                free(intake->topics[i].source);
                topic_map_fini(&intake->topics[i].map);
        }
        intake->count = 0;
}
