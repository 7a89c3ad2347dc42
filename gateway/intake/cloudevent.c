#include "intake/cloudevent.h"
#include "intake/fields.h"

#include <string.h>
#include <strings.h>

/* Context attributes are named by lower-case letters and digits and hold no structures (specification, 3.1).
 */
static int check_attributes(const json_t *object, struct err *err)
{
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)object, key, value)
        {
                if (strcmp(key, "data") == 0)
                        continue;
                if (strcmp(key, "data_base64") == 0 && !json_is_null(value))
                        return err_set(err, ERR_INVALID,
                                       "data_base64: binary data is not taken: send JSON in data");
                if (strcmp(key, "data_base64") == 0)
                        continue;
                if (!*key || strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(key))
                        return err_set(
                            err, ERR_INVALID,
                            "an attribute's name has other characters than a–z and 0–9: rename it");
                if (json_is_object(value) || json_is_array(value) || json_is_real(value))
                        return err_set(err, ERR_INVALID,
                                       "%.60s: no text, whole number or flag: put it into data", key);
        }
        return 0;
}

static int check_type(struct fields *f, const char *type)
{
        if (strncmp(type, CLOUDEVENT_PREFIX, strlen(CLOUDEVENT_PREFIX)) != 0)
                return fields_refuse(f, "type", "does not begin with " CLOUDEVENT_PREFIX);
        return 0;
}

static int check_content_type(struct fields *f, const char *text)
{
        size_t length = strcspn(text, "; ");

        if ((length == 16 && strncasecmp(text, "application/json", length) == 0) ||
            (length > 5 && strncasecmp(text + length - 5, "+json", 5) == 0))
                return 0;
        return fields_refuse(f, "datacontenttype", "only JSON is taken: write application/json");
}

int cloudevent_read(const json_t *object, struct cloudevent *ret_event, struct err *err)
{
        const char *version, *type, *content_type;
        struct cloudevent event = {0};
        struct fields f;

        fields_init(&f, object, "event", err);
        version = fields_id(&f, "specversion", REQUIRED);
        if (version && strcmp(version, "1.0") != 0)
                fields_refuse(&f, "specversion", "not 1.0: send CloudEvents 1.0");
        event.id = fields_id(&f, "id", REQUIRED);
        event.source = fields_id(&f, "source", REQUIRED);
        if (event.source && strpbrk(event.source, " <>\"{}|\\^`"))
                fields_refuse(&f, "source", "no URI reference: leave out spaces, quotes and brackets");
        type = fields_id(&f, "type", REQUIRED);
        event.subject = fields_id(&f, "subject", OPTIONAL);
        event.time = fields_id(&f, "time", OPTIONAL);
        content_type = fields_id(&f, "datacontenttype", OPTIONAL);
        if (type && check_type(&f, type) == 0)
                event.type = type + strlen(CLOUDEVENT_PREFIX);
        if (content_type)
                check_content_type(&f, content_type);
        if (fields_has(&f, "data")) {
                event.data = json_object_get(object, "data");
                if (!json_is_object(event.data))
                        fields_refuse(&f, "data", "no object: write {…}");
        }
        if (f.error)
                return f.error;
        if (check_attributes(object, err) < 0)
                return ERR_INVALID;
        *ret_event = event;
        return 0;
}
