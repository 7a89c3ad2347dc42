#include "publish/envelope.h"
#include "base/date.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define DAY_SECONDS 86400
#define STAMP_MAX 24 /* "2026-11-23T08:00:00Z" and NUL */
#define WITHHELD_KIND "publication"
#define WITHHELD_EVENT "withheld"

/* Members of data whose values are ids that a sender chose. Keep in alphabetical order. */
static const char *const opaque_table[] = {"meeting", "participant", "pupil", "recipient", "workplace"};

static void add_level(struct buf *topic, const char *level)
{
        for (; *level; level++)
                if (strchr("/+#%", *level) || (unsigned char)*level < 0x20 || *level == 0x7f)
                        buf_addf(topic, "%%%02X", (unsigned)(unsigned char)*level);
                else
                        buf_addc(topic, *level);
}

int envelope_topic(const struct publication *publication, struct buf *topic)
{
        buf_adds(topic, ENVELOPE_PREFIX);
        add_level(topic, publication->tenant);
        buf_addc(topic, '/');
        add_level(topic, publication->is_withheld ? WITHHELD_KIND : publication->kind);
        buf_addc(topic, '/');
        add_level(topic, publication->is_withheld ? WITHHELD_EVENT : publication->event);
        return buf_error(topic);
}

int envelope_seq_topic(const char *tenant, struct buf *topic)
{
        buf_adds(topic, ENVELOPE_PREFIX);
        add_level(topic, tenant);
        buf_adds(topic, "/seq");
        return buf_error(topic);
}

static void print_stamp(int64_t utc, char text[static STAMP_MAX])
{
        int64_t seconds = (utc % DAY_SECONDS + DAY_SECONDS) % DAY_SECONDS;
        char date[DATE_TEXT_MAX];

        date_print((int32_t)((utc - seconds) / DAY_SECONDS), date);
        snprintf(text, STAMP_MAX, "%.10sT%02u:%02u:%02uZ", date, (unsigned)seconds / 3600 % 24,
                 (unsigned)seconds / 60 % 60, (unsigned)seconds % 60);
}

static int add_json(const char *data, size_t length, void *context)
{
        return buf_add(context, data, length) < 0 ? -1 : 0;
}

/* The data as the outside sees it: opaque ids, and no member that is null. */
static int show_data(const struct publication *publication, struct pseudonyms *pseudonyms, json_t *data)
{
        char id[PSEUDONYM_SIZE];
        const char *name;
        json_t *value;
        void *next;
        int r = 0;

        json_object_foreach_safe(data, next, name, value)
        {
                if (json_is_null(value))
                        r |= json_object_del(data, name);
        }
        for (size_t i = 0; i < ARRAY_SIZE(opaque_table); i++) {
                value = json_object_get(data, opaque_table[i]);
                if (!json_is_string(value))
                        continue;
                pseudonym_print(pseudonyms, publication->tenant, json_string_value(value), id);
                r |= json_object_set_new(data, opaque_table[i], json_string(id));
        }
        return r;
}

static json_t *make_event(const struct publication *publication, struct pseudonyms *pseudonyms, json_t *data)
{
        bool is_withheld = publication->is_withheld;
        char stamp[STAMP_MAX], opaque[PSEUDONYM_SIZE];
        const char *subject = publication->subject;
        struct buf source, id, type;
        json_t *event;

        print_stamp(publication->time, stamp);
        if (strcmp(publication->about, "thing") == 0) {
                pseudonym_print(pseudonyms, publication->tenant, subject, opaque);
                subject = opaque;
        }
        buf_init(&source, ENVELOPE_TOPIC_MAX);
        buf_init(&id, ENVELOPE_TOPIC_MAX);
        buf_init(&type, ENVELOPE_TOPIC_MAX);
        buf_adds(&source, "/kapula/");
        add_level(&source, publication->tenant);
        buf_addf(&id, "%s-%lld", publication->tenant, (long long)publication->seq);
        buf_addf(&type, "kapula.%s.%s", is_withheld ? WITHHELD_KIND : publication->kind,
                 is_withheld ? WITHHELD_EVENT : publication->event);
        event = json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s, s:I, s:s, s:O}", "specversion", "1.0", "id",
                          buf_text(&id), "source", buf_text(&source), "type", buf_text(&type), "subject",
                          is_withheld ? NULL : subject, "time", stamp, "sequence",
                          (json_int_t)publication->seq, "datacontenttype", "application/json", "data", data);
        buf_fini(&source);
        buf_fini(&id);
        buf_fini(&type);
        return event;
}

int envelope_print(const struct publication *publication, struct pseudonyms *pseudonyms, struct buf *payload,
                   struct err *err)
{
        const char *text = publication->is_withheld ? "{}" : publication->data;
        json_t *event, *data = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        int r = 0;

        if (!json_is_object(data)) {
                json_decref(data);
                return err_set(err, ERR_INVALID, "publication %lld: data is no JSON object: mend the row",
                               (long long)publication->id);
        }
        event =
            show_data(publication, pseudonyms, data) == 0 ? make_event(publication, pseudonyms, data) : NULL;
        if (!event)
                r = err_set(err, ERR_INVALID, "publication %lld: not UTF-8: mend the row",
                            (long long)publication->id);
        else if (json_dump_callback(event, add_json, payload, JSON_COMPACT) < 0)
                r = err_set(err, ERR_LIMIT, "publication %lld: larger than %zu bytes: publish less of it",
                            (long long)publication->id, payload->max_bytes);
        json_decref(event);
        json_decref(data);
        return r;
}
