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

/* ---- any JSON, by a tree */

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

static int print_tree(const struct publication *publication, struct pseudonyms *pseudonyms,
                      struct buf *payload, struct err *err)
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

/* ---- what nearly every row is, without a tree: plain ASCII, one flat object as the triggers print it. Both
 * ways print the same bytes; what is not plain, or wrong, is left to the tree. */

#define MEMBERS_MAX 16
#define DIGITS_MAX 18
#define ID_MAX 256 /* bytes of an id with NUL */

/* Borrowed from the text, the value with its quotes. */
struct member {
        const char *name, *value;
        size_t name_length, value_length;
};

/* Of bytes that stand in JSON as they are. */
static size_t plain_length(const char *text)
{
        size_t length = 0;

        while ((unsigned char)text[length] >= 0x20 && (unsigned char)text[length] < 0x7f &&
               text[length] != '"' && text[length] != '\\')
                length++;
        return length;
}

static bool is_plain(const char *text)
{
        return text[plain_length(text)] == '\0';
}

/* 0: no plain value. */
static size_t value_length(const char *text)
{
        static const char *const words[] = {"false", "null", "true"};
        size_t sign = *text == '-', length;

        if (*text == '"') {
                length = plain_length(text + 1);
                return text[1 + length] == '"' ? length + 2 : 0;
        }
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (strncmp(text, words[i], strlen(words[i])) == 0)
                        return strlen(words[i]);
        length = strspn(text + sign, "0123456789");
        if (!length || length > DIGITS_MAX || (text[sign] == '0' && sign + length > 1))
                return 0;
        return sign + length;
}

/* How many members; -1: not plain. */
static int read_members(const char *text, struct member members[static MEMBERS_MAX])
{
        struct member *member;
        int count = 0;

        if (strcmp(text, "{}") == 0)
                return 0;
        for (char before = '{'; *text == before; before = ',') {
                if (count == MEMBERS_MAX || text[1] != '"')
                        return -1;
                member = &members[count++];
                member->name = text + 2;
                member->name_length = plain_length(member->name);
                text = member->name + member->name_length;
                if (text[0] != '"' || text[1] != ':')
                        return -1;
                member->value = text + 2;
                member->value_length = value_length(member->value);
                if (!member->value_length)
                        return -1;
                text = member->value + member->value_length;
                for (int i = 0; i < count - 1; i++)
                        if (members[i].name_length == member->name_length &&
                            memcmp(members[i].name, member->name, member->name_length) == 0)
                                return -1;
        }
        return strcmp(text, "}") == 0 ? count : -1;
}

static bool is_opaque(const struct member *member)
{
        for (size_t i = 0; i < ARRAY_SIZE(opaque_table); i++)
                if (strlen(opaque_table[i]) == member->name_length &&
                    memcmp(opaque_table[i], member->name, member->name_length) == 0)
                        return *member->value == '"';
        return false;
}

static void add_value(struct buf *payload, const struct member *member, const char *tenant,
                      struct pseudonyms *pseudonyms)
{
        char opaque[PSEUDONYM_SIZE], id[ID_MAX];
        size_t length = member->value_length - 2;

        if (!is_opaque(member)) {
                buf_add(payload, member->value, member->value_length);
                return;
        }
        memcpy(id, member->value + 1, length);
        id[length] = '\0';
        pseudonym_print(pseudonyms, tenant, id, opaque);
        buf_addc(payload, '"');
        buf_add(payload, opaque, PSEUDONYM_SIZE - 1);
        buf_addc(payload, '"');
}

static void add_data(struct buf *payload, const struct member *members, int count, const char *tenant,
                     struct pseudonyms *pseudonyms)
{
        char before = '{';

        for (int i = 0; i < count; i++) {
                if (strncmp(members[i].value, "null", 4) == 0)
                        continue;
                buf_addc(payload, before);
                buf_add(payload, members[i].name - 1, members[i].name_length + 2);
                buf_addc(payload, ':');
                add_value(payload, &members[i], tenant, pseudonyms);
                before = ',';
        }
        buf_adds(payload, before == '{' ? "{}" : "}");
}

/* Up to the data. */
static void add_attributes(struct buf *payload, const struct publication *publication,
                           struct pseudonyms *pseudonyms)
{
        bool is_withheld = publication->is_withheld;
        char stamp[STAMP_MAX], seq[24], opaque[PSEUDONYM_SIZE];
        const char *subject = publication->subject;

        snprintf(seq, sizeof seq, "%lld", (long long)publication->seq);
        print_stamp(publication->time, stamp);
        buf_adds(payload, "{\"specversion\":\"1.0\",\"id\":\"");
        buf_adds(payload, publication->tenant);
        buf_addc(payload, '-');
        buf_adds(payload, seq);
        buf_adds(payload, "\",\"source\":\"/kapula/");
        add_level(payload, publication->tenant);
        buf_adds(payload, "\",\"type\":\"kapula.");
        buf_adds(payload, is_withheld ? WITHHELD_KIND : publication->kind);
        buf_addc(payload, '.');
        buf_adds(payload, is_withheld ? WITHHELD_EVENT : publication->event);
        if (!is_withheld) {
                if (strcmp(publication->about, "thing") == 0) {
                        pseudonym_print(pseudonyms, publication->tenant, subject, opaque);
                        subject = opaque;
                }
                buf_adds(payload, "\",\"subject\":\"");
                buf_adds(payload, subject);
        }
        buf_adds(payload, "\",\"time\":\"");
        buf_adds(payload, stamp);
        buf_adds(payload, "\",\"sequence\":");
        buf_adds(payload, seq);
        buf_adds(payload, ",\"datacontenttype\":\"application/json\",\"data\":");
}

/* False: not plain, nothing is printed. */
static bool print_plain(const struct publication *publication, struct pseudonyms *pseudonyms,
                        struct buf *payload)
{
        struct member members[MEMBERS_MAX];
        int count = read_members(publication->is_withheld ? "{}" : publication->data, members);

        if (count < 0 || !is_plain(publication->tenant) || !is_plain(publication->kind) ||
            !is_plain(publication->event) || !is_plain(publication->subject))
                return false;
        for (int i = 0; i < count; i++)
                if (is_opaque(&members[i]) && members[i].value_length > ID_MAX)
                        return false;
        add_attributes(payload, publication, pseudonyms);
        add_data(payload, members, count, publication->tenant, pseudonyms);
        buf_addc(payload, '}');
        return true;
}

int envelope_print(const struct publication *publication, struct pseudonyms *pseudonyms, struct buf *payload,
                   struct err *err)
{
        if (!print_plain(publication, pseudonyms, payload))
                return print_tree(publication, pseudonyms, payload, err);
        if (buf_error(payload))
                return err_set(err, ERR_LIMIT, "publication %lld: larger than %zu bytes: publish less of it",
                               (long long)publication->id, payload->max_bytes);
        return 0;
}
