#include "intake/roster_row.h"
#include "intake/check.h"
#include "intake/fields.h"

#include <stdio.h>
#include <string.h>

#define CONTACT_MAX 20 /* contacts of a person */
#define LINK_MAX 50    /* links of an organisation */
#define GRADE_MAX 10
#define RANK_MAX 99
#define PATH_MAX_BYTES 96 /* "organisations[123456789].contacts[12]" */

/* Names the row as soon as its key is known; a row whose key cannot be read keeps its kind from ending. */
static void see(struct load *load, struct fields *f, enum load_kind kind, const char *const *parts)
{
        for (int i = 0; parts[i] && !f->error; i++)
                if (!field_is_id(parts[i]))
                        f->error = err_set(f->err, ERR_INVALID, "%s: a part of its key is empty", f->where);
        if (f->error) {
                load->is_open[kind] = true;
                return;
        }
        f->error = load_see(load, kind, parts, f->err);
        if (f->error)
                err_prefix(f->err, "%s", f->where);
}

static int refuse_part(struct load *load, const struct roster_place *place, const char *path,
                       struct err *part)
{
        struct err err = *part;

        part->code = 0;
        return load_refuse(load, load->file, place->line, path, &err);
}

/* ---- organisations */

static const char *join_languages(struct fields *f, char *target, size_t size)
{
        const json_t *list = fields_array(f, "languages");
        size_t length = 0, index;
        json_t *value;

        target[0] = '\0';
        json_array_foreach((json_t *)list, index, value)
        {
                const char *tag = json_string_value(value);

                if (!tag || !check_language(tag) || length + strlen(tag) + 2 > size) {
                        fields_refuse(f, "languages", "no list of language tags: write [\"fi\", \"sv\"]");
                        return NULL;
                }
                length += (size_t)snprintf(target + length, size - length, "%s%s", length ? "," : "", tag);
        }
        return length ? target : NULL;
}

static const char *read_phone(struct fields *f, const char *name)
{
        const char *text = fields_text(f, name, OPTIONAL);

        if (text && !check_phone(text))
                fields_refuse(f, name,
                              "no phone number in E.164 form: write + and the country code, as in"
                              " +358400000010");
        return text;
}

static const char *read_zone(struct fields *f)
{
        const char *text = fields_text(f, "timezone", OPTIONAL);
        struct zone *zone;

        if (text && zone_keep(text, &zone, NULL) < 0)
                fields_refuse(f, "timezone", "no such time zone: use an IANA name such as Europe/Helsinki");
        return text;
}

static int read_link(const json_t *value, const char *path, struct organisation_link *link, struct err *err)
{
        static const char *const known[] = {"title", "url", NULL};
        struct fields f;

        fields_init(&f, value, path, err);
        fields_only(&f, known);
        link->title = fields_text(&f, "title", REQUIRED);
        link->url = fields_text(&f, "url", REQUIRED);
        if (link->url && !check_url(link->url))
                fields_refuse(&f, "url", "no web address: begin it with https://");
        return f.error;
}

static int read_links(struct load *load, struct fields *f, const struct roster_place *place,
                      struct organisation_link *links, size_t *ret_count)
{
        const json_t *list = fields_array(f, "links");
        char path[PATH_MAX_BYTES];
        struct err err = {0};
        size_t index, count = 0;
        json_t *value;
        int r = 0;

        if (list && json_array_size(list) > LINK_MAX)
                return fields_refuse(f, "links", "more than %d: leave some out", LINK_MAX);
        json_array_foreach((json_t *)list, index, value)
        {
                snprintf(path, sizeof path, "%s.links[%zu]", place->where, index);
                if (read_link(value, path, &links[count], &err) == 0)
                        count++;
                else
                        r = refuse_part(load, place, path, &err);
                if (r < 0)
                        return r;
        }
        *ret_count = count;
        return f->error;
}

/* In which pass a row of KIND is loaded; what has no kind is told of in the first. */
static int pass_of(const char *kind)
{
        static const char *const order[ROSTER_ORGANISATION_PASSES] = {"network", "municipality", "school",
                                                                      "group"};

        for (int i = 0; kind && i < ROSTER_ORGANISATION_PASSES; i++)
                if (strcmp(order[i], kind) == 0)
                        return i;
        return 0;
}

int roster_row_organisation(struct load *load, const json_t *row, const struct roster_place *place,
                            struct err *err)
{
        static const char *const known[] = {"id",     "kind",  "links",    "languages", "name",
                                            "parent", "phone", "timezone", NULL};
        static const char *const kinds[] = {"network", "municipality", "school", "group", NULL};
        struct organisation_link links[LINK_MAX];
        struct organisation organisation = {0};
        char languages[FIELD_ID_MAX];
        size_t link_count = 0;
        struct fields f;
        int r;

        if (pass_of(json_string_value(json_object_get(row, "kind"))) != place->pass)
                return 0;
        fields_init(&f, row, place->where, err);
        organisation.id = fields_id(&f, "id", REQUIRED);
        see(load, &f, LOAD_ORGANISATIONS, (const char *[]){organisation.id, NULL});
        fields_only(&f, known);
        organisation.kind = fields_need_choice(&f, "kind", kinds);
        organisation.parent = fields_id(&f, "parent", OPTIONAL);
        organisation.name = fields_text(&f, "name", REQUIRED);
        organisation.phone = read_phone(&f, "phone");
        organisation.timezone = read_zone(&f);
        organisation.languages = join_languages(&f, languages, sizeof languages);
        if (f.error)
                return f.error;
        r = read_links(load, &f, place, links, &link_count);
        return r < 0 ? r : load_organisation(load, &organisation, links, link_count, place->where, err);
}

/* ---- people */

static int read_contact(const json_t *value, const char *path, struct contact *contact, struct err *err)
{
        static const char *const known[] = {"channel", "safe", "value", NULL};
        static const char *const channels[] = {"sms", "email", NULL};
        struct fields f;

        fields_init(&f, value, path, err);
        fields_only(&f, known);
        contact->channel = fields_need_choice(&f, "channel", channels);
        contact->value = fields_text(&f, "value", REQUIRED);
        contact->safe = fields_flag(&f, "safe", false);
        if (f.error)
                return f.error;
        if (strcmp(contact->channel, "sms") == 0 && !check_phone(contact->value))
                return fields_refuse(&f, "value",
                                     "no phone number in E.164 form: write + and the country code, as in"
                                     " +358400000010");
        if (strcmp(contact->channel, "email") == 0 && !check_mail(contact->value))
                return fields_refuse(&f, "value", "no e-mail address: write it as name@example.org");
        return 0;
}

static int check_new_contact(const struct contact *contacts, size_t count, const char *path, struct err *err)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(contacts[i].value, contacts[count].value) == 0 &&
                    strcmp(contacts[i].channel, contacts[count].channel) == 0)
                        return err_set(err, ERR_INVALID, "%s.value: stands twice: leave one out", path);
        return 0;
}

/* One that stands twice is refused, too, but it is none that staff must correct. */
static void refuse_contact(struct load *load, const json_t *value, const struct roster_place *place)
{
        const char *channel = json_string_value(json_object_get(value, "channel")),
                   *text = json_string_value(json_object_get(value, "value"));

        if (!channel || !text)
                return;
        if ((strcmp(channel, "sms") == 0 && !check_phone(text)) ||
            (strcmp(channel, "email") == 0 && !check_mail(text)))
                load_refuse_contact(load, channel, text, place->line);
}

static int read_contacts(struct load *load, struct fields *f, const struct roster_place *place,
                         struct contact *contacts, size_t *ret_count)
{
        const json_t *list = fields_array(f, "contacts");
        char path[PATH_MAX_BYTES];
        size_t index, count = 0;
        struct err err = {0};
        json_t *value;
        int r;

        if (list && json_array_size(list) > CONTACT_MAX)
                return fields_refuse(f, "contacts", "more than %d: leave some out", CONTACT_MAX);
        json_array_foreach((json_t *)list, index, value)
        {
                snprintf(path, sizeof path, "%s.contacts[%zu]", place->where, index);
                r = read_contact(value, path, &contacts[count], &err);
                if (r == 0)
                        r = check_new_contact(contacts, count, path, &err);
                if (r == 0) {
                        count++;
                } else {
                        refuse_contact(load, value, place);
                        r = refuse_part(load, place, path, &err);
                }
                if (r < 0)
                        return r;
        }
        *ret_count = count;
        return f->error;
}

static int read_choices(struct load *load, struct fields *f, const char *person)
{
        const json_t *list = fields_array(f, "choices");
        const char *choices[CONTACT_MAX];
        size_t index, count = 0;
        json_t *value;

        if (!list || f->error)
                return f->error;
        json_array_foreach((json_t *)list, index, value)
        {
                const char *text = json_string_value(value);

                if (!text || !field_is_id(text) || count == ARRAY_SIZE(choices))
                        return fields_refuse(f, "choices", "no list of codes, or more than %d", CONTACT_MAX);
                choices[count++] = text;
        }
        return person_put_choices(load->db, person, choices, count, f->err);
}

int roster_row_person(struct load *load, const json_t *row, const struct roster_place *place, struct err *err)
{
        static const char *const known[] = {"born", "choices",  "contacts",  "family",   "given",
                                            "id",   "language", "protected", "timezone", NULL};
        struct contact contacts[CONTACT_MAX];
        struct person person = {0};
        size_t contact_count = 0;
        struct fields f;
        int r;

        fields_init(&f, row, place->where, err);
        person.id = fields_id(&f, "id", REQUIRED);
        see(load, &f, LOAD_PEOPLE, (const char *[]){person.id, NULL});
        fields_only(&f, known);
        person.given = fields_text(&f, "given", REQUIRED);
        person.family = fields_text(&f, "family", REQUIRED);
        person.born = fields_day(&f, "born", OPTIONAL);
        person.language = fields_id(&f, "language", OPTIONAL);
        if (person.language && !check_language(person.language))
                fields_refuse(&f, "language", "no language tag: write it as fi, sv or zh-Hant");
        person.timezone = read_zone(&f);
        person.is_protected = fields_flag(&f, "protected", false);
        if (f.error)
                return f.error;
        load->refused_count = 0;
        r = read_contacts(load, &f, place, contacts, &contact_count);
        if (r == 0)
                r = load_person(load, &person, contacts, contact_count, err);
        return r < 0 ? r : read_choices(load, &f, person.id);
}

/* ---- what binds people */

int roster_row_role(struct load *load, const json_t *row, const struct roster_place *place, struct err *err)
{
        static const char *const known[] = {"controller", "from", "grade", "organisation",
                                            "person",     "role", "until", NULL};
        static const char *const controllers[] = {"county", "municipality", NULL};
        static const char *const roles[] = {"pupil",      "teacher",     "coach",     "curator",
                                            "principal",  "coordinator", "secretary", "substitute",
                                            "duty-phone", "supervisor",  NULL};
        struct role role = {0};
        struct fields f;

        fields_init(&f, row, place->where, err);
        role.person = fields_id(&f, "person", REQUIRED);
        role.role = fields_need_choice(&f, "role", roles);
        role.organisation = fields_id(&f, "organisation", REQUIRED);
        role.first_day = fields_day(&f, "from", OPTIONAL);
        see(load, &f, LOAD_ROLES,
            (const char *[]){role.person, role.role, role.organisation,
                             role.first_day ? role.first_day : "1900-01-01", NULL});
        fields_only(&f, known);
        role.last_day = fields_day(&f, "until", OPTIONAL);
        role.grade = fields_int(&f, "grade", 1, GRADE_MAX, 0);
        role.controller = fields_choice(&f, "controller", controllers, NULL);
        return f.error ? f.error : load_role(load, &role, place->where, err);
}

int roster_row_guardian(struct load *load, const json_t *row, const struct roster_place *place,
                        struct err *err)
{
        static const char *const known[] = {"emergency_only", "guardian",   "notify", "pupil",
                                            "rank",           "restricted", NULL};
        struct guardian guardian = {0};
        struct fields f;

        fields_init(&f, row, place->where, err);
        guardian.pupil = fields_id(&f, "pupil", REQUIRED);
        guardian.guardian = fields_id(&f, "guardian", REQUIRED);
        see(load, &f, LOAD_GUARDIANS, (const char *[]){guardian.pupil, guardian.guardian, NULL});
        fields_only(&f, known);
        guardian.rank = fields_int(&f, "rank", 1, RANK_MAX, 1);
        guardian.notify = fields_flag(&f, "notify", true);
        guardian.restricted = fields_flag(&f, "restricted", false);
        guardian.emergency_only = fields_flag(&f, "emergency_only", false);
        return f.error ? f.error : load_guardian(load, &guardian, place->where, err);
}

int roster_row_carer(struct load *load, const json_t *row, const struct roster_place *place, struct err *err)
{
        static const char *const known[] = {"carer", "instead", "pupil", NULL};
        struct carer carer = {0};
        struct fields f;

        fields_init(&f, row, place->where, err);
        carer.pupil = fields_id(&f, "pupil", REQUIRED);
        carer.carer = fields_id(&f, "carer", REQUIRED);
        see(load, &f, LOAD_CARERS, (const char *[]){carer.pupil, carer.carer, NULL});
        fields_only(&f, known);
        carer.instead = fields_flag(&f, "instead", false);
        return f.error ? f.error : load_carer(load, &carer, place->where, err);
}

/* ---- workplaces, audiences */

/* The ids of people in the list NAME, each once; those that are no people are refused alone. */
static int read_people(struct load *load, struct fields *f, const struct roster_place *place,
                       const char *name, const char **people, size_t *ret_count)
{
        const json_t *list = fields_array(f, name);
        char path[PATH_MAX_BYTES];
        size_t index, count = 0;
        struct err err = {0};
        json_t *value;
        int r = 0;

        json_array_foreach((json_t *)list, index, value)
        {
                const char *id = json_string_value(value);

                snprintf(path, sizeof path, "%s.%s[%zu]", place->where, name, index);
                if (!id || !field_is_id(id))
                        r = err_set(&err, ERR_INVALID, "%s: no id: write it in double quotes", path);
                else
                        r = person_stays(load->db, id, load->source, &err);
                if (r == 0)
                        r = err_set(&err, ERR_INVALID, "%s: no such person %s: give the person under people",
                                    path, id);
                for (size_t i = 0; r > 0 && i < count; i++)
                        if (strcmp(people[i], id) == 0)
                                r = err_set(&err, ERR_INVALID, "%s: %s stands twice: leave one out", path,
                                            id);
                if (r > 0)
                        people[count++] = id;
                else
                        r = refuse_part(load, place, path, &err);
                if (r < 0)
                        return r;
        }
        *ret_count = count;
        return f->error;
}

static int read_cards(struct fields *f, const char **cards, size_t *ret_count)
{
        const json_t *list = fields_array(f, "cards");
        size_t index, count = 0;
        json_t *value;

        json_array_foreach((json_t *)list, index, value)
        {
                cards[count] = json_string_value(value);
                if (!cards[count] || !field_is_id(cards[count]))
                        return fields_refuse(f, "cards", "no list of codes: write [\"hygiene\"]");
                count++;
        }
        *ret_count = count;
        return f->error;
}

int roster_row_workplace(struct load *load, const json_t *row, const struct roster_place *place,
                         struct err *err)
{
        static const char *const known[] = {"address",      "cards",       "id", "name",
                                            "organisation", "supervisors", NULL};
        const char *supervisors[FIELD_LIST_MAX], *cards[FIELD_LIST_MAX];
        struct workplace workplace = {.supervisors = supervisors, .cards = cards};
        struct fields f;
        int r;

        fields_init(&f, row, place->where, err);
        workplace.id = fields_id(&f, "id", REQUIRED);
        see(load, &f, LOAD_WORKPLACES, (const char *[]){workplace.id, NULL});
        fields_only(&f, known);
        workplace.name = fields_text(&f, "name", REQUIRED);
        workplace.organisation = fields_id(&f, "organisation", REQUIRED);
        workplace.address = fields_text(&f, "address", OPTIONAL);
        r = f.error ? f.error : read_cards(&f, cards, &workplace.card_count);
        if (r == 0)
                r = read_people(load, &f, place, "supervisors", supervisors, &workplace.supervisor_count);
        return r < 0 ? r : load_workplace(load, &workplace, place->where, err);
}

int roster_row_audience(struct load *load, const json_t *row, const struct roster_place *place,
                        struct err *err)
{
        static const char *const known[] = {"id", "members", "name", "organisation", NULL};
        const char *members[FIELD_LIST_MAX];
        struct audience audience = {.members = members};
        struct fields f;
        int r;

        fields_init(&f, row, place->where, err);
        audience.id = fields_id(&f, "id", REQUIRED);
        see(load, &f, LOAD_AUDIENCES, (const char *[]){audience.id, NULL});
        fields_only(&f, known);
        audience.organisation = fields_id(&f, "organisation", REQUIRED);
        r = f.error ? f.error : read_people(load, &f, place, "members", members, &audience.member_count);
        return r < 0 ? r : load_audience(load, &audience, place->where, err);
}

/* ---- time */

int roster_row_lesson(struct load *load, const json_t *row, const struct roster_place *place, struct err *err)
{
        static const char *const known[] = {"ends", "lesson", "organisation", "starts", "weekday", NULL};
        char weekday[12] = "", number[12] = "";
        struct lesson lesson = {0};
        struct fields f;

        fields_init(&f, row, place->where, err);
        lesson.organisation = fields_id(&f, "organisation", REQUIRED);
        lesson.weekday = field_weekday(json_object_get(row, "weekday"));
        if (!lesson.weekday)
                fields_refuse(&f, "weekday", "no weekday: write mon, tue, wed, thu, fri, sat or sun");
        lesson.lesson = fields_int(&f, "lesson", 1, LESSON_NO_MAX, 0);
        if (!lesson.lesson)
                fields_refuse(&f, "lesson", "missing: give its number");
        snprintf(weekday, sizeof weekday, "%d", lesson.weekday);
        snprintf(number, sizeof number, "%d", lesson.lesson);
        see(load, &f, LOAD_LESSONS, (const char *[]){lesson.organisation, weekday, number, NULL});
        fields_only(&f, known);
        lesson.starts = fields_time_of_day(&f, "starts", INT32_MAX);
        lesson.ends = fields_time_of_day(&f, "ends", INT32_MAX);
        if (lesson.starts == INT32_MAX || lesson.ends == INT32_MAX)
                fields_refuse(&f, lesson.starts == INT32_MAX ? "starts" : "ends", "missing: write HH:MM");
        else if (lesson.ends <= lesson.starts)
                fields_refuse(&f, "ends", "not after starts: correct it");
        return f.error ? f.error : load_lesson(load, &lesson, place->where, err);
}

int roster_row_calendar(struct load *load, const json_t *row, const struct roster_place *place,
                        struct err *err)
{
        static const char *const known[] = {"from", "kind", "name", "organisation", "until", NULL};
        static const char *const kinds[] = {"term", "break", "holiday", "school", NULL};
        struct calendar_entry entry = {0};
        struct fields f;

        fields_init(&f, row, place->where, err);
        entry.organisation = fields_id(&f, "organisation", REQUIRED);
        entry.first_day = fields_day(&f, "from", REQUIRED);
        entry.last_day = fields_day(&f, "until", OPTIONAL);
        if (!entry.last_day)
                entry.last_day = entry.first_day;
        entry.kind = fields_need_choice(&f, "kind", kinds);
        see(load, &f, LOAD_CALENDAR,
            (const char *[]){entry.organisation, entry.first_day, entry.last_day, entry.kind, NULL});
        fields_only(&f, known);
        entry.name = fields_text(&f, "name", OPTIONAL);
        return f.error ? f.error : load_calendar_entry(load, &entry, place->where, err);
}
