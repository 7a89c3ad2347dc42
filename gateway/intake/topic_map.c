#include "intake/topic_map.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define TYPE_PREFIX "kapula."
#define ID_BYTES 16

/* What POINTER names in ROOT; NULL: nothing. A part of it is a member's name or an index. */
static const json_t *find(const json_t *root, const char *pointer)
{
        char part[128];
        size_t length;

        while (*pointer == '/' && root) {
                length = strcspn(++pointer, "/");
                if (length >= sizeof part)
                        return NULL;
                memcpy(part, pointer, length);
                part[length] = '\0';
                root = json_is_array(root) ? json_array_get(root, (size_t)strtoul(part, NULL, 10))
                                           : json_object_get(root, part);
                pointer += length;
        }
        return root;
}

/* A new reference; NULL: the event goes without it. */
static json_t *value_of(const char *text, const json_t *message)
{
        const json_t *found;

        if (!text)
                return NULL;
        if (*text != '/')
                return json_string(text);
        found = find(message, text);
        return found && !json_is_null(found) ? json_incref((json_t *)found) : NULL;
}

/* Ids are texts, whatever the device counts with. */
static json_t *text_of(const char *text, const json_t *message)
{
        json_t *value = value_of(text, message), *copy = NULL;
        char number[32];

        if (!json_is_integer(value))
                return value;
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        copy = json_string(number);
        json_decref(value);
        return copy;
}

static json_t *make_id(const char *topic, const char *message, size_t length)
{
        unsigned char digest[EVP_MAX_MD_SIZE];
        char text[2 * ID_BYTES + 1];
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool is_made;

        is_made = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                  EVP_DigestUpdate(context, topic, strlen(topic) + 1) == 1 &&
                  EVP_DigestUpdate(context, message, length) == 1 &&
                  EVP_DigestFinal_ex(context, digest, NULL) == 1;
        EVP_MD_CTX_free(context);
        for (size_t i = 0; is_made && i < ID_BYTES; i++)
                snprintf(text + 2 * i, 3, "%02x", digest[i]);
        return is_made ? json_string(text) : NULL;
}

static json_t *make_event(const struct topic_map *map, const char *topic, const char *bytes, size_t length,
                          const json_t *message)
{
        json_t *id = text_of(map->id, message), *data = json_object(), *event;
        char type[128];

        snprintf(type, sizeof type, TYPE_PREFIX "%s", map->type);
        for (int i = 0; i < map->data_count && data; i++) {
                json_t *value = value_of(map->data[i].value, message);

                if (value)
                        json_object_set_new(data, map->data[i].name, value);
        }
        event = json_pack("{s:s, s:s, s:s, s:o*, s:o*, s:o*, s:o}", "specversion", "1.0", "type", type,
                          "source", map->source, "id", id ? id : make_id(topic, bytes, length), "subject",
                          text_of(map->subject, message), "time", text_of(map->time, message), "data", data);
        return event;
}

static int add_json(const char *data, size_t length, void *context)
{
        return buf_add(context, data, length) < 0 ? -1 : 0;
}

int topic_map_apply(const struct topic_map *map, const char *topic, const char *message, size_t length,
                    struct buf *event, struct err *err)
{
        json_t *root = json_loadb(message, length, JSON_REJECT_DUPLICATES, NULL), *made;
        int r = 0;

        if (!json_is_object(root)) {
                json_decref(root);
                return err_set(err, ERR_INVALID, "message: no JSON object: correct the device");
        }
        made = make_event(map, topic, message, length, root);
        if (!made || json_dump_callback(made, add_json, event, JSON_COMPACT) < 0)
                r = err_set(err, ERR_INVALID, "message: no event can be made of it: correct the map");
        json_decref(made);
        json_decref(root);
        return r;
}

void topic_map_fini(struct topic_map *map)
{
        free(map->type);
        free(map->source);
        free(map->id);
        free(map->subject);
        free(map->time);
        for (int i = 0; i < map->data_count; i++) {
                free(map->data[i].name);
                free(map->data[i].value);
        }
        *map = (struct topic_map){0};
}
